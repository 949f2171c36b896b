"""The operations on the parts of a session: upload, plan and commit."""

import asyncio

from box_uploads_mock import commit_rules, headers, request_checks
from box_uploads_mock.calls import Call, CallResult
from box_uploads_mock.commit_rules import CommitRequest
from box_uploads_mock.errors import ApiError
from box_uploads_mock.file_store import file_body
from box_uploads_mock.headers import ContentRange
from box_uploads_mock.part_store import PartWriter
from box_uploads_mock.request_checks import MAX_COMMIT_LENGTH


async def upload_part(call: Call) -> CallResult:
    """Store a part; all checks of the headers come before the body is read."""
    length = request_checks.body_length(call.request)
    request_checks.check_media_type(call.request, "application/octet-stream")
    uploads = call.state.session_store
    digest = headers.parse_digest(call.headers.get("digest"))
    wanted = headers.parse_content_range(call.headers.get("content-range"))
    if length is not None and length > uploads.find(call.session_id).part_size:
        raise request_checks.too_large_error()
    writer = uploads.start_part(call.session_id, wanted)
    is_stored = False
    try:
        if length is not None and length != wanted.size:
            raise _length_error(wanted, length)
        await _receive_body(call, wanted, writer)
        _require_digest(writer, digest)
        part = uploads.finish_part(call.session_id, wanted, writer)
        is_stored = True
    finally:
        if not is_stored:
            writer.discard()
    await _hash_pending_parts(call)
    body = part.body()
    return CallResult(status=200, body=body if call.state.bare_responses else {"part": body})


async def _receive_body(call: Call, wanted: ContentRange, writer: PartWriter) -> None:
    async for chunk in call.injector.read_body():
        writer.write(chunk)
        # A chunked body has no Content-Length, and an in-process client may send another length than it announces.
        if writer.size > wanted.size:
            raise _length_error(wanted, writer.size)
    if writer.size != wanted.size:
        raise _length_error(wanted, writer.size)
    await call.injector.on_read()


def _length_error(wanted: ContentRange, length: int) -> ApiError:
    # Inferred: a range that "does not match" is the only range error in Box's documentation.
    message = f"The body has {length} bytes, the range '{wanted}' has {wanted.size}."
    return ApiError("requested_range_not_satisfiable", message)


def _require_digest(writer: PartWriter, expected: bytes) -> None:
    if writer.digest != expected:
        # Inferred: of the statuses documented for a part, "a precondition was not met" fits best. The wording is that
        # of a commit with a wrong digest.
        shown = f"Actual: {headers.base64_text(writer.digest)} Expected: {headers.base64_text(expected)}"
        raise ApiError("precondition_failed", f"Part digest was incorrect. {shown}")


async def _hash_pending_parts(call: Call) -> None:
    """Hash the parts that arrived early, in a thread, so that the event loop can serve other requests."""
    session = call.state.sessions.get(call.session_id.upper())
    if session is not None and session.part_store.has_unhashed_parts:
        await asyncio.to_thread(session.part_store.hash_pending)


async def plan_upload_parts(call: Call) -> CallResult:
    """Return which parts need no upload because their bytes are already stored."""
    if not call.state.offers_plan:
        raise ApiError("not_found", "Not Found")
    wanted = commit_rules.parse_plan(await call.json_body(MAX_COMMIT_LENGTH))
    uploads = call.state.session_store
    session = uploads.find(call.session_id)
    found = await asyncio.to_thread(uploads.plan, call.session_id, wanted)
    hits: list[dict[str, object]] = []
    misses: list[dict[str, object]] = []
    for part, hit in zip(wanted, found, strict=True):
        body: dict[str, object] = {"offset": part.offset, "size": part.size, "sha512": part.sha512}
        if hit is None:
            misses.append(body)
        else:
            hits.append({**body, "part_id": hit.part_id})
    return CallResult(status=200, body={"upload_session_id": session.id, "hits": hits, "misses": misses})


async def commit_upload_session(call: Call) -> CallResult:
    """Store the file and end the session."""
    body = await call.json_body(MAX_COMMIT_LENGTH)
    digest = headers.parse_digest(call.headers.get("digest"))
    if_match = headers.parse_etag("if-match", call.headers.get("if-match"))
    if_none_match = headers.parse_etag("if-none-match", call.headers.get("if-none-match"))
    parts, attributes = commit_rules.parse_commit(body)
    request = CommitRequest(
        digest=digest, if_match=if_match, if_none_match=if_none_match, parts=parts, attributes=attributes
    )
    uploads = call.state.session_store
    planned = uploads.use_hits(call.session_id, parts)
    await _hash_pending_parts(call)
    if any(part.sha512 for part in parts):
        await asyncio.to_thread(uploads.check_sha512, planned, parts)
    session = uploads.check_commit(call.session_id, request)
    call.injector.on_checked()
    if uploads.take_pending_commit(session):
        return CallResult(status=202, headers={"Retry-After": str(call.state.commit_retry_after_s)})
    if await asyncio.to_thread(uploads.end_unchanged, call.session_id, request):
        return CallResult(status=202)
    file = file_body(uploads.commit(call.session_id, request))
    return CallResult(status=201, body=file if call.state.bare_responses else {"total_count": 1, "entries": [file]})
