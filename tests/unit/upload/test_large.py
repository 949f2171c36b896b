"""A file of more than 2 and 3 GiB on its whole way, through real threads; only its bytes are none, and cost nothing."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from box_uploads import models
from box_uploads.upload import PartDone
from box_uploads.upload.digest import WholeDigest
from box_uploads.upload.source import Fingerprint, Source
from box_uploads.upload.workflow import upload

from tests.unit.upload.script import Answer, Script, context, session

MIB = 1024**2
PART_SIZE = 32 * MIB
SHA1 = "0" * 40


class Nothing(Source):
    """A source that leaves its buffers as they are, and notes how far it was read."""

    def __init__(self, size: int) -> None:
        super().__init__(lambda: Fingerprint(kind="test", size=size))
        self.read = 0
        self.buffers: set[int] = set()

    def window(self, offset: int, size: int, buffer: memoryview) -> memoryview:
        assert offset == self.read
        self.read += size
        self.buffers.add(id(buffer.obj))
        return buffer[:size]


class Counting(Script):
    """A server that counts the bytes of each part."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self.size = size
        self.ranges: dict[int, int] = {}

    def create_upload_session(self, **_: Any) -> Answer:
        return Answer(session(PART_SIZE, -(-self.size // PART_SIZE)))

    def upload_part(self, _: Any, *, body: Any, digest: str, content_range: str) -> Answer:
        offset = int(content_range.split()[1].partition("-")[0])
        size = self.ranges[offset] = sum(map(len, body))
        assert content_range == f"bytes {offset}-{offset + size - 1}/{self.size}"
        return Answer(models.UploadedPart(part=models.UploadPart(part_id="1", offset=offset, size=size, sha1=SHA1)))


@pytest.mark.parametrize("size", [2 * 1024 * MIB + 1, 3 * 1024 * MIB, 4 * 1024 * MIB + 1])
def test_a_file_over_2_gib_gets_all_its_parts_and_its_commit(monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    hashed: list[int] = []

    def sha1(_: object) -> str:
        return SHA1

    def add(_: WholeDigest, piece: memoryview) -> None:
        hashed.append(len(piece))

    monkeypatch.setattr("box_uploads.upload.digest.part_sha1", sha1)
    monkeypatch.setattr(WholeDigest, "add", add)
    source = Nothing(size)
    calls: Any = Counting(size)
    before = set(threading.enumerate())
    found, events = context(calls, source=source, workers=4)
    file = upload(found)
    assert (file.id, calls.log) == ("7", ["commit_upload_session"])
    assert calls.ranges == {offset: min(PART_SIZE, size - offset) for offset in range(0, size, PART_SIZE)}
    assert (source.read, sum(hashed)) == (size, size)
    assert len([event for event in events if isinstance(event, PartDone)]) == -(-size // PART_SIZE)
    assert len(source.buffers) <= 5
    # A thread of an earlier test may end meanwhile.
    assert not set(threading.enumerate()) - before
