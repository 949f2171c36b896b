"""Defects of the uploader: failures, retries and cancellation."""

from __future__ import annotations

from contextlib import suppress
from copy import copy
from types import SimpleNamespace
from typing import Any

import httpx2
from box_uploads._runtime.rate_gate import RateGate
from box_uploads.upload import run_part_job
from box_uploads.upload.outcomes import Outcome
from msgspec.structs import replace

from tests.prove.patches import after, always, before, change, patch, wrap


def _share_one_buffer(engine: Any, part: Any) -> Any:
    if engine._source.in_memory:
        return memoryview(b"")
    if not engine._buffers:
        engine._buffers.append(memoryview(bytearray(engine._plan.part_size)))
    return engine._buffers[0]


def _skip_first_byte(original: Any) -> Any:
    started = set[int]()

    def add(whole: Any, content: Any) -> None:
        original(whole, content if id(whole) in started else content[1:])
        started.add(id(whole))

    return add


def _suppress_errors(original: Any, context: Any, *given: Any, emit: Any, **rest: Any) -> None:
    def quiet(event: Any) -> None:
        with suppress(Exception):
            emit(event)

    original(context, *given, emit=quiet, **rest)


def _remove_deadline(original: Any, budget: Any, cause: Any, retry_after_s: Any = None) -> None:
    if budget.attempts > 10_000:
        raise AssertionError("without end")
    budget._deadline_s = float("inf")
    original(budget, cause, retry_after_s)


def _forget_first_attempt(original: Any, budget: Any, *given: Any) -> None:
    if not budget.attempts:
        budget.note_progress()
    original(budget, *given)


def _drop_file_id(original: Any, calls: Any, context: Any) -> Any:
    target = context.target
    if target.file_id:
        target = replace(target, file_id=None, folder_id=target.folder_id or "0", file_name="a.bin")
    return original(calls, SimpleNamespace(target=target, source=context.source))


def _without(given: Any, name: str) -> Any:
    """Return the arguments of a step with an option left out of its context."""
    context, *rest = given
    changed = copy(context)
    changed.options = replace(context.options, **{name: None})
    return changed, *rest


