"""What a user of the clients relies on, beyond the contract: settings, retries, secrecy, lifetime."""

from __future__ import annotations

import asyncio
import copy
import pickle
import traceback
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import httpx2
import msgspec
import pytest
from box_uploads import UNSET, AsyncClient, Client, RetryPolicy, Timeout, errors, models
from box_uploads.upload import conflicting_items

if TYPE_CHECKING:
    from collections.abc import Coroutine

TOKEN = "a-secret-token"
SESSION: dict[str, Any] = {
    "id": "F971964745A5CD0C001BBE4E58196BFD",
    "type": "upload_session",
    "session_expires_at": "2012-12-12T10:53:43-08:00",
    "part_size": 1024,
    "total_parts": 1000,
    "num_parts_processed": 455,
    "session_endpoints": dict.fromkeys(
        ("upload_part", "commit", "abort", "list_parts", "status", "log_event"), "https://upload.box.com/api/2.0/x"
    ),
}
CREATED = msgspec.json.encode(SESSION)
NEW_FILE: dict[str, Any] = {"folder_id": "0", "file_name": "a.bin", "file_size": 20_000_000}
NO_JITTER = RetryPolicy(random=lambda: 1.0, clock=lambda: 0.0)


def created(_: httpx2.Request) -> httpx2.Response:
    return httpx2.Response(201, headers={"content-type": "application/json"}, content=CREATED)


def answers(*outcomes: int | Exception, **headers: str) -> tuple[httpx2.MockTransport, list[httpx2.Request]]:
    """Return a transport that gives these statuses or errors in turn, then sessions, and the requests it got."""
    queue, seen = list(outcomes), list[httpx2.Request]()

    def answer(request: httpx2.Request) -> httpx2.Response:
        seen.append(request)
        if not queue:
            return created(request)
        outcome = queue.pop(0)
        if isinstance(outcome, Exception):
            raise outcome
        return httpx2.Response(outcome, headers={name.replace("_", "-"): value for name, value in headers.items()})

    return httpx2.MockTransport(answer), seen


def call_sync(transport: httpx2.MockTransport, **settings: Any) -> models.UploadSession:
    with Client(TOKEN, http=transport, **settings) as client:
        return client.create_upload_session(**NEW_FILE)


def call_async(transport: httpx2.MockTransport, **settings: Any) -> models.UploadSession:
    async def run() -> models.UploadSession:
        async with AsyncClient(TOKEN, http=transport, **settings) as client:
            return await client.create_upload_session(**NEW_FILE)

    return asyncio.run(run())


@pytest.fixture(params=[call_sync, call_async], ids=["Client", "AsyncClient"])
def call(request: pytest.FixtureRequest) -> Any:
    return request.param


@pytest.fixture
def slept(call: Any) -> tuple[list[float], Any]:
    """The seconds that were waited, and the function that waits them."""
    waited: list[float] = []

    async def asleep(seconds: float) -> None:
        waited.append(seconds)

    return waited, asleep if call is call_async else waited.append


def test_the_page_s_own_example_is_decoded(call: Any) -> None:
    transport, seen = answers()
    session = call(transport)
    assert session.id == "F971964745A5CD0C001BBE4E58196BFD"
    assert session.session_expires_at.utcoffset().total_seconds() == -8 * 3600
    assert (session.part_size, session.total_parts, session.num_parts_processed) == (1024, 1000, 455)
    assert session.session_endpoints.plan is UNSET
    assert str(seen[0].url) == "https://upload.box.com/api/2.0/files/upload_sessions"
    assert seen[0].headers["user-agent"].startswith("box")


READ_FILE = {"type": "file", "id": "12345", "sha1": "134b65991ed521fcfe4724b7d814ab8ded5185dc", "version_number": "2"}


def get_file(transport: httpx2.MockTransport, *, is_async: bool, **settings: Any) -> models.File:
    if not is_async:
        with Client(TOKEN, http=transport, **settings) as client:
            return client.get_file("12345")

    async def run() -> models.File:
        async with AsyncClient(TOKEN, http=transport, **settings) as client:
            return await client.get_file("12345")

    return asyncio.run(run())


