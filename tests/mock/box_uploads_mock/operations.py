"""The operations of the API: from a request that was admitted to the content of its answer."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from box_uploads_mock import rules
from box_uploads_mock.errors import argument_refusal
from box_uploads_mock.sessions import Session
from box_uploads_mock.state import CREATE_UPLOAD_SESSION, CREATE_VERSION_UPLOAD_SESSION, State


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A request that was admitted.

    Attributes:
        parameters: The parameters in the path, decoded.
        base_url: URL of the API as the client addressed it.
    """

    state: State
    parameters: Mapping[str, str]
    body: bytes
    base_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """The content of a successful answer."""

    status: int
    body: Mapping[str, object]


def create_upload_session(call: Call) -> Outcome:
    """Creates the session for a new file."""
    session = call.state.open_file_session(rules.new_file(call.body))
    return Outcome(status=201, body=session_body(session, call))


def create_version_upload_session(call: Call) -> Outcome:
    """Creates the session for a new version of a file."""
    file_id = call.parameters["file_id"]
    if not rules.is_id(file_id):
        raise argument_refusal("invalid_parameter", "file_id", "The id of the file is not 1 to 19 decimal digits.")
    session = call.state.open_version_session(file_id, rules.new_version(call.body))
    return Outcome(status=201, body=session_body(session, call))


def session_body(session: Session, call: Call) -> Mapping[str, object]:
    """Returns a session as Box describes it, with endpoints where the client reached this server."""
    url = f"{call.base_url}/files/upload_sessions/{session.id}"
    endpoints = {
        "upload_part": url,
        "commit": f"{url}/commit",
        "abort": url,
        "list_parts": f"{url}/parts",
        "status": url,
        "log_event": f"{url}/log",
    }
    if call.state.offers_plan:
        endpoints["plan"] = f"{url}/plan"
    return {
        "id": session.id,
        "type": "upload_session",
        # Box's examples have whole seconds.
        "session_expires_at": session.expires_at.isoformat(timespec="seconds"),
        "part_size": session.part_size,
        "total_parts": session.total_parts,
        "num_parts_processed": session.num_parts_processed,
        "session_endpoints": endpoints,
    }


HANDLERS: Mapping[str, Callable[[Call], Outcome]] = {
    CREATE_UPLOAD_SESSION: create_upload_session,
    CREATE_VERSION_UPLOAD_SESSION: create_version_upload_session,
}
