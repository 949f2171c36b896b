"""Each step of an upload ends by its deadline, though its responses trickle in without end; no time passes here."""

from __future__ import annotations

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, cast

import httpx2
import pytest
from box_uploads import errors
from box_uploads.upload import CommitUnconfirmedError, DeadlineExceededError, PartDone
from box_uploads.upload.upload_client import CLEANUP_CALL_S
from box_uploads_mock import LostResponse

from tests.flow.upload_ground import SMALL_PART_SIZE, Clock, Ground, Interrupt, interrupt_at, write

# One part: no other one begins when it has failed.
CONTENT = bytes(SMALL_PART_SIZE)
DEADLINE_S = 45.0
SESSION = r".*/upload_sessions/[0-9A-F]+"
CREATE, PART = "POST .*/upload_sessions", f"PUT {SESSION}"
STATUS, PARTS, COMMIT = f"GET {SESSION}", f"GET {SESSION}/parts", f"POST {SESSION}/commit"


class Broken(httpx2.SyncByteStream):
    """A body that ends in an error."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    def __iter__(self) -> Iterator[bytes]:
        yield b" "
        raise self._error


class Trickle:
    """A network in which the responses to some requests trickle in until the client gives them up.

    Args:
        clock: Moves by the time that the client takes for that.
        requests: A pattern for the method and the path of the requests.
        sends_s: Seconds that sending a request takes.
        status: Status of a response whose body trickles; without one, its header fields do.
    """

    def __init__(self, clock: Clock, requests: str, *, sends_s: float = 0.0, status: int = 0) -> None:
        self._clock, self._requests, self._sends_s = clock, re.compile(requests), sends_s
        self.caps_s: list[float] = []
        send = httpx2.HTTPTransport.handle_request

        def handle(transport: httpx2.HTTPTransport, request: httpx2.Request) -> httpx2.Response:
            if not self._requests.fullmatch(f"{request.method} {request.url.path}"):
                return send(transport, request)
            for index, _ in enumerate(cast("httpx2.SyncByteStream", request.stream)):
                self._clock.advance(0.0 if index else self._sends_s)
            self.caps_s.append(request.extensions["timeout"]["read"].response_s)
            self._clock.advance(self.caps_s[-1])
            error = httpx2.ReadTimeout("the response did not end", request=request)
            if not status:
                raise error
            return httpx2.Response(status, stream=Broken(error))

        self.handle = handle


@pytest.fixture
def trickle(small_ground: Ground, monkeypatch: pytest.MonkeyPatch) -> Any:
    def trickle(requests: str, **settings: Any) -> Trickle:
        network = Trickle(small_ground.clock, requests, **settings)
        monkeypatch.setattr(httpx2.HTTPTransport, "handle_request", network.handle)
        return network

    # A job measures by a clock of its own, where it runs.
    monkeypatch.setattr("box_uploads.upload.executor_parts.monotonic", lambda: small_ground.clock.now_s)
    return trickle


@pytest.fixture(params=["file", "version"])
def where(request: pytest.FixtureRequest, small_ground: Ground) -> dict[str, Any]:
    return {"file_id": small_ground.upload(CONTENT[:-1]).id} if request.param == "version" else {}


@pytest.mark.parametrize("is_async", [False, True])
@pytest.mark.parametrize("deadline_s", [0.0, DEADLINE_S])
@pytest.mark.parametrize(
    ("step", "requests", "more_s"),
    # A session that may have been created is looked for once more, to be aborted.
    [("create", CREATE, CLEANUP_CALL_S), ("part at offset 0", PART, 0.0), ("commit", COMMIT, 0.0)],
)
def test_a_step_of_a_new_upload_ends_by_its_deadline(
    small_ground: Ground,
    trickle: Any,
    where: Any,
    *,
    step: str,
    requests: str,
    more_s: float,
    deadline_s: float,
    is_async: bool,
) -> None:
    network, begin_s = trickle(requests), small_ground.clock.now_s
    allowed_s = max(deadline_s, 10.0)
    with pytest.raises(DeadlineExceededError, match=f"^{step}: no success within {allowed_s:g} s and [13] attempts?: "):
        small_ground.upload(CONTENT, workers=1, deadline_s=deadline_s, is_async=is_async, **where)
    # The first response leaves time for another attempt.
    assert network.caps_s[0] == max(10.0, deadline_s / 2)
    assert small_ground.clock.now_s - begin_s == allowed_s + more_s
    assert not small_ground.state.sessions


@pytest.mark.parametrize("is_async", [False, True])
@pytest.mark.parametrize(("step", "requests"), [("status", STATUS), ("parts", PARTS)])
def test_a_step_of_a_resumed_upload_ends_by_its_deadline(
    small_ground: Ground, trickle: Any, where: Any, journal: Path, *, step: str, requests: str, is_async: bool
) -> None:
    def upload(**settings: Any) -> Any:
        return small_ground.upload(CONTENT, workers=1, resume=journal, is_async=is_async, **where, **settings)

    with pytest.raises(Interrupt):
        upload(on_progress=interrupt_at(PartDone))
    begin_s = small_ground.clock.now_s
    trickle(requests)
    with pytest.raises(DeadlineExceededError, match=f"^{step}: no success within 45 s and 3 attempts: "):
        upload(deadline_s=DEADLINE_S)
    assert small_ground.clock.now_s - begin_s == DEADLINE_S
    assert journal.exists()


@pytest.mark.parametrize("is_async", [False, True])
def test_asking_for_the_outcome_of_a_commit_ends_by_its_deadline(
    small_ground: Ground, trickle: Any, where: Any, *, is_async: bool
) -> None:
    small_ground.state.faults.add(LostResponse(operation="commit_upload_session"))
    trickle(STATUS)
    with pytest.raises(CommitUnconfirmedError, match="confirm: no success within 45 s and 3 attempts"):
        small_ground.upload(CONTENT, workers=1, deadline_s=DEADLINE_S, is_async=is_async, **where)


@pytest.mark.parametrize("is_async", [False, True])
@pytest.mark.parametrize("source", ["bytes", "path"])
def test_a_part_that_an_executor_sends_ends_by_its_deadline(
    small_ground: Ground, trickle: Any, tmp_path: Path, source: str, *, is_async: bool
) -> None:
    network, begin_s = trickle(PART), small_ground.clock.now_s
    given = write(tmp_path / "film.mov", CONTENT) if source == "path" else CONTENT
    with ThreadPoolExecutor(1) as executor, pytest.raises(DeadlineExceededError, match="45 s and 3 attempts"):
        small_ground.upload(given, workers=1, executor=executor, deadline_s=DEADLINE_S, is_async=is_async)
    assert network.caps_s[0] == DEADLINE_S / 2
    assert small_ground.clock.now_s - begin_s == DEADLINE_S


def test_the_time_of_a_job_that_moves_bytes_does_not_count(
    small_ground: Ground, trickle: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A body of one piece is sent at once.
    monkeypatch.setattr("box_uploads.upload.executor_parts.PIECE", SMALL_PART_SIZE // 2)
    network = trickle(PART, sends_s=1000.0)
    with ThreadPoolExecutor(1) as executor, pytest.raises(DeadlineExceededError, match="45 s and 3 attempts"):
        small_ground.upload(CONTENT, workers=1, executor=executor, deadline_s=DEADLINE_S)
    assert small_ground.clock.now_s == 3000 + DEADLINE_S
    assert network.caps_s[0] == DEADLINE_S / 2


@pytest.mark.parametrize("has_executor", [False, True])
@pytest.mark.parametrize("is_async", [False, True])
def test_looking_a_part_up_counts_though_its_bytes_move_again(
    small_ground: Ground, monkeypatch: pytest.MonkeyPatch, *, is_async: bool, has_executor: bool
) -> None:
    small_ground.fail("upload_part", *[500] * 100)
    send = httpx2.HTTPTransport.handle_request

    def handle(transport: httpx2.HTTPTransport, request: httpx2.Request) -> httpx2.Response:
        if re.fullmatch(PARTS, f"{request.method} {request.url.path}"):
            small_ground.clock.advance(4.0)
        return send(transport, request)

    monkeypatch.setattr(httpx2.HTTPTransport, "handle_request", handle)
    monkeypatch.setattr("box_uploads.upload.executor_parts.monotonic", lambda: small_ground.clock.now_s)
    with ThreadPoolExecutor(1) as executor, pytest.raises(DeadlineExceededError, match="no success within 45 s and"):
        small_ground.upload(
            CONTENT,
            workers=1,
            executor=executor if has_executor else None,
            deadline_s=DEADLINE_S,
            is_async=is_async,
        )
    assert small_ground.clock.now_s <= DEADLINE_S
    small_ground.state.faults.clear()


@pytest.mark.parametrize("has_executor", [False, True])
def test_a_refusal_of_the_token_that_trickles_leaves_less_for_the_next_attempt(
    small_ground: Ground, trickle: Any, *, has_executor: bool
) -> None:
    network = trickle(PART, status=401)
    with ThreadPoolExecutor(1) as executor, small_ground.client(token=lambda: small_ground.state.token) as box:
        given: dict[str, Any] = {"executor": executor} if has_executor else {}
        with pytest.raises((errors.UnauthorizedError, DeadlineExceededError)):
            small_ground.upload(CONTENT, box, workers=1, deadline_s=0.0, **given)
    assert network.caps_s == [10.0, 0.0]
    assert small_ground.clock.now_s == 10.0
