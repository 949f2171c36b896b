"""Upload sessions, and the part sizes of their files."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from box_uploads_mock.errors import ApiError
from box_uploads_mock.headers import ContentRange
from box_uploads_mock.part_store import PartStore
from box_uploads_mock.rules import NewFile, NewVersion

MEBIBYTE = 1024**2
SESSION_LIFETIME = timedelta(days=7)
MAX_PARTS = 10_000

# Largest file size and its part size. Observed at Box: 8 MiB parts with an offset of 1.4 GB, 32 MiB parts for larger
# files (rclone issue 97) and 64 MiB parts at 4.8 GiB (rclone issue 7214). The exact limits are not documented.
_PART_SIZES: Sequence[tuple[int, int]] = (
    (1536 * MEBIBYTE, 8 * MEBIBYTE),
    (4096 * MEBIBYTE, 32 * MEBIBYTE),
)
_LARGE_FILE_PART_SIZE = 64 * MEBIBYTE


def part_size_for(file_size: int) -> int:
    """Return the part size in bytes; it grows with the file, so no session has more than `MAX_PARTS` parts."""
    for largest, part_size in _PART_SIZES:
        if file_size <= largest:
            return part_size
    part_size = _LARGE_FILE_PART_SIZE
    while part_size * MAX_PARTS < file_size:
        part_size *= 2
    return part_size


def constant_part_size(part_size: int) -> Callable[[int], int]:
    """Return a function for `part_size_for` that returns the same part size in bytes for every file."""
    return lambda _file_size: part_size


@dataclass(slots=True, kw_only=True)
class Session:
    """An upload session; sizes are bytes.

    Attributes:
        target: The request that created the session: a new file, or a new version of `file_id`.
        file_id: The file that gets a new version, None for a new file.
        part_store: The parts.
        pending_commits: How many further commits get 202.
    """

    id: str
    target: NewFile | NewVersion
    file_id: str | None
    expires_at: datetime
    part_size: int
    part_store: PartStore
    pending_commits: int = 0

    @property
    def file_size(self) -> int:
        """Size of the whole file."""
        return self.target.file_size

    @property
    def total_parts(self) -> int:
        """Number of parts of the file; the last part may be smaller."""
        return -(-self.file_size // self.part_size)

    @property
    def num_parts_processed(self) -> int:
        """Number of stored and processed parts; the last part counts once commits no longer get 202."""
        return min(len(self.part_store), self.total_parts - bool(self.pending_commits))

    def has_range(self, wanted: ContentRange) -> bool:
        """Whether a range is one of the session's parts."""
        stop = min(wanted.start + self.part_size, self.file_size)
        is_whole_part = wanted.start % self.part_size == 0 and wanted.size > 0 and wanted.stop == stop
        return wanted.total == self.file_size and is_whole_part

    def require_range(self, wanted: ContentRange) -> None:
        """Check that a range is one of the session's parts.

        Box documents 416 for "the content range does not match a specified range for the session".

        Raises:
            ApiError: The range is not one of the parts.
        """
        if not self.has_range(wanted):
            message = (
                f"The range '{wanted}' is not a part: "
                f"the file has {self.file_size} bytes, every part but the last {self.part_size}."
            )
            raise ApiError("requested_range_not_satisfiable", message)
