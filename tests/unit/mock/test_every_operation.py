"""Properties that hold for every operation, part, file or status."""

import asyncio
import json
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from itertools import product
from typing import Any

import pytest
from box_uploads_mock import File, Folder, Stall, World, constant_part_size
from box_uploads_mock.headers import ContentRange
from box_uploads_mock.world import LONG_AGO

from tests.unit.mock.in_process import HOST, SESSIONS, Response, get_file, headers, new_file, post, send, versions
from tests.unit.mock.uploading import NOW, SESSION_CALLS, Upload, complete, small_state

ATTRIBUTES = {
    "content_created_at": ("2011-01-01T00:00:00Z", "2012-02-02T00:00:00Z"),
    "content_modified_at": ("2013-03-03T00:00:00Z", "2014-04-04T00:00:00Z"),
    "description": ("first", "second"),
}
PLACES = [{"folder_id": "9"}, {"file_name": "taken"}, {"folder_id": "9", "file_name": "taken"}]


def _world(item: str | None, changes: dict[str, str]) -> World:
    folder, name = changes.get("folder_id", "0"), changes.get("file_name", "a").upper()
    folders, files = [Folder(id="9", name="f")], [File(id="1", name="a")]
    if item == "file":
        files.append(File(id="2", name=name, folder=folder))
    elif item == "folder":
        folders.append(Folder(id="2", name=name, parent=folder))
    return World(folders=folders, files=files)


@pytest.mark.parametrize("changes", PLACES, ids=str)
@pytest.mark.parametrize("item", ["file", "folder"])
def test_moving_a_version_to_a_taken_name_is_a_conflict(changes: dict[str, str], item: str) -> None:
    state = small_state(_world(item, changes))
    response = post(state, versions("1"), {"file_size": 10, **changes})
    assert (response.status, response.code) == (409, "item_name_in_use")
    conflict = response.body["context_info"]["conflicts"]
    assert (conflict["type"], conflict["id"]) == (item, "2")


@pytest.mark.parametrize("changes", PLACES, ids=str)
def test_moving_a_version_to_a_name_taken_meanwhile_is_a_conflict(changes: dict[str, Any]) -> None:
    state = small_state(_world(None, changes))
    version = complete(state, file_id="1", **changes)
    folder, name = changes.get("folder_id", "0"), changes.get("file_name", "a").upper()
    file_id = complete(state, folder_id=folder, file_name=name).stored()["id"]
    response = version.commit()
    assert (response.status, response.code) == (409, "item_name_in_use")
    assert response.body["context_info"]["conflicts"]["id"] == file_id
    assert (state.files["1"].name, state.files["1"].folder, state.files["1"].etag) == ("a", "0", "0")


@pytest.mark.parametrize("operation", SESSION_CALLS)
@pytest.mark.parametrize("end", ["aborted", "committed", "expired"])
@pytest.mark.parametrize("store", ["memory", "disk", "discard"])
def test_a_request_fails_if_its_session_ends_while_it_is_read(operation: str, end: str, store: str) -> None:
    now = [NOW]

    async def end_it(_: float) -> None:
        if end == "expired":
            now[0] += timedelta(days=7)
        elif end == "aborted":
            await asyncio.to_thread(upload.abort)
        else:
            await asyncio.to_thread(_finish, upload)

    state = small_state(store=store, clock=lambda: now[0], sleep=end_it)
    upload = Upload(state)
    for index in (1, 2) if operation == "upload_part" else (0, 1, 2):
        upload.put(index)
    before = state.files
    state.faults.add(Stall(operation=operation, when="after"))
    response = SESSION_CALLS[operation](upload)
    if (operation, end) == ("abort_upload_session", "committed"):
        assert response.status == 204
    else:
        error = (410, "session_expired") if end == "expired" else (404, "upload_session_not_found")
        assert (response.status, response.code) == error
    assert len(state.files) == len(before) + (end == "committed")
    state.close()


def _finish(upload: Upload) -> None:
    """Upload the missing parts and commit, as another client would."""
    for index in range(upload.count):
        upload.put(index)
    assert upload.commit().status == 201


