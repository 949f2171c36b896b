"""Validation of the headers of parts and commits: text in, values or Box's error codes out."""

import base64
import re
from dataclasses import dataclass

from box_uploads_mock.errors import ApiError, argument_error

# The algorithm is case-insensitive (RFC 3230); older SDKs of Box send `SHA=`.
_DIGEST = re.compile(r"[Ss][Hh][Aa]=([A-Za-z0-9+/]{27}=)")
_SHA1 = re.compile(r"[0-9A-Fa-f]{40}")
_NUMBER = r"(0|[1-9][0-9]{0,18})"
_CONTENT_RANGE = re.compile(rf"bytes {_NUMBER}-{_NUMBER}/{_NUMBER}")
_RANGE = re.compile(r"bytes=(?=[0-9]|-[0-9])([0-9]{1,19})?-([0-9]{1,19})?")
_ETAG = re.compile(r"[\x21-\x7e]{1,255}")


@dataclass(frozen=True, slots=True)
class ContentRange:
    """A half-open range of bytes of a file, and the size of the file."""

    start: int
    stop: int
    total: int

    @property
    def size(self) -> int:
        """Number of bytes in the range; zero or less if the range runs backwards."""
        return self.stop - self.start

    def __str__(self) -> str:
        return f"bytes {self.start}-{self.stop - 1}/{self.total}"


@dataclass(frozen=True, slots=True)
class ByteRange:
    """The bytes of a file that a request wants, as it names them: the last one included, or None for the end.

    Without a first one, `last` counts them from the end.
    """

    first: int | None
    last: int | None

    def within(self, size: int) -> tuple[int, int]:
        """Return the half-open range of a file of a size; empty if the file has none of the bytes."""
        if self.first is None:
            return max(size - (self.last or 0), 0), size
        return self.first, size if self.last is None else min(self.last + 1, size)


def parse_range(value: str | None) -> ByteRange | None:
    """Return the range in a `range` header, None if there is no such header; several ranges are not supported.

    Raises:
        ApiError: The header is malformed.
    """
    if value is None:
        return None
    match = _RANGE.fullmatch(value)
    if match is None:
        message = "The range is not bytes=<first>-<last>, bytes=<first>- or bytes=-<how many at the end>."
        raise argument_error("invalid_parameter", "range", message)
    first, last = (int(number) if number else None for number in match.groups())
    return ByteRange(first, last)


def parse_digest(value: str | None) -> bytes:
    """Return the raw SHA-1 in a `digest` header.

    Raises:
        ApiError: The header is missing or malformed.
    """
    match = _DIGEST.fullmatch(_required("digest", value))
    if match is None:
        raise argument_error("invalid_parameter", "digest", "The digest is not sha= and the base64 of a SHA-1.")
    return base64.b64decode(match[1])


def parse_content_md5(value: str | None) -> bytes | None:
    """Return the raw digest in a `content-md5` header, which is a SHA-1 in Box's API; None if there is no such header.

    Raises:
        ApiError: The header is malformed.
    """
    if value is None:
        return None
    if not _SHA1.fullmatch(value):
        raise argument_error("invalid_parameter", "content-md5", "The digest is not 40 hexadecimal digits.")
    return bytes.fromhex(value)


def parse_content_range(value: str | None) -> ContentRange:
    """Return the range in a `content-range` header, whose end is inclusive.

    Raises:
        ApiError: The header is missing or malformed.
    """
    match = _CONTENT_RANGE.fullmatch(_required("content-range", value))
    if match is None or match[3] == "0":
        message = "The content range is not bytes <first>-<last>/<size of the file>."
        raise argument_error("invalid_parameter", "content-range", message)
    first, last, total = (int(number) for number in match.groups())
    return ContentRange(first, last + 1, total)


def parse_etag(name: str, value: str | None) -> str | None:
    """Return the etag of a conditional request without quotes, or None if there is no such header.

    Raises:
        ApiError: The header is malformed.
    """
    if value is None:
        return None
    if not _ETAG.fullmatch(value):
        raise argument_error("invalid_parameter", name, f"The etag in {name} is malformed.")
    return value.strip('"')


def base64_text(raw_digest: bytes) -> str:
    """Return a raw digest as Box writes it in headers and messages."""
    return base64.b64encode(raw_digest).decode("ascii")


def _required(name: str, value: str | None) -> str:
    if value is None:
        raise ApiError("bad_request", f"The {name} header is missing.")
    return value
