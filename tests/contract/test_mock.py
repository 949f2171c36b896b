"""The mock against the fragment: schemathesis with every check on, and what a schema cannot say."""

from __future__ import annotations

import base64
import hashlib
import json
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import urlsplit

import hypothesis
import pytest
import schemathesis
from box_uploads_mock import Failure, File, Folder, State, constant_part_size, create_app, default_world
from schemathesis.generation import GenerationMode

from tests.contract import asgi
from tests.contract.fragment import API_BASE, EXAMPLES, FRAGMENT, IS_LONG, TOKEN, config, operations, resolved

if TYPE_CHECKING:
    from collections.abc import Iterator

    from schemathesis.core.transport import Response as Answer

    from tests.contract.fragment import Case

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
# Short ids and names exist, since those are the ones that are generated; links would not be followed otherwise.
FOLDERS = [Folder(id=digit, name=f"folder {digit}") for digit in "123456789"]
FILES = [
    File(id=str(int(f"{number}{folder}")), name=name, folder=folder)
    for folder in "0123456789"
    for number, name in enumerate("0ab")
]
WORLD = replace(
    default_world(),
    folders=[*default_world().folders, *FOLDERS],
    files=[*default_world().files, *FILES],
)
PART_SIZE = 8_000_000
STATE = State(WORLD, token=TOKEN, seed=1, clock=lambda: NOW, part_size_for=constant_part_size(PART_SIZE))

SCHEMA = schemathesis.openapi.from_dict(FRAGMENT, config=config())
SCHEMA.app = create_app(STATE)


JSON = {"content-type": "application/json"}
SIZE = 20_000_000
SMALL: dict[str, dict[str, Any]] = {
    "create_upload_session": {"folder_id": "0", "file_name": "a.bin", "file_size": SIZE},
    "create_version_upload_session": {"file_size": SIZE},
}
CONTENT = bytes(SIZE)
PARTS = [(start, CONTENT[start : start + PART_SIZE]) for start in range(0, SIZE, PART_SIZE)]


def _digest(content: bytes) -> str:
    return "sha=" + base64.b64encode(hashlib.sha1(content, usedforsecurity=False).digest()).decode()


def _part_headers(start: int, part: bytes) -> dict[str, str]:
    content_range = f"bytes {start}-{start + len(part) - 1}/{SIZE}"
    return {"content-type": "application/octet-stream", "digest": _digest(part), "content-range": content_range}


class Ledger:
    """What the tests of this module have made the mock say."""

    statuses: ClassVar[Counter[tuple[str, int]]] = Counter()
    links: ClassVar[Counter[str]] = Counter()
    session_ids: ClassVar[list[str]] = []


@SCHEMA.hook
def after_call(context: Any, case: Case, response: Answer) -> None:
    """Enter every answer, those to probes of the checks included, into the ledger."""
    Ledger.statuses[case.operation.definition.raw["operationId"], response.status_code] += 1


@pytest.fixture(autouse=True)
def _fresh_state() -> Iterator[None]:
    STATE.reset()
    Ledger.session_ids.clear()
    yield
    assert not STATE.faults.unfired, "a fault was queued and did not happen"


def check_session(ctx: Any, response: Answer, case: Case) -> bool | None:
    """What holds for a created session, and no schema can say."""
    if response.status_code != 201 or case.operation.definition.raw["operationId"] not in CREATING:
        return True
    session: dict[str, Any] = response.json()
    size = int(json.loads(_text(response.request.body))["file_size"])
    part_size, total = session["part_size"], session["total_parts"]
    assert (total - 1) * part_size < size <= total * part_size, "total_parts is not file_size / part_size, rounded up"
    assert session["num_parts_processed"] == 0, "parts were processed before any was uploaded"
    expires = datetime.fromisoformat(session["session_expires_at"])
    assert expires - NOW == timedelta(days=7), "the session does not expire 7 days after its creation"
    assert session["id"] not in Ledger.session_ids, "two sessions have the same id"
    Ledger.session_ids.append(session["id"])
    own = f"{API_BASE}/files/upload_sessions/{session['id']}"
    paths = {"upload_part": own, "abort": own, "status": own, "commit": f"{own}/commit"}
    paths |= {"list_parts": f"{own}/parts", "log_event": f"{own}/log"}
    for name, url in session["session_endpoints"].items():
        assert urlsplit(url).netloc == urlsplit(response.request.url).netloc, f"{name} leads to another host"
        assert urlsplit(url).path == paths[name], f"{name} does not lead to this session"
    return None


