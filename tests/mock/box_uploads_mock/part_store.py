"""The parts of a session and the SHA-1 of their file, which is computed in file order while the parts arrive."""

import hashlib
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol, Self

from box_uploads_mock.blobs import Blob, BlobStore


class Hash(Protocol):
    """The type of `hashlib` objects, which has no public name."""

    def update(self, data: bytes, /) -> None:
        """Add bytes."""
        ...

    def digest(self) -> bytes:
        """Return the raw digest of the bytes so far."""
        ...

    def copy(self) -> Self:
        """Return an independent copy."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A part; offset and size in bytes, the digests in hexadecimal digits.

    The SHA-512 is the one in a request, empty if the request has none; for stored parts it is computed on demand.
    """

    part_id: str
    offset: int
    size: int
    sha1: str
    sha512: str = field(default="", compare=False)

    def body(self) -> dict[str, object]:
        """Return the part in Box's format."""
        return {"part_id": self.part_id, "offset": self.offset, "size": self.size, "sha1": self.sha1}


class PartWriter:
    """Writes a part while it is received.

    Args:
        blob: Where to write the bytes, None to keep none.
        file_hash: The hash of all bytes before this part, which this part continues; None if it is not known yet.
    """

    def __init__(self, blob: Blob | None, file_hash: Hash | None) -> None:
        self.blob = blob
        self.file_hash = file_hash
        self.size = 0
        self._sha1 = hashlib.sha1(usedforsecurity=False)

    def write(self, chunk: bytes) -> None:
        """Append bytes."""
        self.size += len(chunk)
        self._sha1.update(chunk)
        if self.file_hash is not None:
            self.file_hash.update(chunk)
        if self.blob is not None:
            self.blob.write(chunk)

    def close(self) -> None:
        """Finish writing."""
        if self.blob is not None:
            self.blob.close()

    def discard(self) -> None:
        """Delete the bytes."""
        if self.blob is not None:
            self.blob.delete()

    @property
    def digest(self) -> bytes:
        """The raw SHA-1 of the bytes so far."""
        return self._sha1.digest()


@dataclass(frozen=True, slots=True)
class StoredPart:
    """A part with its stored bytes."""

    part: Part
    blob: Blob


