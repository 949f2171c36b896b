"""The mock against the fragment: schemathesis with every check on, and what a schema cannot say."""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import urlencode, urlsplit

import httpx
import pytest
import requests
import schemathesis
from box_uploads_mock import Accepted, Failure, State, constant_part_size, create_app
from box_uploads_mock.errors import SIGN_IN_CODES, STATUS_OF_CODE
from hypothesis import HealthCheck as Slow
from hypothesis import Phase, settings
from schemathesis.core.parameters import ParameterLocation
from schemathesis.generation import GenerationMode

from tests.contract import asgi, forms
from tests.contract.fragment import (
    API_BASE,
    CREATING,
    EXAMPLES,
    FORM,
    FRAGMENT,
    IS_LONG,
    TOKEN,
    config,
    decoded,
    documented_errors,
    encode_body,
    fits_form,
    has_file,
    has_form,
    needed_query,
    needs_token,
    operations,
    operations_of,
    parameters,
    parameters_in,
    request_schema,
    resolved,
    target_of,
    validator,
)
from tests.contract.parts import content_range, digest, sha1, split
from tests.contract.variants import variants
from tests.contract.wire import is_right_on_the_wire
from tests.contract.world import APP, NOW, WORLD

if TYPE_CHECKING:
    from collections.abc import Iterator

    from schemathesis.core.transport import Response as Answer

    from tests.contract.fragment import Case

CODES = set(FRAGMENT["components"]["schemas"]["ErrorCode"]["anyOf"][0]["enum"])
PART_SIZE = 8_000_000
STATE = State(WORLD, token=TOKEN, seed=1, clock=lambda: NOW, part_size_for=constant_part_size(PART_SIZE))

SCHEMA = schemathesis.openapi.from_dict(decoded(FRAGMENT), config=config())
SCHEMA.app = create_app(STATE)


JSON = {"content-type": "application/json"}
WITH_FILE = {"content-type": forms.MEDIA_TYPE}
SMALL_FILE: dict[str, Any] = {"attributes": {"name": "small.txt", "parent": {"id": "0"}}, "file": "small"}
CHECKED: dict[str, Any] = {"name": "small.txt", "parent": {"id": "0"}, "size": 5}
SIZE = 20_000_000
SMALL: dict[str, dict[str, Any]] = {
    "create_upload_session": {"folder_id": "0", "file_name": "a.bin", "file_size": SIZE},
    "create_version_upload_session": {"file_size": SIZE},
}
CONTENT = bytes(SIZE)
OWN_APP = {"client_id": APP.client_id, "client_secret": APP.client_secret}
SIGN_IN = {"grant_type": "client_credentials", "box_subject_type": "enterprise", "box_subject_id": "123456", **OWN_APP}
PARTS = list(split(CONTENT, PART_SIZE))


def _part_headers(start: int, part: bytes) -> dict[str, str]:
    headers = {"digest": digest(part), "content-range": content_range(start, part, SIZE)}
    return {"content-type": "application/octet-stream", **headers}


def _planned(start: int, part: bytes) -> dict[str, Any]:
    return {"offset": start, "size": len(part), "sha512": hashlib.sha512(part).hexdigest()}


class Ledger:
    """What the tests of this module have made the mock say."""

    statuses: ClassVar[Counter[tuple[str, int]]] = Counter()
    links: ClassVar[Counter[str]] = Counter()
    drawn_links: ClassVar[Counter[str]] = Counter()
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
    size = int(json.loads(_bytes(response.request.body))["file_size"])
    part_size, total = session["part_size"], session["total_parts"]
    assert (total - 1) * part_size < size <= total * part_size, "total_parts is not file_size / part_size, rounded up"
    assert session["num_parts_processed"] == 0, "parts were processed before any was uploaded"
    expires = datetime.fromisoformat(session["session_expires_at"])
    assert expires - NOW == timedelta(days=7), "the session does not expire 7 days after its creation"
    assert session["id"] not in Ledger.session_ids, "two sessions have the same id"
    Ledger.session_ids.append(session["id"])
    own = f"{API_BASE}/files/upload_sessions/{session['id']}"
    paths = {"upload_part": own, "abort": own, "status": own, "commit": f"{own}/commit"}
    paths |= {"list_parts": f"{own}/parts", "log_event": f"{own}/log", "plan": f"{own}/plan"}
    for name, url in session["session_endpoints"].items():
        assert urlsplit(url).netloc == urlsplit(response.request.url).netloc, f"{name} leads to another host"
        assert urlsplit(url).path == paths[name], f"{name} does not lead to this session"
    return None


def _bytes(body: Any) -> bytes:
    return body if isinstance(body, bytes) else str(body or "").encode()


def check_error(ctx: Any, response: Answer, case: Case) -> bool | None:
    """What holds for every error, and no schema can say."""
    if response.status_code < 400 or response.request.method == "HEAD":
        return True
    error = response.json()
    if not needs_token(case.operation.definition.raw["operationId"]) and "error" in error:
        assert set(error) <= {"error", "error_description"}, "an error of a sign-in says something else"
        return None
    assert error["status"] == response.status_code, "the body names another status than the response"
    assert error["code"] in CODES, "a code that is not documented"
    assert error["request_id"] not in str(response.headers.get("box-request-id", "")), "both request ids are the same"
    if response.status_code == 409 and error["code"] == "item_name_in_use":
        conflict = error["context_info"]["conflicts"]
        named = conflict[0] if isinstance(conflict, list) else conflict
        file = (STATE.folders if named["type"] == "folder" else STATE.files)[named["id"]]
        body: dict[str, Any] = dict(case.body) if isinstance(case.body, dict) else {}
        wanted = {**body, **body.get("attributes", {})}.get("name", body.get("file_name", file.name))
        assert file.name.casefold() == str(wanted).casefold(), "the conflict is not the file that has the name"
    return None


def check_refusal(ctx: Any, response: Answer, case: Case) -> bool | None:
    """A request is refused for its form if the fragment forbids it, and only then."""
    if response.status_code in {401, 405, 411, 413, 415} or not _is_routed(case):
        return True
    name = case.operation.definition.raw["operationId"]
    assert STATE.request_log[-1].operation == name, "the request does not come to its operation"
    is_right = is_right_on_the_wire(name, response.request)
    code = _code(response)
    if is_right is None or (code == "parts_mismatch" and b'"sha1": null' in _bytes(response.request.body)):
        # A part without its SHA-1 is Box's sign that the part is not processed yet.
        return True
    is_refused = response.status_code == 400 and code not in STATE_CODES and not _is_of_a_marker(response)
    assert is_refused is not is_right, "refused for its form, which is right" if is_right else "its form is wrong"
    return None


