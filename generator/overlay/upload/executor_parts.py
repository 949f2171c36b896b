"""Send parts by the caller's executor: in other processes, or on the machines of a cluster.

A part is a job: a plain function of plain values. What a job needs is made where it runs and kept for the next one: a
client with its connections, and a buffer.
"""

from __future__ import annotations

from concurrent.futures import BrokenExecutor, CancelledError
from math import inf
from pickle import PicklingError, dumps
from threading import Lock, local
from time import monotonic
from typing import TYPE_CHECKING, Any
from uuid import uuid4
from weakref import WeakKeyDictionary, WeakValueDictionary, finalize

import msgspec

from .. import models
from .._runtime.api_error import api_error
from .._runtime.body import PIECE, Stream
from .._runtime.conversion import decode
from .._runtime.errors import ClientError, InvalidArgumentError, RateLimitedError
from .._runtime.messages import Request
from .._runtime.rate_gate import RateGate
from .._runtime.retry import RetryPolicy
from .._runtime.text import one_line, short_repr
from .._runtime.transport_settings import Timeout, refusal
from ..client import Client
from . import digest
from .errors import DigestMismatchError, PartConflictError, SourceChangedError, UploadError
from .part_upload import check_stored
from .planning import Planner
from .source_factory import open_source
from .upload_client import is_coroutine_function
from .worker_pool import ThreadPool

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from concurrent.futures import Executor, Future

    from .._runtime.transport import SyncTransport
    from ..client import AsyncClient
    from .context import UploadContext
    from .engine import Needs, PartResult
    from .events import Retried, Throttled
    from .parts import Part
    from .retry import CancelToken, RetryBudget
    from .source import Fingerprint

__all__ = ["ClientFactory", "ExecutorPool", "PartJob", "StaticToken", "client_factory", "run_part_job"]

_CLIENTS_KEPT = 4
_BROKEN = "the executor that sends the parts is broken"
_IDLE_S = "idle_s"
_CALL = Request("upload_part", "PUT", "", "")


class ExecutorPool(ThreadPool):
    """Threads that submit parts to the caller's executor, and wait for its jobs.

    Args:
        context: The upload. A job opens the path or URL of its source where it runs; of a source that has neither, it
            carries the bytes.
        session: The session.
        executor: The executor.
        make_client: Makes a client where a job runs.
        cancel: Cancels the parts.
        emit: Takes the events of parts that wait, from any thread.
    """

    def __init__(  # noqa: PLR0913  # each is a part of the upload
        self,
        context: UploadContext,
        session: models.UploadSession,
        executor: Executor,
        make_client: ClientFactory,
        *,
        cancel: CancelToken,
        emit: Callable[[Retried | Throttled], object],
    ) -> None:
        super().__init__(context, session, cancel=cancel, emit=emit)
        self.needs: Needs = "nothing" if context.source.location else "until submitted"
        self._executor = executor
        self._make_client = make_client
        self._client = uuid4().hex
        self._encoded = msgspec.json.encode(session)
        self._gate = _name_of(context.client.calls.transport.gate)

    def submit(self, part: Part, window: memoryview, held: models.UploadPart | None) -> Future[PartResult]:
        """Start to upload a part; the view is free again when this returns."""
        source = self._context.source
        job = PartJob(
            make_client=self._make_client,
            client=self._client,
            session=self._encoded,
            source=source.location or bytes(window),
            fingerprint=source.fingerprint if source.location else None,
            file_size=source.size,
            part=part,
            plans=self._planner is not None,
            gate=self._gate,
        )
        return self._threads.submit(self._send, job, held)

    def _send(self, job: PartJob, held: models.UploadPart | None) -> PartResult:
        with self._context.limits.sent.one(self._cancel):
            budget = self._retry_budget(job.part)
            transport = self._context.client.calls_within(budget).transport
            sender = _JobSender(self._executor, job, transport, budget, self._cancel)
            return self._upload(job.part, sender, budget, held)


