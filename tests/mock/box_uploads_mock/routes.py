"""The routes of the API: from a method and a path to an operation."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import unquote

from box_uploads_mock.errors import ApiError
from box_uploads_mock.operation_names import (
    ABORT_UPLOAD_SESSION,
    AUTHORIZE,
    CHECK_UPLOAD,
    CHECK_VERSION_UPLOAD,
    COMMIT_UPLOAD_SESSION,
    CREATE_FOLDER,
    CREATE_UPLOAD_SESSION,
    CREATE_VERSION_UPLOAD_SESSION,
    DOWNLOAD_CONTENT,
    DOWNLOAD_FILE,
    GET_CURRENT_USER,
    GET_FILE,
    GET_FOLDER,
    GET_UPLOAD_SESSION,
    LIST_FOLDER_ITEMS,
    LIST_PARTS,
    LOG_UPLOAD_EVENT,
    PLAN_UPLOAD_PARTS,
    REQUEST_TOKEN,
    REVOKE_TOKEN,
    UPLOAD_PART,
    UPLOAD_SMALL_FILE,
    UPLOAD_SMALL_VERSION,
)

API_BASE = "/api/2.0"
# Box also serves its API at api.box.com without `/api`; the legacy SDK, boxcli and rclone use that.
_BASES = (f"{API_BASE}/", "/2.0/")
# A sign-in has no version at Box; Box's SDKs add `/oauth2` to the base URL that they are given.
_SIGN_IN_BASES = ("/", "/api/")
# Box has the bytes at `dl.boxcloud.com`, outside of its API.
DOWNLOAD_BASE = "/download"


@dataclass(frozen=True, slots=True)
class Route:
    """A path below the API's base, with parameters in braces, and the operation of each method."""

    segments: tuple[str, ...]
    operations: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Match:
    """The operation that a request calls, and its path parameters."""

    operation: str
    parameters: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Options:
    """An OPTIONS request for the allowed methods, and the value of `Allow`."""

    allow: str


_SESSION = ("files", "upload_sessions", "{upload_session_id}")

_NEW_FILE = {"OPTIONS": CHECK_UPLOAD, "POST": UPLOAD_SMALL_FILE}
_CONTENT = {"GET": DOWNLOAD_FILE, "OPTIONS": CHECK_VERSION_UPLOAD, "POST": UPLOAD_SMALL_VERSION}

# The first matching route wins, so literal segments come before parameters.
ROUTES: Sequence[Route] = (
    Route(("files", "upload_sessions"), {"POST": CREATE_UPLOAD_SESSION}),
    # Before the session's path: `/files/upload_sessions/upload_sessions` has the file id `upload_sessions`.
    Route(("files", "{file_id}", "upload_sessions"), {"POST": CREATE_VERSION_UPLOAD_SESSION}),
    Route(_SESSION, {"GET": GET_UPLOAD_SESSION, "PUT": UPLOAD_PART, "DELETE": ABORT_UPLOAD_SESSION}),
    Route((*_SESSION, "parts"), {"GET": LIST_PARTS}),
    Route((*_SESSION, "commit"), {"POST": COMMIT_UPLOAD_SESSION}),
    Route((*_SESSION, "log"), {"POST": LOG_UPLOAD_EVENT}),
    Route((*_SESSION, "plan"), {"POST": PLAN_UPLOAD_PARTS}),
    # rclone sends a trailing slash.
    Route(("files", "content"), _NEW_FILE),
    Route(("files", "content", ""), _NEW_FILE),
    Route(("files", "{file_id}", "content"), _CONTENT),
    Route(("files", "{file_id}", "content", ""), _CONTENT),
    Route(("files", "{file_id}"), {"GET": GET_FILE}),
    Route(("folders",), {"POST": CREATE_FOLDER}),
    Route(("folders", "{folder_id}"), {"GET": GET_FOLDER}),
    Route(("folders", "{folder_id}", "items"), {"GET": LIST_FOLDER_ITEMS}),
    Route(("users", "me"), {"GET": GET_CURRENT_USER}),
    Route(("oauth2", "authorize"), {"GET": AUTHORIZE}),
    Route(("oauth2", "token"), {"POST": REQUEST_TOKEN}),
    Route(("oauth2", "revoke"), {"POST": REVOKE_TOKEN}),
)
_DOWNLOADS: Sequence[Route] = (Route(("{file_id}",), {"GET": DOWNLOAD_CONTENT}),)


def match(method: str, raw_path: str) -> Match | Options:
    """Return the operation for a method and a percent-encoded path without a query.

    OPTIONS is an operation on the paths of Box's check of an upload; on other paths it asks for the allowed methods.
    The path is split before it is decoded, so an encoded slash belongs to a parameter.

    Raises:
        ApiError: The path is unknown (404) or does not support the method (405, with `Allow`).
    """
    bases = (*_BASES, *(base for base in _SIGN_IN_BASES if raw_path.startswith(f"{base}oauth2/")))
    base = next((base for base in bases if raw_path.startswith(base)), None)
    routes = ROUTES
    if raw_path.startswith(f"{DOWNLOAD_BASE}/"):
        base, routes = f"{DOWNLOAD_BASE}/", _DOWNLOADS
    if base is not None:
        segments = [unquote(segment) for segment in raw_path.removeprefix(base).split("/")]
        for route in routes:
            parameters = _parameters(route, segments)
            if parameters is not None:
                if method == "OPTIONS" and method not in route.operations:
                    return Options(_allow(route))
                return Match(_operation(route, method), parameters)
    raise ApiError("not_found", "Not Found")


def _parameters(route: Route, segments: Sequence[str]) -> Mapping[str, str] | None:
    # A trailing slash makes another path: the last parameter must not be empty.
    if len(route.segments) != len(segments) or (route.segments[-1] and not segments[-1]):
        return None
    parameters: dict[str, str] = {}
    for segment, value in zip(route.segments, segments, strict=True):
        if segment.startswith("{"):
            parameters[segment[1:-1]] = value
        elif segment != value:
            return None
    return parameters


def _operation(route: Route, method: str) -> str:
    operation = route.operations.get(method)
    if operation is None:
        raise ApiError("method_not_allowed", "Method Not Allowed", headers={"Allow": _allow(route)})
    return operation


def _allow(route: Route) -> str:
    return ", ".join(sorted({*route.operations, "OPTIONS"}))
