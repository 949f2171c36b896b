"""The common part of both transports: checked settings, credentials, and whether they are open."""

from __future__ import annotations

from contextlib import contextmanager
from copy import copy
from math import ceil
from typing import TYPE_CHECKING, Any, Self, cast

import msgspec

from .added_headers import AddedHeaders
from .errors import ClientClosedError, InvalidArgumentError
from .headers import Headers
from .hooks import Hooks
from .messages import RawResponse
from .retry import RetryPolicy, parse_retry_after
from .text import short_repr

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Collection, Generator, Mapping, Sequence

    import httpx2

    from .auth import Credentials
    from .errors import TransportError
    from .messages import Request
    from .rate_gate import Throttle
    from .request_builder import RequestBuilder
    from .response_reader import ResponseReader

__all__ = [
    "BaseTransport",
    "Timeout",
    "TransportSettings",
    "accepting",
    "check_http",
    "check_proxies",
    "refusal",
    "trusted_certificates",
]

_LONGEST_S = 1e9
_NOT_SENT = "not sent: the server has refused an earlier call, and the wait that it asked for is not over"


class Timeout(msgspec.Struct, frozen=True):
    """How long each phase of an attempt may last, in seconds.

    Attributes:
        connect_s: To connect, TLS included.
        read_s: Between two pieces of the response.
        write_s: To send a piece of the request.
        pool_s: To get a connection while all are in use.
        response_s: For the whole response, from the end of the request, however slowly it trickles in. A call whose
            response takes longer fails with a `TransportError` of kind `ReadTimeout`. With `http=`, this is kept on the
            HTTP library's own connections that the client has opened; where a transport of the caller's has others, it
            is only kept between two pieces of the body, and header fields that trickle are not given up.
    """

    connect_s: float = 10.0
    read_s: float = 60.0
    write_s: float = 60.0
    pool_s: float = 10.0
    response_s: float = 300.0


class TransportSettings(msgspec.Struct, frozen=True, kw_only=True):
    """The settings of a transport as plain values, so that another one can be made like it.

    Attributes:
        base_url: URL in place of each request's own server, or None.
        timeout_s: Limits of each phase of an attempt in seconds, or None for those of the caller's own client.
        user_agent: Name of the client.
        api_hosts: Domains of the API.
        trusted_hosts: Further hosts that URLs of responses may lead to.
        request_id_headers: Header fields in which the server names a request.
        uses_default_http: Whether the HTTP client is one that was made here, and not brought by the caller.
    """

    base_url: str | None
    timeout_s: Timeout | None
    user_agent: str
    api_hosts: tuple[str, ...]
    trusted_hosts: tuple[str, ...]
    request_id_headers: tuple[str, ...]
    uses_default_http: bool


