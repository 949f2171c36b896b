"""Checks of an API request before its operation runs, and the reading of its body."""

import re
from collections.abc import AsyncIterator

from starlette.requests import Request

from box_uploads_mock.errors import ApiError, argument_error
from box_uploads_mock.rules import is_id
from box_uploads_mock.state import State

MAX_BODY_LENGTH = 64 * 1024
# A commit lists all parts, up to 10,000.
MAX_COMMIT_LENGTH = 4 * 1024**2

_HOST = re.compile(r"([0-9A-Za-z.-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?")


def origin(request: Request) -> str:
    """Return the scheme, host and port that the client used.

    Raises:
        ApiError: The `Host` header is missing or malformed.
    """
    host = request.headers.get("host", "")
    if not _HOST.fullmatch(host):
        raise ApiError("bad_request", "The Host header is missing or malformed.")
    return f"{request.scope['scheme']}://{host}"


def check_rate_limit(state: State) -> None:
    """Count the request against the rate limit.

    Raises:
        ApiError: The limit is exceeded.
    """
    _check_wait(state.faults.take_rate_limit())


def check_user_limits(state: State, request: Request, operation: str) -> None:
    """Count the request, whose caller was checked, against the limits of its user.

    Raises:
        ApiError: A limit is exceeded.
    """
    _check_wait(state.take_call(operation, request.headers["authorization"], request.headers.get("as-user")))


def _check_wait(retry_after_s: int | None) -> None:
    if retry_after_s is not None:
        message = "Request rate limit exceeded, please try again later"
        raise ApiError("rate_limit_exceeded", message, headers={"Retry-After": str(retry_after_s)})


def check_caller(state: State, request: Request) -> None:
    """Check the access token and the user in `As-User`.

    Raises:
        ApiError: The token is missing, wrong or expired, or the user is malformed or unknown.
    """
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer":
        # A request without a token gets no error code in the challenge (RFC 6750, section 3.1).
        raise ApiError("unauthorized", "Unauthorized", headers={"WWW-Authenticate": 'Bearer realm="Service"'})
    state.authenticate(token.strip())
    user_id = request.headers.get("as-user")
    if user_id is not None:
        if not is_id(user_id):
            raise argument_error("invalid_parameter", "as-user", "The id of the user is not 1 to 19 decimal digits.")
        state.check_as_user(user_id)


def content_length(request: Request) -> int:
    """Return the `Content-Length` of a request, in bytes.

    Raises:
        ApiError: The header is missing (411) or malformed.
    """
    length = request.headers.get("content-length")
    if length is None or "transfer-encoding" in request.headers:
        raise ApiError("length_required", "Length Required")
    if not re.fullmatch(r"[0-9]{1,19}", length):
        raise ApiError("bad_request", "The Content-Length header is malformed.")
    return int(length)


def body_length(request: Request) -> int | None:
    """Return the `Content-Length` of a body, in bytes; None if it is sent with chunked encoding.

    Box's SDKs stream so what they cannot measure.

    Raises:
        ApiError: The length is missing (411) or malformed, or the transfer encoding is not just chunked.
    """
    encoding = request.headers.get("transfer-encoding")
    if encoding is None:
        return content_length(request)
    # A request with two lengths allows request smuggling (RFC 9112, section 6.1).
    if encoding.strip().lower() != "chunked" or "content-length" in request.headers:
        raise ApiError("bad_request", "The Transfer-Encoding header is not 'chunked' alone, without a Content-Length.")
    return None


def check_media_type(request: Request, expected: str) -> None:
    """Check the media type of the request body.

    Raises:
        ApiError: The media type is another one (415).
    """
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != expected:
        raise ApiError("unsupported_media_type", "Unsupported Media Type")


async def read_json_body(request: Request, chunks: AsyncIterator[bytes], max_length: int = MAX_BODY_LENGTH) -> bytes:
    """Return the JSON body, joined from its chunks.

    Raises:
        ApiError: The length is missing (411), above `max_length` bytes (413), or the media type is not JSON (415).
    """
    return await read_body(request, chunks, "application/json", max_length)


async def read_body(
    request: Request, chunks: AsyncIterator[bytes], media_type: str, max_length: int = MAX_BODY_LENGTH
) -> bytes:
    """Return the request body, joined from its chunks.

    Raises:
        ApiError: The length is missing (411), above `max_length` bytes (413), or the media type is another one (415).
    """
    if content_length(request) > max_length:
        raise too_large_error()
    check_media_type(request, media_type)
    body = bytearray()
    async for chunk in chunks:
        body += chunk
        # An in-process client may send more than its Content-Length.
        if len(body) > max_length:
            raise too_large_error()
    return bytes(body)


def too_large_error() -> ApiError:
    """Return the error for a body that is too long."""
    return ApiError("request_entity_too_large", "Request Entity Too Large")