def _code(response: Any) -> str:
    """Return the code of an error, of which a sign-in has another form."""
    if response.status_code < 400:
        return ""
    body: dict[str, str] = response.json()
    return body["code"] if "code" in body else body["error"]


def _is_of_a_marker(response: Any) -> bool:
    """Tell whether a request is refused for a marker that no page had, which no form can tell."""
    error = response.json()
    names = [wrong["name"] for wrong in (error.get("context_info") or {}).get("errors", [])]
    return error.get("code") == "bad_request" and names == ["marker"]


def _is_routed(case: Case) -> bool:
    """Tell whether a request comes to the operation that it was made for."""
    definition = case.operation.definition.raw
    is_negative = case.meta is not None and case.meta.is_negative_at(ParameterLocation.PATH)
    return case.method.lower() == operations()[definition["operationId"]][1] and not is_negative


# What a form cannot tell: whether parts and digests are those of the session.
STATE_CODES = {"parts_mismatch", "digest_mismatch", "bad_digest"}
# Nor which applications and grants there are.
STATE_CODES |= {"invalid_client", "invalid_grant", "unauthorized_client"}
OWN_CHECKS: list[Any] = [check_session, check_error, check_refusal]


def lead_to_a_session(case: Case) -> None:
    """Put an open session where a request names one, since all else is refused without a look at the rest."""
    given = dict(case.path_parameters or {})
    if re.fullmatch("[0-9A-Fa-f]{32}", str(given.get("upload_session_id", ""))):
        if not STATE.sessions:
            _answer("create_upload_session")
        case.path_parameters = {**given, "upload_session_id": next(iter(STATE.sessions))}


def put_attributes_first(case: Case) -> None:
    """Put the attributes of a form before its file, which no schema can say."""
    if has_file(case.operation.definition.raw["operationId"]) and isinstance(case.body, dict):
        case.body = dict(sorted(case.body.items()))


# A parameter: without any, schemathesis gives the tests of all operations one name, of which xdist runs one.
@pytest.fixture(scope="module", params=[OWN_CHECKS], ids=["own checks"])
def own_checks(request: pytest.FixtureRequest) -> list[Any]:
    """What is checked beside schemathesis's own checks."""
    checks: list[Any] = request.param
    return checks


@SCHEMA.parametrize()
def test_generated_requests_are_answered_as_the_fragment_says(case: Case, own_checks: list[Any]) -> None:
    lead_to_a_session(case)
    put_attributes_first(case)
    case.call_and_validate(additional_checks=own_checks)


# Schemathesis begins with what it thinks most likely to succeed, and would follow no other links.
OF_SMALL_FILES = ["upload_small_file", "upload_small_version", "check_upload", "check_version_upload", "download_file"]
OF_FOLDERS = ["create_folder", "get_folder", "list_folder_items"]
SESSIONS_ALONE = SCHEMA.exclude(operation_id=[*OF_SMALL_FILES, *OF_FOLDERS])
SMALL_FILES_ALONE = SCHEMA.exclude(operation_id=OF_FOLDERS)
FOLDERS_ALONE = SCHEMA.include(operation_id=OF_FOLDERS)


class Links:
    """Follows the links of the fragment."""

    def setup(self) -> None:
        STATE.reset()
        Ledger.session_ids.clear()

    def step(self, input: Any) -> Any:  # noqa: A002  schemathesis's name
        if input.transition is not None and input.is_applied and not input.transition.is_inferred:
            Ledger.drawn_links[input.transition.id] += 1
        return super().step(input)  # type: ignore[misc]  # of the machine beside it

    def before_call(self, case: Case) -> None:
        """Let right requests of an upload be true ones: random bytes seldom have the digest beside them."""
        put_attributes_first(case)
        name = case.operation.definition.raw["operationId"]
        session = STATE.sessions.get(str(dict(case.path_parameters or {}).get("upload_session_id")))
        is_right = case.meta is not None and case.meta.generation.mode is GenerationMode.POSITIVE
        if session is None or not is_right or session.file_size != SIZE:
            return
        if name == "upload_part":
            start, part = PARTS[len(session.part_store.parts) % len(PARTS)]
            case.body = part
            case.headers.update(_part_headers(start, part))
        elif name == "commit_upload_session":
            for start, part in PARTS[len(session.part_store.parts) :]:
                _answer("upload_part", part, session_id=session.id, **_part_headers(start, part))
            parts: list[Any] = [part.body() for part in session.part_store.parts]
            case.body = {"parts": parts}
            case.headers["digest"] = digest(CONTENT)

    def validate_response(self, response: Any, case: Any, additional_checks: Any = None, **kwargs: Any) -> None:
        super().validate_response(response, case, additional_checks=OWN_CHECKS, **kwargs)  # type: ignore[misc]  # as above


class SessionLinks(Links, SESSIONS_ALONE.as_state_machine()):  # type: ignore[misc]  # schemathesis types it as a value
    pass


class SmallFileLinks(Links, SMALL_FILES_ALONE.as_state_machine()):  # type: ignore[misc]  # as above
    pass


class FolderLinks(Links, FOLDERS_ALONE.as_state_machine()):  # type: ignore[misc]  # as above
    pass


TestSessionLinks = SessionLinks.TestCase
TestSmallFileLinks = SmallFileLinks.TestCase
TestFolderLinks = FolderLinks.TestCase
TestSessionLinks.settings = settings(
    max_examples=4 * EXAMPLES,
    stateful_step_count=4,
    phases=[Phase.generate],
    deadline=None,
    derandomize=not IS_LONG,
    database=None,
    suppress_health_check=[Slow.filter_too_much, Slow.too_slow, Slow.data_too_large, Slow.large_base_example],
)
TestSmallFileLinks.settings = settings(TestSessionLinks.settings, max_examples=EXAMPLES)
TestFolderLinks.settings = TestSmallFileLinks.settings