@pytest.mark.parametrize("is_async", [False, True])
@pytest.mark.parametrize(("settings", "server"), [
    ({}, "https://api.box.com/2.0"),
    ({"base_url": "https://box.example/api/2.0"}, "https://box.example/api/2.0"),
])  # fmt: skip
def test_a_file_is_read_at_a_server_of_its_own_unless_there_is_a_base_url(
    settings: dict[str, Any], server: str, *, is_async: bool
) -> None:
    seen: list[httpx2.Request] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        seen.append(request)
        return httpx2.Response(200, json=READ_FILE)

    file = get_file(httpx2.MockTransport(answer), is_async=is_async, **settings)
    assert file == models.File(type="file", id="12345", sha1=READ_FILE["sha1"])
    assert [(one.method, str(one.url)) for one in seen] == [("GET", f"{server}/files/12345")]
    assert seen[0].headers["authorization"] == f"Bearer {TOKEN}"


@pytest.mark.parametrize("is_async", [False, True])
def test_a_file_that_is_not_there_is_told_at_once(*, is_async: bool) -> None:
    transport, seen = answers(404)
    with pytest.raises(errors.NotFoundError) as caught:
        get_file(transport, is_async=is_async)
    assert (caught.value.operation, caught.value.status, len(seen)) == ("get_file", 404, 1)


@pytest.mark.parametrize("is_async", [False, True])
def test_reading_a_file_is_repeated_by_itself(*, is_async: bool) -> None:
    transport, seen = answers(500, httpx2.ReadError("lost"), 404)
    with pytest.raises(errors.NotFoundError):
        get_file(transport, is_async=is_async, retry=RetryPolicy(base_s=0.0))
    assert len(seen) == 3


@pytest.mark.parametrize("status", [500, 502, 503, 504, 520])
def test_a_create_that_may_have_reached_the_server_is_not_repeated(call: Any, slept: Any, status: int) -> None:
    transport, seen = answers(status, retry_after="1")
    with pytest.raises(errors.ServerError) as caught:
        call(transport, retry=NO_JITTER, sleep=slept[1])
    assert (len(seen), slept[0]) == (1, [])
    assert caught.value.retry_safe is False
    assert caught.value.retry_after_s == 1


@pytest.mark.parametrize("error", [httpx2.ReadTimeout, httpx2.WriteError, httpx2.RemoteProtocolError, httpx2.ReadError])
def test_a_create_whose_answer_is_lost_is_not_repeated(call: Any, slept: Any, error: type[Exception]) -> None:
    transport, seen = answers(error("lost"))
    with pytest.raises(errors.TransportError) as caught:
        call(transport, retry=NO_JITTER, sleep=slept[1])
    assert len(seen) == 1
    assert caught.value.retry_safe is False


def upload_part(transport: httpx2.MockTransport, *, is_async: bool) -> object:
    session = msgspec.convert(SESSION, models.UploadSession)
    url = f"https://upload.box.com/api/2.0/files/upload_sessions/{session.id}"
    endpoints = msgspec.structs.replace(session.session_endpoints, upload_part=url)
    session = msgspec.structs.replace(session, session_endpoints=endpoints)
    part: dict[str, Any] = {
        "body": b"x", "digest": "sha=fpRyg5eVQletdZqEKaFlqwBXJzM=", "content_range": "bytes 0-0/1",
    }  # fmt: skip
    policy = RetryPolicy(base_s=0.0)
    if not is_async:
        with Client(TOKEN, http=transport, retry=policy) as client:
            return client.upload_part(session, **part)

    async def run() -> object:
        async with AsyncClient(TOKEN, http=transport, retry=policy) as client:
            return await client.upload_part(session, **part)

    return asyncio.run(run())


@pytest.mark.parametrize("is_async", [False, True])
@pytest.mark.parametrize("outcome", [500, 503, httpx2.ReadTimeout("lost"), httpx2.RemoteProtocolError("lost")])
def test_a_part_that_may_be_stored_is_not_uploaded_again(outcome: Any, *, is_async: bool) -> None:
    """Each range is uploaded once: the second attempt would be refused as an overlap."""
    transport, seen = answers(outcome, 416)
    with pytest.raises((errors.ServerError, errors.TransportError)) as caught:
        upload_part(transport, is_async=is_async)
    assert len(seen) == 1
    assert caught.value.retry_safe is False


