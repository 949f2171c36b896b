"""Hints: what a user can do about an error, as an instruction."""

from __future__ import annotations

from pathlib import Path

from .. import errors
from ..auth import SignInError, SignInUnavailableError
from ..upload import (
    CommitUnconfirmedError,
    JournalError,
    SourceChangedError,
    UploadError,
    conflicting_items,
)
from .arguments import STDIN, DuplicateNameError, PathNameError
from .client_options import TrustStoreError
from .state_dir import SessionFileError, UnknownSessionError
from .token_file import TokenFileError

__all__ = ["hints_for", "is_about_path"]

_USE_STDIN = "pipe it to stdin: box-uploads upload - --name NAME"
_SIGN_IN = "run `box-uploads login`, or put a valid token in BOX_ACCESS_TOKEN or the file of --token-file"
_NETWORK = "check the network, and --base-url or BOX_BASE_URL if you set it"
_CREATE = ("create_upload_session", "create_version_upload_session", "upload_small_file", "upload_small_version")
_OTHER_ACCOUNT = "or choose a folder of another account"


def hints_for(error: BaseException, path: str = "") -> list[str]:
    """Return the hints for an error.

    Args:
        error: The error.
        path: The path that was uploaded, or empty.
    """
    if isinstance(error, errors.ApiError):
        return _api_hints(error)
    if isinstance(error, SignInError):
        is_unreachable = isinstance(error, SignInUnavailableError) and not error.hint
        return [_NETWORK] if is_unreachable else [error.hint] if error.hint else []
    return _path_hints(error, path) or _upload_hints(error, path) or _option_hints(error)


def is_about_path(error: OSError, path: str) -> bool:
    """Whether an error of the system is about a path to upload."""
    return bool(path) and error.filename is not None and Path(error.filename) == Path(path).absolute()


def _path_hints(error: BaseException, path: str) -> list[str]:
    match error:
        case SourceChangedError() | errors.InvalidArgumentError(argument="size") if path == STDIN:
            return ["set --size to the number of bytes on stdin, or leave it out"]
        case IsADirectoryError() if path:
            return ["name the files in the folder; folders are not uploaded"]
        case FileNotFoundError() if "://" in path:
            return ["check the URL; fsspec finds no file there"]
        case FileNotFoundError() | NotADirectoryError() if is_about_path(error, path):
            if Path(path).is_absolute():
                return ["check the spelling, and whether the volume is mounted"]
            return [f"check the spelling; relative paths start at {Path.cwd()}"]
        case _:
            return []


def _api_hints(error: errors.ApiError) -> list[str]:  # noqa: PLR0911  # a table
    match error:
        case errors.UnauthorizedError():
            return [_SIGN_IN]
        case errors.ConflictError(code="item_name_in_use"):
            return _name_hints(error)
        # Box's reference has it as 403, its guide to preflight checks as 409.
        case errors.ApiError(code="storage_limit_exceeded"):
            return [f"free some storage of the account, which is full, {_OTHER_ACCOUNT}"]
        case errors.ForbiddenError(code="file_size_limit_exceeded"):
            return [f"split the file, which is larger than the folder owner's plan allows, {_OTHER_ACCOUNT}"]
        case errors.ForbiddenError():
            return ["check the id, and the rights that the token's user has there"]
        case errors.NotFoundError(operation=operation, context_info=context) if operation in _CREATE:
            # A response that does not say what is missing may come from another server, or from a wrong path of it.
            further = "" if context else ", and --base-url if you set it"
            return [f"check --folder-id or --file-id{further}; the token's user cannot see such an item"]
        case errors.NotFoundError() | errors.GoneError():
            return ["start a new session with `box-uploads upload`; this one was committed or aborted, or has expired"]
        case errors.RateLimitedError(retry_after_s=float() | int() as retry_after_s) if retry_after_s > 0:
            return [f"run this again in {retry_after_s:,.0f} s, as Box asks"]
        case errors.PreconditionFailedError():
            return ["check the file at Box, which has changed; then run this again with its current etag in --if-match"]
        case _:
            return []


def _upload_hints(error: BaseException, path: str) -> list[str]:  # noqa: PLR0911  # a table
    match error:
        case SourceChangedError():
            return ["run the command again when no program writes to the file any more"]
        case JournalError(in_use=True):
            return ["wait for the other process to end, then run the same command again"]
        case JournalError():
            return ["use --no-resume to upload without a journal"]
        case CommitUnconfirmedError():
            return [f"{_where_to_look(error)}; only if it is not there, upload it again with --no-resume"]
        case UploadError(__cause__=Exception() as cause):
            return hints_for(cause)
        case DuplicateNameError() | PathNameError():
            return ["upload it on its own, with --name NAME"]
        case errors.InvalidArgumentError(argument="source") if "://" in path:
            return [f"install the package that fsspec needs for this URL, or {_USE_STDIN}"]
        case errors.InvalidArgumentError(argument="source" | "size"):
            return [_USE_STDIN]
        case _:
            return []


def _where_to_look(error: CommitUnconfirmedError) -> str:
    name = error.file_name or "the file"
    sha1 = "the source's sha1" if error.sha1 is None else f"sha1 {error.sha1}"
    if error.file_id is not None:
        return f"look among the versions of file {error.file_id} for one with {sha1}"
    where = "at Box" if error.folder_id is None else f"in folder {error.folder_id}"
    return f"look {where} for {name} with {sha1}"


def _option_hints(error: BaseException) -> list[str]:  # noqa: PLR0911  # a table
    match error:
        case errors.InvalidArgumentError(argument="token"):
            return [_SIGN_IN]
        case errors.InvalidArgumentError(argument="base_url"):
            return ["set it to https://HOST/PATH, or leave it out to use Box's own servers"]
        case TokenFileError():
            return ["set --token-file to a file that contains an access token and nothing else"]
        case TrustStoreError():
            return ["set SSL_CERT_FILE to a file of trusted certificates, or unset it to use those of the system"]
        case errors.TransportError(kind="ProxyError") | errors.InvalidArgumentError(argument="http"):
            return ["check the proxy in HTTPS_PROXY or ALL_PROXY"]
        case errors.TransportError():
            return [_NETWORK]
        case errors.UntrustedUrlError(host=str(host)):
            return [f"if this host is yours, add --trusted-host {host}; the token was not sent there"]
        case errors.UntrustedUrlError():
            return ["use the session as Box returned it when it was created; the token was not sent to this URL"]
        case SessionFileError() | UnknownSessionError():
            return ["pass an id from this machine, or a file with the output of `box-uploads session create --json`"]
        case _:
            return []


def _name_hints(error: errors.ConflictError) -> list[str]:
    items = conflicting_items(error)
    for item in items:
        if item.get("type", "file") == "file" and isinstance(item.get("id"), str):
            return [f"use --file-id {item['id']} to upload a new version of the file with this name"]
    is_folder = any(item.get("type") == "folder" for item in items)
    return ["choose another name with --name" + ("; a folder has this one" if is_folder else "")]
