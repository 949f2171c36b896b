"""Folders: creating them, reading them, and listing what is in them page by page."""

import base64
import json
from typing import Any
from urllib.parse import urlencode

import pytest
from box_uploads_mock import File, Folder, State, World

from tests.unit.mock.in_process import Response, headers, post, require_error, send
from tests.unit.mock.uploading import NOW

FOLDERS = "/api/2.0/folders"
WORLD = World(
    folders=[
        Folder(id="1", name="Takes"),
        Folder(id="2", name="Sound", parent="1"),
        Folder(id="3", name="old", parent="1", trashed=True),
        Folder(id="4", name="Lost", parent="3"),
    ],
    files=[
        File(id="5", name="notes.txt", folder="1", size=11),
        File(id="6", name="Audio.wav", folder="1", content_modified_at="2012-12-12T10:53:43Z"),
        File(id="7", name="OLD.txt", folder="1", trashed=True),
        File(id="8", name="elsewhere.txt"),
    ],
)
NO_PARENT = "The parent is not an object with the id of a folder."
NO_MARKER = "It is not the next_marker of a page of this folder."


@pytest.fixture
def state() -> State:
    return State(WORLD, clock=lambda: NOW)


def create(state: State, name: object, parent: str = "0", **more: object) -> Response:
    return post(state, FOLDERS, {"name": name, "parent": {"id": parent}, **more})


def get(state: State, path: str, **query: object) -> Response:
    return send(state, "GET", f"{FOLDERS}/{path}{'?' if query else ''}{urlencode(query)}", headers())


def listed(state: State, folder_id: str, **query: object) -> Response:
    return get(state, f"{folder_id}/items", usemarker="true", **query)


def names(response: Response) -> list[str]:
    return [item["name"] for item in response.body["entries"]]


def test_a_created_folder_can_be_read_and_is_listed_in_its_parent(state: State) -> None:
    response = create(state, "Dailies", "1")
    folder = response.body
    assert (response.status, folder["type"], folder["name"], folder["parent"]["id"]) == (201, "folder", "Dailies", "1")
    assert folder["created_at"] == folder["modified_at"] == "2026-11-22T12:00:00+00:00"
    assert state.folders[folder["id"]] == Folder(
        id=folder["id"], name="Dailies", parent="1", created_at="2026-11-22T12:00:00+00:00"
    )
    assert get(state, folder["id"]).body == folder
    assert listed(state, folder["id"]).body == {"limit": 100, "entries": [], "next_marker": None}
    mini = {"type": "folder", "id": folder["id"], "sequence_id": "0", "etag": "0", "name": "Dailies"}
    assert mini in listed(state, "1").body["entries"]
    assert create(state, "Monday", folder["id"]).body["parent"] == mini


def test_ids_of_folders_depend_on_the_seed_alone() -> None:
    first, again, other = (State(seed=seed) for seed in (1, 1, 2))
    made = [[create(state, name).body["id"] for name in ("a", "b")] for state in (first, again, other)]
    assert made[0] == made[1] != made[2]
    assert len(set(made[0])) == 2


def test_a_reset_removes_created_folders(state: State) -> None:
    before = state.folders
    create(state, "Dailies")
    assert len(state.folders) == len(before) + 1
    state.reset()
    assert state.folders == before


@pytest.mark.parametrize("as_list", [False, True])
@pytest.mark.parametrize(("name", "kind", "item"), [("SOUND", "folder", "2"), ("Notes.TXT", "file", "5")])
def test_a_name_is_taken_by_files_and_folders_in_any_case(
    state: State, name: str, kind: str, item: str, *, as_list: bool
) -> None:
    state.conflicts_as_list = as_list
    response = create(state, name, "1")
    assert (response.status, response.code) == (409, "item_name_in_use")
    (conflict,) = response.body["context_info"]["conflicts"]
    assert (conflict["type"], conflict["id"], conflict["etag"], "sha1" in conflict) == (kind, item, "0", kind == "file")
    assert create(state, name, "2").status == 201


@pytest.mark.parametrize("name", ["OLD", "old.txt"])
def test_what_is_in_the_trash_frees_its_name(state: State, name: str) -> None:
    assert create(state, name, "1").status == 201
    assert create(state, name, "1").status == 409