# What a right request has besides its path; of the other operations, it has nothing.
REQUESTS: dict[str, tuple[dict[str, str], bytes | None]] = {
    "create_upload_session": (JSON, json.dumps(SMALL["create_upload_session"]).encode()),
    "create_version_upload_session": (JSON, json.dumps(SMALL["create_version_upload_session"]).encode()),
    "upload_part": (_part_headers(*PARTS[0]), PARTS[0][1]),
    "commit_upload_session": (
        {**JSON, "digest": digest(CONTENT)},
        json.dumps({"parts": [{"part_id": "00000000", "offset": 0, "size": PART_SIZE, "sha1": "0" * 40}]}).encode(),
    ),
    "upload_small_file": (WITH_FILE, forms.encode(SMALL_FILE)),
    "upload_small_version": (WITH_FILE, forms.encode({"attributes": {}, "file": "new"})),
    "create_folder": (JSON, b'{"name": "new folder", "parent": {"id": "0"}}'),
    "check_upload": (JSON, json.dumps(CHECKED).encode()),
    "check_version_upload": (JSON, b'{"size": 5}'),
    "log_upload_event": (JSON, b'{"event_type": "retry"}'),
    "plan_upload_parts": (JSON, json.dumps({"parts": [_planned(*PARTS[0])]}).encode()),
    "request_token": ({"content-type": FORM}, encode_body("request_token", SIGN_IN)),
    "revoke_token": ({"content-type": FORM}, encode_body("revoke_token", {**OWN_APP, "token": "an-old-token"})),
}


def _fault(operation_id: str, status: int, **details: Any) -> None:
    STATE.faults.add(Failure(operation=operation_id, status=status, **details))


def _send(
    operation_id: str, path: str, content: bytes | None, headers: dict[str, str], without: str
) -> tuple[httpx.Response, dict[str, str]]:
    """Send a request as no HTTP library does, and return its response and its headers."""
    usual, _ = REQUESTS.get(operation_id, ({}, None))
    length = {} if content is None else {"content-length": str(len(content))}
    sent = {"authorization": f"Bearer {TOKEN}", **usual, **length, **headers}
    sent.pop(without, None)
    method = operations()[operation_id][1].upper()
    return asgi.call(SCHEMA.app, method, path, sent, content or b""), sent


def _answer(
    operation_id: str, body: Any = None, *, without: str = "", path: str = "", session_id: str = "", **headers: str
) -> tuple[int, dict[str, Any], Any]:
    """Call an operation as no generated case does; the answer is judged by the fragment."""
    _, content = REQUESTS.get(operation_id, ({}, None))
    if body is not None:
        content = body if isinstance(body, bytes) else encode_body(operation_id, body)
    wire_path, method, operation = operations()[operation_id]
    if "upload_session_id" in wire_path and not path and not session_id:
        session_id = _create()
    path = path or API_BASE + target_of(operation_id, upload_session_id=session_id)
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    response, _ = _send(operation_id, path, content, named, without)
    SCHEMA[wire_path][method.upper()].validate_response(response)
    documented = resolved(operation["responses"][str(response.status_code)]).get("headers", {})
    telling = {"retry-after", "www-authenticate", "allow", "location"} & set(response.headers)
    assert telling <= {name.lower() for name in documented}, "a header that is not documented"
    Ledger.statuses[operation_id, response.status_code] += 1
    return response.status_code, dict(response.headers), response.json() if response.content else None


def _bytes_at(location: str, **headers: str) -> httpx.Response:
    """Ask for the bytes of a file where `download_file` leads, without a token; the answer is one of that operation."""
    url = urlsplit(location)
    response = asgi.call(SCHEMA.app, "GET", f"{url.path}?{url.query}", headers)
    SCHEMA["/files/{file_id}/content"]["GET"].validate_response(response)
    documented = resolved(operations()["download_file"][2]["responses"].get(str(response.status_code), {}))
    assert response.status_code != 206 or "Content-Range" in documented["headers"], "a header that is not documented"
    assert response.headers["content-type"] in documented["content"], "a media type that is not documented"
    Ledger.statuses["download_file", response.status_code] += 1
    return response


def _create(operation_id: str = "create_upload_session") -> str:
    """Create a session, and return its id."""
    session_id: str = _answer(operation_id)[2]["id"]
    return session_id


@pytest.mark.parametrize(("operation_id", "status"), documented_errors())
def test_every_documented_error_can_be_injected(operation_id: str, status: int) -> None:
    code = "item_name_in_use" if status == 409 and operation_id not in CREATING else ""
    _fault(operation_id, status, code=code, retry_after_s=3 if status == 503 else None)
    answered, headers, error = _answer(operation_id)
    assert answered == status
    if needs_token(operation_id):
        assert error["status"] == status
        assert STATUS_OF_CODE.get(error["code"]) == status, "no code of Box's belongs to the status"
    else:
        assert SIGN_IN_CODES[status] == error["error"]
    assert status != 503 or headers["retry-after"] == "3"


def _commit(session_id: str = "") -> tuple[int, dict[str, Any], Any]:
    """Upload a whole file and commit it; a new one, unless there is a session already."""
    session_id = session_id or _create()
    for start, part in PARTS:
        _answer("upload_part", part, session_id=session_id, **_part_headers(start, part))
    parts = _answer("list_parts", session_id=session_id)[2]["entries"]
    return _answer("commit_upload_session", {"parts": parts}, session_id=session_id)


def test_a_whole_upload_goes_as_documented() -> None:
    STATE.pending_commits = 1
    session_id = _create()
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


def _check_form(
    operation_id: str, session_id: str, *, body: bytes | None = None, headers: dict[str, str] | None = None,
    query: dict[str, str] | None = None, without: str = "",
) -> None:  # fmt: skip
    """Call an operation; it is refused for its form if the fragment forbids it, and only then."""
    content = REQUESTS.get(operation_id, ({}, None))[1] if body is None else body
    _, method, _ = operations()[operation_id]
    path = API_BASE + target_of(operation_id, query, upload_session_id=session_id)
    response, sent = _send(operation_id, path, content, headers or {}, without)
    request = requests.Request(method, f"http://testserver{path}", sent, data=content).prepare()
    code = _code(response)
    if not (code == "parts_mismatch" and b'"sha1": null' in (content or b"")):
        is_refused = response.status_code == 400 and code not in STATE_CODES and not _is_of_a_marker(response)
        assert is_refused is not is_right_on_the_wire(operation_id, request), f"{content!r} {headers}: {code}"


