"""The mock from the command line: `python -m box_uploads_mock`."""

import argparse
import signal
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from types import FrameType

from box_uploads_mock.blobs import STORE_KINDS
from box_uploads_mock.server import MockServer
from box_uploads_mock.sessions import constant_part_size
from box_uploads_mock.world_file import load_world


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until interrupted and return the exit code: 0 interrupted, 1 cannot serve, 2 wrong usage."""
    parser = argparse.ArgumentParser(
        prog="python -m box_uploads_mock",
        description="Serve a mock of Box's upload sessions until interrupted. The first output line is the base URL.",
    )
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    parser.add_argument("--port", type=int, default=0, help="port to listen on (default: any free port)")
    parser.add_argument(
        "--name",
        action="append",
        default=[],
        metavar="HOST",
        dest="names",
        help="a further host name or address of the mock, such as api.box.com; may be repeated",
    )
    parser.add_argument("--tls", action="store_true", help="serve https (needs box-uploads[mock-tls])")
    parser.add_argument(
        "--ca-file",
        type=Path,
        metavar="FILE",
        help="write the CA certificate for clients to trust to this file (PEM)",
    )
    parser.add_argument("--token", help="the only token to accept (default: mock-token, or the world's)")
    parser.add_argument("--seed", type=int, default=0, help="seed of all ids (default: %(default)s)")
    parser.add_argument(
        "--world", type=Path, metavar="FILE", help="initial folders, files, users and limits, as JSON or YAML"
    )
    parser.add_argument(
        "--store", choices=STORE_KINDS, default="memory", help="where to keep uploaded bytes (default: %(default)s)"
    )
    parser.add_argument(
        "--part-size", type=_size, metavar="BYTES", help="part size of all sessions (default: as Box does)"
    )
    parser.add_argument(
        "--min-file-size", type=_size, metavar="BYTES", help="smallest file that gets a session (default: as Box does)"
    )
    parser.add_argument(
        "--calls-per-minute", type=_limit, metavar="N", help="calls that each user may make (default: no limit)"
    )
    parser.add_argument(
        "--uploads-per-minute", type=_limit, metavar="N", help="uploads that each user may begin (default: no limit)"
    )
    options = parser.parse_args(arguments)
    if options.ca_file is not None and not options.tls:
        parser.error("--ca-file: without --tls there is no certificate to write; add --tls")

    interrupted = threading.Event()

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        interrupted.set()

    signal.signal(signal.SIGINT, interrupt)
    signal.signal(signal.SIGTERM, interrupt)
    try:
        world = None if options.world is None else load_world(options.world)
        server = MockServer(
            world=world,
            token=options.token,
            seed=options.seed,
            store=options.store,
            part_size_for=None if options.part_size is None else constant_part_size(options.part_size),
            min_file_size=options.min_file_size,
            calls_per_minute=options.calls_per_minute,
            uploads_per_minute=options.uploads_per_minute,
            host=options.host,
            port=options.port,
            names=options.names,
            tls=options.tls,
        )
    # ValueError: an invalid world, token or host name; ModuleNotFoundError: TLS without its extra.
    except (ValueError, ModuleNotFoundError) as error:
        return _fail(2, str(error))
    try:
        server.start()
    # OverflowError: a port beyond 65535.
    except (OSError, OverflowError) as error:
        reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
        return _fail(1, f"cannot listen on {options.host}:{options.port}: {reason}; choose another --host or --port")
    if options.ca_file is not None:
        # Only once the port is ours: otherwise the file may belong to the mock that has the port.
        try:
            options.ca_file.write_text(server.ca_pem, encoding="ascii")
        except OSError as error:
            server.stop()
            return _fail(1, f"cannot write {options.ca_file}: {error.strerror or error}; choose another --ca-file")
    print(server.base_url, flush=True)  # noqa: T201 - callers read the first line
    interrupted.wait()
    server.stop()
    return 0


def _size(text: str) -> int:
    return _positive(text, "a size; use a whole number of bytes, at least 1")


def _limit(text: str) -> int:
    return _positive(text, "a limit; use a whole number, at least 1")


def _positive(text: str, kind: str) -> int:
    try:
        number = int(text)
    except ValueError:
        number = 0
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not {kind}")
    return number


def _fail(code: int, message: str) -> int:
    print(f"box_uploads_mock: {message}", file=sys.stderr)  # noqa: T201 - a command's error
    return code


if __name__ == "__main__":
    sys.exit(main())
