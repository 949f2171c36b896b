"""Making the file of its parts."""

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest
from box_uploads_mock import File, Folder, State, World, default_world

from tests.unit.mock.in_process import post
from tests.unit.mock.uploading import DATA, SHA1, Upload, digest, small_state


@pytest.fixture
def state() -> State:
    return small_state()


@pytest.fixture
def upload(state: State) -> Upload:
    upload = Upload(state)
    upload.put_all()
    return upload


def test_a_commit_stores_the_file_and_answers_a_list_of_one(state: State, upload: Upload) -> None:
    answer = upload.commit()
    assert answer.status == 201
    assert answer.body["total_count"] == 1
    (file,) = answer.body["entries"]
    assert state.content(file["id"]) == DATA
    stored = state.files[file["id"]]
    assert (stored.name, stored.folder, stored.size, stored.sha1) == ("Project.mov", "0", 10, SHA1)
    assert file == {
        "type": "file",
        "id": stored.id,
        "sequence_id": "0",
        "etag": "0",
        "sha1": SHA1,
        "name": "Project.mov",
        "description": "",
        "size": 10,
        "parent": {"type": "folder", "id": "0"},
        "content_created_at": None,
        "content_modified_at": None,
        "item_status": "active",
    }
    assert stored.id.isdecimal()


def test_a_commit_may_be_answered_bare(state: State, upload: Upload) -> None:
    state.bare_responses = True
    assert upload.commit().body["type"] == "file"


def test_parts_may_be_named_in_any_order_and_with_what_else_the_server_says_of_them(upload: Upload) -> None:
    assert upload.commit([{**part, "more": 1} for part in reversed(upload.parts)]).status == 201


def test_numbers_may_be_written_as_floats_and_ids_in_small_letters(upload: Upload) -> None:
    parts = [{**part, "offset": float(part["offset"]), "part_id": part["part_id"].lower()} for part in upload.parts]
    assert upload.commit(parts).status == 201


def test_after_a_commit_the_session_is_gone_but_aborting_it_succeeds(state: State, upload: Upload) -> None:
    assert upload.commit().status == 201
    for answer in (upload.get(), upload.get("/parts"), upload.put(0), upload.commit(), upload.log({"event_type": "x"})):
        assert (answer.status, answer.code) == (404, "upload_session_not_found")
    assert [upload.abort().status for _ in range(2)] == [204, 204]
    assert not state.sessions
    assert upload.get().status == 404


def test_a_new_version_keeps_id_and_name_and_counts_up(state: State) -> None:
    upload = Upload(state, file_id="12345")
    upload.put_all()
    (file,) = upload.commit().body["entries"]
    assert (file["id"], file["name"], file["etag"], file["sequence_id"]) == ("12345", "Contract.pdf", "1", "1")
    assert state.content("12345") == DATA
    again = Upload(state, b"abc", file_id="12345")
    again.put_all()
    assert again.commit().body["entries"][0]["etag"] == "2"
    assert state.content("12345") == b"abc"
    assert len(state.files) == len(default_world().files)


def test_a_new_version_takes_name_and_folder_if_they_are_given(state: State) -> None:
    upload = Upload(state, file_id="12345", file_name="Final.pdf", folder_id="101")
    assert (state.files["12345"].name, state.files["12345"].folder) == ("Contract.pdf", "0")
    upload.put_all()
    (file,) = upload.commit().body["entries"]
    assert (file["name"], file["parent"]["id"]) == ("Final.pdf", "101")


def test_an_etag_that_is_no_number_is_counted_from_the_beginning() -> None:
    upload = Upload(small_state(World(files=[File(id="1", name="a", etag="x")])), file_id="1")
    upload.put_all()
    assert upload.commit().body["entries"][0]["etag"] == "1"


