"""Defects of the uploader: what failures mean to it, and how patiently it bears them."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import msgspec
from box_uploads.upload import run_part_job

from tests.prove.planting import Catalogue

__all__ = ["DEFECTS"]

DEFECTS = Catalogue()
UPLOAD, FAULTS = "test_upload.py", "test_upload_faults"


@DEFECTS.defect("box_uploads.upload.part.verdict_of", "part")
def an_overlap_is_a_stored_part(original: Any) -> Any:
    """416 is final instead of a reason to look."""
    return lambda error: "final" if getattr(error, "status", 0) == 416 else original(error)


@DEFECTS.defect("box_uploads.upload.part.find_part", "part")
def a_part_is_not_looked_for(original: Any) -> Any:
    """A part that may have arrived is sent again at once."""
    return lambda calls, session, part: None


@DEFECTS.defect("box_uploads.upload.carrier.check_stored", "part")
def an_answer_about_a_part_is_not_compared(original: Any) -> Any:
    """What the server says of a part is not compared with what was sent."""
    return lambda stored, part, sha1, failure: None


@DEFECTS.defect("box_uploads.upload.job.check_stored", "job")
def an_answer_to_a_job_is_not_compared(original: Any) -> Any:
    """What the server says of a part is not compared with what a job has sent."""
    return lambda stored, part, sha1, failure: None


@DEFECTS.defect("box_uploads.upload.part._CORRUPTIONS", "part")
def a_corrupted_part_is_sent_without_end(original: Any) -> Any:
    """A part that never arrives whole is sent until the deadline."""
    return 10**9


@DEFECTS.defect("box_uploads.upload.verdict._NOT_SENT", "verdict", "part")
def a_lost_part_was_not_sent(original: Any) -> Any:
    """A part whose answer is lost is taken for one that was not sent."""
    return original | {"ReadError", "ReadTimeout"}


@DEFECTS.defect("box_uploads.upload.transfer.check_file", "doubt")
def the_stored_file_is_not_compared(original: Any) -> Any:
    """The digest of the stored file is not looked at."""
    return lambda file, sha1, size: file


@DEFECTS.defect("box_uploads.upload.commit.parse_retry_after", "commit")
def a_202_is_not_asked_for_how_long(original: Any) -> Any:
    """`Retry-After` of a 202 is not read."""
    return lambda value: None


@DEFECTS.defect("box_uploads.upload.commit.is_late_mismatch", "commit")
def a_late_part_ends_the_commit(original: Any) -> Any:
    """400 `parts_mismatch` is final."""
    return lambda error: False


@DEFECTS.defect("box_uploads.upload.commit.verdict_of", "commit")
def a_commit_whose_answer_is_lost_was_none(original: Any) -> Any:
    """A commit that may have happened is taken for one that was refused."""
    return lambda error: "refused" if original(error) == "unknown" else original(error)


@DEFECTS.defect("box_uploads.upload.engine.Finished", "engine", UPLOAD)
def parts_are_committed_as_they_end(original: Any) -> Any:
    """The parts are committed with the first one last."""
    return lambda parts, sha1: original([*parts[1:], parts[0]], sha1)


@DEFECTS.defect("box_uploads.upload.engine.Engine._borrow", "engine", UPLOAD)
def a_buffer_is_used_while_it_is_sent(original: Any) -> Any:
    """All parts are read into one buffer."""

    def spoiled(engine: Any, part: Any) -> Any:
        if engine._source.in_memory:
            return memoryview(b"")
        if not engine._buffers:
            engine._buffers.append(memoryview(bytearray(engine._plan.part_size)))
        return engine._buffers[0]

    return spoiled


@DEFECTS.defect("box_uploads.upload.engine.Engine._borrow", "engine", "buffers")
def every_part_gets_a_buffer(original: Any) -> Any:
    """Buffers are not used again."""

    def spoiled(engine: Any, part: Any) -> Any:
        engine._buffers.clear()
        return original(engine, part)

    return spoiled


@DEFECTS.defect("box_uploads.upload.engine.WholeDigest.add", "engine", "digest")
def the_file_is_hashed_in_part(original: Any) -> Any:
    """The digest of the whole file leaves out its first byte."""
    begun = set[int]()

    def spoiled(whole: Any, content: Any) -> None:
        original(whole, content if id(whole) in begun else content[1:])
        begun.add(id(whole))

    return spoiled


@DEFECTS.defect("box_uploads.upload.engine.Engine._halt", "engine", UPLOAD)
def a_failure_does_not_end_the_others(original: Any) -> Any:
    """Workers go on after a part has failed."""
    return lambda engine: None


@DEFECTS.defect("box_uploads.upload.engine.Engine._report", "engine", "progress")
def sent_bytes_are_not_told(original: Any) -> Any:
    """There is no progress in bytes."""
    return lambda engine, count: None


@DEFECTS.defect("box_uploads.upload.order.Order.__init__", UPLOAD, "progress", "callback", "interrupted")
def an_exception_of_the_caller_is_swallowed(original: Any) -> Any:
    """What `on_progress` raises does not end the upload."""

    def spoiled(order: Any, *given: Any, tell: Any, **rest: Any) -> None:
        def quiet(event: Any) -> None:
            with suppress(Exception):
                tell(event)

        original(order, *given, tell=quiet, **rest)

    return spoiled


@DEFECTS.defect("box_uploads.upload.patience.Pace.delay_s", "patience", "commit")
def the_server_s_wish_to_wait_is_ignored(original: Any) -> Any:
    """`Retry-After` does not count."""
    return lambda pace, attempt, asked_s: original(pace, attempt, None)


@DEFECTS.defect("box_uploads.upload.patience.Pace.delay_s", "patience")
def the_server_s_wish_to_wait_has_no_cap(original: Any) -> Any:
    """The server may let the uploader wait for hours."""
    return lambda pace, attempt, asked_s: asked_s or original(pace, attempt, asked_s)


@DEFECTS.defect("box_uploads.upload.patience.Pace.delay_s", "patience")
def the_pauses_of_uploads_are_not_spread(original: Any) -> Any:
    """Pauses have no jitter."""
    return lambda pace, attempt, asked_s: original(msgspec.structs.replace(pace, random=lambda: 1.0), attempt, asked_s)


@DEFECTS.defect("box_uploads.upload.patience.Patience.pause", "patience", "deadline")
def failures_are_borne_without_end(original: Any) -> Any:
    """There is no deadline."""

    def spoiled(patience: Any, cause: Any, asked_s: Any = None) -> None:
        if patience.attempts > 10_000:
            raise AssertionError("without end")
        patience._deadline_s = float("inf")
        original(patience, cause, asked_s)

    return spoiled


@DEFECTS.defect("box_uploads.upload.patience.Stop.check", "patience", "cancel", "stop")
def nobody_can_stop_an_upload(original: Any) -> Any:
    """The wish to end is not looked at."""
    return lambda stop: None


@DEFECTS.defect("box_uploads.upload.inventory._is_last", "pages", "inventory")
def only_the_first_page_is_listed(original: Any) -> Any:
    """Parts beyond the first page are not seen."""
    return lambda page, seen: True


@DEFECTS.defect("box_uploads.upload.inventory.pairwise", "test_inventory")
def a_list_may_repeat_itself(original: Any) -> Any:
    """That a server lists parts out of order is not noticed."""
    return lambda parts: iter(())


@DEFECTS.defect("box_uploads.upload.inventory._LISTINGS", "test_inventory")
def a_list_is_read_once(original: Any) -> Any:
    """A part that is stored while the parts are listed ends the upload."""
    return 1


@DEFECTS.defect("box_uploads.upload.calls.GivenToken.__repr__", "secre", "executor", "job")
def the_token_of_jobs_is_shown(original: Any) -> Any:
    """The repr of a token for other processes is the token."""
    return lambda token: f"GivenToken({token()})"


@DEFECTS.defect("box_uploads.upload.session._request", UPLOAD, "version")
def a_version_is_uploaded_as_a_new_file(original: Any) -> Any:
    """`file_id` is ignored."""

    def spoiled(calls: Any, order: Any, target: Any) -> Any:
        replaced = msgspec.structs.replace(target, file_id=None, folder_id=target.folder_id or "0", file_name="a.bin")
        return original(calls, order, replaced if target.file_id else target)

    return spoiled


@DEFECTS.defect("box_uploads.upload.transfer.commit", UPLOAD, "condition", "if_match")
def the_condition_of_a_version_is_dropped(original: Any) -> Any:
    """`if_match` is not part of the commit."""
    return lambda *given, **rest: original(*given, **{**rest, "if_match": msgspec.UNSET})


@DEFECTS.defect("box_uploads.upload.transfer.commit", UPLOAD, "attributes")
def the_attributes_of_an_upload_are_dropped(original: Any) -> Any:
    """`attributes` is not part of the commit."""
    return lambda *given, **rest: original(*given, **{**rest, "attributes": msgspec.UNSET})


@DEFECTS.defect("box_uploads.upload.order.verdict_of", FAULTS, "resum")
def a_question_is_asked_once(original: Any) -> Any:
    """What is asked of a session is not asked again after a failure."""
    return lambda error: "gone" if original(error) == "gone" else "final"


@DEFECTS.defect("box_uploads.upload.session.is_gone", FAULTS, "verdict")
def an_abort_of_nothing_fails(original: Any) -> Any:
    """A session that is gone cannot be aborted."""
    return lambda error: False


@DEFECTS.defect("box_uploads._runtime.twin._Connections.break_off", "silence")
def a_silent_server_is_waited_for(original: Any) -> Any:
    """The connections of an upload that has to end are not broken."""
    return lambda connections: None


@DEFECTS.defect("box_uploads._runtime.twin._Awaited.break_off", "silence")
def a_silent_server_is_awaited(original: Any) -> Any:
    """What the event loop sends for an upload that has to end is not cancelled."""
    return lambda awaited: None


@DEFECTS.defect("box_uploads.upload.calls.FAREWELL_S", "silence")
def a_farewell_is_as_patient_as_anything(original: Any) -> Any:
    """Ending a session is waited for as long as any call."""
    return 10**6


@DEFECTS.defect("box_uploads.upload.carrier.JobCarrier._submit", "executor")
def an_executor_never_ends(original: Any) -> Any:
    """That an executor takes no jobs any more is not told in words of an upload."""
    return lambda carrier, job: carrier._executor.submit(run_part_job, job)
