"""Request a token: attempts, waits and clock skew, until there is a token or an error."""

from __future__ import annotations

import re
import time
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import msgspec

from .._runtime.auth import Secret
from .._runtime.errors import (
    ApiError,
    ClientError,
    DecodeError,
    RateLimitedError,
    ResponseTooLargeError,
    ServerError,
    TransportError,
)
from .._runtime.json_types import is_object
from .._runtime.retry import RetryPolicy, backoff_s, random_fraction
from .._runtime.text import one_line
from ..client import Client
from .errors import SignInError, SignInRefusedError, SignInUnavailableError
from .hints import refusal_hint

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    import httpx2

    from .._runtime.transport_settings import Timeout

__all__ = ["GrantType", "Granted", "TokenRequest", "TokenSettings"]

GrantType: TypeAlias = Literal[
    "authorization_code", "refresh_token", "client_credentials", "urn:ietf:params:oauth:grant-type:jwt-bearer"
]

_ATTEMPTS = 5
_BASE_S = 0.5
_MAX_S = 8.0
_MAX_RETRY_AFTER_S = 60.0
_MAX_CORRECTIONS = 2
# Box names the claim, or the date, in the description of an assertion whose time is wrong.
_WRONG_TIME = re.compile(r"\b(?:exp|jti|iat|nbf)\b|date/time", re.IGNORECASE)


class TokenSettings(msgspec.Struct, frozen=True, kw_only=True):
    """How tokens are requested.

    Attributes:
        base_url: URL in place of Box's own, such as a mock's.
        timeout_s: As of `Client`.
        http: The caller's own HTTP client or transport, which stays open.
        trusted_hosts: As of `Client`.
        clock: Returns the Unix time in seconds.
        sleep: Waits for some seconds before another attempt.
        random: Returns a number in [0, 1), which spreads the attempts.
    """

    base_url: str | None = None
    timeout_s: float | Timeout | None = None
    http: httpx2.Client | httpx2.BaseTransport | None = None
    trusted_hosts: Collection[str] = ()
    clock: Callable[[], float] = time.time
    sleep: Callable[[float], object] = time.sleep
    random: Callable[[], float] = random_fraction

    def open_client(self) -> Client:
        """Return a client without a token, which sends each call once."""
        # The calls of a sign-in are sent without one.
        no_token: Any = None
        return Client(
            no_token,
            base_url=self.base_url,
            timeout_s=self.timeout_s,
            retry=RetryPolicy(max_retries=0),
            http=self.http,
            trusted_hosts=self.trusted_hosts,
        )

    def close_client(self, client: Client) -> None:
        """Close a client, unless what it sends by is the caller's own."""
        if self.http is None:
            client.close()


class Granted(msgspec.Struct, frozen=True):
    """What a sign-in returned.

    Attributes:
        access_token: The token.
        lifetime_s: Seconds until it expires, or None if the server has not said it.
        refresh_token: The token for the next sign-in, or None.
    """

    access_token: Secret
    lifetime_s: int | None = None
    refresh_token: Secret | None = None


