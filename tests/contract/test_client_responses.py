"""The client against the fragment, responses: what the contract allows is decoded without loss, all else is refused.

Each response of the fragment becomes the request of an operation of a mirrored document, so that schemathesis's own
generators make responses: right ones and wrong ones.
"""

from __future__ import annotations

import json
from collections import Counter
from contextlib import ExitStack
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, ClassVar, Literal, get_args, get_origin, get_type_hints

import httpx2
import msgspec
import pytest
import schemathesis
from box_uploads import errors, models
from box_uploads.upload import conflicting_items
from schemathesis.core import NotSet
from schemathesis.generation import GenerationMode

from tests.contract.calls import ERROR_KINDS, right_call
from tests.contract.drivers import DRIVERS, Recording
from tests.contract.fragment import (
    JSON,
    SESSION,
    config,
    flattened,
    operations,
    resolved,
    responses,
    strict,
    validator,
)
from tests.contract.variants import least, variants, whole

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.contract.fragment import Case

SCHEMAS = {
    (name, status): schema
    for name in operations()
    for status, media_type, schema in responses(name)
    if media_type == JSON
}
# Where each schema is answered: many errors share one, and each case is shown to some of their places in turn.
PLACES: dict[str, list[tuple[str, int]]] = {}
for _place, _schema in SCHEMAS.items():
    PLACES.setdefault(_schema["$ref"].rpartition("/")[2], []).append(_place)
# What has more than is named is drawn seldom.
SHOWN_AT_ONCE = {"exact": 12, "more": 60, "wrong": 12}


def mirror() -> dict[str, Any]:
    """Return a document whose request bodies are the fragment's response bodies.

    Its objects have no room for what they do not name, since a round trip keeps only what is named; that the client
    ignores the rest is a test of its own.
    """
    paths: dict[str, Any] = {}
    for name, places in PLACES.items():
        content = {"application/json": {"schema": strict(flattened(SCHEMAS[places[0]]))}}
        body = {"required": True, "content": content}
        paths[f"/{name}"] = {"post": {"requestBody": body, "responses": {"200": {"description": "-"}}}}
    return {"openapi": "3.1.0", "info": {"title": "mirror", "version": "1"}, "paths": paths}


# No methods or media types are probed: there is no server behind the mirror.
MIRROR = schemathesis.openapi.from_dict(mirror(), config=config(has_auth=False, coverage={"unexpected-methods": []}))


class Ledger:
    """What the tests of this module have shown to the clients."""

    seen: ClassVar[Counter[tuple[str, str, int, str]]] = Counter()

    @classmethod
    def places(cls, client: str, name: str, kind: str) -> list[tuple[str, int]]:
        """Return the places of a schema that were shown the fewest responses of a kind."""
        return sorted(PLACES[name], key=lambda place: cls.seen[client, *place, kind])[: SHOWN_AT_ONCE[kind]]


class Answering:
    """Lets a client read responses.

    Args:
        client: Its name.
    """

    def __init__(self, client: str) -> None:
        self.client = client
        self._answers: list[httpx2.Response] = []
        self.driver = DRIVERS[client](None, Recording(lambda _: self._answers.pop()))

    def __call__(self, operation_id: str, status: int, content: bytes, **headers: str) -> Any:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        headers = {"content-type": "application/json", **named}
        self._answers.append(httpx2.Response(status, headers=headers, content=content))
        path, arguments = right_call(operation_id)
        return self.driver.call(operation_id, *path, **arguments)


@pytest.fixture(scope="module", params=list(DRIVERS))
def answering(request: pytest.FixtureRequest) -> Iterator[Answering]:
    """What lets one client read a response."""
    found = Answering(request.param)
    with found.driver:
        yield found


# With a parameter: without any, schemathesis gives the tests of all operations one name, of which xdist runs one.
@pytest.fixture(scope="module", params=["both"])
def each_answering() -> Iterator[list[Answering]]:
    """The same of each client: what takes long to draw is shown to both."""
    found = [Answering(client) for client in DRIVERS]
    with ExitStack() as stack:
        for one in found:
            stack.enter_context(one.driver)
        yield found


