"""Requests and responses as plain values, apart from any HTTP library."""

from __future__ import annotations

from typing import Generic, TypeVar

import msgspec

from .body import Content, size_of
from .headers import Headers
from .redaction import Redaction

__all__ = ["RawResponse", "Request", "Response"]

T = TypeVar("T")

_IDEMPOTENT = frozenset({"GET", "HEAD", "PUT", "DELETE", "OPTIONS", "TRACE", "QUERY"})


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
        secrets: Credentials and passwords in it, which errors must not show; what is not given is no string.
        follows_redirect: Whether a redirect is followed, once.
        is_redirected: Whether `url` is where a redirect leads; the path then only stands for it.
        lacks_credentials: Whether it goes without the call's credentials, since a redirect led to a host that is not
            trusted.
        is_page: Whether `url` is that of a further page of a list: any path of a trusted host, and perhaps relative.
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
    secrets: tuple[object, ...] = ()
    follows_redirect: bool = False
    is_redirected: bool = False
    lacks_credentials: bool = False
    is_page: bool = False

    @property
    def idempotent(self) -> bool:
        """Whether sending the request twice has the effect of sending it once."""
        return self.method in _IDEMPOTENT if self.repeatable is None else self.repeatable

    def __repr__(self) -> str:
        size = None if self.content is None else size_of(self.content)
        shown = "no content" if self.content is None else "a stream" if size is None else f"{size} bytes"
        return f"<Request {self.operation}: {self.method} {self.path}, {shown}>"


class RawResponse(msgspec.Struct, frozen=True):
    """A response as it was received, with its whole body.

    Attributes:
        operation: Name of the operation, for errors.
        method: HTTP method of the request.
        status: HTTP status, any integer.
        headers: Header fields.
        content: Body in bytes, decompressed.
        repeatable: As that of the request.
        redaction: Removes the credential from what the server repeats of it.
        request_id: Id of the request in a header field, for the operator of the server, or None.
        note: Why the client did no more about it, such as follow a redirect, for an error; empty if there was nothing.
    """

    operation: str
    method: str
    status: int
    headers: Headers
    content: bytes
    repeatable: bool | None = None
    redaction: Redaction = Redaction()
    request_id: str | None = None
    note: str = ""

    def redacted(self) -> RawResponse:
        """Return the response as an error may keep it."""
        return msgspec.structs.replace(
            self,
            headers=self.headers.map_values(self.redaction),
            content=self.redaction(self.content),
            request_id=None if self.request_id is None else self.redaction(self.request_id),
            note=self.redaction(self.note),
        )

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
    """A successful response with its decoded body.

    Attributes:
        raw: The response as it was received.
        parsed: The body as the spec types it.
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
