"""Each call of both clients: where it goes, whether it is retried, how it fails, and what it refuses to send."""

from __future__ import annotations

import asyncio
from typing import Any

import box_uploads
import httpx2
import msgspec
import pytest
from box_uploads import UNSET, AsyncClient, Client, RetryPolicy, errors, models

from tests.contract.fragment import operations

from .conftest import HOME, ID, NEW_FILE, SESSION, TOKEN, UPLOADS, Caller, Recorder

API, OAUTH = "https://api.box.com/2.0", "https://api.box.com/oauth2"
SHA1 = "134b65991ed521fcfe4724b7d814ab8ded5185dc"
DIGEST = "sha=fpRyg5eVQletdZqEKaFlqwBXJzM="
PART: dict[str, Any] = {"part_id": "6F2D3486", "offset": 0, "size": 10, "sha1": SHA1}
FILE: dict[str, Any] = {"id": "12345", "type": "file", "sha1": SHA1, "etag": "1"}
OPEN = msgspec.convert(SESSION, models.UploadSession)
OPEN.session_endpoints.plan = f"{HOME}/plan"
STRANGE = msgspec.structs.replace(OPEN, id="x/y")
HELD = msgspec.convert(PART, models.UploadPart)
PIECE: dict[str, Any] = {"body": b"x", "digest": DIGEST, "content_range": "bytes 0-0/1"}
WHOLE: dict[str, Any] = {"parts": [HELD], "digest": DIGEST}
VERSION: dict[str, Any] = {"file_size": 20_000_000}
PLANNED: dict[str, Any] = {"offset": 0, "size": 10, "sha512": "0" * 128}
PLAN: dict[str, Any] = {"upload_session_id": ID, "hits": [], "misses": [PLANNED]}
EVENT: dict[str, Any] = {"event_type": "a"}
SMALL: dict[str, Any] = {"attributes": {"name": "a", "parent": {"id": "0"}}, "file": b"small"}
NEW_FOLDER: dict[str, Any] = {"name": "a", "parent": {"id": "0"}}
FOLDER: dict[str, Any] = {"id": "100", "type": "folder", "etag": None}
ITEMS: dict[str, Any] = {
    "entries": [{**FILE, "size": 2.1e10}, FOLDER, {"type": "web_link", "id": "1"}],
    "next_marker": "",
}
CHECK: dict[str, Any] = {"name": "a", "parent": {"id": "0"}}
CHECKED: dict[str, Any] = {"upload_url": f"{UPLOADS}/files/content?upload_session_id=1234"}
GRANT: dict[str, Any] = {"grant_type": "refresh_token", "refresh_token": "an-old-token"}
REVOCATION: dict[str, Any] = {"client_id": "a", "client_secret": "a-secret-word", "token": "an-old-token"}
PAGE: dict[str, Any] = {"entries": [PART], "offset": 0, "limit": 1, "total_count": 1}
FILES: dict[str, Any] = {"total_count": 1, "entries": [FILE]}
SESSIONS, VERSIONS = f"{UPLOADS}/files/upload_sessions", f"{UPLOADS}/files/12345/upload_sessions"


class Call(msgspec.Struct, frozen=True):
    """A call, where it goes, and what a server may answer."""

    name: str
    place: tuple[Any, ...]
    named: dict[str, Any]
    method: str
    url: str
    status: int
    answer: Any
    idempotent: bool = False

    def __repr__(self) -> str:
        return self.name


