"""Makes what the probes call, in every Python process of a run that finds out which test reaches which function.

In the process of the tests, the plugin `tests.prove.draw.reach_plugin` asks for what was reached and forgets it. A
process that a test has started writes down at once what it reaches, since it may be killed.
"""

from __future__ import annotations

import builtins
import os

REACHED: set[int] = set()


def _write_down_at_once() -> None:
    # Pytest names the test in the environment, which its children inherit.
    test = os.environ["PYTEST_CURRENT_TEST"].rpartition(" (")[0]
    file = os.open(os.environ["PROBES_WRITE_TO"] + f"/{os.getpid()}", os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    seen = set()

    def reach(place: int) -> None:
        if place not in seen:
            seen.add(place)
            os.write(file, f"{test}\t{place}\n".encode())

    builtins.__reach__ = reach  # type: ignore[attr-defined]  # the probes find it there


if "PROBES_WRITE_TO" in os.environ:
    if "PYTEST_CURRENT_TEST" in os.environ:
        _write_down_at_once()
    else:
        builtins.__reach__ = REACHED.add  # type: ignore[attr-defined]  # as above
        os.register_at_fork(
            after_in_child=lambda: _write_down_at_once() if "PYTEST_CURRENT_TEST" in os.environ else None
        )