class BaseTransport:
    """Base class of both transports: settings, credentials, and whether it is open."""

    def __init__(  # noqa: PLR0913  # each is a setting of the client
        self,
        credentials: Credentials,
        *,
        base_url: str | None,
        timeout_s: float | Timeout | None,
        retry: RetryPolicy | None,
        user_agent: str,
        caller: httpx2.Client | httpx2.AsyncClient | None,
        api_hosts: Collection[str],
        trusted_hosts: Collection[str],
        request_id_headers: Sequence[str],
        clock: Callable[[], float],
        is_async: bool,
        uses_default_http: bool = True,
        hooks: Hooks | None = None,
    ) -> None:
        credentials.check()
        _check_kind("base_url", base_url, str)
        _check_kind("retry", retry, RetryPolicy)
        _check_kind("hooks", hooks, Hooks)
        # Imported here, so that importing the package does not pay for the HTTP library.
        import httpx2  # noqa: PLC0415

        from . import observer, rate_gate, request_builder, response_reader, url_policy  # noqa: PLC0415

        timeouts, limits = None, _timeout(timeout_s)
        if timeout_s is not None or caller is None:
            timeouts = _phases(limits)
        self._builder = request_builder.RequestBuilder(
            base_url=base_url,
            user_agent=user_agent,
            timeouts=timeouts,
            response_s=limits.response_s,
            clock=clock,
            client=caller,
            url_policy=url_policy.UrlPolicy(api_hosts, trusted_hosts, base_url),
            is_async=is_async,
        )
        self.settings = TransportSettings(
            base_url=base_url,
            timeout_s=None if timeout_s is None else limits,
            user_agent=user_agent,
            api_hosts=tuple(api_hosts),
            trusted_hosts=tuple(trusted_hosts),
            request_id_headers=tuple(request_id_headers),
            uses_default_http=uses_default_http,
        )
        self._map_error = response_reader.map_transport_error
        self._reader_type = response_reader.ResponseReader
        self.clock = clock
        self._http_errors = (httpx2.HTTPError, httpx2.StreamError)
        self._auth: Any = credentials.auth
        if self._auth is None and not credentials.uses_bearer:
            # Without a token, the caller's own client may authenticate by itself.
            self._auth = httpx2.USE_CLIENT_DEFAULT
        self.credentials = credentials
        self.observer = observer.Observer(hooks, clock)
        self.added_headers: AddedHeaders | None = None
        self._retry = retry or RetryPolicy()
        self.gate = rate_gate.RateGate(self._retry.random)
        self._throttle: Throttle | None = None
        self._is_past_gate = False
        self._closed = False
        self._cap: Callable[[], float] | None = None
        self._owns_client = False
        self._parent: Self | None = None
        # Reading them takes longer than a call, so that further transports of this client share them.
        self.certificates: ssl.SSLContext | None = None

    def with_options(
        self,
        *,
        timeout_s: float | Timeout | None = None,
        headers: Mapping[str, str] | None = None,
        retry: RetryPolicy | None = None,
    ) -> Self:
        """Return a transport with the same connections and credentials, but other options; None keeps what there is.

        It need not be closed, and is closed with this one. Both share a rate limit, also if the headers name another
        user: a client for each user has a limit for each.

        Args:
            timeout_s: Seconds for each phase of an attempt, or a `Timeout`.
            headers: Fields that are added to each request, in place of its own and of earlier ones with equal names.
            retry: When a call is repeated.

        Raises:
            InvalidArgumentError: One of these cannot be used.
        """
        transport = copy(self)
        transport._owns_client = False  # noqa: SLF001  # its own kind
        # Not one in between, whose close closes nothing else.
        transport._parent = self._parent or self  # noqa: SLF001  # as above
        if timeout_s is not None:
            limits = _timeout(timeout_s)
            transport._builder = self._builder.with_timeouts(_phases(limits), limits.response_s)  # noqa: SLF001  # as above
            transport.settings = msgspec.structs.replace(self.settings, timeout_s=limits)
        if headers is not None:
            transport.added_headers = AddedHeaders(headers, self.added_headers)
        if retry is not None:
            _check_kind("retry", retry, RetryPolicy)
            transport._retry = retry  # noqa: SLF001  # as above
        return transport

    def without_retries(self) -> Self:
        """Return a transport with the same connections and credentials that sends each call once.

        For callers that find out what a failed call did before they repeat it. It need not be closed.
        """
        transport = copy(self)
        transport._retry = msgspec.structs.replace(self._retry, max_retries=0)  # noqa: SLF001  # its own kind
        transport._owns_client = False  # noqa: SLF001  # as above
        return transport

    def with_timeout_cap(self, cap_s: float | Callable[[], float]) -> Self:
        """Return a transport with the same connections and credentials, each of its timeouts cut to `cap_s` seconds.

        It need not be closed.

        Args:
            cap_s: The seconds, or a callable that returns those of the next attempt.
        """
        transport = copy(self)
        if callable(cap_s):
            transport._cap = cap_s  # noqa: SLF001  # its own kind
            transport._owns_client = False  # noqa: SLF001  # as above
            return transport
        transport._builder = self._builder.with_timeout_cap(cap_s)  # noqa: SLF001  # its own kind
        transport._owns_client = False  # noqa: SLF001  # as above
        return transport

    def with_throttle(self, throttle: Throttle) -> Self:
        """Return a transport with the same connections and credentials that has this wait while the rate is limited.

        It need not be closed.
        """
        transport = copy(self)
        transport._throttle = throttle  # noqa: SLF001  # its own kind
        transport._owns_client = False  # noqa: SLF001  # as above
        return transport

    def past_gate(self) -> Self:
        """Return a transport with the same connections and credentials whose calls have asked the gate before."""
        transport = copy(self)
        transport._is_past_gate = True  # noqa: SLF001  # its own kind
        transport._owns_client = False  # noqa: SLF001  # as above
        return transport

    def note_refusal(self, retry_after_s: float | None) -> None:
        """Close the gate as a response with status 429 does."""
        self.gate.refuse(self.clock(), retry_after_s)

    def _note_outcome(self, outcome: RawResponse | TransportError) -> None:
        if isinstance(outcome, RawResponse) and outcome.status == 429:
            self.note_refusal(parse_retry_after(outcome.headers.get("retry-after"), self._retry.clock))

    @property
    def _gate_left_s(self) -> float:
        """The longest time that a call waits at the gate, in seconds."""
        return self._retry.max_retry_after_s if self._throttle is None else self._throttle.gate_left_s()

    def _builder_now(self) -> RequestBuilder:
        """Return what builds the request of the next attempt."""
        return self._builder if self._cap is None else self._builder.with_timeout_cap(self._cap())

    def _reader(self, request: Request, response: httpx2.Response, builder: RequestBuilder) -> ResponseReader:
        return self._reader_type(
            request,
            response,
            response_s=builder.response_s,
            clock=self.clock,
            request_id_headers=self.settings.request_id_headers,
        )

    @property
    def is_closed(self) -> bool:
        """Whether it was closed."""
        return self._closed or (self._parent is not None and self._parent.is_closed)

    def _check_open(self, *, closed: bool) -> None:
        if closed or self.is_closed:
            raise ClientClosedError("the client is closed; create a new one", retry_safe=True)


