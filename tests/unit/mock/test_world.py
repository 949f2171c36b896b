"""Worlds in Python and in files, and the messages for invalid worlds."""

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from box_uploads_mock import File, Folder, State, World, WorldError, WorldFileError, default_world, load_world

from tests.unit.mock.in_process import SESSIONS, new_file, post

KEYS = "quota_bytes, max_file_size, token, tokens, users, apps, folders, files"
OWN_NAME = "use another name (case is ignored)"
DIGITS = "use 40 hexadecimal digits, or leave it out"
NO_TAG = "could not determine a constructor for the tag 'tag:yaml.org,2002:python/object:os.system'"
ID = "is not an id; use 1 to 19 decimal digits, no leading zeros"
NO_FOLDER = "does not exist; add that folder or use another"
OWN_ID = "use another id"
FILE_KEYS = "id, name, folder, size, sha1, content, trashed"
FOLDER_KEYS = "id, name, parent, trashed"
UNKNOWN = "the key is unknown; use"
NO_SIZE = "is not a whole number of bytes; give 0 or more"
NO_TOKEN = "the token cannot be sent in a header; use visible ASCII characters without spaces"
NO_NAME = "is not a valid name; use up to 255 characters, no slashes or control characters"
NO_FLAG = "is not a boolean; use true or false"
CYCLE = "the folder contains itself; use another parent"
LISTS = ("tokens", "users", "folders", "files")
NO_LIST = "not a list; give a list"
MISSING = "missing; give a string"
ID_OF = f"is already the id of {{}}[0]; {OWN_ID}"
NAME_OF = f"is already the name of {{}}[0]; {OWN_NAME}"
STREAM_END = "cannot be parsed (expected the node content, but found '<stream end>'); fix the syntax"
NO_USER = "is not an id; use 1 to 19 decimal digits"
NOT_SHA1 = f"is not a SHA-1; {DIGITS}"
GOOD = """
quota_bytes: 100000000
max_file_size: 50000000
token: one
users: ['1', '2']
folders:
  - {id: '7', name: Footage}
  - {id: '8', name: Dailies, parent: '7', trashed: true}
files:
  - {id: '12', name: a.mov, folder: '7', size: 5, sha1: da39a3ee5e6b4b0d3255bfef95601890afd80709}
"""
WORLD = World(
    quota_bytes=100_000_000,
    max_file_size=50_000_000,
    tokens=("one",),
    users=("1", "2"),
    folders=(Folder(id="7", name="Footage"), Folder(id="8", name="Dailies", parent="7", trashed=True)),
    files=(File(id="12", name="a.mov", folder="7", size=5, sha1="da39a3ee5e6b4b0d3255bfef95601890afd80709"),),
)


def load(folder: Path, text: str, name: str = "world.yaml") -> World:
    path = folder / name
    path.write_text(text, "utf-8")
    return load_world(path)


def test_a_world_is_read_from_yaml(tmp_path: Path) -> None:
    assert load(tmp_path, GOOD) == WORLD
    assert load(tmp_path, "{}") == World()


def test_a_world_is_read_from_json(tmp_path: Path) -> None:
    text = json.dumps({"tokens": ["one", "two"], "files": [{"id": "1", "name": "a"}]}, indent="\t")
    assert load(tmp_path, text, "world.json") == World(tokens=("one", "two"), files=(File(id="1", name="a"),))


