"""A third party's view: openapi-core judges the fragment's examples, what the client sends and what the mock answers.

Schemathesis's `validate_response` looks at bodies alone, and only its command line at statuses and headers; here, every
documented answer of every operation is looked at whole. Where the validators disagree it is settled who is right.
"""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import httpx
import httpx2
import openapi_core
import pytest
import schemathesis
from box_uploads import errors
from box_uploads_mock import Accepted, Failure, MockServer, State, constant_part_size

from tests.contract import forms
from tests.contract.calls import SESSION_ID, SIZE, right_call
from tests.contract.drivers import Recording, SyncDriver
from tests.contract.fragment import (
    API_BASE,
    FRAGMENT,
    MULTIPART,
    SESSION,
    TOKEN,
    config,
    documented_errors,
    encode_body,
    examples,
    operations,
    parameters,
    request_media,
    resolved,
    validator,
)
from tests.contract.parts import content_range, digest, split
from tests.contract.witness import Exchange, raw_binary_has_no_type

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from box_uploads.types import Response

DOCUMENTED = [(name, int(status)) for name, (_, _, one) in operations().items() for status in one["responses"]]


class Witnessed(Recording):
    """Keeps the exchanges of a call; where a redirect leads, they are the same request with another response."""

    def __init__(self) -> None:
        super().__init__()
        self.exchanges: list[Exchange] = []

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        response = super().handle_request(request)
        answer = response.read()
        target = request.url.raw_path.decode().removeprefix(API_BASE)
        asked, answered = dict(request.headers), dict(response.headers)
        exchange = Exchange(request.method, target, asked, request.content)
        if not request.url.path.startswith(API_BASE):
            exchange = self.exchanges[-1]
        self.exchanges.append(replace(exchange, status=response.status_code, answer_headers=answered, answer=answer))
        return response


class WitnessedDriver(SyncDriver):
    """Keeps the last exchange of each operation with each status."""

    def __init__(self, base_url: str) -> None:
        self._witness = Witnessed()
        self.exchanges: dict[tuple[str, int], Exchange] = {}
        super().__init__(base_url, self._witness)

    def call(self, operation: str, *path: Any, **arguments: Any) -> Response[Any]:
        self._witness.exchanges.clear()
        try:
            return super().call(operation, *path, **arguments)
        finally:
            self.exchanges |= {(operation, exchange.status): exchange for exchange in self._witness.exchanges}


def _lifecycle(driver: SyncDriver, state: State) -> None:
    """Call every operation with success."""
    _, arguments = right_call("create_upload_session")
    made = driver.call("create_upload_session", **arguments).parsed
    driver.call("create_version_upload_session", "12345", file_size=SIZE, options={"as_user": "67890"})
    content = bytes(SIZE)
    for start, part in split(content, made.part_size):
        headers: dict[str, Any] = {"digest": digest(part), "content_range": content_range(start, part, SIZE)}
        driver.call("upload_part", made, body=part, **headers)
    driver.call("get_upload_session", made)
    listed = driver.call("list_parts", made, limit=100, offset=0).parsed
    driver.call("log_upload_event", made, event_type="retry", event_info="offset 0")
    driver.call("plan_upload_parts", made, parts=[{"offset": 0, "size": made.part_size, "sha512": "0" * 128}])
    for _ in range(2):
        driver.call("commit_upload_session", made, digest=digest(content), parts=listed.entries)
    for name in ("upload_small_file", "upload_small_version"):
        path, given = right_call(name)
        given["attributes"] = {**given["attributes"], "name": f"{name}.bin"}
        (file,) = driver.call(name, *path, **given).parsed.entries
    driver.call("check_upload", name="c.bin", parent={"id": "0"}, size=5)
    driver.call("check_version_upload", file.id, name="c.bin", size=5)
    driver.call("download_file", file.id)
    driver.call("download_file", file.id, range="bytes=0-1", version=file.file_version.id)
    state.faults.add(Accepted(operation="download_file"))
    driver.call("download_file", file.id)
    driver.call("get_file", "12345", options={"as_user": "67890"})
    driver.call("create_folder", name="Takes", parent={"id": "100"})
    driver.call("get_folder", "0", fields="name,etag", options={"as_user": "67890"})
    first = driver.call("list_folder_items", "0", limit=3).parsed
    driver.call("list_folder_items", "0", limit=3, marker=first.next_marker, fields="name,size,content_modified_at")
    _, sign_in = right_call("request_token")
    driver.call("request_token", **sign_in)
    driver.call("revoke_token", **right_call("revoke_token")[1])
    driver.call("get_current_user", fields="name,login,enterprise")
    driver.call("abort_upload_session", driver.call("create_upload_session", **{**arguments, "file_name": "b"}).parsed)


