"""A minimal in-process HTTP client: exactly the given headers and bytes reach the app."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from box_uploads_mock import State, create_app
from starlette.types import Message

SESSIONS = "/api/2.0/files/upload_sessions"
HOST = "mock.example:8080"
HELP_URL = "https://developer.box.com/guides/api-calls/permissions-and-errors/common-errors/"


def versions(file_id: str) -> str:
    return f"/api/2.0/files/{file_id}/upload_sessions"


class NoResponseError(Exception):
    """The app sent nothing."""


@dataclass(frozen=True, slots=True)
class Response:
    status: int
    headers: Mapping[str, str]
    content: bytes

    @property
    def body(self) -> Any:
        return json.loads(self.content)

    @property
    def code(self) -> str | None:
        code: str | None = self.body.get("code")
        return code


def send(
    state: State,
    method: str,
    path: str,
    headers: Mapping[str, str],
    chunks: Sequence[bytes] = (b"",),
    *,
    scheme: str = "http",
    has_raw_path: bool = True,
) -> Response:
    """Send any request; the last chunk ends the body, and without chunks the client disconnects.

    A raw path is what a server may leave out of the scope.
    """
    raw_path, _, query = path.partition("?")
    scope: dict[str, object] = {
        "type": "http",
        "http_version": "1.1",
        "method": method,
        "scheme": scheme,
        "server": ("mock.example", 8080),
        "path": raw_path,
        "query_string": query.encode(),
        "headers": [(name.lower().encode(), value.encode()) for name, value in headers.items()],
    }
    if has_raw_path:
        scope["raw_path"] = raw_path.encode()
    incoming: list[Message] = [{"type": "http.request", "body": chunk, "more_body": True} for chunk in chunks]
    if incoming:
        incoming[-1]["more_body"] = False
    sent: list[Message] = []

    async def receive() -> Message:
        return incoming.pop(0) if incoming else {"type": "http.disconnect"}

    async def keep(message: Message) -> None:
        sent.append(message)

    asyncio.run(_drive(state, scope, receive, keep))
    if not sent:
        raise NoResponseError
    start, *rest = sent
    answered = {name.decode(): value.decode() for name, value in start["headers"]}
    return Response(start["status"], answered, b"".join(message["body"] for message in rest))


async def _drive(state: State, scope: Any, receive: Any, keep: Any) -> None:
    await create_app(state)(scope, receive, keep)


def headers(body: bytes = b"", **changes: str | None) -> dict[str, str]:
    """Return the headers of a valid request; underscores stand for hyphens, None leaves a header out."""
    good: dict[str, str | None] = {
        "host": HOST,
        "authorization": "Bearer mock-token",
        "content-type": "application/json",
        "content-length": str(len(body)),
    }
    good |= {name.replace("_", "-"): value for name, value in changes.items()}
    return {name: value for name, value in good.items() if value is not None}


def post(state: State, path: str, body: object, **changes: str | None) -> Response:
    """Post a JSON value, or bytes as they are."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return send(state, "POST", path, headers(content, **changes), [content])


def preflight(state: State, path: str, body: object, **changes: str | None) -> Response:
    """Check an upload to a path below the API's."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return send(state, "OPTIONS", f"/api/2.0{path}", headers(content, **changes), [content])


def get_file(state: State, file_id: str, **changes: str | None) -> Response:
    """Read a file."""
    return send(state, "GET", f"/api/2.0/files/{file_id}", headers(b"", **changes))


def new_file(**changes: object) -> dict[str, object]:
    """Return a valid body for a new file, with changes."""
    return {"folder_id": "0", "file_name": "Project.mov", "file_size": 104_857_600, **changes}


def require_error(response: Response, status: int, code: str, message: str, name: str | None = None) -> None:
    """Check the whole body of an error; `name` is the invalid argument that it names, if there is one."""
    errors = {"errors": [{"reason": "invalid_parameter", "name": name, "message": message}]}
    body = response.body
    assert len(body.pop("request_id")) == 32
    named = {"status": status, "code": code, "message": message}
    context_info = None if name is None else errors
    assert (response.status, body) == (
        status, {"type": "error", **named, "context_info": context_info, "help_url": HELP_URL},
    )  # fmt: skip
