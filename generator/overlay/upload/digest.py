"""SHA-1 as the API wants it; it finds corrupted bytes and protects nothing."""

from __future__ import annotations

import hashlib
from binascii import b2a_base64

__all__ = ["WholeDigest", "header", "is_same", "part_sha1"]


def part_sha1(content: bytes | bytearray | memoryview) -> str:
    """Return the SHA-1 of a part in lower-case hexadecimal digits."""
    return hashlib.sha1(content, usedforsecurity=False).hexdigest()


def header(sha1: str) -> str:
    """Return the `Digest` header (RFC 3230) for a SHA-1 in hexadecimal digits."""
    return f"sha={b2a_base64(bytes.fromhex(sha1), newline=False).decode('ascii')}"


def is_same(stored: object, sha1: str) -> bool:
    """Return whether a server's SHA-1 equals ours; Box's documentation shows capitals as well."""
    return isinstance(stored, str) and stored.lower() == sha1.lower()


class WholeDigest:
    """The SHA-1 of the whole file, fed from its beginning to its end, each byte once."""

    def __init__(self) -> None:
        self._sha1 = hashlib.sha1(usedforsecurity=False)

    def add(self, content: memoryview) -> None:
        """Take the next bytes of the file."""
        self._sha1.update(content)

    def sha1(self) -> str:
        """Return the digest of what was taken, in lower-case hexadecimal digits."""
        return self._sha1.hexdigest()
