"""The operations on folders, each from a call to its result."""

from collections.abc import Mapping, Sequence

from box_uploads_mock import folder_rules, markers
from box_uploads_mock.calls import Call, CallResult
from box_uploads_mock.errors import argument_error
from box_uploads_mock.file_store import file_body
from box_uploads_mock.state import State
from box_uploads_mock.world import ROOT_FOLDER_ID, File, Folder

# Documented: 1,000 is the largest page, and a folder comes with its first 100 items.
MAX_LIMIT = 1_000
EMBEDDED_ITEMS = 100
# Not documented.
DEFAULT_LIMIT = 100
_BASE = ("type", "id", "etag")
_MINI = ("type", "id", "sequence_id", "etag", "name", "sha1")


async def create_folder(call: Call) -> CallResult:
    """Create a folder."""
    request = folder_rules.parse_new_folder(await call.json_body())
    folder = call.state.create_folder(request.parent_id, request.name)
    return CallResult(status=201, body=_full_body(folder, call.state))


async def get_folder(call: Call) -> CallResult:
    """Return a folder with its first items, or with the fields that are asked for."""
    await call.injector.on_read()
    folder_id, fields = call.folder_id, folder_rules.parse_fields(call.query.get("fields"))
    body = _full_body(call.state.find_folder(folder_id), call.state)
    return CallResult(status=200, body=body if fields is None else _selected(body, [*_BASE, *fields]))


async def list_folder_items(call: Call) -> CallResult:
    """Return a page of the items in a folder; the mock has no other pages than those with markers."""
    await call.injector.on_read()
    folder_id, fields = call.folder_id, folder_rules.parse_fields(call.query.get("fields"))
    limit = call.query_number("limit", 1, MAX_LIMIT, default=DEFAULT_LIMIT)
    # Box's SDK for Python writes it with a capital letter.
    if call.query.get("usemarker") not in {"true", "True"}:
        raise argument_error("invalid_parameter", "usemarker", "It is not true: the mock only lists by markers.")
    marker = call.query.get("marker")
    if marker == "":
        raise argument_error("invalid_parameter", "marker", "It is empty; leave it out for the first page.")
    folder, items = call.state.find_folder(folder_id), call.state.folder_items(folder_id)
    found, next_marker = markers.page(items, folder.id, marker, limit)
    body = {"limit": limit, "entries": _entries(found, folder, fields), "next_marker": next_marker}
    return CallResult(status=200, body=body)


def _full_body(folder: Folder, state: State) -> Mapping[str, object]:
    """Return a folder in Box's format, with the fields that the mock has."""
    items = markers.ordered(state.folder_items(folder.id))
    collection = {
        "total_count": len(items),
        "entries": _entries(items[:EMBEDDED_ITEMS], folder, None),
        "offset": 0,
        "limit": EMBEDDED_ITEMS,
        "order": [{"by": "type", "direction": "ASC"}, {"by": "name", "direction": "ASC"}],
    }
    parent = None if folder.id == ROOT_FOLDER_ID else state.find_folder(folder.parent)
    return {**_folder_body(folder, parent), "item_collection": collection}


def _entries(
    items: Sequence[File | Folder], parent: Folder, fields: Sequence[str] | None
) -> Sequence[Mapping[str, object]]:
    """Return items of a folder, each with the fields of its mini form or with those that are asked for."""
    bodies = [file_body(item) if isinstance(item, File) else _folder_body(item, parent) for item in items]
    return [_selected(body, _MINI if fields is None else [*_BASE, *fields]) for body in bodies]


def _folder_body(folder: Folder, parent: Folder | None) -> Mapping[str, object]:
    is_root = folder.id == ROOT_FOLDER_ID
    return {
        "type": "folder",
        "id": folder.id,
        # What Box does not have for the root folder is null.
        "sequence_id": None if is_root else "0",
        "etag": None if is_root else "0",
        "name": folder.name,
        "description": "",
        "created_at": folder.created_at,
        "modified_at": folder.created_at,
        "content_created_at": folder.created_at,
        "content_modified_at": folder.created_at,
        "parent": None if parent is None else _selected(_folder_body(parent, None), _MINI),
        "item_status": "active",
    }


def _selected(body: Mapping[str, object], names: Sequence[str]) -> Mapping[str, object]:
    """Return those fields that an item has; as at Box, others are ignored."""
    return {name: body[name] for name in names if name in body}