@pytest.mark.parametrize("is_async", [False, True])
@pytest.mark.parametrize("outcome", [429, httpx2.ConnectError("refused")])
def test_a_part_that_cannot_be_stored_is_uploaded_again(outcome: Any, *, is_async: bool) -> None:
    transport, seen = answers(outcome, 400)
    with pytest.raises(errors.BadRequestError):
        upload_part(transport, is_async=is_async)
    assert len(seen) == 2


@pytest.mark.parametrize("wrong", ["F971964745A5CD0C001BBE4E58196BFD", None, SESSION])
@pytest.mark.parametrize("name", ["get_upload_session", "abort_upload_session", "list_parts"])
def test_what_is_no_session_is_refused_by_the_name_of_the_argument(name: str, wrong: Any) -> None:
    rule = "must be the UploadSession of an earlier call"
    transport, seen = answers()
    with (
        Client(TOKEN, http=transport) as client,
        pytest.raises(errors.InvalidArgumentError, match=f"^upload_session=.*: {rule}$"),
    ):
        getattr(client, name)(wrong)
    assert not seen


@pytest.mark.parametrize("error", [httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout])
def test_what_was_not_sent_is_sent_again(call: Any, slept: Any, error: type[Exception]) -> None:
    transport, seen = answers(error("refused"), error("refused"))
    assert call(transport, retry=NO_JITTER, sleep=slept[1]).total_parts == 1000
    assert (len(seen), slept[0]) == (3, [0.5, 1.0])


def test_a_third_refused_connection_is_told(call: Any, slept: Any) -> None:
    transport, seen = answers(*[httpx2.ConnectError("refused")] * 3)
    with pytest.raises(errors.TransportError, match=r"refused") as caught:
        call(transport, retry=NO_JITTER, sleep=slept[1])
    assert len(seen) == 3
    assert caught.value.retry_safe is True


@pytest.mark.parametrize(
    ("retry_after", "wait_s"),
    [("7", 7.0), ("Thu, 01 Jan 1970 00:00:30 GMT", 30.0), ("soon", 0.5), ("-3", 0.5), ("0", 0.0)],
)
def test_a_rate_limit_is_waited_out_in_both_forms(call: Any, slept: Any, retry_after: str, wait_s: float) -> None:
    transport, seen = answers(429, retry_after=retry_after)
    call(transport, retry=NO_JITTER, sleep=slept[1])
    assert (len(seen), slept[0]) == (2, [wait_s])


def test_a_wait_beyond_the_cap_is_left_to_the_caller(call: Any, slept: Any) -> None:
    transport, seen = answers(429, retry_after="3600")
    with pytest.raises(errors.RateLimitedError) as caught:
        call(transport, retry=NO_JITTER, sleep=slept[1])
    assert (len(seen), slept[0]) == (1, [])
    assert caught.value.retry_after_s == 3600


def test_redirects_are_not_followed(call: Any) -> None:
    transport, seen = answers(307, location="https://elsewhere.example/secret")
    with pytest.raises(errors.ApiError, match=r"redirects are not followed \(target host elsewhere\.example\)"):
        call(transport)
    assert len(seen) == 1


def test_as_user_goes_with_every_call(call: Any) -> None:
    transport, seen = answers()
    call(transport, as_user="67890")
    assert seen[0].headers["as-user"] == "67890"


def test_a_token_is_asked_for_again_after_a_401() -> None:
    transport, seen = answers(401)
    tokens = iter(["old", "new"])
    with Client(lambda: next(tokens), http=transport) as client:
        client.create_upload_session(**NEW_FILE)
    assert [request.headers["authorization"] for request in seen] == ["Bearer old", "Bearer new"]


def test_a_token_may_be_awaited() -> None:
    transport, seen = answers(401)
    tokens = iter(["old", "new"])

    async def token() -> str:
        return next(tokens)

    async def run() -> None:
        async with AsyncClient(token, http=transport) as client:
            await client.create_upload_session(**NEW_FILE)

    asyncio.run(run())
    assert [request.headers["authorization"] for request in seen] == ["Bearer old", "Bearer new"]


@pytest.mark.parametrize("token", ["", "a b", "a\nb", "a\x00", "tök", " x", 5])
@pytest.mark.parametrize("kind", [Client, AsyncClient])
def test_a_token_that_no_header_can_carry_is_refused_unseen(kind: Any, token: Any) -> None:
    with pytest.raises(errors.InvalidArgumentError, match=r"^token: ") as caught:
        kind(token)
    assert token == "" or str(token) not in str(caught.value)