@pytest.mark.parametrize(
    ("text", "place", "problem"),
    [
        ("", "line 1", "cannot be parsed (Expecting value)"),
        ('{"token":\n\n}', "line 3", "cannot be parsed (Expecting value)"),
        ("token: a", "line 1", "cannot be parsed (Expecting value)"),
        ("[" * 100_000, "file", "cannot be parsed (malformed)"),
    ],
    ids=["empty", "third line", "yaml", "deep"],
)
def test_malformed_json_is_reported_with_its_line(tmp_path: Path, text: str, place: str, problem: str) -> None:
    with pytest.raises(WorldFileError) as caught:
        load(tmp_path, text, "world.json")
    assert str(caught.value) == f"{tmp_path / 'world.json'}: {place}: {problem}; fix the syntax"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        *((text, f"file: not a mapping; use the keys {KEYS}") for text in ("", "[]")),
        ("a: [", f"line 1: {STREAM_END}"),
        ("a: 1\nb: [\n", f"line 3: {STREAM_END}"),
        ("a: !!python/object:os.system x", f"line 1: cannot be parsed ({NO_TAG}); fix the syntax"),
        ("a: 2000-99-99", "file: cannot be parsed (malformed); fix the syntax"),
        ("file: []", f"file: {UNKNOWN} {KEYS}"),
        ("1: []", f"1: {UNKNOWN} {KEYS}"),
        ("quota_bytes: 1.5", f"quota_bytes: 1.5 {NO_SIZE}"),
        ("max_file_size: -1", f"max_file_size: -1 {NO_SIZE}"),
        ("max_file_size: true", f"max_file_size: True {NO_SIZE}"),
        ("{token: a, tokens: [b]}", "token: cannot be combined with tokens; remove one of the two"),
        ("tokens: []", "tokens: the list is empty; list at least one token"),
        ("token: 'a b'", f"tokens[0]: {NO_TOKEN}"),
        ("users: ['x']", f"users[0]: 'x' {NO_USER}"),
        *((f"{key}: {value}", f"{key}: {NO_LIST}") for key in LISTS for value in ("1", "x", "{}")),
        ("folders: [1]", f"folders[0]: not a mapping; use the keys {FOLDER_KEYS}"),
        ("folders: [{name: a}]", f"folders[0].id: {MISSING}"),
        ("folders: [{id: 7, name: a}]", "folders[0].id: 7 is a number; quote it: '7'"),
        ("folders: [{id: '7', name: null}]", "folders[0].name: None is not a string; give a string"),
        ("folders: [{id: '07', name: a}]", f"folders[0].id: '07' {ID}"),
        ("folders: [{id: '0', name: a}]", f"folders[0].id: '0' is already the id of the root folder; {OWN_ID}"),
        ("folders: [{id: '7', name: a, size: 1}]", f"folders[0].size: {UNKNOWN} {FOLDER_KEYS}"),
        ("folders: [{id: '7', name: a, trashed: 1}]", f"folders[0].trashed: 1 {NO_FLAG}"),
        ("folders: [{id: '7', name: a, parent: '8'}]", f"folders[0].parent: folder '8' {NO_FOLDER}"),
        ("folders: [{id: '7', name: a, parent: '7'}]", f"folders[0].parent: {CYCLE}"),
        ("folders: [{id: '7', name: a/b}]", f"folders[0].name: 'a/b' {NO_NAME}, no space at the end"),
        ("folders: [{id: '7', name: 'a '}]", f"folders[0].name: 'a ' {NO_NAME}, no space at the end"),
        ("files: [{id: '1', name: a}, {id: '1', name: b}]", f"files[1].id: '1' {ID_OF.format('files')}"),
        ("files: [{id: '1', name: a}, {id: '2', name: A}]", f"files[1].name: 'A' {NAME_OF.format('files')}"),
        ("files: [{id: '1', name: a, folder: '9'}]", f"files[0].folder: folder '9' {NO_FOLDER}"),
        ("files: [{id: '1', name: a, size: x}]", f"files[0].size: 'x' {NO_SIZE}"),
        ("files: [{id: '1', name: a, sha1: XYZ}]", f"files[0].sha1: 'XYZ' {NOT_SHA1}"),
        ("folders: [{id: 'x', name: a}]", f"folders[0].id: 'x' {ID}"),
        ("files: [{id: '07', name: a}]", f"files[0].id: '07' {ID}"),
        ("folders: [{id: '1', name: a}, {id: '1', name: b}]", f"folders[1].id: '1' {ID_OF.format('folders')}"),
        ("folders: [{id: '1', name: a}, {id: '2', name: A}]", f"folders[1].name: 'A' {NAME_OF.format('folders')}"),
        (
            "{folders: [{id: '1', name: A}], files: [{id: '1', name: a}]}",
            f"files[0].name: 'a' {NAME_OF.format('folders')}",
        ),
        ("files: [{id: '1', name: '..'}]", f"files[0].name: '..' {NO_NAME}"),
        ("files: [{name: a}]", f"files[0].id: {MISSING}"),
        ("files: [{id: '1'}]", f"files[0].name: {MISSING}"),
        ("folders: [{id: '1'}]", f"folders[0].name: {MISSING}"),
        ("files: [{id: '1', name: a, size: -1}]", f"files[0].size: -1 {NO_SIZE}"),
        ("files: [{id: '1', name: a, size: true}]", f"files[0].size: True {NO_SIZE}"),
        ("files: [{id: '1', name: a, trashed: x}]", f"files[0].trashed: 'x' {NO_FLAG}"),
        ("files: [{id: '1', name: a, folder: 0}]", "files[0].folder: 0 is a number; quote it: '0'"),
        ("files: [{id: '1', name: a, sha1: 1}]", "files[0].sha1: 1 is a number; quote it: '1'"),
        ("files: [1]", f"files[0]: not a mapping; use the keys {FILE_KEYS}"),
        ("token: 1", "token: 1 is a number; quote it: '1'"),
        *((f"{key}: [1]", f"{key}[0]: 1 is a number; quote it: '1'") for key in ("tokens", "users")),
        ("users: ['1', '']", f"users[1]: '' {NO_USER}"),
        ("tokens: [a, 'a b']", f"tokens[1]: {NO_TOKEN}"),
        ("users: [true]", "users[0]: True is not a string; give a string"),
        ("folders: [{id: '1', name: a, parent: 0}]", "folders[0].parent: 0 is a number; quote it: '0'"),
        ("folders: [{id: '1', name: a, parent: '2'}, {id: '2', name: b, parent: '1'}]", f"folders[0].parent: {CYCLE}"),
        (
            "folders: [{id: '1', name: a}, {id: '2', name: b, parent: '9'}]",
            f"folders[1].parent: folder '9' {NO_FOLDER}",
        ),
        ("files: [{id: '1', name: a}, {id: '2', name: b, sha1: x}]", f"files[1].sha1: 'x' {NOT_SHA1}"),
        ("files: [{id: '1', name: a, parent: '0'}]", f"files[0].parent: {UNKNOWN} {FILE_KEYS}"),
        ("a b: 1", f"'a b': {UNKNOWN} {KEYS}"),
        ("'é': 1", f"é: {UNKNOWN} {KEYS}"),
        ("quota_bytes: x", f"quota_bytes: 'x' {NO_SIZE}"),
    ],
)
def test_an_invalid_file_is_reported_in_one_line_with_place_and_hint(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(WorldFileError) as caught:
        load(tmp_path, text)
    place, rest = message.split(": ", 1)
    problem, hint = rest.rsplit("; ", 1)
    assert str(caught.value) == f"{tmp_path / 'world.yaml'}: {message}"
    assert (caught.value.place, caught.value.problem, caught.value.hint) == (place, problem, hint)
    assert caught.value.path == tmp_path / "world.yaml"


def test_an_unreadable_file_is_reported(tmp_path: Path) -> None:
    with pytest.raises(WorldFileError) as caught:
        load_world(tmp_path / "none.yaml")
    problem = "file: No such file or directory; use a readable file"
    assert str(caught.value) == f"{tmp_path / 'none.yaml'}: {problem}"
    (tmp_path / "latin.yaml").write_bytes(b"token: \xff")
    with pytest.raises(WorldFileError) as caught:
        load_world(tmp_path / "latin.yaml")
    assert str(caught.value) == f"{tmp_path / 'latin.yaml'}: file: not valid UTF-8; save it as UTF-8"


@pytest.mark.parametrize("limit", ["quota_bytes", "max_file_size"])
def test_a_negative_limit_is_rejected(limit: str) -> None:
    with pytest.raises(WorldError, match=f"^{limit}: -1 is negative; give a number of bytes$"):
        World(**{limit: -1})  # type: ignore[arg-type]  # the names are among the parameters
    assert getattr(World(**{limit: 0}), limit) == 0  # type: ignore[arg-type]  # as above


@pytest.mark.parametrize(
    ("fields", "place", "message"),
    [
        ({"size": -1}, "files[0].size", "-1 is negative; give a number of bytes"),
        ({"sha1": "G" * 40}, "files[0].sha1", f"'{'G' * 40}' {NOT_SHA1}"),
        ({"id": "1" * 20}, "files[0].id", f"'{'1' * 20}' {ID}"),
        ({"id": ""}, "files[0].id", f"'' {ID}"),
        ({"folder": "9"}, "files[0].folder", f"folder '9' {NO_FOLDER}"),
    ],
    ids=str,
)
def test_an_invalid_file_in_python_is_rejected(fields: dict[str, Any], place: str, message: str) -> None:
    with pytest.raises(WorldError) as caught:
        World(files=[File(**{"id": "1", "name": "a", **fields})])
    assert (caught.value.place, str(caught.value)) == (place, f"{place}: {message}")


def test_an_id_has_up_to_19_digits() -> None:
    World(users=["0", "01", "9" * 19], files=[File(id="9" * 19, name="a"), File(id="0", name="b")])
    with pytest.raises(WorldError, match=r"^users\[1\]: '1{20}' is not an id; use 1 to 19 decimal digits$"):
        World(users=["1", "1" * 20])


@pytest.mark.parametrize("token", ["!", "~", "mock-token", "a/b+c="])
def test_a_token_is_of_visible_characters(token: str) -> None:
    assert World(tokens=[token]).tokens == [token]
    for other in (f"{token} ", f"{token}\x7f", f"{token}\u00e9", ""):
        with pytest.raises(
            WorldError,
            match=r"^tokens\[0\]: the token cannot be sent in a header; use visible ASCII characters without spaces$",
        ):
            World(tokens=[other])


def test_names_are_compared_after_a_trashed_item() -> None:
    files = [File(id="1", name="a", trashed=True), File(id="2", name="a"), File(id="3", name="A")]
    with pytest.raises(
        WorldError,
        match=r"^files\[2\]\.name: 'A' is already the name of files\[1\]; use another name \(case is ignored\)$",
    ):
        World(files=files)
    response = post(State(World(files=files[:2])), SESSIONS, new_file(file_name="A"))
    assert response.body["context_info"]["conflicts"]["id"] == "2"


def test_files_without_a_sha1_get_different_ones() -> None:
    first, second = File(id="1", name="a").sha1, File(id="2", name="a").sha1
    assert first != second
    assert len(first) == len(second) == 40


def test_a_given_token_replaces_the_tokens_of_the_world() -> None:
    state = State(World(tokens=("one", "two")), token="three")
    assert state.token == "three"
    assert post(state, SESSIONS, new_file(), authorization="Bearer one").status == 401
    assert post(state, SESSIONS, new_file(), authorization="Bearer three").status == 201


def test_every_token_of_the_world_is_accepted_and_the_first_is_the_default() -> None:
    state = State(World(tokens=("one", "two")))
    assert state.token == "one"
    assert post(state, SESSIONS, new_file(), authorization="Bearer two").status == 201


def test_the_default_world_is_as_documented() -> None:
    world = default_world()
    assert world.folders == (
        Folder(id="100", name="Footage"),
        Folder(id="101", name="Dailies", parent="100"),
        Folder(id="200", name="Contracts"),
        Folder(id="300", name="Old footage", trashed=True),
    )
    assert world.files == (
        File(id="12345", name="Contract.pdf", size=24_000_000),
        File(id="12346", name="Report.docx", size=21_000_000),
        File(id="12347", name="Interview.mov", folder="100", size=734_003_200),
        File(id="12348", name="Draft.mov", folder="100", size=50_000_000, trashed=True),
    )
    assert (world.users, world.tokens) == ((), ("mock-token",))
    assert (world.quota_bytes, world.max_file_size) == (8 * 1024**4, 1024**4)


def test_folders_and_files_have_defaults() -> None:
    folder = Folder(id="1", name="a")
    assert (folder.parent, folder.trashed) == ("0", False)
    file = File(id="1", name="a")
    assert (file.folder, file.size, file.sequence_id, file.etag, file.trashed) == ("0", 0, "0", "0", False)
    assert file.content_created_at == file.content_modified_at == folder.created_at == "2012-12-12T10:53:43-08:00"
    assert file.description == ""
    assert file.sha1 == hashlib.sha1(b"1", usedforsecurity=False).hexdigest()


def test_a_file_may_have_a_content_wherever_uploads_are_kept(tmp_path: Path) -> None:
    world = load(tmp_path, 'files: [{id: "1", name: a, content: "abc"}]')
    assert world == World(files=(File(id="1", name="a", content=b"abc"),))
    assert (world.files[0].size, world.files[0].sha1) == (3, "a9993e364706816aba3e25717850c26c9cd0d89d")
    state = State(world, store="discard")
    assert (state.content("1"), state.files["1"].size) == (b"abc", 3)
    state.reset()
    assert state.content("1") == b"abc"
    state.close()


@pytest.mark.parametrize(("name", "value"), [("size", 4), ("sha1", "0" * 40)])
def test_what_a_content_contradicts_is_refused(name: str, value: Any) -> None:
    with pytest.raises(WorldError, match=rf"^files\[0\]\.{name}: .* is not that of the content; leave it out$"):
        World(files=[File(**{"id": "1", "name": "a", "content": b"abc", name: value})])
