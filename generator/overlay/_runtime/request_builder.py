"""Build the HTTP library's request from a plain one: URL, header fields, body, timeouts and token."""

from __future__ import annotations

from copy import copy
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_plus

import httpx2

from .body import Content, Stream, is_small, pieces, size_of
from .deadline import ReadTimeout, bound_stream, opened_stream
from .errors import InvalidArgumentError, UntrustedUrlError
from .parameters import query_text
from .redaction import Redaction
from .text import one_line, short_repr
from .url_policy import is_loopback, resolved_url

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

    from .auth import Secret
    from .messages import RawResponse, Request
    from .url_policy import UrlPolicy

__all__ = ["RequestBuilder"]

_URLS = 256
_PHASES = ("connect", "read", "write", "pool")


class RequestBuilder:
    """Builds the HTTP requests of one client.

    Args:
        base_url: URL in place of each request's own server, or None.
        user_agent: Name of the client.
        timeouts: The HTTP library's timeouts, or None for those of `client`.
        response_s: Seconds for a whole response.
        clock: Returns seconds, of which only differences count.
        client: The caller's own HTTP client, whose header fields, cookies and parameters are merged, or None.
        url_policy: Which URLs of responses the token is sent to.
        is_async: Whether an asynchronous HTTP client sends them.

    Raises:
        InvalidArgumentError: The base URL is not one that a token may be sent to.
    """

    def __init__(  # noqa: PLR0913  # each is a setting of the client
        self,
        *,
        base_url: str | None,
        user_agent: str,
        timeouts: httpx2.Timeout | None,
        response_s: float,
        clock: Callable[[], float],
        client: httpx2.Client | httpx2.AsyncClient | None,
        url_policy: UrlPolicy,
        is_async: bool,
    ) -> None:
        self._base = None if base_url is None else _check_base(base_url, url_policy)
        self._url_policy = url_policy
        self._chunks = _AsyncChunks if is_async else _Chunks
        self._bases: dict[str, str] = {}
        self._urls: dict[str, httpx2.URL] = {}
        self._client = client
        self._timeouts = timeouts
        self.response_s = response_s
        self._clock = clock
        self._is_async = is_async
        self._on_connect: Callable[[Any], object] | None = None
        self._extensions: dict[str, Any] = {"trace": self._bind_async if is_async else self._bind}
        if timeouts is not None:
            self._extensions["timeout"] = self._bounded(timeouts.as_dict())
        self._defaults = (("accept", "application/json"), ("accept-encoding", "identity"), ("user-agent", user_agent))

    def with_timeouts(self, timeouts: httpx2.Timeout, response_s: float) -> RequestBuilder:
        """Return a builder with other timeouts, `response_s` being that of the whole response."""
        builder = copy(self)
        builder.response_s = response_s
        builder._timeouts = timeouts  # noqa: SLF001  # its own kind
        limits = builder._bounded(timeouts.as_dict())  # noqa: SLF001  # as above
        builder._extensions = {**self._extensions, "timeout": limits}  # noqa: SLF001  # as above
        return builder

    def with_timeout_cap(self, cap_s: float) -> RequestBuilder:
        """Return a builder with each timeout, that of the whole response included, cut to `cap_s` seconds."""
        timeouts = self._timeouts or (None if self._client is None else self._client.timeout)
        limits = {} if timeouts is None else timeouts.as_dict()
        builder = copy(self)
        builder.response_s = min(self.response_s, cap_s)
        # A phase without a limit gets that of the response: a cap may be infinite, the wait of a socket may not.
        given = {phase: limits.get(phase) for phase in _PHASES}
        capped = {phase: builder.response_s if limit is None else min(limit, cap_s) for phase, limit in given.items()}
        builder._timeouts = httpx2.Timeout(**capped)  # noqa: SLF001  # its own kind
        builder._extensions = {**self._extensions, "timeout": builder._bounded(capped)}  # noqa: SLF001  # as above
        return builder

    def on_connect(self, callback: Callable[[Any], object]) -> None:
        """Call back with each connection that is opened, in the thread that sends."""
        self._on_connect = callback

    def _bounded(self, timeouts: dict[str, Any]) -> dict[str, Any]:
        return {**timeouts, "read": ReadTimeout(timeouts.get("read"), self.response_s)}

    def _bind(self, event: str, info: dict[str, Any]) -> None:
        """Take an event of the HTTP library."""
        stream = opened_stream(event, info)
        if stream is not None:
            bound_stream(stream, self._clock, is_async=self._is_async)
            if self._on_connect is not None:
                self._on_connect(stream)

    async def _bind_async(self, event: str, info: dict[str, Any]) -> None:
        """Take an event of the HTTP library, which awaits that."""
        self._bind(event, info)

    def redirect(self, request: Request, raw: RawResponse) -> Request | RawResponse:
        """Return the request to which a redirect leads, or else the response, with a note for its error."""
        if not request.follows_redirect:
            return raw
        from .redirects import redirected_request  # noqa: PLC0415  # few operations redirect

        return redirected_request(request, raw, str(self._url(request, None)), self._url_policy)

    def build(self, request: Request, secret: Secret | None) -> httpx2.Request:
        """Return the HTTP library's form of a request.

        Raises:
            InvalidArgumentError: The server is not one that a token may be sent to, or a header field cannot be sent.
        """
        url, headers = self._url(request, secret), self._headers(request)
        content: Any = request.content
        if request.content is not None and not is_small(request.content):
            size = size_of(request.content)
            # Without a length, the HTTP library sends it in chunks.
            headers += [] if size is None else [("content-length", str(size))]
            content = self._chunks(request.content)
        if self._client is None or (request.is_redirected and not request.authenticated):
            # Not the caller's client behind a redirect: its cookies and header fields may be credentials.
            prepared = httpx2.Request(
                request.method, url, headers=headers, content=content, extensions=self._extensions
            )
            if "timeout" not in prepared.extensions and self._client is not None:
                prepared.extensions["timeout"] = self._bounded(self._client.timeout.as_dict())
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
        text = request.url
        if not text:
            text = self._own_url(request)
        elif not request.is_redirected:
            # Where a redirect leads was checked when it was followed.
            text = self._check_url(request, secret)
        if request.query:
            text, _, given = text.partition("?")
            own = {name for name, _ in request.query}
            # The same parameter in a URL of a response belongs to another call.
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

    def _check_url(self, request: Request, secret: Secret | None) -> str:
        try:
            if request.is_page:
                own = self._own_url(request)
                return self._url_policy.check_origin(resolved_url(own, request.url), own)
            return self._url_policy.check(request.url, request.server, request.path)
        except UntrustedUrlError as error:
            redaction = Redaction("" if secret is None else secret.reveal(), request.secrets)
            host = None if error.host is None else redaction(error.host)
            raise UntrustedUrlError(redaction(error.url), redaction(error.rule), host=host) from None

    def _own_url(self, request: Request) -> str:
        """Return the URL that the contract names, without the query."""
        return (self._base or self._server(request.server)) + request.path

    def _server(self, server: str) -> str:
        base = self._bases.get(server)
        if base is None:
            base = self._bases[server] = _check_base(server, self._url_policy, "the document's own ")
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
        if not isinstance(self._content, Stream):
            for piece in pieces(self._content):
                yield piece
            return
        from asyncio import to_thread  # noqa: PLC0415  # costs a blocking client nothing here

        # A disk may be slow, and a pipe silent, while the event loop has other work.
        found = pieces(self._content)
        while (read := await to_thread(lambda: next(found, None))) is not None:
            yield read


