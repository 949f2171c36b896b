"""Hand-written defects: each replaces one function, class or value of the product."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from types import FunctionType
from typing import Any, NoReturn

import msgspec

from tests.prove.campaign import BASELINE, Campaign, Controls, Defect, draw_one
from tests.prove.operations import LABELS

NOOP, RAISES = "control, nothing changes: ", "control, raises: "
_WHOLE_UPLOADS = ("whole_upload", "whole_life", "aborted_session")
_RUNTIME = "box_uploads._runtime."
_ROOTS = {
    "mock": "box_uploads_mock",
    "client": "box_uploads.client",
    "api": "box_uploads.api.upload_sessions",
    "files": "box_uploads.api.files",
    "folders": "box_uploads.api.folders",
    "sign_in": "box_uploads.api.sign_in",
    "runtime": "box_uploads._runtime",
    "upload": "box_uploads.upload",
    "auth": "box_uploads.auth",
}
_MISSING = object()


class Patch(msgspec.Struct, frozen=True, kw_only=True):
    """A defect and how it is planted.

    Attributes:
        id: Name: the text, with hyphens.
        place: Dotted name of what is replaced; `[key]` at its end is an entry of a mapping.
        text: What is wrong then, in one sentence.
        mutate: Returns the replacement for the original.
        focus: Names of operations, or other parts of the ids of contract tests.
        kind: Module that lists the patch.
    """

    id: str
    place: str
    text: str
    mutate: Callable[[Any], Any]
    focus: tuple[str, ...] = ()
    kind: str = ""

    def plant(self) -> None:
        """Replace the original."""
        self._plant_at(self.place)
        if self.place.startswith(_RUNTIME):
            # The runtime's own tests import it from the generator's overlay.
            self._plant_at(self.place.replace(_RUNTIME, "generator.overlay._runtime."))

    def _plant_at(self, place: str) -> None:
        owner, name, is_entry = find(place)
        if is_entry:
            owner[name] = self.mutate(owner[name])
            return
        original = inspect.getattr_static(owner, name)
        if isinstance(original, property):
            setattr(owner, name, property(self.mutate(original.fget)))
        elif isinstance(original, classmethod):
            setattr(owner, name, classmethod(self.mutate(original.__func__)))
        else:
            setattr(owner, name, self.mutate(original))

    @property
    def replaces_function(self) -> bool:
        """Whether a function is replaced, not a value or a class."""
        owner, name, is_entry = find(self.place)
        return not is_entry and isinstance(inspect.getattr_static(owner, name), FunctionType)

    @property
    def defect(self) -> Defect:
        """The defect as campaigns describe it."""
        labels = [LABELS[name] for name in self.focus if name in LABELS]
        if any("upload_session_id" in label for label in labels):
            labels += _WHOLE_UPLOADS
        # Unit and flow tests are quick, so all of them are in focus.
        focus = (*self.focus, *labels, "tests/unit/", "tests/flow/")
        return Defect(id=self.id, place=self.place, change=self.text, kind=self.kind, focus=focus)


def patch(text: str, place: str, value: object, *focus: str) -> Patch:
    """Return a defect that puts a value in the place of the original."""
    return change(text, place, lambda _: value, *focus)


def wrap(text: str, place: str, function: Callable[..., Any], *focus: str) -> Patch:
    """Return a defect that calls a function instead: with the original, then the arguments of the call."""

    def mutate(original: Any) -> Any:
        async def call_async(*arguments: Any, **options: Any) -> Any:
            return await function(original, *arguments, **options)

        def call(*arguments: Any, **options: Any) -> Any:
            return function(original, *arguments, **options)

        return call_async if inspect.iscoroutinefunction(function) else call

    return change(text, place, mutate, *focus)


def change(text: str, place: str, mutate: Callable[[Any], Any], *focus: str) -> Patch:
    """Return a defect that computes the replacement from the original.

    Args:
        text: What is wrong then, in one sentence without a full stop. It gives the defect its id.
        place: Dotted name; its first part may be short for a package of the product, such as `mock` or `runtime`.
        mutate: Returns the replacement for the original.
        focus: Names of operations, or other parts of the ids of contract tests.
    """
    root, dot, rest = place.partition(".")
    name = re.sub("[^a-z0-9]+", "-", text.lower()).strip("-")
    return Patch(id=name, place=f"{_ROOTS.get(root, root)}{dot}{rest}", text=text, mutate=mutate, focus=focus)


def always(value: object) -> Callable[..., Any]:
    """Return a function that returns a value whatever it is called with."""
    return lambda *_, **__: value


def add(count: int) -> Callable[[int], int]:
    """Return a function for `change` that adds to a number."""
    return lambda original: original + count


def before(function: Callable[..., object]) -> Callable[..., Any]:
    """Return a function for `wrap`: it calls another one with the arguments, then the original."""

    def call(original: Any, *arguments: Any, **options: Any) -> Any:
        function(*arguments)
        return original(*arguments, **options)

    return call


def after(function: Callable[..., object]) -> Callable[..., Any]:
    """Return a function for `wrap`: it calls the original, then another one with the result and the arguments."""

    def call(original: Any, *arguments: Any, **options: Any) -> Any:
        result = original(*arguments, **options)
        function(result, *arguments)
        return result

    return call


def with_result(function: Callable[..., object]) -> Callable[..., Any]:
    """Return a function for `wrap`: it calls another one with the result of the original and the arguments."""
    return lambda original, *arguments, **options: function(original(*arguments, **options), *arguments)


def find(place: str) -> tuple[Any, Any, bool]:
    """Return the owner of a place, the name in it, and whether it is an entry of a mapping."""
    path, bracket, key = place.removesuffix("]").partition("[")
    first, *names = path.split(".")
    owner: Any = import_module(first)
    trail = first
    for name in names if bracket else names[:-1]:
        trail += f".{name}"
        try:
            owner = inspect.getattr_static(owner, name)
        except AttributeError:
            owner = import_module(trail)
    last: Any = int(key) if key.isdecimal() else key or names[-1]
    exists = last in owner if bracket else inspect.getattr_static(owner, last, _MISSING) is not _MISSING
    if not exists:
        raise LookupError(f"{place}: there is no {last}")
    return owner, last, bool(bracket)


def raise_error(*_: object, **__: object) -> NoReturn:
    """Raise: no test can miss it."""
    raise AssertionError("a planted control")


class PatchCampaign(Campaign):
    """Hand-written defects, and the tests that have to detect them.

    Args:
        name: Name in the report.
        modules: Modules with a tuple of patches called `DEFECTS`. They import what the defects are planted in, so they
            are imported late: other campaigns plant before anything is imported.
        tests: Arguments of pytest.
    """

    def __init__(self, name: str, modules: Sequence[str], *tests: str) -> None:
        self.name, self.stage, self.tests = name, "run", tests
        self._modules = modules
        self._controls: dict[str, Patch] = {}

    def patches(self) -> Mapping[str, Patch]:
        """Return the defects by name."""
        found: dict[str, Patch] = {}
        for module in self._modules:
            kind = module.rpartition(".")[2]
            for listed in import_module(module).DEFECTS:
                if listed.id in found:
                    raise ValueError(f"{module}: there is another defect {listed.id}")
                found[listed.id] = msgspec.structs.replace(listed, kind=kind)
        return found

    def defects(self) -> Sequence[Defect]:
        """Return all defects."""
        return [patch.defect for patch in self.patches().values()]

    def controls(self, seed: str) -> Controls:
        """Return a function that does not change, and one that raises, in the place of a drawn defect."""
        patches = self.patches()
        functions = [name for name, patch in patches.items() if patch.replaces_function]
        drawn = patches[draw_one(seed, functions)]
        noop = msgspec.structs.replace(drawn, id=f"{NOOP}{drawn.id}", mutate=lambda original: original)
        fatal = msgspec.structs.replace(drawn, id=f"{RAISES}{drawn.id}", mutate=lambda _: raise_error)
        self._controls = {noop.id: noop, fatal.id: fatal}
        return Controls(noop.defect, fatal.defect)

    def plant(self, defect: Defect) -> None:
        """Plant a defect."""
        if defect is not BASELINE:
            (self._controls.get(defect.id) or self.patches()[defect.id]).plant()
