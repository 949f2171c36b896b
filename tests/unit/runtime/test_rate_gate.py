"""One rate for all calls of a client: who starts when after a 429, and that all transports of a client ask."""

from __future__ import annotations

import asyncio
import threading
from datetime import UTC, datetime, timedelta
from heapq import heappop, heappush
from typing import TYPE_CHECKING, Any

import httpx2
import pytest
from box_uploads_mock.user_limits import TokenBucket
from hypothesis import given
from hypothesis import strategies as st

from generator.overlay._runtime.auth import Credentials
from generator.overlay._runtime.dedicated_transport import dedicate, dedicate_async
from generator.overlay._runtime.messages import Request
from generator.overlay._runtime.rate_gate import RateGate, Wait
from generator.overlay._runtime.retry import RetryPolicy
from generator.overlay._runtime.transport import AsyncTransport, SyncTransport

from .conftest import BASE, Recorder

if TYPE_CHECKING:
    from collections.abc import Callable

    from .conftest import Blocking, Connect

GET = Request("get_thing", "GET", "https://api.example", "/thing")
ONCE = RetryPolicy(max_retries=0, random=lambda: 0.5)


def make_gate(retry_after_s: float | None = 10, fraction: float = 0.5) -> RateGate:
    """Return a gate at which a call was refused at time 0, after too few others to know their rate."""
    gate = RateGate(lambda: fraction)
    gate.refuse(0, retry_after_s)
    return gate


def turn(gate: RateGate, now: float = 0) -> float:
    """Return the time at which a call may start that asks now."""
    wait = gate.admit(now)
    return now if wait is None else wait.until_s


def test_an_open_gate_lets_every_call_start_at_once() -> None:
    gate = RateGate()
    assert [gate.admit(0) for _ in range(100)] == [None] * 100
    assert (gate.is_limited, gate.pauses) == (False, 0)


def test_one_call_goes_ahead_when_the_wait_is_over_and_others_follow_after_a_jitter_one_by_one() -> None:
    gate = make_gate()
    assert gate.admit(0) == Wait(10, 10, 1)
    assert gate.admit(4) == Wait(7, 11, 1)
    starts = [turn(gate, 5) for _ in range(3)]
    assert starts == pytest.approx([11 + 1 / 2.92, 11 + 2 / 2.95, 11 + 3 / 2.97], rel=0.01)
    assert gate.admit(10, reserved_s=10) is None
    # The pause is over, and only the rate is limited.
    assert gate.admit(10.5, reserved_s=11) == Wait(0.5, 11, 0)
    assert turn(make_gate(fraction=0)) == 10


def test_calls_under_way_that_are_refused_as_well_are_no_further_pause() -> None:
    gate = make_gate()
    assert gate.admit(0) == Wait(10, 10, 1)
    for now in (0.1, 0.9):
        gate.refuse(now, 10)
    assert (gate.pauses, gate.admit(10, reserved_s=10)) == (1, None)
    gate.refuse(10.1, 10)
    assert gate.pauses == 2


def test_a_longer_wait_closes_the_gate_for_longer_and_those_who_had_a_turn_get_another() -> None:
    gate = make_gate()
    assert gate.admit(0) == Wait(10, 10, 1)
    gate.refuse(0.5, 30)
    wait = gate.admit(10, reserved_s=10)
    assert wait is not None
    assert (wait.until_s >= 30.5, wait.pause) == (True, 1)


@pytest.mark.parametrize("retry_after_s", [None, 0])
def test_without_a_wait_calls_are_only_spaced(retry_after_s: float | None) -> None:
    gate = make_gate(retry_after_s)
    for now in (0.1, 0.2):
        gate.refuse(now, retry_after_s)
    assert (gate.pauses, gate.admit(0.3)) == (0, None)
    assert gate.admit(0.3) == pytest.approx((1 / 2.9, 0.3 + 1 / 2.9, 0, False), rel=0.01)


