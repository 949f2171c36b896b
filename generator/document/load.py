"""The text of a document as plain data: YAML 1.2 or JSON, without anything that JSON cannot express."""

from __future__ import annotations

import json
import math
from typing import Any, NoReturn, TypeGuard

from ruamel.yaml import YAML
from ruamel.yaml.constructor import SafeConstructor
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from generator.errors import SpecError, json_type
from generator.overlay._runtime.json_types import is_array

_KEY_NAMES = {True: "true", False: "false", None: "null"}
# With nested aliases, a few lines of YAML can stand for gigabytes of data.
_MAX_REPEATS = 100_000


def parse(text: str, *, is_json: bool = False) -> Any:
    """Parse YAML 1.2 or JSON; dates stay strings, as in JSON.

    Raises:
        SpecError: The text is neither, or has something that JSON cannot express.
    """
    try:
        return _JsonCopier().copy(_parse_json(text) if is_json else _parse_yaml(text))
    except RecursionError:
        raise SpecError("", "is nested too deeply, or contains itself") from None


def _parse_json(text: str) -> Any:
    try:
        return json.loads(text, object_pairs_hook=_unique_members, parse_constant=_refuse_constant)
    except ValueError as error:
        raise SpecError("", f"is not JSON: {error}") from error


def _unique_members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        names = [name for name, _ in pairs]
        duplicate = next(name for name in names if names.count(name) > 1)
        raise SpecError("", f"has the key {duplicate!r} twice in one object")
    return members


def _refuse_constant(text: str) -> NoReturn:
    raise SpecError("", f"is not JSON: it has {text}")


def _parse_yaml(text: str) -> Any:
    loader: Any = YAML(typ="safe", pure=True)
    loader.Constructor = _StringDates
    try:
        return loader.load(text)
    except MarkedYAMLError as error:
        details: Any = error
        line = (details.problem_mark or details.context_mark).line + 1
        raise SpecError("", f"is not YAML: {details.problem or details.context} in line {line}") from error
    except (YAMLError, ValueError, TypeError, AttributeError, LookupError) as error:
        # ruamel.yaml raises built-in errors for a malformed number, tag or directive.
        raise SpecError("", f"is not YAML: {error}") from error


class _StringDates(SafeConstructor):
    """Constructs timestamps as strings, as in JSON."""


_constructors: Any = _StringDates
_constructors.add_constructor("tag:yaml.org,2002:timestamp", _constructors.construct_yaml_str)


class _JsonCopier:
    """Copies parsed YAML as JSON has it: a key such as the status `200:` becomes a string."""

    def __init__(self) -> None:
        self._seen: set[int] = set()
        self._repeats = 0

    def copy(self, value: Any, place: str = "#") -> Any:
        """Return a copy of the value.

        Raises:
            SpecError: JSON cannot express it.
        """
        if _is_mapping(value):
            self._count_repeats(value)
            return self._copy_object(value, place)
        if is_array(value):
            self._count_repeats(value)
            return [self.copy(item, f"{place}/{index}") for index, item in enumerate(value)]
        if isinstance(value, float) and not math.isfinite(value):
            raise SpecError(place, f"{value} is not a number in JSON")
        if value is not None and type(value) not in {str, int, float, bool}:
            raise SpecError(place, f"{json_type(value)} is not a value in JSON")
        return value

    def _count_repeats(self, value: object) -> None:
        self._repeats += id(value) in self._seen
        self._seen.add(id(value))
        if self._repeats > _MAX_REPEATS:
            raise SpecError("", f"says more than {_MAX_REPEATS:,} things again by aliases; write them out, or use $ref")

    def _copy_object(self, members: dict[Any, Any], place: str) -> dict[str, Any]:
        result: dict[str, Any] = {}
        for key, member in members.items():
            name = key if isinstance(key, str) else _KEY_NAMES.get(key, str(key))
            if name in result:
                raise SpecError(place, f"has the key {name!r} twice, once in quotes and once without")
            result[name] = self.copy(member, f"{place}/{pointer_part(name)}")
        return result


def _is_mapping(value: object) -> TypeGuard[dict[Any, Any]]:
    return isinstance(value, dict)


def pointer_part(key: str) -> str:
    """Return a key, escaped for a JSON pointer."""
    return key.replace("~", "~0").replace("/", "~1")
