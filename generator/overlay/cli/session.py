"""`box-uploads session`: the calls of a session, one by one, to look at what goes on and to clear away."""

from __future__ import annotations

import datetime as dt
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec

from ..models import UploadSession
from .access import Access, access_options
from .arguments import PATH, STDIN, box_id, filled
from .failure import failure_of
from .machine import json_option, print_json
from .memory import Memory, NoSessionError, memory_option, read_session
from .streams import put
from .text import printable

if TYPE_CHECKING:
    from collections.abc import Generator

__all__ = ["session"]

_session_argument = click.argument("session", metavar="SESSION", type=PATH, callback=filled)


@click.group()
def session() -> None:
    """Work with single upload sessions.

    SESSION is the id of a session that this user has made on this machine, by `session create` or by an upload that was
    interrupted; or a file (- for stdin) with what `session create --json` has printed. An id alone is not enough
    elsewhere, since a session's calls go to URLs that only its creation tells.
    """


@session.command()
@click.option("--folder-id", metavar="ID", callback=box_id, help="Folder that gets the file; 0 is the root folder.")
@click.option("--file-id", metavar="ID", callback=box_id, help="File that gets a new version.")
@click.option("--name", "file_name", metavar="NAME", callback=filled, help="Name of the file at Box.")
@click.option("--size", "file_size", type=int, required=True, metavar="BYTES", help="Size of the whole file.")
@json_option
@memory_option
@access_options
def create(  # noqa: PLR0913  # each is an option
    access: Access,
    *,
    folder_id: str | None,
    file_id: str | None,
    file_name: str | None,
    file_size: int,
    as_json: bool,
    memory: Memory,
) -> None:
    """Create a session, which also checks the name, the folder and the storage."""
    moved = {"folder_id": folder_id or msgspec.UNSET, "file_name": file_name or msgspec.UNSET}
    with access.client() as client:
        if file_id is not None:
            made = client.create_version_upload_session(file_id, file_size=file_size, **moved)
        elif folder_id is None or file_name is None:
            raise click.UsageError("a new file needs --folder-id and --name, a new version --file-id")
        else:
            made = client.create_upload_session(folder_id=folder_id, file_name=file_name, file_size=file_size)
    try:
        _show(made, as_json=as_json)
    finally:
        # After it: what cannot be kept was shown at least.
        with _remembering():
            memory.tidy(dt.datetime.now(dt.UTC))
            memory.remember(made)


@session.command()
@_session_argument
@json_option
@memory_option
@access_options
def status(access: Access, *, session: str, as_json: bool, memory: Memory) -> None:
    """Show how far a session is."""
    with access.client() as client:
        _show(client.get_upload_session(_found(session, memory)), as_json=as_json)


@session.command()
@_session_argument
@json_option
@memory_option
@access_options
def parts(access: Access, *, session: str, as_json: bool, memory: Memory) -> None:
    """List the parts that a session holds, one on a line."""
    with access.client() as client:
        for part in client.iter_parts(_found(session, memory)):
            if as_json:
                print_json(part)
            else:
                put(printable(f"{part.part_id}  {part.offset:>15,}  {part.size:>13,}  {part.sha1.lower()}"))


@session.command()
@_session_argument
@json_option
@memory_option
@access_options
def abort(access: Access, *, session: str, as_json: bool, memory: Memory) -> None:
    """End a session, and drop the parts that it holds."""
    with access.client() as client:
        found = _found(session, memory)
        client.abort_upload_session(found)
    with _remembering():
        memory.forget(found.id)
    if as_json:
        print_json({"id": found.id, "outcome": "aborted"})
    else:
        put(f"{printable(found.id)} is aborted")


@contextmanager
def _remembering() -> Generator[None]:
    """Take what the folder for states does not let us do for a warning: the call itself has had its effect."""
    try:
        yield
    except OSError as error:
        said = f"box-uploads: warning: --state-dir cannot be written to: {failure_of(error).message}"
        click.echo(printable(said), err=True)


def _found(session: str, memory: Memory) -> UploadSession:
    if session != STDIN and not Path(session).exists():
        return memory.find(session)
    try:
        return read_session(sys.stdin.buffer.read() if session == STDIN else Path(session).read_bytes())
    except OSError as error:
        error.add_note("SESSION is an id, or a file with what `session create --json` has printed")
        raise
    except NoSessionError as error:
        where = "stdin" if session == STDIN else session
        raise click.UsageError(f"{where} describes no session: {error}") from None


def _show(found: UploadSession, *, as_json: bool) -> None:
    if as_json:
        print_json(found)
        return
    put(
        f"session  {printable(found.id)}\n"
        f"parts    {found.num_parts_processed:,} of {found.total_parts:,}, of {found.part_size:,} bytes each\n"
        f"expires  {found.session_expires_at:%Y-%m-%d %H:%M:%S %Z}"
    )