def test_the_rate_begins_at_seven_tenths_of_that_which_was_refused_and_recovers() -> None:
    gate = RateGate(lambda: 0.0)
    for number in range(41):
        gate.note_start(number / 20)
    gate.refuse(2, 10)
    assert turn(gate) == 12
    gaps = {}
    # It recovers in three times the wait.
    for after_s in (0, 30, 60, 90):
        begin = turn(gate, 12.1 + after_s)
        gaps[after_s] = 1 / (turn(gate, 12.1 + after_s) - begin)
    assert list(gaps.values()) == pytest.approx([0.7 * 20.5, 20.5, 1.3 * 20.5, 3.4 * 20.5], rel=0.02)
    assert gate.is_limited
    assert gate.admit(12 + 95) is None
    assert not gate.is_limited


def test_a_further_refusal_lowers_the_rate_once_more() -> None:
    gate = make_gate()
    gate.refuse(20, 10)
    begin = turn(gate, 40)
    # The rate was 3.64 a second, and is less than half of that, since no other call was answered in between.
    assert 1 / (turn(gate, 40) - begin) == pytest.approx(3.64 / 2 * (1 - 0.3 * (2 / 3) ** 3), rel=0.02)


def test_a_pause_that_is_too_long_is_refused_and_reserves_nothing() -> None:
    gate = make_gate(61)
    assert gate.admit(0, 60) == Wait(61, 61, 1, is_refused=True)
    assert gate.admit(1, 60) == Wait(60, 61, 1)


def test_no_server_closes_the_gate_for_more_than_an_hour() -> None:
    assert turn(make_gate(1e9)) == 3600


def test_a_wait_that_took_no_time_by_the_clock_is_over_all_the_same() -> None:
    gate = make_gate()
    gate.advance(10)
    assert gate.admit(0) is None


EVENTS = st.lists(st.tuples(st.floats(0, 50), st.none() | st.integers(0, 120)), max_size=30)


@given(EVENTS, st.floats(0, 1, exclude_max=True))
def test_no_two_calls_start_together_and_none_before_the_last_wait_is_over(
    events: list[tuple[float, int | None]], fraction: float
) -> None:
    gate, now, opens, starts = make_gate(0, fraction), 1.0, 0.0, list[float]()
    for elapsed_s, asked_s in events:
        now += elapsed_s
        if asked_s is not None:
            # Whole seconds: a call that was under way may be told a moment more.
            opens = max(opens, now + asked_s - 1)
            gate.refuse(now, asked_s)
        if not gate.is_limited:
            starts.clear()
        wait = gate.admit(now)
        while wait is not None:
            now = wait.until_s
            wait = gate.admit(now, reserved_s=now)
        assert now >= opens
        assert now not in starts
        starts.append(now)


BEGIN = datetime(2030, 1, 1, tzinfo=UTC)


