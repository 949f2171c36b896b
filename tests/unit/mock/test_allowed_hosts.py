"""The control plane rejects requests from web pages of other sites."""

import pytest
from box_uploads_mock import Failure, State
from box_uploads_mock.allowed_hosts import check_host_name

from tests.unit.mock.in_process import HOST, SESSIONS, Response, new_file, post, send

FAULT = b'{"rate_limit": {"retry_after_s": 1, "requests": 2}}'
JSON = {"content-type": "application/json", "content-length": str(len(FAULT))}
OWN = ["localhost", "localhost:3000", "LOCALHOST", "127.0.0.1", "127.9.9.9:1", "[::1]:8080", HOST, "mock.example:1"]
FOREIGN = [
    *("evil.example", "evil.example:8080", "localhost.evil.example", "127.0.0.1.evil.example", "evil-localhost"),
    *("mock.example.evil", "localhost@evil.example", "10.0.0.1", "[2001:db8::1]", "localhost/", "localhost:x", ""),
]
CALLS = [
    ("GET", "/_mock/requests"),
    ("GET", "/_mock/faults"),
    ("POST", "/_mock/faults"),
    ("POST", "/_mock/reset"),
    ("POST", "/_mock/release"),
    ("GET", "/_mock/files/12345"),
    ("GET", "/_mock/elsewhere"),
]
EVERY_CALL = pytest.mark.parametrize(("method", "path"), CALLS)


def call(state: State, method: str, path: str, **headers: str) -> Response:
    body = FAULT if path == "/_mock/faults" and method == "POST" else b""
    sent = {"host": HOST, **(JSON if body else {}), **headers}
    return send(state, method, path, sent, [body])


@EVERY_CALL
@pytest.mark.parametrize("host", FOREIGN)
def test_foreign_host_gets_403_and_changes_nothing(state: State, method: str, path: str, host: str) -> None:
    post(state, SESSIONS, new_file())
    state.faults.add(Failure(operation="upload_part", status=500))
    response = call(state, method, path, host=host)
    assert response.status == 403
    assert f"Host {host!a} is not allowed: use localhost" in response.body["error"]
    assert (len(state.sessions), len(state.faults.unfired), state.faults.limited_requests) == (1, 1, 0)


@EVERY_CALL
@pytest.mark.parametrize("origin", ["null", "", "file://", *(f"http://{host}" for host in FOREIGN), "ftp://localhost"])
def test_foreign_origin_gets_403_and_changes_nothing(state: State, method: str, path: str, origin: str) -> None:
    post(state, SESSIONS, new_file())
    response = call(state, method, path, origin=origin)
    assert response.status == 403
    assert f"Origin {origin!a} is not allowed" in response.body["error"]
    assert (len(state.sessions), state.faults.limited_requests) == (1, 0)


@EVERY_CALL
@pytest.mark.parametrize("host", OWN)
def test_allowed_hosts_and_origins_may_call(state: State, method: str, path: str, host: str) -> None:
    for headers in ({"host": host}, {"origin": f"http://{host}"}, {"origin": f"https://{host}"}):
        assert call(state, method, path, **headers).status in {200, 201, 204, 404}


def test_a_request_without_host_gets_403(state: State) -> None:
    assert send(state, "GET", "/_mock/requests", {}).status == 403


@pytest.mark.parametrize("media_type", ["", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data"])
@pytest.mark.parametrize("path", ["/_mock/faults", "/_mock/reset", "/_mock/release"])
def test_a_body_that_is_not_declared_as_json_gets_415(state: State, path: str, media_type: str) -> None:
    post(state, SESSIONS, new_file())
    for framing in ({"content-length": str(len(FAULT))}, {"transfer-encoding": "chunked"}):
        headers = {"host": HOST, "content-type": media_type, **framing}
        response = send(state, "POST", path, headers, [FAULT])
        message = "The body is not declared as JSON: send Content-Type: application/json."
        assert (response.status, response.body["error"]) == (415, message)
    assert (len(state.sessions), state.faults.limited_requests) == (1, 0)


def test_json_may_have_a_charset(state: State) -> None:
    response = call(state, "POST", "/_mock/faults", **{"content-type": "Application/JSON; charset=utf-8"})
    assert response.status == 201


def test_the_api_accepts_any_host_and_origin(state: State) -> None:
    assert post(state, SESSIONS, new_file(), host="upload.box.com", origin="http://evil.example").status == 201


@pytest.mark.parametrize("name", ["Mock.Example", "a-1.B", "127.0.0.1", "::1", "localhost"])
def test_a_host_to_be_allowed_is_a_name_or_an_address_in_either_case(name: str) -> None:
    check_host_name(name)


@pytest.mark.parametrize("name", ["", "a..b", ".a", "a_b", "http://a", "a:1", "a/b", "ä.example"])
def test_what_is_no_host_is_not_allowed(name: str) -> None:
    with pytest.raises(ValueError, match=r"is not a host; give a name or an address, without scheme, port and path$"):
        check_host_name(name)
