"""The client against the fragment, requests: it sends what a call means, and nothing that the fragment forbids.

Generated cases go through the generated clients, over a socket, to the mock. Whether a case is right is decided by an
independent validator; what a right case looks like on the wire is decided by schemathesis.
"""

from __future__ import annotations

import json
from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING, Any, ClassVar

import httpx
import pytest
import requests
import schemathesis
from box_uploads import errors
from box_uploads_mock import Failure, MockServer, State
from schemathesis.generation import GenerationMode

from tests.contract.drivers import DRIVERS, AsyncDriver, Recording, SyncDriver
from tests.contract.fragment import FRAGMENT, TOKEN, config, operations, request_schema, resolved, validator

if TYPE_CHECKING:
    from collections.abc import Iterator

    from box_uploads.types import Response

    from tests.contract.fragment import Case

# Methods are not arguments of the client.
SCHEMA = schemathesis.openapi.from_dict(FRAGMENT, config=config(coverage={"unexpected-methods": []}))
BODIES = {name: validator(request_schema(name)) for name in operations()}
BOX_ID = validator(FRAGMENT["components"]["schemas"]["BoxId"])
STATE = State(token=TOKEN, seed=2)
SMALL = 20_000_000
FULLWIDTH_ONE = "\uff11"
SENT_BY_EVERY_CALL = {
    "accept",
    "accept-encoding",
    "authorization",
    "connection",
    "content-length",
    "content-type",
    "host",
    "user-agent",
}


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
            self._judge(operation, error.status, error.headers, error.content)
            raise
        except (errors.InvalidArgumentError, TypeError):
            Ledger.seen[self.name, operation, "refused"] += 1
            raise
        self._judge(operation, response.status, response.headers, response.content)
        return response

    @property
    def sent(self) -> list[Any]:
        """The requests of the last call."""
        return self._transport.requests

    def _judge(self, operation: str, status: int, headers: Any, content: bytes) -> None:
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


def as_arguments(case: Case) -> tuple[tuple[Any, ...], dict[str, Any], dict[str, Any]]:
    """Return path arguments, options and keyword arguments that mean what the case says.

    Raises:
        TypeError: The body is no object, which the method's signature cannot say.
    """
    if not isinstance(case.body, dict):
        raise TypeError(f"the body is {case.body!r}")
    whole = {
        name: int(value) if isinstance(value, float) and value.is_integer() else value
        for name, value in case.body.items()
    }
    given = {name.lower(): value for name, value in (case.headers or {}).items()}
    options = {"as_user": given["as-user"]} if "as-user" in given else {}
    return tuple((case.path_parameters or {}).values()), options, whole


def is_right(operation: str, path: tuple[Any, ...], options: dict[str, Any], body: dict[str, Any]) -> bool:
    """Tell whether the fragment allows what is to be called."""
    return BODIES[operation].is_valid(body) and all(BOX_ID.is_valid(one) for one in (*path, *options.values()))


@SCHEMA.parametrize()
def test_a_call_sends_what_the_case_means_or_nothing(case: Case, caller: Caller) -> None:
    operation = case.operation.definition.raw["operationId"]
    is_positive = case.meta is None or case.meta.generation.mode is GenerationMode.POSITIVE
    try:
        path, options, body = as_arguments(case)
    except TypeError:
        assert not is_positive, "the client cannot say a right request"
        return
    right = is_right(operation, path, options, body)
    assert right or not is_positive, "the validators disagree"
    problem = attempt(caller, operation, *path, options=options, **body)
    if isinstance(problem, errors.InvalidArgumentError):
        assert not right, f"a right request was refused: {problem}"
        assert problem.argument.partition("[")[0] in {*body, *options, "file_id"}
    elif isinstance(problem, TypeError):
        assert not fits_signature(operation, body), f"not a matter of the signature: {problem}"
    else:
        assert right, "a wrong request was sent"
        assert problem is None or getattr(problem, "status", None) in {403, 404, 409}
        if is_positive:
            _compare(caller, case, body)
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


