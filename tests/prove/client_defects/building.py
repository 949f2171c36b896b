"""Ways to spoil the request that an operation of the client builds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["BUILD", "READ", "with_arguments", "with_body", "with_headers", "with_request"]

BUILD = "box_uploads.api.upload_sessions.{}.build_request".format
"""Name of what builds the request of an operation."""

READ = "box_uploads.api.upload_sessions.{}.read_response".format
"""Name of what reads its response."""


def with_request(build: Any, **changes: Callable[[Any], Any]) -> Any:
    """Return a builder whose requests have some attributes changed."""

    def spoiled(*path: Any, **arguments: Any) -> Any:
        request = build(*path, **arguments)
        return msgspec.structs.replace(
            request, **{name: change(getattr(request, name)) for name, change in changes.items()}
        )

    return spoiled


def with_arguments(build: Any, **changes: Callable[[Any], Any]) -> Any:
    """Return a builder that gets some arguments changed, where they are given."""

    def spoiled(*path: Any, **arguments: Any) -> Any:
        for name, change in changes.items():
            if arguments.get(name, msgspec.UNSET) is not msgspec.UNSET:
                arguments[name] = change(arguments[name])
        return build(*path, **arguments)

    return spoiled


def with_body(build: Any, change: Callable[[Any], object]) -> Any:
    """Return a builder whose JSON bodies are changed."""

    def changed(content: bytes) -> bytes:
        body = msgspec.json.decode(content)
        change(body)
        return msgspec.json.encode(body)

    return with_request(build, content=changed)


def with_headers(build: Any, change: Callable[[str, str], tuple[str, str] | None]) -> Any:
    """Return a builder whose header fields are changed one by one, or left out."""

    def changed(headers: Any) -> Any:
        return tuple(one for name, value in headers if (one := change(name, value)) is not None)

    return with_request(build, headers=changed)
