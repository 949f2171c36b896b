"""Committing and aborting sessions, and logging events."""

import json
from dataclasses import replace
from typing import Any

import pytest
from box_uploads_mock import Accepted, File, Folder, LatePartsMismatch, State, World, default_world

from tests.unit.mock.in_process import Response, post, require_error
from tests.unit.mock.uploading import DATA, NO_DIGEST, SESSION_CALLS, SHA1, Upload, complete, digest, small_state


@pytest.fixture
def state() -> State:
    return small_state()


@pytest.fixture
def upload(state: State) -> Upload:
    return complete(state)


def test_commit_stores_the_file_and_returns_it_in_a_list(state: State, upload: Upload) -> None:
    response = upload.commit()
    assert (response.status, response.body["total_count"]) == (201, 1)
    (file,) = response.body["entries"]
    assert state.content(file["id"]) == DATA
    stored = state.files[file["id"]]
    assert (stored.name, stored.folder, stored.size, stored.sha1) == ("Project.mov", "0", 10, SHA1)
    assert file == {
        "type": "file",
        "id": stored.id,
        "sequence_id": "0",
        "etag": "0",
        "sha1": SHA1,
        "file_version": {"type": "file_version", "id": stored.version_id, "sha1": SHA1},
        "name": "Project.mov",
        "description": "",
        "size": 10,
        "parent": {"type": "folder", "id": "0"},
        "content_created_at": "2026-11-22T12:00:00+00:00",
        "content_modified_at": "2026-11-22T12:00:00+00:00",
        "item_status": "active",
    }
    assert stored.id.isdecimal()


def test_commit_may_return_the_bare_file(state: State, upload: Upload) -> None:
    state.bare_responses = True
    assert upload.commit().body["type"] == "file"


def test_commit_accepts_parts_in_any_order_and_notation(upload: Upload) -> None:
    parts = [{**part, "offset": float(part["offset"]), "part_id": part["part_id"].lower()} for part in upload.parts]
    assert upload.commit([{**part, "more": 1} for part in reversed(parts)]).status == 201


def call_session(upload: Upload, *, without: str = "") -> list[Response]:
    return [call(upload) for name, call in SESSION_CALLS.items() if name != without]


def test_a_committed_session_gets_404_but_can_be_aborted(state: State, upload: Upload) -> None:
    assert upload.commit().status == 201
    for _ in range(2):
        for response in call_session(upload, without="abort_upload_session"):
            assert (response.status, response.code) == (404, "upload_session_not_found")
        assert upload.abort().status == 204
    assert not state.sessions


def test_a_new_version_keeps_id_and_name_and_increments_its_etag(state: State) -> None:
    file = complete(state, file_id="12345").stored()
    assert (file["id"], file["name"], file["etag"], file["sequence_id"]) == ("12345", "Contract.pdf", "1", "1")
    assert state.content("12345") == DATA
    assert complete(state, b"abc", file_id="12345").stored()["etag"] == "2"
    assert state.content("12345") == b"abc"
    assert len(state.files) == len(default_world().files)


def test_a_new_version_may_change_name_and_folder(state: State) -> None:
    upload = complete(state, file_id="12345", file_name="Final.pdf", folder_id="101")
    assert (state.files["12345"].name, state.files["12345"].folder) == ("Contract.pdf", "0")
    file = upload.stored()
    assert (file["name"], file["parent"]["id"]) == ("Final.pdf", "101")


def test_an_etag_that_is_not_a_number_becomes_1() -> None:
    state = small_state(World(files=[File(id="1", name="a", etag="x")]))
    assert complete(state, file_id="1").stored()["etag"] == "1"


@pytest.mark.parametrize(
    "change", [{"part_id": "0" * 8}, {"offset": 1}, {"size": 3}, {"sha1": "0" * 40}, {"sha1": None}], ids=str
)
def test_a_changed_part_is_a_mismatch(upload: Upload, change: dict[str, object]) -> None:
    response = upload.commit([{**upload.parts[0], **change}, *upload.parts[1:]])
    assert (response.status, response.code) == (400, "parts_mismatch")
    assert response.body["message"].startswith("No matching part found on server for {")
    assert upload.commit().status == 201


def test_a_mismatch_contains_the_part_that_was_not_uploaded(upload: Upload) -> None:
    shown = f'{{"part_id":"00000000","offset":0,"size":1,"sha1":"{SHA1}"}}'
    require_error(upload.commit([PART]), 400, "parts_mismatch", f"No matching part found on server for {shown}")
    require_error(upload.commit(upload.parts[:2]), 400, "parts_mismatch", "The file has 3 parts, not 2")
    early = {"part_id": "0123456789", "offset": 4, "sha1": None}
    shown = '{"part_id":"01234567","offset":4,"sha1":null}'
    require_error(upload.commit([early]), 400, "parts_mismatch", f"No matching part found on server for {shown}")


