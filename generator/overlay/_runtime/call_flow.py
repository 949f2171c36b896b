"""The steps of a call, from the first attempt to the last, without sending or waiting itself.

`call_flow` yields the next step and is sent its result. A transport only carries the steps out, so retries and
credentials are decided in one place for blocking and asynchronous clients.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

import msgspec

from .body import is_spent
from .errors import TransportError
from .messages import RawResponse

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from .auth import Credentials, Secret
    from .messages import Request
    from .retry import RetryPolicy

__all__ = ["Attempt", "FetchToken", "Pause", "Step", "call_flow"]


class Attempt(msgspec.Struct, frozen=True):
    """Send a request with a token or without; the result is the response or the error.

    Attributes:
        secret: The token, or None.
        redirected: The request to send in place of the call's own, or None.
    """

    secret: Secret | None
    redirected: Request | None = None


class Pause(msgspec.Struct, frozen=True):
    """Wait for some seconds before another attempt.

    Attributes:
        delay_s: The seconds.
        attempt: Number of attempts so far, from 1.
        outcome: What came of the last one.
    """

    delay_s: float
    attempt: int
    outcome: RawResponse | TransportError


class FetchToken(msgspec.Struct, frozen=True):
    """Get a token other than the stale one; the result is the token."""

    stale: Secret | None


Step: TypeAlias = Attempt | Pause | FetchToken

_SPENT = "not repeated: its body came from a stream that cannot be read again; open it anew, or pass a path"
_UNSIGNED = "the client has no token; make it with one, as Client(token)"


def call_flow(
    request: Request,
    policy: RetryPolicy,
    credentials: Credentials,
    redirect: Callable[[Request, RawResponse], Request | RawResponse] = lambda _request, response: response,
) -> Generator[Step, Any, RawResponse]:
    """Decide the steps of one call, and return its response, whatever the status.

    Args:
        request: The request.
        policy: When an attempt is repeated.
        credentials: Where the token comes from.
        redirect: Returns the request to which a response leads, or else the response, with a note for its error.

    Raises:
        TransportError: No attempt got a response.
    """
    secret: Secret | None = None
    bearer = request.authenticated and credentials.uses_bearer
    if bearer:
        secret = credentials.current or (yield FetchToken(None))
    attempt, may_refresh = 1, bearer and credentials.can_refresh
    redirected: Request | None = None
    while True:
        current, redirected = redirected, None
        takes_secret = current is None or current.authenticated
        outcome: RawResponse | TransportError = yield Attempt(secret if takes_secret else None, current)
        if isinstance(outcome, RawResponse):
            found = redirect(current or request, outcome)
            if not isinstance(found, RawResponse):
                redirected = found
                continue
            outcome = _explained(request, credentials, found)
            # With a note, nothing that is repeated here would change it.
            if outcome.status < 400 or outcome.note:
                return outcome
            if outcome.status == 401 and may_refresh and takes_secret and not is_spent(request.content):
                # A 401 is a refusal before any effect, so even a POST can be sent again.
                may_refresh = False
                secret = yield FetchToken(secret)
                continue
        delay_s, outcome = _unless_spent(request, policy.delay_s(request, attempt, outcome), outcome)
        if delay_s is None:
            if not isinstance(outcome, TransportError):
                return outcome
            try:
                raise outcome
            finally:
                # An error that refers to itself keeps its frames, and with them the body, until the collector runs.
                del outcome
        # After a failure behind a redirect, the call begins anew: where it leads may be valid for a short time only.
        yield Pause(delay_s, attempt, outcome)
        attempt += 1
        if bearer:
            # Another call may have fetched a new token meanwhile, or the wait has lasted until this one expires.
            secret = credentials.current or (yield FetchToken(None))


def _explained(request: Request, credentials: Credentials, response: RawResponse) -> RawResponse:
    """Return a response with a note if the call was refused since it sends a token, and the client has none."""
    sends_token = credentials.uses_bearer or credentials.auth is not None
    sends_key = any(isinstance(secret, str) for secret in request.secrets)
    if response.status != 401 or not request.authenticated or sends_token or sends_key or response.note:
        return response
    return msgspec.structs.replace(response, note=_UNSIGNED)


def _unless_spent(
    request: Request, delay_s: float | None, outcome: RawResponse | TransportError
) -> tuple[float | None, RawResponse | TransportError]:
    """Return delay and outcome of an attempt: no delay, and an outcome that says why, if the body is gone."""
    if not is_spent(request.content):
        return delay_s, outcome
    if isinstance(outcome, RawResponse):
        return None, msgspec.structs.replace(outcome, note=_SPENT)
    outcome.args = (f"{outcome}; {_SPENT}",)
    return None, outcome
