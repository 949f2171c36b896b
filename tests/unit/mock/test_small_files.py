"""Files in one request: how they are framed, what forms clients send, and where the bytes are kept."""

import io
import json
from collections.abc import Mapping
from typing import Any

import pytest
from box_sdk_gen import BoxAPIError, UploadFileAttributes, UploadFileAttributesParentField, UploadFileVersionAttributes
from box_sdk_gen.managers.uploads import PreflightFileUploadCheckParent
from box_uploads_mock import LostResponse, MockServer, State, World
from box_uploads_mock.blobs import StoreKind

from tests.unit.mock.in_process import Response, send
from tests.unit.mock.test_official_sdk import client_of
from tests.unit.mock.uploading import NOW

PATH, VERSION = "/api/2.0/files/content", "/api/2.0/files/12345/content"
NEW = {"name": "small.txt", "parent": {"id": "0"}}
CONTENT = b"a small file\r\n--not the boundary\r\n"


def form(
    attributes: bytes | None = None, content: bytes | None = CONTENT, name: str = "file", more: bytes = b""
) -> bytes:
    text = json.dumps(NEW).encode() if attributes is None else attributes
    parts = [b'--B\r\nContent-Disposition: form-data; name="attributes"\r\n\r\n' + text + b"\r\n"]
    if content is not None:
        head = f'--B\r\nContent-Disposition: form-data; name="{name}"; filename="x"\r\nContent-Type: a/b\r\n\r\n'
        parts.append(head.encode() + content + b"\r\n")
    return b"".join([*parts, more, b"--B--\r\n"])


def post(state: State, body: bytes, path: str = PATH, pieces: int = 1_000_000, **headers: str | None) -> Response:
    given: Mapping[str, str | None] = {
        "host": "localhost",
        "authorization": "Bearer mock-token",
        "content-type": "multipart/form-data; boundary=B",
        "content-length": str(len(body)),
        **{name.replace("_", "-"): value for name, value in headers.items()},
    }
    chunks = [body[start : start + pieces] for start in range(0, len(body), pieces)]
    return send(state, "POST", path, {name: value for name, value in given.items() if value is not None}, chunks)


def stored(state: State, response: Response) -> bytes:
    return state.content(response.body["entries"][0]["id"])


@pytest.mark.parametrize("pieces", [1, 2, 7, 1_000])
@pytest.mark.parametrize("content", [b"", b"x", CONTENT, bytes(range(256)) * 3])
def test_a_form_may_be_cut_anywhere(state: State, content: bytes, pieces: int) -> None:
    response = post(state, form(content=content), pieces=pieces)
    assert (response.status, stored(state, response)) == (201, content)


@pytest.mark.parametrize("store", ["memory", "disk"])
def test_a_version_replaces_the_bytes_in_each_store(store: StoreKind) -> None:
    state = State(store=store)
    first = post(state, form(b"{}", b"one"), VERSION)
    second = post(state, form(b'{"name": "two.txt"}', b"two"), VERSION)
    assert [response.body["entries"][0]["etag"] for response in (first, second)] == ["1", "2"]
    assert (stored(state, second), state.files["12345"].name, state.files["12345"].size) == (b"two", "two.txt", 3)
    state.close()


def test_a_store_that_discards_knows_the_digest() -> None:
    state = State(store="discard")
    file = post(state, form(content=b"abc")).body["entries"][0]
    assert (file["sha1"], file["size"]) == ("a9993e364706816aba3e25717850c26c9cd0d89d", 3)
    with pytest.raises(LookupError):
        state.content(file["id"])


def test_a_time_that_is_left_out_is_that_of_the_upload() -> None:
    state = State(clock=lambda: NOW)
    given, now = "2012-12-12T10:53:43-08:00", "2026-11-22T12:00:00+00:00"
    for path, attributes, created, modified in (
        (PATH, NEW, now, now),
        (PATH, {**NEW, "name": "b", "content_created_at": given}, given, now),
        (PATH, {**NEW, "name": "c", "content_modified_at": given}, now, given),
        (VERSION, {}, given, now),
        (VERSION, {"content_modified_at": given}, given, given),
    ):
        file = post(state, form(json.dumps(attributes).encode()), path).body["entries"][0]
        assert (file["content_created_at"], file["content_modified_at"]) == (created, modified)


@pytest.mark.parametrize("name", ["file", "contents", ""])
def test_the_second_part_may_have_any_name(state: State, name: str) -> None:
    assert post(state, form(name=name)).status == 201


@pytest.mark.parametrize("name", ["", "unused", "small.txt", "other.txt"])
def test_a_file_is_named_by_its_attributes_and_not_by_its_part(state: State, name: str) -> None:
    body = form().replace(b'filename="x"', f'filename="{name}"'.encode())
    assert post(state, body).body["entries"][0]["name"] == "small.txt"


def test_a_new_file_has_no_etag_to_match(state: State) -> None:
    """box-python-sdk 3 sends the field with new files as well."""
    assert post(state, form(), if_match="7").status == 201


