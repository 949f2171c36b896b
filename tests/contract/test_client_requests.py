"""The client against the fragment, requests: it sends what a call means, and nothing that the fragment forbids.

Generated cases go through the generated clients, over a socket, to the mock. Whether a case is right is decided by an
independent validator; what a right case looks like on the wire is decided by schemathesis.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import re
from collections import Counter
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple
from urllib.parse import parse_qsl

import httpx
import httpx2
import msgspec
import pytest
import requests
import schemathesis
from box_uploads import AsyncClient, Client, RetryPolicy, api, errors, models
from box_uploads.upload import conflicting_items
from box_uploads_mock import Accepted, Failure, MockServer, State, constant_part_size
from msgspec import UNSET
from schemathesis.generation import GenerationMode
from schemathesis.transport.serialization import Binary

from tests.contract import forms
from tests.contract.calls import ERROR_KINDS, links_by_endpoint, right_call, session
from tests.contract.drivers import DRIVERS, AsyncDriver, Recording, SyncDriver
from tests.contract.fragment import (
    CREATING,
    EXAMPLES,
    FRAGMENT,
    TOKEN,
    config,
    decode_body,
    decoded,
    documented_errors,
    examples,
    has_file,
    has_form,
    named,
    needed_query,
    needs_token,
    operations,
    operations_of,
    parameters,
    request_media,
    request_schema,
    resolved,
    server_url,
    target_of,
)
from tests.contract.parts import content_range, digest, sha1, split
from tests.contract.variants import variants, whole
from tests.contract.wire import BODIES, PARAMETERS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from box_uploads.types import Response

    from tests.contract.fragment import Case

# Methods are not arguments of the client.
SCHEMA = schemathesis.openapi.from_dict(
    decoded(FRAGMENT), config=config(examples=EXAMPLES // 2, coverage={"unexpected-methods": []})
)
STATE = State(token=TOKEN, seed=2, part_size_for=constant_part_size(8_000_000))
OF_A_SESSION = operations_of("upload_session_id")
IN_PATH = {"upload_session_id", "file_id", "folder_id"}
SMALL = 20_000_000
FULLWIDTH_ONE = "\uff11"
SENT_BY_EVERY_CALL = {"accept", "accept-encoding", "authorization", "connection", "host", "user-agent"}
SENT_BY_EVERY_CALL |= {"content-length", "content-type"}


class Ledger:
    """What the clients did in the tests of this module."""

    seen: ClassVar[Counter[tuple[str, str, str]]] = Counter()


class Caller:
    """A client in front of the mock, and what it sent."""

    def __init__(self, name: str, driver: SyncDriver | AsyncDriver, transport: Recording, base_url: str) -> None:
        self.name = name
        self.base_url = base_url
        self._driver = driver
        self._transport = transport

    def call(
        self, operation: str, *path: Any, options: dict[str, Any] | None = None, **arguments: Any
    ) -> Response[Any]:
        """Call an operation; `sent` tells what came of it on the wire."""
        self._transport.requests.clear()
        try:
            response = self._driver.call(operation, *path, options=options, **arguments)
        except errors.ApiError as error:
            self._check(operation, error.status, error.headers, error.content)
            raise
        except (errors.InvalidArgumentError, TypeError):
            Ledger.seen[self.name, operation, "refused"] += 1
            raise
        self._check(operation, response.status, response.headers, response.content)
        if len(self.sent) > 1:
            Ledger.seen[self.name, operation, "302"] += 1
        return response

    @property
    def sent(self) -> list[Any]:
        """The requests of the last call."""
        return self._transport.requests

    def _check(self, operation: str, status: int, headers: Any, content: bytes) -> None:
        path, method, _ = operations()[operation]
        seen = httpx.Response(
            status, headers=dict(headers), content=content, request=httpx.Request(method, self.base_url)
        )
        seen.elapsed = timedelta(0)
        SCHEMA[path][method.upper()].validate_response(seen)
        Ledger.seen[self.name, operation, str(status)] += 1


@pytest.fixture(scope="module")
def server() -> Iterator[MockServer]:
    with MockServer(state=STATE) as running:
        yield running


@pytest.fixture(scope="module", params=list(DRIVERS))
def caller(request: pytest.FixtureRequest, server: MockServer) -> Iterator[Caller]:
    transport = Recording()
    with DRIVERS[request.param](server.base_url, transport) as driver:
        yield Caller(request.param, driver, transport, server.base_url)


@pytest.fixture(autouse=True)
def _fresh_state() -> Iterator[None]:
    STATE.reset()
    yield
    assert not STATE.faults.unfired, "a fault was queued and did not happen"


class Call(NamedTuple):
    """A case as a call of the client."""

    path: tuple[Any, ...]
    options: dict[str, Any]
    arguments: dict[str, Any]
    is_right: bool


def as_call(operation: str, case: Case, base_url: str) -> Call:
    """Return the call that means what the case says.

    Raises:
        TypeError: The body is no object, which the method's signature cannot say.
    """
    given = {**dict(case.headers or {}), **dict(case.query or {}), **dict(case.path_parameters or {})}
    given = {name.lower() if name in (case.headers or {}) else name: value for name, value in given.items()}
    for name in set(given) & set(case.query or {}) & set(PARAMETERS[operation]):
        # What is a number in the contract is text in some cases already.
        kind = resolved(parameters(operation)[name]["schema"]).get("type")
        if kind == "integer" and re.fullmatch("-?[0-9]+", str(given[name])):
            given[name] = int(given[name])
        elif kind == "boolean":
            given[name] = {"true": True, "false": False}.get(given[name], given[name])
    declared = {name: value for name, value in given.items() if name in PARAMETERS[operation]}
    required = {name for name, parameter in parameters(operation).items() if parameter.get("required")}
    # What has one value is sent by the client itself.
    required -= set(needed_query(operation))
    right = required <= set(declared) and all(
        PARAMETERS[operation][name].is_valid(value) for name, value in declared.items()
    )
    arguments: dict[str, Any] = {}
    if operation in BODIES:
        if not isinstance(case.body, dict):
            raise TypeError(f"the body is {case.body!r}")
        body = _with_file(case.body) if has_file(operation) else case.body
        right = right and _is_valid(operation, body)
        arguments |= _whole(body)
    elif operation == "upload_part":
        if not isinstance(case.body, bytes | Binary):
            raise TypeError(f"the body is {case.body!r}")
        arguments["body"] = _bytes(case.body)
    path = tuple(
        session(base_url, value) if name == "upload_session_id" else value
        for name, value in declared.items()
        if name in IN_PATH
    )
    options = {"as_user": declared["as-user"]} if "as-user" in declared else {}
    for name in set(declared) - {*IN_PATH, "as-user"}:
        arguments[name.replace("-", "_")] = _whole(declared[name])
    return Call(path, options, arguments, right)


def _with_file(body: Any) -> dict[str, Any]:
    """Return a form with its file as bytes, as the client takes it."""
    file = body.get("file")
    if isinstance(file, Binary):
        return {**body, "file": file.data}
    return {**body, "file": file.encode()} if isinstance(file, str) else dict(body)


def _is_valid(operation: str, body: dict[str, Any]) -> bool:
    """Tell whether the fragment allows a body; the file of a form is text to the validator."""
    text = {"file": "text"} if isinstance(body.get("file"), bytes) else {}
    return bool(BODIES[operation].is_valid({**body, **text}))


def _sent_body(operation: str, sent: Any) -> Any:
    """Return the body of a request as it was given to the client."""
    if not has_file(operation):
        return decode_body(operation, sent.content, "")
    body = dict(forms.decode(sent.headers["content-type"], sent.content) or [])
    return {**body, "attributes": json.loads(body["attributes"])}


def _bytes(body: Any) -> bytes:
    """Return a binary body, which schemathesis wraps."""
    return body.data if isinstance(body, Binary) else body if isinstance(body, bytes) else b""


def _whole(value: Any) -> Any:
    """Return the value with integers as Python's, however JSON writes them."""
    if isinstance(value, dict):
        return {name: _whole(member) for name, member in value.items()}
    if isinstance(value, list):
        return [_whole(item) for item in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


@SCHEMA.parametrize()
def test_a_call_sends_what_the_case_means_or_nothing(case: Case, caller: Caller) -> None:
    operation = case.operation.definition.raw["operationId"]
    if operation in BODIES and isinstance(case.body, dict) and named(operation, case.body) != case.body:
        # The fragment lets others send more than a method has arguments for.
        return
    is_positive = case.meta is None or case.meta.generation.mode is GenerationMode.POSITIVE
    try:
        call = as_call(operation, case, caller.base_url)
    except TypeError:
        assert not is_positive, "the client cannot say a right request"
        return
    # Of a header called range, schemathesis makes what HTTP allows, whatever the fragment says.
    is_positive = is_positive and (call.is_right or "range" not in call.arguments)
    assert call.is_right or not is_positive, "the validators disagree"
    problem = attempt(caller, operation, *call.path, options=call.options, **call.arguments)
    if isinstance(problem, errors.InvalidArgumentError):
        assert not call.is_right, f"a right request was refused: {problem}"
        names = {*call.arguments, *call.options, *IN_PATH}
        assert re.split(r"[\[.]", problem.argument)[0] in names
    elif isinstance(problem, TypeError):
        assert not fits_signature(operation, call.arguments), f"not a matter of the signature: {problem}"
    else:
        assert call.is_right, "a wrong request was sent"
        assert problem is None or problem.status in {400, 403, 404, 409, 412, 416}
        if is_positive:
            _compare(caller, case, operation)
        return
    assert caller.sent == []


def attempt(
    caller: Caller, operation: str, *path: Any, **arguments: Any
) -> errors.ApiError | errors.InvalidArgumentError | TypeError | None:
    """Call an operation, and return what it raised."""
    try:
        caller.call(operation, *path, **arguments)
    except (errors.ApiError, errors.InvalidArgumentError, TypeError) as problem:
        return problem
    return None


def fits_signature(operation: str, arguments: dict[str, Any]) -> bool:
    """Tell whether the method has all these arguments, and needs no other."""
    names, required = set(), set()
    for name, parameter in parameters(operation).items():
        if parameter["in"] != "path" and name != "as-user":
            names.add(name.replace("-", "_"))
            required |= {name.replace("-", "_")} if parameter.get("required") else set()
    required -= set(needed_query(operation))
    schema = request_schema(operation)
    if schema:
        names |= set(resolved(schema)["properties"])
        required |= set(resolved(schema).get("required", []))
    elif operation == "upload_part":
        names.add("body")
        required.add("body")
    return required <= set(arguments) <= names


def _compare(caller: Caller, case: Case, operation: str) -> None:
    expected = requests.Request(**case.as_transport_kwargs(base_url=caller.base_url)).prepare()
    (sent,) = caller.sent
    assert (sent.method, _parts(str(sent.url))) == (expected.method, _parts(str(expected.url)))
    if has_file(operation):
        assert _sent_body(operation, sent) == _with_file(case.body)
        assert list(dict(forms.decode(sent.headers["content-type"], sent.content) or [])) == ["attributes", "file"]
    elif operation in BODIES:
        assert _sent_body(operation, sent) == case.body
        assert has_form(operation) or sent.content == msgspec.json.encode(_whole(json.loads(sent.content)))
        assert sent.headers["content-type"] == _media(operation)[0]
    else:
        assert sent.content == _bytes(case.body)
        assert sent.headers.get("content-type") == ("application/octet-stream" if operation == "upload_part" else None)
    if "requestBody" in operations()[operation][2]:
        assert sent.headers["content-length"] == str(len(sent.content))
    assert sent.headers.get("authorization") == (f"Bearer {TOKEN}" if needs_token(operation) else None)
    own = {name for name, parameter in parameters(operation).items() if parameter["in"] == "header"}
    given = {name.lower(): value for name, value in dict(case.headers or {}).items()}
    assert {name: sent.headers.get(name) for name in own} == {name: given.get(name) for name in own}
    assert set(sent.headers) - own <= SENT_BY_EVERY_CALL


def _parts(url: str) -> tuple[str, list[tuple[str, str]]]:
    """Return a URL without the order of its parameters, which means nothing."""
    address, _, query = url.partition("?")
    return address, sorted(parse_qsl(query, keep_blank_values=True))


def _media(operation: str) -> tuple[str, dict[str, Any]]:
    media = request_media(operation)
    assert media is not None
    return media


EXAMPLE_BODIES = [
    pytest.param(name, _with_file(example) if has_file(name) else example, id=f"{name}-{title}")
    for name in BODIES
    for title, example in examples(name).items()
]


@pytest.mark.parametrize(("operation", "body"), EXAMPLE_BODIES)
def test_every_example_of_the_fragment_can_be_called(caller: Caller, operation: str, body: dict[str, Any]) -> None:
    path, arguments = right_call(operation, base_url=caller.base_url)
    given = body if has_form(operation) else {**arguments, **body}
    problem = attempt(caller, operation, *path, **given)
    # Of the applications and grants of the examples there is none.
    assert problem is None or getattr(problem, "status", None) in ({400} if has_form(operation) else {404, 409})
    assert _sent_body(operation, caller.sent[0]) == body


@pytest.fixture(params=list(DRIVERS))
def sending(request: pytest.FixtureRequest) -> Iterator[Any]:
    """A function that calls an operation, and returns what would have been sent and why nothing was."""
    transport = Recording(lambda _: httpx2.Response(500))

    def send(driver: SyncDriver | AsyncDriver, operation: str, *path: Any, **given: Any) -> tuple[Any, Any]:
        transport.requests.clear()
        try:
            driver.call(operation, *path, **given)
        except errors.ServerError:
            (sent,) = transport.requests
            return sent, None
        except (errors.InvalidArgumentError, TypeError) as problem:
            assert transport.requests == []
            return None, problem
        except errors.UntrustedUrlError:
            assert transport.requests == []
            raise
        raise AssertionError("500 is an error")

    with DRIVERS[request.param](None, transport) as driver:
        yield partial(send, driver)


@pytest.mark.parametrize("operation", BODIES)
def test_each_variant_of_a_body_is_sent_or_refused_as_the_fragment_says(sending: Any, operation: str) -> None:
    path, arguments = right_call(operation)
    own = set(resolved(request_schema(operation))["properties"])
    rest = {name: value for name, value in arguments.items() if name not in own}
    for body in variants(request_schema(operation)):
        if isinstance(body, dict) and named(operation, body) == body:
            given = _with_file(body) if has_file(operation) else body
            sent, problem = sending(operation, *path, **rest, **_whole(given))
            assert (problem is None) is _is_valid(operation, given), f"{body!r}: {problem}"
            assert sent is None or _sent_body(operation, sent) == given


@pytest.mark.parametrize(
    ("operation", "name"), [(operation, name) for operation, names in PARAMETERS.items() for name in names]
)
def test_each_variant_of_a_parameter_is_sent_or_refused_as_the_fragment_says(
    sending: Any, operation: str, name: str
) -> None:
    path, arguments = right_call(operation)
    parameter = parameters(operation)[name]
    example = {"schema": {"examples": [parameter["example"]]}} if "example" in parameter else {}
    for value in variants({**example.get("schema", {}), **parameter["schema"]}):
        given, options = dict(arguments), {}
        if value is None or (name == "upload_session_id" and not isinstance(value, str)):
            # To Python, a parameter that is None is absent; and of a session that was read, the id is text.
            continue
        if name == "as-user":
            options = {"as_user": value}
        elif parameter["in"] == "path":
            path = (session(session_id=value) if name == "upload_session_id" else value,)
        else:
            given[name.replace("-", "_")] = _whole(value)
        sent, problem = sending(operation, *path, options=options, **given)
        assert (problem is None) is PARAMETERS[operation][name].is_valid(value), f"{value!r}: {problem}"
        if sent is not None and parameter["in"] == "header":
            assert sent.headers[name] == value
        elif sent is not None and parameter["in"] == "query":
            text = value if isinstance(value, str) else json.dumps(_whole(value))
            assert dict(sent.url.params) == {**needed_query(operation), name: text}


# fmt: off
NAMES = [".", "..", "...", "....", ".a", "..a", "a.", "a..", "...\x1f", "...a\x1f", "...\x7f", "...\x00", "... a"]
NAMES += ["...a/b", ".../", "...\\", "a/b", "/", "a\\b", "\\", "a\nb", "a\n", "\t", "\x00", "\x7f", "a" * 255]
NAMES += ["a" * 256, "", " ", " a", "a ", "😀" * 255, "😀" * 256, "é", "\u0080", "\u2028", "<>:|?*-", "a\ud800"]
NEAR_MISSES: dict[str, list[Any]] = {
    "file_name": [*NAMES, 5, None, b"a", ["a"]],
    "file_size": [SMALL - 1, SMALL, SMALL + 1, 2**31, 2**32, 2**63 - 1, 2**63, 2**64, 10**30,
                  -SMALL, 0, True, "20000000", None, 2.5e7 + 0.5],
    "folder_id": ["", "0", "00", "9" * 19, "9" * 20, "x", "1x", "1\n", " 1", "-1", "+1", "1.0", FULLWIDTH_ONE,
                  "٣", 0, None],
}
# fmt: on


LARGEST, TOO_LARGE = "9" * 19, "9" * 20
RANGES = ["0-4", "5-", "-3", "-0", f"{LARGEST}-", f"0-{LARGEST}", f"-{LARGEST}"]
NO_RANGES = ["", "-", "5", "0-1,3-4", "a-", "0-a", "-a", "1--2", f"{TOO_LARGE}-", f"0-{TOO_LARGE}", f"-{TOO_LARGE}"]


@pytest.mark.parametrize("operation", ["download_file"])
def test_these_ranges_are_right_or_wrong_whatever_the_fragment_says(sending: Any, operation: str) -> None:
    taken = {wanted: sending(operation, "12345", range=f"bytes={wanted}")[0] for wanted in [*RANGES, *NO_RANGES]}
    assert [wanted for wanted, sent in taken.items() if sent is not None] == RANGES


@pytest.mark.parametrize("operation", CREATING)
@pytest.mark.parametrize(("argument", "value"), [
    pytest.param(argument, value, id=f"{argument}-{index}")
    for argument, values in NEAR_MISSES.items() for index, value in enumerate(values)
])  # fmt: skip
def test_near_misses_are_refused_before_anything_is_sent(
    sending: Any, operation: str, argument: str, value: Any
) -> None:
    body = {"folder_id": "0", "file_name": "a.bin", "file_size": SMALL, argument: value}
    try:
        is_right = BODIES[operation].is_valid(body)
    except ValueError:  # not even JSON
        is_right = False
    sent, problem = sending(operation, *right_call(operation)[0], **body)
    if is_right:
        assert json.loads(sent.content) == body
    else:
        assert (type(problem), problem.argument, problem.rule != "") == (errors.InvalidArgumentError, argument, True)
        assert argument in str(problem)


@pytest.mark.parametrize("name", [pytest.param(name, id=str(index)) for index, name in enumerate(NAMES)])
def test_a_near_miss_of_the_name_of_a_folder_is_refused_before_anything_is_sent(sending: Any, name: str) -> None:
    body = {"name": name, "parent": {"id": "0"}}
    try:
        is_right = BODIES["create_folder"].is_valid(body)
    except ValueError:  # not even JSON
        is_right = False
    sent, problem = sending("create_folder", **body)
    assert (sent is not None, isinstance(problem, errors.InvalidArgumentError)) == (is_right, not is_right)


PASSWORDS = [
    (name, inner)
    for name, schema in FRAGMENT["components"]["schemas"].items()
    for inner, of_inner in resolved(schema).get("properties", {}).items()
    if resolved(of_inner).get("format") == "password"
]


@pytest.mark.parametrize(("name", "secret"), PASSWORDS)
def test_a_password_is_not_in_the_repr_of_what_has_it(name: str, secret: str) -> None:
    schema = resolved({"$ref": f"#/components/schemas/{name}"})
    content = whole(schema) | {secret: "not-to-be-seen"}
    found = msgspec.json.decode(json.dumps(content), type=getattr(models, name))
    assert getattr(found, secret) == "not-to-be-seen"
    assert "not-to-be-seen" not in repr(found)


@pytest.mark.parametrize(
    ("operation", "name"), [(operation, name) for name in ("file_id", "folder_id") for operation in operations_of(name)]
)
@pytest.mark.parametrize(
    "item_id", ["", "x", "1/2", "..", "1\n", "9" * 20, FULLWIDTH_ONE, 12345, None, "1?a=b", "1#", "%31", "1;x"]
)
def test_an_invalid_id_in_the_path_is_refused(sending: Any, operation: str, name: str, item_id: Any) -> None:
    _, problem = sending(operation, item_id, **right_call(operation)[1])
    assert isinstance(problem, errors.InvalidArgumentError)
    assert name in str(problem)


@pytest.mark.parametrize("as_user", ["", "x", "1\r\nx-evil: 1", "1 ", "9" * 20, 5])
def test_an_invalid_user_id_is_refused(sending: Any, as_user: Any) -> None:
    _, problem = sending("create_version_upload_session", "12345", file_size=SMALL, options={"as_user": as_user})
    assert isinstance(problem, errors.InvalidArgumentError)
    assert "as_user" in str(problem)


@pytest.mark.parametrize(("operation", "status"), documented_errors())
def test_every_documented_error_is_raised_as_its_class(caller: Caller, operation: str, status: int) -> None:
    if status == 429:
        STATE.rate_limit(retry_after_s=9)
    else:
        code = "item_name_in_use" if status == 409 and operation not in CREATING else ""
        STATE.faults.add(
            Failure(operation=operation, status=status, code=code, retry_after_s=9 if status == 503 else None)
        )
    path, arguments = right_call(operation, base_url=caller.base_url)
    with pytest.raises(ERROR_KINDS[status]) as caught:
        caller.call(operation, *path, **arguments)
    error = caught.value
    assert (type(error), error.status, error.operation) == (ERROR_KINDS[status], status, operation)
    assert error.code == getattr(error.body, "code" if needs_token(operation) else "error")
    assert error.request_id
    assert error.request_id in str(error)
    assert TOKEN not in str(error)
    assert error.retry_after_s == (9 if status in {429, 503} else None)
    assert len(caller.sent) == 1


@pytest.mark.parametrize("operation", [name for name in operations() if needs_token(name)])
def test_a_token_that_the_server_refuses_is_an_error_that_does_not_show_it(caller: Caller, operation: str) -> None:
    path, arguments = right_call(operation, base_url=caller.base_url)
    with pytest.raises(errors.UnauthorizedError) as caught:
        caller.call(operation, *path, options={"token": "an-old-token"}, **arguments)
    assert caller.sent[-1].headers["authorization"] == "Bearer an-old-token"
    assert "an-old-token" not in f"{caught.value}{caught.value!r}"


@pytest.mark.parametrize("operation", [name for name in operations() if not needs_token(name)])
def test_a_sign_in_sends_no_token(sending: Any, operation: str) -> None:
    path, arguments = right_call(operation)
    sent, _ = sending(operation, *path, **arguments)
    assert "authorization" not in sent.headers


def test_a_token_is_requested_used_and_revoked(caller: Caller) -> None:
    _, arguments = right_call("revoke_token")
    app = {name: arguments[name] for name in ("client_id", "client_secret")}
    code = STATE.authorize(app["client_id"])
    grant: dict[str, Any] = {"grant_type": "authorization_code", "code": code}
    token = caller.call("request_token", **app, **grant).parsed
    assert token.expires_in == 3600
    user = caller.call("get_current_user", options={"token": token.access_token}, fields="name,role,enterprise").parsed
    assert (user.name, user.role, user.enterprise.id) == ("Mock Owner", "admin", "123456")
    assert caller.call("revoke_token", **{**app, "token": token.refresh_token}).parsed is None
    with pytest.raises(errors.UnauthorizedError):
        caller.call("get_current_user", options={"token": token.access_token})
    secrets = (token.access_token, token.refresh_token)
    assert not any(secret in repr(token) for secret in secrets)


def _follow(caller: Caller, operation: str, link: str) -> None:
    Ledger.seen[caller.name, operation, link] += 1


@pytest.mark.parametrize("operation", CREATING)
def test_a_created_session_leads_to_another(caller: Caller, operation: str) -> None:
    path, arguments = right_call(operation)
    first, second = (caller.call(operation, *path, **arguments).parsed for _ in range(2))
    assert first.id != second.id
    _follow(caller, operation, "another_version_session" if "version" in operation else "another_session")


def test_a_file_is_as_it_was_until_the_session_of_a_version_is_committed(caller: Caller) -> None:
    (file_id,), arguments = right_call("create_version_upload_session")
    before = caller.call("get_file", file_id).parsed
    caller.call("create_version_upload_session", file_id, **arguments)
    assert caller.call("get_file", file_id).parsed == before
    assert (before.id, before.sha1) == (file_id, STATE.files[file_id].sha1)
    _follow(caller, "create_version_upload_session", "file")


@pytest.mark.parametrize("operation", CREATING)
def test_a_conflict_leads_to_a_version_of_the_file(caller: Caller, operation: str) -> None:
    path, arguments = right_call(operation)
    file_id = (
        "12345" if operation == "create_upload_session" else next(known for known in STATE.files if known != "12345")
    )
    with pytest.raises(errors.ConflictError) as caught:
        caller.call(operation, *path, **{**arguments, "file_name": STATE.files[file_id].name})
    assert [conflict["id"] for conflict in conflicting_items(caught.value)] == [file_id]
    made = caller.call(
        "create_version_upload_session", conflicting_items(caught.value)[0]["id"], file_size=SMALL
    ).parsed
    assert made.total_parts == -(-SMALL // made.part_size)
    _follow(caller, operation, "version_of_conflicting_file")


@pytest.mark.parametrize("operation", CREATING)
def test_a_file_that_is_too_small_for_a_session_is_uploaded_in_one_request(caller: Caller, operation: str) -> None:
    path, arguments = right_call(operation)
    STATE.faults.add(Failure(operation=operation, status=400, code="file_size_too_small"))
    with pytest.raises(errors.BadRequestError, match="file_size_too_small"):
        caller.call(operation, *path, **arguments)
    _follow(caller, operation, "small_version" if path else "small_file")
    name = "upload_small_version" if path else "upload_small_file"
    (file,) = caller.call(name, *path, **right_call(name)[1]).parsed.entries
    assert STATE.content(file.id) == b"small"
    assert caller.call("get_file", file.id).parsed == file
    _follow(caller, name, "file")
    if not path:
        (version,) = caller.call(
            "upload_small_version", file.id, attributes={"name": "b.bin"}, file=b"", if_match=file.etag
        ).parsed.entries
        assert (version.id, version.name, STATE.content(file.id)) == (file.id, "b.bin", b"")
        _follow(caller, name, "new_version")


@pytest.mark.parametrize("operation", ["upload_small_file", "upload_small_version"])
def test_a_taken_name_leads_to_a_small_version_of_the_file(caller: Caller, operation: str) -> None:
    path, arguments = right_call(operation)
    attributes = {"name": STATE.files["12346"].name} | ({} if path else {"parent": {"id": "0"}})
    with pytest.raises(errors.ConflictError) as caught:
        caller.call(operation, *path, **{**arguments, "attributes": attributes})
    (conflict,) = conflicting_items(caught.value)
    (file,) = caller.call("upload_small_version", conflict["id"], attributes={}, file=b"new").parsed.entries
    assert (file.id, STATE.content("12346")) == ("12346", b"new")
    _follow(caller, operation, "version_of_conflicting_file")


@pytest.mark.parametrize("parent", ["0", "100"])
def test_a_created_folder_leads_to_itself_and_to_what_is_in_it(caller: Caller, parent: str) -> None:
    folder = caller.call("create_folder", name="Takes", parent={"id": parent}).parsed
    assert (folder.name, folder.parent.id) == ("Takes", parent)
    assert caller.call("get_folder", folder.id).parsed == folder
    _follow(caller, "create_folder", "folder")
    assert caller.call("list_folder_items", folder.id).parsed.entries == []
    _follow(caller, "create_folder", "items")
    found = caller.call("list_folder_items", folder.parent.id, fields="name").parsed.entries
    assert [(item.type, item.name) for item in found if item.id == folder.id] == [("folder", "Takes")]
    _follow(caller, "get_folder", "items")


def test_a_taken_name_leads_to_the_folder_that_has_it(caller: Caller) -> None:
    with pytest.raises(errors.ConflictError) as caught:
        caller.call("create_folder", name="CONTRACTS", parent={"id": "0"})
    (conflict,) = conflicting_items(caught.value)
    assert (conflict["type"], caller.call("get_folder", conflict["id"]).parsed.name) == ("folder", "Contracts")
    _follow(caller, "create_folder", "existing_folder")


def test_pages_of_a_folder_lead_to_each_other(caller: Caller) -> None:
    names = ["Contracts", "Footage", "Contract.pdf", "Report.docx"]
    first = caller.call("list_folder_items", "0", limit=3).parsed
    second = caller.call("list_folder_items", "0", limit=3, marker=first.next_marker, fields="name,size,sha1").parsed
    assert (first.limit, second.next_marker) == (3, None)
    assert [item.name for item in (*first.entries, *second.entries)] == names
    kinds = [models.FolderItem, models.FolderItem, models.FileItem, models.FileItem]
    assert [type(item) for item in (*first.entries, *second.entries)] == kinds
    report = STATE.files["12346"]
    assert [(item.size, item.sha1) for item in second.entries] == [(report.size, report.sha1)]
    assert (first.entries[2].size, first.entries[2].sha1) == (UNSET, STATE.files["12345"].sha1)
    with pytest.raises(errors.BadRequestError, match="next_marker"):
        caller.call("list_folder_items", "100", marker=first.next_marker)


CHECKS = {"check_upload": "upload_small_file", "check_version_upload": "upload_small_version"}


@pytest.mark.parametrize("operation", CHECKS)
def test_a_check_leads_to_an_upload_and_that_to_a_download(caller: Caller, operation: str) -> None:
    upload, path = CHECKS[operation], right_call(operation)[0]
    taken: dict[str, Any] = {"name": STATE.files["12346"].name} | ({} if path else {"parent": {"id": "0"}})
    with pytest.raises(errors.ConflictError) as caught:
        caller.call(operation, *path, **taken)
    (conflict,) = conflicting_items(caught.value)
    assert conflict["id"] == "12346"
    caller.call("upload_small_version", conflict["id"], **right_call("upload_small_version")[1])
    _follow(caller, operation, "version_of_conflicting_file")
    checked = caller.call(operation, *path, **right_call(operation)[1], size=5).parsed
    assert checked.upload_url == caller.base_url + operations()[operation][0].format(file_id="12345")
    (file,) = caller.call(upload, *path, **right_call(upload)[1], upload_url=checked.upload_url).parsed.entries
    _follow(caller, operation, "upload")
    assert caller.call("download_file", file.id).parsed == b"small"
    _follow(caller, upload, "content")
    wanted = {"range": "bytes=1-3", "version": file.file_version.id}
    part = caller.call("download_file", file.id, **wanted)
    assert (part.status, part.parsed, part.headers["content-range"]) == (206, b"mal", "bytes 1-3/5")
    assert [sent.headers.get("range") for sent in caller.sent] == [wanted["range"]] * 2
    STATE.faults.add(Accepted(operation="download_file", retry_after_s=3))
    later = caller.call("download_file", file.id)
    assert (later.status, later.parsed, later.headers["retry-after"]) == (202, None, "3")
    with pytest.raises(errors.RangeNotSatisfiableError):
        caller.call("download_file", file.id, range="bytes=5-")


@pytest.mark.parametrize("operation", CREATING)
def test_a_session_leads_through_its_whole_life(caller: Caller, operation: str) -> None:
    STATE.pending_commits = 1
    path, arguments = right_call(operation)
    made = caller.call(operation, *path, **arguments).parsed
    content = bytes(range(250)) * (SMALL // 250)
    parts = _upload_parts(caller, made, content)
    assert caller.call("get_upload_session", made).parsed.total_parts == len(parts)
    listed = caller.call("list_parts", made, limit=1, offset=1).parsed
    assert (listed.total_count, [part.offset for part in listed.entries]) == (len(parts), [made.part_size])
    assert caller.call("log_upload_event", made, event_type="test").parsed is None
    waiting = caller.call("commit_upload_session", made, digest=digest(content), parts=parts)
    assert (waiting.status, waiting.parsed) == (202, None)
    assert int(waiting.headers["retry-after"]) >= 0
    (file,) = caller.call("commit_upload_session", made, digest=digest(content), parts=parts).parsed.entries
    assert (file.sha1, STATE.content(file.id)) == (sha1(content), content)
    assert caller.call("get_file", file.id).parsed == file
    second = caller.call(operation, *path, **{**arguments, "file_name": "b.bin"}).parsed
    assert STATE.content(_commit_hits(caller, second, content).id) == content
    third = caller.call(operation, *path, **{**arguments, "file_name": "c.bin"}).parsed
    assert caller.call("abort_upload_session", third).parsed is None
    with pytest.raises(errors.NotFoundError):
        caller.call("get_upload_session", third)
    for link in ("status", "upload_part", "list_parts", "commit", "abort", "log_event", "plan"):
        _follow(caller, operation, link)


def _upload_parts(caller: Caller, made: models.UploadSession, content: bytes) -> list[models.UploadPart]:
    parts: list[models.UploadPart] = []
    for start, part in split(content, made.part_size):
        headers: dict[str, Any] = {"digest": digest(part), "content_range": content_range(start, part, SMALL)}
        stored = caller.call("upload_part", made, body=memoryview(part), **headers).parsed.part
        assert (stored.offset, stored.size, stored.sha1) == (start, len(part), sha1(part))
        parts.append(stored)
    return parts


def _commit_hits(caller: Caller, made: models.UploadSession, content: bytes) -> models.File:
    """Commit parts that the server holds already; a part that nobody has is none of them."""
    wanted = [
        models.PlannedPart(offset=start, size=len(part), sha512=hashlib.sha512(part).hexdigest())
        for start, part in split(content, made.part_size)
    ]
    unknown = models.PlannedPart(offset=0, size=made.part_size, sha512="0" * 128)
    plan = caller.call("plan_upload_parts", made, parts=[*wanted, unknown]).parsed
    assert (plan.upload_session_id, plan.misses) == (made.id, [unknown])
    hits = [models.PlannedPart(offset=hit.offset, size=hit.size, sha512=hit.sha512) for hit in plan.hits]
    assert hits == wanted
    parts = [models.CommitPart(part_id=hit.part_id, offset=hit.offset, size=hit.size) for hit in plan.hits]
    while True:
        committed = caller.call("commit_upload_session", made, digest=digest(content), parts=parts)
        if committed.status == 201:
            file: models.File = committed.parsed.entries[0]
            return file


def test_a_conflict_at_the_commit_leads_to_a_version_of_the_file(caller: Caller) -> None:
    _, arguments = right_call("create_upload_session")
    first, second = (caller.call("create_upload_session", **arguments).parsed for _ in range(2))
    content = bytes(SMALL)
    call = partial(caller.call, "commit_upload_session", digest=digest(content))
    (file,) = call(first, parts=_upload_parts(caller, first, content)).parsed.entries
    parts = _upload_parts(caller, second, content)
    with pytest.raises(errors.ConflictError) as caught:
        call(second, parts=parts)
    assert [conflict["id"] for conflict in conflicting_items(caught.value)] == [file.id]
    assert caller.call("create_version_upload_session", file.id, file_size=SMALL).status == 201


@pytest.mark.parametrize("operation", [name for name in operations() if name not in OF_A_SESSION])
def test_requests_go_to_the_server_that_the_fragment_names(sending: Any, operation: str) -> None:
    path, arguments = right_call(operation)
    sent, _ = sending(operation, *path, **arguments)
    assert str(sent.url) == server_url(operation) + target_of(operation)


@pytest.mark.parametrize("operation", OF_A_SESSION)
@pytest.mark.parametrize("host", FRAGMENT["x-trusted-hosts"])
def test_a_session_at_a_trusted_host_is_called_where_it_says(sending: Any, operation: str, host: str) -> None:
    sent, _ = sending(operation, session(f"https://upload.app.{host}/api/2.0"), **right_call(operation)[1])
    assert sent.url.host == f"upload.app.{host}"


# With the path that a session has, so that nothing but the host is wrong.
ELSEWHERE = ["https://evil.org", "http://upload.box.com", "https://evilbox.com", "https://example.com"]


@pytest.mark.parametrize("operation", OF_A_SESSION)
@pytest.mark.parametrize("url", [f"{origin}/api/2.0" for origin in ELSEWHERE])
def test_a_session_that_leads_elsewhere_gets_nothing(sending: Any, operation: str, url: str) -> None:
    with pytest.raises(errors.UntrustedUrlError):
        sending(operation, session(url), **right_call(operation)[1])


def test_a_session_without_a_url_for_a_call_is_refused_before_anything_is_sent(sending: Any) -> None:
    made = session()
    made.session_endpoints.plan = UNSET
    _, problem = sending("plan_upload_parts", made, **right_call("plan_upload_parts")[1])
    assert isinstance(problem, errors.InvalidArgumentError)
    assert str(problem).startswith("upload_session.session_endpoints.plan: is not set: the server offers no URL")


@pytest.mark.parametrize("operation", OF_A_SESSION)
def test_each_call_goes_to_its_own_endpoint(sending: Any, operation: str) -> None:
    """Each is at a host of its own, since the paths of some are equal."""
    given = session()
    hosts = {endpoint: f"{endpoint.replace('_', '-')}.box.com" for endpoint in links_by_endpoint()}
    urls = {
        endpoint: str(httpx2.URL(getattr(given.session_endpoints, endpoint)).copy_with(host=host))
        for endpoint, host in hosts.items()
    }
    moved = msgspec.structs.replace(given, session_endpoints=msgspec.structs.replace(given.session_endpoints, **urls))
    (own,) = (endpoint for endpoint, link in links_by_endpoint().items() if link["operationId"] == operation)
    sent, _ = sending(operation, moved, **right_call(operation)[1])
    assert sent.url.host == hosts[own]


@pytest.mark.parametrize("driver", DRIVERS)
@pytest.mark.parametrize("operation", operations())
def test_only_a_call_without_a_second_effect_is_retried(driver: str, operation: str) -> None:
    _, method, definition = operations()[operation]
    path, arguments = right_call(operation)
    transport = Recording(lambda _: httpx2.Response(503))
    with DRIVERS[driver](None, transport) as client, pytest.raises(errors.ServerError):
        client.call(operation, *path, options={"retry": RetryPolicy(max_retries=2, base_s=0)}, **arguments)

    assert len(transport.requests) == (3 if definition.get("x-idempotent", method != "post") else 1)


@pytest.mark.parametrize(
    ("operation", "name"), [(operation, name) for operation, names in PARAMETERS.items() for name in names]
)
def test_null_is_no_value_of_a_parameter(sending: Any, operation: str, name: str) -> None:
    """Left out, a header is not sent; an empty one would be a condition that nobody has asked for."""
    path, arguments = right_call(operation)
    null: Any = None
    python_name = name.replace("-", "_")
    if name == "upload_session_id":
        path = (msgspec.structs.replace(path[0], id=null),)
    elif name in IN_PATH:
        path = (null,)
    else:
        arguments = arguments | {python_name: null}
    if name == "as-user":
        # To the client, None is no user.
        with pytest.raises(errors.InvalidArgumentError, match="as_user=None: must be str, not null"):
            getattr(getattr(api, operations()[operation][2]["tags"][0]), operation).build_request(*path, **arguments)
    else:
        _, problem = sending(operation, *path, **arguments)
        rule = "must be true" if name in needed_query(operation) else "must be (str|int), not null"
        assert re.match(f"{python_name}=None: {rule}", str(problem))


@pytest.mark.parametrize("operation", ["list_parts"])
def test_iterating_a_list_requests_all_its_pages(operation: str) -> None:
    parts = [{"part_id": "12345678", "offset": number, "size": 1, "sha1": "a" * 40} for number in range(3)]

    def page(request: httpx2.Request) -> httpx2.Response:
        offset = int(dict(request.url.params).get("offset", 0))
        found = {"entries": parts[offset : offset + 2], "total_count": 3, "offset": offset, "limit": 2, "order": []}
        return httpx2.Response(200, json=found)

    async def offsets() -> list[int]:
        async with AsyncClient(TOKEN, http=httpx2.MockTransport(page)) as box:
            return [part.offset async for part in box.iter_parts(session())]

    with Client(TOKEN, http=httpx2.MockTransport(page)) as box:
        assert [part.offset for part in box.iter_parts(session())] == [0, 1, 2]
    assert asyncio.run(offsets()) == [0, 1, 2]
    assert operations()[operation][2]["x-pages"]["method"] == "iter_parts"


@pytest.mark.parametrize("last", [{"next_marker": None}, {"next_marker": ""}, {}])
def test_iterating_a_folder_requests_page_after_page_until_there_is_no_marker(last: dict[str, Any]) -> None:
    """A page may be empty, and still be followed by another one."""
    pages = {None: ["1", "2"], "b": [], "c": ["3"]}
    following = {None: {"next_marker": "b"}, "b": {"next_marker": "c"}, "c": last}
    asked: list[dict[str, str]] = []

    def page(request: httpx2.Request) -> httpx2.Response:
        asked.append(dict(request.url.params))
        assert len(asked) <= 6, "the pages never end"
        marker = asked[-1].get("marker")
        entries = [{"type": "folder", "id": item_id} for item_id in pages[marker]]
        return httpx2.Response(200, json={"entries": entries, "limit": 2, **following[marker]})

    async def ids() -> list[str]:
        async with AsyncClient(TOKEN, http=httpx2.MockTransport(page)) as box:
            return [item.id async for item in box.iter_folder_items("0", fields="name", limit=2)]

    with Client(TOKEN, http=httpx2.MockTransport(page)) as box:
        assert [item.id for item in box.iter_folder_items("0", fields="name", limit=2)] == ["1", "2", "3"]
    assert asyncio.run(ids()) == ["1", "2", "3"]
    always = {"usemarker": "true", "fields": "name", "limit": "2"}
    assert asked == [always, {**always, "marker": "b"}, {**always, "marker": "c"}] * 2


@pytest.mark.ledger
def test_nothing_was_left_out(caller: Caller) -> None:
    """A suite in which every call was refused, or none, would be green as well."""
    if not any(name == caller.name and what == "refused" for name, _, what in Ledger.seen):
        pytest.skip("looks at what the other tests of this module did; run the whole module")
    expected = {
        (caller.name, name, what)
        for name, (_, _, operation) in operations().items()
        for status, response in operation["responses"].items()
        for what in (status, "refused", *resolved(response).get("links", {}))
    }
    assert expected - set(Ledger.seen) == set()
