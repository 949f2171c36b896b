"""Functions for `wrap` that change the request that an operation of the client builds, or how a response is read."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
from box_uploads.types import Response
from msgspec.structs import replace

BUILD = "api.{}.build_request".format
READ = "api.{}.read_response".format


def with_request(**changes: Any) -> Any:
    """Change some attributes of the request: to a value, or by a function of the original value."""

    def build(original: Any, *path: Any, **arguments: Any) -> Any:
        request = original(*path, **arguments)
        changed = {name: to(getattr(request, name)) if callable(to) else to for name, to in changes.items()}
        return replace(request, **changed)

    return build


def with_session(change: Callable[[Any, Any], dict[str, Any]]) -> Any:
    """Change some attributes of the request, by a function of the request and the session's endpoints."""

    def build(original: Any, session: Any, **arguments: Any) -> Any:
        request = original(session, **arguments)
        return replace(request, **change(request, session.session_endpoints))

    return build


def with_body(change: Callable[[Any], object]) -> Any:
    """Change the decoded JSON body in place."""

    def encode(content: bytes) -> bytes:
        body = msgspec.json.decode(content)
        change(body)
        return msgspec.json.encode(body)

    return with_request(content=encode)


def without_property(name: str) -> Any:
    """Leave a property of the body out."""
    return with_body(lambda body: body.pop(name, None))


def renamed_property(name: str, new_name: str) -> Any:
    """Send a property of the body by another name."""
    return with_body(lambda body: body.update({new_name: body.pop(name)}))


def with_headers(change: Callable[[str, str], tuple[str, str] | None]) -> Any:
    """Change each header field, or leave it out for None."""
    return with_request(
        headers=lambda fields: tuple(field for name, value in fields if (field := change(name, value)) is not None)
    )


def with_header(name: str, change: Any) -> Any:
    """Change the value of a header, to a text or by a function."""
    to: Any = change if callable(change) else lambda _: change
    return with_headers(lambda key, value: (key, to(value) if key == name else value))


def without_header(name: str) -> Any:
    """Leave a header out."""
    return with_headers(lambda key, value: None if key == name else (key, value))


def renamed_header(name: str, new_name: str) -> Any:
    """Send a header by another name."""
    return with_headers(lambda key, value: (new_name if key == name else key, value))


def read_as(status: int, *, only: range) -> Any:
    """Read responses of some statuses as if they had another one."""
    return lambda original, raw: original(replace(raw, status=status) if raw.status in only else raw)


def none_on(status: int) -> Any:
    """Read responses of a status as a success without a result."""
    return lambda original, raw: Response(raw, None) if raw.status == status else original(raw)
