"""What an upload does about a rate limit: all calls of the client wait once, and it tells of that once."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from time import monotonic
from typing import Any

import httpx2
import msgspec
import pytest
from box_uploads import AsyncClient, Client, RetryPolicy, errors
from box_uploads.upload import (
    BackoffPolicy,
    DeadlineExceededError,
    PartDone,
    PhaseChanged,
    Retried,
    Throttled,
    executor_parts,
    upload_file,
)
from box_uploads.upload.parts import Part

from tests.flow.upload_ground import CONTENT, Ground, Interrupt, interrupt_at, of_type

CREATE, PART, COMMIT, ABORT = "create_upload_session", "upload_part", "commit_upload_session", "abort_upload_session"


@pytest.fixture
def ground(ground: Ground) -> Iterator[Ground]:
    yield ground
    ground.server.wait_until_idle()
    ground.state.faults.require_fired()


def about(delay_s: float) -> Any:
    """Return a wait, less the time of a call: the client has a real clock."""
    return pytest.approx(delay_s, abs=5)


def waits(ground: Ground) -> list[float]:
    """Return the waits that the server has asked for; those between calls are much shorter."""
    return [delay_s for delay_s in ground.clock.slept if delay_s > 50]


@pytest.mark.parametrize("step", [CREATE, PART, COMMIT])
@pytest.mark.parametrize("kind", ["sync", "async", "async http", "http"])
def test_a_pause_is_told_once_and_is_no_retry(ground: Ground, step: str, kind: str) -> None:
    ground.fail(step, *(429,) * (3 if step == PART else 1), retry_after_s=100)
    http: Any = None
    if kind.endswith("http"):
        http = httpx2.AsyncHTTPTransport() if kind.startswith("async") else httpx2.HTTPTransport()
    events: list[Any] = []
    ground.upload(is_async=kind.startswith("async"), http=http, on_progress=events.append, workers=3)
    assert ground.stored() == [CONTENT]
    # Parts that were under way are refused as well, and wait with the first unless that has waited already.
    assert 1 <= len(of_type(Throttled, events)) <= 3
    assert of_type(Throttled, events)[0].delay_s == about(100)
    assert of_type(Retried, events) == []


def test_one_part_is_refused_and_none_is_sent_until_the_wait_is_over(ground: Ground) -> None:
    ground.fail(PART, 429, retry_after_s=100)
    events: list[Any] = []
    # The deadline is shorter than the pause, which does not count.
    ground.upload(workers=1, on_progress=events.append, deadline_s=50)
    assert (ground.clock.slept[0], waits(ground)) == (about(100), [about(100)])
    assert len(of_type(Throttled, events)) == 1
    assert ground.calls(PART) == 6


def test_what_another_call_of_the_client_was_told_holds_for_the_upload(ground: Ground) -> None:
    ground.state.rate_limit(retry_after_s=100)
    events: list[Any] = []
    with ground.client(max_retries=0) as box:
        with pytest.raises(errors.RateLimitedError):
            box.get_current_user()
        with pytest.raises(errors.RateLimitedError, match="429: not sent: ") as caught:
            box.get_current_user()
        assert caught.value.retry_after_s == 100
        upload_file(
            box, CONTENT, folder_id="0", file_name="a", backoff=ground.clock.backoff(), on_progress=events.append
        )
    assert len(of_type(Throttled, events)) == 1
    assert [exchange.status for exchange in ground.state.request_log][:2] == [429, 201]


def test_a_pause_beyond_its_own_limit_ends_the_upload(ground: Ground, tmp_path: Path) -> None:
    ground.fail(PART, 429, retry_after_s=100)
    backoff = ground.clock.backoff()
    patient = BackoffPolicy(clock=backoff.clock, sleep=backoff.sleep, max_throttled_s=99)
    with ground.client() as box:
        with pytest.raises(errors.RateLimitedError) as caught:
            ground.upload(client=box, workers=1, backoff=patient, resume=tmp_path / "journal")
        assert (caught.value.retry_after_s, waits(ground)) == (100, [])
        # The next run sends nothing, either, as long as the pause lasts; and then goes on.
    ground.upload(workers=1, resume=tmp_path / "journal")
    assert (ground.stored(), ground.calls(CREATE)) == ([CONTENT], 1)


def test_several_pauses_of_one_step_count_together(ground: Ground) -> None:
    ground.fail(CREATE, 429, 429, 429, 429, retry_after_s=100)
    backoff = ground.clock.backoff()
    patient = BackoffPolicy(clock=backoff.clock, sleep=backoff.sleep, max_throttled_s=350)
    with pytest.raises(errors.RateLimitedError):
        ground.upload(backoff=patient)
    assert (waits(ground), ground.calls(CREATE)) == ([about(100)] * 3, 4)


def test_with_a_deadline_of_0_a_refused_call_is_not_repeated(ground: Ground) -> None:
    ground.fail(CREATE, 429, retry_after_s=100)
    with pytest.raises(DeadlineExceededError):
        ground.upload(deadline_s=0)
    assert (ground.calls(CREATE), ground.clock.slept) == (1, [])


def test_an_upload_that_is_cancelled_while_it_waits_sends_nothing_more(ground: Ground) -> None:
    ground.fail(PART, 429, retry_after_s=1000)
    backoff = BackoffPolicy(clock=lambda: 0.0)
    with pytest.raises(Interrupt) as caught:
        ground.upload(workers=1, on_progress=interrupt_at(Throttled), backoff=backoff)
    # Not even the abort, since nobody waits for so long at the end.
    assert (ground.calls(PART), ground.calls(ABORT)) == (1, 0)
    assert "could not be aborted" in caught.value.__notes__[0]


def test_a_commit_that_was_never_sent_is_not_said_to_have_been(ground: Ground) -> None:
    ground.fail(COMMIT, 403)
    with ground.client(max_retries=0) as box:

        def on_progress(event: Any) -> None:
            if event == PhaseChanged("commit"):
                box.raw.transport.note_refusal(20)
            if isinstance(event, Throttled):
                raise Interrupt

        with pytest.raises(Interrupt) as caught:
            ground.upload(client=box, on_progress=on_progress)
    assert ground.calls(COMMIT) == 0
    assert not [note for note in getattr(caught.value, "__notes__", []) if "commit was sent" in note]
    ground.state.faults.clear()


def test_jobs_of_an_executor_are_not_submitted_while_the_client_waits(ground: Ground) -> None:
    ground.fail(PART, 429, retry_after_s=100)
    events: list[Any] = []

    def sleep(delay_s: float) -> None:
        ground.clock.sleep(delay_s)
        pass_time()

    def pass_time() -> None:
        """Let time pass for the gate that each process has of its own, until it lets all calls pass."""
        for gate in list(vars(executor_parts)["_GATES"].values()):
            gate.advance(monotonic() + 1000)

    def handle_event(event: Any) -> None:
        events.append(event)
        if isinstance(event, PartDone):
            pass_time()

    with ThreadPoolExecutor(1) as executor:
        backoff = BackoffPolicy(clock=lambda: ground.clock.now_s, sleep=sleep)
        ground.upload(executor=executor, workers=1, on_progress=handle_event, deadline_s=50, backoff=backoff)
    assert (len(of_type(Throttled, events)), of_type(Retried, events)) == (1, [])
    assert (ground.calls(PART), waits(ground)) == (6, [about(100)])


def test_jobs_of_one_client_share_a_limit_in_each_process(ground: Ground) -> None:
    ground.fail(PART, 429, retry_after_s=100)
    with ground.client() as box:
        session = box.create_upload_session(folder_id="0", file_name="a", file_size=len(CONTENT))
        settings: dict[str, Any] = {"make_client": executor_parts.client_factory(box), "source": CONTENT[:1000]}
        settings |= {"session": msgspec.json.encode(session), "fingerprint": None, "file_size": len(CONTENT)}
        job = executor_parts.PartJob(client="first", part=Part(0, 0, 1000), gate="of the client", **settings)

        def run(job: executor_parts.PartJob) -> str:
            """Run a job in a thread of its own, as workers do."""
            with ThreadPoolExecutor(1) as executor:
                try:
                    executor.submit(executor_parts.run_part_job, job).result()
                except errors.RateLimitedError as error:
                    return f"{error.retry_after_s} {'not sent' in str(error)}"
            return "stored"

        kept = vars(executor_parts)["_gate_of"]("of the client")
        assert run(job) == "100.0 False"
        # One of another upload, for which this process has another client.
        assert run(msgspec.structs.replace(job, client="second")) == "100.0 True"
        assert (ground.calls(PART), kept.pauses) == (1, 1)


def test_many_uploads_at_a_time_are_refused_rarely_by_a_limit_of_their_user() -> None:
    with (ground := Ground(calls_per_minute=60)).server:
        lock = threading.Lock()
        for _ in range(50):
            ground.state.take_call("get_current_user", f"Bearer {ground.state.token}", None)

        def sleep(delay_s: float) -> None:
            with lock:
                ground.clock.now_s += delay_s

        backoff = BackoffPolicy(clock=lambda: ground.clock.now_s, sleep=sleep)
        with Client(ground.state.token, base_url=ground.server.base_url, retry=RetryPolicy(max_retries=0)) as box:
            box.raw.transport.clock = lambda: ground.clock.now_s

            def upload(number: int) -> Any:
                settings: dict[str, Any] = {"folder_id": "0", "file_name": f"{number}.mov", "workers": 1}
                return upload_file(box, CONTENT, backoff=backoff, **settings)

            with ThreadPoolExecutor(4) as threads:
                names = {file.name for file in threads.map(upload, range(4))}
        assert len(names) == 4
        statuses = [exchange.status for exchange in ground.state.request_log]
        # At each refusal, those of the other uploads may be under way.
        assert 1 <= statuses.count(429) <= 8
        assert statuses.count(429) + 4 * 7 == len(statuses)


def test_an_async_client_waits_with_its_uploads(ground: Ground) -> None:
    ground.state.rate_limit(retry_after_s=30)
    slept: list[float] = []

    async def sleep(delay_s: float) -> None:
        slept.append(delay_s)

    async def run() -> None:
        async with AsyncClient(ground.state.token, base_url=ground.server.base_url, sleep=sleep) as box:
            await asyncio.gather(*(box.get_current_user() for _ in range(3)))

    asyncio.run(run())
    assert 30 in slept
