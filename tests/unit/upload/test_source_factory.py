"""From what a caller gives to a source that can be read."""

from __future__ import annotations

import array
import contextlib
import io
import os
import socket
import sys
import zipfile
from importlib import import_module
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from box_uploads.errors import InvalidArgumentError, SourceChangedError
from box_uploads.upload.source_factory import _UrlFile, open_source

CONTENT = bytes(range(256)) * 4
# It has no types.
fsspec: Any = import_module("fsspec")


def read(source: Any, size: int | None = None, part: int = 100) -> bytes:
    """Read a source in parts, as the engine does."""
    buffer = memoryview(bytearray(part))
    with open_source(source, size) as found:
        parts = range(0, found.size, part)
        content = b"".join(found.window(offset, min(part, found.size - offset), buffer).tobytes() for offset in parts)
        found.check_unchanged()
        return content


def refuse(source: Any, words: str, size: int | None = None, argument: str = "source") -> str:
    """Require that a source is refused in such words; return all of them."""
    with pytest.raises(InvalidArgumentError, match=rf"^{argument}\b.*{words}") as caught, open_source(source, size):
        pass
    return str(caught.value)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    found = tmp_path / "film.mov"
    found.write_bytes(CONTENT)
    return found


@pytest.fixture
def memory() -> Any:
    """The file system of `memory://`, which holds `film.mov`."""
    system = fsspec.filesystem("memory")
    system.pipe("/film.mov", CONTENT)
    return system


def fail(*_: Any, **__: Any) -> Any:
    raise zipfile.BadZipFile("no zip")


# Paths


@pytest.mark.parametrize("kind", [str, Path, os.fspath])
def test_a_path_is_read_and_named(path: Path, kind: Any) -> None:
    assert read(kind(path)) == CONTENT
    with open_source(kind(path)) as source:
        assert (source.name, source.location, source.size) == ("film.mov", str(path), len(CONTENT))


def test_a_relative_path_stays_the_same_file_in_another_directory(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(path.parent)
    with open_source("film.mov") as source:
        (tmp_path / "below").mkdir()
        monkeypatch.chdir(tmp_path / "below")
        source.check_unchanged()
        assert source.location == str(path)


def test_a_file_opened_here_is_closed_here(path: Path) -> None:
    with open_source(path) as source:
        file = vars(source)["_file"]
    assert file.closed


def test_a_path_that_is_no_file_is_an_error_of_the_system(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), open_source(tmp_path / "missing"):
        pass
    with pytest.raises(IsADirectoryError), open_source(tmp_path):
        pass


def test_a_pipe_is_refused_before_it_waits_for_its_writer(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    for special in (pipe, Path(os.devnull)):
        refuse(special, "is a pipe or a device")


@pytest.mark.parametrize("change", ["content", "time", "replaced", "removed"])
def test_a_changed_file_is_an_error(path: Path, change: str) -> None:
    with open_source(path) as source:
        before = path.stat()
        if change == "content":
            path.write_bytes(CONTENT + b"x")
        elif change == "time":
            os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns + 1))
        else:
            path.unlink()
            if change == "replaced":
                path.write_bytes(CONTENT)
                os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
        with pytest.raises(SourceChangedError):
            source.check_unchanged()


# Bytes


VIEWS = {
    "bytes": CONTENT,
    "bytearray": bytearray(CONTENT),
    "memoryview": memoryview(CONTENT),
    "of numbers": memoryview(array.array("I", CONTENT)),
    "of two dimensions": memoryview(CONTENT).cast("B", (32, 32)),
}


@pytest.mark.parametrize("source", VIEWS.values(), ids=VIEWS)
def test_bytes_are_read_without_a_copy(source: Any) -> None:
    assert read(source) == CONTENT
    with open_source(source) as found:
        assert found.in_memory
        window = found.window(0, 8, memoryview(b""))
        assert window.obj is memoryview(source).obj


def test_bytes_with_gaps_are_refused() -> None:
    refuse(memoryview(CONTENT)[::2], "must be contiguous in memory")


# File objects


class Stream(io.RawIOBase):
    """A stream that cannot seek, and gives so many bytes at a time."""

    def __init__(self, content: bytes, piece: int = 7) -> None:
        super().__init__()
        self.inner, self.piece = io.BytesIO(content), piece

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        return self.inner.readinto(memoryview(buffer)[: self.piece])


class OnlyRead:
    """As little as a file object may be."""

    def __init__(self, content: bytes) -> None:
        self.inner = io.BytesIO(content)

    def read(self, size: int) -> bytes:
        return self.inner.read(min(size, 3))