class TokenRequest:
    """Requests tokens of one kind of grant; remembers how far this machine's clock is off.

    Args:
        grant: The kind of grant.
        settings: How tokens are requested.
        depends_on_clock: Whether the grant names a time, so that a wrong clock is corrected.
    """

    def __init__(self, grant: GrantType, settings: TokenSettings, *, depends_on_clock: bool = False) -> None:
        self._grant: GrantType = grant
        self._settings = settings
        self._depends_on_clock = depends_on_clock
        self._skew_s = 0.0

    def send(self, fields_at: Callable[[float], Mapping[str, Any]]) -> Granted:
        """Request a token, and again where that may help.

        Args:
            fields_at: Returns the fields of the grant for each attempt anew, given the server's time: an assertion
                works once.

        Raises:
            SignInRefusedError: Box has refused the grant.
            SignInUnavailableError: Box has not answered, or only with failures.
        """
        client = self._settings.open_client()
        try:
            return self._send(client, fields_at)
        finally:
            self._settings.close_client(client)

    def _send(self, client: Client, fields_at: Callable[[float], Mapping[str, Any]]) -> Granted:
        attempt, corrections = 1, 0
        while True:
            outcome = self._attempt(client, fields_at)
            if isinstance(outcome, Granted):
                return outcome
            if corrections < _MAX_CORRECTIONS and self._corrects_clock(outcome):
                corrections += 1
                continue
            delay_s = self._delay_s(outcome, attempt)
            if delay_s is None:
                raise self._error(outcome, attempt)
            self._settings.sleep(delay_s)
            attempt += 1

    def _attempt(self, client: Client, fields_at: Callable[[float], Mapping[str, Any]]) -> Granted | ClientError:
        # A sign-in waits by itself between attempts, and signs anew after that.
        calls = client.raw.with_transport(client.raw.transport.past_gate())
        try:
            fields = fields_at(self._settings.clock() + self._skew_s)
            token = calls.request_token(grant_type=self._grant, **fields).parsed
        except (ApiError, TransportError, DecodeError, ResponseTooLargeError) as error:
            # Kept as a value: its frames hold the grant.
            error.__traceback__ = None
            return error
        refresh_token, lifetime_s = token.refresh_token, token.expires_in
        return Granted(
            Secret(token.access_token),
            lifetime_s if isinstance(lifetime_s, int) else None,
            Secret(refresh_token) if isinstance(refresh_token, str) else None,
        )

    def _corrects_clock(self, error: ClientError) -> bool:
        """Whether an assertion was refused for its time, and the server's own clock is known now."""
        if not self._depends_on_clock or not isinstance(error, ApiError) or error.status != 400:
            return False
        code, description = _fields_of(error)
        if code != "invalid_grant" or not _WRONG_TIME.search(description):
            return False
        try:
            date = parsedate_to_datetime(error.headers.get("date", ""))
        except ValueError:
            return False
        self._skew_s = date.timestamp() - self._settings.clock()
        return True

    def _delay_s(self, error: ClientError, attempt: int) -> float | None:
        is_passing = isinstance(error, (RateLimitedError, ServerError)) or (
            isinstance(error, TransportError) and error.is_transient
        )
        if not is_passing or attempt >= _ATTEMPTS:
            return None
        if error.retry_after_s is not None:
            return error.retry_after_s if error.retry_after_s <= _MAX_RETRY_AFTER_S else None
        return backoff_s(attempt, base_s=_BASE_S, max_s=_MAX_S, random=self._settings.random)

    def _error(self, error: ClientError, attempts: int) -> SignInError:
        tried = f" (attempt {attempts} of {_ATTEMPTS})" if attempts > 1 else ""
        if isinstance(error, ApiError):
            code, description = _fields_of(error)
            if 400 <= error.status <= 499 and error.status != 429:
                return SignInRefusedError(
                    error.status, code or "refused", description, hint=refusal_hint(self._grant, code)
                )
            said = " ".join(filter(None, (str(error.status), code)))
            return SignInUnavailableError(f"sign-in failed: {said}{tried}", retry_after_s=error.retry_after_s)
        if isinstance(error, TransportError):
            return SignInUnavailableError(f"sign-in failed: {one_line(str(error))}{tried}")
        # Its text may quote the response, and so the token.
        return SignInUnavailableError("sign-in failed: the response to request_token cannot be read")


def _fields_of(error: ApiError) -> tuple[str, str]:
    """Return code and description of a refused sign-in, however its body is."""
    try:
        body: object = msgspec.json.decode(error.content)
    except (ValueError, RecursionError):
        body = None
    fields = body if is_object(body) else {}
    code, description = fields.get("error"), fields.get("error_description")
    return (
        one_line(code, 100) if isinstance(code, str) else "",
        one_line(description, 300) if isinstance(description, str) else "",
    )
