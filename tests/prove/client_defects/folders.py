"""Defects of the client: folders."""

from __future__ import annotations

from typing import Any

from box_uploads.types import Response
from msgspec.structs import replace

from tests.prove.client_defects.building import (
    none_on,
    read_as,
    renamed_property,
    with_request,
    without_header,
    without_property,
)
from tests.prove.operations import FOLDER, ITEMS, NEW_FOLDER
from tests.prove.patches import with_result, wrap

_BUILD = "folders.{}.build_request".format
_READ = "folders.{}.read_response".format
_UPLOADS = "https://upload.box.com/api/2.0"


def _without_query(name: str) -> Any:
    return with_request(query=lambda query: tuple(pair for pair in query if pair[0] != name))


def _without_items(kind: str) -> Any:
    def read(response: Any, raw: Any) -> Any:
        entries = [item for item in response.parsed.entries if item.type != kind]
        return Response(raw, replace(response.parsed, entries=entries))

    return with_result(read)


def _without_marker(response: Any, raw: Any) -> Any:
    return Response(raw, replace(response.parsed, next_marker=None))


def _take_first_alone(original: Any, pager: Any, items: Any, marker: Any) -> Any:
    return original(pager, items, None)


def _end_at_empty(original: Any, pager: Any, items: Any, marker: Any) -> Any:
    return original(pager, items, marker if items else None)


def _go_on_after_empty_marker(original: Any, pager: Any, items: Any, marker: Any) -> Any:
    taken = original(pager, items, marker)
    pager.is_done = not isinstance(marker, str)
    return taken


_PAGES = "test_iterating", "test_pages_of_a_folder"

# fmt: off
DEFECTS = (
    wrap("A folder is created at the upload server", _BUILD(NEW_FOLDER), with_request(server=_UPLOADS), NEW_FOLDER,
        "test_requests_go_to"),
    wrap("A folder is created with PUT", _BUILD(NEW_FOLDER), with_request(method="PUT"), NEW_FOLDER),
    wrap("The parent of a folder is not sent", _BUILD(NEW_FOLDER), without_property("parent"), NEW_FOLDER),
    wrap("The name of a folder is sent as `folder_name`", _BUILD(NEW_FOLDER), renamed_property("name", "folder_name"),
        NEW_FOLDER),
    wrap("A created folder is not returned", _READ(NEW_FOLDER), none_on(201), NEW_FOLDER),
    wrap("A taken name of a folder is a success", _READ(NEW_FOLDER), none_on(409), NEW_FOLDER),
    wrap("The user who creates a folder is not sent", _BUILD(NEW_FOLDER), without_header("as-user"), NEW_FOLDER),
    wrap("A folder is read at the upload server", _BUILD(FOLDER), with_request(server=_UPLOADS), FOLDER,
        "test_requests_go_to"),
    wrap("`fields` of a folder is not sent", _BUILD(FOLDER), _without_query("fields"), FOLDER),
    wrap("404 for a folder returns None", _READ(FOLDER), none_on(404), FOLDER),
    wrap("200 for a folder is an error", _READ(FOLDER), read_as(299, only=range(200, 201)), FOLDER),
    wrap("A folder is listed by its own path", _BUILD(ITEMS),
        with_request(path=lambda path: path.removesuffix("/items")), ITEMS),
    *(
        wrap(f"`{name}` of a listing is not sent", _BUILD(ITEMS), _without_query(name), ITEMS)
        for name in ("fields", "usemarker", "marker", "limit")
    ),
    *(
        wrap(f"Items of the type {kind} are lost", _READ(ITEMS), _without_items(kind), ITEMS)
        for kind in ("file", "folder", "web_link")
    ),
    wrap("`next_marker` is lost", _READ(ITEMS), with_result(_without_marker), ITEMS, *_PAGES),
    wrap("Iterating by markers ends with the first page", "runtime.pagination.MarkerPager.take", _take_first_alone,
        ITEMS, *_PAGES),
    wrap("Iterating by markers ends at an empty page", "runtime.pagination.MarkerPager.take", _end_at_empty, ITEMS,
        *_PAGES),
    wrap("An empty marker is taken for one", "runtime.pagination.MarkerPager.take", _go_on_after_empty_marker, ITEMS,
        *_PAGES),
)