class PartStore:
    """The parts of one session and the SHA-1 of the file that they make; thread-safe.

    A part that starts where the hashed bytes end continues the file's hash while it is received. A part that arrives
    early is stored, and `hash_pending` hashes it once the gap before it is closed. A store that discards content
    stores only such early parts.
    """

    def __init__(self, store: BlobStore) -> None:
        self._store = store
        self._lock = threading.Lock()
        # Held while stored bytes are read, so that no other thread deletes them meanwhile.
        self._reading = threading.Lock()
        self._parts: dict[int, Part] = {}
        self._ids: set[str] = set()
        self._blobs: dict[int, Blob] = {}
        # The hits of plans: parts that a commit may name without an upload, by offset and SHA-512.
        self._hits: dict[tuple[int, str], StoredPart] = {}
        self._file_hash: Hash = hashlib.sha1(usedforsecurity=False)
        self._hashed = 0

    def open_writer(self, offset: int) -> PartWriter:
        """Return a writer for the part at an offset."""
        with self._lock:
            file_hash = self._file_hash.copy() if offset == self._hashed else None
        needs_blob = self._store.keeps_content or file_hash is None
        return PartWriter(self._store.new_blob() if needs_blob else None, file_hash)

    def get(self, offset: int) -> Part | None:
        """Return the part at an offset."""
        with self._lock:
            return self._parts.get(offset)

    def get_stored(self, offset: int) -> StoredPart | None:
        """Return the part at an offset with its bytes, None if they are not stored."""
        with self._lock:
            blob = self._blobs.get(offset) if self._store.keeps_content else None
            return None if blob is None else StoredPart(self._parts[offset], blob)

    def find_hit(self, offset: int, sha512: str) -> Part | None:
        """Return the earlier hit with this content at this offset."""
        with self._lock:
            hit = self._hits.get((offset, sha512))
            return None if hit is None else hit.part

    def add_hit(self, part: Part, source: Blob) -> Part | None:
        """Copy the bytes of a hit, and return the hit; None if the bytes were deleted meanwhile."""
        blob = self._store.new_blob()
        try:
            for chunk in source.chunks():
                blob.write(chunk)
        except FileNotFoundError:
            blob.delete()
            return None
        blob.close()
        with self._lock:
            self._ids.add(part.part_id)
            return self._hits.setdefault((part.offset, part.sha512), StoredPart(part, blob)).part

    def use_hit(self, named: Part) -> None:
        """Store a hit as a part if a commit names exactly this hit and nothing is stored at its offset."""
        with self._lock:
            for key, hit in self._hits.items():
                part = hit.part
                if (part.part_id, part.offset, part.size) == (named.part_id, named.offset, named.size):
                    if part.offset not in self._parts:
                        self._parts[part.offset] = part
                        self._blobs[part.offset] = self._hits.pop(key).blob
                    return

    def add(self, part: Part, writer: PartWriter) -> None:
        """Store a written part; the caller has checked that nothing is stored at its offset."""
        writer.close()
        with self._lock:
            self._parts[part.offset] = part
            self._ids.add(part.part_id)
            if writer.blob is not None:
                self._blobs[part.offset] = writer.blob
            if writer.file_hash is not None:
                self._file_hash = writer.file_hash
                self._hashed += part.size

    @property
    def parts(self) -> Sequence[Part]:
        """The parts, ordered by offset."""
        with self._lock:
            return [self._parts[offset] for offset in sorted(self._parts)]

    def __len__(self) -> int:
        return len(self._parts)

    def has_id(self, part_id: str) -> bool:
        """Whether a part or a hit has the id."""
        return part_id in self._ids

    @property
    def has_unhashed_parts(self) -> bool:
        """Whether `hash_pending` has something to do."""
        with self._lock:
            return self._hashed in self._parts

    def hash_pending(self) -> None:
        """Hash the stored parts that follow without a gap; slow, so do not call it in an event loop."""
        with self._reading:
            while self.has_unhashed_parts:
                with self._lock:
                    part = self._parts[self._hashed]
                    blob = self._blobs[part.offset]
                    file_hash = self._file_hash.copy()
                for chunk in blob.chunks():
                    file_hash.update(chunk)
                with self._lock:
                    self._file_hash = file_hash
                    self._hashed += part.size
                    if not self._store.keeps_content:
                        del self._blobs[part.offset]
                        blob.delete()

    @property
    def stored_parts(self) -> Sequence[StoredPart]:
        """The parts whose bytes are stored, ordered by offset."""
        with self._lock:
            offsets = sorted(self._blobs) if self._store.keeps_content else []
            return [StoredPart(self._parts[offset], self._blobs[offset]) for offset in offsets]

    @property
    def digest(self) -> bytes:
        """The raw SHA-1 of the hashed bytes."""
        with self._lock:
            return self._file_hash.digest()

    def take_stored_parts(self) -> Sequence[StoredPart]:
        """Remove all parts and hits, and return the parts whose bytes are stored, ordered by offset."""
        with self._reading, self._lock:
            stored_parts = [StoredPart(self._parts[offset], self._blobs[offset]) for offset in sorted(self._blobs)]
            hits = list(self._hits.values())
            self._parts.clear()
            self._ids.clear()
            self._blobs.clear()
            self._hits.clear()
        for hit in hits:
            hit.blob.delete()
        return stored_parts

    def clear(self) -> None:
        """Delete all parts and hits."""
        for stored in self.take_stored_parts():
            stored.blob.delete()


@dataclass(frozen=True, slots=True)
class Content:
    """The bytes of a stored file."""

    parts: Sequence[StoredPart]

    def chunks(self) -> Iterator[bytes]:
        """Yield the bytes in order, chunk by chunk."""
        for part in self.parts:
            yield from part.blob.chunks()

    def slices(self, start: int, stop: int) -> Iterator[bytes]:
        """Yield the bytes of a half-open range in order, chunk by chunk."""
        end = 0
        for part in self.parts:
            position, end = end, end + part.part.size
            if end <= start or position >= stop:
                continue
            for chunk in part.blob.chunks():
                yield chunk[max(start - position, 0) : max(stop - position, 0)]
                position += len(chunk)

    def delete(self) -> None:
        """Delete the bytes."""
        for part in self.parts:
            part.blob.delete()
