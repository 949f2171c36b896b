"""The operations that upload a file in one request."""

from collections.abc import Callable

from box_uploads_mock import headers, request_checks, small_upload_rules
from box_uploads_mock.calls import Call, CallResult
from box_uploads_mock.errors import ApiError
from box_uploads_mock.file_store import file_body
from box_uploads_mock.form_reader import MAX_ATTRIBUTES_LENGTH, FormReader
from box_uploads_mock.part_store import PartWriter
from box_uploads_mock.small_upload_rules import SmallUpload

MEDIA_TYPE = "multipart/form-data"


async def upload_small_file(call: Call) -> CallResult:
    """Store a new file."""
    return await _upload(call, None, small_upload_rules.parse_new_file, if_match=None, status=201)


async def upload_small_version(call: Call) -> CallResult:
    """Store a new version of a file."""
    file_id = call.file_id
    if_match = headers.parse_etag("if-match", call.headers.get("if-match"))
    return await _upload(call, file_id, small_upload_rules.parse_new_version, if_match=if_match, status=200)


async def _upload(
    call: Call, file_id: str | None, parse: Callable[[bytes], SmallUpload], *, if_match: str | None, status: int
) -> CallResult:
    length = request_checks.body_length(call.request)
    request_checks.check_media_type(call.request, MEDIA_TYPE)
    digest = headers.parse_content_md5(call.headers.get("content-md5"))
    limit = call.state.max_small_file_size
    # The rest of the form are boundaries and header fields.
    if length is not None and length > limit + 2 * MAX_ATTRIBUTES_LENGTH:
        raise request_checks.too_large_error()
    writer = PartWriter(call.state.store.new_blob() if call.state.store.keeps_content else None, None)
    is_stored = False
    try:
        form = FormReader(call.headers["content-type"], writer.write)
        async for chunk in call.injector.read_body():
            form.feed(chunk)
            if writer.size > limit:
                raise request_checks.too_large_error()
        form.close()
        await call.injector.on_read()
        upload = parse(form.attributes)
        if digest is not None and writer.digest != digest:
            raise ApiError("bad_digest", "The file does not have the digest.")
        file = call.state.store_file(upload.request(writer.size), file_id, writer, upload.attributes, if_match)
        is_stored = True
    finally:
        if not is_stored:
            writer.discard()
    body = file_body(file)
    return CallResult(status=status, body=body if call.state.bare_responses else {"total_count": 1, "entries": [body]})