CALLS = [
    Call("create_upload_session", (), NEW_FILE, "POST", SESSIONS, 201, SESSION),
    Call("create_version_upload_session", ("12345",), VERSION, "POST", VERSIONS, 201, SESSION),
    Call("get_upload_session", (OPEN,), {}, "GET", HOME, 200, SESSION, idempotent=True),
    Call("upload_part", (OPEN,), PIECE, "PUT", HOME, 200, {"part": PART}),
    Call("abort_upload_session", (OPEN,), {}, "DELETE", HOME, 204, None, idempotent=True),
    Call("list_parts", (OPEN,), {}, "GET", f"{HOME}/parts", 200, PAGE, idempotent=True),
    Call("plan_upload_parts", (OPEN,), {"parts": [PLANNED]}, "POST", f"{HOME}/plan", 200, PLAN, idempotent=True),
    Call("commit_upload_session", (OPEN,), WHOLE, "POST", f"{HOME}/commit", 201, FILES),
    Call("log_upload_event", (OPEN,), EVENT, "POST", f"{HOME}/log", 204, None),
    Call("get_file", ("12345",), {}, "GET", f"{API}/files/12345", 200, FILE, idempotent=True),
    Call("upload_small_file", (), SMALL, "POST", f"{UPLOADS}/files/content", 201, FILES),
    Call("upload_small_version", ("12345",), SMALL, "POST", f"{UPLOADS}/files/12345/content", 200, FILES),
    Call("create_folder", (), NEW_FOLDER, "POST", f"{API}/folders", 201, FOLDER),
    Call("get_folder", ("100",), {}, "GET", f"{API}/folders/100", 200, FOLDER, idempotent=True),
    Call(
        "list_folder_items", ("100",), {}, "GET", f"{API}/folders/100/items?usemarker=true", 200, ITEMS, idempotent=True
    ),
    Call("get_current_user", (), {}, "GET", f"{API}/users/me", 200, {"type": "user", "id": "1"}, idempotent=True),
    Call("check_upload", (), CHECK, "OPTIONS", f"{API}/files/content", 200, CHECKED, idempotent=True),
    Call(
        "check_version_upload",
        ("12345",),
        {"size": 9},
        "OPTIONS",
        f"{API}/files/12345/content",
        200,
        CHECKED,
        idempotent=True,
    ),
    Call("download_file", ("12345",), {}, "GET", f"{API}/files/12345/content", 200, "text", idempotent=True),
    Call("request_token", (), GRANT, "POST", f"{OAUTH}/token", 200, {"access_token": "a-new-token"}),
    Call("revoke_token", (), REVOCATION, "POST", f"{OAUTH}/revoke", 200, None, idempotent=True),
]
SIGN_IN = [call for call in CALLS if call.url.startswith(OAUTH)]
OF_A_SESSION = [call for call in CALLS if OPEN in call.place]


def change(operation: str, /, *place: Any, **named: Any) -> Call:
    """Return a call with other arguments."""
    (call,) = (call for call in CALLS if call.name == operation)
    return msgspec.structs.replace(call, place=place or call.place, named=call.named | named)


EACH = pytest.mark.parametrize("call", CALLS, ids=repr)


@pytest.fixture
def ask(caller: Caller) -> Any:
    """Make a call by either client, whose server answers as the handler says."""
    policy = RetryPolicy(max_retries=1, base_s=0.0)

    def ask(call: Call, handler: Any, **options: Any) -> Any:
        return caller(handler, call.name, call.place, named=call.named, retry=policy, **options)

    return ask


def succeed(call: Call) -> Recorder:
    return Recorder(call.status, json=call.answer)


def test_every_operation_is_called() -> None:
    assert {call.name for call in CALLS} == set(operations())


@EACH
def test_a_call_goes_to_its_url_with_token_and_user(ask: Any, call: Call) -> None:
    recorder = succeed(call)
    parsed = ask(call, recorder, as_user="67890")
    (request,) = recorder.requests
    assert (request.method, str(request.url)) == (call.method, call.url)
    sent = (request.headers.get("authorization"), request.headers.get("as-user"))
    assert sent == ((None, None) if call in SIGN_IN else (f"Bearer {TOKEN}", "67890"))
    assert (parsed is None) is (call.answer is None)
    raw = ask(call, recorder, raw=True, as_user=None)
    assert (raw.status, raw.parsed) == (call.status, parsed)
    assert "as-user" not in recorder.requests[1].headers


@EACH
@pytest.mark.parametrize(
    ("failure", "message"),
    [
        (httpx2.ReadError("gone"), "{}: ReadError: gone"),
        (httpx2.RemoteProtocolError("gone"), "{}: RemoteProtocolError: gone"),
        (500, "500 ({})"),
        (503, "503 ({})"),
    ],
)
def test_a_call_that_may_have_taken_effect_is_retried_only_if_idempotent(
    ask: Any, call: Call, failure: Any, message: str
) -> None:
    """Each range of a file is uploaded once: another attempt would be refused as an overlap."""
    recorder = Recorder(failure)
    with pytest.raises((errors.TransportError, errors.ServerError)) as caught:
        ask(call, recorder)
    assert str(caught.value) == message.format(call.name)
    assert caught.value.retry_safe is call.idempotent
    assert len(recorder.requests) == 1 + call.idempotent


@EACH
@pytest.mark.parametrize("failure", [httpx2.ConnectError("refused"), 429])
def test_a_call_that_has_taken_no_effect_is_retried(ask: Any, call: Call, failure: Any) -> None:
    recorder = Recorder(failure)
    with pytest.raises((errors.TransportError, errors.RateLimitedError)) as caught:
        ask(call, recorder)
    assert caught.value.retry_safe is True
    assert len(recorder.requests) == 2


