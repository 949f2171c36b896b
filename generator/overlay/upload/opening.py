"""From what a caller gives as a source to what the uploader reads; what was opened here is closed here."""

from __future__ import annotations

import os
import stat
from contextlib import ExitStack, contextmanager
from importlib import import_module
from io import SEEK_END, FileIO, TextIOBase
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias, cast

from .._runtime.errors import InvalidArgumentError, one_line, short_repr
from .source import Fingerprint, MemorySource, Readable, SeekableSource, Source, StreamSource

if TYPE_CHECKING:
    from collections.abc import Generator

__all__ = ["SourceArgument", "opened"]

SourceArgument: TypeAlias = "str | os.PathLike[str] | bytes | bytearray | memoryview | Readable"
"""A path, an fsspec URL, bytes, or a binary file object, which is read from where it stands and never closed."""

_MARKS = ("etag", "ETag", "generation", "version_id", "mtime", "created", "LastModified", "last_modified")


@contextmanager
def opened(source: SourceArgument, size: int | None = None) -> Generator[Source]:
    """Open a source for the time of an upload.

    Args:
        source: Path, URL with `://`, bytes, or file object.
        size: Size in bytes, needed for a file object that cannot seek; else it has to be the real one.

    Raises:
        InvalidArgumentError: The source is of no known kind, or its size is missing or wrong.
        OSError: The source cannot be opened.
    """
    with ExitStack() as stack:
        found = _open(source, size, stack)
        if size is not None and size != found.size:
            raise InvalidArgumentError("size", f"is not the size of the source, {found.size}", shown=str(size))
        yield found


def _open(source: SourceArgument, size: int | None, stack: ExitStack) -> Source:
    if isinstance(source, (bytes, bytearray, memoryview)):
        if not memoryview(source).c_contiguous:
            raise InvalidArgumentError("source", "must be bytes that follow each other in memory")
        return MemorySource(source)
    if isinstance(source, str) and "://" in source:
        return _open_url(source, stack)
    if isinstance(source, (str, os.PathLike)):
        # The same file after a change of the directory.
        path = Path(source).absolute()
        _check_kind(path)
        return SeekableSource(
            stack.enter_context(FileIO(path)),
            lambda: _stat_fingerprint(path.stat()),
            name=path.name,
            location=str(path),
        )
    if not callable(getattr(source, "read", None)) or isinstance(cast("object", source), TextIOBase):
        rule = "must be a path, a URL, bytes or a file object opened in binary mode"
        raise InvalidArgumentError("source", rule, shown=short_repr(source))
    return _open_file(source, size)


def _check_kind(path: Path) -> None:
    # Opening a pipe would wait for its writer. That a folder is no file, the system tells when it is opened.
    mode = path.stat().st_mode
    if not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):
        rule = "is a pipe or a device, whose size nobody knows; give it as an open file, with its size"
        raise InvalidArgumentError("source", rule, shown=short_repr(str(path)))


def _stat_fingerprint(found: os.stat_result, start: int = 0) -> Fingerprint:
    return Fingerprint(
        kind="file",
        size=found.st_size - start,
        mtime_ns=found.st_mtime_ns,
        inode=found.st_ino,
        device=found.st_dev,
    )


def _open_file(file: Any, size: int | None) -> Source:
    name = Path(file.name).name if isinstance(getattr(file, "name", None), str) else ""
    seekable = getattr(file, "seekable", None)
    if not callable(seekable) or not seekable():
        if size is None:
            raise InvalidArgumentError("size", "must be given for a file object that cannot seek")
        return StreamSource(file, size, name=name)
    start: int = file.tell()

    def present() -> Fingerprint:
        try:
            number = file.fileno()
        except (AttributeError, OSError):
            here = file.tell()
            end = file.seek(0, SEEK_END)
            file.seek(here)
            return Fingerprint(kind="object", size=end - start)
        return _stat_fingerprint(os.fstat(number), start)

    return SeekableSource(file, present, start=start, name=name)


def _open_url(url: str, stack: ExitStack) -> Source:
    try:
        core: Any = import_module("fsspec.core")
    except ImportError:
        scheme = url.partition("://")[0]
        raise InvalidArgumentError("source", f"is a {scheme} URL, which needs fsspec: pip install fsspec") from None
    try:
        system, path = core.url_to_fs(url)
    except (ImportError, ValueError) as error:
        raise InvalidArgumentError("source", f"is a URL that fsspec cannot open: {one_line(str(error))}") from None
    if system.info(path).get("size") is None:
        raise InvalidArgumentError("source", "is a URL whose size nobody knows")
    file = stack.enter_context(system.open(path, "rb"))

    def present() -> Fingerprint:
        # Listings may be cached, and a cached one never changes.
        system.invalidate_cache()
        info: dict[str, Any] = system.info(path)
        marks = [str(info[key]) for key in _MARKS if key in info]
        return Fingerprint(kind="url", size=int(info["size"]), mark=" ".join(marks) or None)

    return SeekableSource(file, present, name=path.rstrip("/").rpartition("/")[2], location=url)