def _text(body: Any) -> str:
    return body.decode() if isinstance(body, bytes) else str(body)


def check_error(ctx: Any, response: Answer, case: Case) -> bool | None:
    """What holds for every error, and no schema can say."""
    if response.status_code < 400 or response.request.method == "HEAD":
        return True
    error = response.json()
    assert error["status"] == response.status_code, "the body names another status than the response"
    assert error["request_id"] not in str(response.headers.get("box-request-id", "")), "both request ids are the same"
    if response.status_code == 409 and error["code"] == "item_name_in_use":
        conflict = error["context_info"]["conflicts"]
        file = STATE.files[(conflict[0] if isinstance(conflict, list) else conflict)["id"]]
        wanted = case.body.get("file_name", file.name) if isinstance(case.body, dict) else file.name
        assert file.name.casefold() == str(wanted).casefold(), "the conflict is not the file that has the name"
    return None


CREATING = ("create_upload_session", "create_version_upload_session")
OWN_CHECKS: list[Any] = [check_session, check_error]


@SCHEMA.parametrize()
def test_generated_requests_are_answered_as_the_fragment_says(case: Case) -> None:
    case.call_and_validate(additional_checks=OWN_CHECKS)


class Lifecycle(SCHEMA.as_state_machine()):  # type: ignore[misc]  # schemathesis types it as a value
    """Follows the links of the fragment."""

    def setup(self) -> None:
        STATE.reset()
        Ledger.session_ids.clear()

    def step(self, input: Any) -> Any:  # noqa: A002  schemathesis's name
        if input.transition is not None and input.is_applied and not input.transition.is_inferred:
            Ledger.links[input.transition.id] += 1
        return super().step(input)

    def before_call(self, case: Case) -> None:
        """Let right requests of an upload be true ones: random bytes seldom have the digest beside them."""
        name = case.operation.definition.raw["operationId"]
        session = STATE.sessions.get(str(dict(case.path_parameters or {}).get("upload_session_id")))
        is_right = case.meta is not None and case.meta.generation.mode is GenerationMode.POSITIVE
        if session is None or not is_right or session.file_size != SIZE:
            return
        if name == "upload_part":
            start, part = PARTS[len(session.assembly.parts) % len(PARTS)]
            case.body = part
            case.headers.update(_part_headers(start, part))
        elif name == "commit_upload_session":
            for start, part in PARTS[len(session.assembly.parts) :]:
                _answer("upload_part", part, session_id=session.id, **_part_headers(start, part))
            parts: list[Any] = [part.body() for part in session.assembly.parts]
            case.body = {"parts": parts}
            case.headers["digest"] = _digest(CONTENT)

    def validate_response(self, response: Any, case: Any, additional_checks: Any = None, **kwargs: Any) -> None:
        super().validate_response(response, case, additional_checks=OWN_CHECKS, **kwargs)


TestLinks = Lifecycle.TestCase
TestLinks.settings = hypothesis.settings(
    max_examples=4 * EXAMPLES,
    stateful_step_count=4,
    phases=[hypothesis.Phase.generate],
    deadline=None,
    derandomize=not IS_LONG,
    database=None,
    suppress_health_check=[
        hypothesis.HealthCheck.filter_too_much,
        hypothesis.HealthCheck.too_slow,
        hypothesis.HealthCheck.data_too_large,
        hypothesis.HealthCheck.large_base_example,
    ],
)

# What a right request of each operation has besides its path.
REQUESTS: dict[str, tuple[dict[str, str], bytes | None]] = {
    "create_upload_session": (JSON, json.dumps(SMALL["create_upload_session"]).encode()),
    "create_version_upload_session": (JSON, json.dumps(SMALL["create_version_upload_session"]).encode()),
    "get_upload_session": ({}, None),
    "upload_part": (_part_headers(*PARTS[0]), PARTS[0][1]),
    "abort_upload_session": ({}, None),
    "list_parts": ({}, None),
    "commit_upload_session": (
        {**JSON, "digest": _digest(CONTENT)},
        json.dumps({"parts": [{"part_id": "00000000", "offset": 0, "size": PART_SIZE}]}).encode(),
    ),
    "log_upload_event": (JSON, b'{"event_type": "retry"}'),
}


def _fault(operation_id: str, status: int, **details: Any) -> None:
    STATE.faults.add(Failure(operation=operation_id, status=status, **details))


