"""What is in a folder, as Box writes it: items of three types, odd sizes, and pages that end in several ways."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx2
import pytest
from box_uploads import UNSET, AsyncClient, Client, errors, models
from box_uploads.upload import conflicting_items

from .conftest import TOKEN, Caller

# As Box writes sizes of some terabytes, and more (rclone issue 2261).
FILE = b'{"type": "file", "id": "1", "etag": null, "size": 1.0034576983313e+14, "content_modified_at": null}'
FOLDER = b'{"type": "folder", "id": "1", "etag": "0", "name": "a", "size": 1.2e+31, "item_status": "active"}'
LINK = b'{"type": "web_link", "id": "1", "name": "b", "url": "https://example.com"}'


def answering(content: bytes, status: int = 200) -> Any:
    return lambda _: httpx2.Response(status, headers={"content-type": "application/json"}, content=content)


def listed(caller: Caller, content: bytes) -> Any:
    return caller(answering(content), "list_folder_items", ("0",), named={})


def test_items_are_told_apart_by_their_type(caller: Caller) -> None:
    page = listed(caller, b'{"entries": [%s, %s, %s]}' % (LINK, FILE, FOLDER))
    assert page.entries == [
        models.WebLinkItem(id="1", name="b"),
        models.FileItem(id="1", etag=None, size=100_345_769_833_130, content_modified_at=None),
        models.FolderItem(id="1", etag="0", name="a"),
    ]
    assert [item.type for item in page.entries] == ["web_link", "file", "folder"]
    assert (page.next_marker, page.limit) == (UNSET, UNSET)


@pytest.mark.parametrize(("entry", "problem"), [
    (b'{"id": "1"}', "lacks type"),
    (b'{"type": "device", "id": "1"}', "Invalid value 'device'"),
    (b'{"type": "file"}', "lacks id"),
    (b'{"type": "file", "id": "1", "size": 1.5}', "must be int"),
])  # fmt: skip
def test_what_is_no_item_is_a_decode_error(caller: Caller, entry: bytes, problem: str) -> None:
    with pytest.raises(errors.DecodeError, match=problem):
        listed(caller, b'{"entries": [%s]}' % entry)


def test_the_root_folder_is_read_with_its_nulls(caller: Caller) -> None:
    root = b'{"type": "folder", "id": "0", "etag": null, "sequence_id": null, "created_at": null, "modified_at": null, '
    root += b'"parent": null, "size": 1.2e+31, "item_collection": {"total_count": 1, "entries": [%s]}}' % LINK
    folder = caller(answering(root), "get_folder", ("0",), named={})
    empty: dict[str, Any] = dict.fromkeys(("etag", "sequence_id", "created_at", "modified_at", "parent"))
    assert folder == models.Folder(type="folder", id="0", **empty)


@pytest.mark.parametrize("conflicts", [
    b'{"type": "folder", "id": "7"}', b'[{"type": "folder", "id": "7", "etag": null}]',
])  # fmt: skip
def test_the_conflict_of_a_folder_is_one_object_or_a_list(caller: Caller, conflicts: bytes) -> None:
    body = b'{"type": "error", "status": 409, "code": "item_name_in_use", "message": "m", "request_id": "r", '
    handler = answering(body + b'"context_info": {"conflicts": %s}}' % conflicts, 409)
    with pytest.raises(errors.ConflictError) as caught:
        caller(handler, "create_folder", named={"name": "a", "parent": {"id": "0"}})
    assert [(item["type"], item["id"]) for item in conflicting_items(caught.value)] == [("folder", "7")]
    assert caught.value.body_error is None


def test_a_folder_whose_pages_lead_in_a_circle_is_a_page_error() -> None:
    http = httpx2.MockTransport(answering(b'{"entries": [%s], "next_marker": "a"}' % FOLDER))
    with Client(TOKEN, http=http) as box, pytest.raises(errors.PageError, match="names itself"):
        list(box.iter_folder_items("0"))

    async def go_through() -> None:
        async with AsyncClient(TOKEN, http=http) as box:
            assert [item async for item in box.iter_folder_items("0")]

    with pytest.raises(errors.PageError, match="names itself"):
        asyncio.run(go_through())
