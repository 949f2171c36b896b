"""Defects of the uploader: failures, retries and cancellation."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import msgspec
from box_uploads.upload import run_part_job
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
    begun = set[int]()

    def add(whole: Any, content: Any) -> None:
        original(whole, content if id(whole) in begun else content[1:])
        begun.add(id(whole))

    return add


def _an_exception_of_the_caller_is_swallowed(original: Any, order: Any, *given: Any, tell: Any, **rest: Any) -> None:
    def quiet(event: Any) -> None:
        with suppress(Exception):
            tell(event)

    original(order, *given, tell=quiet, **rest)


def _failures_are_borne_without_end(original: Any, patience: Any, cause: Any, asked_s: Any = None) -> None:
    if patience.attempts > 10_000:
        raise AssertionError("without end")
    patience._deadline_s = float("inf")
    original(patience, cause, asked_s)


def _a_version_is_uploaded_as_a_new_file(original: Any, calls: Any, order: Any, target: Any) -> Any:
    replaced = replace(target, file_id=None, folder_id=target.folder_id or "0", file_name="a.bin")
    return original(calls, order, replaced if target.file_id else target)


# fmt: off
DEFECTS = (
    wrap("an-overlap-is-a-stored-part", "box_uploads.upload.part.verdict_of",
        "416 is final: the stored part is not looked up.",
        lambda original, error: "final" if getattr(error, "status", 0) == 416 else original(error), "part"),
    patch("a-part-is-not-looked-for", "box_uploads.upload.part.find_part",
        "A part that may be stored is sent again at once.", lambda calls, session, part: None, "part"),
    patch("an-answer-about-a-part-is-not-compared", "box_uploads.upload.carrier.check_stored",
        "The response to a part is not checked.", lambda stored, part, sha1, failure: None, "part"),
    patch("an-answer-to-a-job-is-not-compared", "box_uploads.upload.job.check_stored",
        "The response to a job's part is not checked.", lambda stored, part, sha1, failure: None, "job"),
    patch("a-corrupted-part-is-sent-without-end", "box_uploads.upload.part._CORRUPTIONS",
        "A part that always arrives corrupted is sent until the deadline.", 10**9, "part"),
    change("a-lost-part-was-not-sent", "box_uploads.upload.verdict._NOT_SENT",
        "A part whose response is lost counts as not sent.", lambda original: original | {"ReadError", "ReadTimeout"},
        "verdict", "part"),
    patch("the-stored-file-is-not-compared", "box_uploads.upload.transfer.check_file",
        "The digest of the stored file is not checked.", lambda file, sha1, size: file, "doubt"),
    patch("a-202-is-not-asked-for-how-long", "box_uploads.upload.commit.parse_retry_after",
        "`Retry-After` of a 202 is ignored.", lambda value: None, "commit"),
    patch("a-late-part-ends-the-commit", "box_uploads.upload.commit.is_late_mismatch",
        "400 `parts_mismatch` is final.", lambda error: False, "commit"),
    wrap("a-commit-whose-answer-is-lost-was-none", "box_uploads.upload.commit.verdict_of",
        "A commit with an unknown outcome counts as refused.",
        lambda original, error: "refused" if original(error) == "unknown" else original(error), "commit"),
    wrap("parts-are-committed-as-they-end", "box_uploads.upload.engine.Finished",
        "The parts are committed with the first one last.",
        lambda original, parts, sha1: original([*parts[1:], parts[0]], sha1), "engine", UPLOAD),
    patch("a-buffer-is-used-while-it-is-sent", "box_uploads.upload.engine.Engine._borrow",
        "All parts are read into one buffer.", _a_buffer_is_used_while_it_is_sent, "engine", UPLOAD),
    wrap("every-part-gets-a-buffer", "box_uploads.upload.engine.Engine._borrow", "Buffers are not reused.",
        before(lambda engine, part: engine._buffers.clear()), "engine", "buffers"),
    change("the-file-is-hashed-in-part", "box_uploads.upload.engine.WholeDigest.add",
        "The digest of the file omits its first byte.", _the_file_is_hashed_in_part, "engine", "digest"),
    patch("a-failure-does-not-end-the-others", "box_uploads.upload.engine.Engine._halt",
        "Workers go on after a part has failed.", lambda engine: None, "engine", UPLOAD),
    patch("sent-bytes-are-not-told", "box_uploads.upload.engine.Engine._report", "Progress does not count bytes.",
        lambda engine, count: None, "engine", "progress"),
    wrap("an-exception-of-the-caller-is-swallowed", "box_uploads.upload.order.Order.__init__",
        "An exception of `on_progress` is ignored.", _an_exception_of_the_caller_is_swallowed, UPLOAD, "progress",
        "callback", "interrupted"),
    wrap("the-server-s-wish-to-wait-is-ignored", "box_uploads.upload.patience.Pace.delay_s",
        "`Retry-After` is ignored.", lambda original, pace, attempt, asked_s: original(pace, attempt, None),
        "patience", "commit"),
    wrap("the-server-s-wish-to-wait-has-no-cap", "box_uploads.upload.patience.Pace.delay_s",
        "The server can make the uploader wait for hours.",
        lambda original, pace, attempt, asked_s: asked_s or original(pace, attempt, asked_s), "patience"),
    wrap("the-pauses-of-uploads-are-not-spread", "box_uploads.upload.patience.Pace.delay_s", "Pauses have no jitter.",
        lambda original, pace, attempt, asked_s: original(replace(pace, random=lambda: 1.0), attempt, asked_s),
        "patience"),
    wrap("failures-are-borne-without-end", "box_uploads.upload.patience.Patience.pause", "There is no deadline.",
        _failures_are_borne_without_end, "patience", "deadline"),
    patch("nobody-can-stop-an-upload", "box_uploads.upload.patience.Stop.check", "Cancellation is ignored.",
        lambda stop: None, "patience", "cancel", "stop"),
    patch("only-the-first-page-is-listed", "box_uploads.upload.inventory._is_last",
        "Only the first page of parts is listed.", lambda page, seen: True, "pages", "inventory"),
    patch("a-list-may-repeat-itself", "box_uploads.upload.inventory.pairwise",
        "An unordered list of parts is accepted.", lambda parts: iter(()), "test_inventory"),
    patch("a-list-is-read-once", "box_uploads.upload.inventory._LISTINGS",
        "A part stored during the listing ends the upload.", 1, "test_inventory"),
    patch("the-token-of-jobs-is-shown", "box_uploads.upload.calls.GivenToken.__repr__",
        "The repr of a token for other processes is the token.", lambda token: f"GivenToken({token()})", "secre",
        "executor", "job"),
    wrap("a-version-is-uploaded-as-a-new-file", "box_uploads.upload.session._request", "`file_id` is ignored.",
        _a_version_is_uploaded_as_a_new_file, UPLOAD, "version"),
    wrap("the-condition-of-a-version-is-dropped", "box_uploads.upload.transfer.commit",
        "`if_match` is not part of the commit.",
        lambda original, *given, **rest: original(*given, **{**rest, "if_match": msgspec.UNSET}), UPLOAD, "condition",
        "if_match"),
    wrap("the-attributes-of-an-upload-are-dropped", "box_uploads.upload.transfer.commit",
        "`attributes` is not part of the commit.",
        lambda original, *given, **rest: original(*given, **{**rest, "attributes": msgspec.UNSET}), UPLOAD,
        "attributes"),
    wrap("a-question-is-asked-once", "box_uploads.upload.order.verdict_of",
        "A failed query of a session is not retried.",
        lambda original, error: "gone" if original(error) == "gone" else "final", FAULTS, "resum"),
    patch("an-abort-of-nothing-fails", "box_uploads.upload.session.is_gone",
        "A session that is gone cannot be aborted.", lambda error: False, FAULTS, "verdict"),
    patch("a-silent-server-is-waited-for", "box_uploads._runtime.twin._Connections.break_off",
        "The connections of a cancelled upload stay open.", lambda connections: None, "silence"),
    patch("a-silent-server-is-awaited", "box_uploads._runtime.twin._Awaited.break_off",
        "Async requests of a cancelled upload continue.", lambda awaited: None, "silence"),
    patch("a-farewell-is-as-patient-as-anything", "box_uploads.upload.calls.FAREWELL_S",
        "The abort of a session has no short timeout.", 10**6, "silence"),
    patch("an-executor-never-ends", "box_uploads.upload.carrier.JobCarrier._submit",
        "A shut-down executor raises its own error.", lambda carrier, job: carrier._executor.submit(run_part_job, job),
        "executor"),
)
