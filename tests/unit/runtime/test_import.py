"""Importing the runtime is cheap: what is heavy is loaded when a client is made."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import generator.overlay._runtime.codecs as some_module

ROOT = Path(some_module.__file__).parents[3]
LOADED_AT_IMPORT = (
    "codecs, transport, hooks, formats, errors, messages, auth, retry, api_error, parameters, call_flow, "
    "transport_settings"
)


def test_importing_the_runtime_loads_neither_the_http_library_nor_heavy_modules() -> None:
    code = f"import sys; from generator.overlay._runtime import {LOADED_AT_IMPORT}; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert "msgspec" in loaded
    heavy = {"httpx2", "asyncio", "ssl", "email", "logging", "random", "dataclasses", "urllib.parse", "json"}
    assert not loaded & heavy
