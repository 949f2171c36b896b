"""Between plain messages and the HTTP library: URLs, header fields, bodies and failures."""

from __future__ import annotations

import zlib
from copy import copy
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_plus

import httpx2

from .deadline import ReadTimeout, bound_stream, late, opened_stream
from .errors import (
    InvalidArgumentError,
    ResponseTooLargeError,
    TransportError,
    UntrustedUrlError,
    one_line,
    short_repr,
)
from .message import Headers, RawResponse
from .parameter import query_text
from .redaction import Redaction
from .stream import Content, is_small, pieces, size_of
from .trust import is_loopback

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

    from .auth import Secret
    from .message import Request
    from .trust import Trust

__all__ = ["MAX_BODY", "Body", "Wire", "failure"]

MAX_BODY = 16 * 1024 * 1024
"""Largest body of a response in bytes, as received and after decompression."""

_URLS = 256
_PHASES = ("connect", "read", "write", "pool")
_REFUSED = frozenset({"ConnectError", "ConnectTimeout", "PoolTimeout", "ProxyError", "UnsupportedProtocol"})


class Wire:
    """How requests of one client are written.

    Args:
        base_url: URL in place of each request's own server, or None.
        user_agent: Name of the client.
        timeouts: The HTTP library's timeouts, or None for those of `client`.
        answer_s: Seconds for a whole answer.
        clock: Returns seconds, of which only differences count.
        client: The caller's own HTTP client, whose header fields, cookies and parameters are merged, or None.
        trust: Which URLs of responses the token is sent to.

    Raises:
        InvalidArgumentError: The base URL is not one that a token may be sent to.
    """

    def __init__(  # noqa: PLR0913  # each is a setting of the client
        self,
        *,
        base_url: str | None,
        user_agent: str,
        timeouts: httpx2.Timeout | None,
        answer_s: float,
        clock: Callable[[], float],
        client: httpx2.Client | httpx2.AsyncClient | None,
        trust: Trust,
        is_async: bool,
    ) -> None:
        self._base = None if base_url is None else _checked_base(base_url)
        self._trust = trust
        self._chunks = _AsyncChunks if is_async else _Chunks
        self._bases: dict[str, str] = {}
        self._urls: dict[str, httpx2.URL] = {}
        self._client = client
        self._timeouts = timeouts
        self._answer_s = answer_s
        self._clock = clock
        self._is_async = is_async
        self._watch: Callable[[Any], object] | None = None
        self._extensions: dict[str, Any] = {"trace": self._bind_async if is_async else self._bind}
        if timeouts is not None:
            self._extensions["timeout"] = self._bounded(timeouts.as_dict())
        self._defaults = (("accept", "application/json"), ("accept-encoding", "identity"), ("user-agent", user_agent))

    def hasty(self, longest_s: float) -> Wire:
        """Return the same wire with shorter timeouts.

        Args:
            longest_s: Seconds for each phase of an attempt and for its whole answer, unless they are fewer anyway.
        """
        timeouts = self._timeouts or (None if self._client is None else self._client.timeout)
        limits = {} if timeouts is None else timeouts.as_dict()
        shorter = {phase: min(limits.get(phase) or longest_s, longest_s) for phase in _PHASES}
        twin = self.within(longest_s)
        twin._timeouts = httpx2.Timeout(**shorter)  # noqa: SLF001  # its own kind
        twin._extensions = {**self._extensions, "timeout": twin._bounded(shorter)}  # noqa: SLF001  # as above
        return twin

    def within(self, answer_s: float) -> Wire:
        """Return the same wire with less time for whole answers.

        Args:
            answer_s: Seconds for a whole answer, unless they are fewer anyway.
        """
        twin = copy(self)
        twin._answer_s = min(self._answer_s, answer_s)  # noqa: SLF001  # its own kind
        if self._timeouts is not None:
            timeout = twin._bounded(self._timeouts.as_dict())  # noqa: SLF001  # as above
            twin._extensions = {**self._extensions, "timeout": timeout}  # noqa: SLF001  # as above
        return twin

    def watch(self, opened: Callable[[Any], object]) -> None:
        """Have each connection told that is opened, in the thread that sends."""
        self._watch = opened

    def _bounded(self, timeouts: dict[str, Any]) -> dict[str, Any]:
        return {**timeouts, "read": ReadTimeout(timeouts.get("read"), self._answer_s)}

    def _bind(self, event: str, info: dict[str, Any]) -> None:
        """Take an event of the HTTP library."""
        stream = opened_stream(event, info)
        if stream is not None:
            bound_stream(stream, self._clock, is_async=self._is_async)
            if self._watch is not None:
                self._watch(stream)

    async def _bind_async(self, event: str, info: dict[str, Any]) -> None:
        """Take an event of the HTTP library, which awaits that."""
        self._bind(event, info)

    def body(self, request: Request, response: httpx2.Response) -> Body:
        """Return the body of a response that begins now."""
        return Body(request, response, self._answer_s, self._clock)

    def prepare(self, request: Request, secret: Secret | None) -> httpx2.Request:
        """Return the HTTP library's form of a request.

        Raises:
            InvalidArgumentError: The server is not one that a token may be sent to, or a header field cannot be sent.
        """
        url, headers = self._url(request, secret), self._headers(request)
        content: Any = request.content
        if request.content is not None and not is_small(request.content):
            headers.append(("content-length", str(size_of(request.content))))
            content = self._chunks(request.content)
        if self._client is None:
            prepared = httpx2.Request(
                request.method, url, headers=headers, content=content, extensions=self._extensions
            )
        else:
            timeout: Any = httpx2.USE_CLIENT_DEFAULT if self._timeouts is None else self._timeouts
            prepared = self._client.build_request(
                request.method,
                url,
                headers=headers,
                content=content,
                timeout=timeout,
                extensions={"trace": self._extensions["trace"]},
            )
            prepared.extensions["timeout"] = self._bounded(prepared.extensions["timeout"])
        if secret is not None:
            # Set last and without a name, so that no frame that could fail holds the token.
            prepared.headers["authorization"] = f"Bearer {secret.reveal()}"
        return prepared

    def _headers(self, request: Request) -> list[tuple[str, str]]:
        if not request.headers:
            return list(self._defaults)
        own = {name.lower() for name, _ in request.headers}
        if not all(name.isascii() and value.isascii() for name, value in request.headers):
            raise InvalidArgumentError("headers", "must be ASCII")
        return [field for field in self._defaults if field[0] not in own] + list(request.headers)

    def _url(self, request: Request, secret: Secret | None) -> httpx2.URL:
        text = (self._base or self._server(request.server)) + request.path
        if request.url:
            text = self._trusted(request, secret)
        if request.query:
            text, _, given = text.partition("?")
            own = {name for name, _ in request.query}
            # What a URL of a response says of the same parameter was said of another call.
            kept = [pair for pair in given.split("&") if pair and unquote_plus(pair.partition("=")[0]) not in own]
            # A comma keeps its meaning of a separator; as a part of a value it decodes to itself.
            added = [f"{query_text(name, name)}={query_text(value, name)}" for name, value in request.query]
            text += "?" + "&".join([*kept, "&".join(added).replace("%2C", ",")])
        url = self._urls.get(text)
        if url is None:
            try:
                url = httpx2.URL(text)
            except httpx2.InvalidURL as error:
                raise InvalidArgumentError("url", one_line(str(error)), shown=short_repr(text)) from None
            if len(self._urls) >= _URLS:
                self._urls.clear()
            self._urls[text] = url
        return url

    def _trusted(self, request: Request, secret: Secret | None) -> str:
        try:
            return self._trust.check(request.url, request.server, request.path)
        except UntrustedUrlError as error:
            redaction = Redaction("" if secret is None else secret.reveal())
            raise UntrustedUrlError(redaction(error.url), redaction(error.rule)) from None

    def _server(self, server: str) -> str:
        base = self._bases.get(server)
        if base is None:
            base = self._bases[server] = _checked_base(server)
        return base


