"""One part as a job for any executor: a plain function of plain values, which can run in another process.

What the job needs is made there and kept for the next one: a client with its connections, and a buffer.
"""

from __future__ import annotations

from threading import local
from typing import TYPE_CHECKING
from weakref import finalize

import msgspec

from .. import models
from .._runtime.conversion import decode
from . import digest
from .calls import calls_of
from .errors import DigestMismatchError, PartConflictError, SourceChangedError, UploadError
from .opening import opened
from .part import check_stored

if TYPE_CHECKING:
    from ..client import Client
    from .calls import Connect
    from .plan import Part
    from .source import Fingerprint

__all__ = ["PartJob", "run_part_job"]

_CLIENTS_KEPT = 4


class _Bench(local):
    """What a thread keeps from one job to the next; its clients are closed when the thread ends."""

    def __init__(self) -> None:
        self.buffer = bytearray()
        self.clients: dict[str, Client] = {}
        # The dictionary of a thread lives as long as the thread, and its members may be watched.
        self.keeper = _Keeper()
        finalize(self.keeper, _close_all, self.clients)

    def client(self, name: str, connect: Connect) -> Client:
        """Return the client that was made under the same name before, or make one."""
        found = self.clients.get(name)
        if found is None:
            while len(self.clients) >= _CLIENTS_KEPT:
                self.clients.pop(next(iter(self.clients))).close()
            found = self.clients[name] = connect()
        return found

    def room(self, size: int) -> memoryview:
        """Return a buffer of at least this size."""
        if len(self.buffer) < size:
            # Not extended: views of an earlier part may still be around.
            self.buffer = bytearray(size)
        return memoryview(self.buffer)


class _Keeper:
    """Dies with its thread."""


def _close_all(clients: dict[str, Client]) -> None:
    for client in clients.values():
        client.close()


_BENCH = _Bench()


class PartJob(msgspec.Struct, frozen=True, kw_only=True):
    """What sending one part takes, as plain values that can be pickled.

    Attributes:
        connect: Makes a client.
        client: Names that client: the jobs of one upload that a thread runs share it.
        session: The session as JSON.
        source: Path or URL of the source, or the bytes of the part if it has neither.
        fingerprint: What the source has to be.
        file_size: Size of the file in bytes.
        part: The part.
        held: What the server holds of it already, or None; then the source is only compared with it.
        attempt: Number of this job among those of its part, from 1: executors that take a job for a pure function, as
            Dask does, answer an equal one with what they remember, failures included.
    """

    connect: Connect
    client: str
    session: bytes
    source: str | bytes
    fingerprint: Fingerprint | None
    file_size: int
    part: Part
    held: models.UploadPart | None = None
    attempt: int = 1


def run_part_job(job: PartJob) -> models.UploadPart:
    """Send one part, once, and return it as the server holds it.

    Raises:
        SourceChangedError: The source is not what it was.
        UploadError: The source cannot be read here.
        PartConflictError: It is not what the server holds.
        DigestMismatchError: The server says that it stored something else.
        ClientError: As the call raises it.
    """
    content = _content(job)
    sha1 = digest.part_sha1(content)
    if job.held is not None:
        check_stored(job.held, job.part, sha1, PartConflictError)
        return job.held
    answer = calls_of(_BENCH.client(job.client, job.connect)).upload_part(
        decode(job.session, models.UploadSession),
        body=content,
        digest=digest.header(sha1),
        content_range=job.part.content_range(job.file_size),
    )
    check_stored(answer.parsed.part, job.part, sha1, DigestMismatchError)
    return answer.parsed.part


def _content(job: PartJob) -> memoryview:
    if isinstance(job.source, bytes):
        return memoryview(job.source)
    try:
        with opened(job.source) as source:
            if job.fingerprint is None or not source.fingerprint.agrees(job.fingerprint):
                raise SourceChangedError("the source is not the one that the upload began with")
            return source.window(job.part.offset, job.part.size, _BENCH.room(job.part.size))
    except OSError as error:
        raise UploadError(f"the source cannot be read where its part is sent: {error!r}") from error
