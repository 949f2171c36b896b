"""Error responses: in Box's format, or as a proxy sends them."""

from starlette.responses import JSONResponse, Response

from box_uploads_mock.errors import SIGN_IN_CODES, ApiError, SignInError, expired_token_error
from box_uploads_mock.fault_kinds import Failure
from box_uploads_mock.operation_names import SIGN_IN
from box_uploads_mock.state import State

_PROXY_ERROR_PAGE = "<!DOCTYPE html>\n<html><head><title>{0}</title></head><body><h1>{0}</h1></body></html>\n"


def error_response(error: ApiError, state: State) -> Response:
    """Return the response for an error, in Box's format."""
    return JSONResponse(error.body(state.new_request_id()), error.status, error.headers)


def failure_response(failure: Failure, state: State, session: object = None) -> Response:
    """Return the response of a `Failure` fault; a `session_conflict` contains the session."""
    headers: dict[str, str] = {}
    is_sign_in = failure.operation in SIGN_IN
    if failure.status == 401 and not is_sign_in:
        headers |= expired_token_error().headers
    if failure.retry_after_s is not None:
        headers["Retry-After"] = str(failure.retry_after_s)
    code = failure.error_code
    if is_sign_in and not failure.code:
        code = SIGN_IN_CODES.get(failure.status, "server_error" if failure.status >= 500 else "invalid_request")
    message = code.replace("_", " ").capitalize()
    if failure.body == "html":
        return Response(_PROXY_ERROR_PAGE.format(message), failure.status, headers, "text/html")
    if failure.body == "none":
        return Response(status_code=failure.status, headers=headers)
    if is_sign_in:
        return error_response(SignInError(code, message, status=failure.status, headers=headers), state)
    context = {"session": session} if failure.error_code == "session_conflict" and session is not None else None
    error = ApiError(failure.error_code, message, status=failure.status, context=context, headers=headers)
    return error_response(error, state)
