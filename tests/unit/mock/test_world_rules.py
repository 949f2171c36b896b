"""What the stored world allows: unknown and trashed items, limits, names in use."""

import pytest
from box_uploads_mock import File, Folder, State, World, default_world

from tests.unit.mock.in_process import SESSIONS, new_file, post, versions

SIZE = 20_000_000
CONTRACT = {
    "type": "file",
    "id": "12345",
    "name": "Contract.pdf",
    "sequence_id": "0",
    "etag": "0",
    "sha1": "8cb2237d0679ca88db6464eac60da96345513964",
}


@pytest.mark.parametrize("folder_id", ["404", "00", "0" * 19, "9" * 19])
def test_an_unknown_folder_is_not_found(state: State, folder_id: str) -> None:
    answer = post(state, SESSIONS, new_file(folder_id=folder_id))
    assert (answer.status, answer.code) == (404, "not_found")
    error = {"reason": "invalid_parameter", "name": "folder", "message": f"Invalid value '{folder_id}'."}
    assert answer.body["context_info"] == {"errors": [error]}


@pytest.mark.parametrize("file_id", ["404", "012345", "0"])
def test_an_unknown_file_is_not_found(state: State, file_id: str) -> None:
    answer = post(state, versions(file_id), {"file_size": SIZE})
    assert (answer.status, answer.code) == (404, "not_found")


@pytest.mark.parametrize(
    "file_id", ["abc", "1" * 20, "-1", "", "12345%0A", "1%2F2", "%D9%A1", "%FF", "upload_sessions"]
)
def test_a_malformed_file_id_is_a_bad_argument_and_never_not_found(state: State, file_id: str) -> None:
    answer = post(state, versions(file_id), {"file_size": SIZE})
    assert (answer.status, answer.code) == (400, "invalid_parameter")


def test_a_percent_encoded_file_id_is_decoded(state: State) -> None:
    assert post(state, versions("%312345"), {"file_size": SIZE}).status == 201


def test_a_folder_that_a_version_moves_to_must_exist(state: State) -> None:
    answer = post(state, versions("12345"), {"file_size": SIZE, "folder_id": "404"})
    assert (answer.status, answer.code) == (404, "not_found")


def test_trashed_items_are_told_apart_from_unknown_ones(state: State) -> None:
    assert post(state, SESSIONS, new_file(folder_id="300")).code == "trashed"
    assert post(state, versions("12348"), {"file_size": SIZE}).code == "trashed"
    assert post(state, versions("12348"), {"file_size": SIZE}).status == 404


def test_what_is_in_a_trashed_folder_is_trashed() -> None:
    folders = [Folder(id="1", name="a", trashed=True), Folder(id="2", name="b", parent="1")]
    state = State(World(folders=folders, files=[File(id="3", name="c", folder="2")]))
    assert post(state, SESSIONS, new_file(folder_id="2")).code == "trashed"
    assert post(state, versions("3"), {"file_size": SIZE}).code == "trashed"


def test_a_trashed_file_frees_its_name(state: State) -> None:
    assert post(state, SESSIONS, new_file(folder_id="100", file_name="Draft.mov")).status == 201


def test_a_file_beyond_the_limit_of_the_account_is_forbidden(state: State) -> None:
    largest = default_world().max_file_size
    assert post(state, SESSIONS, new_file(file_size=largest)).status == 201
    for file_size in (largest + 1, 2**63 - 1):
        answer = post(state, SESSIONS, new_file(file_size=file_size))
        assert (answer.status, answer.code) == (403, "file_size_limit_exceeded")


