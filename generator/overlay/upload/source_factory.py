"""Open a source argument: a path, an fsspec URL, bytes or a file object; what is opened here is closed here."""

from __future__ import annotations

import errno
import os
import stat
from contextlib import ExitStack, contextmanager
from importlib import import_module
from io import SEEK_END, SEEK_SET, FileIO, TextIOBase
from pathlib import Path
from tempfile import SpooledTemporaryFile
from typing import TYPE_CHECKING, Any, TypeAlias, cast

from .._runtime.errors import InvalidArgumentError
from .._runtime.text import one_line, short_repr
from .parts import MINIMUM_SIZE
from .source import Fingerprint, MemorySource, Readable, SeekableSource, Source, StreamSource, read_into

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

__all__ = ["SPOOL_LIMIT", "SourceArgument", "open_source"]

SourceArgument: TypeAlias = "str | os.PathLike[str] | bytes | bytearray | memoryview | Readable"
"""A path, an fsspec URL, bytes, or a binary file object, which is read from where it stands and never closed."""

SPOOL_LIMIT = 16 * 1024**3
"""Largest stream of unknown size in bytes that is copied to a temporary file."""

_PIECE = 1024 * 1024
_MARKS = ("etag", "ETag", "generation", "version_id", "mtime", "created", "LastModified", "last_modified")


def _go_on() -> None:
    """Let the source be read."""


@contextmanager
def open_source(
    source: SourceArgument, size: int | None = None, *, check: Callable[[], object] = _go_on
) -> Generator[Source]:
    """Open a source for the time of an upload.

    What has no known size is read to its end first: as long as a session is too large for it into memory, and beyond
    that into a temporary file.

    Args:
        source: Path, URL with `://`, bytes, or file object.
        size: Size in bytes of a file object that cannot seek, if it is known; else it has to be the real one.
        check: Called before each piece of a source of unknown size is read; what it raises ends the reading.

    Raises:
        InvalidArgumentError: The source is of no known kind, its size is wrong, or it is unknown and too large.
        OSError: The source cannot be opened or read.
    """
    with ExitStack() as stack:
        found = _open(source, size, stack, check)
        if size is not None and size != found.size:
            raise InvalidArgumentError("size", f"must be {found.size}, the size of the source", shown=str(size))
        yield found


def _open(source: SourceArgument, size: int | None, stack: ExitStack, check: Callable[[], object]) -> Source:
    if isinstance(source, (bytes, bytearray, memoryview)):
        if not memoryview(source).c_contiguous:
            raise InvalidArgumentError("source", "must be contiguous in memory")
        found = MemorySource(source)
        stack.callback(found.close)
        return found
    if isinstance(source, str) and "://" in source:
        return _open_url(source, stack, check)
    if isinstance(source, (str, os.PathLike)):
        # A path that stays right if the working directory changes.
        path = Path(os.fsdecode(source)).absolute()
        _check_kind(path)
        return SeekableSource(
            stack.enter_context(FileIO(path)),
            lambda: _stat_fingerprint(found := path.stat(), found.st_size),
            name=path.name,
            location=str(path),
        )
    if not callable(getattr(source, "read", None)) or isinstance(cast("object", source), TextIOBase):
        rule = "must be a path, a URL, bytes or a file object opened in binary mode"
        raise InvalidArgumentError("source", rule, shown=short_repr(source))
    return _open_file(source, size, stack, check)


def _check_kind(path: Path) -> None:
    # Opening a pipe would wait for its writer. A folder fails when it is opened.
    try:
        mode = path.stat().st_mode
    except ValueError as error:
        raise InvalidArgumentError("source", f"is no path: {error}", shown=short_repr(str(path))) from None
    if not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):
        rule = "is a pipe or a device; pass it as an open file"
        raise InvalidArgumentError("source", rule, shown=short_repr(str(path)))


def _stat_fingerprint(found: os.stat_result, size: int) -> Fingerprint:
    return Fingerprint(
        kind="file",
        size=size,
        mtime_ns=found.st_mtime_ns,
        inode=found.st_ino,
        device=found.st_dev,
    )


