"""Reading a file."""

from box_uploads_mock import State

from tests.unit.mock.in_process import get_file, headers, send
from tests.unit.mock.uploading import DATA, SHA1, complete, small_state


def test_the_api_and_the_control_plane_return_the_same_file(state: State) -> None:
    response = get_file(state, "12345")
    assert (response.status, response.body["name"], response.body["size"]) == (200, "Contract.pdf", 24_000_000)
    assert response.body["sha1"] == state.files["12345"].sha1
    assert response.body == send(state, "GET", "/_mock/files/12345", headers()).body


def test_a_version_is_visible_once_it_is_committed() -> None:
    state = small_state()
    before = get_file(state, "12345").body
    upload = complete(state, file_id="12345")
    assert get_file(state, "12345").body == before
    committed = upload.stored()
    assert (committed["sha1"], committed["etag"], committed["size"]) == (SHA1, "1", len(DATA))
    assert get_file(state, "12345").body == committed


def test_reading_a_file_needs_a_token(state: State) -> None:
    assert get_file(state, "12345", authorization=None).status == 401
    assert get_file(state, "12345", authorization="Bearer other").status == 401


def test_reading_a_file_is_logged(state: State) -> None:
    get_file(state, "12345")
    (exchange,) = state.request_log
    assert (exchange.operation, exchange.path, exchange.status) == ("get_file", "/api/2.0/files/12345", 200)
