"""Defects of the client: how it maps statuses to results and errors."""

from __future__ import annotations

from typing import Any

import msgspec
from box_uploads import errors, models
from box_uploads.types import Response

from tests.prove.client_defects.building import READ
from tests.prove.operations import ABORT, COMMIT, CREATE, GET, LOG, UPLOAD, VERSION
from tests.prove.patches import after, change, patch, wrap

CONFLICTS = "these_conflicts_are_wrong"
READING = "every_response_is_read"
FAILURE = "box_uploads.api.upload_sessions.create_upload_session.api_error"


def _read_as(status: int, *, only: range) -> Any:
    """Read responses of some statuses as if they had another one."""
    return lambda original, raw: original(msgspec.structs.replace(raw, status=status) if raw.status in only else raw)


def _the_request_id_of_a_proxy_comes_first(original: Any, error: Any, *given: Any, **named: Any) -> None:
    original(error, *given, **named)
    error.request_id = error.headers.get("box-request-id") or error.request_id


# fmt: off
DEFECTS = (
    wrap("a-session-of-status-200-is-created", READ(CREATE), "Any success counts as 201.",
        _read_as(201, only=range(200, 300)), CREATE, "no_success"),
    wrap("a-conflict-is-a-success", READ(CREATE), "409 is read as a session.",
        lambda original, raw: Response(raw, None) if raw.status == 409 else original(raw), CREATE),
    wrap("a-created-version-session-is-an-error", READ(VERSION), "201 is an error.",
        lambda original, raw: original(msgspec.structs.replace(raw, status=299)), VERSION),
    wrap("a-session-that-is-gone-is-a-success", READ(GET), "410 returns None.",
        lambda original, raw: Response(raw, None) if raw.status == 410 else original(raw), GET),
    wrap("a-wait-is-an-error", READ(COMMIT), "202 is an error.", _read_as(299, only=range(202, 203)), COMMIT),
    wrap("a-wait-is-decoded", READ(COMMIT), "202 is read as a file.", _read_as(201, only=range(202, 203)), COMMIT),
    wrap("a-file-is-not-decoded", READ(COMMIT), "201 is read as a 202.", _read_as(202, only=range(201, 202)), COMMIT),
    wrap("an-abort-returns-its-body", READ(ABORT), "204 is read as bytes.",
        lambda original, raw: Response(raw, raw.content) if raw.status == 204 else original(raw), ABORT),
    wrap("an-unknown-session-is-aborted", READ(ABORT), "404 counts as aborted.",
        lambda original, raw: Response(raw, None) if raw.status == 404 else original(raw), ABORT),
    patch("no-event-is-an-error", READ(LOG), "Every status of an event is a success.", lambda raw: Response(raw, None),
        LOG),
    patch("a-conflict-has-no-class", "box_uploads._runtime.errors._BY_STATUS[409]",
        "409 has no error class of its own.", errors.ApiError, CREATE),
    patch("a-failed-condition-is-a-conflict", "box_uploads._runtime.errors._BY_STATUS[412]",
        "412 has the error class of 409.", errors.ConflictError, UPLOAD),
    patch("an-overlap-has-no-class", "box_uploads._runtime.errors._BY_STATUS[416]",
        "416 has no error class of its own.", errors.ApiError, UPLOAD),
    wrap("a-broken-server-has-no-class", "box_uploads._runtime.api_error.error_class",
        "5xx has no error class of its own.",
        lambda original, status: errors.ApiError if status >= 500 else original(status), CREATE),
    wrap("an-error-has-no-code", FAILURE, "`code` of an error is None.",
        after(lambda error, *_: setattr(error, "code", None)), CREATE, CONFLICTS, READING),
    wrap("an-error-has-no-body", FAILURE, "The body of an error is not decoded.",
        after(lambda error, *_: setattr(error, "body", None)), CREATE, CONFLICTS, READING),
    wrap("a-wrong-body-is-not-told", FAILURE, "`body_error` of an error is missing.",
        after(lambda error, *_: setattr(error, "body_error", None)), CREATE, CONFLICTS, READING),
    patch("the-wish-to-wait-is-not-told", "box_uploads._runtime.api_error.parse_retry_after",
        "Errors lack `Retry-After`.", lambda value: None, CREATE),
    patch("the-fields-of-an-error-are-not-read", "box_uploads._runtime.api_error.is_object",
        "An error has no code, message or request id.", lambda value: False, CREATE),
    change("a-conflict-is-decoded-as-any-error", "box_uploads.api.upload_sessions.create_upload_session._ERRORS[409]",
        "The conflicting item is not decoded.", lambda original: type(original)(models.ErrorBody), CREATE),
    patch("one-conflict-is-not-found", "box_uploads.upload.conflicts.is_array",
        "A conflict given as one object is not found.", lambda value: True, CREATE),
    patch("a-body-that-is-no-json-is-a-crash", "box_uploads._runtime.api_error._fields",
        "An error whose body is HTML is not raised as such.", msgspec.json.decode, "junk", "no_body_masks",
        "whatever"),
    wrap("the-request-id-of-a-proxy-comes-first", "box_uploads._runtime.errors.ApiError.__init__",
        "`box-request-id` is preferred to `x-request-id`, and to the body.", _the_request_id_of_a_proxy_comes_first,
        CREATE),
)