@EACH
def test_an_error_of_the_server_names_the_call_and_is_read(ask: Any, call: Call) -> None:
    body = {"type": "error", "status": 404, "code": "not_found", "message": "None.", "request_id": "abc"}
    recorder = Recorder(404, json=body)
    with pytest.raises(errors.NotFoundError) as caught:
        ask(call, recorder)
    assert str(caught.value) == f"404 not_found: None. ({call.name}, request id abc)"
    assert (caught.value.operation, len(recorder.requests)) == (call.name, 1)
    if "404" in operations()[call.name][2]["responses"]:
        assert isinstance(caught.value.body, models.ErrorBody)
        assert caught.value.body_error is None


@pytest.mark.parametrize("call", [call for call in CALLS if isinstance(call.answer, dict)], ids=repr)
def test_a_success_that_cannot_be_read_names_the_call(ask: Any, call: Call) -> None:
    with pytest.raises(errors.DecodeError) as caught:
        ask(call, lambda _: httpx2.Response(call.status, json=[]))
    assert str(caught.value).endswith(f" ({call.name}, status {call.status})")
    assert caught.value.retry_safe is call.idempotent


NUMBER = "does not match ^[0-9]{1,19}\\Z (Id of a user, file or folder, a decimal number; `0` is the root folder)"
NAME = "Name of the file, 1 to 255 characters, without slash, backslash or control characters, and neither `.` nor `..`"
SIZE = "Size of the whole file in bytes, at least 20,000,000; smaller files are uploaded in one request"
FOLDER_NAME = (
    "Name of the folder, 1 to 255 characters, without slash, backslash or control characters, no space at its end,"
    " and neither `.` nor `..`"
)
MOST_ITEMS = "Largest number of items in the answer"
ALWAYS = (
    "Always true, so that pages are asked for by markers. A method sends `True` for this argument if it is not given"
)
HASH = (
    "does not match ^[Ss][Hh][Aa]=[A-Za-z0-9+/]{27}=\\Z"
    " (SHA-1 of the bytes, as `sha=` and the base64 of the digest (RFC 3230))"
)
BYTES = "must be bytes, a bytearray, a memoryview, a Stream, a path such as Path('film.mov'), or an open binary file"
RANGE = "Which bytes of the file these are, first and last one included, and the size of the file"
WANTED = "A range of bytes, first and last one included; without a first one, so many at the end"
SKIP, MOST = "Number of parts to skip. The server takes `0` if it is absent", "Largest number of parts in the answer"
ETAG = "Etag of a file, as Box returns it"
NO_SESSION = "must be the UploadSession of an earlier call"
STRANGE_ID = "upload_session_id='x/y': does not match ^[0-9A-Fa-f]{32}\\Z (Id of a session, 32 hexadecimal digits)"