@pytest.fixture(scope="module")
def exchanges() -> dict[tuple[str, int], Exchange]:
    """The exchanges of the client with the mock, one for each documented status of each operation."""
    state = State(token=TOKEN, seed=3, part_size_for=constant_part_size(8_000_000), pending_commits=1)
    with MockServer(state=state) as server, WitnessedDriver(server.base_url) as driver:
        _lifecycle(driver, state)
        for name, status in documented_errors():
            state.reset()
            code = "item_name_in_use" if name == "commit_upload_session" and status == 409 else ""
            failure = Failure(operation=name, status=status, code=code, retry_after_s=3 if status == 503 else None)
            state.rate_limit(retry_after_s=3) if status == 429 else state.faults.add(failure)
            path, arguments = right_call(name, base_url=server.base_url)
            with pytest.raises(errors.ApiError):
                driver.call(name, *path, **{**arguments, **({"body": b"x"} if name == "upload_part" else {})})
    return driver.exchanges


@pytest.mark.parametrize(("operation", "status"), DOCUMENTED)
def test_openapi_core_accepts_each_exchange_of_client_and_mock(
    exchanges: dict[tuple[str, int], Exchange], operation: str, status: int
) -> None:
    exchange = exchanges[operation, status]

    assert (exchange.request_problem(), exchange.response_problem()) == ("", "")


# Right exchanges, by hand, to be made wrong one way at a time.
JSON = {"content-type": "application/json"}
ASKED = {"authorization": "Bearer t", **JSON}
BODY = {"folder_id": "0", "file_name": "a", "file_size": SIZE}
ERROR = {"type": "error", "status": 429, "code": "x", "message": "m", "request_id": "r"}


def encoded(value: Any) -> bytes:
    return json.dumps(value).encode()


CREATE = Exchange("POST", "/files/upload_sessions", ASKED, encoded(BODY), 201, JSON, encoded(SESSION))
LIMITED = replace(CREATE, status=429, answer_headers={**JSON, "retry-after": "5"}, answer=encoded(ERROR))
CHALLENGE = {**JSON, "www-authenticate": "Bearer"}
REFUSED = replace(CREATE, status=401, answer_headers=CHALLENGE, answer=encoded({**ERROR, "status": 401}))
VERSION = replace(CREATE, target="/files/1/upload_sessions", body=encoded({"file_size": SIZE}))
OF_A_PART = {
    "authorization": "Bearer t",
    "content-type": "application/octet-stream",
    "digest": "sha=fpRyg5eVQletdZqEKaFlqwBXJzM=",
    "content-range": "bytes 0-8388607/20000000",
}
PART = Exchange("PUT", f"/files/upload_sessions/{SESSION_ID}", OF_A_PART, b"\xff\x00")
LISTED = Exchange("GET", f"/files/upload_sessions/{SESSION_ID}/parts?limit=1", {"authorization": "Bearer t"})


def body(**changed: Any) -> Exchange:
    return replace(CREATE, body=encoded({**BODY, **changed}))


def answer(**changed: Any) -> Exchange:
    return replace(CREATE, answer=encoded({**SESSION, **changed}))


