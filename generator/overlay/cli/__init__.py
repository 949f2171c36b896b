"""The command line: `box-uploads`, or `python -m box_uploads.cli`. It needs the extra `cli`.

Example:
    box-uploads upload Project.mov --folder-id 0
"""

from __future__ import annotations

import sys

from .streams import robust_streams

__all__ = ["main"]

_EXTRA = frozenset({"click", "platformdirs", "rich"})


def main() -> int:
    """Run the command line with the arguments of this process, and return its exit code."""
    with robust_streams():
        try:
            # Imported here, so that a missing package or Ctrl-C during the import is reported in one line.
            from .program import run  # noqa: PLC0415

            return run(sys.argv[1:])
        except ModuleNotFoundError as error:
            missing = (error.name or "").partition(".")[0]
            if missing not in _EXTRA:
                raise
            sys.stderr.write(f'error: {missing} is not installed\nhint: run `pip install "box-uploads[cli]"`\n')
            return 2
        except KeyboardInterrupt:
            sys.stderr.write("interrupted\n")
            return 130
