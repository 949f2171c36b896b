"""`box-uploads upload`: its options, and what they may be together."""

from __future__ import annotations

import datetime as dt
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from .access import Access, access_options
from .arguments import PATH, STDIN, all_filled, box_id, filled
from .bar import Bar
from .batch import Batch, Results, Settings
from .display import Lines, Quiet
from .interruption import interruptible
from .machine import json_option
from .memory import Memory, memory_option

if TYPE_CHECKING:
    from .display import Display

__all__ = ["upload"]


@click.command(short_help="Upload files: paths, URLs, or stdin.")
@click.argument("paths", nargs=-1, required=True, metavar="PATH...", type=PATH, callback=all_filled)
@click.option("--folder-id", metavar="ID", callback=box_id, help="Folder that gets the files; 0 is the root folder.")
@click.option("--file-id", metavar="ID", callback=box_id, help="File that gets a new version.")
@click.option(
    "--name",
    "file_name",
    metavar="NAME",
    callback=filled,
    help="Name of the file at Box.  [default: that of PATH, or with --file-id the present one]",
)
@click.option(
    "--size",
    type=click.IntRange(min=0),
    metavar="BYTES",
    help="Size of what comes from stdin; needed if that is a pipe.",
)
@click.option(
    "--if-match", metavar="ETAG", callback=filled, help="With --file-id: only if the file still has this etag."
)
@click.option(
    "--resume/--no-resume",
    default=None,
    help="Whether a journal is kept, by which the same command goes on after an interruption or a crash."
    "  [default: --resume, but for stdin]",
)
@click.option(
    "--workers", type=click.IntRange(1, 64), default=4, show_default=True, help="Parts that are sent at a time."
)
@json_option
@click.option("--quiet", "-q", is_flag=True, help="Show nothing but errors, and with --json the objects.")
@memory_option
@access_options
def upload(  # noqa: PLR0913  # each is an option
    access: Access,
    *,
    paths: tuple[str, ...],
    resume: bool | None,
    as_json: bool,
    quiet: bool,
    memory: Memory,
    **options: Any,
) -> int:
    """Upload files, one after the other: paths, URLs that fsspec knows, or - for stdin.

    All of them are looked at first; if one cannot be uploaded, nothing is sent. Later, a file that fails does not keep
    the others from being uploaded. After Ctrl-C, SIGTERM or a crash the same command
    goes on where it stopped, and makes each file once. A part that fails is sent again, for up to 10 minutes.

    With --json, the object of each path has path and outcome: stored, with id, name, size, sha1, etag, already_there
    and sessions_left, the number of sessions that could not be found or aborted and may go on until they expire; or
    failed, interrupted or skipped, with error, hints, session and resumable, which is whether the same command goes on
    with that session.
    """
    settings = Settings(**options)
    _check(paths, settings, resume=resume)
    with access.client() as client:
        display = _display(paths, settings.size, quiet=quiet)
        results: Results = "json" if as_json else "none" if quiet else "text"
        kept = None if resume is False else memory
        memory.tidy(dt.datetime.now(dt.UTC))
        batch = Batch(client, settings, kept, display, server=access.base_url, results=results)
        try:
            with interruptible(display.stopping):
                return batch.upload(paths)
        finally:
            display.end()


def _check(paths: tuple[str, ...], settings: Settings, *, resume: bool | None) -> None:
    if settings.folder_id is None and settings.file_id is None:
        raise click.UsageError("say where it goes: --folder-id for a new file, --file-id for a new version")
    if settings.if_match is not None and settings.file_id is None:
        raise click.UsageError("--if-match is for a new version: --file-id")
    if len(paths) > 1:
        _check_several(paths, settings)
    elif paths != (STDIN,):
        if settings.size is not None:
            raise click.UsageError("--size is for stdin (-)")
    elif resume:
        raise click.UsageError("stdin (-) cannot be read again, so its upload cannot be resumed")
    elif settings.file_id is None and settings.file_name is None:
        raise click.UsageError("stdin (-) has no name; give one: --name")
    elif settings.size is None and not sys.stdin.buffer.seekable():
        raise click.UsageError("stdin (-) is a pipe, whose size nobody knows; give it: --size")


def _check_several(paths: tuple[str, ...], settings: Settings) -> None:
    for option, value in (("--file-id", settings.file_id), ("--name", settings.file_name), ("--size", settings.size)):
        if value is not None:
            raise click.UsageError(f"{option} is for one file, and there are {len(paths)} paths")
    if STDIN in paths:
        raise click.UsageError("stdin (-) is uploaded alone")


def _display(paths: tuple[str, ...], stdin_size: int | None, *, quiet: bool) -> Display:
    if quiet:
        return Quiet()
    if not sys.stderr.isatty() or os.environ.get("TERM") == "dumb":
        return Lines()
    sizes = [stdin_size if path == STDIN else _size(path) for path in paths]
    return Bar(sizes, results_here=sys.stdout.isatty())


def _size(path: str) -> int | None:
    if "://" in path:
        return None
    try:
        return Path(path).stat().st_size
    except OSError:
        # It will fail, and is no part of what is to be done.
        return 0
