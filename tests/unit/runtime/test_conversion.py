"""A type that two threads use for the first time at once: msgspec by itself ends the process then."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import generator.overlay._runtime.conversion as some_module

ROOT = Path(some_module.__file__).parents[3]
# msgspec evaluates the annotation while it looks at the type for the first time; the other thread comes in between.
CODE = """
import threading
import msgspec
from generator.overlay._runtime import codecs, conversion, parameters

USES = {{
    "decoding a body": lambda: codecs.Json(Model).decode_bytes(b'{{"field": 1}}'),
    "encoding a body": lambda: codecs.Json(Model).encode(Model(1)),
    "checking a parameter": lambda: parameters.Parameter("name", "name", Model).in_query({{"field": 1}}),
    "converting": lambda: conversion.convert({{"field": 1}}, Model),
    "decoding": lambda: conversion.decode(b'{{"field": 1}}', Model),
}}
done = []


def use(name):
    USES[name]()
    done.append(name)


def come_between():
    global come_between
    come_between = lambda: int
    other.start()
    # It has to wait for us, and nothing tells that it does.
    other.join(0.3)
    return int


class Model(msgspec.Struct):
    field: "come_between()"


other = threading.Thread(target=use, args=({second!r},))
use({first!r})
other.join()
print(*done, sep=", ")
"""


@pytest.mark.parametrize(
    "second", ["decoding a body", "encoding a body", "checking a parameter", "converting", "decoding"]
)
def test_a_thread_that_uses_a_type_while_another_one_looks_at_it_waits(second: str) -> None:
    first = "converting" if second == "decoding a body" else "decoding a body"
    code = CODE.format(first=first, second=second)

    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)

    assert (done.returncode, done.stdout.strip(), done.stderr) == (0, f"{first}, {second}", "")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_a_child_that_is_forked_while_another_thread_converts_can_convert_as_well() -> None:
    code = """
import os, signal, threading
from generator.overlay._runtime import conversion

taken, end = threading.Event(), threading.Event()

def hold():
    with conversion._alone:
        taken.set()
        end.wait()

thread = threading.Thread(target=hold)
thread.start()
taken.wait()
# Forking waits for the lock, so it has to be let go meanwhile.
threading.Timer(0.1, end.set).start()
if (child := os.fork()) == 0:
    # A child that waits for ever is ended.
    signal.alarm(10)
    conversion.convert("1", str)
    os._exit(0)
end.set()
thread.join()
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", code], cwd=ROOT, check=True, capture_output=True)
    assert done.stdout == b"0\n"