@pytest.mark.parametrize("path", [SESSIONS, versions("1")])
@pytest.mark.parametrize(
    ("file_size", "quota_bytes", "max_file_size", "code"),
    [
        (SIZE, SIZE + 5, SIZE, None),
        (SIZE + 1, SIZE + 5, SIZE + 1, "storage_limit_exceeded"),
        (SIZE + 1, SIZE + 6, SIZE, "file_size_limit_exceeded"),
        # Both: what no other file can hint is told first.
        (SIZE + 1, SIZE + 5, SIZE, "file_size_limit_exceeded"),
    ],
)
def test_a_full_storage_is_told_from_a_file_that_is_too_large(
    path: str, file_size: int, quota_bytes: int, max_file_size: int, code: str | None
) -> None:
    files = [File(id="1", name="a", size=5)]
    state = State(World(files=files, quota_bytes=quota_bytes, max_file_size=max_file_size))
    body = new_file(file_size=file_size) if path == SESSIONS else {"file_size": file_size}
    answer = post(state, path, body)
    assert (answer.status, answer.code) == ((201, None) if code is None else (403, code))
    if code is not None:
        named = [error["name"] for error in (answer.body["context_info"] or {"errors": []})["errors"]]
        assert named == ([] if code == "storage_limit_exceeded" else ["file_size"])


@pytest.mark.parametrize("name", ["Contract.pdf", "contract.PDF"])
def test_name_conflict_names_the_existing_file(state: State, name: str) -> None:
    answer = post(state, SESSIONS, new_file(file_name=name))
    assert (answer.status, answer.code) == (409, "item_name_in_use")
    assert answer.body["context_info"] == {"conflicts": CONTRACT}
    assert not state.sessions


def test_the_conflict_comes_as_a_list_on_request(state: State) -> None:
    state.conflicts_as_list = True
    answer = post(state, SESSIONS, new_file(file_name="Contract.pdf"))
    assert answer.body["context_info"] == {"conflicts": [CONTRACT]}


def test_a_folder_holds_its_name_too(state: State) -> None:
    conflict = post(state, SESSIONS, new_file(file_name="footage")).body["context_info"]["conflicts"]
    assert (conflict["type"], conflict["id"], conflict["name"]) == ("folder", "100", "Footage")


@pytest.mark.parametrize(("left", "right"), [("Straße", "STRASSE"), ("ΣΑΣ", "σας")])
def test_letter_case_is_folded_for_every_script(left: str, right: str) -> None:
    state = State(World(files=[File(id="1", name=left)]))
    assert post(state, SESSIONS, new_file(file_name=right)).status == 409


def test_names_are_not_trimmed(state: State) -> None:
    assert post(state, SESSIONS, new_file(file_name="Contract.pdf ")).status == 201


def test_the_same_name_in_another_folder_is_free(state: State) -> None:
    assert post(state, SESSIONS, new_file(folder_id="101", file_name="Contract.pdf")).status == 201


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"file_name": "Contract.pdf"},
        {"file_name": "CONTRACT.PDF"},
        {"folder_id": "0"},
        {"folder_id": "0", "file_name": "Contract.pdf"},
        {"file_name": "Project-final.mov"},
        {"folder_id": "100"},
    ],
    ids=str,
)
def test_a_version_may_keep_or_change_name_and_folder(state: State, changes: dict[str, str]) -> None:
    assert post(state, versions("12345"), {"file_size": SIZE, **changes}).status == 201


@pytest.mark.parametrize(
    ("changes", "conflict_id"),
    [
        ({"file_name": "Report.docx"}, "12346"),
        ({"file_name": "rEPORT.DOCX"}, "12346"),
        ({"folder_id": "100", "file_name": "interview.mov"}, "12347"),
    ],
    ids=str,
)
def test_renaming_or_moving_onto_another_file_conflicts(
    state: State, changes: dict[str, str], conflict_id: str
) -> None:
    answer = post(state, versions("12345"), {"file_size": SIZE, **changes})
    assert (answer.status, answer.code) == (409, "item_name_in_use")
    assert answer.body["context_info"]["conflicts"]["id"] == conflict_id


def test_moving_a_file_beside_its_namesake_conflicts() -> None:
    files = [File(id="1", name="a"), File(id="2", name="A", folder="9")]
    state = State(World(folders=[Folder(id="9", name="f")], files=files))
    answer = post(state, versions("1"), {"file_size": SIZE, "folder_id": "9"})
    assert answer.body["context_info"]["conflicts"]["id"] == "2"


def test_not_found_comes_before_forbidden_and_forbidden_before_conflict(state: State) -> None:
    too_large = 2**63 - 1
    assert post(state, SESSIONS, new_file(folder_id="404", file_size=too_large)).status == 404
    assert post(state, SESSIONS, new_file(file_name="Contract.pdf", file_size=too_large)).status == 403
