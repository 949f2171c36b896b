"""The headers and bodies in the request log, and the redaction of tokens."""

import json
from contextlib import suppress
from typing import Any
from urllib.parse import quote

import httpx2
import pytest
from box_uploads_mock import Exchange, Failure, Fault, LogEvent, LostResponse, MockServer, State, TokenExpiry
from box_uploads_mock.request_log import Redactor

from tests.unit.mock.in_process import HOST, SESSIONS, headers, new_file, post, send
from tests.unit.mock.uploading import DATA, Upload, digest, small_state

CREATE = "create_upload_session"
TOKEN = 'T0/k+n="\\~*secret'
SPELLINGS = {
    "plain": TOKEN,
    "in capitals": TOKEN.upper(),
    "in a form": quote(TOKEN, safe=""),
    "in a form in lower case": quote(TOKEN, safe="").lower(),
    "in JSON": json.dumps(TOKEN)[1:-1],
    "in JSON of other makers": json.dumps(TOKEN)[1:-1].replace("/", r"\/"),
}
EVERY_SPELLING = pytest.mark.parametrize("spelling", SPELLINGS.values(), ids=SPELLINGS)


def logged(state: State) -> dict[str, Any]:
    """Return the only request of the log, which is the same over HTTP and in process."""
    response = send(state, "GET", "/_mock/requests", {"host": HOST})
    (request,) = response.body["requests"]
    (known,) = state.request_log
    assert (request["headers"], request["body_start"]) == (dict(known.headers), known.body_start)
    found: dict[str, Any] = request
    return found


def test_a_request_is_logged_with_its_headers_and_its_body(state: State) -> None:
    post(state, SESSIONS, new_file(), user_agent="box/1", as_user="7")
    body = json.dumps(new_file())
    sent = headers(body.encode(), authorization="Bearer ***", user_agent="box/1", as_user="7")
    assert logged(state)["headers"] == sent
    assert logged(state)["body_start"] == body


def test_a_repeated_header_is_logged_with_all_values() -> None:
    with MockServer() as server:
        sent = [("X-Note", "one"), ("authorization", "Bearer a"), ("x-note", "two"), ("Authorization", "b")]
        httpx2.get(f"{server.base_url}/files/1", headers=sent)
        (exchange,) = server.state.request_log
    assert (exchange.headers["x-note"], exchange.headers["authorization"]) == ("one, two", "Bearer ***, ***")


@pytest.mark.parametrize("size", [0, 1, 255, 256, 257, 60_000])
@pytest.mark.parametrize("piece", [1, 100, 100_000])
def test_the_first_256_bytes_of_a_body_are_logged(size: int, piece: int) -> None:
    state = State(min_file_size=1, part_size_for=lambda size: size)
    content = (bytes(range(48, 123)) * 1_000)[:size]
    chunks = [content[start : start + piece] for start in range(0, size, piece)] or [b""]
    send(state, "POST", SESSIONS, headers(content), chunks)
    assert logged(state)["body_start"] == content[:256].decode()


def test_a_part_is_logged_by_its_first_bytes() -> None:
    upload = Upload(small_state())
    upload.put(0, b"\x00\xff\xe2\x82")
    upload.put(1)
    exchanges = upload.state.request_log[1:]
    assert [exchange.body_start for exchange in exchanges] == ["\x00\\xff\\xe2\\x82", DATA[4:8].decode()]
    assert exchanges[0].headers["digest"] == digest(b"\x00\xff\xe2\x82")


def test_text_that_is_utf8_is_logged_as_it_is(state: State) -> None:
    body = '{"file_name": "Caf\u00e9 \u4e16.mov"}'
    post(state, SESSIONS, body.encode())
    assert logged(state)["body_start"] == body


def test_an_unread_body_is_not_logged(state: State) -> None:
    post(state, SESSIONS, new_file(), authorization="Bearer wrong")
    assert (logged(state)["status"], logged(state)["body_start"]) == (401, "")


@pytest.mark.parametrize(
    "fault", [Failure(operation=CREATE, status=503, carried_out=True), LostResponse(operation=CREATE)], ids=str
)
def test_a_request_with_a_fault_is_logged(state: State, fault: Fault) -> None:
    state.faults.add(fault)
    with suppress(ConnectionResetError):
        post(state, SESSIONS, new_file())
    assert logged(state)["headers"]["authorization"] == "Bearer ***"
    assert logged(state)["body_start"] == json.dumps(new_file())


