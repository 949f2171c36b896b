"""The command line: `box-uploads`, or `python -m box_uploads.cli`; it needs the extra `cli`.

Example:
    box-uploads upload Project.mov --folder-id 0
"""

from __future__ import annotations

import sys

from .streams import usable_streams

__all__ = ["main"]

_EXTRA = frozenset({"click", "platformdirs", "rich"})


def main() -> int:
    """Run the command line with the arguments of this process, and return its exit code."""
    with usable_streams():
        try:
            # Only here, so that what is missing can be told in one line, and Ctrl-C ends the import in another.
            from .program import run  # noqa: PLC0415

            return run(sys.argv[1:])
        except ModuleNotFoundError as error:
            missing = (error.name or "").partition(".")[0]
            if missing not in _EXTRA:
                raise
            sys.stderr.write(f'box-uploads: error: {missing} is missing: pip install "box-uploads[cli]"\n')
            return 2
        except KeyboardInterrupt:
            sys.stderr.write("box-uploads: interrupted\n")
            return 130
