"""Sources: what they read, and what they do when they cannot."""

from __future__ import annotations

import io
from typing import Any

import pytest
from box_uploads.errors import InvalidArgumentError, SourceChangedError
from box_uploads.upload.source import Fingerprint, MemorySource, SeekableSource, Source, StreamSource
from hypothesis import given, settings
from hypothesis import strategies as st

CONTENT = bytes(range(100))


class Short(io.BytesIO):
    """Gives less than it is asked for; then, if it is told to, nothing yet, or the wrong method."""

    def __init__(self, content: bytes, sizes: list[int | None]) -> None:
        super().__init__(content)
        self.sizes = sizes

    def readinto(self, buffer: Any) -> int | None:  # type: ignore[override]
        size = self.sizes.pop(0) if self.sizes else len(buffer)
        return None if size is None else super().readinto(memoryview(buffer)[:size])


def seekable(file: Any, start: int = 0) -> SeekableSource:
    size = len(CONTENT) - start
    return SeekableSource(file, lambda: Fingerprint(kind="test", size=size), start=start)


@settings(deadline=None, derandomize=True, database=None)
@given(st.integers(0, 99), st.integers(1, 100), st.lists(st.integers(1, 9), max_size=20), st.integers(0, 50))
def test_a_window_is_whole_however_little_is_read_at_a_time(
    offset: int, size: int, sizes: list[int | None], start: int
) -> None:
    expected = CONTENT[start + offset :][:size]
    size = len(expected)
    buffer = bytearray(200)
    window = seekable(Short(CONTENT, sizes), start).window(offset, size, memoryview(buffer))
    assert window.tobytes() == expected
    assert window.obj is buffer


def test_windows_are_read_in_any_order() -> None:
    source, buffer = seekable(io.BytesIO(CONTENT)), memoryview(bytearray(10))
    assert [source.window(offset, 10, buffer).tobytes()[0] for offset in (90, 0, 50)] == [90, 0, 50]


def test_a_source_that_ends_too_early_has_changed() -> None:
    with pytest.raises(SourceChangedError, match=r"^the source ended early, at byte 100$"):
        seekable(io.BytesIO(CONTENT)).window(95, 10, memoryview(bytearray(10)))


class Wrong:
    """A file object that reads something else than it was asked for."""

    def __init__(self, read: Any) -> None:
        self.read = read

    def seek(self, offset: int, _: int = 0) -> int:
        return offset


class WrongInto(Wrong):
    """As above, into a buffer."""

    def readinto(self, view: memoryview) -> Any:
        return self.read(len(view))


@pytest.mark.parametrize(
    ("file", "words"),
    [
        (Wrong(lambda size: "x" * size), r"must return bytes from read\(\)"),
        (Wrong(lambda size: [120] * size), r"must return bytes from read\(\)"),
        (Wrong(lambda size: bytes(size + 1)), "returned 11 bytes when 10 were requested"),
        (WrongInto(lambda size: size + 1), "returned 11 bytes when 10 were requested"),
        (WrongInto(lambda _: -1), "returned -1 bytes"),
    ],
)
def test_a_file_object_that_reads_something_else_is_refused(file: Any, words: str) -> None:
    with pytest.raises(InvalidArgumentError, match=words) as caught:
        seekable(file).window(0, 10, memoryview(bytearray(10)))
    assert caught.value.argument == "source"


@pytest.mark.parametrize("file", [Short(CONTENT, [3, None]), Wrong(lambda _: None)], ids=["readinto", "read"])
def test_a_file_without_data_for_the_moment_is_refused(file: Any) -> None:
    with pytest.raises(BlockingIOError, match=r"^the source is a non-blocking file without data; make it blocking$"):
        seekable(file).window(0, 10, memoryview(bytearray(10)))


def test_a_stream_is_read_once() -> None:
    source, buffer = StreamSource(io.BytesIO(CONTENT), 100, name="", may_go_on=False), memoryview(bytearray(50))
    source.window(0, 50, buffer)
    with pytest.raises(SourceChangedError, match=r"^the stream has been read already, and cannot be read again$"):
        source.window(0, 50, buffer)
    source.window(50, 50, buffer)
    source.check_unchanged()


def test_memory_is_viewed_and_not_copied() -> None:
    content = bytearray(CONTENT)
    window = MemorySource(content).window(10, 5, memoryview(b""))
    content[10] = 200
    assert window.tobytes() == bytes([200, 11, 12, 13, 14])


@pytest.mark.parametrize("field", ["size", "mtime_ns", "inode", "device", "mark"])
def test_a_change_names_what_has_changed(field: str) -> None:
    present = {"kind": "test", "size": 5}
    source = Source(lambda: Fingerprint(**present))  # type: ignore[arg-type]
    source.check_unchanged()
    present[field] = "x" if field == "mark" else 7
    with pytest.raises(SourceChangedError, match=f"during the upload: {field}$"):
        source.check_unchanged()


def test_a_source_that_cannot_be_examined_has_changed() -> None:
    answers = [Fingerprint(kind="test", size=5)]

    def present() -> Fingerprint:
        if not answers:
            raise FileNotFoundError("gone")
        return answers.pop()

    with pytest.raises(SourceChangedError, match=r"^the source is no longer accessible: gone$"):
        Source(present).check_unchanged()