def test_a_mismatch_contains_at_most_200_characters_of_the_part(upload: Upload) -> None:
    message = upload.commit([{"part_id": "1", "sha1": None, "more": "x" * 300}]).body["message"]
    shown = '{"part_id":"1","sha1":null,"more":"' + "x" * 165
    assert message == f"No matching part found on server for {shown}"


def test_a_late_mismatch_names_no_part(upload: Upload) -> None:
    upload.state.faults.add(LatePartsMismatch())
    require_error(upload.commit(), 400, "parts_mismatch", "No matching part found on server")


def test_a_missing_part_is_a_mismatch(state: State, upload: Upload) -> None:
    assert upload.commit(upload.parts[:-1]).code == "parts_mismatch"
    other = Upload(state, file_name="other")
    other.put(0)
    assert other.commit().code == "parts_mismatch"
    assert other.commit(upload.parts).code == "parts_mismatch"
    assert other.get().body["num_parts_processed"] == 1


def test_a_wrong_file_digest_has_the_message_of_box(upload: Upload) -> None:
    message = f"File digest was incorrect. Actual: {digest(DATA)[4:]} Expected: {digest(b'other')[4:]}"
    require_error(upload.commit(digest=digest(b"other")), 400, "digest_mismatch", message)
    assert upload.commit().status == 201


NO_PARTS = ("parts", "The parts are missing.")
NO_PART_ID = ("part_id", "The id of a part is not 8 hexadecimal digits.")
NO_SIZE = ("parts", "Offset or size of a part is not a number of bytes.")
NO_SHA1 = ("sha1", "The SHA-1 of a part is not 40 hexadecimal digits.")
NO_SHA512 = ("sha512", "The SHA-512 of a part is not 128 hexadecimal digits.")
NO_ATTRIBUTES = ("attributes", "The attributes are not an object.")
NO_DESCRIPTION = ("description", "It is not a text of at most 256 characters.")
NO_INFO = "It is not a text of at most 4000 characters."
NO_TIME = "The time is not in RFC 3339 format."
UNKNOWN = "The request body has a property that is not known."
NO_LISTS: list[object] = [None, 1, [], {}]
NO_OBJECTS: list[object] = [None, 1, []]
NO_DESCRIPTIONS = ["x" * 257, None, 1, "\ud800"]
TIMES = ["content_created_at", "content_modified_at"]
NO_TIMES = [None, 1, "x", "2012-12-12", "2012-12-12T10:53:43", "2012-13-12T10:53:43Z", "2012-12-12T24:00:01Z"]
NO_TIMES += ["2012-12-12 10:53:43Z"]
DIGESTLESS = {"part_id": "0" * 8, "offset": 0, "size": 1}
PART = {**DIGESTLESS, "sha1": SHA1}
MIXED = [PART, {**PART, "sha512": "0" * 128}]


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ({}, NO_PARTS),
        *(({"parts": value}, NO_PARTS) for value in NO_LISTS),
        ({"parts": [1]}, ("parts", "A part is not an object.")),
        *(({"parts": [{**PART, "part_id": value}]}, NO_PART_ID) for value in ("x", 1)),
        *(({"parts": [{**PART, "offset": value}]}, NO_SIZE) for value in (-1, "0")),
        *(({"parts": [{**PART, "size": value}]}, NO_SIZE) for value in (0, True)),
        *(({"parts": [{**PART, "sha1": value}]}, NO_SHA1) for value in ("", "x", 1)),
        *(({"parts": [{**DIGESTLESS, "sha512": value}]}, NO_SHA512) for value in ("", None, "g" * 128)),
        *(({"parts": [PART], "attributes": value}, NO_ATTRIBUTES) for value in NO_OBJECTS),
        *(({"parts": [PART], "attributes": {"description": v}}, NO_DESCRIPTION) for v in NO_DESCRIPTIONS),
        *(({"parts": [PART], "attributes": {n: v}}, (n, NO_TIME)) for n in TIMES for v in NO_TIMES),
        ({"parts": [PART], "attributes": {"name": "x"}}, ("name", UNKNOWN)),
        ({"parts": [PART], "more": 1}, ("more", UNKNOWN)),
        # What is wrong with the form comes before what the parts are not together.
        ({"parts": MIXED, "attributes": {"description": "x" * 257}}, NO_DESCRIPTION),
        ({"parts": MIXED, "more": 1}, ("more", UNKNOWN)),
    ],
    ids=str,
)
def test_an_invalid_commit_says_why(upload: Upload, body: object, error: tuple[str, str]) -> None:
    name, message = error
    code = "bad_request" if message == UNKNOWN else "invalid_parameter"
    require_error(upload.commit(body=body), 400, code, message, name)
    assert upload.commit().status == 201


