"""`box-uploads session`: the single calls of an upload session, to inspect and to abort it."""

from __future__ import annotations

import datetime as dt
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec

from ..models import UploadSession
from .arguments import PATH, STDIN, require_id, require_value
from .client_options import ClientOptions, client_options
from .failure import failure_from
from .json_output import json_option, print_json
from .state_dir import InvalidSessionError, SessionFileError, StateDir, parse_session, state_dir_option
from .streams import write_line
from .text import printable

if TYPE_CHECKING:
    from collections.abc import Generator

__all__ = ["session"]

_session_argument = click.argument("session", type=PATH, callback=require_value)


@click.group()
def session() -> None:
    """Create, inspect and abort single upload sessions.

    SESSION is the id of a session that this user has created on this machine, with `session create` or with an upload
    that was interrupted; or a file (- for stdin) with the output of `session create --json`. On another machine the id
    is not enough, since only the response to the creation contains the URLs of the session.
    """


@session.command()
@click.option("--folder-id", metavar="ID", callback=require_id, help="Folder of the new file; 0 is the root folder.")
@click.option("--file-id", metavar="ID", callback=require_id, help="File that gets a new version.")
@click.option("--name", "file_name", metavar="NAME", callback=require_value, help="Name of the file at Box.")
@click.option("--size", "file_size", type=int, required=True, metavar="BYTES", help="Size of the whole file.")
@json_option
@state_dir_option
@client_options
def create(  # noqa: PLR0913  # each is an option
    options: ClientOptions,
    *,
    folder_id: str | None,
    file_id: str | None,
    file_name: str | None,
    file_size: int,
    as_json: bool,
    state_dir: StateDir,
) -> None:
    """Create a session. Box checks the name, the folder and the free storage."""
    target = {"folder_id": folder_id or msgspec.UNSET, "file_name": file_name or msgspec.UNSET}
    with options.open_client() as client:
        if file_id is not None:
            created = client.create_version_upload_session(file_id, file_size=file_size, **target)
        elif folder_id is None or file_name is None:
            raise click.UsageError("--folder-id and --name are required for a new file, --file-id for a new version")
        else:
            created = client.create_upload_session(folder_id=folder_id, file_name=file_name, file_size=file_size)
    try:
        _print_session(created, as_json=as_json)
    finally:
        # Saved after it is printed, so that a session that cannot be saved is at least shown.
        with _warn_if_unwritable():
            state_dir.clean_up(dt.datetime.now(dt.UTC))
            state_dir.save_session(created)


@session.command()
@_session_argument
@json_option
@state_dir_option
@client_options
def status(options: ClientOptions, *, session: str, as_json: bool, state_dir: StateDir) -> None:
    """Show how many parts of a session are uploaded."""
    with options.open_client() as client:
        _print_session(client.get_upload_session(_load_session(session, state_dir)), as_json=as_json)


@session.command()
@_session_argument
@json_option
@state_dir_option
@client_options
def parts(options: ClientOptions, *, session: str, as_json: bool, state_dir: StateDir) -> None:
    """List the uploaded parts of a session, one per line."""
    with options.open_client() as client:
        for part in client.iter_parts(_load_session(session, state_dir)):
            if as_json:
                print_json(part)
            else:
                write_line(printable(f"{part.part_id}  {part.offset:>15,}  {part.size:>13,}  {part.sha1.lower()}"))


@session.command()
@_session_argument
@json_option
@state_dir_option
@client_options
def abort(options: ClientOptions, *, session: str, as_json: bool, state_dir: StateDir) -> None:
    """Abort a session, and delete its uploaded parts."""
    with options.open_client() as client:
        found = _load_session(session, state_dir)
        client.abort_upload_session(found)
    with _warn_if_unwritable():
        state_dir.delete_session(found.id)
    if as_json:
        print_json({"id": found.id, "outcome": "aborted"})
    else:
        write_line(f"session {printable(found.id)} aborted")


@contextmanager
def _warn_if_unwritable() -> Generator[None]:
    """Report an unwritable state directory as a warning only, since the call to Box has succeeded."""
    try:
        yield
    except OSError as error:
        line = f"warning: the state directory cannot be written: {failure_from(error).message}"
        click.echo(printable(line), err=True)


def _load_session(session: str, state_dir: StateDir) -> UploadSession:
    if session != STDIN and not Path(session).exists():
        return state_dir.find_session(session)
    try:
        return parse_session(sys.stdin.buffer.read() if session == STDIN else Path(session).read_bytes())
    except OSError as error:
        raise SessionFileError(error.errno, error.strerror, session) from error
    except InvalidSessionError as error:
        where = "stdin" if session == STDIN else session
        raise click.UsageError(f"{where} does not contain a session: {error}") from None


def _print_session(found: UploadSession, *, as_json: bool) -> None:
    if as_json:
        print_json(found)
        return
    write_line(
        f"session  {printable(found.id)}\n"
        f"parts    {found.num_parts_processed:,} of {found.total_parts:,} uploaded, {found.part_size:,} bytes each\n"
        f"expires  {found.session_expires_at:%Y-%m-%d %H:%M:%S %Z}"
    )
