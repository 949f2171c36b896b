"""What an error comes to on the command line: one line, what helps against it, and an exit code."""

from __future__ import annotations

from typing import Any

import msgspec

from .. import errors
from ..upload import CommitUnconfirmedError, FileTooSmallError, JournalError
from .hints import hints_of, is_of_path
from .text import counted, printable

__all__ = ["FAILED", "INTERRUPTED", "WRONG_USAGE", "Failure", "failure_of", "skipped"]

FAILED, WRONG_USAGE, INTERRUPTED = 1, 2, 130

_OPTIONS = {
    "base_url": "--base-url or BOX_BASE_URL",
    "file_name": "--name",
    "file_size": "--size",
    "http": "the HTTP client",
    "token": "token",
    "trusted_hosts": "--trusted-host",
}
# What helps a program with a pipe; what helps here is a hint.
_FOR_PROGRAMS = "; give it as an open file, with its size"
# What a second run would only fail by as well.
_LASTING = (CommitUnconfirmedError, JournalError, errors.InvalidArgumentError)


class Failure(msgspec.Struct, frozen=True, kw_only=True):
    """An error or an interruption, as it is told.

    Attributes:
        message: What happened, in one line; empty if the head of the line says it all.
        hints: What helps, a line each.
        exit_code: The exit code that it stands for.
        session: Id of the session that is left, or None.
        resumable: Whether the same command goes on where this one ended.
        is_final: Whether whatever comes next would end in the same way.
        error: The error for a machine, or None for an interruption.
    """

    message: str
    hints: tuple[str, ...] = ()
    exit_code: int = FAILED
    session: str | None = None
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
        return _data(outcome, self.session, resumable=self.resumable, hints=self.hints, error=self.error)


def skipped(session: str | None) -> dict[str, Any]:
    """Return what a machine is told of a path that was not tried.

    Args:
        session: Id of the session that an earlier run has left for it, or None.
    """
    return _data("skipped", session, resumable=session is not None, hints=(), error=None)


def _data(
    outcome: str, session: str | None, *, resumable: bool, hints: tuple[str, ...], error: dict[str, Any] | None
) -> dict[str, Any]:
    return {"outcome": outcome, "session": session, "resumable": resumable, "hints": list(hints), "error": error}


def failure_of(error: BaseException, *, path: str = "", session: str | None = None) -> Failure:
    """Return what an error comes to.

    Args:
        error: An error of the client or the system, or KeyboardInterrupt.
        path: The path that it is told to be about.
        session: Id of the session that is left in a journal to go on from, or None.
    """
    is_interruption = isinstance(error, KeyboardInterrupt)
    resumable = session is not None and not isinstance(error, _LASTING)
    hints = hints_of(error, path)
    if resumable and not isinstance(error, errors.PreconditionFailedError):
        hints.append(f"run the same command again to go on with session {session}")
    elif is_interruption:
        hints.append("there is no journal to go on from; the command begins anew")
    message = "" if is_interruption else _message(error, path)
    notes: list[str] = getattr(error, "__notes__", [])
    code = WRONG_USAGE if isinstance(error, errors.InvalidArgumentError) else FAILED
    return Failure(
        message=message,
        hints=(*hints, *notes),
        exit_code=INTERRUPTED if is_interruption else code,
        session=session,
        resumable=resumable,
        is_final=is_interruption or isinstance(error, errors.UnauthorizedError),
        error=None if is_interruption else {"type": type(error).__name__, "message": message, **_details(error)},
    )


def _message(error: BaseException, path: str) -> str:
    if isinstance(error, errors.InvalidArgumentError):
        if error.argument == "source":
            return error.rule.removesuffix(_FOR_PROGRAMS)
        option = _OPTIONS.get(error.argument, f"--{error.argument.replace('_', '-')}")
        return option + str(error).removeprefix(error.argument)
    if isinstance(error, OSError) and error.strerror:
        is_told = error.filename is None or is_of_path(error, path)
        return error.strerror if is_told else f"{error.strerror}: {error.filename}"
    if type(error).__module__ == "builtins":
        # Its kind is what it has to say.
        return f"{type(error).__name__}: {error}"
    if isinstance(error, FileTooSmallError):
        few = f"{counted(error.size, 'byte')} {'is' if error.size == 1 else 'are'} too few"
        return f"{few} for an upload session, which begins at {error.minimum:,}"
    return str(error)


def _details(error: BaseException) -> dict[str, Any]:
    if not isinstance(error, errors.ApiError):
        return {}
    details: dict[str, Any] = {"status": error.status, "code": error.code, "request_id": error.request_id}
    if isinstance(error, errors.ConflictError) and error.conflicts:
        names = ("type", "id", "name")
        details["conflicts"] = [{name: item[name] for name in names if name in item} for item in error.conflicts]
    return details