@pytest.mark.parametrize("named", [*product(range(3), repeat=3), *((0, 1, 2, repeated) for repeated in range(3))])
def test_a_commit_names_every_part_once(named: tuple[int, ...]) -> None:
    upload = complete(small_state())
    response = upload.commit([upload.parts[index] for index in named])
    expected = (201, None) if sorted(named) == [0, 1, 2] else (400, "parts_mismatch")
    assert (response.status, response.code) == expected


@pytest.fixture(scope="module")
def long_upload() -> Upload:
    upload = Upload(small_state(part_size_for=constant_part_size(1)), bytes(1_003))
    uploads = upload.state.session_store
    for start in range(1_003):
        wanted = ContentRange(start, start + 1, 1_003)
        writer = uploads.start_part(upload.id, wanted)
        writer.write(b"\0")
        uploads.finish_part(upload.id, wanted, writer)
    return upload


@pytest.mark.parametrize("limit", [None, 1, 999, 1_000])
@pytest.mark.parametrize("offset", [None, 0, 1, 3, 999, 1_000, 1_001, 1_002, 1_003, 10_000])
def test_a_page_has_its_offset_and_limit(long_upload: Upload, offset: int | None, limit: int | None) -> None:
    given = [f"{name}={value}" for name, value in (("offset", offset), ("limit", limit)) if value is not None]
    page = long_upload.get("/parts?" + "&".join(given)).body
    start, size = offset or 0, limit or 1_000
    assert page.keys() == {"entries", "offset", "limit", "total_count", "order"}
    assert [part["offset"] for part in page["entries"]] == [*range(start, min(start + size, 1_003))]
    assert (page["offset"], page["limit"], page["total_count"]) == (start, size, 1_003)
    assert page["order"] == [{"by": "offset", "direction": "ASC"}]


@pytest.mark.parametrize("index", [0, 1, 2])
def test_the_size_of_the_file_is_compared_for_every_part(index: int) -> None:
    upload = Upload(small_state())
    for total in (1, 9, 11, 12):
        response = upload.put(index, content_range=upload.range(index).replace("/10", f"/{total}"))
        assert (response.status, response.code) == (416, "requested_range_not_satisfiable")


@pytest.mark.parametrize("content_range", ["bytes 8-7/8", "bytes 8-8/8", "bytes 8-11/8"])
def test_a_file_of_full_parts_has_no_empty_last_part(content_range: str) -> None:
    upload = complete(small_state(), b"01234567")
    assert upload.put(2, b"", content_range=content_range).code == "requested_range_not_satisfiable"
    assert upload.commit().status == 201


@pytest.mark.parametrize("name", ATTRIBUTES)
@pytest.mark.parametrize("file_id", [None, "12345"])
def test_each_attribute_is_that_of_the_latest_version_with_it(name: str, file_id: str | None) -> None:
    state = small_state()
    now = NOW.isoformat()
    # The time of a change that is left out is that of the upload.
    latest = now if name == "content_modified_at" else ATTRIBUTES[name][1]
    values: list[object] = []
    for value in (*ATTRIBUTES[name], None):
        # A version that changes nothing is none.
        upload = complete(state, f"version {len(values)}".encode(), file_id=file_id)
        attributes = {} if value is None else {name: value}
        file = upload.commit(body={"parts": upload.parts, "attributes": attributes}).body["entries"][0]
        file_id = file["id"]
        values.append(file[name])
        assert {file[other] for other in ATTRIBUTES if other != name} <= {now, LONG_AGO, ""}
        assert get_file(state, file["id"]).body == file
    assert values == [*ATTRIBUTES[name], latest]


