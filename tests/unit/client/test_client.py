"""What a user of the clients relies on, beyond the contract: settings, a rate limit, secrecy, lists in pages."""

from __future__ import annotations

import asyncio
import copy
import inspect
import pickle
import subprocess
import sys
import traceback
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import httpx2
import msgspec
import pytest
from box_uploads import UNSET, AsyncClient, Client, RetryPolicy, Timeout, errors, models
from box_uploads.upload import conflicting_items

from .conftest import NEW_FILE, SESSION, TOKEN, Caller, Recorder

NO_JITTER = RetryPolicy(random=lambda: 1.0, clock=lambda: 0.0)


@pytest.fixture
def create(caller: Caller) -> Any:
    """Create a session by either client."""
    return partial(caller, name="create_upload_session", named=NEW_FILE)


def test_the_documented_example_is_decoded(create: Any) -> None:
    recorder = Recorder(201, json=SESSION)
    session = create(recorder)
    assert session.id == "F971964745A5CD0C001BBE4E58196BFD"
    assert session.session_expires_at.utcoffset().total_seconds() == -8 * 3600
    assert (session.part_size, session.total_parts, session.num_parts_processed) == (1024, 1000, 455)
    assert session.session_endpoints.plan is UNSET
    assert recorder.requests[0].headers["user-agent"].startswith("box")


def test_timeouts_are_sent_with_a_request(create: Any) -> None:
    recorder = Recorder(201, json=SESSION)
    create(recorder, timeout_s=Timeout(connect_s=1, read_s=2, write_s=3, pool_s=4))
    assert recorder.requests[0].extensions["timeout"] == {"connect": 1, "read": 2, "write": 3, "pool": 4}


@pytest.mark.parametrize(
    ("retry_after", "wait_s"),
    [("7", 7.0), ("Thu, 01 Jan 1970 00:00:30 GMT", 30.0), ("soon", 0.5), ("0", 0.0)],
)
def test_a_rate_limited_call_is_retried_after_the_wait_that_the_server_asked_for(
    caller: Caller, create: Any, retry_after: str, wait_s: float
) -> None:
    waited: list[float] = []

    async def sleep(seconds: float) -> None:
        waited.append(seconds)

    recorder = Recorder(429, 201, json=SESSION, headers={"retry-after": retry_after})
    create(recorder, retry=NO_JITTER, sleep=sleep if caller.is_async else waited.append)
    assert (len(recorder.requests), waited) == (2, [wait_s])


@pytest.mark.parametrize("outcome", [400, 401, 429, 503, 302, httpx2.ReadError("x"), httpx2.ConnectError("x")])
def test_no_traceback_shows_the_token(create: Any, outcome: Any) -> None:
    with pytest.raises(errors.BoxUploadsError) as caught:
        create(Recorder(outcome), retry=RetryPolicy(max_retries=0))
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


@pytest.mark.parametrize("raw", [False, True])
@pytest.mark.parametrize("kind", [Client, AsyncClient])
def test_options_for_one_call_are_those_of_its_requests_alone(kind: Any, raw: bool) -> None:
    recorder = Recorder(503, 201, 201, json=SESSION)
    client = kind(TOKEN, http=httpx2.MockTransport(recorder), timeout_s=7)
    of = client.raw if raw else client
    options = {"timeout_s": 5, "headers": {"x-trace": "1"}, "retry": RetryPolicy(max_retries=0)}

    async def call(method: Any) -> Any:
        made = method(**NEW_FILE)
        return await made if inspect.isawaitable(made) else made

    with pytest.raises(errors.ServerError):
        asyncio.run(call(of.with_options(**options).create_upload_session))
    asyncio.run(call(of.with_options(headers={"x-trace": "2"}).create_upload_session))
    asyncio.run(call(of.create_upload_session))
    seen = [(request.headers.get("x-trace"), request.extensions["timeout"]["read"]) for request in recorder.requests]
    assert seen == [("1", 5), ("2", 7), (None, 7)]


@pytest.mark.parametrize("kind", [Client, AsyncClient])
def test_a_client_shows_no_token(kind: Any) -> None:
    client = kind(TOKEN)
    assert TOKEN not in f"{client!r} {client} {client.raw!r} {vars(client)}"
    with pytest.raises(TypeError):
        pickle.dumps(client)


def test_errors_survive_pickle_and_copy(create: Any) -> None:
    body = {"type": "error", "status": 409, "code": "item_name_in_use", "message": "m", "request_id": "r"}
    body["context_info"] = {"conflicts": {"type": "file", "id": "7"}}
    with pytest.raises(errors.ConflictError) as caught:
        create(Recorder(409, json=body))
    for other in (pickle.loads(pickle.dumps(caught.value)), copy.copy(caught.value)):  # noqa: S301  our own bytes
        assert str(other) == str(caught.value)
        assert (other.status, other.code, other.body) == (409, "item_name_in_use", caught.value.body)
        assert conflicting_items(other) == [{"type": "file", "id": "7"}]


def test_threads_share_a_client() -> None:
    with Client(TOKEN, http=httpx2.MockTransport(Recorder(201, json=SESSION))) as client, ThreadPoolExecutor(8) as pool:
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


def test_every_page_of_a_list_has_the_limit_that_was_given(caller: Caller) -> None:
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

    async def listed() -> list[int]:
        async with AsyncClient(TOKEN, http=httpx2.MockTransport(answer)) as client:
            return [part.offset async for part in client.iter_parts(session, limit=2)]

    if caller.is_async:
        offsets = asyncio.run(listed())
    else:
        with Client(TOKEN, http=httpx2.MockTransport(answer)) as client:
            offsets = [part.offset for part in client.iter_parts(session, limit=2)]
    assert offsets == [at * 1024 for at in range(5)]
    assert queries == [("0", "2"), ("2", "2"), ("4", "2")]


def test_the_package_loads_its_errors_and_models_when_they_are_used() -> None:
    code = "import box_uploads; box_uploads.errors.ApiError, box_uploads.models.File"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stderr == ""