@pytest.mark.parametrize(
    ("changes", "code", "message", "name"),
    [
        ({"digest": None}, "bad_request", "The digest header is missing.", None),
        *(({"digest": value}, "invalid_parameter", NO_DIGEST, "digest") for value in ("", "sha=x")),
        ({"if_match": "a b"}, "invalid_parameter", "The etag in if-match is malformed.", "if-match"),
        ({"if_none_match": "a b"}, "invalid_parameter", "The etag in if-none-match is malformed.", "if-none-match"),
        ({"body": []}, "bad_request", "The request body is not a JSON object.", None),
    ],
    ids=str,
)
def test_an_invalid_header_of_a_commit_is_named(
    upload: Upload, changes: dict[str, Any], code: str, message: str, name: str | None
) -> None:
    require_error(upload.commit([PART], **changes), 400, code, message, name)


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
    response = upload.commit(body={"parts": upload.parts, "attributes": attributes})
    assert response.body["entries"][0].items() >= attributes.items()


def test_a_version_has_the_time_of_its_upload_unless_the_commit_has_one(state: State) -> None:
    file = complete(state, file_id="12345").stored()
    assert file["content_created_at"] == "2012-12-12T10:53:43-08:00"
    assert file["content_modified_at"] == "2026-11-22T12:00:00+00:00"


@pytest.mark.parametrize("given", ["next", ""])
def test_a_version_keeps_attributes_that_the_commit_leaves_out(state: State, given: str) -> None:
    first = {"description": "first", "content_created_at": "2012-12-12T10:53:43Z"}
    for attributes in (first, {"description": given}):
        upload = Upload(state, file_id="12345")
        upload.put_all()
        file = upload.commit(body={"parts": upload.parts, "attributes": attributes}).body["entries"][0]
    assert (file["description"], file["content_created_at"]) == (given, "2012-12-12T10:53:43Z")


@pytest.mark.parametrize(("conditions", "status"), [
    ({"if_match": "0"}, 201), ({"if_match": '"0"'}, 201), ({"if_match": "*"}, 201), ({"if_match": "1"}, 412),
    ({"if_none_match": "1"}, 201), ({"if_none_match": "0"}, 412), ({"if_none_match": "*"}, 412),
    ({"if_match": ""}, 400), ({"if_match": "a b"}, 400),
    ({"if_none_match": "\xe9"}, 400), ({"if_none_match": "x" * 256}, 400),
], ids=str)  # fmt: skip
def test_a_version_may_be_committed_on_conditions(state: State, conditions: dict[str, str], status: int) -> None:
    response = complete(state, file_id="12345").commit(**conditions)
    assert response.status == status
    assert state.files["12345"].etag == ("1" if status == 201 else "0")
    if status == 412:
        message = "The resource has been modified. Please retrieve the resource again."
        require_error(response, 412, "precondition_failed", message)


def test_a_new_file_has_no_etag_to_match(upload: Upload) -> None:
    for etag in ("0", "*"):
        assert upload.commit(if_match=etag).code == "precondition_failed"
    assert upload.commit(if_none_match="*").status == 201


def test_a_condition_sees_a_version_committed_meanwhile(state: State) -> None:
    first, second = complete(state, file_id="12345"), complete(state, b"x" * len(DATA), file_id="12345")
    assert first.commit(if_match="0").status == 201
    assert second.commit(if_match="0").status == 412
    assert second.commit(if_match="1").status == 201


def test_a_name_that_was_taken_meanwhile_is_a_conflict(state: State) -> None:
    first, second = complete(state), complete(state, file_name="PROJECT.mov")
    file_id = first.stored()["id"]
    response = second.commit()
    assert (response.status, response.code) == (409, "item_name_in_use")
    assert response.body["context_info"]["conflicts"]["id"] == file_id
    assert second.id in state.sessions


def test_a_quota_used_up_meanwhile_fails_the_commit() -> None:
    state = small_state(World(quota_bytes=15))
    first, second = complete(state), complete(state, file_name="other")
    assert first.commit().status == 201
    assert second.commit().code == "storage_limit_exceeded"


