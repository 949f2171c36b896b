"""Progress on a terminal: a bar for each file that is being uploaded, and one for all files of a batch."""

from __future__ import annotations

import os
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any, NamedTuple

import click
from rich.console import Console
from rich.progress import Progress
from rich.progress_bar import ProgressBar as Bar
from rich.table import Column, Table
from rich.text import Text

from ..upload import BytesSent, PartDone, PhaseChanged, Restarted, Resumed, Retried, Started
from .display import STOPPING, EventMessages, Repeats
from .streams import write_line
from .text import count_text, duration_text, printable, progress_text, size_text
from .throughput import Throughput

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from rich.console import RenderableType
    from rich.progress import Task, TaskID

    from ..upload import ProgressEvent
    from .display import FileDisplay

__all__ = ["ProgressBar"]

_SIZE_VARIABLES = ("COLUMNS", "LINES")
_WIDE = 100
_MIN_BAR = 8
# Room for the `^C` that a terminal writes behind the last line; a line that it breaks would be drawn again above.
_ECHO = 2
# What a line leaves out, in this order, until it fits into the terminal.
_OPTIONAL = ("bar", "rate", "size", "time")


class _Cells(NamedTuple):
    """The cells of a task's line, in their order."""

    name: str
    bar: str
    percent: str
    size: str
    rate: str
    time: str
    state: str


# Numbers that change length must not move the cells beside them.
_MIN_WIDTHS = _Cells("", " " * _MIN_BAR, "100%", "0.0/10.0 MB", "10.0 MB/s", "10:00 left", "")


class _OneLinePerTask(Progress):
    """A `Progress` that shows each task on one line, however narrow the terminal is."""

    def __init__(self, console: Console, clock: Callable[[], float]) -> None:
        # Set first, since `Progress` draws its lines while it is created.
        self._terminal = console
        # stdout is never redirected: a result there must not be taken for a line above the bar.
        super().__init__(console=console, get_time=clock, redirect_stdout=False, redirect_stderr=False)

    def make_tasks_table(self, tasks: Iterable[Task]) -> Table:
        """Return the lines of all tasks, with the cells that have room."""
        shown = [(task, self._cells(task)) for task in tasks]
        gap = 2 if self._terminal.width >= _WIDE else 1
        width = self._terminal.width - _ECHO
        rows = [cells for _, cells in shown]
        widths = {
            name: max(len(cell) for cell in (minimum, *(getattr(cells, name) for cells in rows)))
            for name, minimum in _MIN_WIDTHS._asdict().items()
            if name not in {"size", "rate"} or any(getattr(cells, name) for cells in rows)
        }
        widths["name"] = min(widths["name"], 28 if self._terminal.width >= _WIDE else 14)
        for name in _OPTIONAL:
            if sum(widths.values()) + gap * (len(widths) - 1) <= width:
                break
            widths.pop(name, None)
        spare = width - sum(widths.values()) - gap * (len(widths) - 1)
        last = "bar" if "bar" in widths else "state"
        widths[last] = max(1, widths[last] + spare)
        columns = [
            Column(width=size, no_wrap=True, justify="right" if name in {"percent", "size", "rate", "time"} else "left")
            for name, size in widths.items()
        ]
        table = Table.grid(*columns, padding=(0, gap, 0, 0), pad_edge=False)
        for task, cells in shown:
            table.add_row(*(self._render(task, name, getattr(cells, name), widths[name]) for name in widths))
        return table

    def _cells(self, task: Task) -> _Cells:
        throughput: Throughput = task.fields["throughput"]
        rate, took_s, remaining = throughput.bytes_per_s(), task.fields["took_s"], task.remaining
        total = None if task.total is None else int(task.total)
        if took_s is not None:
            time_text, rate_text = f"took {duration_text(took_s)}", ""
        else:
            left = "--:--" if rate is None or remaining is None else duration_text(remaining / rate)
            time_text, rate_text = f"{left} left", f"{'--' if rate is None else size_text(int(rate))}/s"
        return _Cells(
            name=task.description,
            bar="",
            percent="" if total is None else f"{task.percentage:.0f}%",
            size="" if total is None else progress_text(int(task.completed), total),
            rate=rate_text,
            time=time_text,
            state=task.fields["state"],
        )

    def _render(self, task: Task, name: str, cell: str, width: int) -> RenderableType:
        # Only `Text`, so that no part of a name is read as markup, an emoji or a number to highlight.
        if name != "bar":
            return Text(cell, overflow="ellipsis")
        return Bar(total=task.total, completed=task.completed, width=width, animation_time=task.get_time())


