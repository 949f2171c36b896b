"""What all tests need of the process that they run in."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import hypothesis

if TYPE_CHECKING:
    import pytest

# Reading the certificates of the system takes 20 ms, for each of thousands of clients; nothing here needs them.
os.environ.setdefault("SSL_CERT_FILE", str(Path(__file__).with_name("nobody.pem")))
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


def pytest_collection_finish() -> None:
    """Keep the bytecode of what was imported by now, and of nothing that the tests make and import once."""
    sys.dont_write_bytecode = True
    os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