def same(first: Any, second: Any) -> bool:
    """Tell whether two JSON values say the same; date-times are compared as instants."""
    if isinstance(first, dict) and isinstance(second, dict):
        return first.keys() == second.keys() and all(same(value, second[key]) for key, value in first.items())
    if isinstance(first, list) and isinstance(second, list):
        return len(first) == len(second) and all(map(same, first, second))
    if isinstance(first, str) and isinstance(second, str) and first != second:
        try:
            return datetime.fromisoformat(first.upper()) == datetime.fromisoformat(second.upper())
        except ValueError:
            return False
    return bool(first == second) and isinstance(first, bool) == isinstance(second, bool)


OPEN = {key: validator(schema) for key, schema in SCHEMAS.items()}
STRICT = {key: validator(strict(flattened(schema))) for key, schema in SCHEMAS.items()}


def expected_outcome(operation_id: str, status: int, case: Case) -> str:
    """Return what an independent validator says of a response: `exact`, `more` than is named, or `wrong`.

    It has to agree with schemathesis, which made the response to be right or wrong.
    """
    is_json = _media_type(case) == "application/json" and not isinstance(case.body, NotSet | bytes)
    is_exact = is_json and STRICT[operation_id, status].is_valid(case.body)
    # Of a required body that is left out, schemathesis says either.
    if case.meta is not None and not isinstance(case.body, NotSet):
        assert is_exact == (case.meta.generation.mode is GenerationMode.POSITIVE), (
            f"the validators disagree: {case.body!r}"
        )
    if is_exact:
        return "exact"
    return "more" if is_json and OPEN[operation_id, status].is_valid(case.body) else "wrong"


def _media_type(case: Case) -> str:
    return str(dict(case.headers or {}).get("Content-Type", "application/json"))


def _content(case: Case) -> bytes:
    if isinstance(case.body, NotSet):
        return b""
    return case.body if isinstance(case.body, bytes) else json.dumps(case.body).encode()


@MIRROR.parametrize()
def test_every_response_is_read_as_the_fragment_says(case: Case, each_answering: list[Any]) -> None:
    name = case.operation.path[1:]
    kind = expected_outcome(*PLACES[name][0], case)
    for answering in each_answering:
        for operation_id, status in Ledger.places(answering.client, name, kind):
            Ledger.seen[answering.client, operation_id, status, kind] += 1
            _show(case, kind, answering, operation_id, status)


def _show(case: Case, kind: str, answering: Any, operation_id: str, status: int) -> None:
    content, headers = _content(case), {"content_type": _media_type(case)}
    if status < 400:
        if kind == "wrong":
            with pytest.raises(errors.DecodeError):
                answering(operation_id, status, content, **headers)
            return
        value = answering(operation_id, status, content, **headers).parsed
        assert kind != "exact" or same(json.loads(msgspec.json.encode(value)), case.body)
        return
    with pytest.raises(errors.ApiError) as caught:
        answering(operation_id, status, content, **headers)
    error = caught.value
    assert (error.status, error.operation) == (status, operation_id)
    assert type(error) is not errors.ApiError, "a documented status has a class of its own"
    if kind == "wrong":
        assert error.body is None
        assert isinstance(error.body_error, errors.DecodeError)
        return
    assert error.body_error is None
    assert kind != "exact" or same(json.loads(msgspec.json.encode(error.body)), case.body)
    body = error.body
    if hasattr(body, "error"):
        assert (error.code, error.message) == (body.error or None, body.error_description or "")
        return
    assert (error.code or "", error.message, error.request_id) == (body.code, body.message, body.request_id)


@pytest.mark.parametrize(("operation_id", "status"), SCHEMAS, ids=str)
def test_a_response_is_read_without_loss_at_each_place(answering: Any, operation_id: str, status: int) -> None:
    schema = SCHEMAS[operation_id, status]
    for value in (whole(schema), least(schema)):
        assert OPEN[operation_id, status].is_valid(value)
        _judge(answering, operation_id, status, value)


