"""Progress as plain lines: which events get a line, and what it says."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from box_uploads.cli.display import EventMessages, LogDisplay, Repeats
from box_uploads.upload import (
    BytesSent,
    PartDone,
    PhaseChanged,
    ProgressEvent,
    Restarted,
    Resumed,
    Retried,
    SessionLeft,
    Started,
    Throttled,
)

MEGABYTE = 1_000_000
STARTED = Started(40 * MEGABYTE, 10 * MEGABYTE, 4)


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def sent(megabytes: int) -> BytesSent:
    return BytesSent(MEGABYTE, megabytes * MEGABYTE, 40 * MEGABYTE)


def done(*, was_held: bool) -> PartDone:
    return PartDone(0, 0, 10 * MEGABYTE, "0" * 40, 1, 4, was_held=was_held)


@pytest.fixture
def repeats() -> Repeats:
    return Repeats(lambda: 0.0)


@pytest.fixture
def messages(repeats: Repeats) -> EventMessages:
    return EventMessages(repeats)


@pytest.mark.parametrize(
    ("attempt", "has_message"), [(1, False), (2, True), (3, False), (4, True), (7, False), (8, True)]
)
def test_a_retry_has_a_message_whenever_the_number_of_attempts_has_doubled(
    messages: EventMessages, attempt: int, *, has_message: bool
) -> None:
    messages.message(STARTED)
    message = messages.message(Retried("part", attempt, 1.5, "503 unavailable", 20 * MEGABYTE))

    assert message == (f"retrying part 3 in 1.5 s after {attempt} attempts: 503 unavailable" if has_message else "")


@pytest.mark.parametrize(("event", "message"), [
    (Restarted("the session has expired"), "starting over: the session has expired"),
    (SessionLeft(1, "A session may go on."), "uploaded; a session may go on."),
    (Throttled(99.97), "rate limit reached, continuing in 100 s"),
    (Retried("commit", 2, 300, "202"), "retrying the commit in 300 s after 2 attempts: 202"),
    (Retried("other", 2, 9.96, "503"), "retrying other in 10.0 s after 2 attempts: 503"),
    (Retried("part", 2, 10, "503", 8_388_608), "retrying the part at byte 8,388,608 in 10 s after 2 attempts: 503"),
    (PhaseChanged("commit"), ""),
    (STARTED, ""),
])  # fmt: skip
def test_an_event_that_matters_has_a_message(messages: EventMessages, event: ProgressEvent, message: str) -> None:
    assert messages.message(event) == message


@pytest.mark.parametrize("parts", [0, 1, 3])
def test_a_resumed_upload_says_how_many_of_its_parts_are_uploaded(messages: EventMessages, parts: int) -> None:
    found = [messages.message(event) for event in (Resumed(parts, parts * 10 * MEGABYTE), STARTED, STARTED)]

    assert found == ["", f"resuming, {parts} of 4 parts already uploaded", ""]


@pytest.mark.parametrize("is_restart", [True, False])
def test_an_upload_that_starts_over_and_the_next_file_are_not_resumed(
    messages: EventMessages, repeats: Repeats, *, is_restart: bool
) -> None:
    messages.message(Resumed(3, 30 * MEGABYTE))
    if is_restart:
        messages.message(Restarted("the session has expired"))
    else:
        messages = EventMessages(repeats)

    assert messages.message(STARTED) == ""


def test_equal_failures_of_all_workers_have_one_message_a_minute() -> None:
    clock = Clock()
    messages = EventMessages(Repeats(clock))

    def has_message(attempt: int, reason: str, offset: int) -> bool:
        reason = f"{reason} (upload_part, request id {offset})"
        return bool(messages.message(Retried("part", attempt, 1.5, reason, offset)))

    assert [has_message(2, "503 unavailable", offset) for offset in range(4)] == [True, False, False, False]
    assert [has_message(2, "gone", 0), has_message(4, "503 unavailable", 0)] == [True, True]
    assert messages.message(Retried("commit", 2, 1.5, "503 unavailable (upload_part, request id 5)"))
    clock.now += 60
    assert has_message(2, "503 unavailable", 0)


def test_a_rate_limit_that_stops_all_files_has_one_message() -> None:
    clock = Clock()
    repeats = Repeats(clock)
    files = [EventMessages(repeats) for _ in range(3)]

    assert [bool(file.message(Throttled(delay_s=5))) for file in files] == [True, False, False]
    clock.now += 5
    assert [bool(file.message(Throttled(delay_s=5))) for file in files] == [True, False, False]


def test_a_log_has_the_start_and_the_progress_every_half_minute(capsys: pytest.CaptureFixture[str]) -> None:
    clock = Clock()
    log = LogDisplay(clock=clock)
    file = log.start_file(0, "a.mov")
    file.show_event(Resumed(1, 10 * MEGABYTE))
    file.show_event(STARTED)
    for step in range(1, 9):
        clock.now += 15
        file.show_event(sent(step))
        if step == 4:
            file.show_event(done(was_held=True))
        if step == 7:
            file.show_event(Restarted("the session has expired"))

    out, err = capsys.readouterr()
    assert out == ""
    assert err.splitlines() == [
        "a.mov: 40.0 MB, 4 parts of 10.0 MB",
        "a.mov: resuming, 1 of 4 parts already uploaded",
        "a.mov: 5%, 2.0/40.0 MB, 0/4 parts",
        "a.mov: 10%, 4.0/40.0 MB, 0/4 parts",
        "a.mov: 15%, 6.0/40.0 MB, 1/4 parts",
        "a.mov: starting over: the session has expired",
        "a.mov: 20%, 8.0/40.0 MB, 0/4 parts",
    ]


def test_a_log_starts_the_half_minute_and_the_parts_of_each_file_anew(capsys: pytest.CaptureFixture[str]) -> None:
    clock = Clock()
    log = LogDisplay(clock=clock)
    files = []
    for index, name in enumerate(("a.mov", "b.mov")):
        files.append(log.start_file(index, name))
        files[-1].show_event(STARTED)
        clock.now += 20
        files[-1].show_event(sent(10))
        files[-1].show_event(done(was_held=False))
    clock.now += 10
    files[-1].show_event(sent(20))

    assert capsys.readouterr().err.splitlines()[2:] == ["b.mov: 50%, 20.0/40.0 MB, 1/4 parts"]


def test_a_signal_is_reported_without_a_buffer_and_an_unwritable_stderr_is_ignored(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for mode, text in (("w", "stopping; press Ctrl-C again to quit at once\n"), ("r", None)):
        path = tmp_path / mode
        path.touch()
        with path.open(mode) as file:
            monkeypatch.setattr(sys, "stderr", file)
            LogDisplay().show_stopping()
            assert text is None or path.read_text() == text
        LogDisplay().show_stopping()
