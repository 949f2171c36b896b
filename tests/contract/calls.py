"""One right call of each operation, as a user would write it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import msgspec
from box_uploads import errors, models

from tests.contract.fragment import FRAGMENT, SESSION, operations

if TYPE_CHECKING:
    from collections.abc import Mapping

SIZE = 20_000_000
SESSION_ID = "F971964745A5CD0C001BBE4E58196BFD"
_DIGEST = "sha=2jmj7l5rSw0yVb/vlWAYkK/YBwk="
# What is raised for each status that the fragment has.
ERROR_KINDS: Mapping[int, type[errors.ApiError]] = {
    400: errors.BadRequestError, 401: errors.UnauthorizedError, 403: errors.ForbiddenError,
    404: errors.NotFoundError, 409: errors.ConflictError, 410: errors.GoneError, 411: errors.LengthRequiredError,
    412: errors.PreconditionFailedError, 413: errors.ContentTooLargeError, 415: errors.UnsupportedMediaTypeError,
    416: errors.RangeNotSatisfiableError, 429: errors.RateLimitedError, 500: errors.ServerError,
    503: errors.ServerError,
}  # fmt: skip
# Of the operations that need more than what is in their path.
_APP = {"client_id": "mock-client", "client_secret": "mock-client-secret"}
_IN_PATH = {"file_id": "12345", "folder_id": "100"}
_ARGUMENTS: Mapping[str, dict[str, Any]] = {
    "request_token": {
        "grant_type": "client_credentials",
        "box_subject_type": "enterprise",
        "box_subject_id": "123456",
        **_APP,
    },
    "revoke_token": {"token": "an-old-token", **_APP},
    "create_upload_session": {"folder_id": "0", "file_name": "a.bin", "file_size": SIZE},
    "create_version_upload_session": {"file_size": SIZE},
    "upload_part": {"body": b"", "digest": _DIGEST, "content_range": f"bytes 0-8388607/{SIZE}"},
    "commit_upload_session": {"digest": _DIGEST},
    "log_upload_event": {"event_type": "retry"},
    "upload_small_file": {"attributes": {"name": "a.bin", "parent": {"id": "0"}}, "file": b"small"},
    "upload_small_version": {"attributes": {}, "file": b"small"},
    "create_folder": {"name": "a", "parent": {"id": "0"}},
    "check_upload": {"name": "a.bin", "parent": {"id": "0"}},
    "plan_upload_parts": {"parts": [{"offset": 0, "size": 8_388_608, "sha512": "0" * 128}]},
}


def right_call(operation_id: str, *, base_url: str = "", session_id: str = SESSION_ID) -> tuple[tuple[Any, ...], Any]:
    """Return positional and keyword arguments of a call that the fragment allows."""
    path = operations()[operation_id][0]
    arguments = dict(_ARGUMENTS.get(operation_id, {}))
    if operation_id == "commit_upload_session":
        arguments["parts"] = [
            models.CommitPart(
                part_id="6F2D3486", offset=0, size=8388608, sha1="134b65991ed521fcfe4724b7d814ab8ded5185dc"
            )
        ]
    if "upload_session_id" in path:
        return (session(base_url, session_id),), arguments
    return tuple(given for name, given in _IN_PATH.items() if name in path), arguments


def session(base_url: str = "", session_id: str = SESSION_ID) -> models.UploadSession:
    """Return a session whose endpoints are where the fragment's paths say."""
    base = base_url or FRAGMENT["servers"][0]["url"]
    endpoints = {
        name: f"{base}{operations()[link['operationId']][0].replace('{upload_session_id}', quote(session_id))}"
        for name, link in links_by_endpoint().items()
    }
    made = msgspec.convert({**SESSION, "session_endpoints": endpoints}, models.UploadSession)
    # Set afterwards, since not all ids under test are right.
    return msgspec.structs.replace(made, id=session_id)


def links_by_endpoint() -> dict[str, Any]:
    """Return the links of a created session by the endpoint that they use."""
    links = operations()["create_upload_session"][2]["responses"]["201"]["links"]
    return {link["x-url"].rpartition("/")[2]: link for link in links.values() if "x-url" in link}
