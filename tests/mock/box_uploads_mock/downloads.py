"""The operations that download a file: where its bytes are, and the bytes themselves."""

from box_uploads_mock import headers, request_checks
from box_uploads_mock.calls import Call, CallResult
from box_uploads_mock.errors import ApiError, argument_error
from box_uploads_mock.headers import ByteRange
from box_uploads_mock.routes import DOWNLOAD_BASE
from box_uploads_mock.rules import is_id


async def download_file(call: Call) -> CallResult:
    """Redirect to a URL of the bytes, which needs no token and is valid for a while."""
    await call.injector.on_read()
    file_id = call.file_id
    headers.parse_range(call.headers.get("range"))
    version_id = call.query.get("version")
    if version_id is not None and not is_id(version_id):
        raise argument_error("invalid_parameter", "version", "The id of the version is not 1 to 19 decimal digits.")
    file, _ = call.state.stored_version(file_id, version_id)
    call.injector.on_checked()
    query = call.state.download_links.query(file.id, file.version_id)
    url = f"{request_checks.origin(call.request)}{DOWNLOAD_BASE}/{file.id}?{query}"
    return CallResult(status=302, headers={"Location": url})


async def download_content(call: Call) -> CallResult:
    """Return the bytes, or a range of them, to whoever has the URL."""
    await call.injector.on_read()
    version_id = call.state.download_links.require_version(call.parameters["file_id"], call.query)
    file, content = call.state.stored_version(call.parameters["file_id"], version_id)
    wanted = headers.parse_range(call.headers.get("range"))
    start, stop = (0, file.size) if wanted is None else _satisfied(wanted, file.size)
    fields = {"Accept-Ranges": "bytes"}
    if wanted is not None:
        fields["Content-Range"] = f"bytes {start}-{stop - 1}/{file.size}"
    status = 200 if wanted is None else 206
    return CallResult(status=status, headers=fields, chunks=content.slices(start, stop), size=stop - start)


def _satisfied(wanted: ByteRange, size: int) -> tuple[int, int]:
    """Return the half-open range of a file of a size that a request means.

    Raises:
        ApiError: The file has none of its bytes.
    """
    start, stop = wanted.within(size)
    if start >= stop:
        raise ApiError(
            "requested_range_not_satisfiable",
            f"The file has {size} bytes, and none of the range.",
            headers={"Content-Range": f"bytes */{size}"},
        )
    return start, stop
