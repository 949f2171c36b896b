"""Where uploaded bytes are kept: in memory, or in files of a temporary directory."""

import hashlib
import itertools
import shutil
import tempfile
import threading
import weakref
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import Literal, get_args

StoreKind = Literal["memory", "disk", "discard"]
STORE_KINDS: Sequence[StoreKind] = get_args(StoreKind)

READ_SIZE = 1024**2


class Blob(ABC):
    """A run of bytes that is written once, by one writer, and then read."""

    @abstractmethod
    def write(self, chunk: bytes) -> None:
        """Appends bytes."""

    @abstractmethod
    def close(self) -> None:
        """Ends the writing."""

    @abstractmethod
    def chunks(self) -> Iterator[bytes]:
        """Returns the bytes, in pieces of at most about a mebibyte."""

    @abstractmethod
    def delete(self) -> None:
        """Forgets the bytes."""

    @cached_property
    def sha512(self) -> str:
        """SHA-512 of what was written, in hexadecimal digits; only who asks for it pays for it."""
        digest = hashlib.sha512()
        for chunk in self.chunks():
            digest.update(chunk)
        return digest.hexdigest()


class MemoryBlob(Blob):
    """Bytes in memory, in the pieces in which they came."""

    def __init__(self) -> None:
        self._chunks: list[bytes] = []

    def write(self, chunk: bytes) -> None:
        """Appends bytes."""
        self._chunks.append(chunk)

    def close(self) -> None:
        """Does nothing: there is nothing to close."""

    def chunks(self) -> Iterator[bytes]:
        """Returns the pieces."""
        return iter(tuple(self._chunks))

    def delete(self) -> None:
        """Forgets the bytes."""
        self._chunks.clear()


class DiskBlob(Blob):
    """Bytes in a file, which is open only while it is written or read: there may be thousands of them."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = path.open("xb", buffering=0)

    def write(self, chunk: bytes) -> None:
        """Appends bytes."""
        rest = memoryview(chunk)
        # A file without a buffer may take less than it is given.
        while rest:
            rest = rest[self._file.write(rest) :]

    def close(self) -> None:
        """Closes the file."""
        self._file.close()

    def chunks(self) -> Iterator[bytes]:
        """Returns the bytes of the file, piece by piece."""
        with self._path.open("rb") as file:
            while chunk := file.read(READ_SIZE):
                yield chunk

    def delete(self) -> None:
        """Removes the file."""
        self._file.close()
        self._path.unlink(missing_ok=True)


class BlobStore:
    """Makes blobs of one kind; thread-safe.

    A store that discards makes files as well: parts that come out of order wait there until they can be hashed,
    so that memory stays flat.

    Raises:
        ValueError: The kind is unknown.
    """

    def __init__(self, kind: StoreKind) -> None:
        if kind not in STORE_KINDS:
            raise ValueError(f"store: {kind!r} is unknown; use one of {', '.join(STORE_KINDS)}")
        self.kind = kind
        self._lock = threading.Lock()
        self._numbers = itertools.count()
        self._directory: Path | None = None
        self._remove: Callable[[], object] = lambda: None

    @property
    def keeps_content(self) -> bool:
        """Whether stored files can be read back."""
        return self.kind != "discard"

    @property
    def directory(self) -> Path | None:
        """The temporary directory, once there is one."""
        return self._directory

    def new_blob(self) -> Blob:
        """Returns a new, empty blob."""
        if self.kind == "memory":
            return MemoryBlob()
        with self._lock:
            if self._directory is None:
                self._directory = Path(tempfile.mkdtemp(prefix="box-uploads-mock-"))
                # For a state that nobody closes.
                self._remove = weakref.finalize(self, shutil.rmtree, str(self._directory), ignore_errors=True)
            return DiskBlob(self._directory / f"{next(self._numbers):08d}")

    def close(self) -> None:
        """Removes the temporary directory with everything in it; the next blob gets a new one."""
        with self._lock:
            self._remove()
            self._directory = None
