"""What is checked before an operation looks at a request, in which order, and the form of every error."""

import re

import pytest
from box_uploads_mock import State, World

from tests.unit.mock.in_process import HOST, SESSIONS, NoAnswerError, headers, new_file, post, send, versions

# 64 KiB.
MAX_BODY_LENGTH = 65_536
METHODS = ["GET", "HEAD", "PUT", "PATCH", "DELETE", "TRACE", "QUERY", "get", "post"]


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/api/2.0",
        "/api/2.0/",
        "/api/2.0/files",
        f"{SESSIONS}/",
        f"{SESSIONS}/x/y",
        "/2.0",
        "/2.0/",
        "/api/api/2.0/files/1",
    ],
)
def test_an_unknown_path_is_not_found_whatever_the_method(state: State, path: str) -> None:
    for method in ("GET", "POST", "OPTIONS"):
        answer = send(state, method, path, {"host": HOST})
        assert (answer.status, answer.code) == (404, "not_found")


def test_the_api_is_below_2_0_too_and_sessions_lead_to_its_full_path(state: State) -> None:
    answer = post(state, SESSIONS.removeprefix("/api"), new_file())
    assert answer.status == 201
    assert answer.body["session_endpoints"]["status"] == f"http://{HOST}{SESSIONS}/{answer.body['id']}"
    status = send(state, "GET", f"{SESSIONS.removeprefix('/api')}/{answer.body['id']}", headers())
    assert (status.status, status.body["id"]) == (200, answer.body["id"])
    assert post(state, versions("12345").removeprefix("/api"), {"file_size": 20_000_000}).status == 201


@pytest.mark.parametrize("path", [SESSIONS, versions("12345"), versions("no-id")])
@pytest.mark.parametrize("method", METHODS)
def test_a_wrong_method_is_told_the_right_one_before_anything_else(state: State, method: str, path: str) -> None:
    state.rate_limit(retry_after_s=1, requests=1)
    answer = send(state, method, path, {"host": HOST})
    assert (answer.status, answer.headers["allow"]) == (405, "OPTIONS, POST")
    assert answer.headers["content-type"] == "application/json"
    assert answer.content == b"" if method == "HEAD" else answer.code == "method_not_allowed"


def test_every_error_has_the_shape_of_box(state: State) -> None:
    answer = post(state, SESSIONS, new_file(folder_id="404"))
    body = answer.body
    request_id = body.pop("request_id")
    assert re.fullmatch(r"[0-9a-f]{32}", request_id)
    assert re.fullmatch(r"[0-9a-f]{32}", answer.headers["box-request-id"])
    assert answer.headers["box-request-id"] != request_id
    assert answer.headers["content-type"] == "application/json"
    assert int(answer.headers["content-length"]) == len(answer.content)
    assert body.pop("help_url").startswith("https://developer.box.com/")
    assert body.keys() == {"type", "status", "code", "message", "context_info"}
    assert (body["type"], body["status"]) == ("error", 404)


def test_success_has_the_headers_of_box_too(state: State) -> None:
    answer = post(state, SESSIONS, new_file())
    assert answer.headers.keys() == {"content-type", "content-length", "box-request-id"}
    assert answer.headers["content-type"] == "application/json"


@pytest.mark.parametrize("authorization", [None, "", "Basic bW9jay10b2tlbg==", "mock-token"])
def test_a_missing_token_is_challenged(state: State, authorization: str | None) -> None:
    answer = post(state, SESSIONS, new_file(), authorization=authorization)
    assert (answer.status, answer.code) == (401, "unauthorized")
    assert answer.headers["www-authenticate"] == 'Bearer realm="Service"'


@pytest.mark.parametrize(
    "authorization", ["Bearer wrong", "Bearer ", "Bearer", "Bearer mock-token x", "bearer MOCK-TOKEN"]
)
def test_a_wrong_token_is_told_so(state: State, authorization: str) -> None:
    answer = post(state, SESSIONS, new_file(), authorization=authorization)
    assert (answer.status, answer.code) == (401, "unauthorized")
    description = 'error_description="The access token provided is invalid."'
    assert answer.headers["www-authenticate"] == f'Bearer realm="Service", error="invalid_token", {description}'


def test_an_expired_token_is_told_so(state: State) -> None:
    state.expire_token("mock-token")
    answer = post(state, SESSIONS, new_file())
    assert answer.status == 401
    assert 'error_description="The access token provided has expired."' in answer.headers["www-authenticate"]
    state.add_token("fresh")
    assert post(state, SESSIONS, new_file(), authorization="Bearer fresh").status == 201