@pytest.mark.parametrize("path", [PATH, VERSION])
def test_the_quota_applies_to_a_small_file(path: str) -> None:
    file = State().files["12345"]
    state = State(World(files=[file], quota_bytes=file.size + 4))
    refused = post(state, form(content=b"12345"), path)
    assert (refused.status, refused.code) == (403, "storage_limit_exceeded")
    assert post(state, form(content=b"1234"), path).status in {200, 201}


def test_a_form_may_be_sent_in_chunks_without_a_length(state: State) -> None:
    response = post(state, form(), content_length=None, transfer_encoding="chunked")
    assert (response.status, stored(state, response)) == (201, CONTENT)


def test_attributes_that_nobody_knows_are_ignored(state: State) -> None:
    attributes = {**NEW, "description": "d", "content_modified_at": "2012-12-12T10:53:43Z"}
    assert post(state, form(json.dumps(attributes).encode())).status == 201
    assert post(state, form(json.dumps({**attributes, "name": "Contract.pdf"}).encode()), VERSION).status == 200


WRONG: list[tuple[bytes, dict[str, Any], tuple[int, str]]] = [
    (form(content=None), {}, (400, "bad_request")),
    (form()[:-8], {}, (400, "bad_request")),
    (b"no form", {}, (400, "bad_request")),
    (form(more=b'--B\r\nContent-Disposition: form-data; name="more"\r\n\r\nx\r\n'), {}, (400, "bad_request")),
    (form(b"{"), {}, (400, "bad_request")),
    (form(b" " * 70_000 + b"{}"), {}, (400, "bad_request")),
    (form(b'{"parent": {"id": "0"}}'), {}, (400, "missing_file_name")),
    (form(b'{"name": "a"}'), {}, (400, "missing_destination")),
    (form(b'{"name": "a", "parent": 5}'), {}, (400, "invalid_folder_id")),
    (form(b'{"name": "a/b", "parent": {"id": "0"}}'), {}, (400, "item_name_invalid")),
    (form().replace(b"attributes", b"metadata"), {}, (400, "metadata_after_file_contents")),
    (form(), {"content_type": "multipart/form-data"}, (400, "bad_request")),
    (form(), {"content_md5": "x"}, (400, "invalid_parameter")),
    (form(), {"content_length": None}, (411, "length_required")),
    (form(), {"content_type": "multipart/mixed; boundary=B"}, (415, "unsupported_media_type")),
]  # fmt: skip


@pytest.mark.parametrize("path", [PATH, VERSION])
@pytest.mark.parametrize(("body", "headers", "refusal"), WRONG)
def test_what_is_no_upload_is_refused_and_nothing_is_stored(
    state: State, path: str, body: bytes, headers: dict[str, Any], refusal: tuple[int, str]
) -> None:
    status, code = refusal
    if path == VERSION and code in {"missing_file_name", "missing_destination", "invalid_folder_id"}:
        # A version needs neither a name nor a folder.
        status, code = 200, ""
    before = dict(state.files)
    response = post(state, body, path, **headers)
    assert (response.status, response.body.get("code", "")) == (status, code)
    assert (dict(state.files) == before) is (status != 200)


def test_a_file_may_be_as_large_as_the_limit_and_no_larger() -> None:
    state = State(max_small_file_size=4)
    assert post(state, form(content=b"1234")).status == 201
    assert post(state, form(content=b"12345"), VERSION).code == "request_entity_too_large"
    assert post(state, form(content=bytes(200_000)), VERSION, pieces=100_000).status == 413


def test_a_file_whose_response_is_lost_is_stored(state: State) -> None:
    state.faults.add(LostResponse(operation="upload_small_file"))
    with pytest.raises(ConnectionResetError):
        post(state, form())
    conflict = post(state, form())
    assert conflict.code == "item_name_in_use"
    assert state.content(conflict.body["context_info"]["conflicts"]["id"]) == CONTENT


def test_the_official_sdk_uploads_a_small_file_and_a_version(server: MockServer) -> None:
    with client_of(server) as client:
        parent = UploadFileAttributesParentField(id="0")
        check = client.uploads.preflight_file_upload_check(
            name="sdk.txt", size=3, parent=PreflightFileUploadCheckParent(id="0")
        )
        assert str(check.upload_url).endswith("/files/content")
        files = client.uploads.upload_file(UploadFileAttributes(name="sdk.txt", parent=parent), io.BytesIO(b"one"))
        assert files.entries is not None
        (file,) = files.entries
        assert (file.name, server.state.content(file.id)) == ("sdk.txt", b"one")
        with pytest.raises(BoxAPIError):
            client.uploads.upload_file(UploadFileAttributes(name="SDK.txt", parent=parent), io.BytesIO(b"one"))
        client.uploads.upload_file_version(
            file.id, UploadFileVersionAttributes(name="sdk.txt"), io.BytesIO(b"two"), if_match=file.etag
        )
        assert server.state.content(file.id) == b"two"
