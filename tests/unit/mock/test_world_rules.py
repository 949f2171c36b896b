"""Unknown and trashed items, limits, and names in use."""

from collections.abc import Mapping

import pytest
from box_uploads_mock import File, Folder, State, World

from tests.unit.mock.in_process import SESSIONS, get_file, new_file, post, preflight, require_error, versions

SIZE = 20_000_000
CONTRACT = {"type": "file", "id": "12345", "name": "Contract.pdf", "sequence_id": "0", "etag": "0"}
CONTRACT["sha1"] = "8cb2237d0679ca88db6464eac60da96345513964"
FOOTAGE = {"type": "folder", "id": "100", "name": "Footage", "sequence_id": "0", "etag": "0"}
NO_FOLDERS = ["404", "00", "0" * 19, "9" * 19]
TOO_LARGE = "The file is larger than the account allows for one file."
NO_FILE_ID = "The id of the file is not 1 to 19 decimal digits."
NO_FILE_IDS = ["x", "abc", "1" * 20, "-1", "", "12345%0A", "1%2F2", "%D9%A1", "%FF", "upload_sessions"]


@pytest.mark.parametrize(
    ("changes", "status", "code", "message", "name"),
    [
        *(({"folder_id": i}, 404, "not_found", f"Invalid value '{i}'.", "folder") for i in NO_FOLDERS),
        ({"folder_id": "300"}, 404, "trashed", "The folder '300' is in the trash.", "folder"),
        ({"file_size": 2**63 - 1}, 403, "file_size_limit_exceeded", TOO_LARGE, "file_size"),
    ],
    ids=str,
)
@pytest.mark.parametrize("path", [SESSIONS, versions("12345")])
def test_a_file_that_cannot_be_stored_says_why(
    state: State, *, path: str, changes: Mapping[str, object], status: int, code: str, message: str, name: str
) -> None:
    body = new_file(**changes) if path == SESSIONS else {"file_size": SIZE, **changes}
    require_error(post(state, path, body), status, code, message, name)


@pytest.mark.parametrize(
    ("file_id", "status", "code", "message", "name"),
    [
        *((id_, 404, "not_found", f"Invalid value '{id_}'.", "file") for id_ in ("404", "0012345", "012345", "0")),
        ("12348", 404, "trashed", "The file '12348' is in the trash.", "file"),
        *((id_, 400, "invalid_parameter", NO_FILE_ID, "file_id") for id_ in NO_FILE_IDS),
    ],
)
def test_a_file_that_does_not_exist_is_rejected(
    state: State, *, file_id: str, status: int, code: str, message: str, name: str
) -> None:
    created = post(state, versions(file_id), {"file_size": SIZE})
    responses = [created, preflight(state, f"/files/{file_id}/content", {"size": SIZE}), get_file(state, file_id)]
    # `/files/upload_sessions` and `/files/` are other paths.
    for response in responses[:1] if file_id in {"", "upload_sessions"} else responses:
        require_error(response, status, code, message, name)


@pytest.mark.parametrize("name", ["Contract.pdf", "contract.PDF", "footage"])
@pytest.mark.parametrize("as_list", [False, True])
def test_a_name_conflict_contains_the_existing_item(state: State, name: str, *, as_list: bool) -> None:
    state.conflicts_as_list = as_list
    response = post(state, SESSIONS, new_file(file_name=name))
    assert (response.status, response.code) == (409, "item_name_in_use")
    assert response.body["message"] == "Item with the same name already exists"
    conflict = FOOTAGE if name == "footage" else CONTRACT
    assert response.body["context_info"] == {"conflicts": [conflict] if as_list else conflict}
    assert not state.sessions


def test_a_percent_encoded_file_id_is_decoded(state: State) -> None:
    assert post(state, versions("%312345"), {"file_size": SIZE}).status == 201


def test_items_in_a_trashed_folder_are_trashed() -> None:
    folders = [Folder(id="1", name="a", trashed=True), Folder(id="2", name="b", parent="1")]
    state = State(World(folders=folders, files=[File(id="3", name="c", folder="2")]))
    assert post(state, SESSIONS, new_file(folder_id="2")).code == "trashed"
    assert post(state, versions("3"), {"file_size": SIZE}).code == "trashed"


@pytest.mark.parametrize(
    ("folder_id", "name"),
    [
        ("100", "Draft.mov"),  # the name of a trashed file
        ("0", "Old footage"),  # the name of a trashed folder
        ("101", "Contract.pdf"),  # the name of a file in another folder
        ("0", "Contract.pdf "),  # names are not trimmed
    ],
)
def test_a_free_name_may_be_used(state: State, folder_id: str, name: str) -> None:
    assert post(state, SESSIONS, new_file(folder_id=folder_id, file_name=name)).status == 201


@pytest.mark.parametrize("path", [SESSIONS, versions("1")])
@pytest.mark.parametrize(
    ("file_size", "quota_bytes", "max_file_size", "code"),
    [
        (SIZE, SIZE + 5, SIZE, None),
        (SIZE + 1, SIZE + 5, SIZE + 1, "storage_limit_exceeded"),
        (SIZE + 1, SIZE + 6, SIZE, "file_size_limit_exceeded"),
        # Both apply: the limit that no cleanup can change is reported.
        (SIZE + 1, SIZE + 5, SIZE, "file_size_limit_exceeded"),
    ],
)
def test_a_full_storage_and_a_too_large_file_have_different_errors(
    path: str, file_size: int, quota_bytes: int, max_file_size: int, code: str | None
) -> None:
    files = [File(id="1", name="a", size=5)]
    state = State(World(files=files, quota_bytes=quota_bytes, max_file_size=max_file_size))
    body = new_file(file_size=file_size) if path == SESSIONS else {"file_size": file_size}
    response = post(state, path, body)
    if code is None:
        assert response.status == 201
    elif code == "storage_limit_exceeded":
        require_error(response, 403, code, "Account storage limit reached")
    else:
        require_error(response, 403, code, TOO_LARGE, "file_size")


@pytest.mark.parametrize(("left", "right"), [("Straße", "STRASSE"), ("ΣΑΣ", "σας")])
def test_names_are_case_insensitive_in_every_script(left: str, right: str) -> None:
    state = State(World(files=[File(id="1", name=left)]))
    assert post(state, SESSIONS, new_file(file_name=right)).status == 409


@pytest.mark.parametrize("changes", [
    {}, {"file_name": "Contract.pdf"}, {"file_name": "CONTRACT.PDF"}, {"file_name": "Project-final.mov"},
    {"folder_id": "0"}, {"folder_id": "0", "file_name": "Contract.pdf"}, {"folder_id": "100"},
], ids=str)  # fmt: skip
def test_a_version_may_keep_or_change_name_and_folder(state: State, changes: dict[str, str]) -> None:
    assert post(state, versions("12345"), {"file_size": SIZE, **changes}).status == 201


def test_not_found_comes_before_forbidden_and_forbidden_before_conflict(state: State) -> None:
    too_large = 2**63 - 1
    assert post(state, SESSIONS, new_file(folder_id="404", file_size=too_large)).status == 404
    assert post(state, SESSIONS, new_file(file_name="Contract.pdf", file_size=too_large)).status == 403
