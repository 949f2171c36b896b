"""One part as a job for any executor: a plain function of plain values, which can run in another process.

What the job needs is made there and kept for the next one: a client with its connections, and a buffer.
"""

from __future__ import annotations

from threading import local
from typing import TYPE_CHECKING
from weakref import finalize

import msgspec

from .. import models
from . import digest
from .calls import calls_of
from .errors import PartConflictError, SourceChangedError
from .opening import opened
from .part import Delivery, check_stored, deliver
from .patience import Pace, Patience, Stop

if TYPE_CHECKING:
    from ..client import Client
    from .calls import Connect
    from .plan import Part
    from .progress import Retried
    from .source import Fingerprint

__all__ = ["PartJob", "PartResult", "run_part_job"]

_CLIENTS_KEPT = 4


class _Bench(local):
    """What a thread keeps from one job to the next; its clients are closed when the thread ends."""

    def __init__(self) -> None:
        self.buffer = bytearray()
        self.clients: dict[Connect, Client] = {}
        # The dictionary of a thread lives as long as the thread, and its members may be watched.
        self.keeper = _Keeper()
        finalize(self.keeper, _close_all, self.clients)

    def client(self, connect: Connect) -> Client:
        """Return the client that was made for the same settings before, or make one."""
        found = self.clients.get(connect)
        if found is None:
            while len(self.clients) >= _CLIENTS_KEPT:
                self.clients.pop(next(iter(self.clients))).close()
            found = self.clients[connect] = connect()
        return found

    def room(self, size: int) -> memoryview:
        """Return a buffer of at least this size."""
        if len(self.buffer) < size:
            # Not extended: views of an earlier part may still be around.
            self.buffer = bytearray(size)
        return memoryview(self.buffer)


class _Keeper:
    """Dies with its thread."""


def _close_all(clients: dict[Connect, Client]) -> None:
    for client in clients.values():
        client.close()


_BENCH = _Bench()


class PartJob(msgspec.Struct, frozen=True, kw_only=True):
    """What uploading one part takes, as plain values that can be pickled.

    Attributes:
        connect: Makes a client.
        session: The session as JSON.
        source: Path or URL of the source, or the bytes of the part if it has neither.
        fingerprint: What the source has to be.
        file_size: Size of the file in bytes.
        part: The part.
        held: What the server holds of it already, or None; then the source is only compared with it.
        pace: Lengths of pauses; its callables have to be picklable.
        deadline_s: Seconds for which failures are borne.
    """

    connect: Connect
    session: bytes
    source: str | bytes
    fingerprint: Fingerprint | None
    file_size: int
    part: Part
    held: models.UploadPart | None
    pace: Pace
    deadline_s: float


class PartResult(msgspec.Struct, frozen=True):
    """What became of a part.

    Attributes:
        stored: The part as the server holds it.
        counted: How many of its bytes were counted on their way.
        retries: Failures that were borne, if they were not told on the way.
    """

    stored: models.UploadPart
    counted: int = 0
    retries: tuple[Retried, ...] = ()


def run_part_job(job: PartJob) -> PartResult:
    """Upload one part.

    Raises:
        SourceChangedError: The source is not what it was, or not what the server holds.
        UploadError: As `deliver`.
        OSError: The source cannot be read.
    """
    retries: list[Retried] = []
    content = _content(job)
    sha1 = digest.part_sha1(content)
    if job.held is not None:
        check_stored(job.held, job.part, sha1, PartConflictError)
        return PartResult(job.held)
    stop = Stop()
    delivery = Delivery(
        calls_of(_BENCH.client(job.connect)),
        msgspec.json.decode(job.session, type=models.UploadSession),
        job.file_size,
        job.part,
        patience=Patience(
            "part",
            pace=job.pace,
            deadline_s=job.deadline_s,
            stop=stop,
            tell=retries.append,
            offset=job.part.offset,
        ),
        stop=stop,
        count=lambda _: None,
    )
    return PartResult(deliver(delivery, content, sha1), retries=tuple(retries))


def _content(job: PartJob) -> memoryview:
    if isinstance(job.source, bytes):
        return memoryview(job.source)
    with opened(job.source) as source:
        if source.fingerprint != job.fingerprint:
            raise SourceChangedError("the source is not the one that the upload began with")
        return source.window(job.part.offset, job.part.size, _BENCH.room(job.part.size))