@pytest.mark.parametrize("start", [0, 1, len(CONTENT)])
@pytest.mark.parametrize("kind", ["buffered", "raw", "memory"])
def test_a_file_object_is_read_from_where_it_stands_and_left_open(path: Path, start: int, kind: str) -> None:
    with io.BytesIO(CONTENT) if kind == "memory" else path.open("rb", buffering=-(kind == "buffered")) as file:
        file.seek(start)
        assert read(file) == CONTENT[start:]
        assert not file.closed


@pytest.mark.parametrize("start", [0, 100])
def test_a_file_object_that_is_written_to_is_an_error(path: Path, start: int) -> None:
    with path.open("rb") as file:
        file.seek(start)
        with open_source(file) as source:
            source.check_unchanged()
            os.utime(path, ns=(1, 1))
            with pytest.raises(SourceChangedError):
                source.check_unchanged()


def test_a_file_object_that_grows_is_an_error(path: Path) -> None:
    memory = io.BytesIO(CONTENT)
    with path.open("rb") as file, open_source(file) as of_file, open_source(memory) as of_memory:
        path.write_bytes(CONTENT + b"x")
        memory.write(CONTENT + b"x")
        for source in (of_file, of_memory):
            with pytest.raises(SourceChangedError, match="size"):
                source.check_unchanged()


@pytest.mark.parametrize("kind", [Stream, OnlyRead])
def test_a_stream_is_read_to_the_size_that_is_declared(kind: Any) -> None:
    source = kind(CONTENT)
    assert read(source, len(CONTENT)) == CONTENT
    with open_source(source, 5) as found:
        assert (found.is_sequential, found.name, found.location) == (True, "", "")


def test_a_pipe_is_a_stream() -> None:
    reading, writing = os.pipe()
    with os.fdopen(reading, "rb") as file, os.fdopen(writing, "wb") as end:
        end.write(CONTENT)
        end.close()
        assert read(file, len(CONTENT)) == CONTENT


@pytest.mark.parametrize("kind", [Stream, OnlyRead])
def test_a_stream_that_is_shorter_or_longer_is_refused(kind: Any) -> None:
    with pytest.raises(SourceChangedError, match=r"^the source ended early, at byte 1024$"):
        read(kind(CONTENT), len(CONTENT) + 1)
    with pytest.raises(SourceChangedError, match=r"^the stream is longer than the declared 1023 bytes$"):
        read(kind(CONTENT), len(CONTENT) - 1)


@pytest.mark.parametrize("module", ["gzip", "bz2", "lzma"])
def test_a_compressed_file_is_as_long_as_what_is_read_from_it(tmp_path: Path, module: str) -> None:
    compressed: Any = import_module(module)
    with compressed.open(tmp_path / "film", "wb") as file:
        file.write(CONTENT)
    with compressed.open(tmp_path / "film", "rb") as file:
        assert read(file) == CONTENT


def test_a_stream_that_only_promises_to_tell_whether_it_seeks_cannot() -> None:
    class Member(io.BytesIO):
        def seekable(self) -> bool:
            raise AttributeError("'_Stream' object has no attribute 'seekable'")

    assert read(Member(CONTENT), len(CONTENT)) == CONTENT


def test_nothing_is_read_of_a_connection_beyond_the_size() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs, ours.makefile("rb") as file:
        theirs.sendall(CONTENT[:10] + b"next")
        assert read(file, 10) == CONTENT[:10]
        assert file.read(4) == b"next"