class _JobSender:
    """Sends a part by an executor, each attempt as a job.

    Args:
        executor: The caller's executor.
        job: The part as a job.
        transport: Waits while the rate of the client's calls is limited, so that no job has to.
        budget: Counts the time of a job as progress, but for what a failed one says that it was idle: a job does not
            report bytes.
        cancel: Whether the upload was cancelled; a job that has not started is cancelled.

    Attributes:
        counted: Bytes that count as sent: none before the job has ended.
    """

    counted = 0

    def __init__(
        self, executor: Executor, job: PartJob, transport: SyncTransport, budget: RetryBudget, cancel: CancelToken
    ) -> None:
        self._executor = executor
        self._job = job
        self._transport = transport
        self._budget = budget
        self._cancel = cancel
        self._attempts = 0

    def send(self) -> models.UploadPart:
        """Send the part as a job."""
        return self._run(self._job)

    def compare(self, held: models.UploadPart) -> None:
        """Compare the part with what the server holds, as a job."""
        self._run(msgspec.structs.replace(self._job, held=held))

    def _run(self, job: PartJob) -> models.UploadPart:
        self._cancel.check()
        if refused_s := self._transport.wait_for_turn():
            raise api_error(refusal(_CALL, refused_s), {})
        self._attempts += 1
        timeout_s = self._budget.attempt_s()
        self._budget.note_sending()
        plans = job.plans and self._attempts == 1
        future = self._submit(msgspec.structs.replace(job, attempt=self._attempts, timeout_s=timeout_s, plans=plans))
        try:
            with self._cancel.on_cancel(future.cancel):
                return _check_result(future.result())
        except ClientError as error:
            self._budget.note_progress(vars(error).get(_IDLE_S, 0.0))
            if isinstance(error, RateLimitedError):
                self._transport.note_refusal(error.retry_after_s)
            raise
        except CancelledError:
            self._cancel.check()
            raise UploadError("the executor has cancelled a part") from None
        except BrokenExecutor as error:
            raise UploadError(f"{_BROKEN}: {error}") from error
        except (PicklingError, AttributeError, TypeError) as error:
            # Pickle raises all three, and a callable for the token may raise two of them where the job runs.
            if not isinstance(error, PicklingError) and not _is_pickling_error(error, job):
                raise
            text = "the client's token cannot be pickled: use a string, or a module-level function"
            raise UploadError(f"{text} ({error})") from error
        finally:
            # Not bound to a name: the error would refer to this frame, and the frame to the error.
            del future

    def _submit(self, job: PartJob) -> Future[models.UploadPart]:
        try:
            return self._executor.submit(run_part_job, job)
        except BrokenExecutor as error:
            raise UploadError(f"{_BROKEN}: {error}") from error
        except Exception as error:
            raise UploadError(f"executor.submit failed: {one_line(str(error) or repr(error))}") from error


def _is_pickling_error(error: Exception, job: PartJob) -> bool:
    """Whether an error is the one that pickling the job raises; its wording depends on the Python version."""
    try:
        # All other fields are plain values, some of them large.
        dumps(job.make_client)
    except type(error) as again:
        return str(again) == str(error)
    except Exception:  # noqa: BLE001  # a callable's own `__reduce__` may raise anything
        return False
    return False


def _check_result(result: object) -> models.UploadPart:
    if not isinstance(result, models.UploadPart):
        raise UploadError(f"the executor has returned {short_repr(result)} for a part")
    return result


