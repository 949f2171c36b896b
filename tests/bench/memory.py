"""Memory of a process that uploads: the same whatever the size of the file."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from box_uploads import Client
from box_uploads.upload import upload_file
from box_uploads_mock import MockServer, constant_part_size

from tests.bench.loopback import ROOT
from tests.bench.measure import Row, show

_MIB = 1024**2
_WORKERS = 4
_PART_SIZE = 32 * _MIB
_SIZES_GIB = (1, 4, 8)


def run() -> None:
    """Measure and show."""
    rows: list[Row] = []
    limit = (_WORKERS + 1) * _PART_SIZE + 64 * _MIB
    mock = MockServer(store="discard", part_size_for=constant_part_size(_PART_SIZE))
    with tempfile.TemporaryDirectory() as folder, mock as server:
        for size_gib in _SIZES_GIB:
            path = Path(folder) / f"{size_gib}.bin"
            with path.open("wb") as file:
                file.truncate(size_gib * 1024**3)  # sparse: it takes no room on the disk
            command = [sys.executable, "-m", "tests.bench.memory", str(path), server.base_url]
            result = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
            peak = f"{int(result.stdout) / _MIB:.0f} MiB"
            rows.append(Row(f"{size_gib} GiB", peak, peak, f"at most {limit / _MIB:.0f} MiB, as for every size"))
    note = f"{_WORKERS} workers, parts of {_PART_SIZE // _MIB} MiB: {_WORKERS + 1} parts and 64 MiB are the limit"
    show("Peak memory of an uploading process, beyond what it began with", rows, note)


def _peak() -> int:
    # Linux counts in KiB. Not `ru_maxrss`: a new process inherits that of the one that started it.
    (line,) = [line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM:")]
    return int(line.split()[1]) * 1024


def _upload(path: str, base_url: str) -> None:
    """Upload in this process, and print how many bytes more it took than it had at first."""
    before = _peak()
    with Client("mock-token", base_url=base_url) as box:
        upload_file(box, path, folder_id="0", workers=_WORKERS)
    print(_peak() - before)


if __name__ == "__main__":
    _upload(*sys.argv[1:]) if len(sys.argv) > 1 else run()
