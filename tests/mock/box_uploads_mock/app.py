"""The mock as an ASGI app: the API, and beside it the control plane."""

from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from box_uploads_mock import admission, control, routes
from box_uploads_mock.errors import Refusal, invalid_token
from box_uploads_mock.faults import Failure, Stage
from box_uploads_mock.operations import HANDLERS, Call, Outcome
from box_uploads_mock.state import Exchange, State

_PROXY_ERROR_PAGE = "<!DOCTYPE html>\n<html><head><title>{0}</title></head><body><h1>{0}</h1></body></html>\n"


def create_app(state: State) -> ASGIApp:
    """Returns the ASGI app that serves a state; several apps may share one."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await _live(receive, send)
            return
        request = Request(scope, receive)
        try:
            # Not `request.url`: that is made from the `Host` header, which may be anything.
            if scope["path"].startswith(control.CONTROL_BASE):
                response = await control.answer(state, request)
            else:
                response = await _answer(state, request)
        except ClientDisconnect:
            return
        if request.method == "HEAD":
            response.body = b""
        await response(scope, receive, send)

    return app


async def _live(receive: Receive, send: Send) -> None:
    """Takes part in the lifespan protocol, for in-process clients that insist on it."""
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return


async def _answer(state: State, request: Request) -> Response:
    raw_path: bytes = request.scope.get("raw_path") or request.scope["path"].encode()
    path = raw_path.decode("latin-1")
    operation = None
    try:
        match = routes.match(request.method, path)
        operation = match.operation
        response = await _perform(state, request, match)
    except Refusal as refusal:
        response = _refusal_response(refusal, state)
    # The header's id and the body's `request_id` differ at Box too.
    response.headers["box-request-id"] = state.request_id()
    state.record(Exchange(method=request.method, path=path, status=response.status_code, operation=operation))
    return response


async def _perform(state: State, request: Request, match: routes.Match) -> Response:
    admission.check_rate(state)
    failure = state.faults.take(match.operation, Stage.ARRIVAL)
    if failure is not None:
        return _failure_response(failure, state)
    admission.check_caller(state, request)
    base_url = admission.origin(request) + routes.API_BASE
    body = await admission.read_json_body(request)
    call = Call(state=state, parameters=match.parameters, body=body, base_url=base_url)
    outcome = HANDLERS[match.operation](call)
    failure = state.faults.take(match.operation, Stage.AFTER_SUCCESS)
    if failure is not None:
        return _failure_response(failure, state, outcome)
    return JSONResponse(outcome.body, outcome.status)


def _refusal_response(refusal: Refusal, state: State) -> Response:
    return JSONResponse(refusal.body(state.request_id()), refusal.status, refusal.headers)


def _failure_response(failure: Failure, state: State, outcome: Outcome | None = None) -> Response:
    headers: dict[str, str] = {}
    if failure.status == 401:
        headers |= invalid_token("The access token provided has expired.").headers
    if failure.retry_after_s is not None:
        headers["Retry-After"] = str(failure.retry_after_s)
    message = failure.code.replace("_", " ").capitalize()
    if failure.body == "html":
        return Response(_PROXY_ERROR_PAGE.format(message), failure.status, headers, "text/html")
    if failure.body == "none":
        return Response(b"", failure.status, headers)
    context = None if outcome is None else {"session": outcome.body}
    refusal = Refusal(failure.code, message, status=failure.status, context=context, headers=headers)
    return _refusal_response(refusal, state)
