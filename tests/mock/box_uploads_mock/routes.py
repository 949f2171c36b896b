"""The API's paths and methods, and the operation behind each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import unquote

from box_uploads_mock.errors import ApiError
from box_uploads_mock.operation_names import (
    ABORT_UPLOAD_SESSION,
    COMMIT_UPLOAD_SESSION,
    CREATE_UPLOAD_SESSION,
    CREATE_VERSION_UPLOAD_SESSION,
    GET_FILE,
    GET_UPLOAD_SESSION,
    LIST_PARTS,
    LOG_UPLOAD_EVENT,
    PLAN_UPLOAD_PARTS,
    PREFLIGHT_UPLOAD,
    PREFLIGHT_VERSION_UPLOAD,
    UPLOAD_PART,
)

API_BASE = "/api/2.0"
# Box has its API at api.box.com without `/api` too, where the legacy SDK, boxcli and rclone call it.
_BASES = (f"{API_BASE}/", "/2.0/")


@dataclass(frozen=True, slots=True)
class Route:
    """A path below the API's base, whose segments in braces are parameters, and the operation of each method."""

    segments: tuple[str, ...]
    operations: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Match:
    """The operation that a request asks for, and the parameters in its path."""

    operation: str
    parameters: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Options:
    """A request for what a path can be asked for, the value of `Allow`."""

    allow: str


_SESSION = ("files", "upload_sessions", "{upload_session_id}")

# The first route that fits counts, so literal segments stand before parameters.
ROUTES: Sequence[Route] = (
    Route(("files", "upload_sessions"), {"POST": CREATE_UPLOAD_SESSION}),
    # A file id cannot be told from a session id by its place: `/files/upload_sessions/upload_sessions`.
    Route(("files", "{file_id}", "upload_sessions"), {"POST": CREATE_VERSION_UPLOAD_SESSION}),
    Route(_SESSION, {"GET": GET_UPLOAD_SESSION, "PUT": UPLOAD_PART, "DELETE": ABORT_UPLOAD_SESSION}),
    Route((*_SESSION, "parts"), {"GET": LIST_PARTS}),
    Route((*_SESSION, "commit"), {"POST": COMMIT_UPLOAD_SESSION}),
    Route((*_SESSION, "log"), {"POST": LOG_UPLOAD_EVENT}),
    Route((*_SESSION, "plan"), {"POST": PLAN_UPLOAD_PARTS}),
    # rclone asks with a slash at the end.
    Route(("files", "content"), {"OPTIONS": PREFLIGHT_UPLOAD}),
    Route(("files", "content", ""), {"OPTIONS": PREFLIGHT_UPLOAD}),
    Route(("files", "{file_id}", "content"), {"OPTIONS": PREFLIGHT_VERSION_UPLOAD}),
    Route(("files", "{file_id}", "content", ""), {"OPTIONS": PREFLIGHT_VERSION_UPLOAD}),
    Route(("files", "{file_id}"), {"GET": GET_FILE}),
)


def match(method: str, raw_path: str) -> Match | Options:
    """Returns the operation for a method and a path as it was sent, percent-encoded and without a query.

    OPTIONS is an operation where Box has its preflight check; elsewhere it asks what the path can be asked for. The
    path is split before it is decoded: an encoded slash belongs to a parameter.

    Raises:
        ApiError: The path is unknown (404) or does not have the method (405, with `Allow`).
    """
    base = next((base for base in _BASES if raw_path.startswith(base)), None)
    if base is not None:
        sent = [unquote(segment) for segment in raw_path.removeprefix(base).split("/")]
        for route in ROUTES:
            parameters = _parameters(route, sent)
            if parameters is not None:
                if method == "OPTIONS" and method not in route.operations:
                    return Options(_allow(route))
                return Match(_operation(route, method), parameters)
    raise ApiError("not_found", "Not Found")


def _parameters(route: Route, sent: Sequence[str]) -> Mapping[str, str] | None:
    # A path that ends in a slash is another path, whatever parameter would stand there.
    if len(route.segments) != len(sent) or (route.segments[-1] and not sent[-1]):
        return None
    parameters: dict[str, str] = {}
    for segment, value in zip(route.segments, sent, strict=True):
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
