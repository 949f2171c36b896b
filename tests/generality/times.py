"""How long a generated package takes to import, and its operations until they are ready for the first call."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import NamedTuple

from .subject import Subject

_TRIES = 5
# In processor time of a new process, with everything compiled before. What an operation needs is its module and
# the decoders of its own types; nothing waits for those of others.
_PROGRAM = """
import importlib, json, sys, time
import httpx2, msgspec

sys.path.insert(0, sys.argv[1])
name, modules = sys.argv[2], json.loads(sys.argv[3])
def took(action):
    begin_s = time.process_time()
    action()
    return (time.process_time() - begin_s) * 1000
package_ms = took(lambda: importlib.import_module(name))
models_ms = took(lambda: importlib.import_module(f"{name}.models"))
def prepare(operation):
    module = importlib.import_module(operation)
    for value in vars(module).values():
        if type(value).__module__ == f"{name}._runtime.codecs" and hasattr(value, "_type"):
            msgspec.json.Decoder(value._type)
print(package_ms, models_ms, max((took(lambda: prepare(operation)) for operation in modules), default=0.0))
"""


class Times(NamedTuple):
    """Processor time in milliseconds.

    Attributes:
        package: Import of the package, beyond `httpx2` and `msgspec`.
        models: Import of its models.
        operation: The operation that takes longest to be imported with the decoders of its types.
    """

    package: float
    models: float
    operation: float


def measure_times(subject: Subject) -> Times:
    """Return the shortest of several measurements."""
    folder, name = subject.folder.parent, subject.folder.name
    modules = [f"{name}.api.{operation.tag}.{operation.name}" for operation in subject.operations]
    subprocess.run([sys.executable, "-m", "compileall", "-q", str(subject.folder)], check=True)
    command = [sys.executable, "-c", _PROGRAM, str(folder), name, json.dumps(modules)]
    tries = [subprocess.run(command, check=True, capture_output=True, text=True).stdout.split() for _ in range(_TRIES)]
    return Times(*(min(map(float, values)) for values in zip(*tries, strict=True)))
