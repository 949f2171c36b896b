"""What a user's program goes through, from the client over a socket to the mock and back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from box_uploads import errors
from box_uploads.upload import conflicting_items
from box_uploads_mock import Failure

if TYPE_CHECKING:
    from collections.abc import Callable

    from box_uploads_mock import MockServer

    from tests.flow.conftest import Caller

    Connect = Callable[..., Caller]

SIZE = 104_857_600
NEW = {"folder_id": "0", "file_name": "Project.mov", "file_size": SIZE}


def test_a_new_file_gets_a_session_that_the_server_knows(connect: Connect, mock: MockServer) -> None:
    session = connect().create(**NEW)

    stored = mock.state.sessions[session.id]
    assert session.part_size == stored.part_size
    assert session.total_parts == -(-SIZE // session.part_size)
    assert session.num_parts_processed == 0
    assert session.session_expires_at == stored.expires_at.replace(microsecond=0)
    assert session.session_endpoints.commit == f"{mock.base_url}/files/upload_sessions/{session.id}/commit"


def test_a_new_version_may_rename_and_move_the_file(connect: Connect, mock: MockServer) -> None:
    session = connect().create_version("12345", file_size=SIZE, file_name="Contract-2.pdf", folder_id="200")

    stored = mock.state.sessions[session.id]
    assert stored.file_id == "12345"
    assert (stored.target.file_name, stored.target.folder_id) == ("Contract-2.pdf", "200")


@pytest.mark.parametrize("as_list", [False, True], ids=["one object", "a list"])
def test_a_taken_name_leads_to_a_version_of_the_file_that_has_it(
    connect: Connect, mock: MockServer, as_list: bool
) -> None:
    mock.state.conflicts_as_list = as_list
    caller = connect()

    with pytest.raises(errors.ConflictError) as caught:
        caller.create(**{**NEW, "file_name": "contract.PDF"})
    assert caught.value.code == "item_name_in_use"
    session = caller.create_version(conflicting_items(caught.value)[0]["id"], file_size=SIZE)

    assert mock.state.sessions[session.id].file_id == "12345"


def test_an_argument_that_no_server_accepts_is_not_sent(connect: Connect, mock: MockServer) -> None:
    with pytest.raises(errors.InvalidArgumentError) as caught:
        connect().create(**{**NEW, "file_size": 19_999_999})

    assert caught.value.argument == "file_size"
    assert mock.state.request_log == ()


def test_a_rate_limit_is_waited_for_as_long_as_the_server_says(connect: Connect, mock: MockServer) -> None:
    mock.state.rate_limit(retry_after_s=7, requests=2)
    caller = connect()

    caller.create(**NEW)

    assert caller.slept_s == [7, 7]
    assert [exchange.status for exchange in mock.state.request_log] == [429, 429, 201]


def test_a_create_that_may_have_reached_the_server_is_not_repeated(connect: Connect, mock: MockServer) -> None:
    mock.state.faults.add(Failure(operation="create_upload_session", status=503, retry_after_s=1))
    caller = connect()

    with pytest.raises(errors.ServerError) as caught:
        caller.create(**NEW)

    assert (caught.value.status, caught.value.retry_safe, caught.value.retry_after_s) == (503, False, 1)
    assert len(mock.state.request_log) == 1


@pytest.mark.parametrize("body", ["html", "none"])
def test_an_error_of_a_proxy_keeps_its_status(connect: Connect, mock: MockServer, body: str) -> None:
    mock.state.faults.add(
        Failure(operation="create_upload_session", status=502, body="html" if body == "html" else "none")
    )

    with pytest.raises(errors.ServerError) as caught:
        connect().create(**NEW)

    assert (caught.value.status, caught.value.code) == (502, None)


def test_an_expired_token_is_asked_for_again(connect: Connect, mock: MockServer) -> None:
    mock.state.add_token("second-token")
    mock.state.expire_token(mock.token)
    tokens = iter([mock.token, "second-token"])

    connect(lambda: next(tokens)).create(**NEW)

    assert [exchange.status for exchange in mock.state.request_log] == [401, 201]


def test_a_wrong_token_is_refused_and_not_shown(connect: Connect) -> None:
    with pytest.raises(errors.UnauthorizedError) as caught:
        connect("not-the-token").create(**NEW)

    assert "not-the-token" not in f"{caught.value!s} {caught.value!r} {vars(caught.value)!r}"


def test_the_session_of_an_earlier_equal_request_can_be_taken_over(connect: Connect, mock: MockServer) -> None:
    mock.state.faults.add(Failure(operation="create_upload_session", status=409, code="session_conflict"))

    with pytest.raises(errors.ConflictError) as caught:
        connect().create(**NEW)

    assert caught.value.body.context_info.session.id in mock.state.sessions