# fmt: off
DEFECTS = (
    wrap("416 is final: the stored part is not looked up", "upload.part_upload.classify_error",
        lambda original, error: Outcome.FATAL if getattr(error, "status", 0) == 416 else original(error)),
    patch("A part that may be stored is sent again at once", "upload.part_upload.find_part", always(None)),
    patch("The response to a part is not checked", "upload.part_upload.check_stored", always(None)),
    patch("The response to a job's part is not checked", "upload.executor_parts.check_stored", always(None)),
    patch("A part that always arrives corrupted is sent until the deadline", "upload.part_upload._CORRUPTIONS", 10**9),
    change("A part whose response is lost counts as not sent", "runtime.response_reader._NOT_SENT",
        lambda original: (*original, httpx2.ReadError, httpx2.ReadTimeout)),
    patch("The digest of the stored file is not checked", "upload.workflow.verify_file", lambda file, sha1, size: file),
    patch("`Retry-After` of a 202 is ignored", "upload.commit.parse_retry_after", always(None)),
    patch("400 `parts_mismatch` is final", "upload.commit.is_late_mismatch", always(False)),
    wrap("A commit with an unknown outcome counts as refused", "upload.commit.classify_error",
        lambda original, error: Outcome.NOT_APPLIED if original(error) is Outcome.AMBIGUOUS else original(error)),
    wrap("The parts are committed with the first one last", "upload.engine.UploadedParts",
        lambda original, parts, sha1: original([*parts[1:], parts[0]], sha1)),
    patch("All parts are read into one buffer", "upload.engine.Engine._take_buffer", _share_one_buffer),
    wrap("Buffers are not reused", "upload.engine.Engine._take_buffer",
        before(lambda engine, part: engine._buffers.clear())),
    change("The digest of the file omits its first byte", "upload.engine.WholeDigest.add", _skip_first_byte),
    patch("Workers go on after a part has failed", "upload.engine.Engine._stop_workers", always(None)),
    patch("Progress does not count bytes", "upload.engine.Engine._report", always(None)),
    wrap("An exception of `on_progress` is ignored", "upload.context.UploadContext.__init__", _suppress_errors),
    wrap("The uploader ignores `Retry-After`", "upload.retry.BackoffPolicy.delay_s",
        lambda original, policy, attempt, asked_s: original(policy, attempt, None)),
    wrap("The server can make the uploader wait for hours", "upload.retry.BackoffPolicy.delay_s",
        lambda original, policy, attempt, asked_s: asked_s or original(policy, attempt, asked_s)),
    wrap("Pauses have no jitter", "upload.retry.BackoffPolicy.delay_s",
        lambda original, policy, attempt, asked_s: original(replace(policy, random=lambda: 1.0), attempt, asked_s)),
    wrap("An upload has no deadline", "upload.retry.RetryBudget.wait", _remove_deadline),
    wrap("The time of a first attempt does not count", "upload.retry.RetryBudget.wait", _forget_first_attempt),
    patch("A response may take longer than its step", "upload.retry.RetryBudget.attempt_s", always(300.0)),
    wrap("The time of a job never counts", "upload.retry.RetryBudget.note_progress",
        lambda original, budget, idle_s=0.0: original(budget)),
    patch("Cancellation is ignored", "upload.retry.CancelToken.check", always(None)),
    patch("Only the first page of parts is listed", "upload.part_listing._is_last", always(True)),
    patch("An unordered list of parts is accepted", "upload.part_listing.pairwise", always(iter(()))),
    patch("A part stored during the listing ends the upload", "upload.part_listing._LISTINGS", 1),
    patch("The repr of a token for other processes is the token", "upload.executor_parts.StaticToken.__repr__",
        lambda token: f"StaticToken({token()})"),
    wrap("`file_id` is ignored", "upload.session._request_session", _drop_file_id),
    wrap("`if_match` is not part of the commit", "upload.workflow.commit_session",
        lambda original, *given, **rest: original(*_without(given, "if_match"), **rest)),
    wrap("`attributes` is not part of the commit", "upload.workflow.commit_session",
        lambda original, *given, **rest: original(*_without(given, "attributes"), **rest)),
    patch("A failed query of a session is not retried", "upload.context.is_retryable", always(False)),
    patch("A session that is gone cannot be aborted", "upload.session.is_session_gone", always(False)),
    patch("The connections of a cancelled upload stay open", "runtime.dedicated_transport._Connections.abort",
        always(None)),
    patch("Async requests of a cancelled upload continue", "runtime.dedicated_transport._LoopCalls.cancel",
        always(None)),
    patch("The abort of a session has no short timeout", "upload.upload_client.CLEANUP_CALL_S", 10**6),
    patch("A shut-down executor raises its own error", "upload.executor_parts._JobSender._submit",
        lambda sender, job: sender._executor.submit(run_part_job, job)),
    patch("Each part emits a pause of its own", "upload.retry.PauseLog.is_new", always(True)),
    wrap("The time of a pause counts", "upload.retry.RetryBudget.wait_at_gate",
        after(lambda _, budget, delay_s, pause: setattr(budget, "_idle_s", budget._idle_s + delay_s))),
    patch("A pause has no limit", "upload.retry.RetryBudget.gate_left_s", always(float("inf"))),
    wrap("The upload does not wait for what the client was told",
        "runtime.dedicated_transport.DedicatedTransport.__init__",
        after(lambda _, transport, *__: setattr(transport, "gate", RateGate()))),
    patch("Each job has a gate of its own", "upload.executor_parts._gate_of", lambda name: RateGate()),
    wrap("A job does not wait for what the client was told", "upload.executor_parts._JobSender.__init__",
        lambda original, sender, executor, job, transport, *rest: original(
            sender, executor, job, transport.past_gate(), *rest)),
)
