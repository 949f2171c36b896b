"""Functions for `wrap` that change the request that an operation of the client builds."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

BUILD = "box_uploads.api.upload_sessions.{}.build_request".format
READ = "box_uploads.api.upload_sessions.{}.read_response".format


def with_request(**changes: Callable[[Any], Any]) -> Any:
    """Change some attributes of the request."""

    def build(original: Any, *path: Any, **arguments: Any) -> Any:
        request = original(*path, **arguments)
        changed = {name: change(getattr(request, name)) for name, change in changes.items()}
        return msgspec.structs.replace(request, **changed)

    return build


def with_arguments(**changes: Callable[[Any], Any]) -> Any:
    """Change some arguments, where they are given."""

    def build(original: Any, *path: Any, **arguments: Any) -> Any:
        for name, change in changes.items():
            if arguments.get(name, msgspec.UNSET) is not msgspec.UNSET:
                arguments[name] = change(arguments[name])
        return original(*path, **arguments)

    return build


def with_body(change: Callable[[Any], object]) -> Any:
    """Change the decoded JSON body in place."""

    def encode(content: bytes) -> bytes:
        body = msgspec.json.decode(content)
        change(body)
        return msgspec.json.encode(body)

    return with_request(content=encode)


def with_headers(change: Callable[[str, str], tuple[str, str] | None]) -> Any:
    """Change each header field, or leave it out for None."""
    return with_request(
        headers=lambda fields: tuple(field for name, value in fields if (field := change(name, value)) is not None)
    )
