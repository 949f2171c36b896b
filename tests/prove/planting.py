"""Defects that are written by hand: each is a function that makes something wrong of what is there."""

from __future__ import annotations

import inspect
from importlib import import_module
from types import FunctionType
from typing import TYPE_CHECKING, Any, Literal, NoReturn, TypeAlias

import msgspec

from tests.prove.campaign import NO_DEFECT, Controls, Defect, draw_one

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    Spoiling: TypeAlias = "Callable[[Any], Any]"

__all__ = ["LABELS", "Catalogue", "HandMade", "Planted"]

LABELS: Mapping[str, str] = {
    "create_upload_session": "[POST /files/upload_sessions]",
    "create_version_upload_session": "[POST /files/{file_id}/upload_sessions]",
    "get_upload_session": "[GET /files/upload_sessions/{upload_session_id}]",
    "upload_part": "[PUT /files/upload_sessions/{upload_session_id}]",
    "abort_upload_session": "[DELETE /files/upload_sessions/{upload_session_id}]",
    "list_parts": "[GET /files/upload_sessions/{upload_session_id}/parts]",
    "commit_upload_session": "[POST /files/upload_sessions/{upload_session_id}/commit]",
    "log_upload_event": "[POST /files/upload_sessions/{upload_session_id}/log]",
    "plan_upload_parts": "[POST /files/upload_sessions/{upload_session_id}/plan]",
    "get_file": "[GET /files/{file_id}]",
}
"""How ids of generated tests name the operations."""

_LIVES = ("whole_upload", "whole_life", "aborted_session")
_HARMLESS, _GLARING = "control, nothing changes: ", "control, raises: "
_RUNTIME = "box_uploads._runtime."


class Planted(msgspec.Struct, frozen=True, kw_only=True):
    """A defect and how it is planted.

    Attributes:
        id: Name, that of the function.
        place: Dotted name of what is replaced; `[key]` at its end is an entry of a mapping.
        change: What is different, the docstring of the function.
        focus: Names of operations, or other parts of test ids.
        spoil: Returns what takes the place of what is there.
    """

    id: str
    place: str
    change: str
    focus: tuple[str, ...]
    spoil: Spoiling

    def plant(self) -> None:
        """Replace what is there.

        Raises:
            LookupError: There is nothing of this name.
        """
        self._plant_at(self.place)
        if self.place.startswith(_RUNTIME):
            # Its own tests import it from where it is written.
            self._plant_at(self.place.replace(_RUNTIME, "generator.overlay._runtime."))

    def _plant_at(self, place: str) -> None:
        owner, name, is_entry = _found(place)
        if is_entry:
            owner[name] = self.spoil(owner[name])
            return
        original = inspect.getattr_static(owner, name)
        if isinstance(original, property):
            setattr(owner, name, property(self.spoil(original.fget)))
        elif isinstance(original, classmethod):
            setattr(owner, name, classmethod(self.spoil(original.__func__)))
        else:
            setattr(owner, name, self.spoil(original))

    def found(self) -> tuple[Any, Any, bool]:
        """Return what has the name, the name in it, and whether it is an entry of a mapping.

        Raises:
            LookupError: There is nothing of this name.
        """
        return _found(self.place)

    @property
    def is_of_function(self) -> bool:
        """Whether a function is replaced, and not a value or a class."""
        owner, name, is_entry = _found(self.place)
        return not is_entry and isinstance(inspect.getattr_static(owner, name), FunctionType)

    @property
    def defect(self) -> Defect:
        """The defect as campaigns describe it."""
        labels = [LABELS[one] for one in self.focus if one in LABELS]
        if any("upload_session_id" in one for one in labels):
            labels += _LIVES
        kind = self.spoil.__module__.rpartition(".")[2]
        # Of tests that are no contract's, all are in focus: they are quick.
        focus = (*self.focus, *labels, "tests/unit/", "tests/flow/")
        return Defect(id=self.id, place=self.place, change=self.change, kind=kind, focus=focus)


def _raise(*_: object, **__: object) -> NoReturn:
    raise AssertionError("a planted control")


def _found(place: str) -> tuple[Any, Any, bool]:
    """Return as `Planted.found` does."""
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
    is_there = last in owner if bracket else inspect.getattr_static(owner, last, LABELS) is not LABELS
    if not is_there:
        raise LookupError(f"{place}: there is no {last}")
    return owner, last, bool(bracket)


class Catalogue:
    """A table of defects, which functions enter by a decorator."""

    def __init__(self) -> None:
        self.planted: dict[str, Planted] = {}

    def defect(self, place: str, *focus: str) -> Callable[[Spoiling], Spoiling]:
        """Enter a function that gets what is there and returns what takes its place.

        Raises:
            ValueError: There is a defect of this name.
        """

        def enter(spoil: Spoiling) -> Spoiling:
            name = spoil.__name__.replace("_", "-")
            if name in self.planted:
                raise ValueError(f"there are two defects {name}")
            change = (inspect.getdoc(spoil) or "").rstrip(".")
            self.planted[name] = Planted(id=name, place=place, change=change, focus=focus, spoil=spoil)
            return spoil

        return enter


class HandMade:
    """Defects that are written by hand, and tests that have to notice them.

    Args:
        name: Name in the report.
        modules: Names of modules that have a table of defects as `DEFECTS`. They import what the defects are planted
            in, so they are not imported before they are needed: other campaigns plant before anything is imported.
        tests: Which tests judge.
    """

    stage: Literal["run"] = "run"

    def __init__(self, name: str, modules: Sequence[str], *tests: str) -> None:
        self.name = name
        self.tests: Sequence[str] = tests
        self._modules = modules
        self._controls: dict[str, Planted] = {}

    def planted(self) -> Mapping[str, Planted]:
        """Return the defects by name.

        Raises:
            ValueError: Two have the same name.
        """
        found: dict[str, Planted] = {}
        for name in self._modules:
            table: Catalogue = import_module(name).DEFECTS
            twice = found.keys() & table.planted.keys()
            if twice:
                raise ValueError(f"{name}: there is another defect {', '.join(twice)}")
            found |= table.planted
        return found

    def defects(self) -> Sequence[Defect]:
        """Return all defects."""
        return [one.defect for one in self.planted().values()]

    def controls(self, seed: str) -> Controls:
        """Return a function that stays what it is, and one that raises, in the place of a drawn defect."""
        planted = self.planted()
        functions = [name for name, one in planted.items() if one.is_of_function]
        chosen = planted[draw_one(seed, functions)]
        harmless = msgspec.structs.replace(chosen, id=f"{_HARMLESS}{chosen.id}", spoil=lambda original: original)
        glaring = msgspec.structs.replace(chosen, id=f"{_GLARING}{chosen.id}", spoil=lambda _: _raise)
        self._controls = {one.id: one for one in (harmless, glaring)}
        return Controls(harmless.defect, glaring.defect)

    def plant(self, defect: Defect) -> None:
        """Plant a defect."""
        if defect is not NO_DEFECT:
            (self._controls.get(defect.id) or self.planted()[defect.id]).plant()

    def undo(self, defect: Defect) -> None:
        """Leave all as it is: nothing of a defect is on disk."""