def _without_last(parts: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    return list(parts[:-1])


@pytest.mark.parametrize(
    "change",
    [
        {"part_id": "0" * 8},
        {"offset": 1},
        {"size": 3},
        {"sha1": "0" * 40},
        {"sha1": None},
    ],
    ids=str,
)
def test_a_foreign_part_is_a_mismatch(upload: Upload, change: dict[str, object]) -> None:
    answer = upload.commit([{**upload.parts[0], **change}, *upload.parts[1:]])
    assert (answer.status, answer.code) == (400, "parts_mismatch")
    assert answer.body["message"].startswith("No matching part found on server for {")
    assert upload.commit().status == 201


def test_a_missing_or_repeated_part_is_a_mismatch(state: State, upload: Upload) -> None:
    for parts in (_without_last(upload.parts), [*upload.parts, upload.parts[0]]):
        assert upload.commit(parts).code == "parts_mismatch"
    other = Upload(state, file_name="other")
    other.put(0)
    assert other.commit().code == "parts_mismatch"
    assert other.commit(upload.parts).code == "parts_mismatch"
    assert other.get().body["num_parts_processed"] == 1


def test_a_wrong_digest_of_the_file_is_told_in_the_words_of_box(upload: Upload) -> None:
    answer = upload.commit(digest=digest(b"other"))
    assert (answer.status, answer.code) == (400, "digest_mismatch")
    actual, expected = base64.b64encode(bytes.fromhex(SHA1)).decode(), digest(b"other")[4:]
    assert answer.body["message"] == f"File digest was incorrect. Actual: {actual} Expected: {expected}"
    assert upload.commit().status == 201


@pytest.mark.parametrize("value", [None, "", "sha=x"])
def test_a_missing_or_malformed_digest_is_a_bad_argument(upload: Upload, value: str | None) -> None:
    assert upload.commit(digest=value).status == 400


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"parts": []},
        {"parts": {}},
        {"parts": [1]},
        {"parts": [{"part_id": "x", "offset": 0, "size": 1, "sha1": SHA1}]},
        {"parts": [{"part_id": "0" * 8, "offset": -1, "size": 1, "sha1": SHA1}]},
        {"parts": [{"part_id": "0" * 8, "offset": 0, "size": 0, "sha1": SHA1}]},
        {"parts": [{"part_id": "0" * 8, "offset": "0", "size": 1, "sha1": SHA1}]},
        {"parts": [{"part_id": "0" * 8, "offset": 0, "size": True, "sha1": SHA1}]},
        {"parts": [{"part_id": "0" * 8, "offset": 0, "size": 1, "sha1": ""}]},
        {"parts": [{"part_id": "0" * 8, "offset": 0, "size": 1, "sha512": ""}]},
        {"parts": [{"part_id": "0" * 8, "offset": 0, "size": 1, "sha512": None}]},
        {"parts": [{"part_id": "0" * 8, "offset": 0, "size": 1, "sha512": "g" * 128}]},
        {"parts": [{"part_id": "0" * 8, "offset": 0, "size": 1, "sha1": SHA1}], "more": 1},
        [],
    ],
    ids=str,
)
def test_a_malformed_body_is_a_bad_argument(upload: Upload, body: object) -> None:
    answer = upload.commit(body=body)
    assert (answer.status, answer.code != "parts_mismatch") == (400, True)
    assert upload.commit().status == 201


@pytest.mark.parametrize(
    "attributes",
    [
        {"content_created_at": "2012-12-12T10:53:43-08:00", "content_modified_at": "2016-12-31T23:59:60.5Z"},
        {"content_modified_at": "2012-12-12t10:53:43z"},
        {"description": "x" * 256},
        {},
    ],
)
def test_attributes_become_those_of_the_file(upload: Upload, attributes: dict[str, str]) -> None:
    answer = upload.commit(body={"parts": upload.parts, "attributes": attributes})
    assert answer.body["entries"][0].items() >= attributes.items()


@pytest.mark.parametrize("given", ["next", ""])
def test_a_version_keeps_the_attributes_that_it_is_not_given(state: State, given: str) -> None:
    first = {"description": "first", "content_created_at": "2012-12-12T10:53:43Z"}
    for attributes in (first, {"description": given}):
        upload = Upload(state, file_id="12345")
        upload.put_all()
        file = upload.commit(body={"parts": upload.parts, "attributes": attributes}).body["entries"][0]
    assert (file["description"], file["content_created_at"]) == (given, "2012-12-12T10:53:43Z")


@pytest.mark.parametrize(
    "attributes",
    [
        None,
        [],
        {"name": "x"},
        {"description": "x" * 257},
        {"description": None},
        {"description": "\ud800"},
        {"content_created_at": None},
        {"content_created_at": "2012-12-12"},
        {"content_created_at": "2012-12-12T10:53:43"},
        {"content_created_at": "2012-13-12T10:53:43Z"},
        {"content_created_at": "2012-12-12T24:00:01Z"},
        {"content_created_at": "2012-12-12 10:53:43Z"},
    ],
    ids=str,
)
def test_malformed_attributes_are_bad_arguments(upload: Upload, attributes: object) -> None:
    assert upload.commit(body={"parts": upload.parts, "attributes": attributes}).status == 400


@pytest.mark.parametrize(
    ("conditions", "status"),
    [
        ({"if_match": "0"}, 201),
        ({"if_match": '"0"'}, 201),
        ({"if_match": "*"}, 201),
        ({"if_match": "1"}, 412),
        ({"if_none_match": "1"}, 201),
        ({"if_none_match": "0"}, 412),
        ({"if_none_match": "*"}, 412),
        ({"if_match": ""}, 400),
        ({"if_match": "a b"}, 400),
        ({"if_none_match": "\xe9"}, 400),
        ({"if_none_match": "x" * 256}, 400),
    ],
    ids=str,
)
def test_a_version_may_be_committed_on_conditions(state: State, conditions: dict[str, str], status: int) -> None:
    upload = Upload(state, file_id="12345")
    upload.put_all()
    answer = upload.commit(**conditions)
    assert answer.status == status
    assert state.files["12345"].etag == ("1" if status == 201 else "0")
    if status == 412:
        assert answer.code == "precondition_failed"


@pytest.mark.parametrize(("conditions", "status"), [({"if_match": "0"}, 412), ({"if_none_match": "*"}, 201)], ids=str)
def test_a_new_file_has_no_etag_to_match(upload: Upload, conditions: dict[str, str], status: int) -> None:
    assert upload.commit(**conditions).status == status