def _answer(
    operation_id: str, body: Any = None, *, without: str = "", path: str = "", session_id: str = "", **headers: str
) -> tuple[int, dict[str, Any], Any]:
    """Call an operation as no generated case does; the answer is judged by the fragment."""
    usual, content = REQUESTS[operation_id]
    if body is not None:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
    sent = {"authorization": f"Bearer {TOKEN}", **usual}
    if content is not None:
        sent["content-length"] = str(len(content))
    sent |= {name.replace("_", "-"): value for name, value in headers.items()}
    sent.pop(without, None)
    wire_path, method, _ = operations()[operation_id]
    if "upload_session_id" in wire_path and not path and not session_id:
        session_id = _answer("create_upload_session")[2]["id"]
    path = path or f"{API_BASE}{wire_path}".format(file_id="12345", upload_session_id=session_id)
    response = asgi.call(SCHEMA.app, method.upper(), path, sent, content or b"")
    SCHEMA[wire_path][method.upper()].validate_response(response)
    Ledger.statuses[operation_id, response.status_code] += 1
    return response.status_code, dict(response.headers), response.json() if response.content else None


def _documented_errors() -> list[tuple[str, int]]:
    return [
        (name, int(status))
        for name, (_, _, operation) in operations().items()
        for status in operation["responses"]
        if int(status) >= 400
    ]


@pytest.mark.parametrize(("operation_id", "status"), _documented_errors())
def test_every_documented_error_can_be_ordered(operation_id: str, status: int) -> None:
    code = "item_name_in_use" if status == 409 and operation_id not in CREATING else ""
    _fault(operation_id, status, code=code, retry_after_s=3 if status == 503 else None)
    answered, headers, error = _answer(operation_id)
    assert (answered, error["status"]) == (status, status)
    assert status != 503 or headers["retry-after"] == "3"


def test_a_whole_upload_goes_as_documented() -> None:
    STATE.pending_commits = 1
    session_id = _answer("create_upload_session")[2]["id"]
    for count, (start, part) in enumerate(PARTS):
        status, _, uploaded = _answer("upload_part", part, session_id=session_id, **_part_headers(start, part))
        assert (status, uploaded["part"]["offset"], uploaded["part"]["size"]) == (200, start, len(part))
        assert _answer("get_upload_session", session_id=session_id)[2]["num_parts_processed"] in {count, count + 1}
    parts = _answer("list_parts", session_id=session_id)[2]["entries"]
    assert [part["offset"] for part in parts] == [start for start, _ in PARTS]
    assert _answer("log_upload_event", session_id=session_id)[0] == 204
    status, headers, nothing = _answer("commit_upload_session", {"parts": parts}, session_id=session_id)
    assert (status, nothing) == (202, None)
    assert int(headers["retry-after"]) >= 0
    status, _, files = _answer("commit_upload_session", {"parts": parts}, session_id=session_id)
    assert (status, files["entries"][0]["name"]) == (201, "a.bin")
    assert STATE.content(files["entries"][0]["id"]) == CONTENT


def test_an_aborted_session_is_gone() -> None:
    session_id = _answer("create_upload_session")[2]["id"]
    assert _answer("abort_upload_session", session_id=session_id)[0] == 204
    assert _answer("get_upload_session", session_id=session_id)[0] == 404


@pytest.mark.parametrize("operation_id", list(operations()))
class TestWhoMayCall:
    def test_a_missing_token_is_refused_with_the_scheme_alone(self, operation_id: str) -> None:
        status, headers, error = _answer(operation_id, without="authorization")
        assert (status, error["code"]) == (401, "unauthorized")
        assert headers["www-authenticate"] == 'Bearer realm="Service"'

    def test_a_wrong_token_is_named_in_the_challenge(self, operation_id: str) -> None:
        status, headers, _ = _answer(operation_id, authorization="Bearer other")
        assert status == 401
        assert 'error="invalid_token"' in headers["www-authenticate"]

    def test_the_rate_limit_says_how_long_to_wait(self, operation_id: str) -> None:
        session_id = _answer("create_upload_session")[2]["id"]
        STATE.rate_limit(retry_after_s=7)
        status, headers, _ = _answer(operation_id, session_id=session_id)
        assert (status, headers["retry-after"]) == (429, "7")


WITH_JSON = [name for name, (headers, _) in REQUESTS.items() if headers.get("content-type") == "application/json"]