def _open_file(file: Any, size: int | None, stack: ExitStack, check: Callable[[], object]) -> Source:
    if getattr(file, "closed", False) is True:
        raise InvalidArgumentError("source", "must be open", shown=short_repr(file))
    name = _name_of(file)
    if not _can_seek(file):
        if size is None:
            return _spool(file, name, stack, check)
        found = _stat_of(file)
        may_go_on = found is not None and stat.S_ISSOCK(found.st_mode)
        return StreamSource(file, size, name=name, may_go_on=may_go_on)
    start: int = file.tell()

    def present() -> Fingerprint:
        here = file.tell()
        # The size of what the file object returns: a compressed file is longer than its file on the disk.
        size = file.seek(0, SEEK_END) - start
        file.seek(here, SEEK_SET)
        found = _stat_of(file)
        if found is None:
            return Fingerprint(kind="object", size=size)
        return _stat_fingerprint(found, size)

    return SeekableSource(file, present, start=start, name=name)


def _spool(file: Readable, name: str, stack: ExitStack, check: Callable[[], object]) -> Source:
    """Return a copy of what is left of a file object; a large one is on the disk.

    Raises:
        InvalidArgumentError: It is too large for that.
    """
    copy = stack.enter_context(SpooledTemporaryFile(MINIMUM_SIZE, "w+b"))  # noqa: SIM115  # closed with the source
    size, buffer = 0, memoryview(bytearray(_PIECE))
    check()
    while count := read_into(file, buffer):
        size += count
        if size > SPOOL_LIMIT:
            rule = f"must be given for a stream of more than {SPOOL_LIMIT:,} bytes, which is not copied to a file first"
            raise InvalidArgumentError("size", rule)
        copy.write(buffer[:count])
        check()
    return SeekableSource(copy, lambda: Fingerprint(kind="stream", size=size), name=name)


def _name_of(file: Any) -> str:
    """Return the name of an open file; empty for a standard stream, such as `<stdin>`."""
    name = getattr(file, "name", None)
    if not isinstance(name, str) or (name.startswith("<") and name.endswith(">")):
        return ""
    return Path(name).name


def _can_seek(file: Any) -> bool:
    try:
        return bool(file.seekable())
    except (AttributeError, TypeError):
        # Some streams have the method, but not what it calls.
        return False


def _stat_of(file: Any) -> os.stat_result | None:
    try:
        return os.fstat(file.fileno())
    except (AttributeError, OSError):
        return None


def _open_url(url: str, stack: ExitStack, check: Callable[[], object]) -> Source:
    try:
        core: Any = import_module("fsspec.core")
    except ImportError:
        scheme = url.partition("://")[0]
        raise InvalidArgumentError("source", f"is a {scheme} URL, which needs fsspec: pip install fsspec") from None
    try:
        system, path = core.url_to_fs(url)
        size = system.info(path).get("size")
        content = stack.enter_context(system.open(path, "rb"))
    except OSError:
        raise
    except Exception as error:  # noqa: BLE001  # each file system raises what its libraries raise
        why = one_line(str(error) if isinstance(error, (ImportError, ValueError)) else repr(error))
        raise InvalidArgumentError("source", f"is a URL that fsspec cannot open: {why}") from None
    file, name = _UrlFile(content, url), path.rstrip("/").rpartition("/")[2]
    if size is None:
        return _spool(file, name, stack, check)

    def present() -> Fingerprint:
        with _as_os_error(url):
            # Listings may be cached, and a cached one never changes.
            system.invalidate_cache()
            info: dict[str, Any] = system.info(path)
        marks = {key: str(info[key]) for key in _MARKS if key in info}
        if "mtime" in marks:
            # For a local file, `created` changes with its metadata, such as its mode.
            marks.pop("created", None)
        return Fingerprint(kind="url", size=int(info["size"]), mark=" ".join(marks.values()) or None)

    return SeekableSource(file, present, name=name, location=url)


@contextmanager
def _as_os_error(url: str) -> Generator[None]:
    """Raise whatever fsspec raises as an OSError."""
    try:
        yield
    except OSError:
        raise
    except Exception as error:
        raise OSError(errno.EIO, f"fsspec read failed: {one_line(repr(error))}", url) from error


class _UrlFile:
    """An fsspec file whose failures are OSErrors."""

    def __init__(self, file: Any, url: str) -> None:
        self._file = file
        self._url = url

    def seek(self, offset: int, whence: int = SEEK_SET, /) -> int:
        """Go to an offset."""
        with _as_os_error(self._url):
            return int(self._file.seek(offset, whence))

    def read(self, size: int = -1, /) -> bytes:
        """Read some bytes."""
        with _as_os_error(self._url):
            return bytes(self._file.read(size))

    def readinto(self, view: memoryview, /) -> int:
        """Read some bytes into a view."""
        with _as_os_error(self._url):
            return int(self._file.readinto(view))
