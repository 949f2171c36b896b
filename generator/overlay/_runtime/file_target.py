"""Where a body is written: a file that is replaced once it is complete, or one that the caller has opened."""

from __future__ import annotations

import os
import stat
from contextlib import contextmanager, suppress
from io import TextIOBase
from typing import TYPE_CHECKING, Any, cast

from .errors import InvalidArgumentError
from .text import short_repr

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from typing import BinaryIO

__all__ = ["open_target"]


@contextmanager
def open_target(target: str | os.PathLike[str] | BinaryIO) -> Generator[Callable[[bytes], None]]:
    """Yield a function that writes all of a chunk.

    Args:
        target: A path, whose file is replaced at the end, keeping its permissions, and stays as it was after an error;
            or a file that is open for writing bytes.

    Raises:
        InvalidArgumentError: It is neither, or names a folder or a device.
        OSError: The file cannot be written.
    """
    if isinstance(target, (str, os.PathLike)):
        with _replaced(os.path.realpath(target)) as file:
            yield _writer(file)
        return
    if isinstance(cast("object", target), TextIOBase) or not callable(getattr(target, "write", None)):
        rule = "must be a path, or a file that is open for writing bytes"
        raise InvalidArgumentError("target", rule, shown=short_repr(target))
    yield _writer(target)


@contextmanager
def _replaced(path: str) -> Generator[BinaryIO]:
    mode = None
    with suppress(FileNotFoundError):
        mode = os.stat(path).st_mode  # noqa: PTH116  # pathlib would be loaded for this alone
    # Replacing a device would put a file in its place.
    if mode is not None and not stat.S_ISREG(mode):
        rule = "must not name a folder or a device; open it, and pass the open file"
        raise InvalidArgumentError("target", rule, shown=short_repr(path))
    # Beside it, since only a file of the same file system can replace it.
    part = os.path.join(os.path.dirname(path), f".{os.urandom(8).hex()}.part")  # noqa: PTH118, PTH120  # as above
    try:
        with open(part, "xb") as file:  # noqa: PTH123  # as above
            if mode is not None:
                # Before anything is in it, which may be for the owner alone. Some file systems have no permissions.
                with suppress(OSError):
                    os.chmod(part, stat.S_IMODE(mode))  # noqa: PTH101  # as above
            yield file
        os.replace(part, path)  # noqa: PTH105  # as above
    except BaseException as error:
        with suppress(OSError):
            os.unlink(part)  # noqa: PTH108  # as above
        if isinstance(error, OSError) and error.filename == part:
            # The caller knows the one name alone.
            error.filename = path
        raise


def _writer(file: BinaryIO) -> Callable[[bytes], None]:
    def write(chunk: bytes) -> None:
        # A file without a buffer may take a part only.
        left = memoryview(chunk)
        while left:
            taken: Any = file.write(left)
            left = left[taken:] if isinstance(taken, int) else left[len(left) :]

    return write