@pytest.mark.parametrize("kind", [Client, AsyncClient])
@pytest.mark.parametrize(
    "base_url",
    ["http://upload.box.com", "ftp://a", "upload.box.com", "https://u:p@a", "https://a?b", "https://a#b", ""],
)
def test_a_base_url_that_would_show_the_token_is_refused(kind: Any, base_url: str) -> None:
    with pytest.raises(errors.InvalidArgumentError, match="base_url") as caught:
        kind(TOKEN, base_url=base_url)
    assert TOKEN not in _everything(caught.value)


@pytest.mark.parametrize("outcome", [400, 401, 429, 503, 302, httpx2.ReadError("x"), httpx2.ConnectError("x")])
def test_no_traceback_shows_the_token(call: Any, outcome: Any) -> None:
    transport, _ = answers(outcome)
    with pytest.raises(errors.BoxUploadsError) as caught:
        call(transport, retry=RetryPolicy(max_retries=0))
    assert TOKEN not in _everything(caught.value)


def _everything(error: BaseException) -> str:
    """Return what a crash reporter would send: messages, reprs, and local variables of the package's own frames."""
    told: list[str] = []
    current: BaseException | None = error
    while current is not None:
        told += [str(current), repr(current), repr(vars(current))]
        stack = traceback.StackSummary.extract(traceback.walk_tb(current.__traceback__), capture_locals=True)
        told += [
            str(frame.locals) for frame in stack if "box_uploads" in frame.filename and "tests" not in frame.filename
        ]
        current = current.__cause__ or current.__context__
    return "\n".join(told)


@pytest.mark.parametrize("kind", [Client, AsyncClient])
def test_a_client_shows_no_token(kind: Any) -> None:
    client = kind(TOKEN)
    assert TOKEN not in f"{client!r} {client} {client.raw!r} {vars(client)}"
    with pytest.raises(TypeError):
        pickle.dumps(client)


def test_errors_survive_pickle_and_copy() -> None:
    body = {"type": "error", "status": 409, "code": "item_name_in_use", "message": "m", "request_id": "r"}
    body["context_info"] = {"conflicts": {"type": "file", "id": "7"}}
    transport = httpx2.MockTransport(
        lambda _: httpx2.Response(409, headers={"content-type": "application/json"}, json=body)
    )
    with Client(TOKEN, http=transport) as client, pytest.raises(errors.ConflictError) as caught:
        client.create_upload_session(**NEW_FILE)
    for twin in (pickle.loads(pickle.dumps(caught.value)), copy.copy(caught.value)):  # noqa: S301  our own bytes
        assert str(twin) == str(caught.value)
        assert (twin.status, twin.code, twin.body) == (409, "item_name_in_use", caught.value.body)
        assert conflicting_items(twin) == [{"type": "file", "id": "7"}]


def test_the_caller_s_own_client_is_used_and_stays_open() -> None:
    with httpx2.Client(transport=httpx2.MockTransport(created), headers={"x-own": "1"}) as own:
        with Client(TOKEN, http=own) as client:
            assert client.raw.create_upload_session(**NEW_FILE).status == 201
        assert not own.is_closed


def test_the_http_library_s_own_authentication_is_used() -> None:
    transport, seen = answers()
    with Client(httpx2.BasicAuth("user", "pass"), http=transport) as client:
        client.create_upload_session(**NEW_FILE)
    assert seen[0].headers["authorization"].startswith("Basic ")


def test_timeouts_are_separate() -> None:
    transport, seen = answers()
    call_sync(transport, timeout_s=Timeout(connect_s=1, read_s=2, write_s=3, pool_s=4))
    assert seen[0].extensions["timeout"] == {"connect": 1, "read": 2, "write": 3, "pool": 4}


def test_a_closed_client_says_so() -> None:
    client = Client(TOKEN, http=httpx2.MockTransport(created))
    client.close()
    client.close()
    with pytest.raises(errors.ClientClosedError, match="closed"):
        client.create_upload_session(**NEW_FILE)


def test_threads_share_a_client() -> None:
    with Client(TOKEN, http=httpx2.MockTransport(created)) as client, ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _: client.create_upload_session(**NEW_FILE).id, range(64)))
    assert made == [SESSION["id"]] * 64


