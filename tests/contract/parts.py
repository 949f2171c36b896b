"""The parts of a file, as the headers of their requests describe them."""

from __future__ import annotations

import base64
import hashlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


def split(content: bytes, part_size: int) -> Iterator[tuple[int, bytes]]:
    """Yield offset and bytes of each part."""
    for start in range(0, len(content), part_size):
        yield start, content[start : start + part_size]


def sha1(content: bytes) -> str:
    return hashlib.sha1(content, usedforsecurity=False).hexdigest()


def digest(content: bytes) -> str:
    return "sha=" + base64.b64encode(bytes.fromhex(sha1(content))).decode()


def content_range(start: int, part: bytes, file_size: int) -> str:
    return f"bytes {start}-{start + len(part) - 1}/{file_size}"