REFUSED = [
    (change("create_upload_session", folder_id="x"), f"folder_id='x': {NUMBER}"),
    (change("create_upload_session", file_name=""), f"file_name='': must have at least 1 character ({NAME})"),
    (change("create_upload_session", file_name="/"), f"file_name='/': breaks the rule: {NAME}"),
    (change("create_upload_session", file_size=19_999_999), f"file_size=19999999: must be at least 20000000 ({SIZE})"),
    (change("create_version_upload_session", "x"), f"file_id='x': {NUMBER}"),
    (change("create_version_upload_session", UNSET), "file_id: is required (Id of the file)"),
    (change("create_version_upload_session", file_size=1), f"file_size=1: must be at least 20000000 ({SIZE})"),
    (change("create_version_upload_session", folder_id="-"), f"folder_id='-': {NUMBER}"),
    (change("get_file", "x"), f"file_id='x': {NUMBER}"),
    (change("get_file", UNSET), "file_id: is required (Id of the file)"),
    (change("create_folder", name=""), "name='': must have at least 1 character"),
    (change("create_folder", name="a "), f"name='a ': breaks the rule: {FOLDER_NAME}"),
    (change("create_folder", parent={}), f"parent.id: is required ({NUMBER.partition('(')[2]}"),
    (change("create_folder", parent={"id": "x"}), f"parent.id='x': {NUMBER}"),
    (change("get_folder", "x"), f"folder_id='x': {NUMBER}"),
    (
        change("list_folder_items", UNSET),
        "folder_id: is required (Id of the folder, a decimal number; `0` is the root folder)",
    ),
    (change("list_folder_items", limit=0), f"limit=0: must be at least 1 ({MOST_ITEMS})"),
    (change("list_folder_items", limit=1001), f"limit=1001: must be at most 1000 ({MOST_ITEMS})"),
    (change("list_folder_items", usemarker=False), f"usemarker=False: must be true ({ALWAYS})"),
    (change("check_upload", name="/"), f"name='/': breaks the rule: {NAME}"),
    (change("check_upload", parent={"id": "x"}), f"parent.id='x': {NUMBER}"),
    (change("check_upload", size=-1), "size=-1: must be at least 0 (Size of the file in bytes)"),
    (change("check_version_upload", "x"), f"file_id='x': {NUMBER}"),
    (change("check_version_upload", name=""), f"name='': must have at least 1 character ({NAME})"),
    (change("check_version_upload", size=-1), "size=-1: must be at least 0 (Size of the file in bytes)"),
    (change("download_file", "x"), f"file_id='x': {NUMBER}"),
    (change("download_file", range="0-1"), f"range='0-1': breaks the rule: {WANTED}"),
    (change("download_file", version="x"), f"version='x': {NUMBER}"),
    (change("upload_part", digest="md5=x"), f"digest='md5=x': {HASH}"),
    (change("upload_part", content_range="x"), f"content_range='x': breaks the rule: {RANGE}"),
    (change("upload_part", body="x"), f"body='x': {BYTES}"),
    (change("list_parts", offset=-1), f"offset=-1: must be at least 0 ({SKIP})"),
    (change("list_parts", offset=10_001), f"offset=10001: must be at most 10000 ({SKIP})"),
    (change("list_parts", limit=0), f"limit=0: must be at least 1 ({MOST})"),
    (change("list_parts", limit=1001), f"limit=1001: must be at most 1000 ({MOST})"),
    (change("commit_upload_session", digest="x"), f"digest='x': {HASH}"),
    (change("commit_upload_session", parts=[]), "parts=[]: must have at least 1 item"),
    (change("commit_upload_session", if_match=""), f"if_match='': must have at least 1 character ({ETAG})"),
    (change("commit_upload_session", if_match="ä"), f"if_match='ä': does not match ^[\\x21-\\x7e]+\\Z ({ETAG})"),
    (
        change("commit_upload_session", if_none_match=""),
        f"if_none_match='': must have at least 1 character ({ETAG})",
    ),
    (change("commit_upload_session", attributes=5), "attributes=5: must be object, not int"),
    (change("log_upload_event", event_type=""), "event_type='': must have at least 1 character"),
    (change("log_upload_event", event_info=5), "event_info=5: must be str, not int"),
    *[(change(call.name, STRANGE), STRANGE_ID) for call in OF_A_SESSION],
    *[(change(call.name, 5), f"upload_session=5: {NO_SESSION}") for call in OF_A_SESSION],
    *[(change(call.name, None), f"upload_session=None: {NO_SESSION}") for call in OF_A_SESSION],
]


def never(_: httpx2.Request) -> httpx2.Response:
    raise AssertionError("sent")


@pytest.mark.parametrize(("call", "message"), REFUSED, ids=str)
def test_a_refused_argument_is_reported_with_its_name_and_meaning(ask: Any, call: Call, message: str) -> None:
    with pytest.raises(errors.InvalidArgumentError) as caught:
        ask(call, never)
    assert str(caught.value) == message


@pytest.mark.parametrize("call", [call for call in CALLS if call not in SIGN_IN], ids=repr)
def test_an_invalid_user_is_refused_in_every_call(ask: Any, call: Call) -> None:
    with pytest.raises(errors.InvalidArgumentError) as caught:
        ask(call, never, as_user="me")
    assert str(caught.value) == f"as_user='me': {NUMBER}"