@pytest.mark.parametrize("name", PLACES, ids="[POST /{}]".format)
def test_each_variant_of_a_response_is_read_or_refused_as_the_fragment_says(answering: Any, name: str) -> None:
    place = PLACES[name][0]
    for value in variants(SCHEMAS[place]):
        _judge(answering, *place, value)


def _judge(answering: Any, operation_id: str, status: int, value: Any) -> None:
    """Let a client read a value; what the fragment does not name may be lost."""
    is_right = OPEN[operation_id, status].is_valid(value)
    is_exact = STRICT[operation_id, status].is_valid(value)
    read, problem = None, None
    try:
        read = answering(operation_id, status, json.dumps(value).encode()).parsed
    except errors.ApiError as error:
        assert status >= 400
        read, problem = error.body, error.body_error
    except errors.DecodeError as error:
        problem = error
    assert (problem is None) is is_right, f"{value!r}: {problem}"
    assert not is_exact or same(json.loads(msgspec.json.encode(read)), value)


ERROR = {"type": "error", "status": 404, "code": "not_found", "message": "Not Found", "request_id": "abc"}
# fmt: off
# One step beyond what is right, where generators seldom go.
NEAR_MISSES: dict[str, list[Any]] = {
    "id": ["F" * 31, "F" * 33, "F" * 31 + "G", "F" * 32 + "\n", "\n" + "F" * 32, "", 1, None, "f" * 32],
    "type": ["upload_sessions", "Upload_session", "", None, "upload_session "],
    "session_expires_at": [
        "2012-12-12T10:53:43", "2012-12-12", "2012-12-12T10:53Z", "2012-12-12T10:53:43+00", "2012-12-12X10:53:43Z",
        "2012-12-12T24:00:00Z", "2012-13-12T10:53:43Z", "2012-02-30T10:53:43Z", "2012-12-12T10:60:43Z",
        "12-12-12T10:53:43Z", "2012-12-12T10:53:43+24:00", "2012-12-12T10:53:43.Z", "2012-12-12T10:53:43Z ",
        "1355338423", 1355338423, None, "", "2012-12-12T10:53:43Z", "2012-12-12T10:53:43.123Z",
        "2012-12-12T10:53:43-00:00", "2012-12-12T10:53:43.123456+05:30",
    ],
    "part_size": [0, -1, 1, 1.0, 1e3, 1.5, 2**63 - 1, 2**63, "1", True, None, [1]],
    "total_parts": [0, 1, 2**31 - 1, 2**31, 1.0, 1.000001, "1", None],
    "num_parts_processed": [-1, 0, -0.0, 2**31, False, None],
    "session_endpoints": [{}, [], None, "https://upload.box.com", SESSION["session_endpoints"]],
}
URIS: list[Any] = [
    "https://a", "http://127.0.0.1:80/x?y#z", "urn:a:b", "", "a", "/a", "//a/b", "https://a b", "https://a\n",
    "http://[::1]/", "1http://a", "https://ä", "http://a/%zz", "http://a/%41", "http:", "https://a/{box}",
    "https://a/\\", None, 1,
]
# fmt: on
ENDPOINTS = [("upload_part", uri) for uri in URIS] + [("plan", uri) for uri in URIS]
SESSIONS = [(name, {**SESSION, name: value}) for name, values in NEAR_MISSES.items() for value in values]
SESSIONS += [
    (name, {**SESSION, "session_endpoints": {**SESSION["session_endpoints"], name: uri}}) for name, uri in ENDPOINTS
]


@pytest.mark.parametrize(("name", "body"), SESSIONS)
def test_near_misses_are_refused_and_hits_are_not(answering: Any, name: str, body: dict[str, Any]) -> None:
    _judge(answering, "create_upload_session", 201, body)


# Verdicts that do not come from the fragment: a softened fragment would agree with a softened client.
WRONG_WHATEVER_THE_FRAGMENT_SAYS: dict[str, list[Any]] = {
    "id": ["", "F" * 31, "F" * 33, "G" * 32, 1, None],
    "type": ["file", None],
    "session_expires_at": ["2012-12-12T10:53:43", "soon", 0, None],
    "part_size": [0, -1, 1.5, "1", 2**63, None],
    "total_parts": [0, -1, 1.5, "1", 2**31, None],
    "num_parts_processed": [-1, 0.5, "0", 2**31, None],
    "session_endpoints": [{}, None, {**SESSION["session_endpoints"], "commit": "/relative"}],
}
MISSING: Any = object()