class PartJob(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that sending one part needs, as plain values that can be pickled.

    Attributes:
        make_client: Makes a client.
        client: Name of that client; the jobs of one upload share it in each thread.
        session: The session as JSON.
        source: Path or URL of the source, or the bytes of the part if it has neither.
        fingerprint: Fingerprint that the source must have.
        file_size: Size of the file in bytes.
        part: The part.
        held: What the server holds of it already, or None; then the source is only compared with it.
        attempt: Number of this job among those of its part, from 1: executors that take a job for a pure function, as
            Dask does, answer an equal one with what they remember, failures included.
        timeout_s: Seconds that the server may be silent, or take for its response.
        plans: Whether to ask first if the server has the bytes already.
        gate: Name of the client's rate gate, of which each process has its own.
    """

    make_client: ClientFactory
    client: str
    session: bytes
    source: str | bytes
    fingerprint: Fingerprint | None
    file_size: int
    part: Part
    held: models.UploadPart | None = None
    attempt: int = 1
    timeout_s: float = inf
    plans: bool = False
    gate: str = ""


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
    raw = _STATE.client(job.client, job.make_client).raw
    raw.transport.gate = _gate_of(job.gate)
    idle_s, idle_since = 0.0, monotonic()

    def left_s() -> float:
        return max(0.0, job.timeout_s - idle_s - (monotonic() - idle_since))

    def pieces() -> Iterator[memoryview]:
        nonlocal idle_s, idle_since
        idle_s += monotonic() - idle_since
        idle_since = monotonic()
        for start in range(0, len(content), PIECE):
            yield content[start : start + PIECE]
            idle_since = monotonic()

    transport = raw.transport.with_options(headers=dict(job.make_client.headers))
    calls = raw.with_transport(transport.without_retries().with_timeout_cap(left_s))
    session = decode(job.session, models.UploadSession)
    if job.plans and (found := Planner(session).find(calls, job.part, content, sha1)):
        return found
    try:
        response = calls.upload_part(
            session,
            body=Stream(len(content), pieces),
            digest=digest.header(sha1),
            content_range=job.part.content_range(job.file_size),
        )
        check_stored(response.parsed.part, job.part, sha1, DigestMismatchError)
    except ClientError as error:
        # An attribute goes with the error to the process that counts the time; no field of an error is about jobs.
        vars(error)[_IDLE_S] = idle_s + monotonic() - idle_since
        raise
    return response.parsed.part


def _content(job: PartJob) -> memoryview:
    if isinstance(job.source, bytes):
        return memoryview(job.source)
    try:
        with open_source(job.source) as source:
            if job.fingerprint is None or not source.fingerprint.agrees(job.fingerprint):
                raise SourceChangedError("the executor's worker has another source than the upload began with")
            return source.window(job.part.offset, job.part.size, _STATE.buffer_of(job.part.size))
    except OSError as error:
        raise UploadError(f"the executor's worker cannot read the source: {error!r}") from error


class _WorkerState(local):
    """What a thread keeps between jobs; its clients are closed when the thread ends."""

    def __init__(self) -> None:
        self.buffer = bytearray()
        self.clients: dict[str, Client] = {}
        # The dictionary of a thread lives as long as the thread, and its members may be watched.
        self.finalizer = _Finalizer()
        finalize(self.finalizer, _close_all, self.clients)

    def client(self, name: str, make_client: ClientFactory) -> Client:
        """Return the client of an earlier job with the same name, or make one."""
        found = self.clients.get(name)
        if found is None:
            while len(self.clients) >= _CLIENTS_KEPT:
                self.clients.pop(next(iter(self.clients))).close()
            found = self.clients[name] = make_client()
        return found

    def buffer_of(self, size: int) -> memoryview:
        """Return a buffer of at least this size."""
        if len(self.buffer) < size:
            # Replaced, not extended: views of an earlier part may still exist.
            self.buffer = bytearray(size)
        return memoryview(self.buffer)


class _Finalizer:
    """Closes the clients when its thread ends."""


def _close_all(clients: dict[str, Client]) -> None:
    for client in clients.values():
        client.close()


_STATE = _WorkerState()
_GATE_NAMES: WeakKeyDictionary[RateGate, str] = WeakKeyDictionary()
_GATES: WeakValueDictionary[str, RateGate] = WeakValueDictionary()
_GATES_LOCK = Lock()


def _name_of(gate: RateGate) -> str:
    """Return the name by which other processes know the gate of a client."""
    with _GATES_LOCK:
        return _GATE_NAMES.setdefault(gate, uuid4().hex)


def _gate_of(name: str) -> RateGate:
    """Return the gate that all jobs for a client share in this process."""
    with _GATES_LOCK:
        return _GATES.setdefault(name, RateGate())


class ClientFactory(msgspec.Struct, frozen=True, kw_only=True):
    """Makes a client like another one, from plain values, for a worker in another process.

    Attributes:
        token: Returns a token; has to be picklable for a process, such as a function of a module.
        base_url: Where the API is, or None for the default.
        timeout_s: The client's `Timeout` as plain seconds, in its order, or None for the defaults.
        trusted_hosts: Further hosts that the session's URLs may lead to.
        as_user: Id of the user on whose behalf the token acts, or None.
        headers: Fields that are added to each request. A client that was made does not know them: they are of calls.
    """

    token: Callable[[], str]
    base_url: str | None
    timeout_s: tuple[float, ...] | None
    trusted_hosts: tuple[str, ...]
    as_user: str | None
    headers: tuple[tuple[str, str], ...] = ()

    def __call__(self) -> Client:
        """Make the client, which sends each call once; while its rate is limited, not even that: the driver waits."""
        return Client(
            self.token,
            base_url=self.base_url,
            timeout_s=None if self.timeout_s is None else Timeout(*self.timeout_s),
            trusted_hosts=self.trusted_hosts,
            retry=RetryPolicy(max_retries=0, max_retry_after_s=0),
            as_user=self.as_user,
        )

    def __repr__(self) -> str:
        return f"ClientFactory({self.base_url!r})"


def client_factory(client: Client | AsyncClient) -> ClientFactory:
    """Return what makes a client like this one in another process.

    Raises:
        InvalidArgumentError: The client sends by the caller's own `http=`, which cannot go there.
    """
    settings, credentials = client.raw.transport.settings, client.raw.transport.credentials
    token = credentials.token_source()
    if is_coroutine_function(token):
        raise InvalidArgumentError("executor", "needs a token, or a callable that returns one without being awaited")
    if not settings.uses_default_http or credentials.auth is not None or token is None:
        rule = "needs a client with a token or a callable for it, and without http="
        raise InvalidArgumentError("executor", rule)
    timeout = settings.timeout_s
    options: dict[str, Any] = client.raw.call_options
    added = client.raw.transport.added_headers
    return ClientFactory(
        token=StaticToken(token) if isinstance(token, str) else token,
        base_url=settings.base_url,
        timeout_s=None if timeout is None else msgspec.structs.astuple(timeout),
        trusted_hosts=settings.trusted_hosts,
        as_user=options.get("as_user"),
        headers=() if added is None else added.fields,
    )


class StaticToken:
    """A constant token, as a callable that can be pickled; its repr does not show it.

    Equal for equal tokens, so that a worker finds the client of an earlier job.
    """

    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self) -> str:
        """Return the token."""
        return self._token

    def __eq__(self, other: object) -> bool:
        return isinstance(other, StaticToken) and self._token == other._token

    def __hash__(self) -> int:
        return hash(self._token)

    def __repr__(self) -> str:
        return "StaticToken(…)"
