"""The mock as an ASGI app: the API and the control plane."""

from collections.abc import Collection
from dataclasses import replace
from datetime import UTC
from email.utils import format_datetime

from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from box_uploads_mock import control, request_checks, routes
from box_uploads_mock.calls import Call, CallResult
from box_uploads_mock.commit_rules import LogEvent
from box_uploads_mock.connection import ResetResponse
from box_uploads_mock.error_responses import error_response
from box_uploads_mock.errors import ApiError, sign_in_error
from box_uploads_mock.fault_injector import FaultInjector, FaultResponse
from box_uploads_mock.operation_names import DOWNLOAD_CONTENT, SIGN_IN, UPLOAD_PART, WITHOUT_TOKEN
from box_uploads_mock.operations import HANDLERS
from box_uploads_mock.request_log import BodyRecorder, Exchange, Redactor
from box_uploads_mock.sign_in import hide_secrets
from box_uploads_mock.state import State
from box_uploads_mock.streamed_response import StreamedResponse


def create_app(state: State, *, hosts: Collection[str] = ()) -> ASGIApp:
    """Return an ASGI app that serves a state; several apps may share one state.

    Args:
        state: The files and sessions to serve.
        hosts: Names and addresses that requests to the control plane may have in `Host`, in addition to `localhost`,
            loopback addresses and the address at which a request arrives.
    """

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await _handle_lifespan(receive, send)
            return
        request = Request(scope, receive)
        try:
            # Not `request.url`, which is derived from the untrusted `Host` header.
            if scope["path"].startswith(control.CONTROL_BASE):
                response = await control.handle_request(state, request, hosts)
            else:
                response = await _handle_api_request(state, request)
        except ClientDisconnect:
            return
        if request.method == "HEAD":
            response.body = b""
        await response(scope, receive, send)

    return app


async def _handle_lifespan(receive: Receive, send: Send) -> None:
    """Answer the lifespan protocol, which some in-process clients require."""
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return


async def _handle_api_request(state: State, request: Request) -> Response:
    raw_path: bytes = request.scope.get("raw_path") or request.scope["path"].encode()
    path = raw_path.decode("latin-1")
    exchange = Exchange(method=request.method, path=path, status=None, operation=None)
    recorder = BodyRecorder(request.receive, Redactor(state.secrets).needed_length)
    request = Request(request.scope, recorder)
    generation = state.generation
    try:
        match = routes.match(request.method, path)
        if isinstance(match, routes.Options):
            response = Response(status_code=204, headers={"Allow": match.allow})
        else:
            exchange = replace(exchange, operation=match.operation)
            if match.operation == UPLOAD_PART:
                exchange = replace(exchange, content_range=request.headers.get("content-range"))
            response, event = await _run_operation(state, request, match)
            exchange = replace(exchange, event=event)
    except ApiError as error:
        response = error_response(sign_in_error(error) if exchange.operation in SIGN_IN else error, state)
    except FaultResponse as fault:
        response = fault.response
    if state.generation is not generation:
        return ResetResponse()
    # Box also sends an id in this header that differs from `request_id` in the body.
    response.headers["box-request-id"] = state.new_request_id()
    # By the mock's clock: clients correct their own by it.
    response.headers["date"] = format_datetime(state.now().astimezone(UTC), usegmt=True)
    status = None if isinstance(response, ResetResponse) else response.status_code
    state.record(_redact(replace(exchange, status=status), request, recorder.content, Redactor(state.secrets)))
    return response


def _redact(exchange: Exchange, request: Request, content: bytes, redactor: Redactor) -> Exchange:
    """Return an exchange with its request's headers and body added, and all credentials replaced."""
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
        body_start=redactor.body_start(hide_secrets(content) if exchange.operation in SIGN_IN else content),
    )


async def _run_operation(state: State, request: Request, match: routes.Match) -> tuple[Response, LogEvent | None]:
    if match.operation != DOWNLOAD_CONTENT:
        request_checks.check_rate_limit(state)
    with FaultInjector(state, match.operation, request) as injector:
        await injector.on_arrival()
        if match.operation not in WITHOUT_TOKEN:
            request_checks.check_caller(state, request)
            request_checks.check_user_limits(state, request, match.operation)
        base_url = request_checks.origin(request) + routes.API_BASE
        call = Call(state=state, request=request, parameters=match.parameters, base_url=base_url, injector=injector)
        result = await HANDLERS[match.operation](call)
        return injector.on_success(_success_response(result), result.created), call.event


def _success_response(result: CallResult) -> Response:
    if result.chunks is not None:
        return StreamedResponse(result.chunks, result.size, result.status, result.headers)
    if result.body is None:
        return Response(None, result.status, result.headers)
    return JSONResponse(result.body, result.status, result.headers)