@pytest.mark.parametrize("size", [0, 1024, 3_000_000])
def test_a_stream_of_unknown_size_is_read_to_its_end_first(monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    monkeypatch.setattr("box_uploads.upload.source_factory.MINIMUM_SIZE", 2_000_000)
    content = CONTENT * (size // 1024) + CONTENT[: size % 1024]
    checks = list[None]()
    with open_source(Stream(content), check=lambda: checks.append(None)) as source:
        assert (source.size, source.is_sequential) == (size, False)
        assert bytes(source.window(0, size, memoryview(bytearray(size)))) == content
        assert bytes(source.window(0, size, memoryview(bytearray(size)))) == content
        source.check_unchanged()
    assert checks


def test_what_is_raised_while_a_stream_is_read_ends_it() -> None:
    def interrupt() -> None:
        raise KeyboardInterrupt

    stream = Stream(CONTENT)
    with pytest.raises(KeyboardInterrupt), open_source(stream, check=interrupt):
        pass
    assert stream.read(1) == CONTENT[:1]


def test_a_stream_of_unknown_size_that_is_too_large_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("box_uploads.upload.source_factory.SPOOL_LIMIT", 1023)
    refuse(Stream(CONTENT), "must be given for a stream of more than 1,023 bytes", argument="size")


def test_a_size_that_is_not_the_real_one_is_refused(path: Path) -> None:
    refuse(path, "must be 1024, the size of the source", 5, argument="size")


def test_a_source_is_named_after_the_path_of_its_file_object(path: Path) -> None:
    class Named(io.BytesIO):
        name = "<stdin>"

    with path.open("rb") as file, open_source(file) as source:
        assert (source.name, source.location) == ("film.mov", "")
    with open(os.open(path, os.O_RDONLY), "rb") as file, open_source(file) as source:  # noqa: PTH123  # a number is no path
        assert source.name == ""
    with open_source(Named(CONTENT)) as source:
        assert source.name == ""


@pytest.mark.parametrize(
    "source", [io.StringIO("text"), None, 5, object(), ["film.mov"]], ids=lambda source: type(source).__name__
)
def test_an_object_that_is_no_source_is_refused(source: Any) -> None:
    refuse(source, "opened in binary mode")


def test_a_file_that_was_opened_as_text_is_refused(path: Path) -> None:
    with path.open(encoding="latin-1") as file:
        refuse(file, "binary")


# URLs


def test_a_url_of_memory_is_read(memory: Any) -> None:
    memory.pipe("/folder/film.mov", CONTENT)
    assert read("memory://folder/film.mov") == CONTENT
    with open_source("memory://folder/film.mov") as source:
        assert (source.name, source.location) == ("film.mov", "memory://folder/film.mov")
        memory.pipe("/folder/film.mov", CONTENT[::-1])
        with pytest.raises(SourceChangedError, match=r"^the source changed during the upload: mark$"):
            source.check_unchanged()


def test_a_url_of_a_file_is_read(path: Path) -> None:
    assert read(path.as_uri()) == CONTENT
    with open_source(path.as_uri()) as source:
        path.unlink()
        with pytest.raises(SourceChangedError):
            source.check_unchanged()


def test_a_url_that_fsspec_cannot_open_is_refused_in_its_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "s3fs", None)
    refuse("nonsense://x", "Protocol not known: nonsense")
    refuse("s3://bucket/film.mov", "s3fs")


@pytest.mark.parametrize("broken", ["url_to_fs", "info", "open"])
def test_an_error_of_a_file_system_is_quoted(memory: Any, monkeypatch: pytest.MonkeyPatch, broken: str) -> None:
    monkeypatch.setattr(fsspec.core if broken == "url_to_fs" else type(memory), broken, fail)
    refuse("memory://film.mov", r"is a URL that fsspec cannot open: BadZipFile\('no zip'\)")


@pytest.mark.parametrize("broken", ["seek", "readinto", "read"])
def test_a_url_that_cannot_be_read_fails_as_a_file_does(
    memory: Any, monkeypatch: pytest.MonkeyPatch, broken: str
) -> None:
    failing: Any = mock.Mock(**{f"{broken}.side_effect": zipfile.BadZipFile("bad CRC")})
    failing.seek.return_value = 0
    monkeypatch.setattr(type(memory), "open", lambda *_: contextlib.nullcontext(failing))
    if broken == "read":
        monkeypatch.setattr(_UrlFile, "readinto", None)
    cannot_read = pytest.raises(OSError, match=r"fsspec read failed: .*bad CRC")
    with open_source("memory://film.mov") as source, cannot_read as caught:
        source.window(0, 3, memoryview(bytearray(3)))
    assert caught.value.filename == "memory://film.mov"


def test_a_url_that_cannot_be_examined_any_more_has_changed(memory: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    with open_source("memory://film.mov") as source:
        monkeypatch.setattr(type(memory), "info", fail)
        with pytest.raises(SourceChangedError, match="is no longer accessible"):
            source.check_unchanged()


def test_another_mode_of_a_file_is_not_another_content(path: Path) -> None:
    with open_source(f"file://{path}") as source:
        path.chmod(0o600)
        source.check_unchanged()
        os.utime(path, ns=(1, 1))
        with pytest.raises(SourceChangedError):
            source.check_unchanged()


def test_a_url_is_examined_again_though_its_listing_is_cached(memory: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    cached: list[Any] = []
    info = memory.info

    def cached_info(_: object, path: str) -> Any:
        if not cached:
            cached.append(info(path))
        return cached[0]

    monkeypatch.setattr(type(memory), "info", cached_info)
    monkeypatch.setattr(type(memory), "invalidate_cache", lambda *_: cached.clear())
    with open_source("memory://film.mov") as source:
        source.check_unchanged()
        memory.pipe("/film.mov", CONTENT[1:])
        with pytest.raises(SourceChangedError, match="size"):
            source.check_unchanged()


def test_a_url_of_unknown_size_is_read_to_its_end_first(memory: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(type(memory), "info", lambda *_, **__: {"size": None})
    with open_source("memory://film.mov") as source:
        assert (source.name, source.size, source.location) == ("film.mov", 1024, "")
        assert bytes(source.window(0, 1024, memoryview(bytearray(1024)))) == CONTENT


def test_without_fsspec_a_url_is_refused_with_the_package_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "fsspec.core", None)
    assert "secret" not in refuse("s3://key:secret@bucket/x", "pip install fsspec")
