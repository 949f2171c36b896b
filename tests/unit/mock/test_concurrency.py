"""Expired, committed and reset sessions, and concurrent changes."""

from __future__ import annotations

from datetime import timedelta

import pytest
from box_uploads_mock.commit_rules import Attributes, CommitRequest
from box_uploads_mock.errors import ApiError
from box_uploads_mock.headers import parse_content_range
from box_uploads_mock.session_store import SessionStore
from box_uploads_mock.sessions import SESSION_LIFETIME

from tests.unit.mock.in_process import SESSIONS, headers, new_file, post, send
from tests.unit.mock.uploading import DATA, NOW, SHA1, Upload, complete, small_state


def test_an_unacknowledged_session_is_a_conflict_until_it_expires() -> None:
    now = [NOW]
    state = small_state(clock=lambda: now[0])
    upload = Upload(state)
    state.session_store.mark_unacknowledged(upload.id)
    now[0] += SESSION_LIFETIME - timedelta(seconds=1)
    response = post(state, SESSIONS, new_file(file_size=len(DATA)))
    assert (response.status, response.code) == (409, "session_conflict")
    assert response.body["message"] == "A session for this file already exists"
    assert response.body["context_info"] == {"session": upload.session}
    now[0] += timedelta(seconds=1)
    assert post(state, SESSIONS, new_file(file_size=len(DATA))).status == 201


def test_the_id_of_a_committed_session_is_case_insensitive() -> None:
    upload = complete(small_state())
    upload.stored()
    for name in (upload.id, upload.id.lower()):
        assert send(upload.state, "DELETE", f"{SESSIONS}/{name}", headers()).status == 204


def test_a_reset_forgets_which_sessions_were_committed() -> None:
    upload = complete(small_state())
    upload.stored()
    upload.state.reset()
    assert upload.abort().code == "upload_session_not_found"


def test_an_invalid_event_is_reported_before_an_unknown_session() -> None:
    state = small_state()
    path = f"{SESSIONS}/{'F' * 32}/log"
    assert post(state, path, {}).code == "invalid_parameter"
    assert post(state, path, {"event_type": "retry"}).code == "upload_session_not_found"


def test_a_commit_fails_if_its_name_is_taken_after_the_check() -> None:
    state = small_state()
    first, second = complete(state), complete(state)
    uploads: SessionStore = state.session_store
    session = uploads.find(second.id)
    request = CommitRequest(
        digest=bytes.fromhex(SHA1), if_match=None, if_none_match=None, parts=session.part_store.parts,
        attributes=Attributes(),
    )  # fmt: skip
    uploads.check_commit(second.id, request)
    assert first.commit().status == 201
    with pytest.raises(ApiError) as caught:
        uploads.commit(second.id, request)
    assert caught.value.code == "item_name_in_use"


def test_one_of_two_concurrent_equal_parts_is_stored() -> None:
    state = small_state()
    upload = Upload(state)
    wanted = parse_content_range(upload.range(0))
    writers = [state.session_store.start_part(upload.id, wanted) for _ in range(2)]
    for writer in writers:
        writer.write(DATA[:4])
    stored = state.session_store.finish_part(upload.id, wanted, writers[0])
    with pytest.raises(ApiError) as caught:
        state.session_store.finish_part(upload.id, wanted, writers[1])
    assert caught.value.code == "range_overlaps_existing_part"
    assert list(state.session_store.find(upload.id).part_store.parts) == [stored]
