"""`box-uploads session`: the calls of a session, one by one, to look at what goes on and to clear away."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec

from ..models import UploadSession
from ..upload import iter_parts
from .access import Access, access_options
from .machine import json_option, print_json
from .memory import Memory, memory_option, read_session

if TYPE_CHECKING:
    pass

__all__ = ["session"]

_session_argument = click.argument("session", metavar="SESSION", type=click.Path(allow_dash=True))


@click.group()
def session() -> None:
    """Work with single upload sessions.

    SESSION is the id of a session that this user has made on this machine, by `session create` or by an upload that was
    interrupted; or a file (- for stdin) with what `session create --json` has printed. An id alone is not enough
    elsewhere, since a session's calls go to URLs that only its creation tells.
    """


@session.command()
@click.option("--folder-id", metavar="ID", help="Folder that gets the file; 0 is the root folder.")
@click.option("--file-id", metavar="ID", help="File that gets a new version.")
@click.option("--name", "file_name", metavar="NAME", help="Name of the file at Box.")
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
    memory.remember(made)
    _show(made, as_json=as_json)


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
        for part in iter_parts(client, _found(session, memory)):
            if as_json:
                print_json(part)
            else:
                click.echo(f"{part.part_id}  {part.offset:>15,}  {part.size:>13,}  {part.sha1}")


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
    memory.forget(found.id)
    if as_json:
        print_json({"id": found.id, "outcome": "aborted"})
    else:
        click.echo(f"{found.id} is aborted")


def _found(session: str, memory: Memory) -> UploadSession:
    if session != "-" and not Path(session).exists():
        return memory.find(session)
    content = sys.stdin.buffer.read() if session == "-" else Path(session).read_bytes()
    try:
        return read_session(content)
    except msgspec.MsgspecError as error:
        where = "stdin" if session == "-" else session
        raise click.UsageError(f"{where} describes no session: {error}") from None


def _show(found: UploadSession, *, as_json: bool) -> None:
    if as_json:
        print_json(found)
        return
    click.echo(f"session  {found.id}")
    click.echo(f"parts    {found.num_parts_processed:,} of {found.total_parts:,}, of {found.part_size:,} bytes each")
    click.echo(f"expires  {found.session_expires_at:%Y-%m-%d %H:%M:%S %Z}")
