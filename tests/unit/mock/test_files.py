"""What the API tells of a file that is stored."""

import pytest
from box_uploads_mock import State

from tests.unit.mock.in_process import get_file, headers, send
from tests.unit.mock.uploading import DATA, SHA1, Upload, small_state


def test_a_file_of_the_world_is_told_as_the_control_plane_tells_it(state: State) -> None:
    answer = get_file(state, "12345")
    assert (answer.status, answer.body["name"], answer.body["size"]) == (200, "Contract.pdf", 24_000_000)
    assert answer.body["sha1"] == state.files["12345"].sha1
    assert answer.body == send(state, "GET", "/_mock/files/12345", headers()).body


def test_a_version_is_told_once_it_is_committed() -> None:
    state = small_state()
    before = get_file(state, "12345").body
    upload = Upload(state, file_id="12345")
    upload.put_all()
    assert get_file(state, "12345").body == before
    committed = upload.commit().body["entries"][0]
    assert (committed["sha1"], committed["etag"], committed["size"]) == (SHA1, "1", len(DATA))
    assert get_file(state, "12345").body == committed


@pytest.mark.parametrize(("file_id", "status", "code"), [
    ("404", 404, "not_found"), ("0012345", 404, "not_found"), ("12348", 404, "trashed"),
    ("x", 400, "invalid_parameter"),
])  # fmt: skip
def test_what_is_no_file_is_refused(state: State, file_id: str, status: int, code: str) -> None:
    answer = get_file(state, file_id)
    assert (answer.status, answer.code) == (status, code)
    assert answer.body["context_info"]["errors"][0]["name"] in {"file", "file_id"}


def test_a_file_is_not_told_without_a_token(state: State) -> None:
    assert get_file(state, "12345", authorization=None).status == 401
    assert get_file(state, "12345", authorization="Bearer other").status == 401


def test_a_file_is_only_read(state: State) -> None:
    answer = send(state, "PUT", "/api/2.0/files/12345", headers())
    assert (answer.status, answer.headers["allow"]) == (405, "GET, OPTIONS")


def test_reading_a_file_is_in_the_journal(state: State) -> None:
    get_file(state, "12345")
    (exchange,) = state.request_log
    assert (exchange.operation, exchange.path, exchange.status) == ("get_file", "/api/2.0/files/12345", 200)