@pytest.mark.parametrize(
    ("name", "value"),
    [(name, value) for name, values in WRONG_WHATEVER_THE_FRAGMENT_SAYS.items() for value in (*values, MISSING)],
)
def test_these_sessions_are_wrong_whatever_the_fragment_says(answering: Any, name: str, value: Any) -> None:
    changed = {**SESSION, name: value}
    body = {key: value for key, value in changed.items() if value is not MISSING}
    assert not OPEN["create_upload_session", 201].is_valid(body)
    with pytest.raises(errors.DecodeError):
        answering("create_upload_session", 201, json.dumps(body).encode())


@pytest.mark.parametrize("conflict", [
    {"id": "1"}, {"type": "file"}, {"type": "file", "id": "x"}, {"type": "file", "id": "1", "sha1": "G" * 40}, "1", None
])  # fmt: skip
def test_these_conflicts_are_wrong_whatever_the_fragment_says(answering: Any, conflict: Any) -> None:
    body = {**ERROR, "status": 409, "context_info": {"conflicts": conflict}}
    with pytest.raises(errors.ConflictError) as caught:
        answering("create_upload_session", 409, json.dumps(body).encode())
    assert isinstance(caught.value.body_error, errors.DecodeError)


@pytest.mark.parametrize(("model", "attribute", "schema"), [
    ("ErrorBody", "code", "ErrorCode"),
    ("ConflictErrorBody", "code", "ErrorCode"),
    ("SortOrder", "direction", "SortOrder/properties/direction"),
    ("FileConflict", "type", "FileConflict/properties/type"),
])  # fmt: skip
def test_the_documented_values_of_an_open_set_are_known(model: str, attribute: str, schema: str) -> None:
    """The set is open, so that no answer shows whether one was dropped or added."""
    documented = resolved({"$ref": f"#/components/schemas/{schema}"})["anyOf"][0]["enum"]
    annotation = get_type_hints(getattr(models, model))[attribute]
    alternatives = get_args(annotation)
    literals = [get_args(alternative) for alternative in alternatives if get_origin(alternative) is Literal]
    assert str in alternatives
    assert [set(literal) for literal in literals] == [set(documented)]


def test_the_codes_that_users_rely_on_are_documented() -> None:
    assert {
        *("missing_destination", "invalid_folder_id", "missing_file_name", "item_name_invalid", "item_name_too_long"),
        *("missing_file_size", "invalid_file_size", "file_size_too_small", "storage_limit_exceeded"),
        *("item_name_in_use", "session_conflict", "rate_limit_exceeded", "unauthorized", "not_found", "trashed"),
        "invalid_parameter",
    } <= set(resolved({"$ref": "#/components/schemas/ErrorCode"})["anyOf"][0]["enum"])


@pytest.mark.parametrize("text", ["2012-12-12 10:53:43Z", "2012-12-12T10:53:43+0000"])
def test_a_time_that_rfc_3339_spells_otherwise_is_read_if_it_is_one_instant(answering: Any, text: str) -> None:
    """Msgspec reads more of ISO 8601 than the format `date-time` has; nothing can be misread, so nothing is lost."""
    session = answering("create_upload_session", 201, json.dumps({**SESSION, "session_expires_at": text}).encode())
    assert session.parsed.session_expires_at == datetime(2012, 12, 12, 10, 53, 43, tzinfo=UTC)


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b"null", b"\xff", b'{"id": "x"', b"<html></html>", json.dumps(SESSION).encode()[:-1]]
)
def test_a_success_without_its_body_is_a_decode_error(answering: Any, content: bytes) -> None:
    with pytest.raises(errors.DecodeError) as caught:
        answering("create_upload_session", 201, content)
    assert caught.value.status == 201
    assert caught.value.content == content