def accepting(request: Request, accept: str) -> Request:
    """Return a request that asks for some media types; if none are given, for its own, or any if it has none."""
    asked = [value for name, value in request.headers if name.lower() == "accept"]
    # What is asked for at last is for errors.
    wanted = [media_type for value in asked for media_type in value.split(", ") if ";q=" not in media_type]
    if asked and accept in {"", ", ".join(wanted)}:
        return request
    others = [field for field in request.headers if field[0].lower() != "accept"]
    return msgspec.structs.replace(request, headers=(("accept", accept or "*/*"), *others))


def refusal(request: Request, delay_s: float) -> RawResponse:
    """Return the response to a call that was not sent, since its rate is limited for longer than it would wait."""
    headers = Headers([("retry-after", str(ceil(delay_s)))])
    return RawResponse(request.operation, request.method, 429, headers, b"", request.repeatable, note=_NOT_SENT)


def check_http(http: object, client: type, transport: type) -> None:
    """Check the caller's own `http=`.

    Raises:
        InvalidArgumentError: It is neither a client nor a transport of the right kind.
    """
    if http is not None and not isinstance(http, (client, transport)):
        rule = f"must be an httpx2.{client.__name__} or an httpx2.{transport.__name__}"
        raise InvalidArgumentError("http", rule, shown=short_repr(http))


@contextmanager
def check_proxies() -> Generator[None]:
    """Check the proxies of the environment, which the HTTP library reads when a client is made.

    Raises:
        InvalidArgumentError: One of them cannot be used.
    """
    import httpx2  # noqa: PLC0415  # as in BaseTransport

    try:
        yield
    except (ImportError, ValueError, httpx2.InvalidURL) as error:
        rule = f"cannot use the proxies of the environment (such as HTTPS_PROXY): {error}"
        raise InvalidArgumentError("http", rule) from None


def trusted_certificates() -> ssl.SSLContext:
    """Return the certificates that the system or `SSL_CERT_FILE` trusts.

    Raises:
        OSError: They cannot be read.
    """
    import httpx2  # noqa: PLC0415  # as in BaseTransport

    return httpx2.create_ssl_context()


def _check_kind(name: str, value: object, kind: type) -> None:
    if value is not None and not isinstance(value, kind):
        raise InvalidArgumentError(name, f"must be a {kind.__name__}", shown=short_repr(value))


def _phases(limits: Timeout) -> httpx2.Timeout:
    """Return the HTTP library's form of the limits."""
    import httpx2  # noqa: PLC0415  # as in BaseTransport

    return httpx2.Timeout(connect=limits.connect_s, read=limits.read_s, write=limits.write_s, pool=limits.pool_s)


def _timeout(timeout_s: float | Timeout | None) -> Timeout:
    if timeout_s is None:
        return Timeout()
    if isinstance(cast("object", timeout_s), (bool, str)):
        raise InvalidArgumentError(
            "timeout_s", "must be a number of seconds, or a Timeout", shown=short_repr(timeout_s)
        )
    limits = timeout_s
    if not isinstance(limits, Timeout):
        # A whole response may take at least as long as one piece.
        limits = Timeout(limits, limits, limits, limits, max(limits, Timeout().response_s))
    if not all(0 < limit <= _LONGEST_S for limit in msgspec.structs.astuple(limits)):
        rule = "must be more than 0 and at most 1,000,000,000 seconds"
        raise InvalidArgumentError("timeout_s", rule, shown=short_repr(timeout_s))
    return limits
