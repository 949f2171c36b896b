"""How a file grows out of its parts: each part hashed as it comes, and the whole file in the order of its bytes."""

import hashlib
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol, Self

from box_uploads_mock.blobs import Blob, BlobStore


class Hash(Protocol):
    """What `hashlib` returns, which has no public name."""

    def update(self, data: bytes, /) -> None:
        """Takes the next bytes."""
        ...

    def digest(self) -> bytes:
        """Returns the raw digest of the bytes so far."""
        ...

    def copy(self) -> Self:
        """Returns a hash that goes on from here on its own."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A part that is stored; offset and size in bytes, the digests in hexadecimal digits.

    The SHA-512 is only what a request says of a part, empty if that is nothing: of stored bytes it is seldom known.
    """

    part_id: str
    offset: int
    size: int
    sha1: str
    sha512: str = field(default="", compare=False)

    def body(self) -> dict[str, object]:
        """Returns the part as Box describes it."""
        return {"part_id": self.part_id, "offset": self.offset, "size": self.size, "sha1": self.sha1}


class PartWriter:
    """A part on its way in.

    Args:
        blob: Takes the bytes, None to keep none.
        whole: The hash of everything before this part, if that is known; it is continued by this part.
    """

    def __init__(self, blob: Blob | None, whole: Hash | None) -> None:
        self.blob = blob
        self.whole = whole
        self.size = 0
        self._sha1 = hashlib.sha1(usedforsecurity=False)

    def write(self, chunk: bytes) -> None:
        """Takes the next bytes."""
        self.size += len(chunk)
        self._sha1.update(chunk)
        if self.whole is not None:
            self.whole.update(chunk)
        if self.blob is not None:
            self.blob.write(chunk)

    def close(self) -> None:
        """Ends the writing."""
        if self.blob is not None:
            self.blob.close()

    def discard(self) -> None:
        """Forgets the bytes."""
        if self.blob is not None:
            self.blob.delete()

    @property
    def digest(self) -> bytes:
        """The raw SHA-1 of the bytes so far."""
        return self._sha1.digest()


@dataclass(frozen=True, slots=True)
class StoredPart:
    """A part whose bytes are kept."""

    part: Part
    blob: Blob


class PartStore:
    """The parts of one session and the SHA-1 of the file that they make; thread-safe.

    A part that begins where the hashed bytes end continues the hash while it comes in. A part that comes early is
    kept, and hashed from there by `advance` once the gap before it is closed. A store that discards keeps nothing else.
    """

    def __init__(self, store: BlobStore) -> None:
        self._store = store
        self._lock = threading.Lock()
        # Held while stored bytes are read, so that nobody deletes them meanwhile.
        self._reading = threading.Lock()
        self._parts: dict[int, Part] = {}
        self._ids: set[str] = set()
        self._blobs: dict[int, Blob] = {}
        # What a commit may name although it was never uploaded, by offset and SHA-512.
        self._hits: dict[tuple[int, str], StoredPart] = {}
        self._whole: Hash = hashlib.sha1(usedforsecurity=False)
        self._hashed = 0

    def open_writer(self, offset: int) -> PartWriter:
        """Returns a writer for the part at an offset."""
        with self._lock:
            whole = self._whole.copy() if offset == self._hashed else None
        needs_blob = self._store.keeps_content or whole is None
        return PartWriter(self._store.new_blob() if needs_blob else None, whole)

    def get(self, offset: int) -> Part | None:
        """Returns the stored part at an offset."""
        with self._lock:
            return self._parts.get(offset)

    def get_stored(self, offset: int) -> StoredPart | None:
        """Returns the stored part at an offset if its bytes are kept."""
        with self._lock:
            blob = self._blobs.get(offset) if self._store.keeps_content else None
            return None if blob is None else StoredPart(self._parts[offset], blob)

    def find_hit(self, offset: int, sha512: str) -> Part | None:
        """Returns the part that was offered before for this content at this offset."""
        with self._lock:
            offer = self._hits.get((offset, sha512))
            return None if offer is None else offer.part

    def add_hit(self, part: Part, source: Blob) -> Part | None:
        """Keeps a copy of bytes as a part that a commit may name, and returns it, or None if the bytes are gone."""
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
        """Stores a part that was offered, if a commit names just this one and nothing is stored at its place."""
        with self._lock:
            for key, offer in self._hits.items():
                part = offer.part
                if (part.part_id, part.offset, part.size) == (named.part_id, named.offset, named.size):
                    if part.offset not in self._parts:
                        self._parts[part.offset] = part
                        self._blobs[part.offset] = self._hits.pop(key).blob
                    return

    def add(self, part: Part, writer: PartWriter) -> None:
        """Stores what a writer has taken; the caller has made sure that nothing is stored there yet."""
        writer.close()
        with self._lock:
            self._parts[part.offset] = part
            self._ids.add(part.part_id)
            if writer.blob is not None:
                self._blobs[part.offset] = writer.blob
            if writer.whole is not None:
                self._whole = writer.whole
                self._hashed += part.size

    @property
    def parts(self) -> Sequence[Part]:
        """The stored parts, ordered by offset."""
        with self._lock:
            return [self._parts[offset] for offset in sorted(self._parts)]

    def __len__(self) -> int:
        return len(self._parts)

    def has_id(self, part_id: str) -> bool:
        """Returns whether a stored part has the id."""
        return part_id in self._ids

    @property
    def has_unhashed_parts(self) -> bool:
        """Whether stored bytes could be hashed that have not been."""
        with self._lock:
            return self._hashed in self._parts

    def hash_pending(self) -> None:
        """Hashes the stored bytes that follow without a gap; takes its time, so not for an event loop."""
        with self._reading:
            while self.has_unhashed_parts:
                with self._lock:
                    part = self._parts[self._hashed]
                    blob = self._blobs[part.offset]
                    whole = self._whole.copy()
                for chunk in blob.chunks():
                    whole.update(chunk)
                with self._lock:
                    self._whole = whole
                    self._hashed += part.size
                    if not self._store.keeps_content:
                        del self._blobs[part.offset]
                        blob.delete()

    @property
    def stored_parts(self) -> Sequence[StoredPart]:
        """The stored parts whose bytes are kept, ordered by offset."""
        with self._lock:
            kept = sorted(self._blobs) if self._store.keeps_content else []
            return [StoredPart(self._parts[offset], self._blobs[offset]) for offset in kept]

    @property
    def digest(self) -> bytes:
        """The raw SHA-1 of the bytes that are hashed."""
        with self._lock:
            return self._whole.digest()

    def take_stored_parts(self) -> Sequence[StoredPart]:
        """Returns the kept parts in the order of the file and forgets all parts."""
        with self._reading, self._lock:
            held = [StoredPart(self._parts[offset], self._blobs[offset]) for offset in sorted(self._blobs)]
            offers = list(self._hits.values())
            self._parts.clear()
            self._ids.clear()
            self._blobs.clear()
            self._hits.clear()
        for offer in offers:
            offer.blob.delete()
        return held

    def clear(self) -> None:
        """Forgets everything."""
        for held in self.take_stored_parts():
            held.blob.delete()


@dataclass(frozen=True, slots=True)
class Content:
    """The bytes of a stored file."""

    held: Sequence[StoredPart]

    def chunks(self) -> Iterator[bytes]:
        """Returns the bytes in order, piece by piece."""
        for one in self.held:
            yield from one.blob.chunks()

    def delete(self) -> None:
        """Forgets the bytes."""
        for one in self.held:
            one.blob.delete()
