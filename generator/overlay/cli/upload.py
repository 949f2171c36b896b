"""`box-uploads upload`: its options, and their combinations."""

from __future__ import annotations

import datetime as dt
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from .arguments import PATH, STDIN, require_id, require_value, require_values
from .batch import Batch
from .client_options import ClientOptions, client_options
from .display import LogDisplay, QuietDisplay
from .json_output import json_option
from .progress_bar import ProgressBar
from .results import Results
from .settings import Settings
from .signals import interrupt_on_signals
from .state_dir import StateDir, state_dir_option

if TYPE_CHECKING:
    from .display import Display

__all__ = ["upload"]


@click.command(short_help="Upload files: paths, URLs, or stdin.")
@click.argument("paths", nargs=-1, required=True, metavar="PATH...", type=PATH, callback=require_values)
@click.option("--folder-id", metavar="ID", callback=require_id, help="Folder of the new files; 0 is the root folder.")
@click.option("--file-id", metavar="ID", callback=require_id, help="File that gets a new version.")
@click.option(
    "--name",
    "file_name",
    metavar="NAME",
    callback=require_value,
    help="Name of the file at Box.  [default: the name of PATH; with --file-id, the current name]",
)
@click.option(
    "--size",
    type=click.IntRange(min=0),
    metavar="BYTES",
    help="Number of bytes on stdin, if that is a pipe; without it, the pipe is read to its end first.",
)
@click.option(
    "--if-match",
    metavar="ETAG",
    callback=require_value,
    help="With --file-id: fail unless the file still has this etag.",
)
@click.option(
    "--resume/--no-resume",
    default=None,
    help="Keep a journal, so that the same command resumes after an interruption or a crash."
    "  [default: --resume, except for stdin]",
)
@click.option(
    "--transfers",
    type=click.IntRange(1, 64),
    default=4,
    show_default=True,
    help="Number of files to upload in parallel.",
)
@click.option(
    "--workers",
    type=click.IntRange(1, 64),
    default=4,
    show_default=True,
    help="Number of parts to upload in parallel, of all files together; one more is in memory.",
)
@json_option
@click.option("--quiet", "-q", is_flag=True, help="Print only errors, and with --json the objects.")
@state_dir_option
@client_options
def upload(  # noqa: PLR0913  # each is an option
    options: ClientOptions,
    *,
    paths: tuple[str, ...],
    resume: bool | None,
    as_json: bool,
    quiet: bool,
    state_dir: StateDir,
    **values: Any,
) -> int:
    """Upload files, several in parallel: paths, URLs that fsspec can open, or - for stdin.

    All paths are checked first; if one cannot be uploaded, nothing is sent. After that, a file that fails does not
    stop the others, and each result is printed when it is known. After Ctrl-C, SIGTERM or a crash, run the same command
    again: it resumes, and stores each file only once. A part that fails is retried for up to 10 minutes; the time that
    a rate limit takes does not count.

    With --json, each path gets an object with path and outcome. A stored file has id, name, size, sha1, etag,
    already_there (an earlier run has stored it), unchanged (the file had this content already), sessions_left (how many
    unused sessions could not be aborted and exist until they expire) and pauses (how often a rate limit stopped it).
    For failed, interrupted and skipped there are error, hints, session and resumable (whether the same command resumes
    that session).
    """
    settings = Settings(**values)
    _check_options(paths, settings, resume=resume)
    with options.open_client() as client:
        display = _create_display(paths, settings.size, quiet=quiet)
        results = Results(display, "json" if as_json else "none" if quiet else "text")
        journals = None if resume is False else state_dir
        state_dir.clean_up(dt.datetime.now(dt.UTC))
        batch = Batch(
            paths,
            client,
            settings,
            journals,
            display=display,
            results=results,
            server=options.base_url,
            as_user=options.as_user,
        )
        try:
            with interrupt_on_signals(display.show_stopping):
                return batch.upload()
        finally:
            display.close()


def _check_options(paths: tuple[str, ...], settings: Settings, *, resume: bool | None) -> None:
    if settings.folder_id is None and settings.file_id is None:
        raise click.UsageError("--folder-id is required for a new file, or --file-id for a new version")
    if settings.if_match is not None and settings.file_id is None:
        raise click.UsageError("--if-match requires --file-id")
    if len(paths) > 1:
        _check_several(paths, settings)
    elif paths != (STDIN,):
        if settings.size is not None:
            raise click.UsageError("--size is only for stdin (-)")
    elif resume:
        raise click.UsageError("stdin (-) cannot be read again, so its upload cannot be resumed")
    elif settings.file_id is None and settings.file_name is None:
        raise click.UsageError("stdin (-) has no name; set --name")


def _check_several(paths: tuple[str, ...], settings: Settings) -> None:
    for option, value in (("--file-id", settings.file_id), ("--name", settings.file_name), ("--size", settings.size)):
        if value is not None:
            raise click.UsageError(f"{option} is for a single path, but {len(paths)} are given")
    if STDIN in paths:
        raise click.UsageError("stdin (-) cannot be combined with other paths")


def _create_display(paths: tuple[str, ...], stdin_size: int | None, *, quiet: bool) -> Display:
    if quiet:
        return QuietDisplay()
    if not sys.stderr.isatty() or os.environ.get("TERM") == "dumb":
        return LogDisplay()
    sizes = [stdin_size if path == STDIN else _size(path) for path in paths]
    return ProgressBar(sizes, results_here=sys.stdout.isatty())


def _size(path: str) -> int | None:
    if "://" in path:
        return None
    try:
        return Path(path).stat().st_size
    except OSError:
        # The check of the paths reports it.
        return 0
