"""Forms of a text of JSON and a file, written and read by hand."""

from __future__ import annotations

import json
import re
from typing import Any

BOUNDARY = "boundary-of-the-tests"
MEDIA_TYPE = f"multipart/form-data; boundary={BOUNDARY}"


def encode(body: dict[str, Any]) -> bytes:
    """Return an object as a form: its texts and bytes are files, and everything else is JSON."""
    lines: list[bytes] = []
    for name, value in body.items():
        is_file = isinstance(value, str | bytes)
        file_name = '; filename="a.bin"' if is_file else ""
        content = (value if isinstance(value, bytes) else value.encode()) if is_file else json.dumps(value).encode()
        head = f'Content-Disposition: form-data; name="{name}"{file_name}'.encode()
        lines += [f"--{BOUNDARY}".encode(), head, b"", content]
    return b"\r\n".join([*lines, f"--{BOUNDARY}--".encode(), b""])


def decode(media_type: str, content: bytes) -> list[tuple[str, bytes]] | None:
    """Return the names and contents of a form's parts, None if it is no form."""
    boundary = re.search(r'boundary="?([^";]+)', media_type)
    if boundary is None:
        return None
    start, *parts, end = (b"\r\n" + content).split(b"\r\n--" + boundary[1].encode()) if content else (b"", b"")
    if start or not end.startswith(b"--"):
        return None
    found: list[tuple[str, bytes]] = []
    for part in parts:
        head, separator, value = part.partition(b"\r\n\r\n")
        name = re.search(rb'[ ;]name="([^"]*)"', head)
        if not separator or name is None:
            return None
        found.append((name[1].decode(), value))
    return found


def read(media_type: str, content: bytes) -> dict[str, Any] | None:
    """Return a form as an object, its attributes decoded and its file as text; None if it is no such form."""
    parts = decode(media_type, content) or []
    if not parts or len(dict(parts)) < len(parts):
        return None
    try:
        return {name: json.loads(value) if name == "attributes" else value.decode("latin-1") for name, value in parts}
    except ValueError:
        return None