def simulate(per_minute: int, threads: int, call_s: float, minutes: int) -> tuple[float, float]:
    """Let threads send calls to a server with a bucket, without an end.

    Returns:
        Refused calls for each one that was answered, and the share of the calls that the bucket would have admitted.
    """
    gate, bucket = RateGate(lambda: 0.5), TokenBucket(per_minute, BEGIN)
    queue: list[tuple[float, int, float | None, bool]] = []
    answered = refused = number = 0
    for _ in range(threads):
        heappush(queue, (0.0, number := number + 1, None, False))
    while queue[0][0] < 60 * minutes:
        now, _, reserved_s, is_answer = heappop(queue)
        number += 1
        if is_answer:
            if reserved_s is not None:
                gate.refuse(now, reserved_s)
            heappush(queue, (now, number, None, False))
        elif (wait := gate.admit(now, reserved_s=reserved_s)) is not None:
            heappush(queue, (wait.until_s, number, wait.until_s, False))
        else:
            wait_s = bucket.wait_s(BEGIN + timedelta(seconds=now))
            if wait_s:
                refused += 1
            else:
                bucket.take()
                answered += 1
            heappush(queue, (now + call_s, number, -(-wait_s // 1) if wait_s else None, True))
    return refused / answered, answered / (per_minute * (minutes + 1))


@pytest.mark.parametrize(
    ("per_minute", "threads", "call_s"), [(1000, 8, 0.15), (1000, 64, 0.3), (1000, 1, 0.02), (240, 8, 0.15)]
)
def test_few_calls_are_refused_at_nearly_the_rate_that_the_server_allows(
    per_minute: int, threads: int, call_s: float
) -> None:
    refused, share = simulate(per_minute, threads, call_s, 10)
    assert refused < 0.02
    assert share > 0.97


class Timeline:
    """A clock that moves when somebody sleeps, and notes it."""

    def __init__(self) -> None:
        self.now = 0.0
        self.slept: list[float] = []

    def sleep(self, delay_s: float) -> None:
        self.now += delay_s
        self.slept.append(delay_s)


def limited(
    connect: Connect, *statuses: int, retry_after: str = "7", **options: Any
) -> tuple[Blocking, Recorder, Timeline]:
    """Return a transport of which the first call was refused, what its server got, and the time."""
    time, server = Timeline(), Recorder(429, *statuses, headers={"retry-after": retry_after})
    transport = connect(server, clock=lambda: time.now, sleep=time.sleep, **{"retry": ONCE, **options})
    transport.send(GET)
    return transport, server, time


def test_the_call_that_was_refused_waits_exactly_as_long_as_the_server_asks(connect: Connect) -> None:
    time, server = Timeline(), Recorder(429, 200, headers={"retry-after": "7"})
    # The clock stands still, as with a test's own `sleep=`.
    transport = connect(server, sleep=time.sleep, clock=lambda: 0.0)
    assert transport.send(GET).status == 200
    assert time.slept == [7]
    transport.close()


@pytest.mark.parametrize(
    "copy",
    [
        lambda transport: transport,
        lambda transport: transport.with_options(headers={"as-user": "7"}, timeout_s=3),
        lambda transport: transport.without_retries(),
        lambda transport: transport.with_timeout_cap(5),
        lambda transport: transport.with_timeout_cap(lambda: 5),
    ],
)
def test_all_copies_of_a_transport_wait_for_what_one_was_told(connect: Connect, copy: Callable[[Any], Any]) -> None:
    transport, server, time = limited(connect, 200)
    assert transport.but(copy).send(GET).status == 200
    assert (time.slept, len(server.requests)) == ([7], 2)
    transport.close()


def test_another_client_does_not_wait(connect: Connect) -> None:
    transport, _, time = limited(connect, 200)
    other = connect(Recorder(200), sleep=time.sleep, clock=lambda: time.now)
    assert (other.send(GET).status, time.slept) == (200, [])
    for each in (transport, other):
        each.close()


def test_a_call_that_would_wait_for_too_long_is_answered_without_being_sent(connect: Connect) -> None:
    transport, server, time = limited(connect, 200, retry_after="61", retry=RetryPolicy())
    raw = transport.send(GET)
    assert (raw.status, raw.headers["retry-after"], raw.operation) == (429, "61", "get_thing")
    assert raw.note.startswith("not sent: the server has refused an earlier call")
    time.now = 1.5
    assert (transport.send(GET).status, time.slept, len(server.requests)) == (200, [59.5], 2)
    transport.close()


def test_a_call_waits_no_longer_than_it_would_however_often_the_gate_is_closed(connect: Connect) -> None:
    time, server = Timeline(), Recorder(200)

    def sleep(delay_s: float) -> None:
        time.sleep(delay_s)
        if len(time.slept) < 10:
            transport.transport.note_refusal(25)

    transport = connect(server, clock=lambda: time.now, sleep=sleep)
    transport.transport.note_refusal(25)
    assert (transport.send(GET).status, server.requests) == (429, [])
    assert 50 <= sum(time.slept) <= 60
    transport.close()


def test_what_a_redirect_leads_to_does_not_close_the_gate(connect: Connect) -> None:
    def serve(request: httpx2.Request) -> httpx2.Response:
        if request.url.path.endswith("/thing"):
            return httpx2.Response(302, headers={"location": f"{BASE}/elsewhere"})
        return httpx2.Response(429, headers={"retry-after": "7"})

    request = Request("get_thing", "GET", "https://api.example", "/thing", follows_redirect=True)
    time = Timeline()
    transport = connect(serve, retry=ONCE, sleep=time.sleep)
    assert [transport.send(request).status for _ in range(2)] == [429, 429]
    assert time.slept == []
    transport.close()


def test_threads_of_one_client_wait_together_and_start_one_by_one() -> None:
    time, lock, starts = Timeline(), threading.Lock(), list[float]()
    gathered = threading.Barrier(4, timeout=30)

    def serve(_: httpx2.Request) -> httpx2.Response:
        starts.append(time.now)
        return httpx2.Response(429 if len(starts) == 1 else 200, headers={"retry-after": "7"})

    def sleep(delay_s: float) -> None:
        until_s = delay_s  # all ask before time passes
        gathered.wait()
        with lock:
            time.now = max(time.now, until_s)
            time.slept.append(delay_s)

    transport = SyncTransport(
        Credentials("t0ken"),
        base_url=BASE,
        http=httpx2.MockTransport(serve),
        clock=lambda: time.now,
        sleep=sleep,
        retry=ONCE,
    )
    with transport:
        transport.send(GET)
        workers = [threading.Thread(target=transport.send, args=(GET,)) for _ in range(4)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join(30)
    assert len(starts) == 5
    assert sorted(time.slept)[:2] == [7, 7.7]
    assert min(starts[1:]) >= 7
    assert len(set(time.slept)) == 4


def test_tasks_of_one_client_wait_together_and_start_one_by_one() -> None:
    time, starts = Timeline(), list[float]()

    def serve(_: httpx2.Request) -> httpx2.Response:
        starts.append(time.now)
        return httpx2.Response(429 if len(starts) == 1 else 200, headers={"retry-after": "7"})

    async def sleep(delay_s: float) -> None:
        until_s = time.now + delay_s
        time.slept.append(delay_s)
        # All ask before time passes.
        for _ in range(10_000):
            if len(time.slept) >= 4:
                break
            await asyncio.sleep(0)
        time.now = max(time.now, until_s)

    async def run() -> None:
        transport = AsyncTransport(
            Credentials("t0ken"),
            base_url=BASE,
            http=httpx2.MockTransport(serve),
            clock=lambda: time.now,
            sleep=sleep,
            retry=ONCE,
        )
        async with transport:
            await transport.send(GET)
            await asyncio.gather(*(transport.send(GET) for _ in range(4)))

    asyncio.run(run())
    assert len(starts) == 5
    assert time.slept[:2] == [7, pytest.approx(7.7)]
    assert len(set(time.slept)) == 4


class Patient:
    """Waits in place of a client, as an upload does."""

    def __init__(self) -> None:
        self.waits: list[tuple[float, int]] = []

    def gate_left_s(self) -> float:
        return 100

    def wait_at_gate(self, delay_s: float, pause: int) -> None:
        self.waits.append((delay_s, pause))


def test_transports_beside_a_client_share_its_gate_and_have_others_wait() -> None:
    server, patient = Recorder(429, 200, headers={"retry-after": "99"}), Patient()
    options: dict[str, Any] = {"base_url": BASE, "retry": ONCE, "clock": lambda: 0.0}
    with SyncTransport(Credentials("t0ken"), http=httpx2.MockTransport(server), **options) as transport:
        transport.send(GET)
        assert dedicate(transport).with_throttle(patient).send(GET).status == 200
    assert (patient.waits, len(server.requests)) == ([(99, 1)], 2)
    with SyncTransport(Credentials("t0ken"), **options) as transport, dedicate(transport) as dedicated:
        assert dedicated.gate is transport.gate


def test_a_thread_waits_for_a_call_that_the_event_loop_sends() -> None:
    server, patient = Recorder(429, 200, headers={"retry-after": "99"}), Patient()

    async def run() -> None:
        loop = asyncio.get_running_loop()
        transport = AsyncTransport(
            Credentials("t0ken"), base_url=BASE, http=httpx2.MockTransport(server), retry=ONCE, clock=lambda: 0.0
        )
        async with transport:
            await transport.send(GET)
            calls = dedicate_async(
                transport,
                lambda coroutine: asyncio.run_coroutine_threadsafe(coroutine, loop),
                lambda _: pytest.fail("no token is fetched"),
            )
            refused = await asyncio.to_thread(calls.send, GET)
            assert (refused.status, refused.headers["retry-after"]) == (429, "99")
            assert (await asyncio.to_thread(calls.with_throttle(patient).send, GET)).status == 200
            assert transport.gate.admit(99) is not None

    asyncio.run(run())
    # Asked once, by the thread: the next turn is not taken twice.
    assert (patient.waits, len(server.requests)) == ([(99, 1)], 2)
