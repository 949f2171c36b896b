"""A pytest plugin that records which test reaches which probes, and how long it takes."""

from __future__ import annotations

import os
import sys
from collections.abc import Generator
from pathlib import Path

import pytest

from tests.prove.worker import is_ledger, name_of

_FOLDER = Path(os.environ["PROBES_WRITE_TO"])
_REACHED: set[int] = sys.modules["sitecustomize"].REACHED
_seen_modules: set[str] = set()


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Record what a test reaches; what the first one of a module sets up counts for all of them."""
    _REACHED.clear()
    result = yield
    if is_ledger(item):
        # It counts what all other tests have seen, and says nothing alone.
        return result
    name, module = name_of(item), item.nodeid.partition("::")[0]
    with (_FOLDER / f"tests-{os.getpid()}").open("a", encoding="utf-8") as file:
        file.write("".join(f"{name}\t{place}\n" for place in sorted(_REACHED)))
        if module not in _seen_modules:
            _seen_modules.add(module)
            file.write("".join(f"{module}\t{place}\n" for place in _set_up))
    return result


_set_up: list[int] = []


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> Generator[None, object, object]:
    """Record what is reached before the test itself."""
    result = yield
    _set_up[:] = sorted(_REACHED)
    return result


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> None:
    """Record the duration."""
    if is_ledger(item):
        return
    with (_FOLDER / f"seconds-{os.getpid()}").open("a", encoding="utf-8") as file:
        file.write(f"{name_of(item)}\t{call.duration:.6f}\n")