def test_a_request_without_operation_is_logged(state: State) -> None:
    send(state, "GET", "/elsewhere", headers(user_agent="box/1"))
    assert (logged(state)["headers"]["user-agent"], logged(state)["operation"]) == ("box/1", None)


@pytest.mark.parametrize(("sent", "shown"), [
    ("Bearer mock-token", "Bearer ***"), ("bearer  unknown", "bearer ***"), ("Basic dXNlcjpwYXNz", "Basic ***"),
    ("Bearer", "***"), ("Bearer ", "***"), ("unknown", "***"), ("unknown Bearer", "***"), ("mock-token", "***"),
    ("", "***"),
])  # fmt: skip
@pytest.mark.parametrize("name", ["authorization", "proxy_authorization", "cookie", "boxapi"])
def test_known_and_unknown_credentials_are_redacted(state: State, name: str, sent: str, shown: str) -> None:
    post(state, SESSIONS, new_file(), **{name: sent})
    assert logged(state)["headers"][name.replace("_", "-")] == shown


def has_secret(exchange: Exchange) -> bool:
    return "secret" in repr(exchange).lower()


@EVERY_SPELLING
def test_a_token_is_redacted_anywhere(spelling: str) -> None:
    state = State(token=TOKEN)
    path = f"/api/2.0/files/{quote(TOKEN, safe='')}"
    sent = headers(authorization=None, referer=f"<{spelling}>", x=spelling)
    send(state, "GET", f"{path}?access_token={spelling}", sent)
    send(state, "POST", SESSIONS, headers(b"x" * 400), [f"a{spelling}b{spelling}c".encode()])
    assert not any(has_secret(exchange) for exchange in state.request_log)
    assert state.request_log[0].headers["referer"] == "<***>"
    assert state.request_log[0].headers["x"] == "***"


def test_a_token_is_redacted_in_an_event() -> None:
    upload = Upload(small_state())
    upload.state.add_token("top-secret")
    body = {"event_type": "has top-secret", "event_info": "is top-secret"}
    upload.log(body)
    exchange = upload.state.request_log[-1]
    assert exchange.event == LogEvent(event_type="has ***", event_info="is ***")
    assert not has_secret(exchange)


def test_a_token_is_redacted_in_a_range() -> None:
    upload = Upload(small_state())
    upload.state.add_token("top-secret")
    upload.put(0, content_range="top-secret 0-1")
    assert upload.state.request_log[-1].content_range == "*** 0-1"


def test_a_non_ascii_token_is_redacted_in_headers() -> None:
    redactor = Redactor(["\u00e9"])
    assert redactor.headers([(b"x", b"1\xe92"), (b"y", b"1\xc3\xa92")]) == {"x": "1***2", "y": "1***2"}


@EVERY_SPELLING
@pytest.mark.parametrize("before", [0, 200, 230, 240, 255])
def test_a_truncated_token_is_redacted(spelling: str, before: int) -> None:
    state = State(token=TOKEN)
    body = b"a" * before + spelling.encode() + b"b" * 400
    sent = headers(body, authorization=f"Bearer {TOKEN}")
    send(state, "POST", SESSIONS, sent, [body[start : start + 7] for start in range(0, len(body), 7)])
    (exchange,) = state.request_log
    shown = "a" * before + "***" + "b" * max(256 - before - len(spelling), 0)
    assert exchange.body_start == shown


def test_the_longer_of_two_tokens_is_redacted_completely() -> None:
    state = State()
    state.add_token("mock-token-secret")
    post(state, SESSIONS, b"mock-token-secret")
    assert logged(state)["body_start"] == "***"


def test_expired_and_added_tokens_are_redacted(state: State) -> None:
    state.expire_token("old-secret")
    state.faults.add(TokenExpiry(operation=CREATE, new_token="new-secret"))
    post(state, SESSIONS, {"a": "old-secret", "b": "new-secret"}, user_agent="new-secret")
    assert not any(has_secret(exchange) for exchange in state.request_log)


@pytest.mark.parametrize("token", ["\u00e9-secret", "\u2603-secret", "\ud800-secret"])
def test_tokens_with_any_characters_are_redacted(state: State, token: str) -> None:
    state.add_token(token)
    post(state, SESSIONS, json.dumps({"a": token}, ensure_ascii="\ud800" in token).encode())
    assert not any(has_secret(exchange) for exchange in state.request_log)


def test_an_empty_token_redacts_nothing(state: State) -> None:
    state.add_token("")
    post(state, SESSIONS, b"abc", user_agent="abc")
    assert (logged(state)["body_start"], logged(state)["headers"]["user-agent"]) == ("abc", "abc")
