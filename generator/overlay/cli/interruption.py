"""Ctrl-C and SIGTERM: the first one ends the upload in order, the second one at once."""

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

__all__ = ["interruptible"]

_SIGNALS = (signal.SIGINT, signal.SIGTERM)
_SHOW_CURSOR = b"\x1b[?25h"


@contextmanager
def interruptible(on_first: Callable[[], object]) -> Generator[None]:
    """Raise KeyboardInterrupt on the first signal, also on SIGTERM; end the process on the second.

    The second one is safe: a journal is good whenever its upload is killed; without one, a session is left to expire.

    Args:
        on_first: Called by the first signal; it must not write to what may be written to just then.
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
    # What is ignored stays so, as for commands in the background of a script.
    before = {one: signal.getsignal(one) for one in _SIGNALS if signal.getsignal(one) is not signal.SIG_IGN}
    for one in before:
        signal.signal(one, handle)
    try:
        yield
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)
