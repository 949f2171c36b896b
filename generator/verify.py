"""Verification of a generated package: import it and build its decoders, so that msgspec's refusals show up here.

The pipeline runs it in a Python process of its own: `python verify.py FOLDER PACKAGE`.
"""

from __future__ import annotations

import importlib
import pkgutil
import sys
from typing import Any

import msgspec


def verify(package_name: str) -> None:
    """Import every module of a package, and build a decoder for each of its models and codecs."""
    package = importlib.import_module(package_name)
    models = f"{package_name}.models"
    for found in pkgutil.walk_packages(package.__path__, f"{package_name}."):
        module = importlib.import_module(found.name)
        values: list[Any] = list(vars(module).values())
        for value in values:
            home = type(value).__module__
            if home != models and hasattr(value, "__struct_fields__") and value.__module__ == models:
                msgspec.json.Decoder(value)
            elif home.endswith("._runtime.union_type") and hasattr(value, "_find"):
                for alternative in value.alternatives():
                    msgspec.json.Decoder(alternative)
            elif home.startswith(f"{package_name}._runtime") and hasattr(value, "_type"):
                msgspec.json.Decoder(value._type)  # noqa: SLF001  # the type that the codec will decode


if __name__ == "__main__":
    sys.dont_write_bytecode = True
    sys.path.insert(0, sys.argv[1])
    try:
        verify(sys.argv[2])
    except Exception as error:  # noqa: BLE001  # any error means that the package does not work
        sys.exit(f"{type(error).__name__}: {error}")
