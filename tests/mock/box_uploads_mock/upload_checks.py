"""The operations that check whether a file could be uploaded."""

from box_uploads_mock import rules
from box_uploads_mock.calls import Call, CallResult


async def check_upload(call: Call) -> CallResult:
    """Check a new file; the checks and their errors are those of creating a session."""
    request = rules.parse_checked_file(await call.json_body())
    call.state.session_store.check_target(request, None)
    return _upload_url(call, "files/content")


async def check_version_upload(call: Call) -> CallResult:
    """Check a new version of a file.

    It is in Box's guides and older SDKs, but not in its OpenAPI document.
    """
    request = rules.parse_checked_version(await call.json_body())
    file_id = call.file_id
    call.state.session_store.check_target(request, file_id)
    return _upload_url(call, f"files/{file_id}/content")


def _upload_url(call: Call, path: str) -> CallResult:
    # Box may also return a token, which clients do not use.
    return CallResult(status=200, body={"upload_url": f"{call.base_url}/{path}"})
