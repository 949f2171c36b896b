"""Storage for uploaded bytes: in memory, or in files of a temporary directory."""

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
    """A sequence of bytes that one writer writes once, to be read afterwards."""

    @abstractmethod
    def write(self, chunk: bytes) -> None:
        """Append bytes."""

    @abstractmethod
    def close(self) -> None:
        """Finish writing."""

    @abstractmethod
    def chunks(self) -> Iterator[bytes]:
        """Return the bytes, in chunks of at most about a mebibyte."""

    @abstractmethod
    def delete(self) -> None:
        """Delete the bytes."""

    @cached_property
    def sha512(self) -> str:
        """SHA-512 of the bytes, in hexadecimal digits; computed when first read."""
        digest = hashlib.sha512()
        for chunk in self.chunks():
            digest.update(chunk)
        return digest.hexdigest()


class MemoryBlob(Blob):
    """Bytes in memory, in the chunks in which they arrived."""

    def __init__(self) -> None:
        self._chunks: list[bytes] = []

    def write(self, chunk: bytes) -> None:
        """Append bytes."""
        self._chunks.append(chunk)

    def close(self) -> None:
        """Do nothing: there is nothing to close."""

    def chunks(self) -> Iterator[bytes]:
        """Return the chunks."""
        return iter(tuple(self._chunks))

    def delete(self) -> None:
        """Delete the bytes."""
        self._chunks.clear()


class DiskBlob(Blob):
    """Bytes in a file, which is open only while it is written or read: there may be thousands of files."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = path.open("xb", buffering=0)

    def write(self, chunk: bytes) -> None:
        """Append bytes."""
        rest = memoryview(chunk)
        # An unbuffered file may write fewer bytes than it is given.
        while rest:
            rest = rest[self._file.write(rest) :]

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def chunks(self) -> Iterator[bytes]:
        """Yield the bytes of the file, chunk by chunk."""
        with self._path.open("rb") as file:
            while chunk := file.read(READ_SIZE):
                yield chunk

    def delete(self) -> None:
        """Remove the file."""
        self._file.close()
        self._path.unlink(missing_ok=True)


class BlobStore:
    """Creates blobs of one kind; thread-safe.

    A store that discards content creates files too: parts that arrive out of order stay there until they can be
    hashed, so memory use stays flat.

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
        """The temporary directory, None until the first file is created."""
        return self._directory

    def new_blob(self) -> Blob:
        """Return a new, empty blob."""
        if self.kind == "memory":
            return MemoryBlob()
        with self._lock:
            if self._directory is None:
                self._directory = Path(tempfile.mkdtemp(prefix="box-uploads-mock-"))
                # Clean up even if the state is never closed.
                self._remove = weakref.finalize(self, shutil.rmtree, str(self._directory), ignore_errors=True)
            return DiskBlob(self._directory / f"{next(self._numbers):08d}")

    def close(self) -> None:
        """Remove the temporary directory and its files; the next blob gets a new directory."""
        with self._lock:
            self._remove()
            self._directory = None
