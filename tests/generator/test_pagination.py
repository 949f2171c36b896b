"""Lists that come in pages get an iterator over all items, by `x-pages` or by the names that most APIs choose."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import httpx2
import pytest

from generator.document.document import Document
from generator.errors import SpecError
from generator.operation.reader import OperationReader
from generator.schema.schemas import SchemaReader

from .conftest import INT, NUM, TEXT, Make, Package, document, json_body, obj, operation, parameter, ref

if TYPE_CHECKING:
    from collections.abc import Callable

THINGS = [{"page": number} for number in range(5)]
PAGES = {"method": "iter_things", "items": "the items", "offset": "skip-first", "total": "allOfThem"}
ITEMS = {"type": "array", "items": ref("Thing")}
SCHEMA = {
    **obj(**{"the items": ITEMS, "allOfThem": {**INT, "minimum": 0}, "word": TEXT, "more": INT}),
    "required": ["the items", "allOfThem", "word"],
}
PLACE = "#/paths/~1things~1{page}/get/x-pages"


def paged(pages: Any = PAGES, schema: dict[str, Any] = SCHEMA, **others: Any) -> dict[str, Any]:
    """Return a document with a list whose arguments have the names of what a loop over pages may use."""
    parameters = [
        parameter("path", "page"),
        *(parameter("query", name, schema) for name, schema in (("skip-first", INT), ("pager", INT), ("item", TEXT))),
    ]
    content = {"application/json": {"schema": schema}}
    listing = operation(
        operationId="list_things",
        parameters=parameters,
        **{"responses": {"200": {"description": "A page.", "content": content}}, "x-pages": pages, **others},
    )
    return document(
        {"/things/{page}": {"get": listing, "put": operation(operationId="put_thing", parameters=parameters[:1])}},
        schemas={"Thing": obj(page=INT)},
    )


@pytest.fixture(scope="module")
def package(make: Make) -> Package:
    return make(paged())


def answers(seen: list[dict[str, str]], things: Any = THINGS) -> Callable[[httpx2.Request], httpx2.Response]:
    def answer(request: httpx2.Request) -> httpx2.Response:
        seen.append(dict(request.url.params))
        start, size = int(request.url.params["skip-first"]), int(request.url.params.get("pager", 2))
        page = {"the items": things[start : start + size], "allOfThem": len(THINGS), "word": ""}
        return httpx2.Response(200, content=json.dumps(page), headers={"content-type": "application/json"})

    return answer


def listed(package: Package, handler: Any, *, is_async: bool, **given: Any) -> list[int]:
    transport = httpx2.MockTransport(handler)
    if not is_async:
        with package.module.Client(http=transport) as client:
            return [thing.page for thing in client.iter_things("a", **given)]

    async def run() -> list[int]:
        async with package.module.AsyncClient(http=transport) as client:
            return [thing.page async for thing in client.iter_things("a", **given)]

    return asyncio.run(run())


@pytest.mark.parametrize("is_async", [False, True])
def test_the_iterator_passes_the_arguments_to_every_page(package: Package, *, is_async: bool) -> None:
    seen: list[dict[str, str]] = []
    assert listed(package, answers(seen), is_async=is_async, item="x") == [0, 1, 2, 3, 4]
    assert seen == [{"skip-first": str(skipped), "item": "x"} for skipped in (0, 2, 4)]
    assert listed(package, answers(seen), is_async=is_async, pager=9) == [0, 1, 2, 3, 4]
    assert seen[3:] == [{"skip-first": "0", "pager": "9"}]


@pytest.mark.parametrize("is_async", [False, True])
@pytest.mark.parametrize("things", [[*THINGS[:2], *THINGS[:2]], THINGS[:2]])
def test_a_repeated_or_empty_page_raises_page_error(package: Package, things: Any, *, is_async: bool) -> None:
    with pytest.raises(package.errors.PageError, match="after 2 of 5 items"):
        listed(package, answers([], things), is_async=is_async)


def test_a_page_is_requested_when_its_first_item_is_needed(package: Package) -> None:
    seen: list[dict[str, str]] = []
    with package.module.Client(http=httpx2.MockTransport(answers(seen))) as client:
        things = client.iter_things("a")
        assert not seen
        next(things)
        next(things)
        assert len(seen) == 1
        next(things)
    assert len(seen) == 2


def test_the_iterator_documents_its_operation_and_takes_no_offset(package: Package) -> None:
    method = package.module.Client.iter_things
    assert "all items of `list_things`" in method.__doc__
    with pytest.raises(TypeError, match="skip_first"):
        method(None, "a", skip_first=1)


ONE_WAY = "needs one of offset, marker, page, link, header: what says which page is asked for"
KEYS = "header, items, link, marker, method, next, offset, page, total"
NO_NAME = "cannot be the name of another method; use a free snake_case one"
NOT_REQUIRED = "is not a required property of the response"
NO_PARAMETER = "is not an integer parameter in the query"
NOT_ONE_BODY = "needs one success with one body, an object with properties, or without `items` an array"
REFUSED: list[tuple[dict[str, Any], str]] = [
    (paged("iter_things"), ": must be an object, not a string"),
    *(
        (paged({key: PAGES[key] for key in PAGES if key != name}), f": lacks {name!r}")
        for name in PAGES
        if name != "offset"
    ),
    (paged({key: PAGES[key] for key in PAGES if key != "offset"}), f": {ONE_WAY}"),
    (paged({**PAGES, "page": "x"}), f": {ONE_WAY}"),
    (
        paged({**PAGES, "limit": "x"}),
        f": 'limit' is not one of {KEYS}",
    ),
    (paged({**PAGES, "method": 5}), "/method: must be a string, not a number; put it in quotes"),
    (paged({**PAGES, "method": "iterThings"}), f"/method: 'iterThings' {NO_NAME}"),
    (paged({**PAGES, "method": "a():\n  x"}), f"/method: 'a():\\n  x' {NO_NAME}"),
    (paged({**PAGES, "method": "put_thing"}), f"/method: 'put_thing' {NO_NAME}"),
    (paged({**PAGES, "method": "close"}), f"/method: 'close' {NO_NAME}"),
    (paged({**PAGES, "items": "x"}), f"/items: 'x' {NOT_REQUIRED}"),
    (paged({**PAGES, "items": "word"}), "/items: 'word' is not an array"),
    (paged({**PAGES, "total": "x"}), f"/total: 'x' {NOT_REQUIRED}"),
    (paged({**PAGES, "total": "more"}), f"/total: 'more' {NOT_REQUIRED}"),
    (paged({**PAGES, "total": "word"}), "/total: 'word' is not an integer"),
    (paged({**PAGES, "offset": "x"}), f"/offset: 'x' {NO_PARAMETER}"),
    (paged({**PAGES, "offset": "page"}), f"/offset: 'page' {NO_PARAMETER}"),
    (paged({**PAGES, "offset": "item"}), f"/offset: 'item' {NO_PARAMETER}"),
    (paged(schema={"type": "array"}), f": {NOT_ONE_BODY}"),
    (paged(responses={"204": {"description": "Nothing."}}), f": {NOT_ONE_BODY}"),
]


@pytest.mark.parametrize(("content", "problem"), REFUSED)
def test_an_invalid_x_pages_is_refused_with_its_place(content: dict[str, Any], problem: str) -> None:
    read = Document(content, "test")
    with pytest.raises(SpecError) as caught:
        OperationReader(read, SchemaReader(read)).read()
    assert f"{caught.value.place}: {caught.value.problem}" == f"{PLACE}{problem}"


def recognized(
    properties: dict[str, Any],
    *parameters: dict[str, Any],
    required: Sequence[str] = (),
    method: str = "get",
    headers: Any = None,
    **parts: Any,
) -> Any:
    """Return how a list is iterated over, or None if it is not."""
    schema = {"type": "object", "properties": properties, "required": list(required)}
    content = {"application/json": {"schema": schema}}
    response = {"responses": {"200": {"description": "A page.", "content": content, "headers": headers or {}}}}
    read = Document(
        document(
            {"/a": {method: operation(operationId="get_things", parameters=list(parameters), **response, **parts)}}
        ),
        "test",
    )
    (found,) = OperationReader(read, SchemaReader(read)).read()
    pages = found.pagination
    if not pages:
        return None
    way = pages.way
    first = (way.first,) if way.first != 1 else ()
    taken = [text.replace("_page.", "") for text in (pages.items, way.following)]
    pager = f"{way.pager}[{way.marker}]" if way.marker not in {"", "str"} else way.pager
    return (pages.method, taken[0], pager, way.state, way.argument, taken[1], *first)


LIST: dict[str, Any] = {"entries": {"type": ["array", "null"], "items": TEXT}}
MARKER, OFFSET = parameter("query", "marker", TEXT), parameter("query", "offset", INT)
UUID: dict[str, Any] = {**TEXT, "format": "uuid"}
TEXTS: dict[str, Any] = {"type": "array", "items": TEXT}
THINGS_OF_ALL: dict[str, Any] = {"type": "array", "items": obj(id=INT)}
NEXT: dict[str, Any] = {"next_marker": {"type": ["string", "null"]}}


@pytest.mark.parametrize("name", ["entries", "items", "data", "results", "values", "records"])
def test_items_have_one_of_the_usual_names(name: str) -> None:
    properties = {"tags": {"type": "array", "items": TEXT}, name: {"type": "array", "items": TEXT}}

    assert recognized(properties, OFFSET) == ("iter_things", name, "Pager", "offset", "offset", "")


@pytest.mark.parametrize(
    ("properties", "parameters", "found"),
    [
        (LIST | NEXT, [MARKER], ("iter_things", "entries", "MarkerPager", "marker", "marker", "next_marker")),
        (LIST | NEXT, [MARKER, OFFSET], ("iter_things", "entries", "Pager", "offset", "offset", "")),
        (
            LIST | NEXT | {"has_more": {"type": "boolean"}},
            [MARKER],
            (
                *("iter_things", "entries", "MarkerPager", "marker", "marker"),
                "next_marker if has_more is not False else None",
            ),
        ),
        (
            LIST | {"meta": obj(next_cursor=TEXT, has_next_page={"type": "boolean"})},
            [parameter("query", "cursor", TEXT)],
            (
                *("iter_things", "entries", "MarkerPager", "marker", "cursor"),
                "meta.next_cursor if meta and (meta.has_next_page if meta else None) is not False else None",
            ),
        ),
        (
            LIST | {"next": obj(page=TEXT)},
            [parameter("query", "page", TEXT)],
            ("iter_things", "entries", "MarkerPager", "marker", "page", "next.page if next else None"),
        ),
        (
            {"runs": {"type": "array", "items": obj(id=INT)}, "next_cursor": TEXT, "total_entries": INT},
            [OFFSET, parameter("query", "cursor", TEXT), parameter("query", "limit", INT)],
            ("iter_things", "runs", "Pager", "offset", "offset", "total_entries"),
        ),
        (
            LIST | {"meta": obj(total_pages=INT)},
            [parameter("query", "page", INT)],
            ("iter_things", "entries", "NumberPager", "number", "page", "meta.total_pages if meta else None"),
        ),
        (
            {"id": INT, "tags": {"type": "array", "items": TEXT}},
            [parameter("query", "page", INT), parameter("query", "page_size", INT)],
            None,
        ),
        (
            {**LIST, **NEXT, "total_count": INT},
            [MARKER, OFFSET, parameter("query", "usemarker", {"type": "boolean"})],
            ("iter_things", "entries", "Pager", "offset", "offset", "total_count"),
        ),
        (LIST, [OFFSET], ("iter_things", "entries", "Pager", "offset", "offset", "")),
        (
            {"data": LIST["entries"]},
            [parameter("query", "page", INT)],
            ("iter_things", "data", "NumberPager", "number", "page", ""),
        ),
        *(
            (
                {"data": LIST["entries"]},
                [parameter("query", "page", {**INT, **limits})],
                ("iter_things", "data", "NumberPager", "number", "page", "", *first),
            )
            for limits, first in (
                ({"minimum": 0}, (0,)),
                ({"default": 0}, (0,)),
                ({"minimum": 1, "default": 0}, ()),
                ({"default": 1}, ()),
            )
        ),
        (
            LIST | {"meta": obj(next_marker=TEXT)},
            [MARKER],
            ("iter_things", "entries", "MarkerPager", "marker", "marker", "meta.next_marker if meta else None"),
        ),
        (
            LIST | {"links": obj(next=obj(href=TEXT))},
            [],
            (
                *("iter_things", "entries", "LinkPager", "url", "page_url"),
                "links.next.href if links and bool(links.next) else None",
            ),
        ),
        (
            {"entries": LIST["entries"], "total": INT, "next": {**TEXT, "format": "uri"}},
            [OFFSET],
            ("iter_things", "entries", "Pager", "offset", "offset", "total"),
        ),
        *(
            (
                {"content": {"type": "array", "items": obj(id=INT)}, "sort": {"type": "array", "items": obj(by=TEXT)}}
                | counts,
                [parameter("query", "page", {**NUM, "minimum": 0}), parameter("query", "size", INT)],
                found,
            )
            for counts, found in (
                (
                    {"totalPages": INT, "number": INT},
                    ("iter_things", "content", "NumberPager", "number", "page", "total_pages", 0),
                ),
                ({"totalElements": INT}, ("iter_things", "content", "NumberPager", "number", "page", "", 0)),
                ({"number": INT}, None),
            )
        ),
        (LIST, [parameter("query", "offset", NUM)], ("iter_things", "entries", "Pager", "offset", "offset", "")),
        (LIST | {"total": NUM}, [OFFSET], ("iter_things", "entries", "Pager", "offset", "offset", "total")),
        (
            LIST | {"meta": obj(totalPages=NUM)},
            [parameter("query", "page", NUM)],
            ("iter_things", "entries", "NumberPager", "number", "page", "meta.total_pages if meta else None"),
        ),
        (
            {"ok": {"type": "boolean"}, "data": obj(**LIST, totalCount=INT)},
            [OFFSET],
            (
                *("iter_things", "data.entries if data else None", "Pager", "offset", "offset"),
                "data.total_count if data else None",
            ),
        ),
        (
            {"data": obj(users={"type": "array", "items": obj(id=INT)}), "meta": obj(next_cursor=TEXT)},
            [parameter("query", "cursor", TEXT)],
            (
                *("iter_things", "data.users if data else None", "MarkerPager", "marker", "cursor"),
                "meta.next_cursor if meta else None",
            ),
        ),
        (
            {"messages": {"type": "array", "items": TEXT}, "result": obj(content=LIST["entries"], totalElements=INT)},
            [parameter("query", "page", INT)],
            ("iter_things", "result.content if result else None", "NumberPager", "number", "page", ""),
        ),
        ({"data": obj(entries=obj(**LIST))}, [OFFSET], None),
        ({"data": obj(**LIST, after=TEXT)}, [parameter("query", "after", TEXT)], None),
        ({"user": obj(**LIST)}, [OFFSET], None),
        (LIST, [MARKER], None),
        (LIST | {"next_marker": INT}, [MARKER], None),
        (LIST | {"next_marker": TEXT}, [parameter("query", "marker", INT)], None),
        *(
            (
                LIST | {"next_cursor": {"type": [said, "null"]}},
                [parameter("query", "cursor", {"type": asked})],
                ("iter_things", "entries", f"MarkerPager[{kind}]", "marker", "cursor", "next_cursor"),
            )
            for asked, said, kind in (
                ("integer", "integer", "int"),
                ("number", "number", "float"),
                ("number", "integer", "int"),
            )
        ),
        (LIST | {"next_cursor": NUM}, [parameter("query", "cursor", INT)], None),
        (LIST | {"cursor": INT, "meta": obj(cursor=INT)}, [parameter("query", "cursor", INT)], None),
        (LIST | {"paging": obj(after=INT)}, [parameter("query", "after", INT)], None),
        (
            LIST | {"paging": obj(next=obj(after=INT))},
            [parameter("query", "after", INT)],
            (
                *("iter_things", "entries", "MarkerPager[int]", "marker", "after"),
                "paging.next.after if paging and bool(paging.next) else None",
            ),
        ),
        *(
            (
                LIST | following,
                [parameter("query", "page", INT)],
                ("iter_things", "entries", "NumberPager", "number", "page", ""),
            )
            for following in ({"next_page": INT}, {"next": obj(page=INT)})
        ),
        (
            LIST | {"next_cursor": {"anyOf": [UUID, {"type": "null"}]}},
            [parameter("query", "start_cursor", UUID)],
            ("iter_things", "entries", "MarkerPager[UUID]", "marker", "start_cursor", "next_cursor"),
        ),
        (LIST | {"next_cursor": TEXT}, [parameter("query", "start_cursor", UUID)], None),
        (LIST, [parameter("query", "offset", TEXT)], None),
        (NEXT, [MARKER], None),
        ({"entries": TEXT} | NEXT, [MARKER], None),
        (LIST | NEXT, [{**MARKER, "required": True}], None),
        (LIST, [{**OFFSET, "required": True}], ("iter_things", "entries", "Pager", "offset", "offset", "")),
        (
            {"users": {"type": "array", "items": obj(id=INT)}},
            [{**parameter("query", name, NUM), "required": True} for name in ("page", "limit")],
            ("iter_things", "users", "NumberPager", "number", "page", ""),
        ),
        (
            {"issues": THINGS_OF_ALL, "warningMessages": TEXTS, "total": INT},
            [parameter("query", "startAt", INT), parameter("query", "maxResults", INT)],
            ("iter_things", "issues", "Pager", "offset", "start_at", "total"),
        ),
        (
            {"details": THINGS_OF_ALL, "links": {"type": "array", "items": obj(href=TEXT)}, "total_pages": INT},
            [parameter("query", "page", INT), parameter("query", "page_size", INT)],
            ("iter_things", "details", "NumberPager", "number", "page", "total_pages"),
        ),
        (
            {"roles": TEXTS, "links": THINGS_OF_ALL},
            [parameter("query", "page", INT), parameter("query", "page_size", INT)],
            None,
        ),
        (
            {"users": THINGS_OF_ALL, "roles": THINGS_OF_ALL},
            [parameter("query", "page", INT), parameter("query", "page_size", INT)],
            None,
        ),
        ({"roles": THINGS_OF_ALL, "links": THINGS_OF_ALL}, [parameter("query", "expand", TEXT)], None),
        *(
            (
                LIST | {"totalPages": {"type": ["integer", "string"]}},
                [parameter("query", "PageNumber", {"type": ["integer", "string"], "pattern": r"^-?\d+$", **limits})],
                ("iter_things", "entries", "NumberPager", "number", "page_number", "", *first),
            )
            for limits, first in (({"format": "int32"}, ()), ({"minimum": 0}, (0,)))
        ),
        (LIST, [parameter("query", "page", {"type": ["integer", "boolean"]})], None),
    ],
)
def test_pages_are_recognized_by_their_names(properties: Any, parameters: Any, found: Any) -> None:
    assert recognized(properties, *parameters) == found


def entries_with(*path: str, kind: dict[str, Any] = TEXT) -> dict[str, Any]:
    """Return the properties of a page with one at the end of a path beside the items."""
    *wrappers, name = path
    inner = {name: kind}
    for wrapper in reversed(wrappers):
        inner = {wrapper: obj(**inner)}
    return LIST | inner


@pytest.mark.parametrize(
    "names",
    [
        *("marker next_marker", "cursor next_cursor", "cursor end_cursor", "cursor cursor", "next_cursor next_cursor"),
        *("cursor paging next", "start_cursor nextCursor", "pageCursor nextCursor", "page_cursor next_page_cursor"),
        *("page_cursor paging next", "pageToken nextPageToken", "next_page_token next_page_token"),
        *("next_token next_token", "paginationToken nextToken", "continuationToken nextContinuationToken"),
        *("continuation_token continuation_token", "continue metadata continue", "after paging after"),
        *("after next_cursor", "after endCursor", "after cursor", "page[after] meta page after"),
        *(
            "page[after] next_cursor",
            "page[after] end_cursor",
            "page[after] cursor",
            "startingAfter next startingAfter",
        ),
        *("page next_page", "page next page", "marker response_metadata next_marker", "marker pagination next_marker"),
        *("marker pages next_marker", "marker page_info next_marker", "marker result_info next_marker"),
        *("marker links next_marker", "marker cursors next_marker", "marker meta pagination next_marker"),
    ],
)
def test_a_marker_has_one_of_the_usual_names(names: str) -> None:
    asked, *path = names.split()
    found = recognized(entries_with(*path), parameter("query", asked, TEXT))

    assert found is not None
    assert found[2] == "MarkerPager"
    assert path[-1].lower().replace("_", "") in str(found[5]).lower().replace("_", "")


@pytest.mark.parametrize(
    "path",
    [
        *("next_link", "@odata.nextLink", "next_href", "nextUrl", "nextPageLink", "next_page_url", "nextPageUri"),
        *("links next href", "_links next href", "paging next link", "links next uri", "links next_page url"),
    ],
)
def test_a_link_has_one_of_the_usual_names(path: str) -> None:
    found = recognized(entries_with(*path.split(), kind={**TEXT, "format": "uri"}))

    assert found is not None
    assert found[2] == "LinkPager"


@pytest.mark.parametrize(
    "name",
    [
        *("limit", "count", "size", "per_page", "pageSize", "page[limit]", "itemsPerPage", "results_per_page"),
        *("max", "maxResults", "max_items", "take", "$top", "offset", "skip", "startAt", "page", "page_number"),
    ],
)
def test_a_parameter_with_a_usual_name_says_that_an_object_is_a_page(name: str) -> None:
    page = {"runs": {"type": "array", "items": TEXT}, "links": obj(next={**TEXT, "format": "uri"})}

    assert recognized(page) is None
    assert recognized(page, parameter("query", name, INT)) is not None


@pytest.mark.parametrize("name", ["offset", "skip", "startAt"])
@pytest.mark.parametrize("total", ["total_count", "total", "totalEntries"])
def test_an_offset_and_a_total_have_one_of_the_usual_names(name: str, total: str) -> None:
    found = recognized(entries_with(total, kind=INT), parameter("query", name, INT))

    assert found is not None
    assert (found[2], found[5]) == ("Pager", total.replace("E", "_e"))


@pytest.mark.parametrize("name", ["page", "pageNumber"])
@pytest.mark.parametrize("count", ["total_pages", "pageCount", "num_pages", "pages"])
def test_a_number_and_a_count_of_pages_have_one_of_the_usual_names(name: str, count: str) -> None:
    found = recognized(entries_with(count, kind=INT), parameter("query", name, INT))

    assert found is not None
    assert (found[2], found[5]) == ("NumberPager", count.replace("C", "_c"))


@pytest.mark.parametrize("name", ["has_more", "hasNextPage", "has_next"])
def test_a_flag_that_there_is_more_has_one_of_the_usual_names(name: str) -> None:
    found = recognized(entries_with(name, kind={"type": "boolean"}) | NEXT, MARKER)

    assert found is not None
    assert "is not False" in str(found[5])


def test_x_pages_names_a_total_of_the_type_number() -> None:
    schema = {**SCHEMA, "properties": {**SCHEMA["properties"], "allOfThem": NUM}}
    read = Document(paged(schema=schema), "test")
    found, _ = OperationReader(read, SchemaReader(read)).read()

    assert found.pagination
    assert found.pagination.way.following == "_page.all_of_them"


def in_body(**properties: Any) -> dict[str, Any]:
    """Return a body whose properties are all optional."""
    return {"requestBody": json_body({"type": "object", "properties": properties}, required=False)}


@pytest.mark.parametrize(
    ("properties", "parts", "found"),
    [
        (
            LIST | {"next_cursor": {"type": ["string", "null"]}, "has_more": {"type": "boolean"}},
            in_body(start_cursor=TEXT, page_size=INT),
            ("MarkerPager", "marker", "start_cursor", "next_cursor if has_more is not False else None"),
        ),
        (
            LIST | {"next_cursor": INT},
            in_body(query=TEXT, cursor={"type": ["integer", "null"]}),
            ("MarkerPager[int]", "marker", "cursor", "next_cursor"),
        ),
        (LIST | {"total": INT}, in_body(offset=INT), ("Pager", "offset", "offset", "total")),
        (LIST | {"total": INT}, in_body(page={**INT, "default": 0}), ("NumberPager", "number", "page", "", 0)),
        (LIST | {"has_more": {"type": "boolean"}}, in_body(page=INT), ("NumberPager", "number", "page", "")),
        (
            LIST | {"total": INT, "next": {**TEXT, "format": "uri"}},
            in_body(page=NUM),
            ("NumberPager", "number", "page", ""),
        ),
        (
            {"content": LIST["entries"], "totalElements": INT},
            {"parameters": [parameter("query", "page", {**INT, "minimum": 0})]},
            ("NumberPager", "number", "page", "", 0),
        ),
        (LIST, in_body(offset=INT), None),
        (LIST | {"pages": LIST["entries"]}, in_body(page=INT), None),
        (LIST | {"total": INT}, in_body(limit=INT), None),
        (LIST | {"next_url": TEXT, "total": INT}, in_body(limit=INT), None),
        (LIST | {"total": INT}, {"headers": {"Link": {"schema": TEXT}}}, None),
        (
            LIST | {"total": INT},
            {"requestBody": json_body({"type": "object", "properties": {"offset": INT}, "additionalProperties": True})},
            None,
        ),
    ],
)
def test_a_post_that_answers_with_pages_is_asked_for_them_in_its_body(properties: Any, parts: Any, found: Any) -> None:
    parameters = parts.pop("parameters", ())

    assert recognized(properties, *parameters, method="post", **parts) == (
        found and ("iter_things", next(name for name in ("entries", "content") if name in properties), *found)
    )


@pytest.mark.parametrize("method", ["put", "patch", "delete"])
def test_what_changes_something_has_no_iterator(method: str) -> None:
    assert recognized(LIST | {"total": INT}, OFFSET, method=method) is None


def test_a_query_is_asked_for_pages_as_a_get_is() -> None:
    found = ("iter_things", "entries", "NumberPager", "number", "page", "")

    assert recognized(LIST, method="query", **in_body(page=INT)) == found


def test_pages_of_spring_are_asked_for_by_the_properties_of_a_pageable() -> None:
    size = {"page": {**INT, "minimum": 0}, "size": {**INT, "minimum": 1}, "sort": {"type": "array", "items": TEXT}}
    pageable = parameter("query", "pageable", {"type": "object", "properties": size}, required=True)
    found = ("iter_things", "content", "NumberPager", "number", "page", "total_pages", 0)

    assert recognized({"content": LIST["entries"], "totalPages": INT, "number": INT}, pageable) == found


FROM, SHEET = parameter("query", "from", TEXT), parameter("query", "sheet", INT)
FROM_0 = parameter("query", "sheet", {**INT, "minimum": 0})
HAL: dict[str, Any] = {"of": {"type": "array", "items": TEXT}, "after": TEXT, "at": INT}


@pytest.mark.parametrize(
    ("pages", "argument", "found"),
    [
        ({"marker": "from", "next": "after"}, FROM, ("MarkerPager", "marker", "from_", "after")),
        ({"marker": "sheet", "next": "at"}, SHEET, ("MarkerPager[int]", "marker", "sheet", "at")),
        ({"page": "sheet"}, SHEET, ("NumberPager", "number", "sheet", "")),
        ({"page": "sheet"}, FROM_0, ("NumberPager", "number", "sheet", "", 0)),
    ],
)
def test_x_pages_names_markers_and_numbers(pages: Any, argument: Any, found: Any) -> None:
    given: dict[str, Any] = {"x-pages": {"method": "iter_all", "items": "of", **pages}}

    assert recognized(HAL, argument, required=["of"], **given) == ("iter_all", "of", *found)


@pytest.mark.parametrize(
    ("pages", "argument", "problem"),
    [
        ({"marker": "from"}, FROM, ": lacks 'next'"),
        ({"marker": "from", "next": "x"}, FROM, "/next: 'x' is not a property of the response"),
        ({"marker": "sheet", "next": "after"}, SHEET, "/next: 'after' has not the type of 'sheet'"),
        ({"marker": "from", "next": "of"}, FROM, "/next: 'of' has not the type of 'from'"),
        (
            {"marker": "flag", "next": "at"},
            parameter("query", "flag", {"type": "boolean"}),
            "/marker: 'flag' is not a string or integer parameter in the query",
        ),
        (
            {"marker": "from", "next": "after"},
            {**FROM, "required": True},
            "/marker: 'from' is required, so that nothing asks for the first page",
        ),
        ({"page": "from"}, FROM, "/page: 'from' is not an integer parameter in the query"),
    ],
)
def test_a_wrong_marker_or_number_of_x_pages_is_refused(pages: Any, argument: Any, problem: str) -> None:
    given: dict[str, Any] = {"x-pages": {"method": "iter_all", "items": "of", **pages}}
    with pytest.raises(SpecError) as caught:
        recognized(HAL, argument, required=["of"], **given)

    assert f"{caught.value.place}: {caught.value.problem}" == f"#/paths/~1a/get/x-pages{problem}"


@pytest.mark.parametrize(
    ("pages", "found"),
    [
        ({"marker": "from", "next": "after"}, ("MarkerPager", "marker", "from_", "after")),
        ({"page": "sheet"}, ("NumberPager", "number", "sheet", "", 0)),
    ],
)
def test_x_pages_names_properties_of_a_body(pages: Any, found: Any) -> None:
    body = in_body(**{"from": TEXT, "sheet": {**INT, "minimum": 0}})
    told = {"method": "iter_all", "items": "of"}

    def read(**pages: str) -> Any:
        return recognized(HAL, required=["of"], method="post", **body, **{"x-pages": told | pages})

    assert read(**pages) == ("iter_all", "of", *found)
    with pytest.raises(SpecError, match="'to' is not an integer parameter in the query or property of the body"):
        read(page="to")


def test_a_list_with_markers_is_gone_through_by_both_clients(make: Make) -> None:
    content = {"application/json": {"schema": {"type": "object", "properties": LIST | NEXT}}}
    listing = operation(operationId="things", parameters=[MARKER])
    listing["responses"] = {"200": {"description": "A page.", "content": content}}
    package = make(document({"/a": {"get": listing}}))
    pages = {"": {"entries": ["a", "b"], "next_marker": "m"}, "m": {"entries": ["c"], "next_marker": None}}

    def handle(request: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(200, json=pages[request.url.params.get("marker", "")])

    with package.module.Client(http=httpx2.MockTransport(handle)) as client:
        assert list(client.iter_things()) == ["a", "b", "c"]

    async def awaited() -> list[Any]:
        async with package.module.AsyncClient(http=httpx2.MockTransport(handle)) as client:
            return [item async for item in client.iter_things()]

    assert asyncio.run(awaited()) == ["a", "b", "c"]


@pytest.mark.parametrize(("kind", "first", "second"), [(INT, 7, 9), (NUM, 7.5, 9.0), (UUID, f"{1:032}", f"{2:032}")])
def test_a_marker_is_sent_as_it_came(make: Make, kind: dict[str, Any], first: Any, second: Any) -> None:
    schema = obj(items={"type": "array", "items": TEXT}, next_cursor={"anyOf": [kind, {"type": "null"}]})
    listing = operation(operationId="things", parameters=[parameter("query", "cursor", kind)])
    listing["responses"] = {"200": {"description": "-", "content": {"application/json": {"schema": schema}}}}
    package = make(document({"/a": {"get": listing}}))
    seen: list[str] = []
    following = iter([first, second, 0 if kind is not UUID else None])

    def handle(request: httpx2.Request) -> httpx2.Response:
        seen.append(request.url.params.get("cursor", "").replace("-", ""))
        return httpx2.Response(200, json={"items": [seen[-1]], "next_cursor": next(following)})

    with package.module.Client(http=httpx2.MockTransport(handle)) as client:
        assert list(client.iter_things()) == seen
    assert seen == ["", str(first), str(second).removesuffix(".0")]


@pytest.mark.parametrize("is_async", [False, True])
def test_a_list_that_is_asked_for_by_a_body_is_gone_through(make: Make, *, is_async: bool) -> None:
    page = obj(results={"type": "array", "items": obj(page=INT)}, next_cursor={"type": ["string", "null"]})
    content = {"application/json": {"schema": page}}
    querying = operation(
        operationId="things",
        parameters=[parameter("path", "id")],
        **in_body(start_cursor=TEXT, page_size=INT),
    )
    querying["responses"] = {"200": {"description": "A page.", "content": content}}
    package = make(document({"/a/{id}": {"post": querying}}))
    seen: list[dict[str, Any]] = []

    def handle(request: httpx2.Request) -> httpx2.Response:
        seen.append(json.loads(request.content))
        following = {1: "b", 2: None}[len(seen)]
        return httpx2.Response(200, json={"results": [{"page": len(seen)}], "next_cursor": following})

    assert listed(package, handle, is_async=is_async, page_size=1) == [1, 2]
    assert seen == [{"page_size": 1}, {"page_size": 1, "start_cursor": "b"}]


def test_a_page_that_is_asked_for_by_a_number_is_asked_for_by_a_whole_one(make: Make) -> None:
    content = {"application/json": {"schema": {"type": "array", "items": TEXT}}}
    listing = operation(operationId="list_things", parameters=[parameter("query", "page", NUM)])
    listing["responses"] = {"200": {"description": "A page.", "content": content}}
    package = make(document({"/a": {"get": listing}}))
    seen: list[str] = []

    def handle(request: httpx2.Request) -> httpx2.Response:
        seen.append(request.url.params["page"])
        return httpx2.Response(200, json={"1": ["a"], "2": ["b"]}.get(seen[-1], []))

    with package.module.Client(http=httpx2.MockTransport(handle)) as client:
        assert list(client.iter_things()) == ["a", "b"]
    assert seen == ["1", "2", "3"]


@pytest.mark.parametrize(
    "asked", [{}, {"x-pages": {"method": "iter_things", "items": "entries", "offset": "offset", "total": "total"}}]
)
def test_pages_that_may_be_csv_too_are_read_as_json(make: Make, asked: dict[str, Any]) -> None:
    page = obj(entries={"type": "array", "items": TEXT}, total=INT)
    content = {"text/csv": {"schema": TEXT}, "application/json": {"schema": page}}
    listing = operation(operationId="list_things", parameters=[parameter("query", "offset", INT)], **asked)
    listing["responses"] = {"200": {"description": "A page.", "content": content}}
    package = make(document({"/a": {"get": listing}}))
    seen: list[str] = []

    def handle(request: httpx2.Request) -> httpx2.Response:
        seen.append(request.headers["accept"])
        start = int(request.url.params["offset"])
        return httpx2.Response(200, json={"entries": ["a", "b", "c"][start : start + 2], "total": 3})

    def text(_: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(200, text="a,b", headers={"content-type": "text/csv"})

    with package.module.Client(http=httpx2.MockTransport(handle)) as client:
        assert list(client.iter_things()) == ["a", "b", "c"]
    assert seen == ["application/json"] * 2
    with package.module.Client(http=httpx2.MockTransport(text)) as client:
        assert client.list_things() == "a,b"
        with pytest.raises(package.errors.PageError, match=r"^the page is no JSON \(list_things\)$"):
            list(client.iter_things())


def test_pages_whose_format_a_caller_may_choose_have_no_iterator() -> None:
    content = {
        "text/csv": {"schema": TEXT},
        "application/json": {"schema": obj(entries={"type": "array", "items": TEXT})},
    }
    parameters = [parameter("query", "offset", INT), parameter("query", "format")]
    read = Document(
        document(
            {
                "/a": {
                    "get": operation(parameters=parameters, responses={"200": {"description": "-", "content": content}})
                }
            }
        ),
        "spec",
    )
    (found,) = OperationReader(read, SchemaReader(read)).read()
    assert found.pagination is None