def _with(headers: Mapping[str, str], changed: dict[str, str | None]) -> dict[str, str]:
    """Return headers with some changed, and without those that are None."""
    both = {**headers, **{name.replace("_", "-"): value for name, value in changed.items()}}
    return {name: value for name, value in both.items() if value is not None}


def asked(exchange: Exchange, **changed: str | None) -> Exchange:
    return replace(exchange, headers=_with(exchange.headers, changed))


def answered(exchange: Exchange, **changed: str | None) -> Exchange:
    return replace(exchange, answer_headers=_with(exchange.answer_headers, changed))


@pytest.mark.parametrize("exchange", [CREATE, LIMITED, REFUSED, VERSION])
def test_the_exchanges_by_hand_are_right(exchange: Exchange) -> None:
    assert (exchange.request_problem(), exchange.response_problem()) == ("", "")


WRONG_REQUESTS = {
    "no token": (asked(CREATE, authorization=None), "Security not found"),
    "another scheme": (asked(CREATE, authorization="Basic dDp0"), "Security not found"),
    "another path": (replace(CREATE, target="/file/upload_sessions"), "Path not found"),
    "another method": (replace(CREATE, method="PUT"), "Operation put not found"),
    "no body": (replace(CREATE, body=b""), "Missing required request body"),
    "another media type": (asked(CREATE, content_type="text/plain"), "mimetype not found"),
    "no media type": (asked(CREATE, content_type=None), "mimetype not found"),
    "no JSON": (replace(CREATE, body=b"{"), "Failed to deserialize"),
    "a property too many": (body(more=1), "'more' was unexpected"),
    "a property too few": (replace(CREATE, body=encoded({"folder_id": "0"})), "'file_name' is a required property"),
    "a number as text": (body(file_size="20000000"), "is not of type 'integer'"),
    "a truth as a number": (body(file_size=True), "is not of type 'integer'"),
    "a number below its least": (body(file_size=SIZE - 1), "less than the minimum"),
    "a number beyond its format": (body(file_size=2**63), "maximum"),
    "a name too long": (body(file_name="\U0001f600" * 256), "is too long"),
    "a user who is none": (asked(CREATE, as_user="x"), "Invalid header parameter: as-user"),
    "no digest": (asked(PART, digest=None), "Missing required header parameter: digest"),
    "a digest that is none": (asked(PART, digest="sha=x"), "Invalid header parameter: digest"),
    "a range that is none": (asked(PART, content_range="bytes 0-1/*"), "Invalid header parameter: content-range"),
    "a part as JSON": (asked(PART, content_type="application/json"), "mimetype not found"),
    "a session that is none": (replace(PART, target="/files/upload_sessions/F"), "Invalid path parameter"),
    "a page too small": (replace(LISTED, target=LISTED.target.replace("=1", "=0")), "Invalid query parameter"),
    "a page of text": (replace(LISTED, target=LISTED.target.replace("=1", "=x")), "Query parameter error"),
}
WRONG_ANSWERS = {
    "an undocumented status": (replace(CREATE, status=418), "Unknown response http status"),
    "no media type": (answered(CREATE, content_type=None), "mimetype not found"),
    "another media type": (answered(CREATE, content_type="text/html"), "mimetype not found"),
    "no body": (replace(CREATE, answer=b""), "Missing response data"),
    "no JSON": (replace(CREATE, answer=b"{"), "Failed to deserialize"),
    "a null": (answer(id=None), "is not of type 'string'"),
    "another constant": (answer(type="file"), "'upload_session' was expected"),
    "a time without offset": (answer(session_expires_at="2012-12-12T10:53:43"), "is not a 'date-time'"),
    "a property too few": (replace(CREATE, answer=encoded({})), "is a required property"),
    "no Retry-After": (answered(LIMITED, retry_after=None), "Missing required header: Retry-After"),
    "a Retry-After that is none": (answered(LIMITED, retry_after="x"), "Failed to cast value to integer"),
    "a Retry-After in the past": (answered(LIMITED, retry_after="-1"), "less than the minimum"),
    "no WWW-Authenticate": (answered(REFUSED, www_authenticate=None), "Missing required header: WWW-Authenticate"),
    "another scheme": (answered(REFUSED, www_authenticate="Basic"), "does not match"),
}