class ProgressBar:
    """Shows uploads as bars on stderr: one for each file that is being uploaded, and with several, one for all.

    Args:
        sizes: Size of each file in bytes, None where it is not known yet.
        results_here: Whether stdout is the same terminal, so that results have to be written above the bars.
        clock: Returns monotonic seconds.

    Attributes:
        is_stopping: Whether the uploads are being stopped.
    """

    def __init__(
        self, sizes: Sequence[int | None], *, results_here: bool, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._results_here = results_here
        self._sizes = list(sizes)
        self._clock = clock
        self._console = Console(stderr=True, _environ=_environment())
        self._throughput = Throughput(clock)
        self._progress = _OneLinePerTask(self._console, clock)
        self._uploaded = self._failed = self._uploaded_size = 0
        self._known_size = sum(size or 0 for size in sizes)
        self._unknown_sizes = sum(size is None for size in sizes)
        self.is_stopping = False
        self._total = None if len(sizes) == 1 else self._add_task("total", self._total_size(), self._total_state())
        self._files: list[_FileBar] = []
        self._repeats = Repeats(clock)

    def _total_size(self) -> int | None:
        return None if self._unknown_sizes else self._known_size

    def _total_state(self) -> str:
        state = f"{self._uploaded}/{len(self._sizes)} files"
        return f"{state}, {self._failed} failed" if self._failed else state

    def _add_task(self, name: str, size: int | None, state: str, throughput: Throughput | None = None) -> TaskID:
        throughput = throughput or self._throughput
        return self._progress.add_task(printable(name), total=size, state=state, throughput=throughput, took_s=None)

    def start_file(self, index: int, name: str) -> FileDisplay:
        """Add a bar, and remove those of files that are done."""
        for bar in self._files:
            if bar.is_finished:
                self._progress.remove_task(bar.task)
        self._files = [bar for bar in self._files if not bar.is_finished]
        throughput = Throughput(self._clock)
        task = self._add_task(name, self._sizes[index], "starting", throughput)
        messages = EventMessages(self._repeats)
        bar = _FileBar(self, index, name, task=task, messages=messages, throughput=throughput)
        self._files.append(bar)
        self._progress.start()
        return bar

    def update_file(self, bar: _FileBar, **fields: Any) -> None:
        """Change the bar of a file, and with it that of all files."""
        self._progress.update(bar.task, **fields)
        self._update_total()

    def set_size(self, index: int, size: int) -> None:
        """Set the size of a file, which was unknown before it was opened, or has changed."""
        before, self._sizes[index] = self._sizes[index], size
        self._unknown_sizes -= before is None
        self._known_size += size - (before or 0)

    def count_moved(self, count: int) -> None:
        """Count bytes for the throughput of all files."""
        self._throughput.add(count)

    def finish_file(self, bar: _FileBar, size: int | None) -> None:
        """Count the whole size of an uploaded file, and nothing of a failed one."""
        if size is None:
            self._failed += 1
        else:
            self._uploaded += 1
            self._uploaded_size += size
        self.set_size(bar.index, size or 0)
        self._progress.stop_task(bar.task)

    def _update_total(self) -> None:
        if self._total is not None:
            done = self._uploaded_size + sum(bar.shown for bar in self._files if not bar.is_finished)
            self._progress.update(self._total, total=self._total_size(), completed=done, state=self._total_state())

    def write_message(self, line: str) -> None:
        """Write a line above the bars, or below them when they are closed."""
        if self._progress.live.is_started:
            self._console.print(Text(printable(line)), soft_wrap=True)
        else:
            click.echo(printable(line), err=True)

    def write_result(self, line: str) -> None:
        """Write a line to stdout; above the bars, if that is the same terminal."""
        if self._results_here and self._progress.live.is_started:
            self._console.print(Text(line), soft_wrap=True)
        else:
            write_line(line)

    def show_stopping(self) -> None:
        """Show that the uploads are being stopped; the thread that draws the bars writes it."""
        self.is_stopping = True
        for bar in tuple(self._files):
            # Another thread may have removed it meanwhile.
            with suppress(KeyError):
                if not bar.is_finished:
                    self._progress.update(bar.task, state=STOPPING)

    def close(self) -> None:
        """Draw the bars a last time, with the time that the uploads took."""
        if self._progress.live.is_started:
            for task in self._progress.tasks:
                state = "interrupted" if task.fields["state"] == STOPPING else task.fields["state"]
                self._progress.update(task.id, took_s=task.elapsed, state=state)
            self._progress.stop()


class _FileBar:
    """Shows the upload of one file.

    Args:
        bars: All bars.
        index: Its place among all files.
        name: Its name.
        task: Its bar.
        messages: The messages for its events.
        throughput: Its throughput.

    Attributes:
        index: Its place among all files.
        task: Its bar.
        shown: How many of its bytes are shown as done.
        is_finished: Whether it is uploaded, or has failed.
    """

    def __init__(  # noqa: PLR0913  # each is a part of the bar
        self,
        bars: ProgressBar,
        index: int,
        name: str,
        *,
        task: TaskID,
        messages: EventMessages,
        throughput: Throughput,
    ) -> None:
        self._bars = bars
        self.index = index
        self._name = name
        self.task = task
        self._messages = messages
        self._throughput = throughput
        self.is_finished = False
        self._total_parts = self._parts_done = self._retries = 0
        self._phase = "create"
        # Parts of an earlier run are shown as done from the start. Comparing them with the source is reported as
        # BytesSent, too, but is not a transfer and must not count for the throughput.
        # Parts of a version that the server has found are neither: they count as done, but not for the throughput.
        self._held = self._compared = self._found = self.shown = 0
        self._sent: int | None = None
        self._is_small = False

    def show_event(self, event: ProgressEvent) -> None:
        """Show an event of the upload."""
        if isinstance(event, BytesSent):
            self._show_sent()
            self._sent = event.sent
            return
        match event:
            case PartDone():
                self._count_part(event)
            case Resumed(size=size):
                self._held = size
                self._show_done(size)
            case Started(size=size, part_size=part_size, total_parts=total):
                self._total_parts = total
                self._is_small = part_size == size
                self._set_size(size)
            case Retried():
                self._retries += 1
            case PhaseChanged(phase=phase):
                self._phase = phase
            case Restarted():
                self._held = self._compared = self._parts_done = 0
            case _:
                pass
        self._show_sent()
        self._bars.update_file(self, state=self._state())
        if message := self._messages.message(event):
            self._bars.write_message(f"{self._name}: {message}")

    def finish(self, size: int | None) -> None:
        """Show the whole size of an uploaded file as done."""
        self._sent = None
        self.is_finished = True
        self._bars.finish_file(self, size)
        if size is None:
            self._bars.update_file(self, state="failed")
        else:
            self._bars.update_file(self, total=size, completed=size)

    def _set_size(self, size: int) -> None:
        self._bars.set_size(self.index, size)
        self._bars.update_file(self, total=size)

    def _count_part(self, part: PartDone) -> None:
        self._parts_done = part.parts_done
        if part.was_held and self._compared < self._held:
            self._compared += part.size
        elif part.was_held:
            self._found += part.size

    def _show_sent(self) -> None:
        """Show the last number of bytes sent; only the next event says whether they were sent or compared."""
        if self._sent is not None:
            done = self._held + self._sent - self._compared
            if moved := done - self.shown - self._found:
                self._throughput.add(moved)
                self._bars.count_moved(moved)
            self._found = 0
            self._show_done(done)
            self._sent = None

    def _show_done(self, done: int) -> None:
        self.shown = done
        self._bars.update_file(self, completed=done)

    def _state(self) -> str:
        if self._bars.is_stopping and self._phase != "done":
            return STOPPING
        if self._phase == "commit":
            state = "committing"
        elif self._is_small:
            state = "uploaded" if self._phase == "done" else "uploading"
        elif self._phase == "done":
            state = count_text(self._total_parts, "part") if self._total_parts else "already uploaded"
        else:
            state = f"{self._parts_done}/{self._total_parts} parts" if self._total_parts else "starting"
        return f"{state}, {'1 retry' if self._retries == 1 else f'{self._retries} retries'}" if self._retries else state


def _environment() -> dict[str, str]:
    """Return the environment without a terminal size of 0, which means unknown, and would leave no room."""
    return {name: value for name, value in os.environ.items() if name not in _SIZE_VARIABLES or value != "0"}
