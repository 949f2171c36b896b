"""The command line: `box-uploads`, or `python -m box_uploads.cli`; it needs the extra `cli`.

Example:
    box-uploads upload Project.mov --folder-id 0
"""

from __future__ import annotations

import sys

__all__ = ["main"]

_EXTRA = frozenset({"click", "platformdirs", "rich"})


def main() -> int:
    """Run the command line with the arguments of this process, and return its exit code."""
    try:
        # Only here, so that what is missing can be told in one line.
        from .program import run  # noqa: PLC0415
    except ModuleNotFoundError as error:
        missing = (error.name or "").partition(".")[0]
        if missing not in _EXTRA:
            raise
        sys.stderr.write(f'box-uploads: error: {missing} is missing: pip install "box-uploads[cli]"\n')
        return 2
    return run(sys.argv[1:])
