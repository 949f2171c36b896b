"""The checks of a request before its operation runs, their order, and the format of errors."""

import re
from collections.abc import Mapping

import pytest
from box_uploads_mock import State, World

from tests.unit.mock.in_process import (
    HOST,
    SESSIONS,
    NoResponseError,
    headers,
    new_file,
    post,
    require_error,
    send,
    versions,
)

# 64 KiB.
MAX_BODY_LENGTH = 65_536
NO_IDS = ["", "x", "abc", "-1", "1" * 20, "1 2", "\u0661"]
NO_LENGTHS = ["", "-1", "x", "1.0", "\u0661"]
NO_HOSTS = ["", "a/b", "[", "a b", "user@host", "a:x", "a:", "a:123456", "[::1", "[g]", "{box-upload-server}"]
NO_MEDIA_TYPES = [None, "", "text/plain", "application/jsonx", "application/problem+json", ";"]
NO_USER_ID = "The id of the user is not 1 to 19 decimal digits."
NO_PERMISSION = "Access denied - insufficient permission"
NO_LENGTH = "The Content-Length header is malformed."
NO_HOST = "The Host header is missing or malformed."
METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "TRACE", "QUERY", "get", "post", "options"]
SESSION = f"/files/upload_sessions/{'A' * 32}"
ALLOWED = {
    "/files/upload_sessions": "OPTIONS, POST",
    "/files/12345/upload_sessions": "OPTIONS, POST",
    "/files/no-id/upload_sessions": "OPTIONS, POST",
    SESSION: "DELETE, GET, OPTIONS, PUT",
    f"{SESSION}/parts": "GET, OPTIONS",
    f"{SESSION}/commit": "OPTIONS, POST",
    f"{SESSION}/log": "OPTIONS, POST",
    f"{SESSION}/plan": "OPTIONS, POST",
    "/files/12345": "GET, OPTIONS",
}
# Here, OPTIONS is the check of an upload.
ALLOWED_PREFLIGHT = {
    **dict.fromkeys(["/files/content", "/files/content/"], "OPTIONS, POST"),
    **dict.fromkeys(["/files/12345/content", "/files/12345/content/"], "GET, OPTIONS, POST"),
}
EVERY_BASE = pytest.mark.parametrize("base", ["/api/2.0", "/2.0"])


@pytest.mark.parametrize("path", [
    "/", "/api/2.0", "/api/2.0/", "/api/2.0/files", f"{SESSIONS}/x/y", "/2.0", "/2.0/", "/api/api/2.0/files/1",
    "/api/2.0/folders/0/x",
])  # fmt: skip
def test_an_unknown_path_gets_404_with_any_method(state: State, path: str) -> None:
    for method in ("GET", "POST", "OPTIONS"):
        require_error(send(state, method, path, {"host": HOST}), 404, "not_found", "Not Found")


def test_the_api_is_below_2_0_too_and_sessions_lead_to_its_full_path(state: State) -> None:
    response = post(state, SESSIONS.removeprefix("/api"), new_file())
    assert response.status == 201
    assert response.body["session_endpoints"]["status"] == f"http://{HOST}{SESSIONS}/{response.body['id']}"
    status = send(state, "GET", f"{SESSIONS.removeprefix('/api')}/{response.body['id']}", headers())
    assert (status.status, status.body["id"]) == (200, response.body["id"])
    assert post(state, versions("12345").removeprefix("/api"), {"file_size": 20_000_000}).status == 201


@EVERY_BASE
@pytest.mark.parametrize(("path", "allow"), [*ALLOWED.items(), *ALLOWED_PREFLIGHT.items()])
def test_an_unsupported_method_gets_405_before_other_checks(state: State, base: str, path: str, allow: str) -> None:
    state.rate_limit(retry_after_s=1, requests=1)
    for method in set(METHODS) - set(allow.split(", ")):
        response = send(state, method, base + path, {"host": HOST})
        assert (response.status, response.headers["allow"]) == (405, allow)
        assert response.headers["content-type"] == "application/json"
        if method == "HEAD":
            assert response.content == b""
        else:
            require_error(response, 405, "method_not_allowed", "Method Not Allowed")


@EVERY_BASE
@pytest.mark.parametrize(("path", "allow"), ALLOWED.items())
def test_options_returns_the_allowed_methods(state: State, base: str, path: str, allow: str) -> None:
    state.rate_limit(retry_after_s=1, requests=1)
    response = send(state, "OPTIONS", base + path, {"host": HOST})
    assert (response.status, response.headers["allow"], response.content) == (204, allow, b"")
    (exchange,) = state.request_log
    assert (exchange.method, exchange.status, exchange.operation) == ("OPTIONS", 204, None)
    assert state.faults.limited_requests == 1


def test_every_error_has_the_headers_of_box(state: State) -> None:
    response = post(state, SESSIONS, new_file(folder_id="404"))
    request_id = response.body["request_id"]
    assert re.fullmatch(r"[0-9a-f]{32}", request_id)
    assert re.fullmatch(r"[0-9a-f]{32}", response.headers["box-request-id"])
    assert response.headers["box-request-id"] != request_id
    assert response.headers["content-type"] == "application/json"
    assert int(response.headers["content-length"]) == len(response.content)


def test_a_successful_response_has_the_headers_of_box(state: State) -> None:
    response = post(state, SESSIONS, new_file())
    assert response.headers.keys() == {"content-type", "content-length", "box-request-id", "date"}
    assert response.headers["content-type"] == "application/json"


