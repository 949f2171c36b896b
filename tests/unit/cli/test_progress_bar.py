"""The progress bar: what its lines show of an upload's events, and what fits into the terminal."""

from __future__ import annotations

import pytest
from box_uploads.cli.progress_bar import ProgressBar
from box_uploads.upload import (
    BytesSent,
    PartDone,
    PhaseChanged,
    ProgressEvent,
    Restarted,
    Resumed,
    Retried,
    Started,
)

MEGABYTE = 1_000_000
STARTED = Started(40 * MEGABYTE, 10 * MEGABYTE, 4)
RETRIED = Retried("part", 1, 1, "500", 0)


def done(index: int, *, was_held: bool = False) -> PartDone:
    return PartDone(index, index * 10 * MEGABYTE, 10 * MEGABYTE, "0" * 40, index + 1, 4, was_held)


class Screen:
    """A terminal of some width, and what a bar draws on it."""

    def __init__(self, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
        self._capsys, self._monkeypatch = capsys, monkeypatch
        self.resize(80)

    def resize(self, width: int) -> None:
        self._monkeypatch.setenv("COLUMNS", str(width))

    def lines(self, bar: ProgressBar) -> list[str]:
        self._capsys.readouterr()
        bar._console.print(bar._progress.get_renderable())
        return self._capsys.readouterr().err.splitlines()


@pytest.fixture
def screen(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Screen:
    return Screen(capsys, monkeypatch)


def bar_of(*sizes: int | None) -> ProgressBar:
    return ProgressBar([None if size is None else size * MEGABYTE for size in sizes], results_here=False)


@pytest.mark.parametrize(("results_here", "has_begun"), [(True, True), (True, False), (False, True), (False, False)])
def test_a_result_is_a_whole_line_above_the_bar_of_the_same_terminal_and_else_on_stdout(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, *, results_here: bool, has_begun: bool
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    bar, line = ProgressBar([MEGABYTE], results_here=results_here), "a.mov: file 1, " + "x" * 100 + " [b] :smile: 12"
    if has_begun:
        bar.start_file("a.mov")
    bar.write_result(line)
    out, err = capsys.readouterr()
    bar.close()

    assert out == ("" if results_here and has_begun else f"{line}\n")
    assert line in err.splitlines() or not (results_here and has_begun)


def test_a_message_is_a_whole_printable_line_above_the_bar(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    bar, line = ProgressBar([MEGABYTE], results_here=True), "error: " + "x" * 100
    bar.write_message(f"{line}\x1b[2J")
    assert capsys.readouterr() == ("", f"{line}\N{REPLACEMENT CHARACTER}[2J\n")
    bar.start_file("a.mov")
    bar.show_event(Restarted(f"{line}\x1b[2J"))
    out, err = capsys.readouterr()
    bar.close()

    assert out == ""
    assert f"a.mov: starting over: {line}\N{REPLACEMENT CHARACTER}[2J" in err.splitlines()


def test_a_resumed_upload_has_a_message_and_the_next_file_has_not(capsys: pytest.CaptureFixture[str]) -> None:
    bar = bar_of(40, 40)
    bar.start_file("a.mov")
    bar.show_event(Resumed(2, 20 * MEGABYTE))
    bar.start_file("b.mov")
    bar.show_event(STARTED)
    bar.show_event(Resumed(3, 30 * MEGABYTE))
    bar.show_event(STARTED)
    bar.close()

    err = capsys.readouterr().err
    assert "a.mov: resuming" not in err
    assert "b.mov: resuming, 3 of 4 parts already uploaded" in err


def test_names_are_shown_without_markup_and_unprintable_characters(screen: Screen) -> None:
    bar = bar_of(40)
    bar.start_file("[b]a :smile:\x1b")
    bar.show_event(PhaseChanged("create"))
    (line,) = screen.lines(bar)
    bar.close()

    assert line.startswith("[b]a :smile:\N{REPLACEMENT CHARACTER} ")


def test_sizes_are_shown_before_a_file_is_opened_and_corrected_when_it_is(screen: Screen) -> None:
    screen.resize(120)
    bar = bar_of(40, 20)
    bar.start_file("a.mov")
    total, file = bar._progress.tasks
    assert (total.description, total.total, total.completed) == ("total", 60 * MEGABYTE, 0)
    assert (file.description, file.total, file.completed) == ("a.mov", 40 * MEGABYTE, 0)

    bar.show_event(Started(50 * MEGABYTE, 10 * MEGABYTE, 5))
    bar.show_event(BytesSent(1, 10 * MEGABYTE, 50 * MEGABYTE))
    bar.show_event(done(0))
    assert (total.total, file.total, file.completed) == (70 * MEGABYTE, 50 * MEGABYTE, 10 * MEGABYTE)
    first, second = screen.lines(bar)
    bar.close()
    assert first.split()[2:] == ["14%", "10.0/70.0", "MB", "--/s", "--:--", "left", "0/2", "files"]
    assert second.split()[2:] == ["20%", "10.0/50.0", "MB", "--/s", "--:--", "left", "1/5", "parts"]
    assert [line.partition("\u2501")[0] for line in (first, second)] == ["total  ", "a.mov  "]


def test_a_file_of_unknown_size_has_no_percentage(screen: Screen) -> None:
    bar = bar_of(None)
    bar.start_file("a.mov")
    bar.show_event(PhaseChanged("create"))
    (line,) = screen.lines(bar)
    bar.close()

    assert "%" not in line
    assert "MB" not in line


def test_the_state_shows_the_phases_of_an_upload() -> None:
    bar, states = bar_of(40), list[str]()
    bar.start_file("a.mov")
    (task,) = bar._progress.tasks
    events: list[ProgressEvent] = [
        PhaseChanged("create"),
        STARTED,
        done(0),
        Restarted("the session has expired"),
        PhaseChanged("commit"),
        Retried("commit", 1, 1, "500"),
        Retried("commit", 2, 1, "500"),
        PhaseChanged("done"),
    ]
    for event in events:
        bar.show_event(event)
        states.append(task.fields["state"])
    bar.show_stopping()
    states.append(task.fields["state"])
    bar.close()

    assert [*states, task.fields["state"]] == [
        "starting",
        "0/4 parts",
        "1/4 parts",
        "0/4 parts",
        "committing",
        "committing, 1 retry",
        "committing, 2 retries",
        "4 parts, 2 retries",
        "stopping; press Ctrl-C again to quit at once",
        "interrupted",
    ]


@pytest.mark.parametrize(
    ("width", "shown"),
    [
        (62, (True, True, True, True)),
        (61, (False, True, True, True)),
        (53, (False, True, True, True)),
        (52, (False, False, True, True)),
        (43, (False, False, True, True)),
        (42, (False, False, False, True)),
        (30, (False, False, False, True)),
        (29, (False, False, False, False)),
    ],
)
def test_a_narrow_terminal_leaves_out_the_bar_then_the_throughput_the_size_and_the_time(
    screen: Screen, width: int, shown: tuple[bool, bool, bool, bool]
) -> None:
    screen.resize(width)
    bar = bar_of(40)
    bar.start_file("a.mov")
    bar.show_event(BytesSent(1, 20 * MEGABYTE, 40 * MEGABYTE))
    bar.show_event(PhaseChanged("create"))
    (line,) = screen.lines(bar)
    bar.close()

    assert ("\u2501" in line, "--/s" in line, "20.0/40.0 MB" in line, "--:-- left" in line) == shown
    assert ("a.mov" in line, "50%" in line, "starting" in line) == (True, True, True)


@pytest.mark.parametrize("width", [40, 60, 80, 100, 110])
def test_each_bar_is_one_line_however_narrow_the_terminal_is(screen: Screen, width: int) -> None:
    screen.resize(width)
    bar = bar_of(400, 400)
    bar.start_file("A name of many more letters than a line has room for.mov")
    bar.show_event(Started(400 * MEGABYTE, 1 * MEGABYTE, 400))
    for attempt in (1, 3, 5):
        bar.show_event(Retried("part", attempt, 1.5, "503 unavailable", 8_388_608))
    lines = screen.lines(bar)
    bar.close()

    assert len(lines) == 2
    assert all(len(line) <= width for line in lines)
    assert width < 60 or "0/400 parts, 3 retries" in lines[1]
    assert width < 80 or "0.0/400.0 MB" in lines[1]


def test_a_terminal_size_of_0_means_unknown(screen: Screen, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("COLUMNS", "LINES"):
        monkeypatch.setenv(name, "0")
    bar = bar_of(400)
    bar.start_file("film.mov")
    lines = screen.lines(bar)
    bar.close()

    assert "film.mov" in lines[0]
    assert bar._console.size >= (40, 10)


def test_parts_of_an_earlier_run_count_as_done_but_not_for_the_throughput() -> None:
    bar = bar_of(40)
    bar.start_file("a.mov")
    bar.show_event(Resumed(2, 20 * MEGABYTE))
    bar.show_event(STARTED)
    for index in range(2):
        bar.show_event(BytesSent(10 * MEGABYTE, (index + 1) * 10 * MEGABYTE, 40 * MEGABYTE))
        bar.show_event(done(index, was_held=True))

    (task,) = bar._progress.tasks
    assert (task.completed, bar._throughput.bytes_per_s()) == (20 * MEGABYTE, None)

    bar.show_event(BytesSent(5 * MEGABYTE, 25 * MEGABYTE, 40 * MEGABYTE))
    bar.show_event(BytesSent(5 * MEGABYTE, 30 * MEGABYTE, 40 * MEGABYTE))
    bar.show_event(done(2))
    bar.close()
    assert (task.completed, task.fields["state"]) == (30 * MEGABYTE, "3/4 parts")


def test_the_bytes_of_a_retried_part_are_taken_back() -> None:
    bar = bar_of(40)
    bar.start_file("a.mov")
    bar.show_event(STARTED)
    for sent in (8, 2, 4):
        bar.show_event(BytesSent(1, sent * MEGABYTE, 40 * MEGABYTE))
    bar.show_event(RETRIED)
    bar.close()

    (task,) = bar._progress.tasks
    assert (task.completed, task.fields["state"]) == (4 * MEGABYTE, "0/4 parts, 1 retry")


def test_the_total_continues_from_file_to_file() -> None:
    bar = bar_of(40, None)
    for name in ("a.mov", "b.mov"):
        bar.start_file(name)
        bar.show_event(STARTED)
        bar.show_event(BytesSent(1, 40 * MEGABYTE, 40 * MEGABYTE))
        bar.show_event(PhaseChanged("done"))
        bar.finish_file(40 * MEGABYTE)
    bar.close()

    total, file = bar._progress.tasks
    assert (total.completed, total.total, total.fields["state"]) == (80 * MEGABYTE, 80 * MEGABYTE, "2/2 files")
    assert (file.description, file.total) == ("b.mov", 40 * MEGABYTE)


def test_a_file_that_is_already_uploaded_counts_as_a_whole() -> None:
    bar = bar_of(40, 40)
    bar.start_file("a.mov")
    bar.show_event(PhaseChanged("done"))
    bar.finish_file(40 * MEGABYTE)

    total, file = bar._progress.tasks
    assert (total.completed, total.total, total.fields["state"]) == (40 * MEGABYTE, 80 * MEGABYTE, "1/2 files")
    assert (file.completed, file.fields["state"]) == (40 * MEGABYTE, "already uploaded")
    assert bar._throughput.bytes_per_s() is None
    bar.close()


def test_a_failed_file_no_longer_counts_for_the_total() -> None:
    bar = bar_of(40, 30)
    bar.start_file("a.mov")
    bar.show_event(STARTED)
    bar.show_event(BytesSent(1, 20 * MEGABYTE, 40 * MEGABYTE))
    bar.show_event(RETRIED)
    bar.finish_file(None)
    assert [task.fields["state"] for task in bar._progress.tasks] == ["0/2 files, 1 failed", "failed"]
    bar.start_file("b.mov")
    bar.show_event(Started(30 * MEGABYTE, 10 * MEGABYTE, 3))
    bar.show_event(BytesSent(1, 15 * MEGABYTE, 30 * MEGABYTE))
    bar.show_event(PhaseChanged("commit"))

    total, _ = bar._progress.tasks
    assert (total.completed, total.total) == (15 * MEGABYTE, 30 * MEGABYTE)
    bar.close()


def test_an_outage_leaves_neither_throughput_nor_time_left(screen: Screen) -> None:
    now = [0.0]
    bar = ProgressBar([40 * MEGABYTE], results_here=False, clock=lambda: now[0])
    bar.start_file("a.mov")
    bar.show_event(STARTED)
    for step in range(1, 4):
        now[0] += 1
        bar.show_event(BytesSent(MEGABYTE, step * MEGABYTE, 40 * MEGABYTE))
    now[0] += 1
    bar.show_event(RETRIED)

    assert "  1.0 MB/s  0:37 left 0/4 parts, 1 retry" in screen.lines(bar)[0]
    now[0] += 6
    assert "      --/s --:-- left 0/4 parts, 1 retry" in screen.lines(bar)[0]
    bar.close()


def test_only_a_closed_bar_shows_the_time_that_the_upload_took(
    screen: Screen, capsys: pytest.CaptureFixture[str]
) -> None:
    now = [0.0]
    bar = ProgressBar([40 * MEGABYTE], results_here=False, clock=lambda: now[0])
    bar.start_file("a.mov")
    bar.show_event(STARTED)
    now[0] += 4000
    bar.show_event(BytesSent(1, 40 * MEGABYTE, 40 * MEGABYTE))
    # All bytes are sent, but a part is retried.
    bar.show_event(RETRIED)
    assert "--/s --:-- left 0/4 parts, 1 retry" in screen.lines(bar)[0]

    now[0] += 1
    bar.show_event(PhaseChanged("done"))
    bar.finish_file(40 * MEGABYTE)
    bar.close()
    err = capsys.readouterr().err
    assert "took 1:06:41 4 parts, 1 retry" in err
    assert "/s took" not in err
