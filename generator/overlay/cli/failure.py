"""How an error is reported: one line, hints, JSON, and an exit code."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from .. import errors
from ..auth import SignInError, SignInRefusedError
from ..upload import CommitUnconfirmedError, JournalError, UploadCancelledError, conflicting_items
from .hints import hints_for, is_about_path
from .text import printable

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["FAILED", "INTERRUPTED", "USAGE_ERROR", "Failure", "failure_from", "skipped_data"]

FAILED, USAGE_ERROR, INTERRUPTED = 1, 2, 130

_OPTIONS = {
    "base_url": "--base-url or BOX_BASE_URL",
    "client_id": "BOX_CLIENT_ID",
    "client_secret": "BOX_CLIENT_SECRET",
    "enterprise_id": "BOX_ENTERPRISE_ID",
    "file_name": "--name",
    "file_size": "--size",
    "http": "the HTTP client",
    "token": "token",
    "trusted_hosts": "--trusted-host",
    "user_id": "BOX_USER_ID",
}
# Advice for callers of `upload_file`; the hints have that for the command line.
_FOR_CALLERS = "; pass it as an open file"
# Errors that the same command would only meet again.
_PERMANENT = (CommitUnconfirmedError, JournalError, errors.InvalidArgumentError)


class Failure(msgspec.Struct, frozen=True, kw_only=True):
    """An error or an interruption, as it is reported.

    Attributes:
        message: What happened, in one line; empty for an interruption.
        hints: What to do about it, one instruction per line.
        notes: What else happened, such as a session that could not be aborted.
        exit_code: The exit code.
        session: Id of the session that is kept for the next run, or None.
        resumable: Whether the same command resumes.
        is_final: Whether all further files would fail in the same way.
        error: The error as JSON data, or None for an interruption.
    """

    message: str
    hints: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    exit_code: int = FAILED
    session: str | None = None
    resumable: bool = False
    is_final: bool = False
    error: dict[str, Any] | None = None

    @property
    def is_interruption(self) -> bool:
        """Whether it is an interruption rather than an error."""
        return self.exit_code == INTERRUPTED

    def lines(self, subject: str = "") -> list[str]:
        """Return the lines for stderr.

        Args:
            subject: What it is about, such as the path; empty for the command as a whole.
        """
        words = (subject, "interrupted") if self.is_interruption else ("error", subject, self.message)
        line = ": ".join(printable(word) for word in words if word)
        notes = (f"note: {printable(note)}" for note in self.notes)
        # The further lines of a hint are a list.
        hints = (printable(text) for hint in self.hints for text in f"hint: {hint}".splitlines())
        return [line, *notes, *hints]

    def json_data(self) -> dict[str, Any]:
        """Return the object for `--json`."""
        outcome = "interrupted" if self.is_interruption else "failed"
        hints = (*self.hints, *self.notes)
        return _json_data(outcome, self.session, resumable=self.resumable, hints=hints, error=self.error)


def skipped_data(session: str | None) -> dict[str, Any]:
    """Return the object of `--json` for a path that was not tried.

    Args:
        session: Id of the session that an earlier run has left, or None.
    """
    return _json_data("skipped", session, resumable=session is not None, hints=(), error=None)


def _json_data(
    outcome: str, session: str | None, *, resumable: bool, hints: tuple[str, ...], error: dict[str, Any] | None
) -> dict[str, Any]:
    return {"outcome": outcome, "session": session, "resumable": resumable, "hints": list(hints), "error": error}


def failure_from(
    error: BaseException,
    *,
    path: str = "",
    session: str | None = None,
    has_journal: bool = False,
    hints: Sequence[str] = (),
) -> Failure:
    """Return how to report an error.

    Args:
        error: An error of the client or the system, or KeyboardInterrupt, which threads get as UploadCancelledError.
        path: The path that was uploaded, which the report names.
        session: Id of the session that is left in the journal, or None.
        has_journal: Whether a journal is kept.
        hints: Further hints of the caller.
    """
    is_interruption = isinstance(error, (KeyboardInterrupt, UploadCancelledError))
    resumable = session is not None and not isinstance(error, _PERMANENT)
    found = hints_for(error, path)
    if resumable and not isinstance(error, errors.PreconditionFailedError):
        found.append(f"run the same command again; it resumes session {session}")
    elif is_interruption and has_journal:
        found.append("run the same command again; it stores the file only once")
    elif is_interruption:
        found.append("run the same command again; without a journal it starts over")
    message = "" if is_interruption else _message(error, path)
    # A sign-in has its hint as a note, too, for tracebacks.
    notes: list[str] = [note for note in getattr(error, "__notes__", []) if note not in found]
    code = USAGE_ERROR if isinstance(error, errors.InvalidArgumentError) else FAILED
    return Failure(
        message=message,
        hints=(*found, *hints),
        notes=tuple(notes),
        exit_code=INTERRUPTED if is_interruption else code,
        session=session,
        resumable=resumable,
        is_final=is_interruption or isinstance(error, (errors.UnauthorizedError, SignInError)),
        error=None if is_interruption else {"type": type(error).__name__, "message": message, **_details(error)},
    )


def _message(error: BaseException, path: str) -> str:
    if isinstance(error, errors.InvalidArgumentError):
        if error.argument == "source":
            return error.rule.removesuffix(_FOR_CALLERS)
        option = _OPTIONS.get(error.argument, f"--{error.argument.replace('_', '-')}")
        return option + str(error).removeprefix(error.argument)
    if isinstance(error, OSError) and error.strerror:
        is_named = error.filename is None or is_about_path(error, path)
        return error.strerror if is_named else f"{error.filename}: {error.strerror}"
    if type(error).__module__ == "builtins":
        # Such as FileNotFoundError('/x'), whose text alone does not say what is wrong.
        return f"{type(error).__name__}: {error}"
    return str(error)


def _details(error: BaseException) -> dict[str, Any]:
    if isinstance(error, SignInRefusedError):
        return {"status": error.status, "code": error.error}
    if not isinstance(error, errors.ApiError):
        return {}
    details: dict[str, Any] = {"status": error.status, "code": error.code, "request_id": error.request_id}
    if isinstance(error, errors.ConflictError) and (items := conflicting_items(error)):
        names = ("type", "id", "name")
        details["conflicts"] = [{name: item[name] for name in names if name in item} for item in items]
    return details
