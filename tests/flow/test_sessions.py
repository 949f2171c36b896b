"""What a user's program goes through, from the client over a socket to the mock and back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from box_uploads import errors
from box_uploads.upload import conflicting_items
from box_uploads_mock import Failure

if TYPE_CHECKING:
    from box_uploads_mock import MockServer

    from tests.flow.conftest import Caller


SIZE = 104_857_600
NEW = {"folder_id": "0", "file_name": "Project.mov", "file_size": SIZE}


def test_a_new_file_gets_a_session_that_the_server_knows(caller: Caller, mock: MockServer) -> None:
    session = caller.create(**NEW)

    stored = mock.state.sessions[session.id]
    assert session.part_size == stored.part_size
    assert session.total_parts == -(-SIZE // session.part_size)
    assert session.num_parts_processed == 0
    assert session.session_expires_at == stored.expires_at.replace(microsecond=0)
    assert session.session_endpoints.commit == f"{mock.base_url}/files/upload_sessions/{session.id}/commit"


def test_a_new_version_may_rename_and_move_the_file(caller: Caller, mock: MockServer) -> None:
    session = caller.create_version("12345", file_size=SIZE, file_name="Contract-2.pdf", folder_id="200")

    stored = mock.state.sessions[session.id]
    assert stored.file_id == "12345"
    assert (stored.target.file_name, stored.target.folder_id) == ("Contract-2.pdf", "200")


@pytest.mark.parametrize("as_list", [False, True], ids=["one object", "a list"])
def test_a_taken_name_leads_to_a_version_of_the_file_that_has_it(
    caller: Caller, mock: MockServer, as_list: bool
) -> None:
    mock.state.conflicts_as_list = as_list

    with pytest.raises(errors.ConflictError) as caught:
        caller.create(**{**NEW, "file_name": "contract.PDF"})
    assert caught.value.code == "item_name_in_use"
    session = caller.create_version(conflicting_items(caught.value)[0]["id"], file_size=SIZE)

    assert mock.state.sessions[session.id].file_id == "12345"


def test_the_session_of_an_earlier_equal_request_can_be_taken_over(caller: Caller, mock: MockServer) -> None:
    mock.state.faults.add(Failure(operation="create_upload_session", status=409, code="session_conflict"))

    with pytest.raises(errors.ConflictError) as caught:
        caller.create(**NEW)

    assert caught.value.body.context_info.session.id in mock.state.sessions
