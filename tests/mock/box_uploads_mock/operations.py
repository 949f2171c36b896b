"""The operations of the API: from a request that was admitted to the content of its answer."""

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping

from box_uploads_mock import commit_rules, rules
from box_uploads_mock.calls import Call, CallResult
from box_uploads_mock.errors import ApiError, argument_error
from box_uploads_mock.file_store import file_body
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
from box_uploads_mock.rules import NewFile, NewVersion
from box_uploads_mock.session_store import DuplicateSessionError
from box_uploads_mock.sessions import Session
from box_uploads_mock.transfers import commit_upload_session, plan_upload_parts, upload_part

# Documented: an offset above 10,000 is refused, and 1,000 is the largest page.
MAX_OFFSET = 10_000
MAX_LIMIT = 1_000


async def create_upload_session(call: Call) -> CallResult:
    """Creates the session for a new file."""
    request = rules.parse_new_file(await call.json_body(), call.state.min_file_size)
    return _create_session(call, request, None)


async def create_version_upload_session(call: Call) -> CallResult:
    """Creates the session for a new version of a file."""
    body = await call.json_body()
    file_id = _file_id(call)
    return _create_session(call, rules.parse_new_version(body, call.state.min_file_size), file_id)


def _create_session(call: Call, request: NewFile | NewVersion, file_id: str | None) -> CallResult:
    try:
        body = session_body(call.state.session_store.create(request, file_id), call)
    except DuplicateSessionError as twin:
        context = {"session": session_body(twin.session, call)}
        raise ApiError("session_conflict", "A session for this file already exists", context=context) from None
    return CallResult(status=201, body=body, created=body)


async def get_upload_session(call: Call) -> CallResult:
    """Tells how far a session is."""
    await call.injector.on_read()
    return CallResult(status=200, body=session_body(call.state.session_store.find(call.session_id), call))


async def list_parts(call: Call) -> CallResult:
    """Returns a page of the stored parts, ordered by offset."""
    await call.injector.on_read()
    session = call.state.session_store.find(call.session_id)
    offset = _query_number(call, "offset", 0, MAX_OFFSET, default=0)
    limit = _query_number(call, "limit", 1, MAX_LIMIT, default=MAX_LIMIT)
    parts = session.part_store.parts
    body = {
        "total_count": len(parts),
        "offset": offset,
        "limit": limit,
        "order": [{"by": "offset", "direction": "ASC"}],
        "entries": [part.body() for part in parts[offset : offset + limit]],
    }
    return CallResult(status=200, body=body)


async def abort_upload_session(call: Call) -> CallResult:
    """Ends a session and drops its parts."""
    await call.injector.on_read()
    session = call.state.session_store.abort(call.session_id)
    if session is not None:
        # It may have to wait for parts that are being hashed.
        await asyncio.to_thread(session.part_store.clear)
    return CallResult(status=204)


async def log_upload_event(call: Call) -> CallResult:
    """Keeps an event of the client in the journal."""
    event = commit_rules.parse_log_event(await call.json_body())
    call.state.session_store.find(call.session_id)
    call.event = event
    return CallResult(status=204)


async def get_file(call: Call) -> CallResult:
    """Returns what is known of a file."""
    await call.injector.on_read()
    return CallResult(status=200, body=file_body(call.state.find_file(_file_id(call))))


async def preflight_upload(call: Call) -> CallResult:
    """Tells whether a new file could be uploaded, and where to; it is no operation of the fragment.

    The checks and their errors are those of a session's creation. Where the bytes would go to has no operation here.
    """
    request = rules.parse_preflight_file(await call.json_body())
    call.state.session_store.check_target(request, None)
    return _upload_url(call, "files/content")


async def preflight_version_upload(call: Call) -> CallResult:
    """Tells whether a new version of a file could be uploaded, as `preflight_upload` does.

    It is in Box's guides and older SDKs, and missing from its OpenAPI document.
    """
    request = rules.parse_preflight_version(await call.json_body())
    file_id = _file_id(call)
    call.state.session_store.check_target(request, file_id)
    return _upload_url(call, f"files/{file_id}/content")


def _upload_url(call: Call, path: str) -> CallResult:
    # Box gives a token beside it, which clients do without.
    return CallResult(status=200, body={"upload_url": f"{call.base_url}/{path}"})


def _file_id(call: Call) -> str:
    file_id = call.parameters["file_id"]
    if not rules.is_id(file_id):
        raise argument_error("invalid_parameter", "file_id", "The id of the file is not 1 to 19 decimal digits.")
    return file_id


def session_body(session: Session, call: Call) -> Mapping[str, object]:
    """Returns a session as Box describes it, with endpoints where the client reached this server."""
    url = f"{call.base_url}/files/upload_sessions/{session.id}"
    endpoints = {
        "upload_part": url,
        "commit": f"{url}/commit",
        "abort": url,
        "list_parts": f"{url}/parts",
        "status": url,
        "log_event": f"{url}/log",
    }
    if call.state.offers_plan:
        endpoints["plan"] = f"{url}/plan"
    return {
        "id": session.id,
        "type": "upload_session",
        # Box's examples have whole seconds.
        "session_expires_at": session.expires_at.isoformat(timespec="seconds"),
        "part_size": session.part_size,
        "total_parts": session.total_parts,
        "num_parts_processed": session.num_parts_processed,
        "session_endpoints": endpoints,
    }


def _query_number(call: Call, name: str, least: int, most: int, *, default: int) -> int:
    text = call.query.get(name)
    if text is None:
        return default
    # To JSON Schema 1.0 is an integer as well.
    match = re.fullmatch(r"([0-9]{1,19})(\.0+)?", text)
    if match is None or not least <= int(match[1]) <= most:
        raise argument_error("invalid_parameter", name, f"It is not a whole number from {least} to {most}.")
    return int(match[1])


HANDLERS: Mapping[str, Callable[[Call], Awaitable[CallResult]]] = {
    CREATE_UPLOAD_SESSION: create_upload_session,
    CREATE_VERSION_UPLOAD_SESSION: create_version_upload_session,
    GET_UPLOAD_SESSION: get_upload_session,
    UPLOAD_PART: upload_part,
    LIST_PARTS: list_parts,
    COMMIT_UPLOAD_SESSION: commit_upload_session,
    ABORT_UPLOAD_SESSION: abort_upload_session,
    LOG_UPLOAD_EVENT: log_upload_event,
    PLAN_UPLOAD_PARTS: plan_upload_parts,
    GET_FILE: get_file,
    PREFLIGHT_UPLOAD: preflight_upload,
    PREFLIGHT_VERSION_UPLOAD: preflight_version_upload,
}
