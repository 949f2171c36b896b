"""What an error comes to on the command line: one line, what helps against it, and an exit code."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from .. import errors
from ..upload import (
    FileTooSmallError,
    JournalError,
    SourceChangedError,
    UploadError,
)
from .memory import SessionUnknownError
from .text import printable

__all__ = ["FAILED", "INTERRUPTED", "WRONG_USAGE", "Failure", "failure_of"]

FAILED, WRONG_USAGE, INTERRUPTED = 1, 2, 130

_TOKEN = "put a valid one into BOX_ACCESS_TOKEN, or into the file of --token-file"  # noqa: S105  # says where it goes
_OPTIONS = {"file_name": "--name", "file_size": "--size", "token": "token"}


class Failure(msgspec.Struct, frozen=True, kw_only=True):
    """An error or an interruption, as it is told.

    Attributes:
        message: What happened, in one line; empty if the head of the line says it all.
        hints: What helps, a line each.
        exit_code: The exit code that it stands for.
        resumable: Whether the same command goes on where this one ended.
        is_final: Whether whatever comes next would end in the same way.
        error: The error for a machine, or None for an interruption.
    """

    message: str
    hints: tuple[str, ...] = ()
    exit_code: int = FAILED
    resumable: bool = False
    is_final: bool = False
    error: dict[str, Any] | None = None

    def lines(self, about: str = "") -> list[str]:
        """Return what is told to a person."""
        head = "interrupted" if self.exit_code == INTERRUPTED else "error"
        said = ": ".join(printable(one) for one in ("box-uploads", head, about, self.message) if one)
        return [said, *(f"hint: {printable(hint)}" for hint in self.hints)]

    def data(self) -> dict[str, Any]:
        """Return what is told to a machine."""
        outcome = "interrupted" if self.exit_code == INTERRUPTED else "failed"
        return {"outcome": outcome, "resumable": self.resumable, "hints": list(self.hints), "error": self.error}


def failure_of(error: BaseException, *, path: str = "", resumable: bool = False) -> Failure:
    """Return what an error comes to.

    Args:
        error: An error of the client or the system, or KeyboardInterrupt.
        path: The path that it is told to be about.
        resumable: Whether there is a journal to go on from.
    """
    is_interruption = isinstance(error, KeyboardInterrupt)
    resumable = resumable and not isinstance(error, (JournalError, errors.InvalidArgumentError))
    hints = _hints(error)
    if resumable and not isinstance(error, errors.PreconditionFailedError):
        hints.append("run the same command again to go on")
    elif is_interruption:
        hints.append("there is no journal to go on from; the command begins anew")
    message = "" if is_interruption else _message(error, path)
    notes: list[str] = getattr(error, "__notes__", [])
    code = WRONG_USAGE if isinstance(error, errors.InvalidArgumentError) else FAILED
    return Failure(
        message=message,
        hints=(*hints, *notes),
        exit_code=INTERRUPTED if is_interruption else code,
        resumable=resumable,
        is_final=is_interruption or isinstance(error, errors.UnauthorizedError),
        error=None if is_interruption else {"type": type(error).__name__, "message": message, **_details(error)},
    )


def _message(error: BaseException, path: str) -> str:
    if isinstance(error, errors.InvalidArgumentError):
        if error.argument == "source":
            return error.rule
        option = _OPTIONS.get(error.argument, f"--{error.argument.replace('_', '-')}")
        return option + str(error).removeprefix(error.argument)
    if isinstance(error, OSError) and error.strerror:
        is_told = error.filename is None or (path and Path(error.filename) == Path(path).absolute())
        return error.strerror if is_told else f"{error.strerror}: {error.filename}"
    if isinstance(error, FileTooSmallError):
        return f"{error.size:,} bytes are too few for an upload session, which begins at {error.minimum:,}"
    return str(error)


def _hints(error: BaseException) -> list[str]:  # noqa: C901, PLR0911  # a table
    match error:
        case errors.UnauthorizedError() | errors.InvalidArgumentError(argument="token"):
            return [_TOKEN]
        case errors.ConflictError(code="item_name_in_use"):
            return _name_hints(error)
        case errors.ForbiddenError(code="storage_limit_exceeded"):
            return ["the storage of the account is full; free some of it, or choose the folder of another account"]
        case errors.ForbiddenError():
            return ["the user of the token may not do this; check the id, and the user's rights there"]
        case errors.NotFoundError(operation=("create_upload_session" | "create_version_upload_session")):
            return ["it does not exist, or the user of the token may not see it; check --folder-id or --file-id"]
        case errors.NotFoundError() | errors.GoneError():
            return ["the session was committed or aborted, or has expired; box-uploads upload begins another one"]
        case errors.PreconditionFailedError():
            return ["the file has changed; look at it, then run this again with its present etag in --if-match"]
        case errors.TransportError(kind="ProxyError"):
            return ["check the proxy that HTTPS_PROXY or ALL_PROXY names"]
        case errors.TransportError():
            return ["check the network, and --base-url or BOX_BASE_URL if you use them"]
        case errors.UntrustedUrlError():
            return ["the token was not sent there; if the host is yours, name it with --trusted-host"]
        case _:
            return _upload_hints(error)


def _upload_hints(error: BaseException) -> list[str]:  # noqa: PLR0911  # a table
    match error:
        case FileTooSmallError():
            return ["files of this size go to Box in one request: POST https://upload.box.com/api/2.0/files/content"]
        case SourceChangedError():
            return ["run the command again when nothing writes to the source any more"]
        case JournalError():
            return ["--no-resume uploads without a journal"]
        case UploadError(__cause__=Exception() as cause):
            return _hints(cause)
        case SessionUnknownError():
            return ["`box-uploads session create --json` prints a session; a file with that is enough anywhere"]
        case errors.InvalidArgumentError(argument="source", rule=rule) if "size" in rule:
            return ["through stdin it can be uploaded: - --size BYTES --name NAME"]
        case IsADirectoryError():
            return ["name the files in the folder; folders are not uploaded"]
        case _:
            return []


def _name_hints(error: errors.ConflictError) -> list[str]:
    for item in error.conflicts:
        if item.get("type", "file") == "file" and isinstance(item.get("id"), str):
            return [f"file {item['id']} has the name; --file-id {item['id']} makes a new version of it"]
    return ["choose another name with --name"]


def _details(error: BaseException) -> dict[str, Any]:
    if not isinstance(error, errors.ApiError):
        return {}
    details: dict[str, Any] = {"status": error.status, "code": error.code, "request_id": error.request_id}
    if isinstance(error, errors.ConflictError) and error.conflicts:
        names = ("type", "id", "name")
        details["conflicts"] = [{name: item[name] for name in names if name in item} for item in error.conflicts]
    return details
