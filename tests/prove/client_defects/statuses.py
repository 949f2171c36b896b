"""Defects of the client: what statuses mean to it, and what its errors say."""

from __future__ import annotations

from typing import Any

import msgspec
from box_uploads import errors, models
from box_uploads.types import Response

from tests.prove.client_defects.building import READ
from tests.prove.planting import Catalogue

__all__ = ["DEFECTS"]

DEFECTS = Catalogue()
CREATE, VERSION, GET = "create_upload_session", "create_version_upload_session", "get_upload_session"
UPLOAD = "upload_part"
COMMIT, ABORT, LOG = "commit_upload_session", "abort_upload_session", "log_upload_event"
CONFLICTS = "these_conflicts_are_wrong"
READING = "every_response_is_read"


def _as(status: int) -> Any:
    return lambda original: lambda raw: original(msgspec.structs.replace(raw, status=status))


@DEFECTS.defect(READ(CREATE), CREATE, "no_success")
def a_session_of_status_200_is_created(original: Any) -> Any:
    """Any success is taken for 201."""

    def spoiled(raw: Any) -> Any:
        return original(msgspec.structs.replace(raw, status=201) if 200 <= raw.status < 300 else raw)

    return spoiled


@DEFECTS.defect(READ(CREATE), CREATE)
def a_conflict_is_a_success(original: Any) -> Any:
    """409 is read as a session."""
    return lambda raw: Response(raw, None) if raw.status == 409 else original(raw)


@DEFECTS.defect(READ(VERSION), VERSION)
def a_created_version_session_is_an_error(original: Any) -> Any:
    """201 is no success."""
    return _as(299)(original)


@DEFECTS.defect(READ(GET), GET)
def a_session_that_is_gone_is_a_success(original: Any) -> Any:
    """410 is read as nothing."""
    return lambda raw: Response(raw, None) if raw.status == 410 else original(raw)


@DEFECTS.defect(READ(COMMIT), COMMIT)
def a_wait_is_an_error(original: Any) -> Any:
    """202 is no success."""
    return lambda raw: original(msgspec.structs.replace(raw, status=299) if raw.status == 202 else raw)


@DEFECTS.defect(READ(COMMIT), COMMIT)
def a_wait_is_decoded(original: Any) -> Any:
    """202 is read as a file."""
    return lambda raw: original(msgspec.structs.replace(raw, status=201) if raw.status == 202 else raw)


@DEFECTS.defect(READ(COMMIT), COMMIT)
def a_file_is_not_decoded(original: Any) -> Any:
    """201 is read as a 202."""
    return lambda raw: original(msgspec.structs.replace(raw, status=202) if raw.status == 201 else raw)


@DEFECTS.defect(READ(ABORT), ABORT)
def an_abort_returns_its_body(original: Any) -> Any:
    """204 is read as bytes."""
    return lambda raw: Response(raw, raw.content) if raw.status == 204 else original(raw)


@DEFECTS.defect(READ(ABORT), ABORT)
def an_unknown_session_is_aborted(original: Any) -> Any:
    """404 is taken for an abort."""
    return lambda raw: Response(raw, None) if raw.status == 404 else original(raw)


@DEFECTS.defect(READ(LOG), LOG)
def no_event_is_an_error(original: Any) -> Any:
    """Every status of an event is a success."""
    return lambda raw: Response(raw, None)


@DEFECTS.defect("box_uploads._runtime.errors._BY_STATUS[409]", CREATE)
def a_conflict_has_no_class(original: Any) -> Any:
    """409 is the error that has no class of its own."""
    return errors.ApiError


@DEFECTS.defect("box_uploads._runtime.errors._BY_STATUS[412]", UPLOAD)
def a_failed_condition_is_a_conflict(original: Any) -> Any:
    """412 is the error of 409."""
    return errors.ConflictError


@DEFECTS.defect("box_uploads._runtime.errors._BY_STATUS[416]", UPLOAD)
def an_overlap_has_no_class(original: Any) -> Any:
    """416 is the error that has no class of its own."""
    return errors.ApiError


@DEFECTS.defect("box_uploads._runtime.failure.error_class", CREATE)
def a_broken_server_has_no_class(original: Any) -> Any:
    """5xx is the error that has no class of its own."""
    return lambda status: errors.ApiError if status >= 500 else original(status)


def _failing(change: Any) -> Any:
    def spoil(original: Any) -> Any:
        def spoiled(raw: Any, bodies: Any) -> Any:
            error = original(raw, bodies)
            change(error)
            return error

        return spoiled

    return spoil


FAILURE = "box_uploads.api.upload_sessions.create_upload_session.api_error"


@DEFECTS.defect(FAILURE, CREATE, CONFLICTS, READING)
def an_error_has_no_code(original: Any) -> Any:
    """`code` of an error is None."""
    return _failing(lambda error: setattr(error, "code", None))(original)


@DEFECTS.defect(FAILURE, CREATE, CONFLICTS, READING)
def an_error_has_no_body(original: Any) -> Any:
    """The body of an error is not decoded."""
    return _failing(lambda error: setattr(error, "body", None))(original)


@DEFECTS.defect(FAILURE, CREATE, CONFLICTS, READING)
def a_wrong_body_is_not_told(original: Any) -> Any:
    """That the body of an error breaks the contract is not said."""
    return _failing(lambda error: setattr(error, "body_error", None))(original)


@DEFECTS.defect("box_uploads._runtime.failure.parse_retry_after", CREATE)
def the_wish_to_wait_is_not_told(original: Any) -> Any:
    """`Retry-After` is not part of errors."""
    return lambda value: None


@DEFECTS.defect("box_uploads._runtime.failure.is_object", CREATE)
def the_fields_of_an_error_are_not_read(original: Any) -> Any:
    """An error has neither code nor message nor request id."""
    return lambda value: False


@DEFECTS.defect("box_uploads.api.upload_sessions.create_upload_session._ERRORS[409]", CREATE)
def a_conflict_is_decoded_as_any_error(original: Any) -> Any:
    """What a request conflicts with is not decoded."""
    return type(original)(models.ErrorBody)


@DEFECTS.defect("box_uploads._runtime.errors.ConflictError.conflicts", CREATE)
def one_conflict_is_not_found(original: Any) -> Any:
    """A conflict that is told as one object is not in `conflicts`."""

    def spoiled(error: Any) -> Any:
        found = (error.context_info or {}).get("conflicts")
        return found if isinstance(found, list) else []

    return spoiled


@DEFECTS.defect("box_uploads._runtime.failure._fields", "junk", "no_body_masks", "whatever")
def a_body_that_is_no_json_is_a_crash(original: Any) -> Any:
    """An error whose body is HTML is not raised as such."""
    return msgspec.json.decode


@DEFECTS.defect("box_uploads._runtime.errors.ApiError.__init__", "create_upload_session")
def the_request_id_of_a_proxy_comes_first(original: Any) -> Any:
    """`box-request-id` is preferred to `x-request-id`, and to the body."""

    def spoiled(error: Any, *given: Any, **named: Any) -> None:
        original(error, *given, **named)
        error.request_id = error.headers.get("box-request-id") or error.request_id

    return spoiled
