"""Callables of the caller's for the attempts of a client's calls."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from .errors import InvalidArgumentError
from .text import short_repr

if TYPE_CHECKING:
    from collections.abc import Callable

    from .messages import Request

__all__ = ["Hooks"]

_CO_COROUTINE = 0x80


class Hooks(msgspec.Struct, frozen=True, kw_only=True):
    """Functions that are called with each attempt of a client's calls, in the thread or task that sends it.

    They are plain functions also for an asynchronous client, and what they raise ends the call. The request that they
    get is a copy without credentials; its body is there as it is.

    Attributes:
        on_request: Called with the request before each attempt.
        on_response: Called with the request, the status, and the seconds that the attempt took, once a response was
            received, whatever its status.
        on_retry: Called before the wait for another attempt: with the request, the number of attempts so far, the
            seconds to wait, and what went wrong. An attempt with a new token after a 401 is no retry.
    """

    on_request: Callable[[Request], object] | None = None
    on_response: Callable[[Request, int, float], object] | None = None
    on_retry: Callable[[Request, int, float, str], object] | None = None

    def __post_init__(self) -> None:
        for name in self.__struct_fields__:
            hook: object = getattr(self, name)
            if hook is None:
                continue
            # Nobody would await its coroutine, so that it would never run.
            is_awaited = getattr(getattr(hook, "__code__", None), "co_flags", 0) & _CO_COROUTINE
            if is_awaited or not callable(hook):
                raise InvalidArgumentError(name, "must be a function that is not async", shown=short_repr(hook))
