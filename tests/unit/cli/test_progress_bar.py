"""The progress bar: what its lines show of an upload's events, and what fits into the terminal."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

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
CREATE, COMMIT, DONE = PhaseChanged("create"), PhaseChanged("commit"), PhaseChanged("done")


def done(index: int, *, was_held: bool = False) -> PartDone:
    return PartDone(index, index * 10 * MEGABYTE, 10 * MEGABYTE, "0" * 40, index + 1, 4, was_held)


def sent(megabytes: int, total: int = 40, count: int = 1) -> BytesSent:
    return BytesSent(count, megabytes * MEGABYTE, total * MEGABYTE)


class Screen:
    """A terminal of some width, a bar on it, and a clock."""

    def __init__(self, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
        self._capsys, self._monkeypatch = capsys, monkeypatch
        self.now = 0.0
        self.resize(80)

    def resize(self, width: int) -> None:
        self._monkeypatch.setenv("COLUMNS", str(width))

    def bar(self, *sizes: int | None, results_here: bool = False) -> ProgressBar:
        """Return a bar for files of these megabytes."""
        known = [None if size is None else size * MEGABYTE for size in sizes]
        self._started = 0
        self._bar = ProgressBar(known, results_here=results_here, clock=lambda: self.now)
        return self._bar

    def start(self, name: str, *events: ProgressEvent) -> None:
        self.file = self._bar.start_file(self._started, name)
        self._started += 1
        self.show(*events)

    def show(self, *events: ProgressEvent) -> None:
        for event in events:
            self.file.show_event(event)

    def lines(self) -> list[str]:
        self.printed()
        self._bar._console.print(self._bar._progress.get_renderable())
        return self.printed()[1].splitlines()

    def printed(self) -> tuple[str, str]:
        return self._capsys.readouterr()

    def tasks(self) -> list[Any]:
        return list(self._bar._progress.tasks)

    def states(self) -> list[str]:
        return [task.fields["state"] for task in self.tasks()]


@pytest.fixture
def screen(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Screen]:
    screen = Screen(capsys, monkeypatch)
    yield screen
    screen._bar.close()


@pytest.mark.parametrize(("results_here", "is_started"), [(True, True), (True, False), (False, True), (False, False)])
def test_a_result_is_a_whole_line_above_the_bar_of_the_same_terminal_and_else_on_stdout(
    screen: Screen, *, results_here: bool, is_started: bool
) -> None:
    bar, line = screen.bar(1, results_here=results_here), "a.mov: file 1, " + "x" * 100 + " [b] :smile: 12"
    if is_started:
        bar.start_file(0, "a.mov")
    bar.write_result(line)
    out, err = screen.printed()

    assert out == ("" if results_here and is_started else f"{line}\n")
    assert line in err.splitlines() or not (results_here and is_started)


def test_a_size_that_is_not_known_is_not_shown(screen: Screen) -> None:
    screen.bar(None)
    screen.start("a.mov")
    (line,) = screen.lines()

    assert re.sub(r"[^!-~]+", " ", line).split() == ["a.mov", "--/s", "--:--", "left", "starting"]


def test_a_message_is_a_whole_printable_line_above_the_bar(screen: Screen) -> None:
    line = "error: " + "x" * 100
    screen.bar(1, results_here=True).write_message(f"{line}\x1b[2J")
    assert screen.printed() == ("", f"{line}\N{REPLACEMENT CHARACTER}[2J\n")
    screen.start("a.mov", Restarted(f"{line}\x1b[2J"))
    out, err = screen.printed()

    assert out == ""
    assert f"a.mov: starting over: {line}\N{REPLACEMENT CHARACTER}[2J" in err.splitlines()


def test_a_resumed_upload_has_a_message_and_the_next_file_has_not(screen: Screen) -> None:
    screen.bar(40, 40)
    screen.start("a.mov", Resumed(2, 20 * MEGABYTE))
    screen.start("b.mov", STARTED, Resumed(3, 30 * MEGABYTE), STARTED)
    _, err = screen.printed()

    assert "a.mov: resuming" not in err
    assert "b.mov: resuming, 3 of 4 parts already uploaded" in err


def test_names_are_shown_without_markup_and_unprintable_characters(screen: Screen) -> None:
    screen.bar(40)
    screen.start("[b]a :smile:\x1b", CREATE)
    (line,) = screen.lines()

    assert line.startswith("[b]a :smile:\N{REPLACEMENT CHARACTER} ")


def test_sizes_are_shown_before_a_file_is_opened_and_corrected_when_it_is(screen: Screen) -> None:
    screen.resize(120)
    screen.bar(40, 20)
    screen.start("a.mov")
    total, file = screen.tasks()
    assert (total.description, total.total, total.completed) == ("total", 60 * MEGABYTE, 0)
    assert (file.description, file.total, file.completed) == ("a.mov", 40 * MEGABYTE, 0)

    screen.show(Started(50 * MEGABYTE, 10 * MEGABYTE, 5), sent(10, total=50), done(0))
    assert (total.total, file.total, file.completed) == (70 * MEGABYTE, 50 * MEGABYTE, 10 * MEGABYTE)
    first, second = screen.lines()
    assert first.split()[2:] == ["14%", "10.0/70.0", "MB", "--/s", "--:--", "left", "0/2", "files"]
    assert second.split()[2:] == ["20%", "10.0/50.0", "MB", "--/s", "--:--", "left", "1/5", "parts"]
    assert [line.partition("\u2501")[0] for line in (first, second)] == ["total  ", "a.mov  "]
    assert [len(line.rstrip()) for line in (first, second)] == [118, 118]


def test_a_file_of_unknown_size_has_no_percentage(screen: Screen) -> None:
    screen.bar(None)
    screen.start("a.mov", CREATE)
    (line,) = screen.lines()

    assert "%" not in line
    assert "MB" not in line


def test_the_state_shows_the_phases_of_an_upload(screen: Screen) -> None:
    bar = screen.bar(40)
    screen.start("a.mov")
    for event, state in (
        (CREATE, "starting"),
        (STARTED, "0/4 parts"),
        (done(0), "1/4 parts"),
        (Restarted("the session has expired"), "0/4 parts"),
        (COMMIT, "committing"),
        (Retried("commit", 1, 1, "500"), "committing, 1 retry"),
        (Retried("commit", 2, 1, "500"), "committing, 2 retries"),
        (DONE, "4 parts, 2 retries"),
    ):
        screen.show(event)
        assert screen.states() == [state]
    screen.show(COMMIT)
    bar.show_stopping()
    screen.show(RETRIED)
    assert screen.states() == ["stopping; press Ctrl-C again to quit at once"]
    bar.close()
    assert screen.states() == ["interrupted"]


@pytest.mark.parametrize(("width", "shown"), [
    (64, (True, True, True, True)),
    (63, (False, True, True, True)),
    (55, (False, True, True, True)),
    (54, (False, False, True, True)),
    (45, (False, False, True, True)),
    (44, (False, False, False, True)),
    (32, (False, False, False, True)),
    (31, (False, False, False, False)),
])  # fmt: skip
def test_a_narrow_terminal_leaves_out_the_bar_then_the_throughput_the_size_and_the_time(
    screen: Screen, width: int, shown: tuple[bool, bool, bool, bool]
) -> None:
    screen.resize(width)
    screen.bar(40)
    screen.start("a.mov", sent(20), CREATE)
    (line,) = screen.lines()

    assert ("\u2501" in line, "--/s" in line, "20.0/40.0 MB" in line, "--:-- left" in line) == shown
    assert ("a.mov" in line, "50%" in line, "starting" in line) == (True, True, True)


@pytest.mark.parametrize("width", [40, 60, 80, 100, 110])
def test_each_bar_is_one_line_however_narrow_the_terminal_is(screen: Screen, width: int) -> None:
    screen.resize(width)
    screen.bar(400, 400)
    retries = [Retried("part", attempt, 1.5, "503 unavailable", 8_388_608) for attempt in (1, 3, 5)]
    started = Started(400 * MEGABYTE, 1 * MEGABYTE, 400)
    screen.start("A name of many more letters than a line has room for.mov", started, *retries)
    lines = screen.lines()

    assert len(lines) == 2
    # A terminal writes `^C` behind the last one.
    assert all(len(line) <= width - 2 for line in lines)
    assert width < 60 or "0/400 parts, 3 retries" in lines[1]
    assert width < 80 or "0.0/400.0 MB" in lines[1]


@pytest.mark.parametrize(
    ("width", "shown"), [(99, "abcdefghijklm\u2026 "), (100, "abcdefghijklmnopqrstuvwxyza\u2026 ")]
)
def test_a_long_name_has_14_columns_and_28_of_a_wide_terminal(screen: Screen, width: int, shown: str) -> None:
    screen.resize(width)
    screen.bar(400)
    screen.start("abcdefghijklmnopqrstuvwxyz" * 2)

    assert screen.lines()[0].startswith(shown)


def test_a_terminal_size_of_0_means_unknown(screen: Screen, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("COLUMNS", "LINES"):
        monkeypatch.setenv(name, "0")
    bar = screen.bar(400)
    screen.start("film.mov")

    assert "film.mov" in screen.lines()[0]
    assert bar._console.size >= (40, 10)


def test_parts_of_an_earlier_run_count_as_done_but_not_for_the_throughput(screen: Screen) -> None:
    bar = screen.bar(40)
    screen.start("a.mov", Resumed(2, 20 * MEGABYTE), STARTED)
    for index in range(2):
        screen.show(sent((index + 1) * 10, count=10 * MEGABYTE), done(index, was_held=True))
    (task,) = screen.tasks()
    assert (task.completed, bar._throughput.bytes_per_s()) == (20 * MEGABYTE, None)

    screen.show(sent(25, count=5 * MEGABYTE), sent(30, count=5 * MEGABYTE), done(2))
    assert (task.completed, task.fields["state"]) == (30 * MEGABYTE, "3/4 parts")


def test_parts_that_the_server_has_found_count_as_done_but_not_for_the_throughput(screen: Screen) -> None:
    bar = screen.bar(40)
    screen.start("a.mov", STARTED)
    for index in range(3):
        screen.show(sent((index + 1) * 10, count=10 * MEGABYTE), done(index, was_held=True))
    (task,) = screen.tasks()
    assert (task.completed, bar._throughput.bytes_per_s()) == (30 * MEGABYTE, None)


def test_a_small_file_has_no_parts_and_an_empty_one_does_not_count_as_failed(screen: Screen) -> None:
    screen.bar(0, 1)
    screen.start("empty.txt", Started(0, 0, 1))
    screen.file.finish(0)
    screen.start("small.txt", Started(MEGABYTE, MEGABYTE, 1))
    assert screen.states() == ["1/2 files", "uploading"]
    screen.show(DONE)
    screen.file.finish(MEGABYTE)
    assert screen.states() == ["2/2 files", "uploaded"]


def test_the_bytes_of_a_retried_part_are_taken_back(screen: Screen) -> None:
    screen.bar(40)
    screen.start("a.mov", STARTED, sent(8), sent(2), sent(4), RETRIED)

    (task,) = screen.tasks()
    assert (task.completed, task.fields["state"]) == (4 * MEGABYTE, "0/4 parts, 1 retry")


def test_the_total_continues_from_file_to_file(screen: Screen) -> None:
    screen.bar(40, None)
    for name in ("a.mov", "b.mov"):
        screen.start(name, STARTED, sent(40), DONE)
        screen.file.finish(40 * MEGABYTE)

    total, file = screen.tasks()
    assert (total.completed, total.total, total.fields["state"]) == (80 * MEGABYTE, 80 * MEGABYTE, "2/2 files")
    assert (file.description, file.total) == ("b.mov", 40 * MEGABYTE)


def test_a_file_that_is_already_uploaded_counts_as_a_whole(screen: Screen) -> None:
    bar = screen.bar(40, 40)
    screen.start("a.mov", DONE)
    screen.file.finish(40 * MEGABYTE)

    total, file = screen.tasks()
    assert (total.completed, total.total, file.completed) == (40 * MEGABYTE, 80 * MEGABYTE, 40 * MEGABYTE)
    assert screen.states() == ["1/2 files", "already uploaded"]
    assert bar._throughput.bytes_per_s() is None


def test_files_that_are_uploaded_side_by_side_have_a_bar_each_until_another_one_starts(screen: Screen) -> None:
    bar = screen.bar(40, 30, 20)
    first, second = bar.start_file(0, "a.mov"), bar.start_file(1, "b.mov")
    for step in range(1, 4):
        screen.now += 1
        for file, size, megabytes in ((first, 40, 2), (second, 30, 1)):
            file.show_event(sent(step * megabytes, total=size))
            file.show_event(PhaseChanged("parts"))
    lines = screen.lines()
    assert [line.split()[0] for line in lines] == ["total", "a.mov", "b.mov"]
    # Each sample but the first counts for the time since that one.
    assert [rate in line for rate, line in zip(["3.5 MB/s", "2.0 MB/s", "1.0 MB/s"], lines, strict=True)] == [True] * 3
    assert "9.0/90.0 MB" in lines[0]

    second.finish(30 * MEGABYTE)
    screen.now += 60
    third = bar.start_file(2, "c.mov")
    third.finish(None)
    bar.show_stopping()
    assert [task.description for task in screen.tasks()] == ["total", "a.mov", "c.mov"]
    assert screen.states() == ["1/3 files, 1 failed", "stopping; press Ctrl-C again to quit at once", "failed"]
    total, *_ = screen.tasks()
    assert (total.completed, total.total) == (36 * MEGABYTE, 70 * MEGABYTE)
    bar.close()
    assert [task.fields["took_s"] for task in screen.tasks()] == [63, 63, 0]


def test_each_failed_file_is_counted(screen: Screen) -> None:
    screen.bar(40, 30, 20)
    for name in ("a.mov", "b.mov"):
        screen.start(name, STARTED)
        screen.file.finish(None)
    assert screen.states()[0] == "0/3 files, 2 failed"


def test_a_failed_file_no_longer_counts_for_the_total(screen: Screen) -> None:
    screen.bar(40, 30)
    screen.start("a.mov", STARTED, sent(20), RETRIED)
    screen.file.finish(None)
    assert screen.states() == ["0/2 files, 1 failed", "failed"]
    screen.start("b.mov", Started(30 * MEGABYTE, 10 * MEGABYTE, 3), sent(15, total=30), COMMIT)

    total, _ = screen.tasks()
    assert (total.completed, total.total) == (15 * MEGABYTE, 30 * MEGABYTE)


def test_an_outage_leaves_neither_throughput_nor_time_left(screen: Screen) -> None:
    screen.bar(40)
    screen.start("a.mov", STARTED)
    for step in range(1, 4):
        screen.now += 1
        screen.show(sent(step, count=MEGABYTE))
    screen.now += 1
    screen.show(RETRIED)

    assert "  1.0 MB/s  0:37 left 0/4 parts, 1 retry" in screen.lines()[0]
    screen.now += 6
    assert "      --/s --:-- left 0/4 parts, 1 retry" in screen.lines()[0]


def test_only_a_closed_bar_shows_the_time_that_the_upload_took(screen: Screen) -> None:
    bar = screen.bar(40)
    screen.start("a.mov", STARTED)
    screen.now += 4000
    # All bytes are sent, but a part is retried.
    screen.show(sent(40), RETRIED)
    assert "--/s --:-- left 0/4 parts, 1 retry" in screen.lines()[0]

    screen.now += 1
    screen.show(DONE)
    screen.file.finish(40 * MEGABYTE)
    bar.close()
    _, err = screen.printed()
    assert "took 1:06:41 4 parts, 1 retry" in err
    assert "/s took" not in err
