"""Signals: raised as KeyboardInterrupt once, and only where uploads are."""

from __future__ import annotations

import signal
import threading

import pytest
from box_uploads.cli.interruption import interruptible


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_first_signal_is_shown_and_raised(number: signal.Signals) -> None:
    before = signal.getsignal(number)
    shown: list[str] = []

    with pytest.raises(KeyboardInterrupt), interruptible(lambda: shown.append("stopping")):
        signal.raise_signal(number)

    assert shown == ["stopping"]
    assert signal.getsignal(number) is before


def test_an_ignored_signal_stays_ignored() -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with interruptible(lambda: None):
            signal.raise_signal(signal.SIGINT)
            assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)


def test_another_thread_leaves_signals_alone() -> None:
    before, within = signal.getsignal(signal.SIGTERM), list[object]()

    def work() -> None:
        with interruptible(lambda: None):
            within.append(signal.getsignal(signal.SIGTERM))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert within == [before]
