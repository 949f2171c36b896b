"""Errors of the API, in Box's codes and format."""

from collections.abc import Mapping, Sequence

HELP_URL = "https://developer.box.com/guides/api-calls/permissions-and-errors/common-errors/"

# The codes in Box's page of common errors, its OpenAPI document and its own clients.
STATUS_OF_CODE: Mapping[str, int] = {
    "bad_request": 400,
    "invalid_parameter": 400,
    "missing_destination": 400,
    "invalid_folder_id": 400,
    "missing_file_name": 400,
    "item_name_invalid": 400,
    "item_name_too_long": 400,
    "missing_file_size": 400,
    "invalid_file_size": 400,
    "file_size_too_small": 400,
    "invalid_upload_session_id": 400,
    "bad_digest": 400,
    "metadata_after_file_contents": 400,
    "digest_mismatch": 400,
    "parts_mismatch": 400,
    "unauthorized": 401,
    "forbidden": 403,
    "storage_limit_exceeded": 403,
    "file_size_limit_exceeded": 403,
    "access_denied_insufficient_permissions": 403,
    "not_found": 404,
    "trashed": 404,
    # The status is inferred: the code was only observed without one.
    "upload_session_not_found": 404,
    "method_not_allowed": 405,
    "conflict": 409,
    "item_name_in_use": 409,
    "name_temporarily_reserved": 409,
    "operation_blocked_temporary": 409,
    "session_conflict": 409,
    "session_expired": 410,
    "upload_failed": 410,
    "length_required": 411,
    "precondition_failed": 412,
    "request_entity_too_large": 413,
    "unsupported_media_type": 415,
    "range_overlaps_existing_part": 416,
    # Inferred: like its neighbours, the reason phrase in RFC 2616. No client shows Box's code.
    "requested_range_not_satisfiable": 416,
    "rate_limit_exceeded": 429,
    "internal_server_error": 500,
    "bad_gateway": 502,
    "unavailable": 503,
}


class ApiError(Exception):
    """A request gets an error response.

    Args:
        code: Box's error code.
        message: Description for humans.
        status: HTTP status; by default the status of the code.
        context: Content of `context_info`, None for no details.
        headers: Additional headers of the response.
    """

    def __init__(
        self,
        code: str,
        message: str,
        *,
        status: int | None = None,
        context: Mapping[str, object] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = STATUS_OF_CODE[code] if status is None else status
        self.context = context
        self.headers: Mapping[str, str] = headers or {}

    def body(self, request_id: str, /) -> dict[str, object]:
        """Return the body of the response; `context_info` is null when there are no details."""
        return {
            "type": "error",
            "status": self.status,
            "code": self.code,
            "message": self.message,
            "context_info": self.context,
            "help_url": HELP_URL,
            "request_id": request_id,
        }


class SignInError(ApiError):
    """A sign-in gets an error response in the form of OAuth 2.

    Args:
        error: Code of the error.
        description: Description for humans, empty for none.
        status: HTTP status; Box answers nearly all with 400.
        headers: Additional headers of the response.
    """

    def __init__(
        self, error: str, description: str = "", *, status: int = 400, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(error, description, status=status, headers=headers)

    def body(self, _request_id: str, /) -> dict[str, object]:
        """Return the body of the response, which has no request id."""
        return {"error": self.code, **({"error_description": self.message} if self.message else {})}


# RFC 6749, sections 4.1.2.1 and 5.2; `temporarily_unavailable` was observed with 429 (rclone issue 3443).
SIGN_IN_CODES: Mapping[int, str] = {
    400: "invalid_request",
    401: "invalid_client",
    403: "access_denied",
    429: "temporarily_unavailable",
    500: "server_error",
    503: "temporarily_unavailable",
}


def sign_in_error(error: ApiError) -> SignInError:
    """Return an error of the other calls in the form of a sign-in."""
    if isinstance(error, SignInError):
        return error
    # A body that is too long, has no length or is of another media type is a malformed request.
    status = error.status if error.status in SIGN_IN_CODES else 400
    return SignInError(SIGN_IN_CODES[status], error.message, status=status, headers=error.headers)


def argument_error(code: str, name: str, message: str) -> ApiError:
    """Return an error that names the invalid argument."""
    errors: Sequence[Mapping[str, str]] = [{"reason": "invalid_parameter", "name": name, "message": message}]
    return ApiError(code, message, context={"errors": errors})


def invalid_token_error() -> ApiError:
    """Return the error for a token that never was, or was revoked (RFC 6750, section 3.1)."""
    return _challenge("invalid_token", "The access token provided is invalid.")


def expired_token_error() -> ApiError:
    """Return the error for a token that has expired; rclone renews its token if it finds this word."""
    return _challenge("expired_token", "The access token provided has expired.")


def _challenge(error: str, description: str) -> ApiError:
    challenge = f'Bearer realm="Service", error="{error}", error_description="{description}"'
    return ApiError("unauthorized", "Unauthorized", headers={"WWW-Authenticate": challenge})
