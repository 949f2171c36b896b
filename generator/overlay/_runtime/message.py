"""Requests and responses as plain values, apart from any HTTP library."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Generic, TypeVar, overload

import msgspec

from .redaction import Redaction
from .stream import Content, size_of

__all__ = ["Headers", "RawResponse", "Request", "Response"]

T = TypeVar("T")
_D = TypeVar("_D")

_IDEMPOTENT = frozenset({"GET", "HEAD", "PUT", "DELETE", "OPTIONS", "TRACE"})


class Headers(Mapping[str, str]):
    """Header fields: immutable, looked up without regard to case, repeated fields joined by a comma."""

    __slots__ = ("_index", "_pairs")

    def __init__(self, pairs: Iterable[tuple[str, str]] = ()) -> None:
        self._pairs = tuple((name.lower(), value) for name, value in pairs)
        index = dict(self._pairs)
        if len(index) != len(self._pairs):
            index = {name: ", ".join(self.get_list(name)) for name in index}
        self._index = index

    def get_list(self, name: str) -> list[str]:
        """Return the values of a field, one for each time that it was sent."""
        name = name.lower()
        return [value for own, value in self._pairs if own == name]

    @overload
    def get(self, key: str, default: None = None, /) -> str | None: ...
    @overload
    def get(self, key: str, default: str | _D, /) -> str | _D: ...
    def get(self, key: str, default: Any = None, /) -> Any:
        """Return the value of a field, or a default."""
        return self._index.get(key.lower(), default)

    def changed(self, change: Callable[[str], str]) -> Headers:
        """Return the same fields with each value changed."""
        return Headers((name, change(value)) for name, value in self._pairs)

    def __getitem__(self, name: str) -> str:
        return self._index[name.lower()]

    def __iter__(self) -> Iterator[str]:
        return iter(self._index)

    def __len__(self) -> int:
        return len(self._index)

    def __eq__(self, other: object) -> bool:
        return self._pairs == other._pairs if isinstance(other, Headers) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._pairs)

    def __repr__(self) -> str:
        return f"Headers({list(self._pairs)!r})"

    def __reduce__(self) -> tuple[Any, ...]:
        return Headers, (self._pairs,)


class Request(msgspec.Struct, frozen=True):
    """A request as an operation describes it, before credentials are added.

    Attributes:
        operation: Name of the operation, for errors.
        method: HTTP method in upper case.
        server: URL that `path` is appended to, unless the client has a base URL of its own.
        path: Path that begins with a slash and is percent-encoded already.
        url: URL that an earlier response gave for this call, which has to lead to `path`; empty if there is none.
        query: Percent-decoded names and values.
        headers: Names and values, in place of the client's own where the names are equal.
        content: Body, or None.
        authenticated: Whether the client's credentials are sent.
        repeatable: Whether the request is idempotent, or None if its method says it.
    """

    operation: str
    method: str
    server: str
    path: str
    query: tuple[tuple[str, str], ...] = ()
    headers: tuple[tuple[str, str], ...] = ()
    content: Content | None = None
    authenticated: bool = True
    url: str = ""
    repeatable: bool | None = None

    @property
    def idempotent(self) -> bool:
        """Whether sending the request twice has the effect of sending it once."""
        return self.method in _IDEMPOTENT if self.repeatable is None else self.repeatable

    def __repr__(self) -> str:
        size = "no content" if self.content is None else f"{size_of(self.content)} bytes"
        return f"<Request {self.operation}: {self.method} {self.path}, {size}>"


class RawResponse(msgspec.Struct, frozen=True):
    """A response as it was received, with its whole body.

    Attributes:
        operation: Name of the operation, for errors.
        method: HTTP method of the request.
        status: HTTP status, any integer.
        headers: Header fields.
        content: Body in bytes, decompressed.
        repeatable: As that of the request.
        redaction: Takes out what the server repeats of the credential that it got.
    """

    operation: str
    method: str
    status: int
    headers: Headers
    content: bytes
    repeatable: bool | None = None
    redaction: Redaction = Redaction()

    def redacted(self) -> RawResponse:
        """Return the response as an error may keep it."""
        headers, content = self.headers.changed(self.redaction), self.redaction(self.content)
        return msgspec.structs.replace(self, headers=headers, content=content)

    @property
    def media_type(self) -> str:
        """The media type in lower case without parameters, or an empty string."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    @property
    def idempotent(self) -> bool:
        """Whether sending the request twice has the effect of sending it once."""
        return self.method in _IDEMPOTENT if self.repeatable is None else self.repeatable

    def __repr__(self) -> str:
        return f"<RawResponse {self.operation}: {self.status}, {len(self.content)} bytes>"


class Response(msgspec.Struct, Generic[T], frozen=True):
    """A successful response together with what its body means.

    Attributes:
        raw: The response as it was received.
        parsed: The body as the contract types it.
    """

    raw: RawResponse
    parsed: T

    @property
    def status(self) -> int:
        """The HTTP status."""
        return self.raw.status

    @property
    def headers(self) -> Headers:
        """The header fields, looked up without regard to case."""
        return self.raw.headers

    @property
    def content(self) -> bytes:
        """The body in bytes, decompressed."""
        return self.raw.content