@pytest.mark.parametrize("operation_id", [name for name in operations() if request_schema(name)])
def test_each_variant_of_a_body_is_refused_or_not_as_the_fragment_says(operation_id: str) -> None:
    session_id = _create()
    for body in variants(request_schema(operation_id)):
        # The file of a form is bytes, whatever they are; and a form without one has texts alone.
        is_file = isinstance(body, dict) and isinstance(body.get("file", ""), str)
        if (is_file or not has_file(operation_id)) and (fits_form(body) or not has_form(operation_id)):
            _check_form(operation_id, session_id, body=encode_body(operation_id, body))


@pytest.mark.parametrize("operation_id", [name for name in operations() if request_schema(name)])
def test_a_body_may_be_left_out_only_if_the_fragment_says_so(operation_id: str) -> None:
    path = API_BASE + target_of(operation_id, upload_session_id=_create())
    response, _ = _send(operation_id, path, b"", {}, "")
    assert (response.status_code == 400) == operations()[operation_id][2]["requestBody"].get("required", False)


@pytest.mark.parametrize(("operation_id", "name"), parameters_in("header"))
def test_each_variant_of_a_header_is_refused_or_not_as_the_fragment_says(operation_id: str, name: str) -> None:
    session_id = _create()
    parameter = parameters(operation_id)[name]
    example = {"examples": [parameter["example"]]} if "example" in parameter else {}
    for value in variants({**example, **parameter["schema"]}):
        # What HTTP does not carry at all, or trims, is no value.
        if isinstance(value, str) and re.fullmatch(r"[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?", value):
            _check_form(operation_id, session_id, headers={name: value})
    if parameter.get("required"):
        _check_form(operation_id, session_id, without=name)


@pytest.mark.parametrize(("operation_id", "name"), parameters_in("query"))
def test_each_variant_of_a_query_is_refused_or_not_as_the_fragment_says(operation_id: str, name: str) -> None:
    session_id = _create()
    for value in variants(parameters(operation_id)[name]["schema"]):
        if isinstance(value, str | int | float):
            text = value if isinstance(value, str) else json.dumps(value)
            _check_form(operation_id, session_id, query={name: text})


@pytest.mark.parametrize(
    ("operation_id", "name"), [(name, needed) for name in operations() for needed in needed_query(name)]
)
def test_what_a_query_needs_is_asked_for(operation_id: str, name: str) -> None:
    path = API_BASE + target_of(operation_id, upload_session_id=_create()).partition("?")[0]
    status, _, error = _answer(operation_id, path=path)
    assert (status, error["context_info"]["errors"][0]["name"]) == (400, name)


def test_parts_are_listed_from_where_the_fragment_says() -> None:
    _, _, page = _answer("list_parts")
    assert page["offset"] == parameters("list_parts")["offset"]["schema"]["default"]


def test_a_plan_and_a_commit_of_its_hits_go_as_documented() -> None:
    _commit()
    session_id = _create("create_version_upload_session")
    wanted = [_planned(start, part) for start, part in PARTS]
    unknown = {**wanted[0], "sha512": "0" * 128}
    status, _, plan = _answer("plan_upload_parts", {"parts": [*wanted, unknown]}, session_id=session_id)
    assert (status, plan["upload_session_id"], plan["misses"]) == (200, session_id, [unknown])
    hits = plan["hits"]
    assert [{**hit, "part_id": ""} for hit in hits] == [{**expected, "part_id": ""} for expected in wanted]
    assert _answer("list_parts", session_id=session_id)[2]["total_count"] == 0
    mixed = [hits[0], *({key: hit[key] for key in ("part_id", "offset", "size")} for hit in hits[1:])]
    assert _answer("commit_upload_session", {"parts": mixed}, session_id=session_id)[0] == 400
    status, _, files = _answer("commit_upload_session", {"parts": hits}, session_id=session_id)
    assert (status, files["entries"][0]["id"]) == (201, "12345")
    assert STATE.content("12345") == CONTENT


def _documented_headers() -> list[tuple[str, str, str]]:
    return [
        (name, status, header)
        for name, (_, _, operation) in operations().items()
        for status, response in operation["responses"].items()
        for header in resolved(response).get("headers", {})
    ]


@pytest.mark.parametrize(("operation_id", "status", "header"), _documented_headers())
def test_a_header_that_may_be_absent_is_absent_at_times(operation_id: str, status: str, header: str) -> None:
    """A required one is missed by schemathesis whenever it is absent."""
    if operation_id == "download_file" and status in {"202", "206", "302"}:
        if status == "202":
            STATE.faults.add(Accepted(operation=operation_id))
        redirect = _answer(operation_id)
        response = _bytes_at(redirect[1]["location"], range="bytes=0-1") if status == "206" else None
        answered, headers = redirect[:2] if response is None else (response.status_code, dict(response.headers))
    elif status == "202":
        # A version that is still processed asks for a pause; one that changes nothing does not.
        STATE.pending_commits = 1
        assert int(_commit()[1]["retry-after"]) >= 0
        STATE.pending_commits = 0
        file_id = _commit()[2]["entries"][0]["id"]
        path = API_BASE + target_of("create_version_upload_session", file_id=file_id)
        session = _answer("create_version_upload_session", {"file_size": len(CONTENT)}, path=path)[2]
        answered, headers, _ = _commit(session["id"])
    elif status == "429" and needs_token(operation_id):
        STATE.rate_limit(retry_after_s=7)
        answered, headers, _ = _answer(operation_id, session_id="F" * 32)
    else:
        _fault(operation_id, int(status))
        answered, headers, _ = _answer(operation_id)
    assert answered == int(status)
    documented = resolved(operations()[operation_id][2]["responses"][status])["headers"][header]
    assert (header.lower() in headers) is documented.get("required", False)


NUMBERS = ["1", "5", "9", "10", "19", "1" + "0" * 18, "9" * 19]
NO_NUMBERS = ["", "00", "01", ":", "1:", "1/", "/", "a", "9" * 20]


def _changed(values: list[str]) -> list[list[str]]:
    """Return three numbers, one of them replaced by each of the values."""
    return [["0"] * place + [value] + ["7"] * (2 - place) for place in range(3) for value in values]


