"""The control plane: faults, files, reset and the request log over HTTP, for tests in other languages.

Its paths are outside the API's, need no token, and are meant for the loopback interface only. Requests from web pages
of other sites are rejected.
"""

import dataclasses
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterable, Iterator, Mapping
from typing import cast

from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse

from box_uploads_mock.allowed_hosts import check_control_access
from box_uploads_mock.errors import ApiError
from box_uploads_mock.fault_json import check_keys, fault_to_json, parse_fault, parse_rate_limit
from box_uploads_mock.fault_kinds import Fault
from box_uploads_mock.file_store import file_body
from box_uploads_mock.rules import parse_json_object
from box_uploads_mock.state import State

CONTROL_BASE = "/_mock/"
FILES_BASE = f"{CONTROL_BASE}files/"
BINARY = "application/octet-stream"

_LIMITS = ("calls_per_minute", "uploads_per_minute")

Handler = Callable[[State, Request], Awaitable[Response]]


async def handle_request(state: State, request: Request, hosts: Collection[str]) -> Response:
    """Handle a request to the control plane; an error response has its message in `error`.

    Args:
        state: The state to read or change.
        request: A request to the control plane.
        hosts: The hosts that the mock was configured with.
    """
    try:
        check_control_access(request, hosts)
    except ApiError as error:
        return _error_response(error.status, error.message)
    path: str = request.scope["path"]
    handlers = _FILE_ROUTE if path.startswith(FILES_BASE) else _ROUTES.get(path)
    if handlers is None:
        return _error_response(404, f"{path} does not exist; use {', '.join(_ROUTES)} or {FILES_BASE}<id>.")
    handler = handlers.get(request.method)
    if handler is None:
        allow = ", ".join(sorted(handlers))
        return _error_response(405, f"{path} does not support {request.method}; use {allow}.", {"Allow": allow})
    try:
        return await handler(state, request)
    except ApiError as error:
        return _error_response(400, error.message)
    except ValueError as error:
        return _error_response(400, str(error))


def _error_response(status: int, message: str, headers: Mapping[str, str] | None = None) -> Response:
    return JSONResponse({"error": message}, status, headers)


async def _reset(state: State, request: Request) -> Response:
    state.reset()
    return Response(status_code=204)


async def _list_requests(state: State, request: Request) -> Response:
    return JSONResponse({"requests": [dataclasses.asdict(exchange) for exchange in state.request_log]})


async def _release_stalled(state: State, request: Request) -> Response:
    state.faults.release()
    return Response(status_code=204)


async def _list_faults(state: State, request: Request) -> Response:
    faults = state.faults
    return _faults_response(200, faults.unfired, faults.limited_requests, faults.stalled)


async def _add_faults(state: State, request: Request) -> Response:
    fields = parse_json_object(await request.body())
    check_keys("the body", fields, ("faults", "rate_limit"))
    if not fields:
        raise ValueError("the body is empty; give faults, rate_limit or both")
    # Parse everything and build the response before queuing anything: a rejected request changes nothing.
    listed = fields.get("faults", [])
    if not isinstance(listed, list):
        raise ValueError("faults: not a list; give a list of objects")  # noqa: TRY004 - the data is wrong
    faults = [parse_fault(f"faults[{index}]", item) for index, item in enumerate(cast("list[object]", listed))]
    limit = parse_rate_limit("rate_limit", fields["rate_limit"]) if "rate_limit" in fields else None
    queue = state.faults
    limited_requests = queue.limited_requests if limit is None else limit.requests
    response = _faults_response(201, (*queue.unfired, *faults), limited_requests, queue.stalled)
    queue.add(*faults)
    if limit is not None:
        queue.limit_rate(limit)
    return response


async def _read_limits(state: State, request: Request) -> Response:
    return JSONResponse({name: getattr(state, name) for name in _LIMITS})


async def _set_limits(state: State, request: Request) -> Response:
    fields = parse_json_object(await request.body())
    check_keys("the body", fields, _LIMITS)
    before = {name: getattr(state, name) for name in _LIMITS}
    try:
        for name, value in fields.items():
            setattr(state, name, value)
    except ValueError:
        # A rejected request changes nothing.
        for name, value in before.items():
            setattr(state, name, value)
        raise
    return await _read_limits(state, request)


def _faults_response(status: int, unfired: Iterable[Fault], limited_requests: int, stalled: int) -> Response:
    faults = [fault_to_json(fault) for fault in unfired]
    return JSONResponse({"unfired": faults, "rate_limited_requests": limited_requests, "stalled": stalled}, status)


async def _read_file(state: State, request: Request) -> Response:
    file_id, *rest = request.scope["path"].removeprefix(FILES_BASE).split("/")
    file = state.files.get(file_id)
    if file is None or rest not in ([], ["content"]):
        return _error_response(404, f"{request.scope['path']} does not exist.")
    if not rest:
        return JSONResponse(file_body(file))
    try:
        chunks = state.content_chunks(file_id)
    except LookupError as error:
        return _error_response(404, str(error.args[0]))
    return StreamingResponse(_stream(chunks), headers={"Content-Length": str(file.size)}, media_type=BINARY)


async def _stream(chunks: Iterator[bytes]) -> AsyncIterator[bytes]:
    for chunk in chunks:
        yield chunk


_ROUTES: Mapping[str, Mapping[str, Handler]] = {
    f"{CONTROL_BASE}reset": {"POST": _reset},
    f"{CONTROL_BASE}requests": {"GET": _list_requests},
    f"{CONTROL_BASE}faults": {"GET": _list_faults, "POST": _add_faults},
    f"{CONTROL_BASE}release": {"POST": _release_stalled},
    f"{CONTROL_BASE}limits": {"GET": _read_limits, "POST": _set_limits},
}
_FILE_ROUTE: Mapping[str, Handler] = {"GET": _read_file}
