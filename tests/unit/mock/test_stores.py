"""Stores: bytes in memory, on disk, or hashed and discarded."""

import hashlib
import itertools
import random
import shutil
import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from box_uploads_mock import MockServer, Part, State
from box_uploads_mock.blobs import STORE_KINDS, BlobStore, DiskBlob
from box_uploads_mock.part_store import PartStore

from tests.unit.mock.uploading import DATA, Upload, complete, small_state

MIB = 1024**2


def fill(part_store: PartStore, offset: int, data: bytes) -> None:
    writer = part_store.open_writer(offset)
    for start in range(0, len(data), 7):
        writer.write(data[start : start + 7])
    sha1 = writer.digest.hex()
    part_store.add(Part(part_id=f"{offset:08X}", offset=offset, size=len(data), sha1=sha1), writer)
    if part_store.has_unhashed_parts:
        part_store.hash_pending()


@pytest.mark.parametrize("kind", STORE_KINDS)
@pytest.mark.parametrize("order", list(itertools.permutations((0, 4, 8))))
def test_the_file_hash_does_not_depend_on_the_order_of_parts(kind: Any, order: tuple[int, ...]) -> None:
    store = BlobStore(kind)
    part_store = PartStore(store)
    for offset in order:
        fill(part_store, offset, DATA[offset : offset + 4])
    assert part_store.digest == hashlib.sha1(DATA, usedforsecurity=False).digest()
    assert [part.offset for part in part_store.parts] == [0, 4, 8]
    part_store.clear()
    assert len(part_store) == 0
    assert store.directory is None or list(store.directory.iterdir()) == []
    store.close()


@pytest.mark.parametrize("kind", STORE_KINDS)
def test_a_discarded_part_does_not_change_the_digest(kind: Any) -> None:
    part_store = PartStore(BlobStore(kind))
    writer = part_store.open_writer(0)
    writer.write(b"wrong")
    writer.discard()
    for offset in (4, 0):
        fill(part_store, offset, DATA[offset : offset + 4])
    assert part_store.digest == hashlib.sha1(DATA[:8], usedforsecurity=False).digest()


@pytest.mark.parametrize("kind", STORE_KINDS)
def test_an_upload_succeeds_with_every_store(kind: Any) -> None:
    state = small_state(store=kind)
    upload = Upload(state)
    for index in (2, 0, 1):
        assert upload.put(index).status == 200
    assert upload.put(1).status == 416
    assert upload.commit(digest="sha=" + "A" * 27 + "=").code == "digest_mismatch"
    file_id = upload.stored()["id"]
    if kind == "discard":
        with pytest.raises(LookupError, match="are not stored"):
            state.content(file_id)
    else:
        assert state.content(file_id) == DATA
    state.close()


def test_a_discarding_store_keeps_only_early_parts() -> None:
    state = small_state(store="discard")
    upload = Upload(state)
    upload.put(0)
    assert state.store.directory is None
    upload.put(2)
    assert state.store.directory is not None
    assert len(list(state.store.directory.iterdir())) == 1
    upload.put(1)
    assert list(state.store.directory.iterdir()) == []
    state.close()


@pytest.mark.parametrize("kind", ["disk", "discard"])
def test_a_closed_state_leaves_no_files(kind: Any) -> None:
    state = small_state(store=kind)
    upload = Upload(state)
    upload.put(2)
    file = complete(state, b"earlier", file_id="12345").stored()
    directory = state.store.directory
    assert directory is not None
    state.close()
    assert not directory.exists()
    assert not state.sessions
    with pytest.raises(LookupError, match="are not stored"):
        state.content(file["id"])
    complete(state).stored()
    state.close()


@pytest.mark.parametrize("end", ["aborted", "reset while open", "reset", "replaced"])
def test_files_are_deleted_when_their_bytes_are_unreachable(end: str) -> None:
    state = small_state(store="disk")
    upload = complete(state, file_id="12345")
    if end in {"reset", "replaced"}:
        upload.stored()
    if end == "aborted":
        upload.abort()
        # Nor is anything left of a part that is refused.
        assert Upload(state).put(0, digest="sha=" + "A" * 27 + "=").status == 412
    elif end == "replaced":
        complete(state, b"ab", file_id="12345").stored()
    else:
        state.reset()
    assert state.store.directory is not None
    assert len(list(state.store.directory.iterdir())) == (1 if end == "replaced" else 0)
    state.close()


def test_a_server_removes_its_directory_when_it_stops() -> None:
    with MockServer(store="disk", min_file_size=1) as server:
        Upload(server.state, bytes(3)).put(0)
        directory = server.state.store.directory
        assert directory is not None
        assert directory.exists()
    assert not directory.exists()


def test_a_directory_that_is_gone_already_is_closed() -> None:
    store = BlobStore("disk")
    store.new_blob().close()
    assert store.directory is not None
    shutil.rmtree(store.directory)
    store.close()
    assert store.directory is None


def test_an_unknown_store_is_rejected() -> None:
    with pytest.raises(ValueError, match=r"^store: 'tape' is unknown; use one of memory, disk, discard$"):
        State(store="tape")  # type: ignore[arg-type]  # what the types forbid is what is tested


def test_a_blob_on_disk_is_read_in_pieces(tmp_path: Path) -> None:
    blob = DiskBlob(tmp_path / "blob")
    blob.write(bytes(MIB))
    blob.write(b"end")
    blob.close()
    assert [len(chunk) for chunk in blob.chunks()] == [MIB, 3]


def test_parts_from_eight_threads_in_any_order_make_the_file() -> None:
    data = random.Random(1).randbytes(400)
    part_store = PartStore(BlobStore("discard"))
    offsets = list(range(0, len(data), 4))
    random.Random(2).shuffle(offsets)
    with ThreadPoolExecutor(8) as pool:
        for done in [pool.submit(fill, part_store, offset, data[offset : offset + 4]) for offset in offsets]:
            done.result(timeout=60)
    part_store.hash_pending()
    assert part_store.digest == hashlib.sha1(data, usedforsecurity=False).digest()


def test_early_parts_of_a_discarding_store_use_no_memory() -> None:
    store = BlobStore("discard")
    part_store = PartStore(store)
    chunk = bytes(MIB)
    tracemalloc.start()
    try:
        for number in reversed(range(24)):
            writer = part_store.open_writer(number * MIB)
            writer.write(chunk)
            part = Part(part_id=f"{number:08X}", offset=number * MIB, size=MIB, sha1="")
            part_store.add(part, writer)
        part_store.hash_pending()
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert part_store.digest == hashlib.sha1(bytes(24 * MIB), usedforsecurity=False).digest()
    assert peak < 4 * MIB
    store.close()