@pytest.mark.parametrize(
    ("call", "sent"),
    [
        (change("create_version_upload_session"), b'{"file_size":20000000}'),
        (change("create_version_upload_session", file_name="b"), b'{"file_size":20000000,"file_name":"b"}'),
        (change("create_version_upload_session", folder_id="7"), b'{"file_size":20000000,"folder_id":"7"}'),
        (change("create_upload_session"), b'{"folder_id":"0","file_name":"a","file_size":20000000}'),
        (change("upload_part"), b"x"),
        (change("commit_upload_session"), b'{"parts":[%s]}' % msgspec.json.encode(PART)),
        (
            change("commit_upload_session", attributes=models.FileAttributes(description="d")),
            b'{"parts":[%s],"attributes":{"description":"d"}}' % msgspec.json.encode(PART),
        ),
        (change("get_file"), b""),
        (change("list_parts"), b""),
        (change("list_parts", offset=10_000), b"?offset=10000"),
        (change("list_parts", limit=1000), b"?limit=1000"),
        (change("create_folder"), b'{"name":"a","parent":{"id":"0"}}'),
        (change("get_folder"), b""),
        (change("get_folder", fields="name"), b"?fields=name"),
        (change("list_folder_items"), b"?usemarker=true"),
        (
            change("list_folder_items", fields="name,size", marker="a/b", limit=1),
            b"?fields=name,size&usemarker=true&marker=a%2Fb&limit=1",
        ),
        (change("check_upload"), b'{"name":"a","parent":{"id":"0"}}'),
        (change("check_upload", size=0), b'{"name":"a","parent":{"id":"0"},"size":0}'),
        (change("check_version_upload"), b'{"size":9}'),
        (change("check_version_upload", size=UNSET), b"{}"),
        (change("check_version_upload", name="b"), b'{"name":"b","size":9}'),
        (change("download_file"), b""),
        (change("download_file", version="4"), b"?version=4"),
        (change("log_upload_event"), b'{"event_type":"a"}'),
        (change("log_upload_event", event_info="b"), b'{"event_type":"a","event_info":"b"}'),
    ],
    ids=str,
)
def test_an_optional_argument_is_only_sent_if_it_is_given(ask: Any, call: Call, sent: bytes) -> None:
    recorder = succeed(call)
    ask(call, recorder)
    (request,) = recorder.requests
    assert (request.url.query and b"?" + request.url.query) + request.content == sent


@pytest.mark.parametrize("given", [{}, {"if_match": "1"}, {"if_none_match": "2"}])
def test_a_condition_of_a_commit_is_only_sent_if_it_is_given(ask: Any, given: dict[str, Any]) -> None:
    call = change("commit_upload_session", **given)
    recorder = succeed(call)
    ask(call, recorder)
    sent = {name: recorder.requests[0].headers.get(name) for name in ("if-match", "if-none-match")}
    assert sent == {"if-match": given.get("if_match"), "if-none-match": given.get("if_none_match")}


def test_optional_fields_are_unset_by_default() -> None:
    kinds = [getattr(models, name) for name in models.__all__]
    fields = [
        field for kind in kinds if isinstance(kind, type) and issubclass(kind, msgspec.Struct)
        for field in msgspec.structs.fields(kind)
    ]  # fmt: skip
    assert {repr(field.default) for field in fields} == {repr(UNSET), repr(msgspec.NODEFAULT)}


class Closing(httpx2.MockTransport):
    """Counts how often it was closed."""

    count = 0

    def close(self) -> None:
        self.count += 1

    async def aclose(self) -> None:
        self.count += 1


@pytest.mark.parametrize("use", ["with", "close"])
def test_a_closed_client_has_closed_its_connections_and_says_what_to_do(use: str) -> None:
    http = Closing(never)
    client = Client("t", http=http)
    if use == "with":
        with client as entered:
            assert entered is client
    else:
        client.close()
    with pytest.raises(errors.ClientClosedError, match=r"^the client is closed; create a new one$"):
        client.get_file("1")
    assert http.count == 1


@pytest.mark.parametrize("use", ["with", "close"])
def test_a_closed_async_client_has_closed_its_connections_and_says_what_to_do(use: str) -> None:
    async def run(client: AsyncClient) -> None:
        if use == "with":
            async with client as entered:
                assert entered is client
        else:
            await client.aclose()
        with pytest.raises(errors.ClientClosedError, match=r"^the client is closed; create a new one$"):
            await client.get_file("1")

    http = Closing(never)
    asyncio.run(run(AsyncClient("t", http=http)))
    assert http.count == 1


@pytest.mark.parametrize("module", [box_uploads, errors])
@pytest.mark.parametrize("name", ["nothing", "import_module_of", "__nothing__"])
def test_an_unknown_name_is_no_attribute(module: Any, name: str) -> None:
    with pytest.raises(AttributeError) as caught:
        getattr(module, name)
    assert str(caught.value) == f"module {module.__name__!r} has no attribute {name!r}"


def test_every_public_name_is_there() -> None:
    for module in (box_uploads, errors, models):
        assert all(getattr(module, name) is not None for name in module.__all__)
