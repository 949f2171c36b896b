"""Defects of the mock: authentication, and what every operation refuses."""

from __future__ import annotations

from typing import Any

from box_uploads_mock.errors import ApiError
from starlette.responses import JSONResponse

from tests.prove.operations import ABORT, CREATE, GET, LIST, LOG, UPLOAD
from tests.prove.patches import after, always, patch, with_result, wrap

_CHALLENGE = {"WWW-Authenticate": 'Bearer realm="Service"'}


def _refuse_media_type_parameters(request: Any, expected: str) -> None:
    if request.headers.get("content-type") != expected:
        raise ApiError("unsupported_media_type", "Unsupported Media Type")


def _refuse_method(original: Any, route: Any, method: str) -> str:
    if method not in route.operations:
        raise ApiError("method_not_allowed", "Method Not Allowed")
    return original(route, method)  # type: ignore[no-any-return]  # a name


# fmt: off
DEFECTS = (
    # Who may call
    patch("Token and user are not checked", "mock.request_checks.check_caller", always(None), CREATE),
    wrap("GET needs no token", "mock.request_checks.check_caller",
        lambda original, state, request: None if request.method == "GET" else original(state, request), GET),
    wrap("PUT needs no token", "mock.request_checks.check_caller",
        lambda original, state, request: None if request.method == "PUT" else original(state, request), UPLOAD),
    wrap("DELETE needs no token", "mock.request_checks.check_caller",
        lambda original, state, request: None if request.method == "DELETE" else original(state, request), ABORT),
    patch("Tokens are not compared", "mock.state.State.authenticate", always(None), CREATE),
    wrap("The letter case of a token is ignored", "mock.state.State.authenticate",
        lambda original, state, token: original(state, token.lower()), CREATE),
    patch("An expired token is accepted", "mock.state.State.expire_token", always(None), CREATE),
    patch("A missing or wrong token is answered with 403", "mock.errors.STATUS_OF_CODE[unauthorized]", 403, CREATE),
    patch("A 401 has no `WWW-Authenticate`", "mock.error_responses.error_response",
        lambda refusal, state: JSONResponse(refusal.body(state.request_id()), refusal.status), CREATE),
    patch("Errors lack `WWW-Authenticate`, `Allow` and `Retry-After`", "mock.app.error_response",
        lambda refusal, state: JSONResponse(refusal.body(state.request_id()), refusal.status), CREATE),
    patch("The challenge of a wrong token is that of a missing one", "mock.token_store.invalid_token_error",
        lambda: ApiError("unauthorized", "Unauthorized", headers=_CHALLENGE), CREATE),
    patch("`as-user` may name an unknown user", "mock.state.State.check_as_user", always(None), CREATE),
    patch("`as-user` need not be a number", "mock.request_checks.is_id", always(True), CREATE),
    # What is refused whatever the operation
    wrap("A body without `content-length` is accepted", "mock.request_checks.content_length",
        lambda original, request: original(request) if "content-length" in request.headers else 0, CREATE, UPLOAD),
    patch("The media type of a body is not checked", "mock.request_checks.check_media_type", always(None), CREATE,
        UPLOAD),
    patch("`application/json; charset=utf-8` is refused", "mock.request_checks.check_media_type",
        _refuse_media_type_parameters, CREATE),
    wrap("Bodies of a hundred megabytes are accepted", "mock.request_checks.read_json_body",
        lambda original, request, chunks, max_length: original(request, chunks, 10**8), CREATE, LOG),
    patch("A body that is too large is answered with 400", "mock.errors.STATUS_OF_CODE[request_entity_too_large]", 400,
        CREATE),
    wrap("A 405 has no `Allow`", "mock.routes._operation", _refuse_method, CREATE),
    patch("An undocumented method counts as the first documented one", "mock.routes._operation",
        lambda route, method: route.operations.get(method) or next(iter(route.operations.values())), LIST),
    wrap("`Allow` names an undocumented method", "mock.routes._allow",
        lambda original, route: f"{original(route)}, PATCH", GET),
    patch("An undocumented method is answered with 404", "mock.errors.STATUS_OF_CODE[method_not_allowed]", 404, CREATE),
    wrap("A trailing slash in a path is ignored", "mock.routes._parameters",
        lambda original, route, sent: original(route, sent if sent[-1] else sent[:-1]), LIST),
    patch("The rate limit is not checked", "mock.request_checks.check_rate_limit", always(None), CREATE),
    wrap("`Retry-After` of a 429 is one second too long", "mock.faults.Faults.take_rate_limit",
        with_result(lambda seconds, _: None if seconds is None else seconds + 1), CREATE),
    patch("The limits of users are not checked", "mock.request_checks.check_user_limits", always(None)),
    wrap("All users share a limit", "mock.user_limits.UserLimits.take",
        lambda original, limits, user_id, operation, now: original(limits, "", operation, now)),
    wrap("A call that a user's limit refuses takes a token", "mock.user_limits.TokenBucket.wait_s",
        after(lambda wait_s, bucket, _: wait_s and bucket.take())),
    patch("Uploads have no limit of their own", "mock.user_limits.UPLOADS", frozenset()),
    patch("The rate limit is answered with 420", "mock.errors.STATUS_OF_CODE[rate_limit_exceeded]", 420, CREATE),
)
