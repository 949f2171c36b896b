"""Validation of requests about folders: JSON and queries in, typed requests or Box's error codes out."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

from box_uploads_mock.errors import argument_error
from box_uploads_mock.names import NAME_MAX_LENGTH, folder_name_error_code
from box_uploads_mock.rules import is_id, parse_json_object, reject_unknown_fields

_FIELDS = re.compile(r"[a-z0-9_]+(,[a-z0-9_]+)*")


@dataclass(frozen=True, slots=True, kw_only=True)
class NewFolder:
    """A valid request to create a folder."""

    parent_id: str
    name: str


def parse_new_folder(body: bytes) -> NewFolder:
    """Return the request for a new folder.

    Raises:
        ApiError: The body breaks a rule.
    """
    fields = parse_json_object(body)
    request = NewFolder(parent_id=_parent_id(fields.get("parent")), name=_name(fields.get("name")))
    reject_unknown_fields(fields, {"name", "parent"})
    return request


def parse_fields(text: str | None) -> Sequence[str] | None:
    """Return the names in `fields` of a query, None if there are none.

    Raises:
        ApiError: They are not separated by commas.
    """
    if text is not None and not _FIELDS.fullmatch(text):
        raise argument_error("invalid_parameter", "fields", "It is not a list of names, separated by commas.")
    return None if text is None else text.split(",")


def _parent_id(parent: object) -> str:
    folder_id = cast("dict[str, object]", parent).get("id") if isinstance(parent, dict) else None
    if not isinstance(folder_id, str) or not is_id(folder_id):
        raise argument_error("bad_request", "parent", "The parent is not an object with the id of a folder.")
    return folder_id


def _name(name: object) -> str:
    if not isinstance(name, str):
        raise argument_error("bad_request", "name", "The name of the folder is missing.")
    code = folder_name_error_code(name)
    if code == "item_name_too_long":
        raise argument_error(code, "name", f"The name has more than {NAME_MAX_LENGTH} characters.")
    if code is not None:
        raise argument_error(code, "name", "Box cannot store this name.")
    return name