PATHS = [
    ("POST", SESSIONS, {"file_size": 10, "folder_id": "0", "file_name": "other"}),
    ("POST", versions("12345"), {"file_size": 10}),
    ("GET", "{}", None),
    ("PUT", "{}", None),
    ("DELETE", "{}", None),
    ("GET", "{}/parts", None),
    ("POST", "{}/commit", {"parts": []}),
    ("POST", "{}/log", {"event_type": "x"}),
    ("GET", "/api/2.0/files/12345", None),
    ("POST", "/api/2.0/folders", {"name": "a", "parent": {"id": "0"}}),
    ("GET", "/api/2.0/folders/100", None),
    ("GET", "/api/2.0/folders/100/items", None),
]


@pytest.mark.parametrize(("method", "path", "body"), PATHS)
@pytest.mark.parametrize("tail", ["/", "//"])
def test_a_trailing_slash_gets_404(method: str, path: str, body: object, tail: str) -> None:
    upload = Upload(small_state())
    content = b"" if body is None else json.dumps(body).encode()
    response = send(upload.state, method, path.format(upload.path) + tail, headers(content), [content])
    assert (response.status, response.code) == (404, "not_found")
    assert (list(upload.state.sessions), upload.get("/parts").body["total_count"]) == ([upload.id], 0)


@pytest.mark.parametrize("path", ["reset", "requests", "faults", "release", "files/12345", "files/12345/content"])
def test_a_trailing_slash_on_the_control_plane_gets_404(path: str) -> None:
    upload = complete(small_state(), file_id="12345")
    upload.stored()
    response = send(upload.state, "GET", f"/_mock/{path}/", {"host": HOST})
    assert response.status == 404
    assert response.body["error"]


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize("host", [HOST, "upload.example", "[::1]:99"])
@pytest.mark.parametrize("file_id", [None, "12345"])
def test_endpoints_have_scheme_and_host_of_the_request(scheme: str, host: str, file_id: str | None) -> None:
    state = small_state(offers_plan=True)
    body = json.dumps({"file_size": 10} if file_id else new_file(file_size=10)).encode()
    sent = headers(body, host=host)
    created = send(state, "POST", versions(file_id) if file_id else SESSIONS, sent, [body], scheme=scheme).body
    for session in (created, send(state, "GET", f"{SESSIONS}/{created['id']}", headers(host=host), scheme=scheme).body):
        assert len(session["session_endpoints"]) == 7
        for url in session["session_endpoints"].values():
            assert url.startswith(f"{scheme}://{host}{SESSIONS}/{created['id']}")


def _elsewhere(call: Callable[[Upload], Response], upload: Upload) -> Response:
    path, upload.path = upload.path, f"{SESSIONS}/{'F' * 32}"
    try:
        return call(upload)
    finally:
        upload.path = path


REFUSED: dict[str, Callable[[Upload], Any]] = {
    **{name: partial(_elsewhere, call) for name, call in SESSION_CALLS.items()},
    "create_upload_session": lambda upload: post(upload.state, SESSIONS, new_file(folder_id="404")),
    "create_version_upload_session": lambda upload: post(upload.state, versions("404"), {"file_size": 10}),
    "get_file": lambda upload: get_file(upload.state, "404"),
    "create_folder": lambda upload: post(upload.state, "/api/2.0/folders", {"name": "a", "parent": {"id": "404"}}),
    "get_folder": lambda upload: send(upload.state, "GET", "/api/2.0/folders/404", headers()),
    "list_folder_items": lambda upload: send(
        upload.state, "GET", "/api/2.0/folders/404/items?usemarker=true", headers()
    ),
}


@pytest.mark.parametrize("operation", REFUSED)
def test_equal_errors_have_ids_of_their_own(operation: str) -> None:
    upload = complete(small_state())
    responses = [REFUSED[operation](upload) for _ in range(3)]
    assert len({(response.status, response.code) for response in responses}) == 1
    ids = {response.body["request_id"] for response in responses}
    ids |= {response.headers["box-request-id"] for response in responses}
    assert len(ids) == 6


def test_successes_have_request_ids_of_their_own() -> None:
    upload = Upload(small_state())
    responses = [upload.put(0), upload.get(), upload.get(), upload.get("/parts"), upload.abort()]
    assert len({response.headers["box-request-id"] for response in responses}) == 5