class _Chunks:
    """A body for the blocking HTTP client, which can be read again."""

    def __init__(self, content: Content) -> None:
        self._content = content

    def __iter__(self) -> Iterator[Any]:
        return pieces(self._content)


class _AsyncChunks:
    """A body for the asynchronous HTTP client, which can be read again."""

    def __init__(self, content: Content) -> None:
        self._content = content

    async def __aiter__(self) -> AsyncIterator[Any]:
        for piece in pieces(self._content):
            yield piece


class Body:
    """The body of a response while it is received, bounded in time, and in size before and after decompression."""

    def __init__(
        self, request: Request, response: httpx2.Response, answer_s: float, clock: Callable[[], float]
    ) -> None:
        self._answer_s = answer_s
        self._clock = clock
        self._since = clock()
        self._request = request
        self._response = response
        self._chunks: list[bytes] = []
        self._size = 0
        self._plain = False

    def read_already(self) -> bool:
        """Take over a body that something else has read, such as a hook of the caller's client, and say whether."""
        if not self._response.is_stream_consumed:
            return False
        self._plain = True
        self.add(self._response.content)
        return True

    def add(self, chunk: bytes) -> bool:
        """Take a chunk, and return whether more is wanted.

        Raises:
            ReadTimeout: The body has not ended in time.
        """
        if self._clock() - self._since >= self._answer_s:
            raise late(self._answer_s)
        self._chunks.append(chunk)
        self._size += len(chunk)
        return self._size <= MAX_BODY

    def finish(self, broken: TransportError | None) -> RawResponse | TransportError:
        """Return the response, or the error that its body causes.

        The status decides whether a call has failed, so what there is of the body of an error is kept.

        Args:
            broken: What interrupted the body, or None.
        """
        status = self._response.status_code
        if broken is not None and status < 400:
            return broken
        raw = self._response.headers.raw
        headers = Headers((name.decode("latin-1"), value.decode("latin-1")) for name, value in raw)
        content = self._chunks[0] if len(self._chunks) == 1 else b"".join(self._chunks)
        if not self._plain:
            content = _decompressed(content, headers.get("content-encoding", ""))
        if len(content) > MAX_BODY or self._size > MAX_BODY:
            if status < 400:
                return ResponseTooLargeError(
                    f"{self._request.operation}: the response body is larger than {MAX_BODY} bytes (status {status})",
                    operation=self._request.operation,
                    kind="ResponseTooLarge",
                    retry_safe=self._request.idempotent,
                )
            content = content[:MAX_BODY]
        request, redaction = self._request, _redaction(self._response.request)
        return RawResponse(request.operation, request.method, status, headers, content, request.repeatable, redaction)


