"""Defects of the client: how it maps statuses to results and errors."""

from __future__ import annotations

from typing import Any

import msgspec
from box_uploads import errors, models
from box_uploads.types import Response

from tests.prove.client_defects.building import READ, none_on, read_as
from tests.prove.operations import ABORT, COMMIT, CREATE, GET, LOG, UPLOAD, VERSION
from tests.prove.patches import after, always, change, patch, wrap

CONFLICTS = "these_conflicts_are_wrong"
READING = "every_response_is_read"
FAILURE = "api.create_upload_session.api_error"


def _prefer_box_id(_: None, error: Any, *given: Any) -> None:
    error.request_id = error.headers.get("box-request-id") or error.request_id


# fmt: off
DEFECTS = (
    wrap("Any success counts as 201", READ(CREATE), read_as(201, only=range(200, 300)), CREATE, "no_success"),
    wrap("409 is read as a session", READ(CREATE), none_on(409), CREATE),
    wrap("201 for a version is an error", READ(VERSION), read_as(299, only=range(600)), VERSION),
    wrap("410 for a session returns None", READ(GET), none_on(410), GET),
    wrap("202 for a commit is an error", READ(COMMIT), read_as(299, only=range(202, 203)), COMMIT),
    wrap("202 is read as a file", READ(COMMIT), read_as(201, only=range(202, 203)), COMMIT),
    wrap("201 is read as a 202", READ(COMMIT), read_as(202, only=range(201, 202)), COMMIT),
    wrap("204 is read as bytes", READ(ABORT),
        lambda original, raw: Response(raw, raw.content) if raw.status == 204 else original(raw), ABORT),
    wrap("404 counts as aborted", READ(ABORT), none_on(404), ABORT),
    patch("Every status of an event is a success", READ(LOG), lambda raw: Response(raw, None), LOG),
    patch("409 has no error class of its own", "runtime.errors._BY_STATUS[409]", errors.ApiError, CREATE),
    patch("412 has the error class of 409", "runtime.errors._BY_STATUS[412]", errors.ConflictError, UPLOAD),
    patch("416 has no error class of its own", "runtime.errors._BY_STATUS[416]", errors.ApiError, UPLOAD),
    wrap("5xx has no error class of its own", "runtime.api_error.error_class",
        lambda original, status: errors.ApiError if status >= 500 else original(status), CREATE),
    wrap("`code` of an error is None", FAILURE, after(lambda error, *_: setattr(error, "code", None)), CREATE,
        CONFLICTS, READING),
    wrap("The body of an error is not decoded", FAILURE, after(lambda error, *_: setattr(error, "body", None)), CREATE,
        CONFLICTS, READING),
    wrap("`body_error` of an error is missing", FAILURE, after(lambda error, *_: setattr(error, "body_error", None)),
        CREATE, CONFLICTS, READING),
    patch("Errors lack `Retry-After`", "runtime.api_error.parse_retry_after", always(None), CREATE),
    patch("An error has no code, message or request id", "runtime.api_error.is_object", always(False), CREATE),
    change("The conflicting item is not decoded", "api.create_upload_session._ERRORS[409]",
        lambda original: type(original)(models.ErrorBody), CREATE),
    patch("A conflict given as one object is not found", "upload.conflicts.is_array", always(True), CREATE),
    patch("An error whose body is HTML is not raised as such", "runtime.api_error._fields", msgspec.json.decode,
        "whatever"),
    wrap("`box-request-id` is preferred to `x-request-id`, and to the body", "runtime.errors.ApiError.__init__",
        after(_prefer_box_id), CREATE),
)
