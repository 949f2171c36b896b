"""A bar on a terminal: how much, how fast, how long still; for the file, and for all of several."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

import click
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TaskProgressColumn, TextColumn
from rich.table import Column
from rich.text import Text

from ..upload import BytesSent, PartDone, PhaseChanged, Restarted, Resumed, Retried, SessionLeft, Started, Stored
from .display import STOPPING, Remarks
from .rate import Rate
from .streams import put
from .text import clock_text, counted, printable, size_text

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from rich.progress import ProgressColumn, Task, TaskID

    from ..upload import ProgressEvent

__all__ = ["Bar"]

_SIZE = ("COLUMNS", "LINES")
# From so many columns of a terminal on, and what they need without it.
_NAMES = ((100, 28), (80, 20), (0, 14))
_WIDTH_FOR_SIZES, _WIDTH_FOR_RATE, _WIDTH_FOR_BAR = 100, 80, 50


class _RateColumn(TextColumn):
    """Bytes per second."""

    def __init__(self, rate: Rate) -> None:
        super().__init__("", table_column=Column(no_wrap=True, justify="right", min_width=10))
        self._rate = rate

    def render(self, task: Task) -> Text:
        """Return the rate, of which there is none in the end."""
        value = self._rate.value()
        known = "? MB/s" if value is None else f"{size_text(int(value))}/s"
        return Text(known if task.fields["took_s"] is None else "")


class _TimeColumn(TextColumn):
    """Time left, and in the end the time that it took."""

    def __init__(self, rate: Rate) -> None:
        super().__init__("", table_column=Column(no_wrap=True, justify="right", min_width=5))
        self._rate = rate

    def render(self, task: Task) -> Text:
        """Return the time."""
        value, took_s = self._rate.value(), task.fields["took_s"]
        left_s = None if value is None or task.remaining is None else task.remaining / value
        return Text(clock_text(left_s if took_s is None else took_s))


class Bar:
    """Shows uploads as a bar on stderr.

    Args:
        sizes: Size of each file in bytes, None where it is not known yet.
        results_here: Whether stdout is the same terminal, so that results have to be written around the bar.
        clock: Returns seconds that never go back.
    """

    def __init__(
        self, sizes: Sequence[int | None], *, results_here: bool, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._results_here = results_here
        self._sizes = list(sizes)
        self._number = -1
        # It is given nothing but `Text`, of which no part is taken for markup, an emoji or a number to highlight.
        self._console = Console(stderr=True, _environ=_environment())
        self._rate = Rate(clock)
        columns = _columns(self._console.width, self._rate)
        # Lines for stdout are not to be taken for lines beside the bar.
        self._progress = Progress(
            *columns, console=self._console, expand=True, get_time=clock, redirect_stdout=False, redirect_stderr=False
        )
        self._all = None if len(sizes) == 1 else self._task(f"{len(sizes)} files", self._total(), "")
        self._before = 0
        self._file: TaskID | None = None
        self._name = ""
        self._remarks = Remarks(clock)
        self._fresh()

    def _fresh(self) -> None:
        self._total_parts = self._done = self._retries = 0
        self._phase = "create"
        # Bytes of an earlier run count from the beginning, and their comparison is no transfer: else the rate lies.
        self._held = self._compared = self._shown = 0
        self._sent: int | None = None

    def _total(self) -> int | None:
        known = [size for size in self._sizes if size is not None]
        return sum(known) if len(known) == len(self._sizes) else None

    def _learn(self, size: int) -> None:
        """Take the size of the present file, which was not known before it was opened, or has changed."""
        self._sizes[self._number] = size
        if self._file is not None:
            self._progress.update(self._file, total=size)
        if self._all is not None:
            self._progress.update(self._all, total=self._total())

    def _task(self, name: str, size: int | None, state: str) -> TaskID:
        return self._progress.add_task(printable(name), total=size, state=state, took_s=None)

    def begin(self, name: str) -> None:
        """Go on to another upload; the bar of the one before goes."""
        if self._file is not None:
            self._progress.remove_task(self._file)
        self._number += 1
        self._name = name
        self._fresh()
        self._file = self._task(name, self._sizes[self._number], "")
        self._progress.start()

    def tell(self, event: ProgressEvent) -> None:
        """Take an event of the upload."""
        match event:
            case BytesSent(sent=sent):
                self._flush()
                self._sent = sent
                return
            case PartDone():
                self._done = event.parts_done
                self._compared += event.size if event.was_held else 0
            case Resumed(size=size):
                self._held = size
                self._show(size)
            case Started(size=size, total_parts=total):
                self._total_parts = total
                self._learn(size)
            case Retried():
                self._retries += 1
            case PhaseChanged(phase=phase):
                self._phase = phase
            case Restarted():
                self._held = self._compared = self._done = 0
            case SessionLeft() | Stored():
                pass
        self._flush()
        self._remark(event)

    def _remark(self, event: ProgressEvent) -> None:
        if self._file is not None:
            self._progress.update(self._file, state=self._state())
        if said := self._remarks.on(event):
            self.say(f"{self._name}: {said}")

    def _flush(self) -> None:
        """Show the bytes of the last count, of which the event after it tells whether they were only compared."""
        if self._sent is not None:
            done = self._held + self._sent - self._compared
            if done != self._shown:
                self._rate.note(done - self._shown)
            self._show(done)
            self._sent = None

    def _show(self, done: int) -> None:
        self._shown = done
        if self._file is not None:
            self._progress.update(self._file, completed=done)
        if self._all is not None:
            self._progress.update(self._all, completed=self._before + done)

    def ended(self, size: int | None) -> None:
        """Count a file that is stored as a whole, however much of it was sent now, and no other one."""
        if self._file is None:
            return
        self._sent = None
        if size is not None:
            self._learn(size)
            self._show(size)
            self._before += size
        elif self._all is not None:
            self._sizes[self._number] = 0
            self._progress.update(self._all, total=self._total(), completed=self._before)

    def _state(self) -> str:
        if self._phase == "commit":
            state = "committing"
        elif self._phase == "done":
            state = counted(self._total_parts, "part") if self._total_parts else "already there"
        else:
            state = f"{self._done}/{self._total_parts} parts" if self._total_parts else "starting"
        return f"{state}, {'1 retry' if self._retries == 1 else f'{self._retries} retries'}" if self._retries else state

    def say(self, line: str) -> None:
        """Write a line above the bar, or below it when it has ended."""
        if self._progress.live.is_started:
            self._console.print(Text(printable(line)), soft_wrap=True)
        else:
            click.echo(printable(line), err=True)

    def result(self, line: str) -> None:
        """Write a line on stdout; above the bar, if that is the same terminal."""
        if self._results_here and self._progress.live.is_started:
            self._console.print(Text(line), soft_wrap=True)
        else:
            put(line)

    def stopping(self) -> None:
        """Show that the end was asked for; the thread that draws the bar writes it."""
        if self._file is not None:
            self._progress.update(self._file, state=STOPPING)

    def end(self) -> None:
        """Leave the bar as it is."""
        if self._progress.live.is_started:
            for task in self._progress.tasks:
                self._progress.update(task.id, took_s=task.elapsed)
            self._progress.stop()


def _environment() -> dict[str, str]:
    """Return the environment without a size of 0, which means that it is not known, and would leave no room here."""
    return {name: value for name, value in os.environ.items() if name not in _SIZE or value != "0"}


def _columns(width: int, rate: Rate) -> list[ProgressColumn]:
    """Return what a line has room for: on a narrow terminal, what counts most, and never a second line."""
    name = next(longest for least, longest in _NAMES if width >= least)
    columns: list[ProgressColumn] = [
        TextColumn("{task.description}", markup=False, table_column=Column(no_wrap=True, max_width=name))
    ]
    if width >= _WIDTH_FOR_BAR:
        columns.append(BarColumn(bar_width=None, table_column=Column(ratio=1, min_width=8, no_wrap=True)))
    columns.append(TaskProgressColumn(table_column=Column(no_wrap=True, min_width=4)))
    if width >= _WIDTH_FOR_SIZES:
        columns.append(DownloadColumn(table_column=Column(no_wrap=True)))
    if width >= _WIDTH_FOR_RATE:
        columns.append(_RateColumn(rate))
    columns.append(_TimeColumn(rate))
    columns.append(TextColumn("{task.fields[state]}", markup=False, table_column=Column(no_wrap=True)))
    return columns