def test_the_raw_answer_has_status_headers_and_content() -> None:
    with Client(TOKEN, http=httpx2.MockTransport(created)) as client:
        response = client.raw.create_upload_session(**NEW_FILE)
    assert (response.status, response.headers["Content-Type"], response.content) == (201, "application/json", CREATED)
    assert response.parsed.part_size == 1024


@pytest.mark.parametrize(
    ("settings", "argument"),
    [
        ({"retry": 3}, "retry"),
        ({"base_url": 5}, "base_url"),
        ({"timeout_s": "5"}, "timeout_s"),
        ({"timeout_s": True}, "timeout_s"),
        ({"timeout_s": 0}, "timeout_s"),
        ({"http": "proxy"}, "http"),
    ],
)
@pytest.mark.parametrize("kind", [Client, AsyncClient])
def test_settings_that_cannot_be_used_are_refused_at_once(kind: Any, settings: dict[str, Any], argument: str) -> None:
    with pytest.raises(errors.InvalidArgumentError, match=argument) as caught:
        kind(TOKEN, **settings)
    assert caught.value.argument == argument


@pytest.mark.parametrize("value", ["a", None, True, -1])
def test_a_retry_policy_is_made_of_numbers(value: Any) -> None:
    with pytest.raises(errors.InvalidArgumentError, match="max_retries"):
        RetryPolicy(max_retries=value)


def test_no_user_is_the_token_s_own() -> None:
    transport, seen = answers()
    call_sync(transport, as_user=None)
    assert "as-user" not in seen[0].headers


@pytest.mark.parametrize("name", ["a/b", "..", "a\x00"])
def test_a_name_is_refused_in_words_rather_than_by_a_pattern(name: str) -> None:
    with (
        Client(TOKEN, http=httpx2.MockTransport(created)) as client,
        pytest.raises(errors.InvalidArgumentError) as caught,
    ):
        client.create_upload_session(folder_id="0", file_name=name, file_size=20_000_000)
    assert caught.value.rule == (
        "breaks the rule: Name of the file, 1 to 255 characters, without slash, backslash or control characters, "
        "and neither `.` nor `..`"
    )


def test_a_coroutine_that_is_cancelled_stays_cancelled() -> None:
    async def hang(_: httpx2.Request) -> httpx2.Response:
        await asyncio.Event().wait()
        raise AssertionError

    async def run() -> None:
        async with AsyncClient(TOKEN, http=httpx2.MockTransport(hang)) as client:
            task = asyncio.ensure_future(_call(client.create_upload_session(**NEW_FILE)))
            await asyncio.sleep(0)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task

    asyncio.run(run())


async def _call(pending: Coroutine[Any, Any, models.UploadSession]) -> models.UploadSession:
    return await pending


@pytest.mark.parametrize("is_async", [False, True])
def test_every_page_of_a_list_is_as_long_as_was_asked_for(*, is_async: bool) -> None:
    queries: list[dict[str, str]] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        queries.append(dict(request.url.params))
        offset = int(request.url.params.get("offset", "0"))
        parts = [
            {"part_id": f"{at:08X}", "offset": at * 1024, "size": 1024, "sha1": READ_FILE["sha1"]}
            for at in range(offset, min(offset + 2, 5))
        ]
        return httpx2.Response(200, json={"entries": parts, "offset": offset, "limit": 2, "total_count": 5})

    session = msgspec.convert(SESSION, models.UploadSession)
    url = f"https://upload.box.com/api/2.0/files/upload_sessions/{session.id}/parts"
    endpoints = msgspec.structs.replace(session.session_endpoints, list_parts=url)
    session = msgspec.structs.replace(session, session_endpoints=endpoints)

    async def run() -> list[int]:
        async with AsyncClient(TOKEN, http=httpx2.MockTransport(answer)) as client:
            return [part.offset async for part in client.iter_parts(session, limit=2)]

    if is_async:
        offsets = asyncio.run(run())
    else:
        with Client(TOKEN, http=httpx2.MockTransport(answer)) as client:
            offsets = [part.offset for part in client.iter_parts(session, limit=2)]
    assert offsets == [at * 1024 for at in range(5)]
    assert [(query.get("offset", "0"), query["limit"]) for query in queries] == [("0", "2"), ("2", "2"), ("4", "2")]