def test_a_created_folder_takes_its_name_from_files_too(state: State) -> None:
    folder = create(state, "clip.mov").body
    session = {"folder_id": "0", "file_name": "CLIP.mov", "file_size": 20_000_000}
    conflict = post(state, "/api/2.0/files/upload_sessions", session)
    assert conflict.body["context_info"]["conflicts"]["id"] == folder["id"]
    assert post(state, "/api/2.0/files/upload_sessions", {**session, "folder_id": folder["id"]}).status == 201


@pytest.mark.parametrize("folder_id", ["3", "4"])
def test_a_folder_in_the_trash_is_as_good_as_absent(state: State, folder_id: str) -> None:
    message = f"The folder '{folder_id}' is in the trash."
    for response in (create(state, "x", folder_id), get(state, folder_id), listed(state, folder_id)):
        require_error(response, 404, "trashed", message, "folder")


def test_a_folder_that_does_not_exist_is_not_found(state: State) -> None:
    for response in (create(state, "x", "404"), get(state, "404"), listed(state, "404")):
        require_error(response, 404, "not_found", "Invalid value '404'.", "folder")


@pytest.mark.parametrize(("body", "code", "message", "name"), [
    ({"parent": {"id": "0"}}, "bad_request", "The name of the folder is missing.", "name"),
    ({"name": 5, "parent": {"id": "0"}}, "bad_request", "The name of the folder is missing.", "name"),
    ({"name": "a"}, "bad_request", NO_PARENT, "parent"),
    ({"name": "a", "parent": "0"}, "bad_request", NO_PARENT, "parent"),
    ({"name": "a", "parent": {"id": 0}}, "bad_request", NO_PARENT, "parent"),
    ({"name": "a", "parent": {"id": "x"}}, "bad_request", NO_PARENT, "parent"),
    ({"name": "a/b", "parent": {"id": "0"}}, "item_name_invalid", "Box cannot store this name.", "name"),
    ({"name": "a ", "parent": {"id": "0"}}, "item_name_invalid", "Box cannot store this name.", "name"),
    ({"name": "..", "parent": {"id": "0"}}, "item_name_invalid", "Box cannot store this name.", "name"),
    ({"name": "a" * 256, "parent": {"id": "0"}}, "item_name_too_long", "The name has more than 255 characters.",
     "name"),
    ({"name": "a", "parent": {"id": "0"}, "x": 1}, "bad_request", "The request body has a property that is not known.",
     "x"),
])  # fmt: skip
def test_what_is_no_folder_is_refused(state: State, body: Any, code: str, message: str, name: str) -> None:
    before = state.folders
    require_error(post(state, FOLDERS, body), 400, code, message, name)
    assert state.folders == before


@pytest.mark.parametrize("name", [" a", "a.", "...", "a" * 255, "\u00e9", "a\u00a0"])
def test_all_other_names_are_taken_as_they_are(state: State, name: str) -> None:
    assert create(state, name).body["name"] == name


def test_the_root_folder_has_nulls_where_others_have_values(state: State) -> None:
    root = get(state, "0").body
    assert {name for name, value in root.items() if value is None} == {
        *("sequence_id", "etag", "created_at", "modified_at", "content_created_at", "content_modified_at", "parent")
    }
    assert None not in get(state, "1").body.values()


def test_a_folder_comes_with_its_first_100_items() -> None:
    state = State(World(files=[File(id=str(number), name=f"{number:03}") for number in range(1, 102)]))
    items = get(state, "0").body["item_collection"]
    assert (items["total_count"], items["limit"], items["offset"]) == (101, 100, 0)
    assert [item["id"] for item in items["entries"]] == [str(number) for number in range(1, 101)]
    assert [rule["by"] for rule in items["order"]] == ["type", "name"]


def test_folders_are_listed_before_files_and_each_by_name(state: State) -> None:
    create(state, "archive", "1")
    assert names(listed(state, "1")) == ["archive", "Sound", "Audio.wav", "notes.txt"]