@pytest.mark.parametrize(("operation_id", "status"), [
    (name, status)
    for name, (_, _, operation) in operations().items() for status in (200, 201, 202, 203, 204, 206)
    if str(status) not in operation["responses"]
])  # fmt: skip
def test_a_success_that_is_not_documented_is_no_success(answering: Any, operation_id: str, status: int) -> None:
    with pytest.raises(errors.ApiError, match="the status is not documented") as caught:
        answering(operation_id, status, json.dumps(SESSION).encode())
    assert caught.value.status == status


def test_a_decode_error_names_the_place(answering: Any) -> None:
    with pytest.raises(errors.DecodeError, match=r"\$\.part_size"):
        answering("create_upload_session", 201, json.dumps({**SESSION, "part_size": 1.5}).encode())


def test_what_the_fragment_does_not_name_is_ignored(answering: Any) -> None:
    endpoints = {**SESSION["session_endpoints"], "shiny": "https://upload.box.com/new"}
    session = answering(
        "create_upload_session", 201, json.dumps({**SESSION, "new": [1], "session_endpoints": endpoints}).encode()
    )
    assert session.parsed.total_parts == 1000


def test_unknown_codes_and_kinds_are_kept(answering: Any) -> None:
    conflict = {"type": "web_link", "id": "1"}
    body = {**ERROR, "status": 409, "code": "brand_new", "context_info": {"conflicts": conflict}}
    with pytest.raises(errors.ConflictError) as caught:
        answering("create_upload_session", 409, json.dumps(body).encode())
    assert caught.value.code == caught.value.body.code == "brand_new"
    assert caught.value.body.context_info.conflicts.type == "web_link"


@pytest.mark.parametrize(("headers", "request_id"), [
    ({}, None),
    ({"box_request_id": "box"}, "box"),
    ({"x_request_id": "x"}, "x"),
    ({"box_request_id": "box", "x_request_id": "x"}, "x"),
    ({"box_request_id": "box", "x_request_id": ""}, "box"),
])  # fmt: skip
def test_the_request_id_of_a_header_counts_if_the_body_has_none(
    answering: Any, headers: dict[str, str], request_id: str | None
) -> None:
    with pytest.raises(errors.ServerError) as caught:
        answering("create_upload_session", 502, b"<html>", **headers)
    assert caught.value.request_id == request_id


@pytest.mark.parametrize("conflicts", [{"type": "file", "id": "7"}, [{"type": "file", "id": "7"}]])
def test_conflicts_are_a_list_however_they_arrive(answering: Any, conflicts: Any) -> None:
    body = {**ERROR, "status": 409, "code": "item_name_in_use", "context_info": {"conflicts": conflicts}}
    with pytest.raises(errors.ConflictError) as caught:
        answering("create_upload_session", 409, json.dumps(body).encode())
    assert [conflict["id"] for conflict in conflicting_items(caught.value)] == ["7"]


@pytest.mark.parametrize(
    "content", [b"", b"{", b"<html>Bad Gateway</html>", b"[]", b'"x"', b'{"code": 5}', b"\xff\xfe", b"null"]
)
@pytest.mark.parametrize(("status", "kind"), [
    *ERROR_KINDS.items(),
    *((status, errors.ServerError) for status in (502, 520, 599)),
    *((status, errors.ApiError) for status in (200, 204, 302, 418)),
])  # fmt: skip
def test_the_status_decides_whatever_the_body_is(
    answering: Any, status: int, kind: type[errors.ApiError], content: bytes
) -> None:
    with pytest.raises(errors.ApiError) as caught:
        answering("create_upload_session", status, content, content_type="text/html")
    assert type(caught.value) is kind
    assert caught.value.status == status
    assert caught.value.body is None


@pytest.mark.ledger
def test_every_kind_of_response_was_read(answering: Any) -> None:
    """A suite that never made a wrong body, or only wrong ones, would be green as well."""
    name = answering.client
    if not any(client == name for client, *_ in Ledger.seen):
        pytest.skip("looks at what the other tests of this module did; run the whole module")
    expected = {(name, *key, kind) for key in SCHEMAS for kind in ("exact", "more", "wrong")}
    assert expected - set(Ledger.seen) == set()