RIGHT_HEADERS: dict[str, list[Any]] = {
    "Retry-After": [0, 1, 3600],
    "WWW-Authenticate": ["Bearer", 'Bearer realm="Service"'],
    "Content-Range": [f"bytes {first}-{last}/{size}" for first, last, size in _changed(NUMBERS)],
    "Location": ["https://dl.boxcloud.com/d/1/b1!signed/download?sign=1"],
}
WRONG_HEADERS: dict[str, list[Any]] = {
    "Retry-After": ["soon", -1, 1.5, None],
    "WWW-Authenticate": ["Basic", "Bearerrealm", 'xBearer realm="Service"', "Bearer ", "", None],
    "Content-Range": [
        *("bytes */1", "bytes 0-1", "0-1/2", "bytes 0-1/0", "bytes=0-1/2", "", None, "xbytes 0-1/2", "bytes 0-1/2x"),
        *(f"bytes {first}-{last}/{size}" for first, last, size in _changed(NO_NUMBERS)),
    ],
    "Location": ["/d/1", "", 1, None],
}


@pytest.mark.parametrize(("operation_id", "status", "header"), _documented_headers())
def test_these_headers_are_right_or_wrong_whatever_the_fragment_says(
    operation_id: str, status: str, header: str
) -> None:
    """What no answer shows: a header that is allowed to say anything is never wrong."""
    schema = resolved(operations()[operation_id][2]["responses"][status])["headers"][header]["schema"]
    assert [value for value in RIGHT_HEADERS[header] if not validator(schema).is_valid(value)] == []
    assert [value for value in WRONG_HEADERS[header] if validator(schema).is_valid(value)] == []


# Whom an operation can be followed by, and as what.
NEXT = {"upload_part": "upload_part", "list_parts": "list_parts", "commit": "commit_upload_session"}
NEXT |= {"status": "get_upload_session", "abort": "abort_upload_session"}
NEXT |= {"log_event": "log_upload_event", "plan": "plan_upload_parts"}
CREATE, VERSION = CREATING
SMALL_UPLOAD, SMALL_VERSION = "upload_small_file", "upload_small_version"
NEW_FOLDER, FOLDER, ITEMS = "create_folder", "get_folder", "list_folder_items"
CHECK, VERSION_CHECK = CHECKS = ("check_upload", "check_version_upload")
LINKS: dict[tuple[str, int], dict[str, str]] = {
    (CREATE, 201): {**NEXT, "another_session": CREATE},
    (VERSION, 201): {**NEXT, "file": "get_file", "another_version_session": VERSION},
    (CREATE, 400): {"small_file": SMALL_UPLOAD},
    (VERSION, 400): {"small_version": SMALL_VERSION},
    (CREATE, 409): {"version_of_conflicting_file": VERSION},
    (VERSION, 409): {"version_of_conflicting_file": VERSION},
    (SMALL_UPLOAD, 201): {"file": "get_file", "new_version": SMALL_VERSION, "content": "download_file"},
    (SMALL_VERSION, 200): {"file": "get_file", "content": "download_file"},
    (SMALL_UPLOAD, 409): {"version_of_conflicting_file": SMALL_VERSION},
    (SMALL_VERSION, 409): {"version_of_conflicting_file": SMALL_VERSION},
    (NEW_FOLDER, 201): {"folder": FOLDER, "items": ITEMS},
    (NEW_FOLDER, 409): {"existing_folder": FOLDER},
    (FOLDER, 200): {"items": ITEMS},
    (CHECK, 200): {"upload": SMALL_UPLOAD},
    (VERSION_CHECK, 200): {"upload": SMALL_VERSION},
    (CHECK, 409): {"version_of_conflicting_file": SMALL_VERSION},
    (VERSION_CHECK, 409): {"version_of_conflicting_file": SMALL_VERSION},
}


@pytest.mark.parametrize(
    ("operation_id", "status", "name"), [(*place, name) for place, names in LINKS.items() for name in names]
)
def test_links_lead_where_they_say(operation_id: str, status: int, name: str) -> None:
    taken = "Report.docx" if "version" in operation_id else "Contract.pdf"
    if has_file(operation_id):
        attributes = {"name": taken if status == 409 else "new.txt", "parent": {"id": "0"}}
        sent: dict[str, Any] = {"attributes": attributes, "file": "new"}
    elif operation_id == NEW_FOLDER:
        sent = {"name": "contracts" if status == 409 else "new", "parent": {"id": "0"}}
    elif operation_id == FOLDER:
        sent = {}
    elif operation_id in CHECKS:
        sent = {**CHECKED, "name": taken if status == 409 else "new.txt"}
    else:
        changes: dict[int, dict[str, Any]] = {201: {}, 400: {"file_size": 1}, 409: {"file_name": taken}}
        sent = {**SMALL[operation_id], **changes[status]}
    answered, _, body = _answer(operation_id, sent or None)
    assert answered == status
    wire_path, method, operation = operations()[operation_id]
    links = resolved(operation["responses"][str(status)]).get("links", {})
    assert set(links) == set(LINKS[operation_id, status])
    link = links[name]
    Ledger.links[f"{method.upper()} {wire_path} -> [{status}] {name} ->"] += 1
    expressions: dict[str, Any] = {
        "$request.body": sent,
        "$request.path.file_id": "12345",
        "$request.path.folder_id": "100",
    }

    def value(expression: str) -> Any:
        start, _, pointer = expression.partition("#")
        found = body if start == "$response.body" else expressions[start]
        for part in pointer.split("/")[1:]:
            found = found[int(part) if isinstance(found, list) else part]
        return found

    target = operations()[link["operationId"]][0]
    given = {key.removeprefix("path."): value(expression) for key, expression in link.get("parameters", {}).items()}
    path = API_BASE + target.format_map(given)
    known = {*STATE.sessions, *STATE.files, *STATE.folders}
    assert set(given.values()) <= known, "nothing has this id"
    assert ("requestBody" in link) is name.startswith("another_")
    if name in NEXT:
        assert urlsplit(value(link["x-url"])).path == path
    needed = needed_query(link["operationId"])
    path += f"?{urlencode(needed)}" if needed else ""
    _answer(link["operationId"], value(link["requestBody"]) if "requestBody" in link else None, path=path)
    assert STATE.request_log[-1].status not in {404, 405}
    assert STATE.request_log[-1].operation == LINKS[operation_id, status][name]


def test_an_aborted_session_is_gone() -> None:
    session_id = _create()
    assert _answer("abort_upload_session", session_id=session_id)[0] == 204
    assert _answer("get_upload_session", session_id=session_id)[0] == 404


