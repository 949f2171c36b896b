"""Worlds from JSON or YAML files."""

import json
from pathlib import Path
from typing import Any, cast

import yaml

from box_uploads_mock.world import App, File, Folder, World, WorldError


class WorldFileError(WorldError):
    """A world file is invalid; the message is one line with the file, the place, the problem and a hint."""

    def __init__(self, path: Path, error: WorldError) -> None:
        super().__init__(error.place, error.problem, error.hint)
        self.args = (f"{path}: {error}",)
        self.path = path


def load_world(path: Path) -> World:
    """Return the world in a file: JSON if its name ends in `.json`, YAML otherwise.

    Keys: `quota_bytes`, `max_file_size`, `token` or `tokens`, `users`, `apps` (`client_id`, `client_secret`,
    `enterprise_id`, and a `public_key` with its `key_id`), `folders` (`id`, `name`, `parent`) and `files` (`id`,
    `name`, `folder`, and `size`, `sha1` or a text as `content`); a folder or file may be `trashed`. A key left out has
    the default of `World`.

    Raises:
        WorldFileError: The file cannot be read or is invalid.
    """
    try:
        return _world(_parse(path))
    except WorldError as error:
        raise WorldFileError(path, error) from None


def _parse(path: Path) -> object:
    try:
        text = path.read_text("utf-8")
    except OSError as error:
        raise WorldError("file", error.strerror or "cannot be read", "use a readable file") from None
    except UnicodeDecodeError:
        raise WorldError("file", "not valid UTF-8", "save it as UTF-8") from None
    try:
        # YAML is almost a superset of JSON, but does not allow tabs as indentation.
        value: object = json.loads(text) if path.suffix == ".json" else yaml.safe_load(text)
    except json.JSONDecodeError as error:
        raise _malformed(f"line {error.lineno}", error.msg) from None
    except yaml.MarkedYAMLError as error:
        place = "file" if error.problem_mark is None else f"line {error.problem_mark.line + 1}"
        raise _malformed(place, error.problem or "malformed") from None
    # ValueError: an impossible date, for example; RecursionError: nested too deeply.
    except (yaml.YAMLError, ValueError, RecursionError):
        raise _malformed("file", "malformed") from None
    return value


def _malformed(place: str, reason: str) -> WorldError:
    return WorldError(place, f"cannot be parsed ({reason})", "fix the syntax")


def _world(value: object) -> World:
    table = _Table("", value, ("quota_bytes", "max_file_size", "token", "tokens", "users", "apps", "folders", "files"))
    if table.has("token") and table.has("tokens"):
        raise WorldError("token", "cannot be combined with tokens", "remove one of the two")
    options: dict[str, Any] = {name: table.number(name) for name in ("quota_bytes", "max_file_size") if table.has(name)}
    if table.has("token"):
        options["tokens"] = (table.text("token"),)
    options |= {name: table.texts(name) for name in ("tokens", "users") if table.has(name)}
    options["apps"] = tuple(_app(place, item) for place, item in table.items("apps"))
    folders = [_folder(place, item) for place, item in table.items("folders")]
    files = [_file(place, item) for place, item in table.items("files")]
    return World(folders=tuple(folders), files=tuple(files), **options)


def _app(place: str, value: object) -> App:
    table = _Table(place, value, ("client_id", "client_secret", "enterprise_id", "key_id", "public_key"))
    return App(
        client_id=table.text("client_id"),
        client_secret=table.text("client_secret"),
        enterprise_id=table.text("enterprise_id", "123456"),
        public_keys={table.text("key_id"): table.text("public_key")} if table.has("public_key") else {},
    )


def _folder(place: str, value: object) -> Folder:
    table = _Table(place, value, ("id", "name", "parent", "trashed"))
    return Folder(id=table.text("id"), name=table.text("name"), parent=table.text("parent", "0"), trashed=table.flag())


def _file(place: str, value: object) -> File:
    table = _Table(place, value, ("id", "name", "folder", "size", "sha1", "content", "trashed"))
    return File(
        id=table.text("id"),
        name=table.text("name"),
        folder=table.text("folder", "0"),
        size=table.number("size", 0),
        sha1=table.text("sha1", ""),
        content=table.text("content").encode() if table.has("content") else None,
        trashed=table.flag(),
    )


class _Table:
    """A mapping in the file, with its place for messages and type checks for its values."""

    def __init__(self, place: str, value: object, known: tuple[str, ...]) -> None:
        if not isinstance(value, dict):
            raise WorldError(place or "file", "not a mapping", f"use the keys {', '.join(known)}")
        self._place = place
        self._fields = cast("dict[object, object]", value)
        for name in self._fields:
            if name not in known:
                raise WorldError(self._at(name), "the key is unknown", f"use {', '.join(known)}")

    def _at(self, name: object) -> str:
        shown = name if isinstance(name, str) and name.isidentifier() else repr(name)
        return f"{self._place}.{shown}" if self._place else f"{shown}"

    def has(self, name: str) -> bool:
        return name in self._fields

    def text(self, name: str, default: str | None = None) -> str:
        value = self._fields.get(name, default)
        if not self.has(name) and default is None:
            raise WorldError(self._at(name), "missing", "give a string")
        return _checked_text(self._at(name), value)

    def number(self, name: str, default: int = 0) -> int:
        value = self._fields.get(name, default)
        if isinstance(value, bool) or not isinstance(value, int) or value < 0:
            raise WorldError(self._at(name), f"{value!r} is not a whole number of bytes", "give 0 or more")
        return value

    def flag(self) -> bool:
        value = self._fields.get("trashed", False)
        if not isinstance(value, bool):
            raise WorldError(self._at("trashed"), f"{value!r} is not a boolean", "use true or false")
        return value

    def texts(self, name: str) -> tuple[str, ...]:
        return tuple(_checked_text(place, value) for place, value in self.items(name))

    def items(self, name: str) -> list[tuple[str, object]]:
        value = self._fields.get(name, [])
        if not isinstance(value, list):
            raise WorldError(self._at(name), "not a list", "give a list")
        return [(f"{self._at(name)}[{index}]", item) for index, item in enumerate(cast("list[object]", value))]


def _checked_text(place: str, value: object) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        # YAML reads an unquoted id as a number, and 0123 as an octal number.
        raise WorldError(place, f"{value!r} is a number", f"quote it: '{value}'")
    if not isinstance(value, str):
        raise WorldError(place, f"{value!r} is not a string", "give a string")
    return value