@pytest.mark.parametrize(("exchange", "problem"), WRONG_REQUESTS.values(), ids=WRONG_REQUESTS)
def test_a_wrong_request_is_found(exchange: Exchange, problem: str) -> None:
    assert problem in exchange.request_problem()


@pytest.mark.parametrize(("exchange", "problem"), WRONG_ANSWERS.values(), ids=WRONG_ANSWERS)
def test_a_wrong_answer_is_found(exchange: Exchange, problem: str) -> None:
    assert problem in exchange.response_problem()


def _example(parameter: dict[str, Any]) -> Any:
    return parameter["example"] if "example" in parameter else next(iter(parameter["examples"].values()))["value"]


def _request_examples() -> Iterator[Any]:
    for name, (path, method, _) in operations().items():
        kind, media = request_media(name) or ("application/octet-stream", None)
        given = {field: _example(parameter) for field, parameter in parameters(name).items()}
        headers = {field: value for field, value in given.items() if parameters(name)[field]["in"] == "header"}
        query = "&".join(
            f"{field}={value if isinstance(value, str) else json.dumps(value)}"
            for field, value in given.items()
            if parameters(name)[field]["in"] == "query"
        )
        target = f"{path.format(**given)}?{query}"
        for title, example in (examples(name) if media else {"-": None}).items():
            media_type = forms.MEDIA_TYPE if kind == MULTIPART else kind
            sent = b"x" if example is None else encode_body(name, example)
            exchange = Exchange(
                method, target, {"authorization": "Bearer t", **headers, "content-type": media_type}, sent
            )
            yield pytest.param(exchange, id=f"{name}-{title}")


def _answer_examples() -> Iterator[Any]:
    for name, (path, method, operation) in operations().items():
        for status, reference in operation["responses"].items():
            response = resolved(reference)
            headers = {field.lower(): str(header["example"]) for field, header in response.get("headers", {}).items()}
            for title, example in response.get("content", {}).get("application/json", {}).get("examples", {}).items():
                given = {**JSON, **headers}
                target = path.format(file_id="1", folder_id="1", upload_session_id=SESSION_ID)
                exchange = Exchange(method, target, ASKED, b"", int(status), given, encoded(resolved(example)["value"]))
                yield pytest.param(exchange, id=f"{name}-{status}-{title}")


@pytest.mark.parametrize("exchange", list(_request_examples()))
def test_an_example_of_a_request_is_right(exchange: Exchange) -> None:
    assert exchange.request_problem() == ""


@pytest.mark.parametrize("exchange", list(_answer_examples()))
def test_an_example_of_an_answer_is_right(exchange: Exchange) -> None:
    assert exchange.response_problem() == ""


# Where the validators disagree. Each of these pins is to fail when a new version of one of them changes its mind.
SCHEMA = schemathesis.openapi.from_dict(FRAGMENT, config=config())
UPLOAD_SESSION = validator({"$ref": "#/components/schemas/UploadSession"})


def accepted_by(exchange: Exchange) -> tuple[bool, bool, bool]:
    """Tell for an answer to `CREATE` whether openapi-core, schemathesis and jsonschema-rs find it right."""
    request, headers = httpx.Request("POST", "http://mock"), dict(exchange.answer_headers)
    response = httpx.Response(exchange.status, headers=headers, content=exchange.answer, request=request)
    response.elapsed = timedelta(0)
    is_right = SCHEMA["/files/upload_sessions"]["POST"].is_valid_response(response)
    return not exchange.response_problem(), is_right, UPLOAD_SESSION.is_valid(json.loads(exchange.answer))


