"""Lines and bar: what they show of an upload's events."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from box_uploads.cli.bar import Bar
from box_uploads.cli.display import Lines, Remarks, remark
from box_uploads.cli.rate import Rate
from box_uploads.cli.text import size_text
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
)

MEGABYTE = 1_000_000


def done(index: int, *, was_held: bool = False) -> PartDone:
    return PartDone(index, index * 10 * MEGABYTE, 10 * MEGABYTE, "0" * 40, index + 1, 4, was_held)


@pytest.mark.parametrize(("attempt", "is_told"), [(1, False), (2, True), (3, False), (4, True), (7, False), (8, True)])
def test_a_retry_is_told_whenever_their_number_has_doubled(attempt: int, is_told: bool) -> None:
    said = remark(Retried("part", attempt, 1.5, "503 unavailable", 8_388_608))

    assert said == (f"part at 8,388,608, attempt {attempt}, again in 1.5 s: 503 unavailable" if is_told else "")


@pytest.mark.parametrize(
    ("event", "said"),
    [
        (Resumed(3, 30 * MEGABYTE), "goes on where an earlier run ended; there from then: 3 parts, 30.0 MB"),
        (Resumed(1, 999), "goes on where an earlier run ended; there from then: 1 part, 999 bytes"),
        (Resumed(0, 0), "goes on where an earlier run ended; there from then: no part yet"),
        (Restarted("the session has expired"), "begins anew: the session has expired"),
        (SessionLeft(1, "A session may go on."), "stored; a session may go on."),
        (Retried("commit", 2, 300, "202"), "commit, attempt 2, again in 300 s: 202"),
        (PhaseChanged("commit"), ""),
    ],
)
def test_what_matters_later_is_told(event: ProgressEvent, said: str) -> None:
    assert remark(event) == said


def test_lines_tell_how_much_is_sent_every_half_minute(capsys: pytest.CaptureFixture[str]) -> None:
    now = [0.0]
    lines = Lines(clock=lambda: now[0])
    lines.begin("a.mov")
    lines.tell(Started(40 * MEGABYTE, 10 * MEGABYTE, 4))
    for step in range(1, 9):
        now[0] += 15
        lines.tell(BytesSent(MEGABYTE, step * MEGABYTE, 40 * MEGABYTE))

    out, err = capsys.readouterr()
    assert out == ""
    assert err.splitlines() == [
        "a.mov: 40,000,000 bytes in 4 parts of 10,000,000",
        "a.mov: 5 %, 2.0 MB of 40.0 MB",
        "a.mov: 10 %, 4.0 MB of 40.0 MB",
        "a.mov: 15 %, 6.0 MB of 40.0 MB",
        "a.mov: 20 %, 8.0 MB of 40.0 MB",
    ]


def test_lines_tell_what_matters_with_the_name_and_nothing_of_what_does_not(
    capsys: pytest.CaptureFixture[str],
) -> None:
    lines = Lines()
    lines.begin("a.mov")
    for event in (Restarted("the session has expired"), PhaseChanged("commit"), done(0)):
        lines.tell(event)

    assert capsys.readouterr() == ("", "a.mov: begins anew: the session has expired\n")


@pytest.mark.parametrize(("results_here", "has_begun"), [(True, True), (True, False), (False, True), (False, False)])
def test_a_result_is_a_whole_line_above_the_bar_of_the_same_terminal_and_else_on_stdout(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, *, results_here: bool, has_begun: bool
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    bar, line = Bar([MEGABYTE], results_here=results_here), "a.mov: file 1, " + "x" * 100 + " [b] :smile: 12"
    if has_begun:
        bar.begin("a.mov")
    bar.result(line)
    out, err = capsys.readouterr()
    bar.end()

    assert out == ("" if results_here and has_begun else f"{line}\n")
    assert line in err.splitlines() or not (results_here and has_begun)


def test_names_and_states_are_shown_as_they_are(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    bar = Bar([40 * MEGABYTE], results_here=False)
    bar.begin("[b]a :smile:\x1b.mov")
    bar.stopping()
    capsys.readouterr()
    bar._console.print(bar._progress.get_renderable())
    line = capsys.readouterr().err
    bar.end()

    assert line.startswith("[b]a :smile:\N{REPLACEMENT CHARACTER}.mov")


def test_a_signal_is_shown_past_all_buffers_and_a_stderr_that_cannot_be_written_to_is_no_failure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for mode, shown in (("w", "stopping; once more to stop at once\n"), ("r", None)):
        path = tmp_path / mode
        path.touch()
        with path.open(mode) as file:
            monkeypatch.setattr(sys, "stderr", file)
            Lines().stopping()
            assert shown is None or path.read_text() == shown
        Lines().stopping()


def test_what_is_said_is_a_whole_line_above_the_bar_and_of_characters_that_do_nothing(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    bar, line = Bar([MEGABYTE], results_here=True), "box-uploads: error: " + "x" * 100
    bar.say(f"{line}\x1b[2J")
    assert capsys.readouterr() == ("", f"{line}\N{REPLACEMENT CHARACTER}[2J\n")
    bar.begin("a.mov")
    bar.tell(Restarted(f"{line}\x1b[2J"))
    out, err = capsys.readouterr()
    bar.end()

    assert (out, f"a.mov: begins anew: {line}\N{REPLACEMENT CHARACTER}[2J" in err.splitlines()) == ("", True)


def test_sizes_are_shown_before_a_file_is_opened_and_as_they_are_found_then(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "120")
    bar = Bar([40 * MEGABYTE, 20 * MEGABYTE], results_here=False)
    bar.begin("a.mov")
    everything, file = bar._progress.tasks
    assert (everything.description, everything.total, everything.completed) == ("2 files", 60 * MEGABYTE, 0)
    assert (file.description, file.total, file.completed) == ("a.mov", 40 * MEGABYTE, 0)

    bar.tell(Started(50 * MEGABYTE, 10 * MEGABYTE, 5))
    bar.tell(BytesSent(1, 10 * MEGABYTE, 50 * MEGABYTE))
    bar.tell(done(0))
    assert (everything.total, file.total, file.completed) == (70 * MEGABYTE, 50 * MEGABYTE, 10 * MEGABYTE)
    capsys.readouterr()
    bar._console.print(bar._progress.get_renderable())
    first, second = capsys.readouterr().err.splitlines()
    bar.end()
    assert ("14%" in first, "10.0/70.0 MB" in first) == (True, True)
    assert ("20%" in second, "10.0/50.0 MB" in second, second.rstrip().endswith("1/5 parts")) == (True, True, True)


def test_the_phases_of_an_upload_are_the_state_on_its_bar() -> None:
    bar, states = Bar([40 * MEGABYTE], results_here=False), list[str]()
    bar.begin("a.mov")
    (task,) = bar._progress.tasks
    events: list[ProgressEvent] = [
        PhaseChanged("create"),
        Started(40 * MEGABYTE, 10 * MEGABYTE, 4),
        done(0),
        Restarted("the session has expired"),
        PhaseChanged("commit"),
        Retried("commit", 1, 1, "500"),
        Retried("commit", 2, 1, "500"),
        PhaseChanged("done"),
    ]
    for event in events:
        bar.tell(event)
        states.append(task.fields["state"])
    bar.stopping()
    states.append(task.fields["state"])
    bar.end()

    assert states == [
        "starting",
        "0/4 parts",
        "1/4 parts",
        "0/4 parts",
        "committing",
        "committing, 1 retry",
        "committing, 2 retries",
        "4 parts, 2 retries",
        "stopping; once more to stop at once",
    ]


@pytest.mark.parametrize(
    ("width", "shown"),
    [
        (100, (True, True, True)),
        (99, (False, True, True)),
        (80, (False, True, True)),
        (79, (False, False, True)),
        (50, (False, False, True)),
        (49, (False, False, False)),
    ],
)
def test_a_narrower_terminal_leaves_out_sizes_then_the_rate_then_the_bar(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, width: int, shown: tuple[bool, bool, bool]
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    bar = Bar([40 * MEGABYTE], results_here=False)
    bar.begin("a.mov")
    bar.tell(BytesSent(1, 20 * MEGABYTE, 40 * MEGABYTE))
    bar.tell(PhaseChanged("create"))
    capsys.readouterr()
    bar._console.print(bar._progress.get_renderable())
    line = capsys.readouterr().err
    bar.end()

    assert ("20.0/40.0 MB" in line, "? MB/s" in line, "\u2501" in line) == shown
    assert ("50%" in line, "--:--" in line, "starting" in line) == (True, True, True)


def test_what_an_earlier_run_has_sent_counts_as_sent_but_not_into_the_rate() -> None:
    bar = Bar([40 * MEGABYTE], results_here=False)
    bar.begin("a.mov")
    bar.tell(Resumed(2, 20 * MEGABYTE))
    bar.tell(Started(40 * MEGABYTE, 10 * MEGABYTE, 4))
    for index in range(2):
        bar.tell(BytesSent(10 * MEGABYTE, (index + 1) * 10 * MEGABYTE, 40 * MEGABYTE))
        bar.tell(done(index, was_held=True))

    (task,) = bar._progress.tasks
    assert (task.completed, bar._rate.value()) == (20 * MEGABYTE, None)

    bar.tell(BytesSent(5 * MEGABYTE, 25 * MEGABYTE, 40 * MEGABYTE))
    bar.tell(BytesSent(5 * MEGABYTE, 30 * MEGABYTE, 40 * MEGABYTE))
    bar.tell(done(2))
    bar.end()
    assert (task.completed, task.fields["state"]) == (30 * MEGABYTE, "3/4 parts")


def test_a_part_that_is_sent_again_takes_its_bytes_back() -> None:
    bar = Bar([40 * MEGABYTE], results_here=False)
    bar.begin("a.mov")
    bar.tell(Started(40 * MEGABYTE, 10 * MEGABYTE, 4))
    for sent in (8, 2, 4):
        bar.tell(BytesSent(1, sent * MEGABYTE, 40 * MEGABYTE))
    bar.tell(Retried("part", 1, 1, "500", 0))
    bar.end()

    (task,) = bar._progress.tasks
    assert (task.completed, task.fields["state"]) == (4 * MEGABYTE, "0/4 parts, 1 retry")


def test_the_bar_of_all_files_goes_on_from_file_to_file() -> None:
    bar = Bar([40 * MEGABYTE, None], results_here=False)
    for name in ("a.mov", "b.mov"):
        bar.begin(name)
        bar.tell(Started(40 * MEGABYTE, 10 * MEGABYTE, 4))
        bar.tell(BytesSent(1, 40 * MEGABYTE, 40 * MEGABYTE))
        bar.tell(PhaseChanged("done"))
        bar.ended(40 * MEGABYTE)
    bar.end()

    everything, file = bar._progress.tasks
    assert (everything.completed, everything.total) == (80 * MEGABYTE, 80 * MEGABYTE)
    assert (file.description, file.total) == ("b.mov", 40 * MEGABYTE)


def test_a_file_that_is_there_already_counts_as_a_whole() -> None:
    bar = Bar([40 * MEGABYTE, 40 * MEGABYTE], results_here=False)
    bar.begin("a.mov")
    bar.tell(PhaseChanged("done"))
    bar.ended(40 * MEGABYTE)

    everything, file = bar._progress.tasks
    assert (everything.completed, everything.total) == (40 * MEGABYTE, 80 * MEGABYTE)
    assert (file.completed, file.fields["state"], bar._rate.value()) == (40 * MEGABYTE, "already there", None)
    bar.end()


def test_a_file_that_fails_is_no_part_of_the_whole_any_more() -> None:
    bar = Bar([40 * MEGABYTE, 30 * MEGABYTE], results_here=False)
    bar.begin("a.mov")
    bar.tell(Started(40 * MEGABYTE, 10 * MEGABYTE, 4))
    bar.tell(BytesSent(1, 20 * MEGABYTE, 40 * MEGABYTE))
    bar.tell(Retried("part", 1, 1, "500", 0))
    bar.ended(None)
    bar.begin("b.mov")
    bar.tell(Started(30 * MEGABYTE, 10 * MEGABYTE, 3))
    bar.tell(BytesSent(1, 15 * MEGABYTE, 30 * MEGABYTE))
    bar.tell(PhaseChanged("commit"))

    everything, _ = bar._progress.tasks
    assert (everything.completed, everything.total) == (15 * MEGABYTE, 30 * MEGABYTE)
    bar.end()


@pytest.mark.parametrize("width", [40, 60, 80, 100, 110])
def test_each_bar_is_one_line_however_narrow_the_terminal_is(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, width: int
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    bar = Bar([400 * MEGABYTE, 400 * MEGABYTE], results_here=False)
    bar.begin("A name of many more letters than a line has room for.mov")
    bar.tell(Started(400 * MEGABYTE, 1 * MEGABYTE, 400))
    for attempt in (1, 3, 5):
        bar.tell(Retried("part", attempt, 1.5, "503 unavailable", 8_388_608))
    capsys.readouterr()
    bar._console.print(bar._progress.get_renderable())
    lines = capsys.readouterr().err.splitlines()
    bar.end()

    assert len(lines) == 2
    assert all(len(line) <= width for line in lines)
    assert width < 60 or "0/400 parts, 3 retries" in lines[1]


def test_a_size_of_0_is_one_that_is_not_known(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("COLUMNS", "LINES"):
        monkeypatch.setenv(name, "0")
    bar = Bar([400 * MEGABYTE], results_here=False)
    bar.begin("film.mov")
    capsys.readouterr()
    bar._console.print(bar._progress.get_renderable())
    shown = capsys.readouterr().err
    bar.end()

    assert "film.mov" in shown
    assert bar._console.size >= (40, 10)


def test_the_rate_is_that_of_the_last_half_minute_and_unknown_when_nothing_moves() -> None:
    now = [0.0]
    rate = Rate(lambda: now[0])
    assert rate.value() is None
    for _ in range(40):
        now[0] += 1
        rate.note(MEGABYTE)
    assert rate.value() == MEGABYTE

    now[0] += 4
    assert rate.value() == MEGABYTE
    now[0] += 2
    assert rate.value() is None

    now[0] += 60
    rate.note(MEGABYTE)
    assert rate.value() is None
    now[0] += 1
    rate.note(3 * MEGABYTE)
    assert rate.value() == 3 * MEGABYTE


def test_many_moves_take_no_more_memory_than_the_last_thousand() -> None:
    now = [0.0]
    rate = Rate(lambda: now[0])
    for count in [1] * 1000 + [3] * 1000:
        now[0] += 0.001
        rate.note(count)

    assert rate.value() == pytest.approx(3000)


def test_what_moves_again_after_a_long_pause_has_a_rate_at_once() -> None:
    now = [0.0]
    rate = Rate(lambda: now[0])
    rate.note(MEGABYTE)
    now[0] += 6
    rate.note(6 * MEGABYTE)

    assert rate.value() == MEGABYTE


@pytest.mark.parametrize(
    ("size", "said"),
    [
        (0, "0 bytes"),
        (999, "999 bytes"),
        (1000, "1.0 kB"),
        (1_500_000, "1.5 MB"),
        (2 * 10**9, "2.0 GB"),
        (3 * 10**12, "3.0 TB"),
        (4 * 10**15, "4000.0 TB"),
    ],
)
def test_a_size_is_told_in_the_unit_that_suits_it(size: int, said: str) -> None:
    assert size_text(size) == said


def test_there_is_no_rate_without_time_or_when_more_goes_again_than_goes() -> None:
    now = [0.0]
    rate = Rate(lambda: now[0])
    for _ in range(2):
        rate.note(MEGABYTE)
    assert rate.value() is None

    now[0] += 2
    rate.note(-3 * MEGABYTE)
    assert rate.value() is None
    rate.note(4 * MEGABYTE)
    assert rate.value() == MEGABYTE


def test_an_outage_leaves_neither_rate_nor_time_left_on_the_bar(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "110")
    now = [0.0]
    bar = Bar([40 * MEGABYTE], results_here=False, clock=lambda: now[0])
    bar.begin("a.mov")
    bar.tell(Started(40 * MEGABYTE, 10 * MEGABYTE, 4))
    for step in range(1, 4):
        now[0] += 1
        bar.tell(BytesSent(MEGABYTE, step * MEGABYTE, 40 * MEGABYTE))
    now[0] += 1
    bar.tell(Retried("part", 1, 1, "500", 0))

    def shown() -> str:
        capsys.readouterr()
        bar._console.print(bar._progress.get_renderable())
        return capsys.readouterr().err

    assert "1.0 MB/s 00:37" in shown()
    now[0] += 6
    assert "  ? MB/s --:--" in shown()
    bar.end()


def test_what_all_workers_fail_by_is_told_once_a_minute() -> None:
    now = [0.0]
    remarks = Remarks(lambda: now[0])

    def told(attempt: int, reason: str, offset: int) -> bool:
        return bool(remarks.on(Retried("part", attempt, 1.5, f"{reason} (upload_part, request id {offset})", offset)))

    assert [told(2, "503 unavailable", offset) for offset in range(4)] == [True, False, False, False]
    assert [told(2, "gone", 0), told(4, "503 unavailable", 0)] == [True, True]
    assert remarks.on(Retried("commit", 2, 1.5, "503 unavailable (upload_part, request id 5)"))
    now[0] += 60
    assert told(2, "503 unavailable", 0)


def test_a_bar_ends_with_the_time_that_it_took(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "110")
    now = [0.0]
    bar = Bar([40 * MEGABYTE], results_here=False, clock=lambda: now[0])
    bar.begin("a.mov")
    bar.tell(Started(40 * MEGABYTE, 10 * MEGABYTE, 4))
    now[0] += 4000
    bar.tell(BytesSent(1, 40 * MEGABYTE, 40 * MEGABYTE))
    # All bytes are gone, but a part has to go again: no time is final.
    bar.tell(Retried("part", 1, 1, "500", 0))
    capsys.readouterr()
    bar._console.print(bar._progress.get_renderable())
    assert "? MB/s --:-- 0/4 parts, 1 retry" in capsys.readouterr().err

    now[0] += 1
    bar.tell(PhaseChanged("done"))
    bar.ended(40 * MEGABYTE)
    bar.end()
    assert "1:06:41 4 parts, 1 retry" in capsys.readouterr().err