@pytest.mark.parametrize("file_id", [None, "12345"])
@pytest.mark.parametrize("is_fault", [False, True])
def test_a_202_stores_nothing_and_the_201_after_it_stores_once(file_id: str | None, *, is_fault: bool) -> None:
    state = small_state() if is_fault else small_state(pending_commits=2, commit_retry_after_s=7)
    upload = complete(state, file_id=file_id)
    assert upload.get().body["num_parts_processed"] == (3 if is_fault else 2)
    assert upload.commit(digest=digest(b"")).status == 400
    if is_fault:
        state.faults.add(Accepted(times=2, retry_after_s=7))
    before = state.files
    for _ in range(2):
        response = upload.commit()
        assert (response.status, response.headers["retry-after"], response.content) == (202, "7", b"")
        assert "content-type" not in response.headers
        assert (state.files, list(state.sessions)) == (before, [upload.id])
    assert upload.get().body["num_parts_processed"] == 3
    file = upload.stored()
    assert {file["etag"], file["sequence_id"]} == {"0" if file_id is None else "1"}
    assert (state.content(file["id"]), len(state.files)) == (DATA, len(before) + (file_id is None))


def test_a_commit_body_may_have_4_mib(upload: Upload) -> None:
    content = json.dumps({"parts": upload.parts}).encode().ljust(4_194_304)
    response = upload.commit(body=content + b" ")
    assert (response.status, response.code) == (413, "request_entity_too_large")
    assert upload.commit(body=content).status == 201


def test_a_file_trashed_meanwhile_gets_no_version() -> None:
    world = World(folders=[Folder(id="9", name="f")], files=[File(id="1", name="a", folder="9")])
    state = small_state(world)
    upload = complete(state, file_id="1")
    file_store = state._file_store
    file_store._files["1"] = replace(file_store._files["1"], trashed=True)
    assert upload.commit().code == "trashed"


def test_an_aborted_session_is_gone(state: State, upload: Upload) -> None:
    response = upload.abort()
    assert (response.status, response.content) == (204, b"")
    assert not state.sessions
    for again in call_session(upload):
        assert again.code == "upload_session_not_found"


def test_an_abort_leaves_other_sessions_alone(state: State, upload: Upload) -> None:
    other = Upload(state, file_name="other.bin")
    upload.abort()
    assert list(state.sessions) == [other.id]
    assert other.put(0).status == 200


def test_an_event_is_added_to_the_request_log(state: State, upload: Upload) -> None:
    response = upload.log({"event_type": "part_upload_retry", "event_info": "offset 4"})
    assert (response.status, response.content) == (204, b"")
    event = state.request_log[-1].event
    assert event is not None
    assert (event.event_type, event.event_info) == ("part_upload_retry", "offset 4")
    assert upload.log({"event_type": "x"}).status == 204


@pytest.mark.parametrize(
    ("body", "name", "message"),
    [
        *((body, "event_type", "The type of the event is missing.") for body in ({}, {"event_type": ""})),
        *(({"event_type": v}, "event_type", "It is not a text of at most 255 characters.") for v in (1, "x" * 256)),
        *(({"event_type": "x", "event_info": value}, "event_info", NO_INFO) for value in (1, "x" * 4_001)),
        ({"event_type": "x", "more": 1}, "more", UNKNOWN),
    ],
    ids=lambda value: str(value)[:40],
)
def test_an_invalid_event_says_why(state: State, upload: Upload, body: object, name: str, message: str) -> None:
    code = "bad_request" if message == UNKNOWN else "invalid_parameter"
    require_error(upload.log(body), 400, code, message, name)
    assert state.request_log[-1].event is None


def test_an_event_may_have_4000_characters(upload: Upload) -> None:
    assert upload.log({"event_type": "x", "event_info": "\U0001f600" * 4_000}).status == 204


def test_content_exists_only_for_uploaded_files(state: State) -> None:
    with pytest.raises(LookupError, match=r"^The bytes of file 12345 are not stored: it was not uploaded"):
        state.content("12345")
    with pytest.raises(LookupError, match=r"^File 404 does not exist\.$"):
        state.content("404")


def test_reset_deletes_uploaded_files(state: State, upload: Upload) -> None:
    file_id = upload.stored()["id"]
    state.reset()
    assert file_id not in state.files
    with pytest.raises(LookupError):
        state.content(file_id)
    assert post(state, f"{upload.path}/commit", {"parts": upload.parts}, digest=digest(DATA)).status == 404