def fits_signature(operation: str, body: dict[str, Any]) -> bool:
    """Tell whether the method has all these arguments, and needs no other."""
    schema = resolved(request_schema(operation))
    return set(schema["required"]) <= set(body) <= set(schema["properties"])


def _compare(caller: Caller, case: Case, body: dict[str, Any]) -> None:
    expected = requests.Request(**case.as_transport_kwargs(base_url=caller.base_url)).prepare()
    (sent,) = caller.sent
    assert (sent.method, str(sent.url)) == (expected.method, expected.url)
    assert (
        json.loads(sent.content)
        == json.loads(str(expected.body, "utf-8") if isinstance(expected.body, bytes) else str(expected.body))
        == case.body
    )
    assert all(type(value) is type(body[name]) for name, value in json.loads(sent.content).items())
    assert sent.headers["content-type"] == "application/json"
    assert sent.headers["content-length"] == str(len(sent.content))
    assert sent.headers["authorization"] == f"Bearer {TOKEN}"
    assert sent.headers.get("as-user") == dict(case.headers or {}).get("as-user")
    assert set(sent.headers) - {"as-user"} <= SENT_BY_EVERY_CALL


def _examples() -> list[Any]:
    return [
        pytest.param(operation_id, example["value"], id=f"{operation_id}-{name}")
        for operation_id, (_, _, operation) in operations().items()
        for name, example in operation["requestBody"]["content"]["application/json"]["examples"].items()
    ]


@pytest.mark.parametrize(("operation", "body"), _examples())
def test_every_example_of_the_fragment_can_be_called(caller: Caller, operation: str, body: dict[str, Any]) -> None:
    path = ("12345",) if "version" in operation else ()
    problem = attempt(caller, operation, *path, **body)
    assert problem is None or getattr(problem, "status", None) in {404, 409}
    assert json.loads(caller.sent[0].content) == body


NAMES = [
    ".",
    "..",
    "...",
    "....",
    ".a",
    "..a",
    "a.",
    "a..",
    "a/b",
    "/",
    "a\\b",
    "\\",
    "a\nb",
    "a\n",
    "\t",
    "\x00",
    "\x7f",
]
NAMES += [
    "a" * 255,
    "a" * 256,
    "",
    " ",
    " a",
    "a ",
    "😀" * 255,
    "😀" * 256,
    "é",
    "\u0080",
    "\u2028",
    "<>:|?*-",
    "a\ud800",
]
# fmt: off
NEAR_MISSES: dict[str, list[Any]] = {
    "file_name": [*NAMES, 5, None, b"a", ["a"]],
    "file_size": [SMALL - 1, SMALL, SMALL + 1, 2**31, 2**32, 2**63 - 1, 2**63, 2**64, 10**30,
                  -SMALL, 0, True, "20000000", None, 2.5e7 + 0.5],
    "folder_id": ["", "0", "00", "9" * 19, "9" * 20, "x", "1x", "1\n", " 1", "-1", "+1", "1.0", FULLWIDTH_ONE,
                  "٣", 0, None],
}
# fmt: on


@pytest.mark.parametrize("operation", list(operations()))
@pytest.mark.parametrize(("argument", "value"), [
    pytest.param(argument, value, id=f"{argument}-{index}")
    for argument, values in NEAR_MISSES.items() for index, value in enumerate(values)
])  # fmt: skip
def test_near_misses_are_refused_before_anything_is_sent(
    caller: Caller, operation: str, argument: str, value: Any
) -> None:
    body = {"folder_id": "0", "file_name": "a.bin", "file_size": SMALL, argument: value}
    try:
        right = BODIES[operation].is_valid(body)
    except ValueError:  # not even JSON
        right = False
    path = ("12345",) if "version" in operation else ()
    if right:
        problem = attempt(caller, operation, *path, **body)
        assert problem is None or getattr(problem, "status", None) in {403, 404}
        assert json.loads(caller.sent[0].content) == body
        return
    with pytest.raises(errors.InvalidArgumentError) as caught:
        caller.call(operation, *path, **body)
    assert caught.value.argument == argument
    assert argument in str(caught.value)
    assert caught.value.rule
    assert caller.sent == []


