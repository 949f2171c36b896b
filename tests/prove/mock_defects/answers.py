"""Defects of the mock: error bodies, and log events."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from box_uploads_mock.commit_rules import LogEvent
from starlette.responses import JSONResponse, Response

from tests.prove.mock_defects.outcomes import HANDLER, with_entries, with_outcome, without_entry
from tests.prove.operations import ABORT, COMMIT, CREATE, LIST, LOG, UPLOAD
from tests.prove.patches import change, patch, wrap


def _a_success_is_a_text(original: Any, outcome: Any) -> Response:
    response: Response = original(outcome)
    if outcome.body is not None:
        response.headers["content-type"] = "text/plain"
    return response


async def _an_event_needs_no_session(original: Any, call: Any) -> Any:
    sessions = call.state.session_store.sessions
    known = next(iter(sessions), None)
    parameters = {"upload_session_id": known or call.session_id}
    return await original(call if call.session_id in sessions else replace(call, parameters=parameters))


async def _an_event_is_forgotten(original: Any, call: Any) -> Any:
    outcome = await original(call)
    call.event = None
    return outcome


def _a_reset_keeps_the_sessions(original: Any, state: Any) -> None:
    kept = state.session_store.sessions
    original(state)
    state.session_store._sessions.update(kept)


def _an_error_is_a_text(refusal: Any, state: Any) -> Response:
    body = JSONResponse(refusal.body(state.request_id())).body
    return Response(body, refusal.status, dict(refusal.headers), "text/plain")


# fmt: off
DEFECTS = (
    wrap("an-error-has-no-type", "box_uploads_mock.errors.ApiError.body", "`type` of an error is missing.",
        without_entry("type"), CREATE),
    wrap("an-error-says-another-status", "box_uploads_mock.errors.ApiError.body", "`status` of an error is always 400.",
        with_entries(status=400), CREATE),
    wrap("the-status-of-an-error-is-a-text", "box_uploads_mock.errors.ApiError.body",
        "`status` of an error is a string.",
        lambda original, refusal, request_id: {**original(refusal, request_id), "status": str(refusal.status)},
        COMMIT),
    wrap("an-error-has-no-message", "box_uploads_mock.errors.ApiError.body", "`message` of an error is null.",
        with_entries(message=None), ABORT),
    wrap("the-help-is-no-url", "box_uploads_mock.errors.ApiError.body", "`help_url` of an error has a space.",
        with_entries(help_url="common errors"), LIST),
    wrap("the-details-of-an-error-are-a-list", "box_uploads_mock.errors.ApiError.body",
        "`context_info` of an error is a list.", with_entries(context_info=[]), CREATE),
    wrap("an-error-says-more", "box_uploads_mock.errors.ApiError.body", "An error has an undocumented property.",
        with_entries(stack="…"), CREATE),
    patch("all-requests-have-one-id", "box_uploads_mock.identifiers.Identifiers.new_request_id",
        "All responses have the same request id.", lambda identifiers: "0" * 32, CREATE),
    patch("an-error-is-a-text", "box_uploads_mock.app.error_response", "The media type of an error is not JSON.",
        _an_error_is_a_text, UPLOAD),
    wrap("a-success-is-a-text", "box_uploads_mock.app._success_response", "The media type of a success is not JSON.",
        _a_success_is_a_text, LIST),
    # Events of the client
    wrap("an-event-is-answered-200", HANDLER(LOG), "The status of an event is 200.", with_outcome(status=200), LOG),
    wrap("an-event-is-answered-with-itself", HANDLER(LOG), "An event is answered with 201 and a body.",
        with_outcome(status=201, body={"type": "event"}), LOG),
    wrap("an-event-needs-no-session", HANDLER(LOG), "An event of an unknown session is accepted.",
        _an_event_needs_no_session, LOG),
    patch("an-event-needs-no-type", "box_uploads_mock.commit_rules.parse_log_event", "An event is not checked.",
        lambda body: LogEvent(event_type="event"), LOG),
    change("an-event-type-may-have-256-characters", "box_uploads_mock.commit_rules.MAX_EVENT_TYPE_LENGTH",
        "The longest type of an event is one character longer.", lambda original: original + 1, LOG),
    wrap("an-event-is-forgotten", HANDLER(LOG), "An event is not stored.", _an_event_is_forgotten, LOG),
    wrap("a-reset-keeps-the-sessions", "box_uploads_mock.state.State.reset", "Sessions survive a reset.",
        _a_reset_keeps_the_sessions, CREATE),
)
