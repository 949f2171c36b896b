"""Measuring in interleaved rounds, and showing the results as tables."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """One line of a table: what was measured, how much, and what was aimed at."""

    name: str
    value: str
    measured: str = ""
    target: str = ""


def show(title: str, rows: list[Row], note: str = "") -> None:
    """Print a table."""
    print(f"\n{title}")
    width = max(len(row.name) for row in rows)
    print(f"  {'':{width}}  {'':>11}  {'measured':>9}  target")
    for row in rows:
        print(f"  {row.name:{width}}  {row.value:>11}  {row.measured:>9}  {row.target}".rstrip())
    if note:
        print(f"  {note}")


def medians(
    variants: Mapping[str, Callable[[int], object]],
    *,
    calls: int,
    rounds: int,
    clock: Callable[[], float] = time.perf_counter,
) -> dict[str, float]:
    """Return for each variant the median of its seconds for one call.

    Args:
        variants: Each makes as many calls as it is told.
        calls: Calls in a round.
        rounds: The variants take turns, so that a change of the machine's speed hits all of them.
        clock: Tells seconds.
    """
    for run in variants.values():
        run(max(calls // 4, 1))
    found: dict[str, list[float]] = {name: [] for name in variants}
    for _ in range(rounds):
        for name, run in variants.items():
            start_s = clock()
            run(calls)
            found[name].append((clock() - start_s) / calls)
    return {name: statistics.median(values) for name, values in found.items()}


def us(seconds: float) -> str:
    """Return seconds as microseconds."""
    return f"{seconds * 1e6:,.1f} us"


def ms(seconds: float) -> str:
    """Return seconds as milliseconds."""
    return f"{seconds * 1e3:,.1f} ms"


def times(value: float) -> str:
    """Return a ratio."""
    return f"{value:.2f} x"
