"""Names of files and folders: which ones Box stores, and when two of them are the same."""

import re

NAME_MAX_LENGTH = 255

_FORBIDDEN = re.compile(r"[/\\\x00-\x1f\x7f\ud800-\udfff]")


def name_error_code(name: str) -> str | None:
    """Returns the error code of a name that Box refuses, or None for a good name.

    Length counts code points. Lone surrogates, which JSON can escape but UTF-8 cannot hold, are refused.
    """
    if not name or name in {".", ".."} or _FORBIDDEN.search(name):
        return "item_name_invalid"
    if len(name) > NAME_MAX_LENGTH:
        return "item_name_too_long"
    return None


def name_key(name: str) -> str:
    """Returns what decides whether two names are the same to Box: letter case is ignored, nothing is trimmed."""
    return name.casefold()
