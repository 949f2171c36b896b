"""The mock as an ASGI app: the API, and beside it the control plane."""

from collections.abc import Collection
from dataclasses import replace

from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from box_uploads_mock import admission, control, routes
from box_uploads_mock.answers import refusal_response
from box_uploads_mock.calls import Call, Outcome
from box_uploads_mock.commit_rules import LogEvent
from box_uploads_mock.connection import ResetResponse
from box_uploads_mock.errors import Refusal
from box_uploads_mock.operation_names import UPLOAD_PART
from box_uploads_mock.operations import HANDLERS
from box_uploads_mock.request_log import BodyStart, Redactor
from box_uploads_mock.state import Exchange, State
from box_uploads_mock.strikes import Strike, Struck


def create_app(state: State, *, hosts: Collection[str] = ()) -> ASGIApp:
    """Returns the ASGI app that serves a state; several apps may share one.

    Args:
        state: What the app serves.
        hosts: Names and addresses by which the control plane may be called, beside `localhost`, loopback addresses and
            the address at which a request arrives.
    """

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await _live(receive, send)
            return
        request = Request(scope, receive)
        try:
            # Not `request.url`: that is made from the `Host` header, which may be anything.
            if scope["path"].startswith(control.CONTROL_BASE):
                response = await control.answer(state, request, hosts)
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
    exchange = Exchange(method=request.method, path=path, status=None, operation=None)
    start = BodyStart(request.receive, Redactor(state.tokens).needed_length)
    request = Request(request.scope, start)
    generation = state.generation
    try:
        match = routes.match(request.method, path)
        if isinstance(match, routes.Options):
            response = Response(status_code=204, headers={"Allow": match.allow})
        else:
            exchange = replace(exchange, operation=match.operation)
            if match.operation == UPLOAD_PART:
                exchange = replace(exchange, content_range=request.headers.get("content-range"))
            response, event = await _perform(state, request, match)
            exchange = replace(exchange, event=event)
    except Refusal as refusal:
        response = refusal_response(refusal, state)
    except Struck as struck:
        response = struck.response
    if state.generation is not generation:
        return ResetResponse()
    # The header's id and the body's `request_id` differ at Box too.
    response.headers["box-request-id"] = state.request_id()
    status = None if isinstance(response, ResetResponse) else response.status_code
    state.record(_redacted(replace(exchange, status=status), request, start.content, Redactor(state.tokens)))
    return response


def _redacted(exchange: Exchange, request: Request, content: bytes, redactor: Redactor) -> Exchange:
    """Returns an exchange with what the log has of its request, without credentials."""
    event = exchange.event
    if event is not None:
        info = None if event.event_info is None else redactor.text(event.event_info)
        event = LogEvent(event_type=redactor.text(event.event_type), event_info=info)
    return replace(
        exchange,
        path=redactor.text(exchange.path),
        content_range=None if exchange.content_range is None else redactor.text(exchange.content_range),
        event=event,
        headers=redactor.headers(request.headers.raw),
        body_start=redactor.body_start(content),
    )


async def _perform(state: State, request: Request, match: routes.Match) -> tuple[Response, LogEvent | None]:
    admission.check_rate(state)
    with Strike(state, match.operation, request) as strike:
        await strike.on_arrival()
        admission.check_caller(state, request)
        base_url = admission.origin(request) + routes.API_BASE
        call = Call(state=state, request=request, parameters=match.parameters, base_url=base_url, strike=strike)
        outcome = await HANDLERS[match.operation](call)
        return strike.on_success(_success(outcome), outcome.created), call.event


def _success(outcome: Outcome) -> Response:
    if outcome.body is None:
        return Response(None, outcome.status, outcome.headers)
    return JSONResponse(outcome.body, outcome.status, outcome.headers)
