"""Ctrl-C and SIGTERM: the first stops the upload cleanly, the second exits at once."""

from __future__ import annotations

import os
import signal
import sys
from contextlib import contextmanager, suppress
from threading import current_thread, main_thread
from typing import TYPE_CHECKING

from .failure import INTERRUPTED

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from types import FrameType

__all__ = ["interrupt_on_signals"]

_SIGNALS = (signal.SIGINT, signal.SIGTERM)
_SHOW_CURSOR = b"\x1b[?25h"


@contextmanager
def interrupt_on_signals(on_first: Callable[[], object]) -> Generator[None]:
    """Raise KeyboardInterrupt on the first SIGINT or SIGTERM; exit the process on the second.

    Exiting is safe: a journal is valid at any time, and without one the session is left to expire.

    Args:
        on_first: Called in the signal handler, so it must not write to a buffered stream.
    """
    is_first = True

    def handle(_number: int, _frame: FrameType | None) -> None:
        nonlocal is_first
        if not is_first:
            if sys.stderr.isatty():
                with suppress(OSError):
                    os.write(sys.stderr.fileno(), _SHOW_CURSOR)
            os._exit(INTERRUPTED)
        is_first = False
        on_first()
        raise KeyboardInterrupt

    if current_thread() is not main_thread():
        yield
        return
    # An ignored signal stays ignored, as for the background jobs of a script.
    previous = {
        number: signal.getsignal(number) for number in _SIGNALS if signal.getsignal(number) is not signal.SIG_IGN
    }
    for number in previous:
        signal.signal(number, handle)
    try:
        yield
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
