"""What helps against an error: a line or two that a person can follow."""

from __future__ import annotations

import re
from pathlib import Path

from .. import errors
from ..upload import CommitUnconfirmedError, FileTooSmallError, JournalError, SourceChangedError, UploadError
from .access import TokenFileError, TrustStoreError
from .arguments import STDIN, DuplicateNameError, PathNameError
from .memory import SessionUnknownError

__all__ = ["hints_of", "is_of_path"]

_TOKEN = "put a valid one into BOX_ACCESS_TOKEN, or into the file of --token-file"  # noqa: S105  # says where it goes
_THROUGH_STDIN = "through stdin it can be uploaded: - --size BYTES --name NAME"
_LOOK = re.compile(r"look (?:in|among) .* with the sha1 [0-9a-f]{40}")
_CREATE = ("create_upload_session", "create_version_upload_session")


def hints_of(error: BaseException, path: str = "") -> list[str]:
    """Return what helps against an error.

    Args:
        error: The error.
        path: The path to upload that it is told to be about, if it is about one.
    """
    if isinstance(error, errors.ApiError):
        return _answer_hints(error)
    return _path_hints(error, path) or _upload_hints(error) or _access_hints(error)


def is_of_path(error: OSError, path: str) -> bool:
    """Whether an error of the system is about a path to upload."""
    return bool(path) and error.filename is not None and Path(error.filename) == Path(path).absolute()


def _path_hints(error: BaseException, path: str) -> list[str]:
    match error:
        case SourceChangedError() | errors.InvalidArgumentError(argument="size") if path == STDIN:
            return ["--size has to be the number of bytes that come from stdin; only a pipe needs it"]
        case IsADirectoryError() if path:
            return ["name the files in the folder; folders are not uploaded"]
        case FileNotFoundError() if "://" in path:
            return ["check the URL; fsspec finds nothing there"]
        case FileNotFoundError() | NotADirectoryError() if is_of_path(error, path):
            if Path(path).is_absolute():
                return ["check how it is written, and whether its volume is mounted"]
            return [f"check how it is written; a relative path begins at {Path.cwd()}"]
        case _:
            return []


def _answer_hints(error: errors.ApiError) -> list[str]:  # noqa: PLR0911  # a table
    match error:
        case errors.UnauthorizedError():
            return [_TOKEN]
        case errors.ConflictError(code="item_name_in_use"):
            return _name_hints(error)
        case errors.ForbiddenError(code="storage_limit_exceeded"):
            return ["the storage of the account is full; free some of it, or choose the folder of another account"]
        case errors.ForbiddenError():
            return ["the user of the token may not do this; check the id, and the user's rights there"]
        case errors.NotFoundError(operation=operation, context_info=context) if operation in _CREATE:
            # What does not say what is missing may come from another server, or another path of it.
            further = "" if context else ", and --base-url if you use it"
            return [f"it does not exist, or the token's user may not see it; check --folder-id or --file-id{further}"]
        case errors.NotFoundError() | errors.GoneError():
            return ["the session was committed or aborted, or has expired; box-uploads upload begins another one"]
        case errors.PreconditionFailedError():
            return ["the file has changed; look at it, then run this again with its present etag in --if-match"]
        case _:
            return []


def _upload_hints(error: BaseException) -> list[str]:  # noqa: PLR0911  # a table
    match error:
        case FileTooSmallError():
            return ["files of this size go to Box in one request: POST https://upload.box.com/api/2.0/files/content"]
        case SourceChangedError():
            return ["run the command again when nothing writes to the source any more"]
        case JournalError() if str(error).startswith("another process"):
            return ["when that has ended, the same command does what is left then"]
        case JournalError():
            return ["--no-resume uploads without a journal"]
        case CommitUnconfirmedError():
            found = _LOOK.search(str(error))
            what = "compare the sha1 of the file at Box with this one's" if found is None else found[0]
            return [f"{what}; only if it is not there, --no-resume uploads it again"]
        case UploadError(__cause__=Exception() as cause):
            return hints_of(cause)
        case DuplicateNameError() | PathNameError():
            return ["upload it alone, with another name: --name NAME"]
        case errors.InvalidArgumentError(argument="source", rule=rule) if "fsspec" in rule:
            return [f"install what fsspec needs for such a URL beside box-uploads; {_THROUGH_STDIN}"]
        case errors.InvalidArgumentError(argument="source", rule=rule) if "size" in rule:
            return [_THROUGH_STDIN]
        case _:
            return []


def _access_hints(error: BaseException) -> list[str]:  # noqa: PLR0911  # a table
    match error:
        case errors.InvalidArgumentError(argument="token"):
            return [_TOKEN]
        case errors.InvalidArgumentError(argument="base_url"):
            return ["it says where the API is, as https://HOST/PATH; leave it out for Box's own servers"]
        case TokenFileError():
            return ["--token-file names a file that holds an access token and nothing else"]
        case TrustStoreError():
            return ["SSL_CERT_FILE names the file of the certificates to trust; without it, the system's are used"]
        case errors.TransportError(kind="ProxyError") | errors.InvalidArgumentError(argument="http"):
            return ["check the proxy that HTTPS_PROXY or ALL_PROXY names"]
        case errors.TransportError():
            return ["check the network, and --base-url or BOX_BASE_URL if you use them"]
        case errors.UntrustedUrlError(rule=rule) if "trusted" in rule or "port" in rule:
            return ["the token was not sent there; if the host is yours, name it with --trusted-host"]
        case errors.UntrustedUrlError():
            return ["the token was not sent there; a session's URLs are those that Box has sent when it was created"]
        case SessionUnknownError():
            return ["`box-uploads session create --json` prints a session; a file with that is enough anywhere"]
        case _:
            return []


def _name_hints(error: errors.ConflictError) -> list[str]:
    for item in error.conflicts:
        if item.get("type", "file") == "file" and isinstance(item.get("id"), str):
            return [f"file {item['id']} has the name; --file-id {item['id']} makes a new version of it"]
    return ["choose another name with --name"]