WITHOUT_TOKEN = [name for name in operations() if not needs_token(name)]


@pytest.mark.parametrize("operation_id", WITHOUT_TOKEN)
class TestWhoMaySignIn:
    def test_no_token_is_needed(self, operation_id: str) -> None:
        assert _answer(operation_id, without="authorization")[0] == 200
        assert _answer(operation_id, authorization="Bearer other")[0] == 200

    def test_the_rate_limit_has_a_form_of_its_own(self, operation_id: str) -> None:
        STATE.rate_limit(retry_after_s=7)
        status, headers, error = _answer(operation_id)
        assert (status, headers["retry-after"], error["error"]) == (429, "7", "temporarily_unavailable")

    def test_another_application_is_refused(self, operation_id: str) -> None:
        for changed in ({"client_id": "another"}, {"client_secret": "another"}):
            form = {**(SIGN_IN if operation_id == "request_token" else {**OWN_APP, "token": "t"}), **changed}
            status, _, error = _answer(operation_id, form)
            assert (status, error["error"]) == (400, "invalid_client")

    @pytest.mark.parametrize("changed", [{"content_type": "application/json"}, {"without": "content-length"}])
    def test_what_is_no_form_is_an_invalid_request(self, operation_id: str, changed: dict[str, str]) -> None:
        status, _, error = _answer(operation_id, **changed)
        assert (status, error["error"]) == (400, "invalid_request")


@pytest.mark.parametrize(("grant", "needed"), [
    ("client_credentials", "box_subject_type"), ("client_credentials", "box_subject_id"),
    ("refresh_token", "refresh_token"), ("authorization_code", "code"),
    ("urn:ietf:params:oauth:grant-type:jwt-bearer", "assertion"),
])  # fmt: skip
def test_what_a_grant_needs_beside_its_type_is_asked_for(grant: str, needed: str) -> None:
    """No schema says it, so that the error is not that of a wrong form."""
    form = {**SIGN_IN, "grant_type": grant}
    form.pop(needed, None)
    status, _, error = _answer("request_token", form)
    assert (status, error["error"]) == (400, "invalid_grant")
    assert error["error_description"] == "Invalid grant_type parameter or parameter missing"


def test_a_sign_in_goes_as_documented() -> None:
    code = STATE.authorize(APP.client_id)
    grant = {"grant_type": "authorization_code", "code": code, **OWN_APP}
    status, _, first = _answer("request_token", grant)
    assert (status, first["expires_in"], first["token_type"]) == (200, 3600, "bearer")
    assert _answer("request_token", grant)[2]["error_description"] == "Invalid authorization code"
    grant = {"grant_type": "refresh_token", "refresh_token": first["refresh_token"], **OWN_APP}
    status, _, second = _answer("request_token", grant)
    assert (status, second["refresh_token"] != first["refresh_token"]) == (200, True)
    assert _answer("request_token", grant)[2]["error"] == "invalid_grant"
    status, _, user = _answer("get_current_user", authorization=f"Bearer {second['access_token']}")
    assert (status, user["login"]) == (200, "owner@example.com")
    assert _answer("revoke_token", {"token": second["refresh_token"], **OWN_APP})[0] == 200
    assert _answer("get_current_user", authorization=f"Bearer {first['access_token']}")[0] == 401


def test_a_user_has_the_properties_that_are_asked_for() -> None:
    path = f"{API_BASE}/users/me"
    assert set(_answer("get_current_user", path=path)[2]) == {
        *("type", "id", "name", "login", "space_amount", "space_used", "max_upload_size", "status")
    }
    user = _answer("get_current_user", path=f"{path}?fields=role,enterprise,name")[2]
    assert set(user) == {"type", "id", "name", "role", "enterprise"}
    assert _answer("get_current_user", path=path, as_user="67890")[2]["id"] == "67890"


@pytest.mark.parametrize("operation_id", [name for name in operations() if needs_token(name)])
class TestWhoMayCall:
    def test_a_call_without_a_token_is_refused_where_the_fragment_asks_for_one(self, operation_id: str) -> None:
        asked = operations()[operation_id][2].get("security", FRAGMENT.get("security", []))
        status, headers, error = _answer(operation_id, without="authorization")
        assert (status == 401) == (bool(asked) and {} not in asked)
        assert (status, error["code"]) == (401, "unauthorized")
        assert headers["www-authenticate"] == 'Bearer realm="Service"'

    def test_a_wrong_token_is_named_in_the_challenge(self, operation_id: str) -> None:
        status, headers, _ = _answer(operation_id, authorization="Bearer other")
        assert status == 401
        assert 'error="invalid_token"' in headers["www-authenticate"]

    def test_the_rate_limit_says_how_long_to_wait(self, operation_id: str) -> None:
        session_id = _create()
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


HAVE_FILES = [name for name in operations() if has_file(name)]


@pytest.mark.parametrize("operation_id", HAVE_FILES)
class TestForms:
    def test_a_request_without_length_is_refused(self, operation_id: str) -> None:
        assert _answer(operation_id, without="content-length")[0] == 411

    def test_a_file_beyond_what_one_request_carries_is_refused(self, operation_id: str) -> None:
        STATE.max_small_file_size = 5
        attributes = SMALL_FILE["attributes"]
        assert _answer(operation_id, {"attributes": attributes, "file": "12345"})[0] in {200, 201}
        assert _answer(operation_id, {"attributes": attributes, "file": "123456"})[0] == 413

    @pytest.mark.parametrize("media_type", ["text/plain", "application/json", ""])
    def test_another_media_type_is_refused(self, operation_id: str, media_type: str) -> None:
        assert _answer(operation_id, content_type=media_type)[0] == 415

    def test_the_attributes_come_first(self, operation_id: str) -> None:
        status, _, error = _answer(operation_id, {"file": "new", "attributes": SMALL_FILE["attributes"]})
        assert (status, error["code"]) == (400, "metadata_after_file_contents")

    @pytest.mark.parametrize("content", ["", "small", "\r\n--boundary-of-the-test\n", "x" * 300_000])
    def test_the_bytes_are_stored_and_their_digest_is_answered(self, operation_id: str, content: str) -> None:
        status, _, files = _answer(operation_id, {"attributes": SMALL_FILE["attributes"], "file": content})
        file = files["entries"][0]
        assert (status, file["name"]) == (201 if operation_id == "upload_small_file" else 200, "small.txt")
        assert (STATE.content(file["id"]), file["sha1"]) == (content.encode(), sha1(content.encode()))

    def test_other_bytes_than_the_digest_says_are_refused(self, operation_id: str) -> None:
        _, content = REQUESTS[operation_id]
        status, _, error = _answer(operation_id, content, content_md5=sha1(b"other"))
        assert (status, error["code"]) == (400, "bad_digest")
        right = sha1(b"small" if operation_id == "upload_small_file" else b"new").upper()
        assert _answer(operation_id, content, content_md5=right)[0] in {200, 201}

    def test_a_taken_name_is_a_conflict_that_names_the_file(self, operation_id: str) -> None:
        taken = {"attributes": {"name": "REPORT.docx", "parent": {"id": "0"}}, "file": "new"}
        status, _, error = _answer(operation_id, taken)
        assert (status, error["context_info"]["conflicts"]["id"]) == (409, "12346")

    def test_the_times_of_the_content_are_kept(self, operation_id: str) -> None:
        time = "2012-12-12T10:53:43-08:00"
        attributes = {**SMALL_FILE["attributes"], "content_modified_at": time}
        _, _, files = _answer(operation_id, {"attributes": attributes, "file": "new"})
        assert files["entries"][0]["content_modified_at"] == time


