"""What all tests need of the process that they run in."""

from __future__ import annotations

import os
import signal
import sys
from collections import Counter
from pathlib import Path

import hypothesis
import pytest

# Reading the certificates of the system takes 20 ms, for each of thousands of clients; nothing here needs them but pip.
# Processes of xdist find them set.
os.environ.setdefault("SSL_CERT_FILE_FOR_PIP", os.environ.get("SSL_CERT_FILE", ""))
os.environ["SSL_CERT_FILE"] = str(Path(__file__).with_name("nobody.pem"))
hypothesis.settings.register_profile("repeatable", derandomize=True, database=None, deadline=None)


def pytest_configure(config: pytest.Config) -> None:
    """Have all runs draw the same, unless a seed is given, and make signals mean what they mean in a terminal.

    Shells have their background jobs ignore Ctrl-C, and so would ours. SIGHUP stays as it is: `nohup` is to work.
    """
    if config.getoption("hypothesis_seed", None) is None:
        hypothesis.settings.load_profile("repeatable")
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if signal.getsignal(signal.SIGTERM) is signal.SIG_IGN:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Refuse tests that have one name: of these, xdist runs one."""
    repeated = [name for name, count in Counter(item.nodeid for item in items).items() if count > 1]
    if repeated:
        raise pytest.UsageError(f"several tests are called {repeated[0]}; give each a name of its own")


def pytest_collection_finish() -> None:
    """Keep the bytecode of what was imported by now, and of nothing that the tests make and import once."""
    sys.dont_write_bytecode = True
    os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