def test_items_have_their_mini_form_or_the_fields_that_are_asked_for(state: State) -> None:
    folder, _, file = listed(state, "1").body["entries"]
    assert set(folder) == {"type", "id", "sequence_id", "etag", "name"}
    assert set(file) == {*folder, "sha1"}
    folder, file, _ = listed(state, "1", fields="size,content_modified_at,nothing").body["entries"]
    assert set(folder) == {"type", "id", "etag", "content_modified_at"}
    dated = {"size": 0, "content_modified_at": "2012-12-12T10:53:43Z"}
    assert file == {"type": "file", "id": "6", "etag": "0", **dated}
    sound, takes = get(state, "2", fields="name,parent").body, get(state, "1", fields="name,sequence_id").body
    assert sound == {"type": "folder", "id": "2", "etag": "0", "name": "Sound", "parent": takes}


@pytest.mark.parametrize("limit", [1, 2, 3, 4])
def test_pages_have_every_item_once(state: State, limit: int) -> None:
    create(state, "archive", "1")
    found: list[str] = []
    query: dict[str, object] = {"limit": limit}
    for count in range(-(-4 // limit), 0, -1):
        page = listed(state, "1", **query)
        assert page.body["limit"] == limit
        found += names(page)
        assert (page.body["next_marker"] is None) is (count == 1)
        assert count == 1 or len(page.body["entries"]) == limit
        query["marker"] = page.body["next_marker"]
    assert found == ["archive", "Sound", "Audio.wav", "notes.txt"]


def test_what_is_created_between_two_pages_moves_no_other_item(state: State) -> None:
    first = listed(state, "1", limit=2)
    create(state, "a first one", "1")
    second = listed(state, "1", limit=2, marker=first.body["next_marker"])
    assert (names(first), names(second)) == (["Sound", "Audio.wav"], ["notes.txt"])


def test_a_marker_of_another_folder_is_refused(state: State) -> None:
    create(state, "more")
    marker = listed(state, "1", limit=1).body["next_marker"]
    assert listed(state, "1", marker=marker).status == 200
    require_error(listed(state, "0", marker=marker), 400, "bad_request", NO_MARKER, "marker")


def _encoded(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


@pytest.mark.parametrize("marker", [
    "x", "é", "====", "AAAA", _encoded(5), _encoded([]), _encoded(["1", True, "a"]), _encoded(["1", 1, "a", "5"]),
    _encoded({"1": 1, "b": 2, "c": 3, "d": 4}), _encoded(["1", True, "a", "5", 5]), _encoded("1abc"),
])  # fmt: skip
def test_what_the_mock_has_not_written_is_no_marker(state: State, marker: str) -> None:
    require_error(listed(state, "1", marker=marker), 400, "bad_request", NO_MARKER, "marker")


@pytest.mark.parametrize(("query", "name", "message"), [
    ({}, "usemarker", "It is not true: the mock only lists by markers."),
    ({"usemarker": "false"}, "usemarker", "It is not true: the mock only lists by markers."),
    ({"usemarker": "true", "marker": ""}, "marker", "It is empty; leave it out for the first page."),
    ({"usemarker": "true", "limit": "0"}, "limit", "It is not a whole number from 1 to 1000."),
    ({"usemarker": "true", "limit": "1001"}, "limit", "It is not a whole number from 1 to 1000."),
    ({"usemarker": "true", "fields": "name,"}, "fields", "It is not a list of names, separated by commas."),
    ({"usemarker": "true", "fields": "Name"}, "fields", "It is not a list of names, separated by commas."),
])  # fmt: skip
def test_a_wrong_query_is_refused(state: State, query: dict[str, object], name: str, message: str) -> None:
    require_error(get(state, "1/items", **query), 400, "invalid_parameter", message, name)


@pytest.mark.parametrize("path", ["x", "x/items"])
def test_an_id_that_is_none_is_refused(state: State, path: str) -> None:
    message = "The id of the folder is not 1 to 19 decimal digits."
    require_error(get(state, path, usemarker="true"), 400, "invalid_parameter", message, "folder_id")


@pytest.mark.parametrize("path", ["0", "0/items?usemarker=true"])
def test_folders_need_a_token(state: State, path: str) -> None:
    assert send(state, "GET", f"{FOLDERS}/{path}", headers(authorization=None)).status == 401
    assert post(state, FOLDERS, {"name": "a", "parent": {"id": "0"}}, authorization="Bearer other").status == 401
