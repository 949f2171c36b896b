"""What is checked about every API request before its operation looks at it."""

import re
from collections.abc import AsyncIterator

from starlette.requests import Request

from box_uploads_mock.errors import ApiError, argument_error
from box_uploads_mock.rules import is_id
from box_uploads_mock.state import State

MAX_BODY_LENGTH = 64 * 1024
# A commit names all parts, of which there may be 10,000.
MAX_COMMIT_LENGTH = 4 * 1024**2

_HOST = re.compile(r"([0-9A-Za-z.-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?")


def origin(request: Request) -> str:
    """Returns scheme, host and port as the client addressed them.

    Raises:
        ApiError: The `Host` header is missing or no host.
    """
    host = request.headers.get("host", "")
    if not _HOST.fullmatch(host):
        raise ApiError("bad_request", "The Host header is missing or malformed.")
    return f"{request.scope['scheme']}://{host}"


def check_rate_limit(state: State) -> None:
    """Counts the request against a rate limit that was asked for.

    Raises:
        ApiError: The limit is exceeded.
    """
    retry_after_s = state.faults.take_rate_limit()
    if retry_after_s is not None:
        message = "Request rate limit exceeded, please try again later"
        raise ApiError("rate_limit_exceeded", message, headers={"Retry-After": str(retry_after_s)})


def check_caller(state: State, request: Request) -> None:
    """Checks the access token and the user on whose behalf the request is made.

    Raises:
        ApiError: The token is missing, wrong or expired, or the user is malformed or unknown.
    """
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer":
        # Without a token there is nothing to say about it (RFC 6750, section 3.1).
        raise ApiError("unauthorized", "Unauthorized", headers={"WWW-Authenticate": 'Bearer realm="Service"'})
    state.authenticate(token.strip())
    user_id = request.headers.get("as-user")
    if user_id is not None:
        if not is_id(user_id):
            raise argument_error("invalid_parameter", "as-user", "The id of the user is not 1 to 19 decimal digits.")
        state.check_as_user(user_id)


def content_length(request: Request) -> int:
    """Returns the length of the request body in bytes, as the request announces it.

    Raises:
        ApiError: The length is not announced (411), or malformed.
    """
    announced = request.headers.get("content-length")
    if announced is None or "transfer-encoding" in request.headers:
        raise ApiError("length_required", "Length Required")
    if not re.fullmatch(r"[0-9]{1,19}", announced):
        raise ApiError("bad_request", "The Content-Length header is malformed.")
    return int(announced)


def part_content_length(request: Request) -> int | None:
    """Returns the length of a part in bytes as the request announces it; None if it comes in chunks.

    Box's JavaScript SDKs stream their parts, and streams have no length to announce.

    Raises:
        ApiError: The length is not announced (411), or malformed; or the body is encoded in another way as well.
    """
    encoding = request.headers.get("transfer-encoding")
    if encoding is None:
        return content_length(request)
    # Which of two contradicting lengths counts is how requests are smuggled past proxies (RFC 9112, section 6.1).
    if encoding.strip().lower() != "chunked" or "content-length" in request.headers:
        raise ApiError("bad_request", "The Transfer-Encoding header is not 'chunked' alone, without a Content-Length.")
    return None


def check_media_type(request: Request, expected: str) -> None:
    """Checks what the request body is called.

    Raises:
        ApiError: It is called something else (415).
    """
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != expected:
        raise ApiError("unsupported_media_type", "Unsupported Media Type")


async def read_json_body(request: Request, chunks: AsyncIterator[bytes], max_length: int = MAX_BODY_LENGTH) -> bytes:
    """Returns the request body out of its pieces, of at most `max_length` bytes.

    Raises:
        ApiError: The length is not announced (411), the body is too long (413) or not called JSON (415).
    """
    if content_length(request) > max_length:
        raise too_large_error()
    check_media_type(request, "application/json")
    body = bytearray()
    async for chunk in chunks:
        body += chunk
        # Called in process, the app may get more than was announced.
        if len(body) > max_length:
            raise too_large_error()
    return bytes(body)


def too_large_error() -> ApiError:
    """Returns the refusal of a body that is too long."""
    return ApiError("request_entity_too_large", "Request Entity Too Large")
