"""Names of files and folders: which names are valid, and when two names conflict."""

import re

NAME_MAX_LENGTH = 255

_FORBIDDEN = re.compile(r"[/\\\x00-\x1f\x7f\ud800-\udfff]")


def name_error_code(name: str) -> str | None:
    """Return Box's error code for an invalid name, None for a valid name.

    The length is counted in code points. Lone surrogates, which JSON can escape but UTF-8 cannot encode, are invalid.
    """
    if not name or name in {".", ".."} or _FORBIDDEN.search(name):
        return "item_name_invalid"
    if len(name) > NAME_MAX_LENGTH:
        return "item_name_too_long"
    return None


def folder_name_error_code(name: str) -> str | None:
    """Return Box's error code for an invalid name of a folder, which has no space at its end, None for a valid name."""
    return name_error_code(name) or ("item_name_invalid" if name.endswith(" ") else None)


def name_key(name: str) -> str:
    """Return the key by which Box compares names: case is ignored, nothing is trimmed."""
    return name.casefold()
