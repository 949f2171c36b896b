"""Defects of the mock: how refusals look, and events of the client."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from box_uploads_mock.commit_rules import LogEvent
from starlette.responses import JSONResponse, Response

from tests.prove.mock_defects.outcomes import HANDLER, with_outcome
from tests.prove.planting import Catalogue

__all__ = ["DEFECTS"]

DEFECTS = Catalogue()
CREATE, UPLOAD, LIST = "create_upload_session", "upload_part", "list_parts"
COMMIT, ABORT, LOG = "commit_upload_session", "abort_upload_session", "log_upload_event"


# How refusals look


def _refused(original: Any, **changes: object) -> Any:
    return lambda refusal, request_id: {**original(refusal, request_id), **changes}


@DEFECTS.defect("box_uploads_mock.errors.Refusal.body", CREATE)
def an_error_has_no_type(original: Any) -> Any:
    """`type` of an error is missing."""

    def spoiled(refusal: Any, request_id: str) -> dict[str, Any]:
        body: dict[str, Any] = original(refusal, request_id)
        del body["type"]
        return body

    return spoiled


@DEFECTS.defect("box_uploads_mock.errors.Refusal.body", CREATE)
def an_error_says_another_status(original: Any) -> Any:
    """`status` of an error is always 400."""
    return _refused(original, status=400)


@DEFECTS.defect("box_uploads_mock.errors.Refusal.body", COMMIT)
def the_status_of_an_error_is_a_text(original: Any) -> Any:
    """`status` of an error is a string."""
    return lambda refusal, request_id: {**original(refusal, request_id), "status": str(refusal.status)}


@DEFECTS.defect("box_uploads_mock.errors.Refusal.body", ABORT)
def an_error_has_no_message(original: Any) -> Any:
    """`message` of an error is null."""
    return _refused(original, message=None)


@DEFECTS.defect("box_uploads_mock.errors.Refusal.body", LIST)
def the_help_is_no_url(original: Any) -> Any:
    """`help_url` of an error has a space."""
    return _refused(original, help_url="common errors")


@DEFECTS.defect("box_uploads_mock.errors.Refusal.body", CREATE)
def the_details_of_an_error_are_a_list(original: Any) -> Any:
    """`context_info` of an error is a list."""
    return _refused(original, context_info=[])


@DEFECTS.defect("box_uploads_mock.errors.Refusal.body", CREATE)
def an_error_says_more(original: Any) -> Any:
    """There is a property of errors that no document names."""
    return _refused(original, stack="…")


@DEFECTS.defect("box_uploads_mock.identifiers.Identifiers.request_id", CREATE)
def all_requests_have_one_id(original: Any) -> Any:
    """Body and header of every answer have the same request id."""
    return lambda identifiers: "0" * 32


@DEFECTS.defect("box_uploads_mock.app.refusal_response", UPLOAD)
def an_error_is_a_text(original: Any) -> Any:
    """The media type of an error is not JSON."""
    return lambda refusal, state: Response(
        JSONResponse(refusal.body(state.request_id())).body, refusal.status, dict(refusal.headers), "text/plain"
    )


@DEFECTS.defect("box_uploads_mock.app._success", LIST)
def a_success_is_a_text(original: Any) -> Any:
    """The media type of a success is not JSON."""

    def spoiled(outcome: Any) -> Response:
        response: Response = original(outcome)
        if outcome.body is not None:
            response.headers["content-type"] = "text/plain"
        return response

    return spoiled


# Events of the client


@DEFECTS.defect(HANDLER(LOG), LOG)
def an_event_is_answered_200(original: Any) -> Any:
    """The status of an event is 200."""
    return with_outcome(original, status=200)


@DEFECTS.defect(HANDLER(LOG), LOG)
def an_event_is_answered_with_itself(original: Any) -> Any:
    """An event is answered with a body, and 201."""
    return with_outcome(original, status=201, body={"type": "event"})


@DEFECTS.defect(HANDLER(LOG), LOG)
def an_event_needs_no_session(original: Any) -> Any:
    """An event of a session that does not exist is kept."""

    async def spoiled(call: Any) -> Any:
        sessions = call.state.uploads.sessions
        known = next(iter(sessions), None)
        parameters = {"upload_session_id": known or call.session_id}
        return await original(call if call.session_id in sessions else replace(call, parameters=parameters))

    return spoiled


@DEFECTS.defect("box_uploads_mock.commit_rules.log_event", LOG)
def an_event_needs_no_type(original: Any) -> Any:
    """Of an event, nothing is looked at."""
    return lambda body: LogEvent(event_type="event")


@DEFECTS.defect("box_uploads_mock.commit_rules.MAX_EVENT_TYPE_LENGTH", LOG)
def an_event_type_may_have_256_characters(original: Any) -> Any:
    """The longest type of an event is one character longer."""
    return original + 1


@DEFECTS.defect(HANDLER(LOG), LOG)
def an_event_is_forgotten(original: Any) -> Any:
    """An event is not kept."""

    async def spoiled(call: Any) -> Any:
        outcome = await original(call)
        call.event = None
        return outcome

    return spoiled


@DEFECTS.defect("box_uploads_mock.state.State.reset", CREATE)
def a_reset_keeps_the_sessions(original: Any) -> Any:
    """Sessions outlive a reset."""

    def spoiled(state: Any) -> None:
        kept = state.uploads.sessions
        original(state)
        state.uploads._sessions.update(kept)

    return spoiled