def test_the_scheme_has_no_letter_case(state: State) -> None:
    assert post(state, SESSIONS, new_file(), authorization="bEARER mock-token").status == 201


@pytest.mark.parametrize("user_id", ["", "abc", "-1", "1" * 20, "1 2", "\u0661"])
def test_a_malformed_user_is_a_bad_argument(state: State, user_id: str) -> None:
    answer = post(state, SESSIONS, new_file(), as_user=user_id)
    assert (answer.status, answer.code) == (400, "invalid_parameter")


def test_any_user_is_accepted_unless_the_world_names_users(state: State) -> None:
    assert post(state, SESSIONS, new_file(), as_user="67890").status == 201
    named = State(World(users=["1"]))
    assert post(named, SESSIONS, new_file(), as_user="1").status == 201
    answer = post(named, SESSIONS, new_file(), as_user="2")
    assert (answer.status, answer.code) == (403, "access_denied_insufficient_permissions")


@pytest.mark.parametrize("changes", [{"content_length": None}, {"transfer_encoding": "chunked"}])
def test_a_body_of_unknown_length_is_refused(state: State, changes: dict[str, str | None]) -> None:
    answer = post(state, SESSIONS, new_file(), **changes)
    assert (answer.status, answer.code) == (411, "length_required")


@pytest.mark.parametrize("length", ["", "-1", "x", "1.0", "\u0661"])
def test_a_malformed_length_is_refused(state: State, length: str) -> None:
    assert post(state, SESSIONS, new_file(), content_length=length).code == "bad_request"


def test_a_body_may_be_as_long_as_the_limit_and_no_longer(state: State) -> None:
    body = b'{"file_size": 20000000}'
    padding = b" " * (MAX_BODY_LENGTH - len(body))
    assert post(state, versions("12345"), body + padding).status == 201
    answer = post(state, versions("12345"), body + padding + b" ")
    assert (answer.status, answer.code) == (413, "request_entity_too_large")


def test_a_length_that_lies_does_not_get_around_the_limit(state: State) -> None:
    chunks = [b" " * 1024] * (MAX_BODY_LENGTH // 1024 + 1)
    answer = send(state, "POST", SESSIONS, headers(content_length="5"), chunks)
    assert answer.status == 413


@pytest.mark.parametrize("media_type", [None, "", "text/plain", "application/jsonx", "application/problem+json", ";"])
def test_another_media_type_is_refused(state: State, media_type: str | None) -> None:
    answer = post(state, SESSIONS, new_file(), content_type=media_type)
    assert (answer.status, answer.code) == (415, "unsupported_media_type")


@pytest.mark.parametrize("media_type", ["application/json; charset=utf-8", "Application/JSON", "application/json ;x=y"])
def test_json_may_be_spelled_in_any_case_and_have_parameters(state: State, media_type: str) -> None:
    assert post(state, SESSIONS, new_file(), content_type=media_type).status == 201


@pytest.mark.parametrize(
    "host",
    ["localhost", "LocalHost", "Mock-1.Example.COM", "127.0.0.1:1", "a:65535", "[::1]", "[FE80::a]:99", "[::1.2.3.4]"],
)
def test_a_host_is_taken_as_it_was_addressed(state: State, host: str) -> None:
    endpoints = post(state, SESSIONS, new_file(), host=host).body["session_endpoints"]
    assert endpoints["status"].startswith(f"http://{host}{SESSIONS}/")


@pytest.mark.parametrize(
    "host", [None, "", "a/b", "[", "a b", "user@host", "a:x", "a:", "a:123456", "[::1", "[g]", "{box-upload-server}"]
)
def test_a_malformed_host_is_refused(state: State, host: str | None) -> None:
    answer = post(state, SESSIONS, new_file(), host=host)
    assert (answer.status, answer.code) == (400, "bad_request")


def test_the_checks_come_in_a_fixed_order(state: State) -> None:
    state.rate_limit(retry_after_s=1, requests=1)
    body = b"{"
    bad: dict[str, str | None] = {
        "authorization": None,
        "as_user": "x",
        "content_length": None,
        "content_type": "text/plain",
    }
    seen = [post(state, versions("x"), body, **bad).status]
    for name in list(bad):
        seen.append(post(state, versions("x"), body, **bad).status)
        del bad[name]
    seen.append(post(state, versions("x"), body).status)
    assert seen == [429, 401, 400, 411, 415, 400]


def test_a_client_that_hangs_up_gets_no_answer_and_leaves_no_trace(state: State) -> None:
    with pytest.raises(NoAnswerError):
        send(state, "POST", SESSIONS, headers(content_length="100"), [])
    assert not state.request_log
