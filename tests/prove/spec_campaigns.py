"""Mutants of the fragment before both sides: a client that is generated from one, and a mock that is held to one."""

from __future__ import annotations

import ast
import importlib
import json
import os
import sys
import tempfile
from collections.abc import Mapping, Sequence
from copy import deepcopy
from functools import cached_property
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any

import yaml

from generator import pipeline
from generator.compare import list_files
from generator.document.document import Document
from generator.errors import GenerationError, SpecError
from tests.prove.campaign import BASELINE, Campaign, Controls, Defect, NoEffectError, RefusedError, draw_one
from tests.prove.spec_mutants.catalogue import mutants
from tests.prove.spec_mutants.focus import Messages
from tests.prove.spec_mutants.mutant import Mutant

SPEC = Path(__file__).parents[2] / "spec" / "openapi.yaml"
_REORDERED, _MOVED = "control, properties in another order: ", "control, another path: "
_ELSEWHERE = "/elsewhere"
_PACKAGE = "box_uploads"


def true_fragment() -> dict[str, Any]:
    """Return the fragment as it is in the repository."""
    document: dict[str, Any] = yaml.load(SPEC.read_text(encoding="utf-8"), yaml.CSafeLoader)
    return document


class _SpecCampaign(Campaign):
    """What both sides share: the mutants."""

    aside: tuple[str, ...] = ()

    @cached_property
    def true(self) -> dict[str, Any]:
        """The fragment as it is."""
        return true_fragment()

    @cached_property
    def mutants(self) -> Mapping[str, Mutant]:
        """The mutants by their names."""
        return {mutant.id: mutant for mutant in mutants(self.true)}

    @cached_property
    def _messages(self) -> Messages:
        return Messages(self.true)

    def defects(self) -> Sequence[Defect]:
        """Return all mutants."""
        return [self._defect(mutant) for mutant in self.mutants.values()]

    def _defect(self, mutant: Mutant) -> Defect:
        keys = (*mutant.keys, *mutant.below)
        return Defect(
            id=mutant.id,
            place=mutant.place,
            change=mutant.words,
            kind=mutant.kind,
            focus=self._messages.focus(keys, mutant.document(self.true)),
            aside=self.aside,
        )

    def controls(self, seed: str) -> Controls:
        """Return properties in another order, and an operation at another path; the seed draws which."""
        schemas = self.true["components"]["schemas"]
        schema = draw_one(seed, [name for name, node in schemas.items() if len(node.get("properties", ())) > 1])
        path = draw_one(seed, self.true["paths"])
        focus = tuple(
            f"[{method.upper()} {place}]" for method in ("get", "post") for place in (path, path + _ELSEWHERE)
        )
        noop = Defect(id=_REORDERED + schema, place=schema, change="another order", focus=focus, aside=self.aside)
        fatal = Defect(id=_MOVED + path, place=path, change="another path", focus=focus, aside=self.aside)
        return Controls(noop, fatal)

    def document(self, defect: Defect) -> dict[str, Any]:
        """Return the fragment with a defect."""
        if defect is BASELINE:
            return self.true
        if not defect.id.startswith((_REORDERED, _MOVED)):
            return self.mutants[defect.id].document(self.true)
        changed = deepcopy(self.true)
        if defect.id.startswith(_REORDERED):
            schema = changed["components"]["schemas"][defect.place]
            schema["properties"] = dict(reversed(schema["properties"].items()))
        else:
            changed["paths"][defect.place + _ELSEWHERE] = changed["paths"].pop(defect.place)
        return changed


class ClientFromMutant(_SpecCampaign):
    """The client is generated from the mutant; the client's tests know the true fragment."""

    name = "client from spec mutants"
    stage = "run"
    # Both clients are rendered from the same lines.
    aside = ("AsyncClient",)
    tests = ("tests/contract/test_client_requests.py", "tests/contract/test_client_responses.py")

    def defects(self) -> Sequence[Defect]:
        """Return all mutants."""
        # Before this process is copied for each of them.
        _ = self._true_client
        return super().defects()

    def plant(self, defect: Defect) -> None:
        """Replace the true client by one that is generated from the mutant."""
        folder = Path(tempfile.mkdtemp())
        rendered = _generate(self.document(defect), folder)
        if defect is not BASELINE and _code_of(folder, rendered) == self._true_client:
            raise NoEffectError("the generator renders the same client")
        try:
            _replace_client(folder, rendered)
        except Exception as error:
            raise RefusedError(f"the client cannot be imported: {error!r}") from error

    @cached_property
    def _true_client(self) -> Mapping[str, str]:
        with tempfile.TemporaryDirectory() as folder:
            return _code_of(Path(folder), _generate(self.true, Path(folder)))


class MockAgainstMutant(_SpecCampaign):
    """The mutant is taken for the truth, and the mock is held to it."""

    name = "mock against spec mutants"
    stage = "collection"
    tests = ("tests/contract/test_mock.py",)

    def plant(self, defect: Defect) -> None:
        """Let the tests read the mutant."""
        _show_fragment(self.document(defect))


def _replace_client(folder: Path, rendered: set[str]) -> None:
    """Import rendered modules again, and what was imported from them; hand-written ones, such as the errors, stay."""
    for path in rendered:
        sys.modules.pop(_module_name(path), None)
    sys.path.insert(0, str(folder))
    importlib.invalidate_caches()
    for name, module in list(sys.modules.items()):
        if name.startswith("tests.contract."):
            for variable, value in list(vars(module).items()):
                setattr(module, variable, _reimport(value))


def _module_name(path: str) -> str:
    parts = [_PACKAGE, *Path(path).with_suffix("").parts]
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _reimport(value: Any) -> Any:
    """Return the current module, class or function of the client, and anything else unchanged."""
    if isinstance(value, ModuleType) and value.__name__.partition(".")[0] == _PACKAGE:
        return importlib.import_module(value.__name__)
    if isinstance(value, type | FunctionType) and value.__module__.partition(".")[0] == _PACKAGE:
        return getattr(importlib.import_module(value.__module__), value.__qualname__)
    return value


def _show_fragment(fragment: dict[str, Any]) -> None:
    """Let the contract tests of this process read a fragment."""
    handle, path = tempfile.mkstemp(suffix=".json")
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        json.dump(fragment, file)
    os.environ["CONTRACT_FRAGMENT"] = path


def _generate(fragment: dict[str, Any], folder: Path) -> set[str]:
    """Generate the client of a fragment without formatting it; return the rendered modules."""
    package = folder / _PACKAGE
    try:
        overlay_paths = pipeline.render(Document(fragment, SPEC.name), package)
    except (SpecError, GenerationError) as error:
        raise RefusedError(str(error)) from error
    rendered = {path for path in list_files(package) if path.endswith(".py")}
    pipeline.add_overlay(package, overlay_paths, "make prove")
    return rendered


def _code_of(folder: Path, paths: set[str]) -> Mapping[str, str]:
    """Return the code of modules, without docstrings."""
    return {path: _without_docstrings((folder / _PACKAGE / path).read_text(encoding="utf-8")) for path in paths}


def _without_docstrings(source: str) -> str:
    tree = ast.parse(source)
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list):
            node.body = [statement for statement in body if not _is_text(statement)]  # type: ignore[attr-defined]  # has one
    return ast.dump(tree)


def _is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