def failure(request: Request, error: httpx2.HTTPError | httpx2.StreamError, prepared: httpx2.Request) -> TransportError:
    """Return the error for a request that got no response.

    Its cause is a copy of the HTTP library's error without the request and without a traceback: both hold the token.
    """
    kind = type(error).__name__
    text = one_line(_redaction(prepared)(str(error))) or "no details"
    found = TransportError(
        f"{request.operation}: {kind}: {text}",
        operation=request.operation,
        kind=kind,
        retry_safe=kind in _REFUSED or request.idempotent,
    )
    copied = type(error) if type(error).__module__.startswith("httpx2") else httpx2.TransportError
    found.__cause__ = copied(text) if issubclass(copied, httpx2.TransportError) else httpx2.TransportError(text)
    return found


def _redaction(sent: httpx2.Request) -> Redaction:
    """Return the redaction for what a request was sent with, be it by us, an `httpx2.Auth` or the caller's client."""
    return Redaction(sent.headers.get("authorization", ""))


def _checked_base(text: str) -> str:
    """Return a base URL without trailing slashes, if a token may be sent to it."""

    def refused(rule: str) -> InvalidArgumentError:
        # A user name or a query may be secret: what is behind the scheme is not shown.
        return InvalidArgumentError("base_url", rule)

    if not text.isascii() or not text.isprintable() or set(text) & set(' "<>\\^`{|}'):
        raise refused("must be a URL of ASCII characters, with everything else percent-encoded")
    try:
        url = httpx2.URL(text)
    except httpx2.InvalidURL as error:
        raise refused(f"must be a URL: {one_line(str(error))}") from None
    if url.scheme not in {"http", "https"} or not url.host:
        raise refused("must be an absolute URL of scheme https")
    if url.port is not None and not 0 < url.port < 65536:
        raise refused("must have a port below 65536")
    if "@" in text.partition("//")[2].partition("/")[0]:
        raise refused("must have no user name and no password")
    if "?" in text or "#" in text:
        raise refused("must have no query and no fragment")
    if url.scheme == "http" and not is_loopback(url.host):
        raise refused("must be https: a token must not travel in clear, except to a loopback address")
    return str(url).rstrip("/")


def _decompressed(content: bytes, encoding: str) -> bytes:
    """Return a body decompressed, up to one byte over the limit; as it is, if it cannot be decompressed.

    Servers are asked not to compress. If one does nonetheless, whoever decodes the body finds out whether it can be
    read, after the status has decided what the response is.
    """
    encoding = encoding.strip().lower()
    if not content or encoding in {"", "identity"}:
        return content
    windows = {"gzip": (31,), "x-gzip": (31,), "deflate": (15, -15)}.get(encoding, ())
    for window in windows:
        stream = zlib.decompressobj(window)
        try:
            found = stream.decompress(content, MAX_BODY + 1)
        except zlib.error:
            continue
        if stream.eof or len(found) > MAX_BODY:
            return found
    return content