@pytest.mark.parametrize("operation_id", WITH_JSON)
class TestJsonBodies:
    def test_a_request_without_length_is_refused(self, operation_id: str) -> None:
        assert _answer(operation_id, without="content-length")[0] == 411

    def test_a_huge_body_is_refused(self, operation_id: str) -> None:
        assert _answer(operation_id, b" " * 10_000_000 + b"{}")[0] == 413

    @pytest.mark.parametrize("media_type", ["text/plain", "application/x-www-form-urlencoded", "application/jsonx", ""])
    def test_another_media_type_is_refused(self, operation_id: str, media_type: str) -> None:
        assert _answer(operation_id, content_type=media_type)[0] == 415


@pytest.mark.parametrize("operation_id", CREATING)
class TestCreating:
    def test_a_media_type_with_charset_is_accepted(self, operation_id: str) -> None:
        assert _answer(operation_id, content_type="application/json; charset=utf-8")[0] == 201

    def test_a_full_storage_is_forbidden(self, operation_id: str) -> None:
        status, _, error = _answer(operation_id, {**SMALL[operation_id], "file_size": 2**50})
        assert status == 403
        assert error["code"] in {"storage_limit_exceeded", "file_size_limit_exceeded"}

    @pytest.mark.parametrize("as_list", [False, True])
    def test_a_taken_name_is_told_as_an_object_or_as_a_list(self, operation_id: str, as_list: bool) -> None:
        STATE.conflicts_as_list = as_list
        taken = next(file for file in STATE.files.values() if file.folder == "0" and file.id != "12345")
        status, _, error = _answer(operation_id, {**SMALL[operation_id], "file_name": taken.name.upper()})
        conflicts = error["context_info"]["conflicts"]
        assert status == 409
        assert (conflicts if as_list else [conflicts])[0]["id"] == taken.id

    def test_a_session_conflict_names_the_session(self, operation_id: str) -> None:
        _fault(operation_id, 409)
        status, _, error = _answer(operation_id)
        assert (status, error["code"]) == (409, "session_conflict")
        assert error["context_info"]["session"]["id"] in STATE.sessions

    @pytest.mark.parametrize("size", ["20000000", True, 20_000_000.5, None, [20_000_000]])
    def test_a_size_that_is_no_integer_is_refused(self, operation_id: str, size: object) -> None:
        assert _answer(operation_id, {**SMALL[operation_id], "file_size": size})[0] == 400

    @pytest.mark.parametrize("size", ["2e7", "20000000.0"])
    def test_an_integer_may_be_written_as_a_float(self, operation_id: str, size: str) -> None:
        text = f'{{"file_size": {size}, "file_name": "new name", "folder_id": "0"}}'
        assert _answer(operation_id, text.encode())[0] == 201


@pytest.mark.parametrize("file_id", ["x", "12a", "-1", "12345678901234567890", "%D9%A1"])
def test_an_id_that_is_none_is_wrong_rather_than_unknown(file_id: str) -> None:
    path = f"{API_BASE}/files/{file_id}/upload_sessions"
    assert _answer("create_version_upload_session", path=path)[0] == 400


@pytest.mark.parametrize("operation_id", [name for name, (path, _, _) in operations().items() if "session_id" in path])
def test_a_session_id_that_is_none_is_wrong_rather_than_unknown(operation_id: str) -> None:
    assert _answer(operation_id, session_id="F" * 31)[0] == 400
    assert _answer(operation_id, session_id="F" * 32)[0] == 404


@pytest.mark.parametrize(("place", "body", "path"), [
    ("create_upload_session", {**SMALL["create_upload_session"], "folder_id": "404"}, ""),
    ("create_version_upload_session", {"file_size": SIZE, "folder_id": "404"}, ""),
    ("create_version_upload_session", None, f"{API_BASE}/files/404/upload_sessions"),
])  # fmt: skip
def test_what_does_not_exist_is_not_found(place: str, body: Any, path: str) -> None:
    assert _answer(place, body, path=path)[0] == 404


def test_every_documented_status_and_link_was_seen() -> None:
    """A suite that is green because nothing reached the interesting answers is worth nothing."""
    if IS_LONG or not Ledger.links:
        pytest.skip("looks at what the other tests of this module did, in a run whose cases are not random")
    documented = {(name, int(status)) for name, (_, _, one) in operations().items() for status in one["responses"]}
    assert documented - set(Ledger.statuses) == set()
    links = {
        f"{method.upper()} {path} -> [{status}] {link} ->"
        for path, method, operation in operations().values()
        for status, response in operation["responses"].items()
        for link in resolved(response).get("links", {})
    }
    followed = set(Ledger.links)
    assert {link for link in links if not any(one.startswith(link) for one in followed)} == set()
