"""Defects of the mock: authentication, and what every operation refuses."""

from __future__ import annotations

from typing import Any

from box_uploads_mock.errors import ApiError
from starlette.responses import JSONResponse

from tests.prove.operations import ABORT, CREATE, GET, LIST, LOG, UPLOAD
from tests.prove.patches import patch, wrap

_CHALLENGE = {"WWW-Authenticate": 'Bearer realm="Service"'}


def _a_media_type_has_no_parameters(request: Any, expected: str) -> None:
    if request.headers.get("content-type") != expected:
        raise ApiError("unsupported_media_type", "Unsupported Media Type")


def _a_wrong_method_is_not_told_the_right_ones(original: Any, route: Any, method: str) -> str:
    if method not in route.operations:
        raise ApiError("method_not_allowed", "Method Not Allowed")
    return original(route, method)  # type: ignore[no-any-return]  # a name


def _the_rate_limit_says_a_second_more(original: Any, faults: Any) -> int | None:
    seconds = original(faults)
    return None if seconds is None else seconds + 1


# fmt: off
DEFECTS = (
    # Who may call
    patch("nobody-is-asked-for-a-token", "box_uploads_mock.request_checks.check_caller",
        "Token and user are not checked.",
        lambda state, request: None, CREATE),
    wrap("reading-needs-no-token", "box_uploads_mock.request_checks.check_caller", "GET needs no token.",
        lambda original, state, request: None if request.method == "GET" else original(state, request), GET),
    wrap("uploading-needs-no-token", "box_uploads_mock.request_checks.check_caller", "PUT needs no token.",
        lambda original, state, request: None if request.method == "PUT" else original(state, request), UPLOAD),
    wrap("aborting-needs-no-token", "box_uploads_mock.request_checks.check_caller", "DELETE needs no token.",
        lambda original, state, request: None if request.method == "DELETE" else original(state, request), ABORT),
    patch("any-token-will-do", "box_uploads_mock.state.State.authenticate", "Tokens are not compared.",
        lambda state, token: None, CREATE),
    wrap("a-token-has-no-letter-case", "box_uploads_mock.state.State.authenticate",
        "The letter case of a token is ignored.", lambda original, state, token: original(state, token.lower()),
        CREATE),
    patch("tokens-do-not-expire", "box_uploads_mock.state.State.expire_token", "An expired token is accepted.",
        lambda state, token: None, CREATE),
    patch("a-wrong-token-is-forbidden", "box_uploads_mock.errors.STATUS_OF_CODE[unauthorized]",
        "A missing or wrong token is answered with 403.", 403, CREATE),
    patch("a-refused-token-is-not-challenged", "box_uploads_mock.error_responses.error_response",
        "A 401 has no `WWW-Authenticate`.",
        lambda refusal, state: JSONResponse(refusal.body(state.request_id()), refusal.status), CREATE),
    patch("a-refusal-has-no-headers", "box_uploads_mock.app.error_response",
        "Errors lack `WWW-Authenticate`, `Allow` and `Retry-After`.",
        lambda refusal, state: JSONResponse(refusal.body(state.request_id()), refusal.status), CREATE),
    patch("a-wrong-token-is-as-a-missing-one", "box_uploads_mock.state.invalid_token_error",
        "The challenge of a wrong token is that of a missing one.",
        lambda description: ApiError("unauthorized", "Unauthorized", headers=_CHALLENGE), CREATE),
    patch("every-user-exists", "box_uploads_mock.state.State.check_as_user", "`as-user` may name an unknown user.",
        lambda state, user_id: None, CREATE),
    patch("a-user-id-may-be-any-text", "box_uploads_mock.request_checks.is_id", "`as-user` need not be a number.",
        lambda text: True, CREATE),
    # What is refused whatever the operation
    wrap("a-length-need-not-be-announced", "box_uploads_mock.request_checks.content_length",
        "A body without `content-length` is accepted.",
        lambda original, request: original(request) if "content-length" in request.headers else 0, CREATE, UPLOAD),
    patch("any-media-type-will-do", "box_uploads_mock.request_checks.check_media_type",
        "The media type of a body is not checked.", lambda request, expected: None, CREATE, UPLOAD),
    patch("a-media-type-has-no-parameters", "box_uploads_mock.request_checks.check_media_type",
        "`application/json; charset=utf-8` is refused.", _a_media_type_has_no_parameters, CREATE),
    wrap("a-body-may-be-huge", "box_uploads_mock.request_checks.read_json_body",
        "Bodies of a hundred megabytes are accepted.",
        lambda original, request, chunks, max_length: original(request, chunks, 10**8), CREATE, LOG),
    patch("a-huge-body-is-a-bad-request", "box_uploads_mock.errors.STATUS_OF_CODE[request_entity_too_large]",
        "A body that is too large is answered with 400.", 400, CREATE),
    wrap("a-wrong-method-is-not-told-the-right-ones", "box_uploads_mock.routes._operation", "A 405 has no `Allow`.",
        _a_wrong_method_is_not_told_the_right_ones, CREATE),
    patch("any-method-is-allowed", "box_uploads_mock.routes._operation",
        "An undocumented method counts as the first documented one.",
        lambda route, method: route.operations.get(method) or next(iter(route.operations.values())), LIST),
    wrap("too-many-methods-are-told", "box_uploads_mock.routes._allow", "`Allow` names an undocumented method.",
        lambda original, route: f"{original(route)}, PATCH", GET),
    patch("a-wrong-method-is-not-found", "box_uploads_mock.errors.STATUS_OF_CODE[method_not_allowed]",
        "A method that there is not is answered with 404.", 404, CREATE),
    wrap("a-slash-at-the-end-does-not-matter", "box_uploads_mock.routes._parameters",
        "A trailing slash in a path is ignored.",
        lambda original, route, sent: original(route, sent if sent[-1] else sent[:-1]), LIST),
    patch("the-rate-limit-is-ignored", "box_uploads_mock.request_checks.check_rate_limit",
        "The rate limit is not checked.",
        lambda state: None, CREATE),
    wrap("the-rate-limit-says-a-second-more", "box_uploads_mock.faults.Faults.take_rate_limit",
        "`Retry-After` of a 429 is one second too long.", _the_rate_limit_says_a_second_more, CREATE),
    patch("the-rate-limit-is-another-status", "box_uploads_mock.errors.STATUS_OF_CODE[rate_limit_exceeded]",
        "The rate limit is answered with 420.", 420, CREATE),
)
