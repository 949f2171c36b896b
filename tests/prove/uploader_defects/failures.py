"""Defects of the uploader: failures, retries and cancellation."""

from __future__ import annotations

from contextlib import suppress
from copy import copy
from types import SimpleNamespace
from typing import Any

import httpx2
from box_uploads.upload import run_part_job
from box_uploads.upload.outcomes import Outcome
from msgspec.structs import replace

from tests.prove.patches import before, change, patch, wrap

UPLOAD, FAULTS = "test_upload.py", "test_upload_faults"


def _a_buffer_is_used_while_it_is_sent(engine: Any, part: Any) -> Any:
    if engine._source.in_memory:
        return memoryview(b"")
    if not engine._buffers:
        engine._buffers.append(memoryview(bytearray(engine._plan.part_size)))
    return engine._buffers[0]


def _the_file_is_hashed_in_part(original: Any) -> Any:
    started = set[int]()

    def add(whole: Any, content: Any) -> None:
        original(whole, content if id(whole) in started else content[1:])
        started.add(id(whole))

    return add


def _an_exception_of_the_caller_is_swallowed(original: Any, context: Any, *given: Any, emit: Any, **rest: Any) -> None:
    def quiet(event: Any) -> None:
        with suppress(Exception):
            emit(event)

    original(context, *given, emit=quiet, **rest)


def _failures_are_borne_without_end(original: Any, budget: Any, cause: Any, retry_after_s: Any = None) -> None:
    if budget.attempts > 10_000:
        raise AssertionError("without end")
    budget._deadline_s = float("inf")
    original(budget, cause, retry_after_s)


