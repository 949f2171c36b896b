"""A bar on a terminal: how much, how fast, how long still; for the file, and for all of several."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TaskProgressColumn,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)
from rich.table import Column
from rich.text import Text

from ..upload import BytesSent, PartDone, PhaseChanged, Restarted, Resumed, Retried, Started
from .display import STOPPING, remark
from .text import counted, printable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.progress import TaskID

    from ..upload import ProgressEvent

__all__ = ["Bar"]

_NAME = 28


class Bar:
    """Shows uploads as a bar on stderr.

    Args:
        sizes: Size of each file in bytes, None where it is not known yet.
        results_here: Whether stdout is the same terminal, so that results have to be written around the bar.
    """

    def __init__(self, sizes: Sequence[int | None], *, results_here: bool) -> None:
        self._results_here = results_here
        self._sizes = list(sizes)
        self._number = -1
        self._console = Console(stderr=True, markup=False, emoji=False, highlight=False)
        self._progress = Progress(
            TextColumn("{task.description}", markup=False, table_column=Column(no_wrap=True, max_width=_NAME)),
            BarColumn(bar_width=None, table_column=Column(ratio=1, min_width=8)),
            TaskProgressColumn(),
            DownloadColumn(),
            TransferSpeedColumn(),
            TimeRemainingColumn(compact=True, elapsed_when_finished=True),
            TextColumn("{task.fields[state]}", markup=False, table_column=Column(no_wrap=True)),
            console=self._console,
            expand=True,
        )
        self._all = None if len(sizes) == 1 else self._task(f"{len(sizes)} files", self._total(), "")
        self._before = 0
        self._file: TaskID | None = None
        self._name = ""
        self._fresh()

    def _fresh(self) -> None:
        self._total_parts = self._done = self._retries = 0
        self._phase = "create"
        # Bytes of an earlier run count from the beginning, and their comparison is no transfer: else the rate lies.
        self._held = self._compared = 0
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
        return self._progress.add_task(printable(name), total=size, state=state)

    def begin(self, name: str) -> None:
        """Go on to another upload; the bar of the one before goes."""
        if self._file is not None:
            self._before += int(self._progress.tasks[-1].completed)
            if self._sizes[self._number] is None:
                # It could not even be opened.
                self._learn(0)
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
                self._show(size, resets=True)
            case Started(size=size, total_parts=total):
                self._total_parts = total
                self._learn(size)
            case Retried():
                self._retries += 1
            case PhaseChanged(phase=phase):
                self._phase = phase
            case Restarted():
                self._held = self._compared = self._done = 0
        self._flush()
        if self._file is not None:
            self._progress.update(self._file, state=self._state())
        if said := remark(event):
            self.say(f"{self._name}: {said}")

    def _flush(self) -> None:
        """Show the bytes of the last count, of which the event after it tells whether they were only compared."""
        if self._sent is not None:
            self._show(self._held + self._sent - self._compared)
            self._sent = None

    def _show(self, done: int, *, resets: bool = False) -> None:
        if self._file is None:
            return
        if resets:
            self._progress.reset(self._file, completed=done)
        self._progress.update(self._file, completed=done)
        if self._all is not None:
            self._progress.update(self._all, completed=self._before + done)

    def _state(self) -> str:
        if self._phase == "commit":
            state = "committing"
        elif self._phase == "done":
            state = counted(self._total_parts, "part") if self._total_parts else ""
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
            click.echo(line)

    def stopping(self) -> None:
        """Show that the end was asked for; the thread that draws the bar writes it."""
        if self._file is not None:
            self._progress.update(self._file, state=STOPPING)

    def end(self) -> None:
        """Leave the bar as it is."""
        if self._progress.live.is_started:
            self._progress.stop()
