"""Defects of the mock: who may call, and what is refused whatever the operation."""

from __future__ import annotations

from typing import Any

from box_uploads_mock.errors import Refusal
from starlette.responses import JSONResponse

from tests.prove.planting import Catalogue

__all__ = ["DEFECTS"]

DEFECTS = Catalogue()
CREATE, GET, UPLOAD, LIST = "create_upload_session", "get_upload_session", "upload_part", "list_parts"
ABORT, LOG = "abort_upload_session", "log_upload_event"


# Who may call


@DEFECTS.defect("box_uploads_mock.admission.check_caller", CREATE)
def nobody_is_asked_for_a_token(original: Any) -> Any:
    """Neither the token nor the user is looked at."""
    return lambda state, request: None


@DEFECTS.defect("box_uploads_mock.admission.check_caller", GET)
def reading_needs_no_token(original: Any) -> Any:
    """Calls that only read are answered without a token."""
    return lambda state, request: None if request.method == "GET" else original(state, request)


@DEFECTS.defect("box_uploads_mock.admission.check_caller", UPLOAD)
def uploading_needs_no_token(original: Any) -> Any:
    """Parts are taken without a token."""
    return lambda state, request: None if request.method == "PUT" else original(state, request)


@DEFECTS.defect("box_uploads_mock.admission.check_caller", ABORT)
def aborting_needs_no_token(original: Any) -> Any:
    """Sessions are aborted without a token."""
    return lambda state, request: None if request.method == "DELETE" else original(state, request)


@DEFECTS.defect("box_uploads_mock.state.State.authenticate", CREATE)
def any_token_will_do(original: Any) -> Any:
    """Tokens are not compared."""
    return lambda state, token: None


@DEFECTS.defect("box_uploads_mock.state.State.authenticate", CREATE)
def a_token_has_no_letter_case(original: Any) -> Any:
    """A token in capital letters is as good."""
    return lambda state, token: original(state, token.lower())


@DEFECTS.defect("box_uploads_mock.state.State.expire_token", CREATE)
def tokens_do_not_expire(original: Any) -> Any:
    """A token that has expired is as good as before."""
    return lambda state, token: None


@DEFECTS.defect("box_uploads_mock.errors.STATUS_OF_CODE[unauthorized]", CREATE)
def a_wrong_token_is_forbidden(original: Any) -> Any:
    """A missing or wrong token is told by 403."""
    return 403


@DEFECTS.defect("box_uploads_mock.answers.refusal_response", CREATE)
def a_refused_token_is_not_challenged(original: Any) -> Any:
    """A 401 has no `WWW-Authenticate`."""
    return lambda refusal, state: JSONResponse(refusal.body(state.request_id()), refusal.status)


@DEFECTS.defect("box_uploads_mock.app.refusal_response", CREATE)
def a_refusal_has_no_headers(original: Any) -> Any:
    """Neither `WWW-Authenticate` nor `Allow` nor `Retry-After` goes with a refusal."""
    return lambda refusal, state: JSONResponse(refusal.body(state.request_id()), refusal.status)


@DEFECTS.defect("box_uploads_mock.state.invalid_token", CREATE)
def a_wrong_token_is_as_a_missing_one(original: Any) -> Any:
    """The challenge of a wrong token does not say that it is wrong."""
    return lambda description: Refusal(
        "unauthorized", "Unauthorized", headers={"WWW-Authenticate": 'Bearer realm="Service"'}
    )


@DEFECTS.defect("box_uploads_mock.state.State.impersonate", CREATE)
def every_user_exists(original: Any) -> Any:
    """The user of `as-user` need not be one of the world's."""
    return lambda state, user_id: None


@DEFECTS.defect("box_uploads_mock.admission.is_id", CREATE)
def a_user_id_may_be_any_text(original: Any) -> Any:
    """The user of `as-user` need not be a number."""
    return lambda text: True


# What is refused whatever the operation


@DEFECTS.defect("box_uploads_mock.admission.announced_length", CREATE, UPLOAD)
def a_length_need_not_be_announced(original: Any) -> Any:
    """A body without `content-length` is read."""

    def spoiled(request: Any) -> int:
        return original(request) if "content-length" in request.headers else 0

    return spoiled


@DEFECTS.defect("box_uploads_mock.admission.check_media_type", CREATE, UPLOAD)
def any_media_type_will_do(original: Any) -> Any:
    """What a body is called is not looked at."""
    return lambda request, expected: None


@DEFECTS.defect("box_uploads_mock.admission.check_media_type", CREATE)
def a_media_type_has_no_parameters(original: Any) -> Any:
    """`application/json; charset=utf-8` is refused."""

    def spoiled(request: Any, expected: str) -> None:
        if request.headers.get("content-type") != expected:
            raise Refusal("unsupported_media_type", "Unsupported Media Type")

    return spoiled


@DEFECTS.defect("box_uploads_mock.admission.read_json_body", CREATE, LOG)
def a_body_may_be_huge(original: Any) -> Any:
    """Bodies of a hundred megabytes are read."""
    return lambda request, chunks, max_length: original(request, chunks, 10**8)


@DEFECTS.defect("box_uploads_mock.errors.STATUS_OF_CODE[request_entity_too_large]", CREATE)
def a_huge_body_is_a_bad_request(original: Any) -> Any:
    """A body that is too large is told by 400."""
    return 400


@DEFECTS.defect("box_uploads_mock.routes._operation", CREATE)
def a_wrong_method_is_not_told_the_right_ones(original: Any) -> Any:
    """A 405 has no `Allow`."""

    def spoiled(route: Any, method: str) -> str:
        if method not in route.operations:
            raise Refusal("method_not_allowed", "Method Not Allowed")
        return original(route, method)  # type: ignore[no-any-return]  # a name

    return spoiled


@DEFECTS.defect("box_uploads_mock.routes._operation", LIST)
def any_method_is_allowed(original: Any) -> Any:
    """A method that is not documented is taken for the first that is."""
    return lambda route, method: route.operations.get(method) or next(iter(route.operations.values()))


@DEFECTS.defect("box_uploads_mock.routes._allow", GET)
def too_many_methods_are_told(original: Any) -> Any:
    """`Allow` names a method that there is not."""
    return lambda route: f"{original(route)}, PATCH"


@DEFECTS.defect("box_uploads_mock.errors.STATUS_OF_CODE[method_not_allowed]", CREATE)
def a_wrong_method_is_not_found(original: Any) -> Any:
    """A method that there is not is told by 404."""
    return 404


@DEFECTS.defect("box_uploads_mock.routes._parameters", LIST)
def a_slash_at_the_end_does_not_matter(original: Any) -> Any:
    """A path that ends in a slash is taken for the one without it."""
    return lambda route, sent: original(route, sent if sent[-1] else sent[:-1])


@DEFECTS.defect("box_uploads_mock.admission.check_rate", CREATE)
def the_rate_limit_is_ignored(original: Any) -> Any:
    """Nobody calls too often."""
    return lambda state: None


@DEFECTS.defect("box_uploads_mock.faults.Faults.take_rate_limit", CREATE)
def the_rate_limit_says_a_second_more(original: Any) -> Any:
    """`Retry-After` of a 429 is one more than was asked for."""

    def spoiled(faults: Any) -> int | None:
        seconds = original(faults)
        return None if seconds is None else seconds + 1

    return spoiled


@DEFECTS.defect("box_uploads_mock.errors.STATUS_OF_CODE[rate_limit_exceeded]", CREATE)
def the_rate_limit_is_another_status(original: Any) -> Any:
    """The rate limit is told by 420."""
    return 420
