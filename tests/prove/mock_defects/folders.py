"""Defects of the mock: folders."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from box_uploads_mock.errors import ApiError
from box_uploads_mock.names import name_error_code

from tests.prove.mock_defects.outcomes import HANDLER, with_body, with_outcome
from tests.prove.operations import FOLDER, ITEMS, NEW_FOLDER
from tests.prove.patches import always, patch, with_result, wrap

_LISTED = ("test_pages_lead",)


def _without_names(original: Any, store: Any, folder_id: str, name: str, **options: Any) -> None:
    """Look at files alone."""
    folders, store._folders = store._folders, {}
    try:
        original(store, folder_id, name, **options)
    finally:
        store._folders = folders


def _in_any_folder(original: Any, store: Any, folder_id: str, name: str, **options: Any) -> None:
    for parent in ("0", folder_id, *store._folders):
        original(store, parent, name, **options)


def _conflict_as_object(original: Any, *arguments: Any, **options: Any) -> None:
    original(*arguments, **{**options, "as_list": False})


def _any_marker(original: Any, marker: str, folder_id: str) -> Any:
    try:
        return original(marker, folder_id)
    except ApiError:
        return False, "", ""


def _one_too_many(original: Any, items: Any, folder_id: str, marker: Any, limit: int) -> Any:
    return original(items, folder_id, marker, limit + 1)


def _next_on_every_page(original: Any, items: Any, folder_id: str, *arguments: Any) -> Any:
    found, marker = original(items, folder_id, *arguments)
    return found, marker or ""


# fmt: off
DEFECTS = (
    wrap("The status of a new folder is 200", HANDLER(NEW_FOLDER), with_outcome(status=200), NEW_FOLDER),
    wrap("The id of a new folder is a number", HANDLER(NEW_FOLDER),
        with_body(lambda body: body.update(id=int(body["id"]))), NEW_FOLDER),
    wrap("The parent of a new folder is missing", HANDLER(NEW_FOLDER), with_body(lambda body: body.pop("parent")),
        NEW_FOLDER),
    wrap("A new folder is in the root folder", "mock.state.State.create_folder",
        lambda original, state, _, name: original(state, "0", name), NEW_FOLDER),
    wrap("A new folder is made anew when it is read", "mock.state.State.create_folder",
        with_result(lambda folder, *_: replace(folder, name=folder.name.lower())), NEW_FOLDER),
    wrap("Folders do not take their names", "mock.file_store.FileStore._require_free_name", _without_names, NEW_FOLDER),
    wrap("A name is taken in all folders", "mock.file_store.FileStore._require_free_name", _in_any_folder, NEW_FOLDER),
    wrap("The conflict of a folder is one object", "mock.file_store.FileStore._require_free_name", _conflict_as_object,
        NEW_FOLDER),
    patch("The name of a folder may end with a space", "mock.folder_rules.folder_name_error_code", name_error_code,
        NEW_FOLDER),
    patch("A new folder may have other properties", "mock.folder_rules.reject_unknown_fields", always(None),
        NEW_FOLDER),
    patch("A folder may be in the trash", "mock.file_store.FileStore.require_folder",
        lambda store, folder_id: store._folder(folder_id, folder_id), NEW_FOLDER, FOLDER, ITEMS),
    wrap("The root folder has an etag", HANDLER(FOLDER),
        with_body(lambda body: body.update(etag=body.get("etag") or "0")), FOLDER),
    wrap("The type of a folder is missing", HANDLER(FOLDER), with_body(lambda body: body.pop("type")), FOLDER),
    patch("`fields` of folders and items are not looked at", "mock.folder_rules.parse_fields", always(None),
        FOLDER, ITEMS),
    patch("The id of a folder need not be a number", "mock.calls.Call.folder_id",
        lambda call: call.parameters["folder_id"], FOLDER, ITEMS),
    wrap("`entries` of a folder are missing", HANDLER(ITEMS), with_body(lambda body: body.pop("entries")), ITEMS),
    wrap("`next_marker` is a number", HANDLER(ITEMS), with_body(lambda body: body.update(next_marker=1)), ITEMS),
    patch("The items of all folders are listed", "mock.state.State.folder_items",
        lambda state, _: [*state.files.values(), *state.folders.values()], ITEMS, *_LISTED),
    patch("What is in the trash is listed", "mock.state.State.folder_items",
        lambda state, folder_id: list(state._file_store._children(folder_id)), ITEMS, *_LISTED),
    wrap("A page has one item more", "mock.markers.page", _one_too_many, ITEMS, *_LISTED),
    wrap("The last page has an empty marker", "mock.markers.page", _next_on_every_page, ITEMS, *_LISTED),
    wrap("Every page is the first one", "mock.markers.page",
        lambda original, items, folder_id, _, limit: original(items, folder_id, None, limit), ITEMS, *_LISTED),
    wrap("Any marker is taken", "mock.markers._read", _any_marker, ITEMS, *_LISTED),
    wrap("A marker is valid for every folder", "mock.markers.page",
        lambda original, items, _, marker, limit: original(items, "0", marker, limit), ITEMS, *_LISTED),
    patch("Items are in the order of their ids", "mock.markers._place", lambda item: (False, "", item.id), ITEMS,
        *_LISTED),
    patch("Items have all fields", "mock.folders._selected", lambda body, _: body, FOLDER, ITEMS),
    patch("1,001 items may be asked for", "mock.folders.MAX_LIMIT", 1_001, ITEMS),
)
