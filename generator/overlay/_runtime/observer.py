"""Tell a client's hooks, and the log, about the attempts of its calls; neither is shown a credential.

The logger has the name of the package. Imported late, since `logging` costs more than the rest of the package.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING
from urllib.parse import quote

import msgspec

from .messages import RawResponse
from .redaction import SECURE, Redaction

if TYPE_CHECKING:
    from collections.abc import Callable

    from .auth import Secret
    from .call_flow import Pause
    from .errors import TransportError
    from .hooks import Hooks
    from .messages import Request

__all__ = ["Observer", "Watch"]

_LOGGER = logging.getLogger(__name__.partition("._runtime")[0])
# Otherwise the warnings of a program that has set up no logging would be printed between its own lines.
_LOGGER.addHandler(logging.NullHandler())
_CREDENTIAL_FIELDS = frozenset({"authorization", "cookie", "proxy-authorization"})


class Observer:
    """Watches the attempts of one client.

    Args:
        hooks: The caller's functions, or None.
        clock: Returns seconds, of which only differences count.
    """

    def __init__(self, hooks: Hooks | None, clock: Callable[[], float]) -> None:
        self.hooks = hooks
        self._clock = clock

    def watch(self, request: Request, secret: Secret | None) -> Watch | None:
        """Tell that an attempt begins, and return what takes its outcome, or None if nobody wants to know.

        Args:
            request: The request.
            secret: The token that it is sent with, or None.
        """
        if self.hooks is None and not _LOGGER.isEnabledFor(logging.DEBUG):
            return None
        shown = _without_credentials(request, secret)
        if self.hooks is not None and self.hooks.on_request is not None:
            self.hooks.on_request(shown)
        return Watch(shown, self.hooks, self._clock)

    def retry(self, request: Request, secret: Secret | None, pause: Pause) -> None:
        """Tell that an attempt failed and that there will be another one.

        Args:
            request: The request.
            secret: The token that it was sent with, or None.
            pause: The step before the next attempt.
        """
        shown = _without_credentials(request, secret)
        if _LOGGER.isEnabledFor(logging.WARNING):
            text = "%s: attempt %d failed with %s, the next one is in %.2f s"
            _LOGGER.warning(text, _line(shown), pause.attempt, _kind(pause.outcome), pause.delay_s)
        if self.hooks is not None and self.hooks.on_retry is not None:
            outcome = pause.outcome
            reason = _kind(outcome) if isinstance(outcome, RawResponse) else str(outcome)
            self.hooks.on_retry(shown, pause.attempt, pause.delay_s, reason)


class Watch:
    """Takes the outcome of one attempt, which begins now.

    Args:
        shown: The request without credentials.
        hooks: The caller's functions, or None.
        clock: Returns seconds, of which only differences count.
    """

    __slots__ = ("_clock", "_hooks", "_shown", "_since")

    def __init__(self, shown: Request, hooks: Hooks | None, clock: Callable[[], float]) -> None:
        self._shown = shown
        self._hooks = hooks
        self._clock = clock
        self._since = clock()

    def end(self, outcome: RawResponse | TransportError) -> None:
        """Tell what came of the attempt."""
        elapsed_s = self._clock() - self._since
        if _LOGGER.isEnabledFor(logging.DEBUG):
            _LOGGER.debug("%s: %s in %.0f ms", _line(self._shown), _kind(outcome), elapsed_s * 1000)
        hook = None if self._hooks is None else self._hooks.on_response
        if hook is not None and isinstance(outcome, RawResponse):
            hook(self._shown, outcome.status, elapsed_s)


def _kind(outcome: RawResponse | TransportError) -> str:
    # Not the text of an error: a transport of the caller's may name the URL there, with its query.
    return f"status {outcome.status}" if isinstance(outcome, RawResponse) else outcome.kind


def _line(shown: Request) -> str:
    """Return the method, the path, and the names of the parameters."""
    path, _, fixed = shown.path.partition("?")
    if shown.is_redirected:
        path = shown.server + path
    names = [pair.partition("=")[0] for pair in fixed.split("&") if pair]
    # A name may be the caller's own, and is not to begin a line of the log.
    names += [quote(name, safe="[]") for name, _ in shown.query]
    return f"{shown.method} {path}" + ("?" + "&".join(dict.fromkeys(names)) if names else "")


def _without_credentials(request: Request, secret: Secret | None) -> Request:
    """Return a request without the values that are credentials, or that contain one."""
    redact = Redaction("" if secret is None else secret.reveal(), request.secrets)
    # A redaction takes short ones for words, but as a whole value they are no word.
    whole = {value for value in request.secrets if isinstance(value, str)}
    headers = tuple(
        (name, SECURE if value in whole or name.lower() in _CREDENTIAL_FIELDS else redact(value))
        for name, value in request.headers
    )
    query = tuple((redact(name), SECURE if value in whole else redact(value)) for name, value in request.query)
    return msgspec.structs.replace(
        request, path=redact(request.path), url=redact(request.url), headers=headers, query=query, secrets=()
    )