@pytest.mark.parametrize(
    "file_id", ["", "x", "1/2", "..", "1\n", "9" * 20, FULLWIDTH_ONE, 12345, None, "1?a=b", "1#", "%31", "1;x"]
)
def test_a_file_id_that_is_none_is_refused(caller: Caller, file_id: Any) -> None:
    with pytest.raises(errors.InvalidArgumentError, match="file_id"):
        caller.call("create_version_upload_session", file_id, file_size=SMALL)
    assert caller.sent == []


@pytest.mark.parametrize("as_user", ["", "x", "1\r\nx-evil: 1", "1 ", "9" * 20, 5])
def test_a_user_id_that_is_none_is_refused(caller: Caller, as_user: Any) -> None:
    with pytest.raises(errors.InvalidArgumentError, match="as_user"):
        caller.call("create_version_upload_session", "12345", file_size=SMALL, options={"as_user": as_user})
    assert caller.sent == []


ARGUMENTS: dict[str, tuple[tuple[str, ...], dict[str, Any]]] = {
    "create_upload_session": ((), {"folder_id": "0", "file_name": "a.bin", "file_size": SMALL}),
    "create_version_upload_session": (("12345",), {"file_size": SMALL}),
}
KINDS = {
    400: errors.BadRequestError, 401: errors.UnauthorizedError, 403: errors.ForbiddenError, 404: errors.NotFoundError,
    409: errors.ConflictError, 411: errors.LengthRequiredError, 413: errors.ContentTooLargeError,
    415: errors.UnsupportedMediaTypeError, 429: errors.RateLimitedError,
    500: errors.ServerError, 503: errors.ServerError,
}  # fmt: skip


@pytest.mark.parametrize("operation", list(operations()))
@pytest.mark.parametrize("status", list(KINDS))
def test_every_documented_error_is_raised_as_its_class(caller: Caller, operation: str, status: int) -> None:
    if status == 429:
        STATE.rate_limit(retry_after_s=9)
    else:
        STATE.faults.add(Failure(operation=operation, status=status))
    path, arguments = ARGUMENTS[operation]
    with pytest.raises(KINDS[status]) as caught:
        caller.call(operation, *path, **arguments)
    error = caught.value
    assert (type(error), error.status, error.operation) == (KINDS[status], status, operation)
    assert error.body.code == error.code
    assert error.request_id
    assert error.request_id in str(error)
    assert TOKEN not in str(error)
    assert error.retry_after_s == (9 if status == 429 else None)
    assert len(caller.sent) == 1


def test_a_created_session_leads_to_another(caller: Caller) -> None:
    path, arguments = ARGUMENTS["create_upload_session"]
    first, second = (caller.call("create_upload_session", *path, **arguments).parsed for _ in range(2))
    assert first.id != second.id
    Ledger.seen[caller.name, "create_upload_session", "another_session"] += 1


def test_a_version_session_leads_to_another(caller: Caller) -> None:
    path, arguments = ARGUMENTS["create_version_upload_session"]
    first, second = (caller.call("create_version_upload_session", *path, **arguments).parsed for _ in range(2))
    assert first.id != second.id
    Ledger.seen[caller.name, "create_version_upload_session", "another_version_session"] += 1


@pytest.mark.parametrize("operation", list(operations()))
def test_a_conflict_leads_to_a_version_of_the_file(caller: Caller, operation: str) -> None:
    path, arguments = ARGUMENTS[operation]
    file_id = "12345" if operation == "create_upload_session" else next(one for one in STATE.files if one != "12345")
    with pytest.raises(errors.ConflictError) as caught:
        caller.call(operation, *path, **{**arguments, "file_name": STATE.files[file_id].name})
    assert [conflict["id"] for conflict in caught.value.conflicts] == [file_id]
    session = caller.call("create_version_upload_session", caught.value.conflicts[0]["id"], file_size=SMALL).parsed
    assert session.total_parts == -(-SMALL // session.part_size)
    Ledger.seen[caller.name, operation, "version_of_conflicting_file"] += 1


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
