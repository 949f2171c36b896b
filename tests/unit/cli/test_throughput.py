"""The throughput: an average of the last half minute, unknown while nothing is sent."""

from __future__ import annotations

import pytest
from box_uploads.cli.throughput import Throughput

MEGABYTE = 1_000_000


def test_it_is_the_average_of_the_last_half_minute_and_unknown_after_5_seconds_without_bytes() -> None:
    now = [0.0]
    throughput = Throughput(lambda: now[0])
    assert throughput.bytes_per_s() is None
    for _ in range(40):
        now[0] += 1
        throughput.add(MEGABYTE)
    assert throughput.bytes_per_s() == MEGABYTE

    now[0] += 4
    assert throughput.bytes_per_s() == MEGABYTE
    now[0] += 2
    assert throughput.bytes_per_s() is None

    now[0] += 60
    throughput.add(MEGABYTE)
    assert throughput.bytes_per_s() is None
    now[0] += 1
    throughput.add(3 * MEGABYTE)
    assert throughput.bytes_per_s() == 3 * MEGABYTE


def test_only_the_last_thousand_samples_are_kept() -> None:
    now = [0.0]
    throughput = Throughput(lambda: now[0])
    for count in [1] * 1000 + [3] * 1000:
        now[0] += 0.001
        throughput.add(count)

    assert throughput.bytes_per_s() == pytest.approx(3000)


def test_it_is_known_at_once_when_bytes_are_sent_again_after_a_pause() -> None:
    now = [0.0]
    throughput = Throughput(lambda: now[0])
    throughput.add(MEGABYTE)
    now[0] += 6
    throughput.add(6 * MEGABYTE)

    assert throughput.bytes_per_s() == MEGABYTE


def test_it_is_unknown_without_elapsed_time_or_if_more_has_to_be_sent_again_than_was_sent() -> None:
    now = [0.0]
    throughput = Throughput(lambda: now[0])
    for _ in range(2):
        throughput.add(MEGABYTE)
    assert throughput.bytes_per_s() is None

    now[0] += 2
    throughput.add(-3 * MEGABYTE)
    assert throughput.bytes_per_s() is None
    throughput.add(4 * MEGABYTE)
    assert throughput.bytes_per_s() == MEGABYTE


def test_bytes_may_be_added_while_another_thread_asks() -> None:
    now = [0.0]
    throughput = Throughput(lambda: now[0])

    class Count(int):
        """A number of bytes; while it is counted, others arrive."""

        def __radd__(self, other: int) -> int:
            throughput.add(1)
            return other + int(self)

    for _ in range(3):
        throughput.add(Count(MEGABYTE))
        now[0] += 1

    assert throughput.bytes_per_s() == MEGABYTE