def test_a_small_version_is_stored_only_if_the_file_has_the_etag() -> None:
    assert _answer("upload_small_version", if_match="5")[0] == 412
    assert _answer("upload_small_version", if_match=STATE.files["12345"].etag)[2]["entries"][0]["etag"] == "1"


def _listed(folder_id: str, **query: str) -> Any:
    """Return a page of a folder."""
    status, _, page = _answer(ITEMS, path=API_BASE + target_of(ITEMS, query, folder_id=folder_id))
    assert status == 200
    return page


class TestFolders:
    def test_a_folder_is_created_read_and_listed_as_documented(self) -> None:
        status, _, folder = _answer(NEW_FOLDER, {"name": "Dailies", "parent": {"id": "200"}})
        assert (status, folder["name"], folder["parent"]["id"]) == (201, "Dailies", "200")
        assert datetime.fromisoformat(folder["created_at"]) == datetime.fromisoformat(folder["modified_at"]) == NOW
        assert _answer(FOLDER, path=API_BASE + target_of(FOLDER, folder_id=folder["id"]))[::2] == (200, folder)
        mini = {name: folder[name] for name in ("type", "id", "sequence_id", "etag", "name")}
        assert mini in _listed("200")["entries"]
        assert _listed(folder["id"])["entries"] == []

    @pytest.mark.parametrize(
        ("name", "kind", "item_id"), [("CONTRACTS", "folder", "200"), ("contract.PDF", "file", "12345")]
    )
    def test_a_conflict_is_a_list_that_names_what_is_in_the_way(self, name: str, kind: str, item_id: str) -> None:
        status, _, error = _answer(NEW_FOLDER, {"name": name, "parent": {"id": "0"}})
        (conflict,) = error["context_info"]["conflicts"]
        assert (status, error["code"], conflict["type"], conflict["id"]) == (409, "item_name_in_use", kind, item_id)

    def test_a_name_is_free_in_another_folder_and_if_what_had_it_is_in_the_trash(self) -> None:
        for name, parent in (("Contracts", "200"), ("Old footage", "0"), ("draft.mov", "100")):
            assert _answer(NEW_FOLDER, {"name": name, "parent": {"id": parent}})[0] == 201

    @pytest.mark.parametrize("code", ["name_temporarily_reserved", "operation_blocked_temporary"])
    def test_what_passes_can_be_injected(self, code: str) -> None:
        _fault(NEW_FOLDER, 409, code=code)
        status, _, error = _answer(NEW_FOLDER)
        assert (status, error["code"]) == (409, code)

    def test_pages_lead_through_a_folder_by_their_markers(self) -> None:
        for number in range(3):
            _answer(NEW_FOLDER, {"name": f"take {number}", "parent": {"id": "100"}})
        whole = _listed("100", limit="1000")
        assert (whole["limit"], whole["next_marker"]) == (1000, None)
        first = _listed("100", limit="2")
        second = _listed("100", limit="2", marker=first["next_marker"])
        last = _listed("100", limit="2", marker=second["next_marker"])
        assert (last["limit"], last["next_marker"]) == (2, None)
        assert [*first["entries"], *second["entries"], *last["entries"]] == whole["entries"]
        assert [len(page["entries"]) for page in (first, second, last)] == [2, 2, 1]
        names = ["Dailies", "take 0", "take 1", "take 2", "Interview.mov"]
        assert [item["name"] for item in whole["entries"]] == names

    def test_a_marker_belongs_to_its_folder(self) -> None:
        marker = _listed("100", limit="1")["next_marker"]
        for path in (target_of(ITEMS, {"marker": marker}, folder_id="0"), target_of(ITEMS, {"marker": "none"})):
            status, _, error = _answer(ITEMS, path=API_BASE + path)
            assert (status, error["context_info"]["errors"][0]["name"]) == (400, "marker")

    def test_fields_replace_those_of_the_mini_form(self) -> None:
        folder, file = _listed("100")["entries"]
        assert set(file) == {*folder, "sha1"} == {"type", "id", "sequence_id", "etag", "name", "sha1"}
        folder, file = _listed("100", fields="name,size")["entries"]
        assert set(file) == {*folder, "size"} == {"type", "id", "etag", "name", "size"}
        _, file = _listed("100", fields="content_created_at,content_modified_at")["entries"]
        assert all(datetime.fromisoformat(file[name]) for name in ("content_created_at", "content_modified_at"))
        path = API_BASE + target_of(FOLDER, {"fields": "name"})
        assert set(_answer(FOLDER, path=path)[2]) == {"type", "id", "etag", "name"}

    def test_the_root_folder_has_no_dates_etag_or_parent(self) -> None:
        root = _answer(FOLDER, path=API_BASE + target_of(FOLDER, folder_id="0"))[2]
        assert [root[name] for name in ("etag", "sequence_id", "created_at", "modified_at", "parent")] == [None] * 5


