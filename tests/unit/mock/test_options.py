"""The preflight check of an upload: OPTIONS with a body."""

from typing import Any

import pytest
from box_sdk_gen import BoxAPIError, PreflightFileUploadCheckParent
from box_uploads_mock import Failure, MockServer, State, World

from tests.unit.mock.in_process import HOST, headers, preflight, send
from tests.unit.mock.test_official_sdk import client_of

BASES = ["/api/2.0", "/2.0"]
NEW = "/files/content"
VERSION = "/files/12345/content"
GOOD = {"name": "Project.mov", "parent": {"id": "0"}, "size": 104_857_600}
BOTH = pytest.mark.parametrize("path", [NEW, VERSION])
NAMES = {"12345": "Contract.pdf", "12346": "Report.docx"}


@BOTH
@pytest.mark.parametrize("base", BASES)
@pytest.mark.parametrize("slash", ["", "/"])
def test_a_preflight_check_returns_an_upload_url(state: State, base: str, path: str, slash: str) -> None:
    content = b'{"name": "Project.mov", "parent": {"id": "0"}, "size": 104857600}'
    response = send(state, "OPTIONS", f"{base}{path}{slash}", headers(content), [content])
    assert (response.status, response.body) == (200, {"upload_url": f"http://{HOST}/api/2.0{path}"})
    assert not state.sessions
    operation = "check_upload" if path == NEW else "check_version_upload"
    assert [exchange.operation for exchange in state.request_log] == [operation]


@BOTH
@pytest.mark.parametrize("size", [0, 1, 19_999_999, 2**31, 2e7])
def test_a_file_may_have_any_size_or_an_unknown_one(state: State, path: str, size: object) -> None:
    assert preflight(state, path, {**GOOD, "size": size}).status == 200
    assert preflight(state, path, {"name": "Project.mov", "parent": {"id": "0"}}).status == 200


@BOTH
def test_a_preflight_check_ignores_unknown_properties(state: State, path: str) -> None:
    body = {"name": "a", "parent": {"id": "100", "type": "folder"}, "description": "x", "content_created_at": "y"}
    assert preflight(state, path, body).status == 200


def test_a_version_needs_neither_name_nor_folder_nor_size(state: State) -> None:
    for body in ({}, {"name": "Contract.pdf", "parent": {"id": "404"}}):
        assert preflight(state, VERSION, body).status == 200


@pytest.mark.parametrize(("path", "name"), [(NEW, "contract.PDF"), (VERSION, "report.DOCX")])
def test_a_name_conflict_contains_one_object(state: State, path: str, name: str) -> None:
    response = preflight(state, path, {"name": name, "parent": {"id": "0"}})
    file_id = "12345" if path == NEW else "12346"
    assert (response.status, response.code) == (409, "item_name_in_use")
    named = {"type": "file", "id": file_id, "name": NAMES[file_id], "sha1": state.files[file_id].sha1}
    assert response.body["context_info"]["conflicts"] == {**named, "sequence_id": "0", "etag": "0"}


def test_a_folder_with_the_same_name_is_a_conflict(state: State) -> None:
    response = preflight(state, NEW, {"name": "footage", "parent": {"id": "0"}})
    assert response.body["context_info"]["conflicts"]["type"] == "folder"


NO_NAME = (400, "item_name_invalid", "name")
NO_FOLDERS: list[object] = ["0", [], {"id": "x"}, {"id": 0}]
NO_FOLDER = (400, "invalid_folder_id", "parent")
NO_SIZE = (400, "invalid_file_size", "size")


BOTH_REFUSE: list[Any] = [
    *(("name", name, NO_NAME) for name in ("", "a/b", 1)),
    ("name", "a" * 256, (400, "item_name_too_long", "name")),
    *(("size", size, NO_SIZE) for size in (-1, "1", 1.5, True, None)),
    ("size", 1024**4 + 1, (403, "file_size_limit_exceeded", "file_size")),
]
NEW_REFUSES: list[Any] = [
    *(("parent", folder, NO_FOLDER) for folder in NO_FOLDERS),
    ("parent", {"id": "404"}, (404, "not_found", "folder")),
    ("parent", {"id": "300"}, (404, "trashed", "folder")),
]


@pytest.mark.parametrize(
    ("path", "field", "value", "error"),
    [(path, *rest) for path in (NEW, VERSION) for rest in BOTH_REFUSE] + [(NEW, *rest) for rest in NEW_REFUSES],
)
def test_a_preflight_check_fails_like_creating_a_session(
    state: State, path: str, field: str, value: object, error: tuple[int, str, str]
) -> None:
    response = preflight(state, path, {**GOOD, field: value})
    assert (response.status, response.code, response.body["context_info"]["errors"][0]["name"]) == error


@pytest.mark.parametrize(("field", "code"), [("name", "missing_file_name"), ("parent", "missing_destination")])
@pytest.mark.parametrize("absent", [{}, None])
def test_a_new_file_needs_a_name_and_a_folder(state: State, field: str, code: str, absent: Any) -> None:
    body = {**GOOD, field: absent} if absent is None else {name: v for name, v in GOOD.items() if name != field}
    response = preflight(state, NEW, body)
    assert (response.status, response.code) == (400, code)
    assert response.body["context_info"]["errors"][0]["name"] == field


@BOTH
def test_the_quota_applies_if_the_size_is_known(path: str) -> None:
    state = State(World(files=[State().files["12345"]], quota_bytes=24_000_100))
    assert preflight(state, path, {**GOOD, "size": 100}).status == 200
    assert preflight(state, path, {"name": "a", "parent": {"id": "0"}}).status == 200
    response = preflight(state, path, {**GOOD, "size": 101})
    assert (response.status, response.code) == (403, "storage_limit_exceeded")


@BOTH
def test_a_preflight_check_has_the_checks_of_all_operations(state: State, path: str) -> None:
    assert preflight(state, path, GOOD, authorization=None).status == 401
    assert preflight(state, path, GOOD, content_type="text/plain").status == 415
    assert preflight(state, path, b"{").status == 400
    state.rate_limit(retry_after_s=7)
    assert preflight(state, path, GOOD).headers["retry-after"] == "7"


@BOTH
def test_faults_fire_for_preflight_checks(state: State, path: str) -> None:
    operation = "check_upload" if path == NEW else "check_version_upload"
    state.faults.add(Failure(operation=operation, status=503))
    assert [preflight(state, path, GOOD).status for _ in range(2)] == [503, 200]


@pytest.mark.parametrize("path", ["/", "/files", "/files/", "/files/12345/", "/files/content/x", "/files/1/content//"])
def test_options_of_an_unknown_path_is_not_found(state: State, path: str) -> None:
    assert preflight(state, path, GOOD).status == 404


def test_the_official_sdk_checks_an_upload() -> None:
    with MockServer() as server, client_of(server) as client:
        root = PreflightFileUploadCheckParent(id="0")
        found = client.uploads.preflight_file_upload_check(name="Project.mov", size=1, parent=root)
        assert found.upload_url == f"{server.base_url}/files/content"
        with pytest.raises(BoxAPIError) as caught:
            client.uploads.preflight_file_upload_check(name="contract.pdf", parent=root)
        assert caught.value.response_info.context_info is not None
        assert caught.value.response_info.context_info["conflicts"]["id"] == "12345"