def test_they_disagree_about_a_line_end_behind_a_pattern() -> None:
    """Wrong: patterns are ECMA-262's (JSON Schema Core 2020-12, 6.4), where `$` is the end; Python's lets one pass."""
    assert accepted_by(answer(id="F" * 32 + "\n")) == (True, False, False)


@pytest.mark.parametrize("uri", ["", "a", "//a/b", "https://a b", "https://a/{box}", "http://a/%zz"])
def test_they_disagree_about_uris(uri: str) -> None:
    """Wrong: RFC 3986 needs a scheme and has no such characters; openapi-core checks no URI without another package."""
    endpoints = {**SESSION["session_endpoints"], "commit": uri}
    assert accepted_by(answer(session_endpoints=endpoints)) == (True, False, False)


@pytest.mark.parametrize("changed", [{"part_size": 2**63}, {"total_parts": 2**31}, {"num_parts_processed": 2**31}])
def test_they_disagree_about_integers_beyond_their_format(changed: dict[str, int]) -> None:
    """Wrong: OpenAPI's format registry has int32 and int64 as ranges.

    Schemathesis takes them for annotations when it looks at answers, as plain JSON Schema does.
    """
    assert accepted_by(answer(**changed)) == (False, True, False)


def test_they_disagree_about_json_in_another_encoding() -> None:
    """Wrong: RFC 8259, 8.1 has UTF-8 alone; openapi-core takes what Python's `json` does."""
    assert accepted_by(replace(CREATE, answer=json.dumps(SESSION).encode("utf-16")))[:2] == (True, False)


@pytest.mark.parametrize("name", [
    "an undocumented status", "another media type", "no Retry-After", "a Retry-After that is none",
    "no WWW-Authenticate", "another scheme",
])  # fmt: skip
def test_they_disagree_about_what_belongs_to_an_answer(name: str) -> None:
    """Wrong, by the fragment; schemathesis's `validate_response` looks at bodies alone, unlike its checks."""
    assert accepted_by(WRONG_ANSWERS[name][0])[:2] == (False, True)


def test_they_agree_about_whole_numbers_written_as_floats() -> None:
    """Right: 1.0 is an integer (JSON Schema Validation 2020-12, 6.1.1)."""
    assert accepted_by(answer(part_size=1.0)) == (True, True, True)
    assert body(file_size=2.0e7).request_problem() == ""


@pytest.mark.parametrize("limit", ["1_0", "%201"])
def test_openapi_core_reads_numbers_as_python_does(limit: str) -> None:
    """Wrong: no JSON number is written so; the mock refuses what openapi-core lets pass."""
    assert replace(LISTED, target=LISTED.target.replace("=1", f"={limit}")).request_problem() == ""
    with MockServer(token=TOKEN) as server:
        made = httpx2.post(f"{server.base_url}/files/upload_sessions", json=BODY, headers=BEARER).json()["id"]
        response = httpx2.get(f"{server.base_url}/files/upload_sessions/{made}/parts?limit={limit}", headers=BEARER)
    assert response.status_code == 400


BEARER = {"authorization": f"Bearer {TOKEN}"}


def test_openapi_core_does_not_decode_paths() -> None:
    """Right: `%31` is `1` (RFC 3986, 2.3), for the mock as well."""
    assert "%31" in replace(VERSION, target="/files/%31/upload_sessions").request_problem()
    with MockServer(token=TOKEN) as server:
        url = f"{server.base_url}/files/%312345/upload_sessions"
        assert httpx2.post(url, json={"file_size": SIZE}, headers=BEARER).status_code == 201


def test_openapi_core_finds_that_raw_bytes_are_no_string() -> None:
    """And rightly, since OpenAPI 3.1.1 omits their type. `raw_binary_has_no_type` says why the fragment does not."""
    assert PART.request_problem() == ""
    assert raw_binary_has_no_type(FRAGMENT) != FRAGMENT
    as_it_is = openapi_core.OpenAPI.from_dict(FRAGMENT)
    assert "is not of type 'string'" in PART.request_problem(as_it_is)