@pytest.mark.parametrize("name", [
    "a ", ". ", ".. ", "... ", " ", "a  ", "a b", " a", "a.", "a. .", ". .", "...", ".a", "..a ", "...a/b", "a\x7f",
    ".", "..", "..a", "...a", "/", "\\", "\x00", "\x1f", "\x7f", "a/", "a\\", "a\x00", "a\x1f", "...\x1f",
    ".\\", "a/b", "a\x1fb",
])  # fmt: skip
def test_a_character_that_the_name_of_a_folder_must_not_have_is_found_wherever_it_is(name: str) -> None:
    _check_form(NEW_FOLDER, "", body=json.dumps({"name": name, "parent": {"id": "0"}}).encode())


class TestDownloading:
    def test_the_bytes_are_at_a_url_that_needs_no_token(self) -> None:
        status, headers, nothing = _answer("download_file")
        assert (status, nothing) == (302, None)
        assert _bytes_at(headers["location"]).content == STATE.content("12345")
        path = f"{API_BASE}/files/12345/content?version="
        _, headers, _ = _answer("download_file", path=path + STATE.files["12345"].version_id)
        assert _bytes_at(headers["location"]).status_code == 200
        assert _answer("download_file", path=f"{path}1")[0] == 404

    @pytest.mark.parametrize(
        ("wanted", "start", "stop"), [("0-4", 0, 5), ("5-", 5, 11), ("-3", 8, 11), ("0-99", 0, 11)]
    )
    def test_a_range_has_the_bytes_that_it_names(self, wanted: str, start: int, stop: int) -> None:
        response = _bytes_at(_answer("download_file")[1]["location"], range=f"bytes={wanted}")
        assert (response.status_code, response.content) == (206, STATE.content("12345")[start:stop])
        assert response.headers["content-range"] == f"bytes {start}-{stop - 1}/11"

    def test_a_file_that_is_not_ready_says_when_to_come_back(self) -> None:
        STATE.faults.add(Accepted(operation="download_file"))
        status, headers, nothing = _answer("download_file")
        assert (status, nothing, int(headers["retry-after"]) >= 0) == (202, None, True)

    def test_a_range_beyond_the_file_is_not_satisfiable(self) -> None:
        response = _bytes_at(_answer("download_file")[1]["location"], range="bytes=11-")
        assert (response.status_code, response.json()["code"]) == (416, "requested_range_not_satisfiable")


@pytest.mark.parametrize("operation_id", CREATING)
class TestCreating:
    def test_a_media_type_with_charset_is_accepted(self, operation_id: str) -> None:
        assert _answer(operation_id, content_type="application/json; charset=utf-8")[0] == 201

    def test_a_file_beyond_the_largest_size_is_forbidden(self, operation_id: str) -> None:
        largest = WORLD.max_file_size
        assert _answer(operation_id, {**SMALL[operation_id], "file_size": largest})[0] == 201
        status, _, error = _answer(operation_id, {**SMALL[operation_id], "file_size": largest + 1})
        assert (status, error["code"]) == (403, "file_size_limit_exceeded")
        assert error["context_info"]["errors"][0]["name"] == "file_size"

    @pytest.mark.parametrize("as_list", [False, True])
    def test_a_conflict_is_an_object_or_a_list(self, operation_id: str, as_list: bool) -> None:
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


@pytest.mark.parametrize("operation_id", CREATING)
@pytest.mark.parametrize("name", [
    "...\x1f", "...a\x1f", "..\x1f", "a\x1f", "...\x00", "...\x7f", "...a\x7f", "...a/b", ".../",
    "...\\", "...a\\b", "... a",
])  # fmt: skip
def test_a_forbidden_character_of_a_name_is_found_wherever_it_is(operation_id: str, name: str) -> None:
    _check_form(operation_id, "", body=json.dumps({**SMALL[operation_id], "file_name": name}).encode())


@pytest.mark.parametrize("operation_id", ["commit_upload_session"])
@pytest.mark.parametrize("name", ["if-match", "if-none-match"])
def test_an_etag_has_no_character_that_is_invisible(operation_id: str, name: str) -> None:
    _check_form(operation_id, _create(), headers={name: "a\x7f"})


@pytest.mark.parametrize("operation_id", [*operations_of("file_id"), *operations_of("folder_id")])
@pytest.mark.parametrize("item_id", ["x", "12a", "-1", "12345678901234567890", "%D9%A1"])
def test_an_id_that_is_none_is_wrong_rather_than_unknown(operation_id: str, item_id: str) -> None:
    path = API_BASE + target_of(operation_id, file_id=item_id, folder_id=item_id)
    assert _answer(operation_id, path=path)[0] == 400


def test_a_file_is_the_same_as_in_the_response_of_its_commit() -> None:
    _, _, files = _commit()
    status, _, file = _answer("get_file", path=f"{API_BASE}/files/{files['entries'][0]['id']}")
    assert (status, file) == (200, files["entries"][0])
    assert file["sha1"] == sha1(CONTENT)


@pytest.mark.parametrize("operation_id", operations_of("upload_session_id"))
def test_a_session_id_that_is_none_is_wrong_rather_than_unknown(operation_id: str) -> None:
    assert _answer(operation_id, session_id="F" * 31)[0] == 400
    assert _answer(operation_id, session_id="F" * 32)[0] == 404


@pytest.mark.parametrize(("place", "body", "path"), [
    ("create_upload_session", {**SMALL["create_upload_session"], "folder_id": "404"}, ""),
    ("create_version_upload_session", {"file_size": SIZE, "folder_id": "404"}, ""),
    ("create_version_upload_session", None, f"{API_BASE}/files/404/upload_sessions"),
    ("get_file", None, f"{API_BASE}/files/404"),
    ("create_folder", {"name": "a", "parent": {"id": "404"}}, ""),
    ("get_folder", None, API_BASE + target_of("get_folder", folder_id="404")),
    ("list_folder_items", None, API_BASE + target_of("list_folder_items", folder_id="404")),
])  # fmt: skip
def test_what_does_not_exist_is_not_found(place: str, body: Any, path: str) -> None:
    assert _answer(place, body, path=path)[0] == 404


@pytest.mark.ledger
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
    assert links - set(Ledger.links) == set()
    # Which ones are drawn depends on which modules hypothesis has found constants in.
    drawn = {link for link in links if any(drawn_link.startswith(link) for drawn_link in Ledger.drawn_links)}
    assert len(drawn) > len(links) // 2