def test_a_condition_meets_the_version_that_another_session_has_committed(state: State) -> None:
    first, second = Upload(state, file_id="12345"), Upload(state, file_id="12345")
    for upload in (first, second):
        upload.put_all()
    assert first.commit(if_match="0").status == 201
    assert second.commit(if_match="0").status == 412
    assert second.commit(if_match="1").status == 201


def test_a_name_that_was_taken_meanwhile_is_a_conflict(state: State) -> None:
    first, second = Upload(state), Upload(state, file_name="PROJECT.mov")
    for upload in (first, second):
        upload.put_all()
    file_id = first.commit().body["entries"][0]["id"]
    answer = second.commit()
    assert (answer.status, answer.code) == (409, "item_name_in_use")
    assert answer.body["context_info"]["conflicts"]["id"] == file_id
    assert second.id in state.sessions


def test_a_storage_that_was_filled_meanwhile_is_full() -> None:
    state = small_state(World(quota_bytes=15))
    first, second = Upload(state), Upload(state, file_name="other")
    for upload in (first, second):
        upload.put_all()
    assert first.commit().status == 201
    assert second.commit().code == "storage_limit_exceeded"


def test_commits_are_answered_202_as_often_as_asked_for() -> None:
    state = small_state(pending_commits=2, commit_retry_after_s=7)
    upload = Upload(state)
    upload.put_all()
    assert upload.get().body["num_parts_processed"] == 2
    assert upload.commit(digest=digest(b"")).status == 400
    for _ in range(2):
        answer = upload.commit()
        assert (answer.status, answer.headers["retry-after"], answer.content) == (202, "7", b"")
        assert "content-type" not in answer.headers
    assert upload.get().body["num_parts_processed"] == 3
    assert upload.commit().status == 201
    state.reset()
    assert (state.pending_commits, state.commit_retry_after_s) == (2, 7)


def test_a_commit_may_be_longer_than_other_requests(upload: Upload) -> None:
    content = json.dumps({"parts": upload.parts}).encode().ljust(4_194_304)
    answer = upload.commit(body=content + b" ")
    assert (answer.status, answer.code) == (413, "request_entity_too_large")
    assert upload.commit(body=content).status == 201


def test_a_file_that_went_to_the_trash_meanwhile_gets_no_version() -> None:
    world = World(folders=[Folder(id="9", name="f")], files=[File(id="1", name="a", folder="9")])
    state = small_state(world)
    upload = Upload(state, file_id="1")
    upload.put_all()
    file_store = state._file_store
    file_store._files["1"] = replace(file_store._files["1"], trashed=True)
    assert upload.commit().code == "trashed"


def test_an_aborted_session_is_gone(state: State, upload: Upload) -> None:
    answer = upload.abort()
    assert (answer.status, answer.content) == (204, b"")
    assert not state.sessions
    for again in (upload.abort(), upload.get(), upload.put(0), upload.commit()):
        assert again.code == "upload_session_not_found"


def test_an_abort_leaves_other_sessions_alone(state: State, upload: Upload) -> None:
    other = Upload(state, file_name="other.bin")
    upload.abort()
    assert list(state.sessions) == [other.id]
    assert other.put(0).status == 200


def test_a_logged_event_is_kept_in_the_journal(state: State, upload: Upload) -> None:
    answer = upload.log({"event_type": "part_upload_retry", "event_info": "offset 4"})
    assert (answer.status, answer.content) == (204, b"")
    event = state.request_log[-1].event
    assert event is not None
    assert (event.event_type, event.event_info) == ("part_upload_retry", "offset 4")
    assert upload.log({"event_type": "x"}).status == 204


@pytest.mark.parametrize(
    "body",
    [{}, {"event_type": ""}, {"event_type": 1}, {"event_type": "x" * 256}, {"event_type": "x", "event_info": 1}],
    ids=str,
)
def test_a_malformed_event_is_a_bad_argument(state: State, upload: Upload, body: object) -> None:
    assert upload.log(body).status == 400
    assert state.request_log[-1].event is None


def test_an_event_may_be_long_and_no_property_unknown(upload: Upload) -> None:
    assert upload.log({"event_type": "x", "event_info": "\U0001f600" * 4_000}).status == 204
    assert upload.log({"event_type": "x", "event_info": "x" * 4_001}).status == 400
    assert upload.log({"event_type": "x", "more": 1}).status == 400


def test_content_is_only_known_of_uploaded_files(state: State) -> None:
    with pytest.raises(LookupError, match=r"^The bytes of file 12345 are not stored: it was not uploaded"):
        state.content("12345")
    with pytest.raises(LookupError, match=r"^File 404 does not exist\.$"):
        state.content("404")


def test_nothing_of_a_reset_state_can_be_read(state: State, upload: Upload) -> None:
    file_id = upload.commit().body["entries"][0]["id"]
    state.reset()
    assert file_id not in state.files
    with pytest.raises(LookupError):
        state.content(file_id)
    assert post(state, f"{upload.path}/commit", {"parts": upload.parts}, digest=digest(DATA)).status == 404
