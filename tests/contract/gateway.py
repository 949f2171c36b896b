"""The client as a server: what comes in becomes a call of the client, and what the client returns goes out.

Schemathesis's command line can judge the client this way as it judges any server. The gateway adds what a client has
no say in: routes, methods, and the kinds of bodies that its arguments cannot be given as.
"""

from __future__ import annotations

import inspect
import re
import threading
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import unquote

import httpx2
import msgspec
import uvicorn
from box_uploads import Client, errors
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from tests.contract import forms
from tests.contract.calls import session
from tests.contract.drivers import NO_RETRIES
from tests.contract.fragment import (
    API_BASE,
    FORM,
    decode_body,
    has_file,
    has_form,
    named,
    needs_token,
    operations,
    parameters,
    resolved,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

JSON, BYTES = "application/json", "application/octet-stream"
START_TIMEOUT_S = 10


class _RefusedError(Exception):
    """A request that cannot be made a call."""

    def __init__(self, status: int, code: str, message: str, **headers: str) -> None:
        super().__init__(message)
        self.response = _error(status, code, message, **headers)


def _error(status: int, code: str, message: str, **headers: str) -> Response:
    body = {"type": "error", "status": status, "code": code, "message": message, "request_id": "gateway"}
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Response(msgspec.json.encode(body), status, named, media_type=JSON)


def _of_a_sign_in(response: Response) -> Response:
    """Return a response of the gateway's own in the form of a sign-in's errors."""
    body = msgspec.json.decode(bytes(response.body) or b"{}")
    if "code" not in body:
        return response
    error = {"error": "invalid_request", "error_description": body["message"]}
    return Response(msgspec.json.encode(error), 400, media_type=JSON)


class Gateway:
    """An ASGI application in front of the client.

    Args:
        base_url: Of the server that the client calls.
    """

    def __init__(self, base_url: str) -> None:
        self._base_url = base_url
        self._transport = httpx2.HTTPTransport(limits=httpx2.Limits(max_connections=None))
        self._routes = [
            (re.compile(re.sub(r"{(\w+)}", r"(?P<\1>[^/]*)", path)), path, name, method.upper())
            for name, (path, method, _) in operations().items()
        ]

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer one request."""
        request, name = Request(scope, receive), ""
        try:
            name, path_values = self._routed(scope["raw_path"].decode("latin-1"), request.method)
            options, arguments = await _arguments(request, name)
            response = await run_in_threadpool(self._call, name, path_values, options, arguments)
        except _RefusedError as refused:
            response = refused.response
        if name and not needs_token(name):
            response = _of_a_sign_in(response)
        elif response.status_code in {400, 415} and not _token(request):
            # The client looks at its arguments before anybody looks at the token; a server does not.
            response = _error(401, "unauthorized", "Unauthorized", www_authenticate="Bearer")
        await response(scope, receive, send)

    def _routed(self, raw_path: str, method: str) -> tuple[str, list[Any]]:
        """Return the operation of a path and a method, and the arguments that are in the path."""
        found = [(route, match) for route in self._routes if (match := route[0].fullmatch(raw_path[len(API_BASE) :]))]
        if not found or not raw_path.startswith(API_BASE):
            raise _RefusedError(404, "not_found", "There is no such path.")
        # A path that is written out comes before one with a parameter at its place.
        path = min((route[1] for route, _ in found), key=lambda path: path.count("{"))
        methods = {route[3]: (route[2], match) for route, match in found if route[1] == path}
        if method not in methods:
            allow = ", ".join(sorted(methods))
            raise _RefusedError(405, "method_not_allowed", "The method is not allowed.", allow=allow)
        name, match = methods[method]
        values = {key: unquote(value) for key, value in match.groupdict().items()}
        if "upload_session_id" in values:
            return name, [session(self._base_url, values["upload_session_id"])]
        return name, list(values.values())

    def _call(self, name: str, path_values: list[Any], options: dict[str, Any], arguments: dict[str, Any]) -> Response:
        """Call the client, and encode what it returns or raises."""
        try:
            client = Client(base_url=self._base_url, http=self._transport, retry=NO_RETRIES, **options)
            method = getattr(client.raw, name)
            try:
                inspect.signature(method).bind(*path_values, **arguments)
            except TypeError as error:
                return _error(400, "invalid_parameter", str(error))
            answer = method(*path_values, **arguments)
        except errors.InvalidArgumentError as error:
            return _error(400, "invalid_parameter", str(error))
        except errors.ApiError as error:
            # Without a typed body the client has not understood the error.
            body = None if error.body is None else msgspec.json.encode(error.body)
            status = 502 if body is None else error.status
            return _encoded(name, status, error.headers, body or b"{}")
        except errors.BoxUploadsError as error:
            return _error(502, "unavailable", str(error))
        if isinstance(answer.parsed, bytes):
            return _encoded(name, answer.status, answer.headers, answer.parsed, BYTES)
        body = b"" if answer.parsed is None else msgspec.json.encode(answer.parsed)
        return _encoded(name, answer.status, answer.headers, body)

    def close(self) -> None:
        """Close the connections of the client."""
        self._transport.close()


def _encoded(name: str, status: int, headers: Mapping[str, str], body: bytes, media_type: str = JSON) -> Response:
    """Return what a call came to, with those headers that the fragment has for it."""
    documented = resolved(operations()[name][2]["responses"].get(str(status), {})).get("headers", {})
    kept = {field: headers[field.lower()] for field in documented if field.lower() in headers}
    return Response(body, status, kept, media_type=media_type if body or media_type == BYTES else None)


def _token(request: Request) -> str | None:
    """Return the token that came along, if it is one; without one the client sends none."""
    match = re.fullmatch(r"Bearer ([\x21-\x7e]+)", request.headers.get("authorization", ""))
    return match and match[1]


async def _arguments(request: Request, name: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the settings of the client and the arguments of the call."""
    options: dict[str, Any] = {"token": _token(request)}
    if "as-user" in request.headers:
        options["as_user"] = request.headers["as-user"]
    arguments: dict[str, Any] = {}
    for key, parameter in parameters(name).items():
        given = {"header": request.headers, "query": request.query_params}.get(parameter["in"], {})
        if key in given and key != "as-user":
            arguments[key.replace("-", "_")] = _value(given[key], resolved(parameter["schema"])["type"])
        elif parameter.get("required") and parameter["in"] == "query":
            # The client sends it by itself.
            raise _RefusedError(400, "invalid_parameter", f"{key} is missing.")
    content = operations()[name][2].get("requestBody", {}).get("content")
    if content:
        media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if media_type not in content:
            raise _RefusedError(415, "unsupported_media_type", f"The body is to be {', '.join(content)}.")
        body = await request.body()
        if has_file(name):
            arguments |= _parts(request.headers["content-type"], body)
        elif media_type == FORM and has_form(name):
            arguments |= _fields(name, body)
        else:
            arguments |= named(name, _members(body)) if media_type == JSON else {"body": body}
    return options, arguments


def _value(text: str, kind: str) -> Any:
    """Return a parameter as the client takes it, as text if it cannot be a value of the kind."""
    if kind == "boolean":
        return {"true": True, "false": False}.get(text, text)
    return int(text) if kind == "integer" and re.fullmatch("-?[0-9]+", text) else text


def _members(body: bytes) -> dict[str, Any]:
    try:
        # An integer may be written as a float.
        found = msgspec.json.Decoder(float_hook=_number).decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise _RefusedError(400, "bad_request", f"The body is no JSON: {error}") from None
    if not isinstance(found, dict):
        raise _RefusedError(400, "bad_request", "The body is no object.")
    return found


def _parts(media_type: str, body: bytes) -> dict[str, Any]:
    parts = forms.decode(media_type, body)
    if parts is None or len(dict(parts)) < len(parts):
        raise _RefusedError(400, "bad_request", "The body is no form.")
    return {name: _members(value) if name == "attributes" else value for name, value in parts}


def _fields(name: str, body: bytes) -> dict[str, Any]:
    try:
        found: dict[str, Any] = decode_body(name, body, FORM)
    except ValueError as error:
        raise _RefusedError(400, "bad_request", f"The body is no form: {error}") from None
    return found


def _number(text: str) -> int | float:
    number = float(text)
    return int(number) if number.is_integer() else number


class GatewayServer:
    """The gateway on a free loopback port, as a context manager."""

    def __init__(self, base_url: str) -> None:
        self._gateway = Gateway(base_url)
        config = uvicorn.Config(
            self._gateway, port=0, lifespan="off", ws="none", log_config=None, access_log=False, proxy_headers=False
        )
        self._listening = threading.Event()
        self._server = uvicorn.Server(config)
        startup = self._server.startup

        async def started(sockets: Any = None) -> None:
            await startup(sockets)
            self._listening.set()

        self._server.startup = started  # type: ignore[method-assign]  # to be told rather than to ask
        self._thread = threading.Thread(target=self._server.run, name="gateway", daemon=True)

    @property
    def base_url(self) -> str:
        """URL of the API, in place of the mock's."""
        (listening,) = self._server.servers
        return f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}{API_BASE}"

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._listening.wait(START_TIMEOUT_S), "the gateway does not start"
        return self

    def __exit__(self, *_: object) -> None:
        self._server.should_exit = True
        self._thread.join(START_TIMEOUT_S)
        self._gateway.close()
