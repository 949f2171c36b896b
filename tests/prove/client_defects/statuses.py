"""Defects of the client: what statuses mean to it, and what its errors say."""

from __future__ import annotations

from typing import Any

import msgspec
from box_uploads import errors, models
from box_uploads.types import Response

from tests.prove.client_defects.building import READ
from tests.prove.operations import ABORT, COMMIT, CREATE, GET, LOG, UPLOAD, VERSION
from tests.prove.patches import change, patch, wrap

CONFLICTS = "these_conflicts_are_wrong"
READING = "every_response_is_read"
FAILURE = "box_uploads.api.upload_sessions.create_upload_session.api_error"


def _read_as(status: int, *, only: range) -> Any:
    """Read responses of some statuses as if they had another one."""
    return lambda original, raw: original(msgspec.structs.replace(raw, status=status) if raw.status in only else raw)


def _ignoring(name: str) -> Any:
    """Leave an attribute of an error empty."""

    def make(original: Any, raw: Any, bodies: Any) -> Any:
        error = original(raw, bodies)
        setattr(error, name, None)
        return error

    return make


def _one_conflict_is_not_found(error: Any) -> Any:
    found = (error.context_info or {}).get("conflicts")
    return found if isinstance(found, list) else []


def _the_request_id_of_a_proxy_comes_first(original: Any, error: Any, *given: Any, **named: Any) -> None:
    original(error, *given, **named)
    error.request_id = error.headers.get("box-request-id") or error.request_id


# fmt: off
DEFECTS = (
    wrap("a-session-of-status-200-is-created", READ(CREATE), "Any success is taken for 201.",
        _read_as(201, only=range(200, 300)), CREATE, "no_success"),
    wrap("a-conflict-is-a-success", READ(CREATE), "409 is read as a session.",
        lambda original, raw: Response(raw, None) if raw.status == 409 else original(raw), CREATE),
    wrap("a-created-version-session-is-an-error", READ(VERSION), "201 is no success.",
        lambda original, raw: original(msgspec.structs.replace(raw, status=299)), VERSION),
    wrap("a-session-that-is-gone-is-a-success", READ(GET), "410 is read as nothing.",
        lambda original, raw: Response(raw, None) if raw.status == 410 else original(raw), GET),
    wrap("a-wait-is-an-error", READ(COMMIT), "202 is no success.", _read_as(299, only=range(202, 203)), COMMIT),
    wrap("a-wait-is-decoded", READ(COMMIT), "202 is read as a file.", _read_as(201, only=range(202, 203)), COMMIT),
    wrap("a-file-is-not-decoded", READ(COMMIT), "201 is read as a 202.", _read_as(202, only=range(201, 202)), COMMIT),
    wrap("an-abort-returns-its-body", READ(ABORT), "204 is read as bytes.",
        lambda original, raw: Response(raw, raw.content) if raw.status == 204 else original(raw), ABORT),
    wrap("an-unknown-session-is-aborted", READ(ABORT), "404 is taken for an abort.",
        lambda original, raw: Response(raw, None) if raw.status == 404 else original(raw), ABORT),
    patch("no-event-is-an-error", READ(LOG), "Every status of an event is a success.",
        lambda raw: Response(raw, None), LOG),
    patch("a-conflict-has-no-class", "box_uploads._runtime.errors._BY_STATUS[409]",
        "409 is the error that has no class of its own.", errors.ApiError, CREATE),
    patch("a-failed-condition-is-a-conflict", "box_uploads._runtime.errors._BY_STATUS[412]",
        "412 is the error of 409.", errors.ConflictError, UPLOAD),
    patch("an-overlap-has-no-class", "box_uploads._runtime.errors._BY_STATUS[416]",
        "416 is the error that has no class of its own.", errors.ApiError, UPLOAD),
    wrap("a-broken-server-has-no-class", "box_uploads._runtime.failure.error_class",
        "5xx is the error that has no class of its own.",
        lambda original, status: errors.ApiError if status >= 500 else original(status), CREATE),
    wrap("an-error-has-no-code", FAILURE, "`code` of an error is None.", _ignoring("code"), CREATE, CONFLICTS,
        READING),
    wrap("an-error-has-no-body", FAILURE, "The body of an error is not decoded.", _ignoring("body"), CREATE,
        CONFLICTS, READING),
    wrap("a-wrong-body-is-not-told", FAILURE, "That the body of an error breaks the contract is not said.",
        _ignoring("body_error"), CREATE, CONFLICTS, READING),
    patch("the-wish-to-wait-is-not-told", "box_uploads._runtime.failure.parse_retry_after",
        "`Retry-After` is not part of errors.", lambda value: None, CREATE),
    patch("the-fields-of-an-error-are-not-read", "box_uploads._runtime.failure.is_object",
        "An error has neither code nor message nor request id.", lambda value: False, CREATE),
    change("a-conflict-is-decoded-as-any-error", "box_uploads.api.upload_sessions.create_upload_session._ERRORS[409]",
        "What a request conflicts with is not decoded.", lambda original: type(original)(models.ErrorBody), CREATE),
    patch("one-conflict-is-not-found", "box_uploads._runtime.errors.ConflictError.conflicts",
        "A conflict that is told as one object is not in `conflicts`.", _one_conflict_is_not_found, CREATE),
    patch("a-body-that-is-no-json-is-a-crash", "box_uploads._runtime.failure._fields",
        "An error whose body is HTML is not raised as such.", msgspec.json.decode, "junk", "no_body_masks",
        "whatever"),
    wrap("the-request-id-of-a-proxy-comes-first", "box_uploads._runtime.errors.ApiError.__init__",
        "`box-request-id` is preferred to `x-request-id`, and to the body.", _the_request_id_of_a_proxy_comes_first,
        CREATE),
)
