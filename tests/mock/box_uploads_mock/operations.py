"""The operations of the API, each from a call to its result."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping

from box_uploads_mock import commit_rules, rules
from box_uploads_mock.calls import Call, CallResult
from box_uploads_mock.downloads import download_content, download_file
from box_uploads_mock.errors import ApiError
from box_uploads_mock.file_store import file_body
from box_uploads_mock.folders import create_folder, get_folder, list_folder_items
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
from box_uploads_mock.rules import NewFile, NewVersion
from box_uploads_mock.session_store import DuplicateSessionError
from box_uploads_mock.sessions import Session
from box_uploads_mock.sign_in import authorize, get_current_user, request_token, revoke_token
from box_uploads_mock.small_uploads import upload_small_file, upload_small_version
from box_uploads_mock.transfers import commit_upload_session, plan_upload_parts, upload_part
from box_uploads_mock.upload_checks import check_upload, check_version_upload

# Documented: an offset above 10,000 is rejected, and 1,000 is the largest page.
MAX_OFFSET = 10_000
MAX_LIMIT = 1_000


async def create_upload_session(call: Call) -> CallResult:
    """Create a session for a new file."""
    request = rules.parse_new_file(await call.json_body(), call.state.min_file_size)
    return _create_session(call, request, None)


async def create_version_upload_session(call: Call) -> CallResult:
    """Create a session for a new version of a file."""
    body = await call.json_body()
    file_id = call.file_id
    return _create_session(call, rules.parse_new_version(body, call.state.min_file_size), file_id)


def _create_session(call: Call, request: NewFile | NewVersion, file_id: str | None) -> CallResult:
    try:
        body = session_body(call.state.session_store.create(request, file_id), call)
    except DuplicateSessionError as duplicate:
        context = {"session": session_body(duplicate.session, call)}
        raise ApiError("session_conflict", "A session for this file already exists", context=context) from None
    return CallResult(status=201, body=body, created=body)


async def get_upload_session(call: Call) -> CallResult:
    """Return a session with its progress."""
    await call.injector.on_read()
    return CallResult(status=200, body=session_body(call.state.session_store.find(call.session_id), call))


async def list_parts(call: Call) -> CallResult:
    """Return a page of the stored parts, ordered by offset."""
    await call.injector.on_read()
    session = call.state.session_store.find(call.session_id)
    offset = call.query_number("offset", 0, MAX_OFFSET, default=0)
    limit = call.query_number("limit", 1, MAX_LIMIT, default=MAX_LIMIT)
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
    """Abort a session and delete its parts."""
    await call.injector.on_read()
    session = call.state.session_store.abort(call.session_id)
    if session is not None:
        # In a thread: it may have to wait for parts that are being hashed.
        await asyncio.to_thread(session.part_store.clear)
    return CallResult(status=204)


async def log_upload_event(call: Call) -> CallResult:
    """Add an event of the client to the request log."""
    event = commit_rules.parse_log_event(await call.json_body())
    call.state.session_store.find(call.session_id)
    call.event = event
    return CallResult(status=204)


async def get_file(call: Call) -> CallResult:
    """Return a file."""
    await call.injector.on_read()
    return CallResult(status=200, body=file_body(call.state.find_file(call.file_id)))


def session_body(session: Session, call: Call) -> Mapping[str, object]:
    """Return a session in Box's format, with endpoints at the address that the client used."""
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
        # Whole seconds, as in Box's examples.
        "session_expires_at": session.expires_at.isoformat(timespec="seconds"),
        "part_size": session.part_size,
        "total_parts": session.total_parts,
        "num_parts_processed": session.num_parts_processed,
        "session_endpoints": endpoints,
    }


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
    UPLOAD_SMALL_FILE: upload_small_file,
    UPLOAD_SMALL_VERSION: upload_small_version,
    CREATE_FOLDER: create_folder,
    GET_FOLDER: get_folder,
    LIST_FOLDER_ITEMS: list_folder_items,
    REQUEST_TOKEN: request_token,
    REVOKE_TOKEN: revoke_token,
    GET_CURRENT_USER: get_current_user,
    CHECK_UPLOAD: check_upload,
    CHECK_VERSION_UPLOAD: check_version_upload,
    DOWNLOAD_FILE: download_file,
    DOWNLOAD_CONTENT: download_content,
    AUTHORIZE: authorize,
}
