"""What a user of the clients relies on, beyond the contract: settings, a rate limit, secrecy, lists in pages."""

from __future__ import annotations

import asyncio
import copy
import pickle
import traceback
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx2
import msgspec
import pytest
from box_uploads import UNSET, AsyncClient, Client, RetryPolicy, Timeout, errors, models
from box_uploads.upload import conflicting_items

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


def test_the_documented_example_is_decoded(call: Any) -> None:
    transport, seen = answers()
    session = call(transport)
    assert session.id == "F971964745A5CD0C001BBE4E58196BFD"
    assert session.session_expires_at.utcoffset().total_seconds() == -8 * 3600
    assert (session.part_size, session.total_parts, session.num_parts_processed) == (1024, 1000, 455)
    assert session.session_endpoints.plan is UNSET
    assert seen[0].headers["user-agent"].startswith("box")


def test_timeouts_are_sent_with_a_request(call: Any) -> None:
    transport, seen = answers()
    call(transport, timeout_s=Timeout(connect_s=1, read_s=2, write_s=3, pool_s=4))
    assert seen[0].extensions["timeout"] == {"connect": 1, "read": 2, "write": 3, "pool": 4}


@pytest.mark.parametrize(
    ("retry_after", "wait_s"),
    [("7", 7.0), ("Thu, 01 Jan 1970 00:00:30 GMT", 30.0), ("soon", 0.5), ("0", 0.0)],
)
def test_a_rate_limited_call_is_retried_after_retry_after(
    call: Any, slept: Any, retry_after: str, wait_s: float
) -> None:
    transport, seen = answers(429, retry_after=retry_after)
    call(transport, retry=NO_JITTER, sleep=slept[1])
    assert (len(seen), slept[0]) == (2, [wait_s])


@pytest.mark.parametrize("outcome", [400, 401, 429, 503, 302, httpx2.ReadError("x"), httpx2.ConnectError("x")])
def test_no_traceback_shows_the_token(call: Any, outcome: Any) -> None:
    transport, _ = answers(outcome)
    with pytest.raises(errors.BoxUploadsError) as caught:
        call(transport, retry=RetryPolicy(max_retries=0))
    assert TOKEN not in _everything(caught.value)


def _everything(error: BaseException) -> str:
    """Return what a crash reporter would send: messages, reprs, and local variables of the package's own frames."""
    texts: list[str] = []
    current: BaseException | None = error
    while current is not None:
        texts += [str(current), repr(current), repr(vars(current))]
        stack = traceback.StackSummary.extract(traceback.walk_tb(current.__traceback__), capture_locals=True)
        ours = [frame for frame in stack if "box_uploads" in frame.filename and "tests" not in frame.filename]
        texts += [str(frame.locals) for frame in ours]
        current = current.__cause__ or current.__context__
    return "\n".join(texts)


@pytest.mark.parametrize("kind", [Client, AsyncClient])
def test_a_client_shows_no_token(kind: Any) -> None:
    client = kind(TOKEN)
    assert TOKEN not in f"{client!r} {client} {client.raw!r} {vars(client)}"
    with pytest.raises(TypeError):
        pickle.dumps(client)


def test_errors_survive_pickle_and_copy() -> None:
    body = {"type": "error", "status": 409, "code": "item_name_in_use", "message": "m", "request_id": "r"}
    body["context_info"] = {"conflicts": {"type": "file", "id": "7"}}
    transport = httpx2.MockTransport(lambda _: httpx2.Response(409, json=body))
    with Client(TOKEN, http=transport) as client, pytest.raises(errors.ConflictError) as caught:
        client.create_upload_session(**NEW_FILE)
    for twin in (pickle.loads(pickle.dumps(caught.value)), copy.copy(caught.value)):  # noqa: S301  our own bytes
        assert str(twin) == str(caught.value)
        assert (twin.status, twin.code, twin.body) == (409, "item_name_in_use", caught.value.body)
        assert conflicting_items(twin) == [{"type": "file", "id": "7"}]


def test_threads_share_a_client() -> None:
    with Client(TOKEN, http=httpx2.MockTransport(created)) as client, ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _: client.create_upload_session(**NEW_FILE).id, range(64)))
    assert made == [SESSION["id"]] * 64


@pytest.mark.parametrize(
    ("settings", "argument"),
    [
        ({"token": f"{TOKEN}\n"}, "token"),
        ({"token": ""}, "token"),
        ({"retry": 3}, "retry"),
        ({"base_url": 5}, "base_url"),
        ({"base_url": "http://upload.box.com"}, "base_url"),
        ({"timeout_s": 0}, "timeout_s"),
        ({"http": "proxy"}, "http"),
    ],
)
@pytest.mark.parametrize("kind", [Client, AsyncClient])
def test_unusable_settings_are_refused_at_once(kind: Any, settings: dict[str, Any], argument: str) -> None:
    with pytest.raises(errors.InvalidArgumentError, match=argument) as caught:
        kind(**({"token": TOKEN} | settings))
    assert caught.value.argument == argument
    assert TOKEN not in _everything(caught.value)


@pytest.mark.parametrize("is_async", [False, True])
def test_every_page_of_a_list_has_the_limit_that_was_given(*, is_async: bool) -> None:
    queries: list[tuple[str, str]] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        offset, limit = int(request.url.params.get("offset", "0")), request.url.params["limit"]
        queries.append((request.url.params.get("offset", "0"), limit))
        parts = [
            {"part_id": f"{at:08X}", "offset": at * 1024, "size": 1024, "sha1": "a" * 40}
            for at in range(offset, min(offset + 2, 5))
        ]
        return httpx2.Response(200, json={"entries": parts, "offset": offset, "limit": 2, "total_count": 5})

    session = msgspec.convert(SESSION, models.UploadSession)
    session.session_endpoints.list_parts = f"https://upload.box.com/api/2.0/files/upload_sessions/{session.id}/parts"

    async def listed() -> list[int]:
        async with AsyncClient(TOKEN, http=httpx2.MockTransport(answer)) as client:
            return [part.offset async for part in client.iter_parts(session, limit=2)]

    if is_async:
        offsets = asyncio.run(listed())
    else:
        with Client(TOKEN, http=httpx2.MockTransport(answer)) as client:
            offsets = [part.offset for part in client.iter_parts(session, limit=2)]
    assert offsets == [at * 1024 for at in range(5)]
    assert queries == [("0", "2"), ("2", "2"), ("4", "2")]
