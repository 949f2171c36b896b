"""Signals: the first raises KeyboardInterrupt, and handlers are restored afterwards."""

from __future__ import annotations

import signal
import threading

import pytest
from box_uploads.cli.signals import interrupt_on_signals


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_first_signal_is_reported_and_raises_keyboard_interrupt(number: signal.Signals) -> None:
    before = signal.getsignal(number)
    shown: list[str] = []

    with pytest.raises(KeyboardInterrupt), interrupt_on_signals(lambda: shown.append("stopping")):
        signal.raise_signal(number)

    assert shown == ["stopping"]
    assert signal.getsignal(number) is before


def test_an_ignored_signal_stays_ignored() -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with interrupt_on_signals(lambda: None):
            signal.raise_signal(signal.SIGINT)
            assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)


def test_another_thread_leaves_signals_unchanged() -> None:
    before, within = signal.getsignal(signal.SIGTERM), list[object]()

    def work() -> None:
        with interrupt_on_signals(lambda: None):
            within.append(signal.getsignal(signal.SIGTERM))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert within == [before]
