"""Defects of the mock: error bodies, and log events."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from box_uploads_mock.commit_rules import LogEvent
from starlette.responses import JSONResponse, Response

from tests.prove.mock_defects.outcomes import HANDLER, with_entries, with_outcome, without_entry
from tests.prove.operations import ABORT, COMMIT, CREATE, LIST, LOG, UPLOAD
from tests.prove.patches import add, always, change, patch, wrap


def _set_text_type(original: Any, outcome: Any) -> Response:
    response: Response = original(outcome)
    if outcome.body is not None:
        response.headers["content-type"] = "text/plain"
    return response


async def _use_known_session(original: Any, call: Any) -> Any:
    sessions = call.state.session_store.sessions
    known = next(iter(sessions), None)
    parameters = {"upload_session_id": known or call.session_id}
    return await original(call if call.session_id in sessions else replace(call, parameters=parameters))


async def _drop_event(original: Any, call: Any) -> Any:
    outcome = await original(call)
    call.event = None
    return outcome


def _keep_sessions(original: Any, state: Any) -> None:
    kept = state.session_store.sessions
    original(state)
    state.session_store._sessions.update(kept)


def _respond_with_text(refusal: Any, state: Any) -> Response:
    body = JSONResponse(refusal.body(state.request_id())).body
    return Response(body, refusal.status, dict(refusal.headers), "text/plain")


# fmt: off
DEFECTS = (
    wrap("`type` of an error is missing", "mock.errors.ApiError.body", without_entry("type"), CREATE),
    wrap("`status` of an error is always 400", "mock.errors.ApiError.body", with_entries(status=400), CREATE),
    wrap("`status` of an error is a string", "mock.errors.ApiError.body",
        lambda original, refusal, request_id: {**original(refusal, request_id), "status": str(refusal.status)}, COMMIT),
    wrap("`message` of an error is null", "mock.errors.ApiError.body", with_entries(message=None), ABORT),
    wrap("`help_url` of an error has a space", "mock.errors.ApiError.body", with_entries(help_url="common errors"),
        LIST),
    wrap("`context_info` of an error is a list", "mock.errors.ApiError.body", with_entries(context_info=[]), CREATE),
    wrap("An error has an undocumented property", "mock.errors.ApiError.body", with_entries(stack="…"), CREATE),
    patch("All responses have the same request id", "mock.identifiers.Identifiers.new_request_id", always("0" * 32),
        CREATE),
    patch("The media type of an error is not JSON", "mock.app.error_response", _respond_with_text, UPLOAD),
    wrap("The media type of a success is not JSON", "mock.app._success_response", _set_text_type, LIST),
    # Events of the client
    wrap("The status of an event is 200", HANDLER(LOG), with_outcome(status=200), LOG),
    wrap("An event is answered with 201 and a body", HANDLER(LOG), with_outcome(status=201, body={"type": "event"}),
        LOG),
    wrap("An event of an unknown session is accepted", HANDLER(LOG), _use_known_session, LOG),
    patch("An event is not checked", "mock.commit_rules.parse_log_event", lambda body: LogEvent(event_type="event"),
        LOG),
    change("The longest type of an event is one character longer", "mock.commit_rules.MAX_EVENT_TYPE_LENGTH", add(1),
        LOG),
    wrap("An event is not stored", HANDLER(LOG), _drop_event, LOG),
    wrap("Sessions survive a reset", "mock.state.State.reset", _keep_sessions, CREATE),
)