def _a_version_is_uploaded_as_a_new_file(original: Any, calls: Any, context: Any) -> Any:
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
    wrap("an-overlap-is-a-stored-part", "box_uploads.upload.part_upload.classify_error",
        "416 is final: the stored part is not looked up.",
        lambda original, error: Outcome.FATAL if getattr(error, "status", 0) == 416 else original(error), "part"),
    patch("a-part-is-not-looked-for", "box_uploads.upload.part_upload.find_part",
        "A part that may be stored is sent again at once.", lambda calls, session, part: None, "part"),
    patch("an-answer-about-a-part-is-not-compared", "box_uploads.upload.part_upload.check_stored",
        "The response to a part is not checked.", lambda stored, part, sha1, failure: None, "part"),
    patch("an-answer-to-a-job-is-not-compared", "box_uploads.upload.executor_parts.check_stored",
        "The response to a job's part is not checked.", lambda stored, part, sha1, failure: None, "job"),
    patch("a-corrupted-part-is-sent-without-end", "box_uploads.upload.part_upload._CORRUPTIONS",
        "A part that always arrives corrupted is sent until the deadline.", 10**9, "part"),
    change("a-lost-part-was-not-sent", "box_uploads._runtime.response_reader._NOT_SENT",
        "A part whose response is lost counts as not sent.", lambda original: (*original, httpx2.ReadError,
        httpx2.ReadTimeout),
        "lost", "silence", UPLOAD),
    patch("the-stored-file-is-not-compared", "box_uploads.upload.workflow.verify_file",
        "The digest of the stored file is not checked.", lambda file, sha1, size: file, "doubt"),
    patch("a-202-is-not-asked-for-how-long", "box_uploads.upload.commit.parse_retry_after",
        "`Retry-After` of a 202 is ignored.", lambda value: None, "commit"),
    patch("a-late-part-ends-the-commit", "box_uploads.upload.commit.is_late_mismatch",
        "400 `parts_mismatch` is final.", lambda error: False, "commit"),
    wrap("a-commit-whose-answer-is-lost-was-none", "box_uploads.upload.commit.classify_error",
        "A commit with an unknown outcome counts as refused.",
        lambda original, error: Outcome.NOT_APPLIED if original(error) is Outcome.AMBIGUOUS else original(error),
        "commit"),
    wrap("parts-are-committed-as-they-end", "box_uploads.upload.engine.UploadedParts",
        "The parts are committed with the first one last.",
        lambda original, parts, sha1: original([*parts[1:], parts[0]], sha1), "engine", UPLOAD),
    patch("a-buffer-is-used-while-it-is-sent", "box_uploads.upload.engine.Engine._take_buffer",
        "All parts are read into one buffer.", _a_buffer_is_used_while_it_is_sent, "engine", UPLOAD),
    wrap("every-part-gets-a-buffer", "box_uploads.upload.engine.Engine._take_buffer", "Buffers are not reused.",
        before(lambda engine, part: engine._buffers.clear()), "engine", "buffers"),
    change("the-file-is-hashed-in-part", "box_uploads.upload.engine.WholeDigest.add",
        "The digest of the file omits its first byte.", _the_file_is_hashed_in_part, "engine", "digest"),
    patch("a-failure-does-not-end-the-others", "box_uploads.upload.engine.Engine._stop_workers",
        "Workers go on after a part has failed.", lambda engine: None, "engine", UPLOAD),
    patch("sent-bytes-are-not-told", "box_uploads.upload.engine.Engine._report", "Progress does not count bytes.",
        lambda engine, count: None, "engine", "progress"),
    wrap("an-exception-of-the-caller-is-swallowed", "box_uploads.upload.context.UploadContext.__init__",
        "An exception of `on_progress` is ignored.", _an_exception_of_the_caller_is_swallowed, UPLOAD, "progress",
        "callback", "interrupted"),
    wrap("the-server-s-wish-to-wait-is-ignored", "box_uploads.upload.retry.BackoffPolicy.delay_s",
        "`Retry-After` is ignored.", lambda original, policy, attempt, asked_s: original(policy, attempt, None),
        "test_retry", "commit"),
    wrap("the-server-s-wish-to-wait-has-no-cap", "box_uploads.upload.retry.BackoffPolicy.delay_s",
        "The server can make the uploader wait for hours.",
        lambda original, policy, attempt, asked_s: asked_s or original(policy, attempt, asked_s), "test_retry"),
    wrap("the-pauses-of-uploads-are-not-spread", "box_uploads.upload.retry.BackoffPolicy.delay_s",
        "Pauses have no jitter.",
        lambda original, policy, attempt, asked_s: original(replace(policy, random=lambda: 1.0), attempt, asked_s),
        "test_retry"),
    wrap("failures-are-borne-without-end", "box_uploads.upload.retry.RetryBudget.wait", "There is no deadline.",
        _failures_are_borne_without_end, "test_retry", "deadline"),
    patch("nobody-can-stop-an-upload", "box_uploads.upload.retry.CancelToken.check", "Cancellation is ignored.",
        lambda stop: None, "test_retry", "cancel", "stop"),
    patch("only-the-first-page-is-listed", "box_uploads.upload.part_listing._is_last",
        "Only the first page of parts is listed.", lambda page, seen: True, "pages", "inventory"),
    patch("a-list-may-repeat-itself", "box_uploads.upload.part_listing.pairwise",
        "An unordered list of parts is accepted.", lambda parts: iter(()), "test_inventory"),
    patch("a-list-is-read-once", "box_uploads.upload.part_listing._LISTINGS",
        "A part stored during the listing ends the upload.", 1, "test_inventory"),
    patch("the-token-of-jobs-is-shown", "box_uploads.upload.executor_parts.StaticToken.__repr__",
        "The repr of a token for other processes is the token.", lambda token: f"StaticToken({token()})", "secre",
        "executor", "job"),
    wrap("a-version-is-uploaded-as-a-new-file", "box_uploads.upload.session._request_session", "`file_id` is ignored.",
        _a_version_is_uploaded_as_a_new_file, UPLOAD, "version"),
    wrap("the-condition-of-a-version-is-dropped", "box_uploads.upload.workflow.commit_session",
        "`if_match` is not part of the commit.",
        lambda original, *given, **rest: original(*_without(given, "if_match"), **rest), UPLOAD, "condition",
        "if_match"),
    wrap("the-attributes-of-an-upload-are-dropped", "box_uploads.upload.workflow.commit_session",
        "`attributes` is not part of the commit.",
        lambda original, *given, **rest: original(*_without(given, "attributes"), **rest), UPLOAD,
        "attributes"),
    patch("a-question-is-asked-once", "box_uploads.upload.context.is_retryable",
        "A failed query of a session is not retried.", lambda error: False, FAULTS, "resum"),
    patch("an-abort-of-nothing-fails", "box_uploads.upload.session.is_session_gone",
        "A session that is gone cannot be aborted.", lambda error: False, FAULTS, "verdict"),
    patch("a-silent-server-is-waited-for", "box_uploads._runtime.dedicated_transport._Connections.abort",
        "The connections of a cancelled upload stay open.", lambda connections: None, "silence"),
    patch("a-silent-server-is-awaited", "box_uploads._runtime.dedicated_transport._LoopCalls.cancel",
        "Async requests of a cancelled upload continue.", lambda awaited: None, "silence"),
    patch("a-farewell-is-as-patient-as-anything", "box_uploads.upload.upload_client.CLEANUP_CALL_S",
        "The abort of a session has no short timeout.", 10**6, "silence"),
    patch("an-executor-never-ends", "box_uploads.upload.executor_parts._JobSender._submit",
        "A shut-down executor raises its own error.", lambda sender, job: sender._executor.submit(run_part_job, job),
        "executor"),
)
