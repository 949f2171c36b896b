"""Methods have names that read well: by operationId, by method and path where that says nothing, or by hand."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from generator.__main__ import main
from generator.document.document import Document
from generator.errors import GenerationError
from generator.operation.names import MOST_FLAT, Layout, Naming
from generator.operation.path_names import path_names, repeats_path
from generator.operation.reader import OperationReader
from generator.schema.schemas import SchemaReader

from .conftest import command_line, document, operation, write_spec

DONE = {"204": {"description": "Done."}}


def named(*operations: tuple[str, ...], naming: Naming | None = None, tag: str = "files", **others: Any) -> list[str]:
    """Return the names for operations that are given as `GET /path`, operationId and tag."""
    paths: dict[str, Any] = {}
    for title, *ids in operations:
        verb, path = title.split()
        found = {**operation(), "operationId": ids[0]} if ids else {"responses": DONE}
        paths.setdefault(path, {})[verb.lower()] = {"tags": [*ids[1:], tag][:1], **found}
    content = Document(document(paths, **others), "test", strict=False)
    schemas = SchemaReader(content)
    return [found.full_name for found in OperationReader(content, schemas, naming or Naming("flat")).read()]


def test_operations_that_nothing_else_tells_apart_are_numbered() -> None:
    assert named(("GET /a",), ("GET /a/",), ("GET /A",)) == ["get_a", "get_a_2", "get_a_3"]
    assert named(("GET /a",), ("GET /a/",), ("GET /b", "get_a_2")) == ["get_a", "get_a_3", "get_a_2"]


@pytest.mark.parametrize(
    ("title", "others", "flat", "grouped"),
    [
        ("GET /files", (), "list_files", "list"),
        ("GET /files/{file_id}", (), "get_file", "get"),
        ("POST /files", (), "create_file", "create"),
        ("PUT /files/{id}", (), "update_file", "update"),
        ("PATCH /files/{id}", ("PUT /files/{id}",), "update_file", "update"),
        ("PUT /files/{id}", ("PATCH /files/{id}",), "replace_file", "replace"),
        ("DELETE /files/{id}", (), "delete_file", "delete"),
        ("DELETE /files", (), "delete_files", "delete_all"),
        ("DELETE /files/{id}/versions", (), "delete_versions", "delete_versions"),
        ("HEAD /files/{id}", (), "head_file", "head"),
        ("OPTIONS /files/content", (), "options_content", "options_content"),
        ("GET /files/{id}/versions", (), "list_versions", "list_versions"),
        ("GET /files/{id}/versions/{version_id}", (), "get_version", "get_version"),
        ("GET /files/{id}/thumbnail.{extension}", (), "get_thumbnail", "get_thumbnail"),
        # What has items is a list, whatever its name.
        ("GET /files/{id}/metadata", ("GET /files/{id}/metadata/{scope}/{key}",), "list_metadata", "list_metadata"),
        ("GET /files/{id}/metadata", (), "get_metadata", "get_metadata"),
        # POST on what nothing else is done with is an action.
        ("POST /files/{id}/copy", (), "copy_file", "copy"),
        ("POST /files/{id}/manage_items", (), "manage_items", "manage_items"),
        ("POST /files/{id}/avatar", ("GET /files/{id}/avatar",), "create_avatar", "create_avatar"),
        ("POST /files/{id}/notes", ("DELETE /files/{id}/notes/{note_id}",), "create_note", "create_note"),
        ("POST /sessions/{id}/commit", (), "commit_session", "commit_session"),
        ("POST /files/{id}", (), "update_file", "update"),
        ("POST /files/{id}", ("PUT /files/{id}",), "submit_file", "submit"),
        ("POST /files/{id}:undelete", (), "undelete_file", "undelete"),
        ("POST /batches", (), "create_batch", "create_batch"),
        # What stands after # says it.
        ("PUT /files/{id}#add_shared_link", (), "add_shared_link", "add_shared_link"),
        ("POST /token#refresh", (), "refresh", "refresh"),
        ("GET /items#folders", (), "list_folders", "list_folders"),
        ("POST /items#files", (), "files", "create"),
        # Versions and constants name nothing.
        ("GET /api/v2/files/{id}", (), "get_file", "get"),
        ("GET /rest/api/3/files", (), "list_files", "list"),
        ("PUT /users/{id}/files/0", (), "update_file", "update"),
        ("GET /files/{id}/class-6VMVochwUWo", (), "get_class", "get_class"),
        ("GET /{bucket}", (), "get_bucket", "get_bucket"),
        ("GET /{bucket_id}", (), "get_bucket", "get_bucket"),
        ("GET /", (), "get", "get"),
    ],
)
def test_a_name_says_what_is_done_with_which_resource(
    title: str, others: Sequence[str], flat: str, grouped: str
) -> None:
    methods: dict[str, list[str]] = {}
    for each in (title, *others):
        methods.setdefault(each.split()[1], []).append(each.split()[0].lower())
    verb, path = title.split()

    assert path_names(verb.lower(), path, "", methods)[0] == flat
    assert path_names(verb.lower(), path, "files", methods)[0] == grouped


@pytest.mark.parametrize(
    ("title", "others", "group", "summary", "name"),
    [
        ("POST /files/{id}", "PUT /files/{id}", "trashed_files", "Restore file", "restore"),
        ("POST /files/{id}", "PUT /files/{id}", "", "Restore a file from the trash", "restore_file"),
        ("POST /files/{id}", "PUT /files/{id}", "", "Restore what was deleted", "submit_file"),
        ("POST /files/{id}/versions/current", "", "file_versions", "Promote file version", "promote"),
        ("POST /templates/schema", "", "templates", "Create template", "create"),
        ("POST /files/{id}/sessions", "", "uploads", "Create upload session (chunked)", "create_session"),
        ("POST /oauth2/token", "", "authorization", "Request access token", "request_token"),
        # What it is about has to be named, and a verb that other methods have tells nothing.
        ("POST /users/close_sessions", "", "users", "Create jobs to close sessions", "close_sessions"),
        ("POST /files/query", "", "files", "Get files", "query"),
        ("POST /flows/{id}/start", "", "flows", "Starts flow", "start"),
        ("POST /mails/{id}/cancel-send", "", "mails", "Cancel mail", "cancel_send"),
        ("POST /mails/{id}/trigger", "", "user_mails", "User trigger for a mail", "trigger"),
        ("POST /files/{id}/levels:append", "", "files", "", "append_levels"),
        ("GET /files/{id}/levels:state", "", "files", "", "get_levels_state"),
    ],
)
def test_a_summary_names_a_post_that_its_path_does_not(
    title: str, others: str, group: str, summary: str, name: str
) -> None:
    methods: dict[str, list[str]] = {}
    for each in (title, *([others] if others else [])):
        methods.setdefault(each.split()[1], []).append(each.split()[0].lower())
    verb, path = title.split()

    assert path_names(verb.lower(), path, group, methods, summary)[0] == name


@pytest.mark.parametrize(
    ("plural", "singular"),
    [
        ("policies", "policy"), ("series", "series"), ("cookies", "cookie"), ("aliases", "alias"),
        ("addresses", "address"), ("boxes", "box"), ("branches", "branch"), ("statuses", "status"),
        ("responses", "response"), ("causes", "cause"), ("access", "access"), ("status", "status"),
        ("analysis", "analysis"), ("dns", "dns"), ("ties", "tie"),
    ],
)  # fmt: skip
def test_an_item_has_the_singular(plural: str, singular: str) -> None:
    assert path_names("get", f"/{plural}/{{id}}", "", {f"/{plural}/{{id}}": ["get"]})[0] == f"get_{singular}"


@pytest.mark.parametrize(
    ("operation_id", "title", "expected"),
    [
        ("get_files_id", "GET /files/{file_id}", True),
        ("get_file_by_id", "GET /files/{file_id}", True),
        ("getFile", "GET /files/{file_id}", True),
        ("files_get", "GET /files", True),
        ("GetAccountsAccount", "GET /v1/accounts/{account}", True),
        ("get_v1_accounts", "GET /v1/accounts", True),
        ("put_files_id#add_shared_link", "PUT /files/{file_id}#add_shared_link", True),
        ("put_files_id", "PUT /files/{file_id}#add_shared_link", False),
        ("get_files_id", "PUT /files/{file_id}", False),
        ("list_files", "GET /files", False),
        ("get_files_of_folder", "GET /files", False),
        ("get", "GET /files", False),
    ],
)
def test_an_operation_id_that_repeats_method_and_path_is_known(
    operation_id: str, title: str, *, expected: bool
) -> None:
    verb, path = title.split()

    assert repeats_path(operation_id, verb.lower(), path) is expected


def test_operation_ids_are_replaced_where_nearly_all_repeat_their_paths() -> None:
    files = [("GET /files", "get_files"), ("GET /files/{id}", "get_files_id"), ("POST /files", "post_files")]
    users = [("GET /users", "get_users"), ("GET /users/me", "get_users_me"), ("PUT /users/me", "put_users_me")]

    assert named(*files, *users)[:3] == ["list_files", "create_file", "get_file"]
    by_chance = named(*files, ("GET /x", "find"))
    assert by_chance == ["get_files", "post_files", "get_files_id", "find"]


IDS_WITH_BASE = [
    ("GET /projects", "getApiV4Projects"),
    ("POST /projects/{id}/issues", "postApiV4ProjectsIdIssues"),
    ("GET /projects/{id}/issues", "getApiV4ProjectsIdIssues"),
    ("PUT /user", "putApiV4User"),
]


@pytest.mark.parametrize(
    "server",
    [
        {"url": "https://gitlab.example/api/v4"},
        {"url": "/api/v4/"},
        {"url": "https://gitlab.example/{kind}/v4", "variables": {"kind": {"default": "api"}}},
    ],
)
def test_operation_ids_may_repeat_the_path_of_the_server(server: dict[str, Any]) -> None:
    assert named(*IDS_WITH_BASE, servers=[server]) == [*("list_projects", "create_issue", "list_issues", "update_user")]
    assert named(*IDS_WITH_BASE, servers=[{"url": "/api"}])[0] == "get_api_v4_projects"


def test_what_all_paths_begin_with_names_nothing_if_it_ends_in_a_version() -> None:
    base = "/shop/api/2024-01"
    titles = [f"POST {base}/orders", f"GET {base}/users/{{id}}/notes", f"GET {base}/notes"]

    assert named(*((title,) for title in titles)) == ["create_order", "list_notes_for_user", "list_notes"]
    ids = ["postOrders", "get_users_id_notes", "get_shop_api_2024_01_notes"]
    assert named(*zip(titles, ids, strict=True)) == ["create_order", "list_notes_for_user", "list_notes"]
    assert named((f"GET {base}/a",), (f"GET {base}/A",)) == ["get_a", "get_a_2"]
    # What is left of each path has to name something.
    assert named(("DELETE /orders/v1/{id}",), ("POST /orders/v1/sums",)) == ["delete_v1", "sums"]


def test_the_number_of_a_repeated_operation_id_is_left_out_where_the_plain_name_is_free() -> None:
    by_springdoc = [
        *(("GET /orders", "list", "orders"), ("GET /users", "list_1", "users"), ("GET /a/{id}/b", "list_2", "orders")),
        *(("GET /users/{id}", "getUser", "users"), ("GET /members/{id}", "getUser_1", "users")),
    ]

    assert named(*by_springdoc, naming=Naming("grouped")) == [
        *("orders.list", "users.list", "orders.get_b", "users.get_user", "users.get_member")
    ]
    assert named(*by_springdoc) == ["list_", "list_users", "get_b", "get_user", "get_member"]
    # Without the first number, somebody has chosen the others.
    assert named(("GET /a", "find"), ("GET /b", "find_2"), ("GET /c", "look_1")) == ["find", "find_2", "look_1"]


@pytest.mark.parametrize(
    ("ids", "streams"),
    [
        (["get_log"], ["stream_log"]),
        (["get"], ["stream"]),
        (["stream_log"], ["open_log_stream"]),
        (["get_event_stream"], ["open_event_stream"]),
        (["stream"], ["open_stream"]),
        (["list_streams"], ["stream_list_streams"]),
        # The name is another operation's.
        (["get_log", "stream_log"], ["open_log_stream", "open_log_stream_"]),
    ],
)
def test_a_stream_has_a_name_of_its_own(ids: list[str], streams: list[str]) -> None:
    content = {"200": {"description": "Bytes.", "content": {"application/octet-stream": {}}}}
    paths = {f"/{found}": {"get": operation(operationId=found, responses=content)} for found in ids}
    read = Document(document(paths), "test")

    found = OperationReader(read, SchemaReader(read), Naming("flat")).read()

    assert [stream.method for operation in found for stream in operation.streams] == streams


def test_what_tools_append_to_operation_ids_is_left_out() -> None:
    made_by_fastapi = [
        ("GET /items/{item_id}", "read_item_items__item_id__get"),
        ("POST /items/", "create_items__post"),
        ("PUT /a/{id}/b-c", "update_a__id__b_c_put"),
    ]

    assert named(*made_by_fastapi) == ["read_item", "create", "update"]
    assert named(("GET /items/{item_id}", "items__item_id__get")) == ["get_item"]
    assert named(("GET /hubs", "find_hubs_v1.0"), ("PUT /hubs", "change_hubs_v2.0")) == [
        "find_hubs",
        "change_hubs_v2_0",
    ]


def test_the_group_is_left_out_of_its_methods() -> None:
    found = named(
        ("GET /a", "files/get-one"), ("GET /b", "Files_Find"), ("GET /c", "files.list"), ("GET /d", "find_files"),
        ("GET /e", "other/get"), ("GET /f", "files/get"), ("GET /g", "files:get"),
        naming=Naming("grouped"),
    )  # fmt: skip

    assert found == [
        *("files.get_one", "files.find", "files.list", "files.find_files"),
        *("files.other_get", "files.files_get", "files.get_g"),
    ]


def test_a_group_that_begins_all_its_operation_ids_is_left_out() -> None:
    ids = ["files_list", "files-get-one", "filesFind"]
    paths = [(f"GET /{number}", name) for number, name in enumerate(ids)]

    assert named(*paths, naming=Naming("grouped")) == ["files.list", "files.get_one", "files.find"]
    assert named(*paths, ("GET /x", "search_files"), naming=Naming("grouped"))[0] == "files.files_list"
    assert named(paths[0], naming=Naming("grouped")) == ["files.files_list"]


def test_equal_names_say_more_whatever_their_order() -> None:
    of_file, of_folder, of_nothing = "GET /files/{id}/notes", "GET /folders/{id}/notes", "GET /notes"
    known = {of_file: "list_notes_for_file", of_folder: "list_notes_for_folder", of_nothing: "list_notes"}

    for titles in (list(known), list(known)[::-1]):
        assert named(*((title,) for title in titles)) == [known[title] for title in titles]
    assert named(("POST /users/end_sessions",), ("POST /groups/end_sessions",)) == [
        "end_sessions_for_user",
        "end_sessions_for_group",
    ]
    # The operationId of another keeps its name.
    assert named((of_file,), (of_nothing, "list_notes")) == ["list_notes_for_file", "list_notes"]


@pytest.mark.parametrize(
    ("count", "tags", "is_grouped"), [(MOST_FLAT, 2, False), (MOST_FLAT + 1, 2, True), (99, 1, False)]
)
def test_the_client_of_a_large_document_has_groups(count: int, tags: int, *, is_grouped: bool) -> None:
    operations = {
        f"/{number}": {"get": operation(operationId=f"get_{number}", tags=[f"t{number % tags}"])}
        for number in range(count)
    }
    content = Document(document(operations), "test")

    first = OperationReader(content, SchemaReader(content)).read()[0]

    assert first.full_name == ("t0.get_0" if is_grouped else "get_0")


NAMES = """
get_files_id: files.look
PUT /files/{id}: change
"""
CHOSEN = [("GET /files/{id}", "get_files_id"), ("PUT /files/{id}", "put_files_id"), ("POST /files/{id}", "change")]


@pytest.mark.parametrize(
    ("layout", "names", "expected"),
    [
        ("grouped", NAMES, ["files.look", "files.change", "files.submit"]),
        ("grouped", "get_files_id: users.look", ["users.look", "files.put_files_id", "files.change"]),
        ("flat", "get_files_id: look", ["look", "put_files_id", "change"]),
        ("flat", '{"get_files_id": "look"}', ["look", "put_files_id", "change"]),
    ],
)
def test_names_are_chosen_by_hand(tmp_path: Path, layout: Layout, names: str, expected: list[str]) -> None:
    path = tmp_path / "names.yaml"
    path.write_text(names, encoding="utf-8")

    assert named(*CHOSEN, naming=Naming.load(layout, path)) == expected


NOT_A_NAME = "is not a name; write one such as get_version, or files.get_version with its group"


@pytest.mark.parametrize(
    ("layout", "names", "problem"),
    [
        ("flat", "- a", "names.yaml is an array, not a map from operationIds to names"),
        ("flat", "a: [", "names.yaml is not YAML: expected the node content, but found '<stream end>' in line 1"),
        ("flat", "get_files_id: 1", f"names.yaml: get_files_id: 1 {NOT_A_NAME}"),
        ("flat", "get_files_id: getFile", f"names.yaml: get_files_id: 'getFile' {NOT_A_NAME}"),
        ("flat", "get_files_id: a.b.c", f"names.yaml: get_files_id: 'a.b.c' {NOT_A_NAME}"),
        ("flat", "get_files_id: class", f"names.yaml: get_files_id: 'class' {NOT_A_NAME}"),
        (
            "flat",
            "files: look",
            "names.yaml: no operation is called 'files'; write its operationId, or method and path as in 'GET /files'",
        ),
        (
            "flat",
            "get_files_id: files.look",
            "names.yaml: get_files_id: 'files.look' has a group, but the client has none; use --layout grouped",
        ),
        ("flat", "get_files_id: close", "names.yaml: get_files_id: 'close' is reserved; choose another name"),
        ("flat", "{get_files_id: a, put_files_id: a}", "names.yaml: 'a' is the name of two operations"),
        (
            "flat",
            "{get_files_id: a, 'GET /files/{id}': b}",
            "names.yaml: 'get_files_id' and 'GET /files/{id}' are one operation; keep one line",
        ),
    ],
)
def test_a_wrong_name_is_refused_in_one_line(tmp_path: Path, layout: Layout, names: str, problem: str) -> None:
    path = tmp_path / "names.yaml"
    path.write_text(names, encoding="utf-8")

    with pytest.raises(GenerationError) as error:
        named(*CHOSEN, naming=Naming.load(layout, path))

    assert str(error.value) == problem


def test_a_name_that_somebody_chose_is_not_left_to_an_operation_id() -> None:
    content = Document(
        document({"/a": {"get": operation(operationId="look")}, "/b": {"get": operation(operationId="see")}}),
        "test",
        strict=False,
    )

    read = OperationReader(content, SchemaReader(content), Naming(names={"see": "look"}, file="names.yaml")).read()

    assert [found.name for found in read] == ["get_a", "look"]
    assert [note.problem for note in content.notes.found] == [
        "look is the name of 'see' in the file of names; choose one for each"
    ]


def test_a_file_of_names_that_is_not_there_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    spec = write_spec(tmp_path, document())

    assert main([*command_line(spec, tmp_path / "out"), "--names", str(tmp_path / "names.yaml")]) == 1
    assert "python -m generator: names.yaml cannot be read: " in capsys.readouterr().err