def _check_base(text: str, policy: UrlPolicy, whose: str = "") -> str:
    """Return a base URL without trailing slashes, if a token may be sent to it.

    Args:
        text: The URL.
        policy: Which hosts may get it over plain http.
        whose: Begins the rule if the URL is not the caller's.
    """

    def refused(rule: str) -> InvalidArgumentError:
        # A user name or a query may be secret, so the URL is not shown.
        return InvalidArgumentError("base_url", f"{whose}{rule}")

    if not text.isascii() or not text.isprintable() or set(text) & set(' "<>\\^`{|}'):
        raise refused("must be a URL of ASCII characters, with everything else percent-encoded")
    try:
        url = httpx2.URL(text)
    except httpx2.InvalidURL as error:
        raise refused(f"must be a URL: {one_line(str(error))}") from None
    if url.scheme not in {"http", "https"} or not url.host:
        raise refused("must be an absolute https URL")
    if url.port is not None and not 0 < url.port < 65536:
        raise refused("must have a port below 65536")
    if "@" in text.partition("//")[2].partition("/")[0]:
        raise refused("must have no user name and no password")
    if "?" in text or "#" in text:
        raise refused("must have no query and no fragment")
    if url.scheme == "http" and not is_loopback(url.host) and not policy.permits_http(text):
        host = f"http://{url.netloc.decode()}"
        rule = "must be https unless it is a loopback address: http exposes the token"
        raise refused(f"{rule}; to permit it all the same, use trusted_hosts=[{host!r}]")
    return str(url).rstrip("/")