@pytest.mark.parametrize("authorization", [None, "", "Basic bW9jay10b2tlbg==", "mock-token"])
def test_a_missing_token_is_challenged(state: State, authorization: str | None) -> None:
    response = post(state, SESSIONS, new_file(), authorization=authorization)
    require_error(response, 401, "unauthorized", "Unauthorized")
    assert response.headers["www-authenticate"] == 'Bearer realm="Service"'


@pytest.mark.parametrize("token", ["Bearer wrong", "Bearer ", "Bearer", "Bearer mock-token x", "bearer MOCK-TOKEN"])
def test_a_wrong_token_gets_an_invalid_token_challenge(state: State, token: str) -> None:
    response = post(state, SESSIONS, new_file(), authorization=token)
    require_error(response, 401, "unauthorized", "Unauthorized")
    description = 'error_description="The access token provided is invalid."'
    assert response.headers["www-authenticate"] == f'Bearer realm="Service", error="invalid_token", {description}'


def test_an_expired_token_gets_an_expiry_challenge(state: State) -> None:
    state.expire_token("mock-token")
    response = post(state, SESSIONS, new_file())
    assert response.status == 401
    description = 'error_description="The access token provided has expired."'
    assert response.headers["www-authenticate"] == f'Bearer realm="Service", error="expired_token", {description}'
    state.add_token("fresh")
    assert post(state, SESSIONS, new_file(), authorization="Bearer fresh").status == 201


@pytest.mark.parametrize("authorization", ["bEARER mock-token", "Bearer   mock-token"])
def test_the_scheme_may_have_any_case_and_several_spaces(state: State, authorization: str) -> None:
    assert post(state, SESSIONS, new_file(), authorization=authorization).status == 201


@pytest.mark.parametrize(
    ("changes", "status", "code", "message", "name"),
    [
        *(({"host": host}, 400, "bad_request", NO_HOST, None) for host in (None, *NO_HOSTS)),
        *(({"as_user": user_id}, 400, "invalid_parameter", NO_USER_ID, "as-user") for user_id in NO_IDS),
        ({"as_user": "2"}, 403, "access_denied_insufficient_permissions", NO_PERMISSION, None),
        ({"content_length": None}, 411, "length_required", "Length Required", None),
        ({"transfer_encoding": "chunked"}, 411, "length_required", "Length Required", None),
        *(({"content_length": length}, 400, "bad_request", NO_LENGTH, None) for length in NO_LENGTHS),
        ({"content_length": "9" * 19}, 413, "request_entity_too_large", "Request Entity Too Large", None),
        *(({"content_type": v}, 415, "unsupported_media_type", "Unsupported Media Type", None) for v in NO_MEDIA_TYPES),
    ],
    ids=str,
)
def test_a_rejected_request_says_why(
    changes: Mapping[str, str | None], status: int, code: str, message: str, name: str | None
) -> None:
    state = State(World(users=["1"]))
    require_error(post(state, SESSIONS, new_file(), **changes), status, code, message, name)


def test_any_user_is_accepted_unless_the_world_names_users(state: State) -> None:
    assert post(state, SESSIONS, new_file(), as_user="67890").status == 201
    assert post(State(World(users=["1"])), SESSIONS, new_file(), as_user="1").status == 201


def test_a_body_may_be_as_long_as_the_limit_and_no_longer(state: State) -> None:
    body = b'{"file_size": 20000000}'
    padding = b" " * (MAX_BODY_LENGTH - len(body))
    assert post(state, versions("12345"), body + padding).status == 201
    response = post(state, versions("12345"), body + padding + b" ")
    assert (response.status, response.code) == (413, "request_entity_too_large")


def test_a_wrong_content_length_does_not_bypass_the_limit(state: State) -> None:
    chunks = [b" " * 1024] * (MAX_BODY_LENGTH // 1024 + 1)
    response = send(state, "POST", SESSIONS, headers(content_length="5"), chunks)
    assert response.status == 413


@pytest.mark.parametrize("media_type", ["application/json; charset=utf-8", "Application/JSON", "application/json ;x=y"])
def test_json_may_be_spelled_in_any_case_and_have_parameters(state: State, media_type: str) -> None:
    assert post(state, SESSIONS, new_file(), content_type=media_type).status == 201


@pytest.mark.parametrize("host", [
    "localhost", "LocalHost", "Mock-1.Example.COM", "127.0.0.1:1", "a:65535", "[::1]", "[FE80::a]:99", "[::1.2.3.4]",
])  # fmt: skip
def test_endpoints_have_the_host_of_the_request(state: State, host: str) -> None:
    endpoints = post(state, SESSIONS, new_file(), host=host).body["session_endpoints"]
    assert endpoints["status"].startswith(f"http://{host}{SESSIONS}/")


def test_the_checks_come_in_a_fixed_order(state: State) -> None:
    state.rate_limit(retry_after_s=1, requests=1)
    body = b"{"
    bad = {"authorization": None, "as_user": "x", "content_length": None, "content_type": "text/plain"}
    seen = [post(state, versions("x"), body, **bad).status]
    for name in list(bad):
        seen.append(post(state, versions("x"), body, **bad).status)
        del bad[name]
    seen.append(post(state, versions("x"), body).status)
    assert seen == [429, 401, 400, 411, 415, 400]


def test_a_request_whose_client_disconnects_is_not_logged(state: State) -> None:
    with pytest.raises(NoResponseError):
        send(state, "POST", SESSIONS, headers(content_length="100"), [])
    assert not state.request_log
