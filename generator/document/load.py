"""The text of a document becomes plain data: YAML 1.2 or JSON, and nothing that JSON could not say."""

from __future__ import annotations

import json
import math
from typing import Any, NoReturn, TypeGuard

from ruamel.yaml import YAML
from ruamel.yaml.constructor import SafeConstructor
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from generator.errors import SpecError, described
from generator.overlay._runtime.shape import is_array

_KEY_NAMES = {True: "true", False: "false", None: "null"}
# Aliases can say a document of gigabytes in a few lines.
_MOST_REPEATS = 100_000


def parse(text: str, *, is_json: bool = False) -> Any:
    """Parse YAML 1.2 or JSON; dates stay strings, as they do in JSON.

    Raises:
        SpecError: If the text is neither, or says something that JSON cannot say.
    """
    try:
        return _Checked().value(_json(text) if is_json else _yaml(text))
    except RecursionError:
        raise SpecError("", "is nested too deeply, or contains itself") from None


def _json(text: str) -> Any:
    try:
        return json.loads(text, object_pairs_hook=_members, parse_constant=_constant)
    except ValueError as error:
        raise SpecError("", f"is not JSON: {error}") from error


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise SpecError("", f"has the key {twice!r} twice in one object")
    return members


def _constant(text: str) -> NoReturn:
    raise SpecError("", f"is not JSON: it has {text}")


def _yaml(text: str) -> Any:
    loader: Any = YAML(typ="safe", pure=True)
    loader.Constructor = _StringDates
    try:
        return loader.load(text)
    except MarkedYAMLError as error:
        found: Any = error
        mark = found.problem_mark or found.context_mark
        where = f" in line {mark.line + 1}" if mark else ""
        raise SpecError("", f"is not YAML: {found.problem or found.context}{where}") from error
    except YAMLError as error:
        raise SpecError("", f"is not YAML: {error}") from error
    except (ValueError, TypeError, AttributeError, LookupError) as error:
        # The loader's own message for a malformed number, tag or directive.
        raise SpecError("", f"is not YAML: {error}") from error


class _StringDates(SafeConstructor):
    """Keeps timestamps as the strings that they are in JSON."""


_constructors: Any = _StringDates
_constructors.add_constructor("tag:yaml.org,2002:timestamp", _constructors.construct_yaml_str)


class _Checked:
    """Copies parsed data, with keys such as the status `200:` as the strings that they are in JSON."""

    def __init__(self) -> None:
        self._seen: set[int] = set()
        self._repeats = 0

    def value(self, value: Any, place: str = "#") -> Any:
        """Return the value as JSON has it.

        Raises:
            SpecError: If JSON cannot say it.
        """
        if _is_mapping(value):
            self._count(value)
            return self._object(value, place)
        if is_array(value):
            self._count(value)
            return [self.value(item, f"{place}/{index}") for index, item in enumerate(value)]
        if isinstance(value, float) and not math.isfinite(value):
            raise SpecError(place, f"{value} is no number of JSON")
        if value is not None and type(value) not in {str, int, float, bool}:
            raise SpecError(place, f"{described(value)} is no value of JSON")
        return value

    def _count(self, value: object) -> None:
        self._repeats += id(value) in self._seen
        self._seen.add(id(value))
        if self._repeats > _MOST_REPEATS:
            raise SpecError(
                "", f"says more than {_MOST_REPEATS:,} things again by aliases; write them out, or use $ref"
            )

    def _object(self, members: dict[Any, Any], place: str) -> dict[str, Any]:
        result: dict[str, Any] = {}
        for key, member in members.items():
            name = key if isinstance(key, str) else _KEY_NAMES.get(key, str(key))
            if name in result:
                raise SpecError(place, f"has the key {name!r} twice, once in quotes and once without")
            result[name] = self.value(member, f"{place}/{pointer_part(name)}")
        return result


def _is_mapping(value: object) -> TypeGuard[dict[Any, Any]]:
    return isinstance(value, dict)


def pointer_part(key: str) -> str:
    """Return a key as it is written in a JSON pointer."""
    return key.replace("~", "~0").replace("/", "~1")
