"""Validation of request bodies: JSON in, typed requests or Box's error codes out."""

import json
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from decimal import Decimal, DecimalException
from typing import NoReturn, cast

from box_uploads_mock.errors import ApiError, argument_error
from box_uploads_mock.names import NAME_MAX_LENGTH, name_error_code

# Documented as "20MB"; Box's own tests use 20,000,000.
MIN_FILE_SIZE = 20_000_000
INT64_MAX = 2**63 - 1

_ID = re.compile(r"[0-9]{1,19}")


@dataclass(frozen=True, slots=True, kw_only=True)
class NewFile:
    """A valid request to upload a new file."""

    folder_id: str
    file_name: str
    file_size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NewVersion:
    """A valid request to upload a new version; None keeps the file's name or folder."""

    file_size: int
    file_name: str | None = None
    folder_id: str | None = None


def is_id(text: str) -> bool:
    """Whether a text has the format of a Box id."""
    return _ID.fullmatch(text) is not None


def parse_new_file(body: bytes, min_file_size: int = MIN_FILE_SIZE) -> NewFile:
    """Return the request for a new file.

    Raises:
        ApiError: The body breaks a rule.
    """
    fields = parse_json_object(body)
    folder_id = fields.get("folder_id")
    if folder_id is None:
        raise argument_error("missing_destination", "folder_id", "The folder of the file is missing.")
    file_name = fields.get("file_name")
    if file_name is None:
        raise argument_error("missing_file_name", "file_name", "The name of the file is missing.")
    request = NewFile(
        folder_id=_folder_id(folder_id),
        file_name=_file_name(file_name),
        file_size=_file_size(fields.get("file_size"), min_file_size),
    )
    reject_unknown_fields(fields, {"folder_id", "file_name", "file_size"})
    return request


def parse_new_version(body: bytes, min_file_size: int = MIN_FILE_SIZE) -> NewVersion:
    """Return the request for a new version; a name or folder may be left out, but must not be null.

    Raises:
        ApiError: The body breaks a rule.
    """
    fields = parse_json_object(body)
    request = NewVersion(
        file_size=_file_size(fields.get("file_size"), min_file_size),
        file_name=_file_name(fields["file_name"]) if "file_name" in fields else None,
        folder_id=_folder_id(fields["folder_id"]) if "folder_id" in fields else None,
    )
    reject_unknown_fields(fields, {"file_size", "file_name", "folder_id"})
    return request


def parse_checked_file(body: bytes) -> NewFile:
    """Return the new file that a check is about; the size is 0 if it is left out.

    As at Box, files of any size and unknown properties are accepted.

    Raises:
        ApiError: The body breaks a rule.
    """
    fields = parse_json_object(body)
    return NewFile(folder_id=parse_parent_id(fields), file_name=parse_name(fields), file_size=_optional_size(fields))


def parse_checked_version(body: bytes) -> NewVersion:
    """Return the new version that a check is about; others than name and size are ignored, such as a folder.

    Raises:
        ApiError: The body breaks a rule.
    """
    fields = parse_json_object(body)
    return NewVersion(file_size=_optional_size(fields), file_name=parse_optional_name(fields))


def parse_parent_id(fields: Mapping[str, object]) -> str:
    """Return the id of the folder in `parent`.

    Raises:
        ApiError: It is missing, or is none.
    """
    folder_id = _parent_id(fields)
    if folder_id is None:
        raise argument_error("missing_destination", "parent", "The folder of the file is missing.")
    return _folder_id(folder_id, "parent")


def parse_name(fields: Mapping[str, object]) -> str:
    """Return the name in `name`.

    Raises:
        ApiError: It is missing, or Box cannot store it.
    """
    name = fields.get("name")
    if name is None:
        raise argument_error("missing_file_name", "name", "The name of the file is missing.")
    return _file_name(name, "name")


def parse_optional_name(fields: Mapping[str, object]) -> str | None:
    """Return the name in `name`, None if it is left out.

    Raises:
        ApiError: Box cannot store it.
    """
    return _file_name(fields["name"], "name") if "name" in fields else None


def _parent_id(fields: Mapping[str, object]) -> object:
    parent = fields.get("parent")
    if parent is None:
        return None
    if not isinstance(parent, dict):
        raise argument_error("invalid_folder_id", "parent", "The folder is not an object with an id.")
    return cast("dict[str, object]", parent).get("id")


def _optional_size(fields: Mapping[str, object]) -> int:
    return _size(fields["size"], "size") if "size" in fields else 0


def parse_json_object(body: bytes) -> Mapping[str, object]:
    """Return the body as a JSON object; the last of repeated names wins, and fractions are decimals.

    Raises:
        ApiError: The body is not UTF-8, not JSON (RFC 8259, so no NaN and no Infinity) or not an object.
    """
    try:
        value: object = json.loads(body.decode("utf-8"), parse_float=Decimal, parse_constant=_reject_constant)
    # ValueError: not UTF-8, not JSON, or more digits than Python converts; RecursionError: nested too deeply;
    # DecimalException: an exponent beyond what a decimal holds.
    except (ValueError, RecursionError, DecimalException):
        raise ApiError("bad_request", "The request body is not valid JSON.") from None
    if not isinstance(value, dict):
        raise ApiError("bad_request", "The request body is not a JSON object.")
    return cast("dict[str, object]", value)


def _reject_constant(name: str) -> NoReturn:
    raise ValueError(name)


def _folder_id(value: object, field: str = "folder_id") -> str:
    if not isinstance(value, str) or not is_id(value):
        raise argument_error("invalid_folder_id", field, "The id of the folder is not 1 to 19 decimal digits.")
    return value


def _file_name(value: object, field: str = "file_name") -> str:
    name = value if isinstance(value, str) else ""
    code = name_error_code(name)
    if code == "item_name_too_long":
        raise argument_error(code, field, f"The name has more than {NAME_MAX_LENGTH} characters.")
    if code is not None:
        raise argument_error(code, field, "Box cannot store this name.")
    return name


def _file_size(value: object, min_file_size: int) -> int:
    if value is None:
        raise argument_error("missing_file_size", "file_size", "The size of the file is missing.")
    size = _size(value, "file_size")
    if size < min_file_size:
        message = f"The file size is below the minimum of {min_file_size} bytes."
        raise argument_error("file_size_too_small", "file_size", message)
    return size


def _size(value: object, field: str) -> int:
    size = whole_number(value)
    if size is None:
        raise argument_error("invalid_file_size", field, "The file size is not a whole number of bytes.")
    return size


def whole_number(value: object) -> int | None:
    """Return the number if it is whole, not negative and fits into 64 bits, otherwise None.

    In JSON Schema 2e7 and 20000000.0 are integers too. A boolean is an integer in Python, but not in JSON.
    """
    if isinstance(value, bool) or not isinstance(value, int | Decimal) or not 0 <= value <= INT64_MAX:
        return None
    number = int(value)
    return number if number == value else None


def reject_unknown_fields(fields: Mapping[str, object], known: Collection[str]) -> None:
    """Check that a request has no unknown property.

    Raises:
        ApiError: A property is unknown.
    """
    for name in fields:
        if name not in known:
            # A name may contain lone surrogates, which a UTF-8 response cannot contain.
            shown = name.encode("ascii", "backslashreplace").decode("ascii")[:100]
            raise argument_error("bad_request", shown, "The request body has a property that is not known.")
