"""The ways in which real APIs name the next page: links, header fields, cursors inside other objects, the last item."""

from __future__ import annotations

import asyncio
import copy
import inspect
from typing import TYPE_CHECKING, Any

import httpx2
import pytest

from generator.document.document import Document
from generator.errors import SpecError
from generator.operation.reader import OperationReader
from generator.python.naming import python_name
from generator.schema.schemas import SchemaReader

from .conftest import INT, TEXT, Make, Package, document, obj, operation, parameter

if TYPE_CHECKING:
    from collections.abc import Sequence

BASE = "https://api.example/v1"
LIST: dict[str, Any] = {"type": "array", "items": INT}
MAYBE: dict[str, Any] = {"type": ["string", "null"]}
BOOL: dict[str, Any] = {"type": "boolean"}
THING = {"type": "object", "properties": {"id": TEXT, "n": INT}, "required": ["id"]}
LINK = {"headers": {"Link": {"schema": TEXT}}}
SECRETS = {
    "bearer": {"type": "http", "scheme": "bearer"},
    "key": {"type": "apiKey", "in": "header", "name": "x-key"},
    "code": {"type": "apiKey", "in": "query", "name": "code"},
}


def some(**properties: Any) -> dict[str, Any]:
    """Return the schema of an object whose properties are all optional."""
    return {"type": "object", "properties": properties}


def listing(
    name: str, schema: Any, *parameters: tuple[str, Any], headers: Any = None, pages: Any = None
) -> dict[str, Any]:
    """Return a path with a list, whose iterator `pages` describes, or else its names."""
    others = {"x-pages": {"method": f"iter_{name}", **pages}} if pages else {}
    page = {"description": "A page.", "content": {"application/json": {"schema": schema}}, **(headers or {})}
    query = [parameter("query", wire_name, kind) for wire_name, kind in parameters]
    return {f"/{name}": {"get": operation(operationId=name, parameters=query, responses={"200": page}, **others)}}


DRF = some(count=INT, next=MAYBE, previous=MAYBE, results=LIST)
RESULT = obj(rows=LIST, all=INT)
ROWS = some(result=RESULT)
WAYS: dict[str, dict[str, Any]] = {
    "url": listing("url", some(values=LIST, next={**MAYBE, "format": "uri"})),
    "said": listing("said", some(values=LIST, next={**MAYBE, "description": "The URL of the next page."})),
    "drf": listing("drf", DRF, ("page", INT)),
    "json_api": listing("json_api", some(data=LIST, links=some(next=MAYBE))),
    "hal": listing("hal", some(items=LIST, _links=some(next=some(href=TEXT)))),
    "asana": listing("asana", some(data=LIST, next_page={"anyOf": [some(uri=TEXT), {"type": "null"}]})),
    "odata": listing("odata", some(**{"value": LIST, "@odata.nextLink": TEXT})),
    "twilio": listing("twilio", some(calls=LIST, next_page_uri=MAYBE), ("PageSize", INT)),
    "header": listing("header", LIST, headers=LINK),
    "counted": listing("counted", some(total_count=INT, repositories=LIST), ("per_page", INT), headers=LINK),
    "bare": listing("bare", LIST, ("page", INT)),
    "skipped": listing("skipped", LIST, ("offset", INT), ("limit", INT)),
    "slack": listing("slack", some(members=LIST, response_metadata=some(next_cursor=TEXT)), ("cursor", TEXT)),
    "graph": listing("graph", some(data=LIST, paging=some(cursors=some(after=TEXT), next=TEXT)), ("after", TEXT)),
    "inner": listing("inner", some(users=LIST, errors=LIST, page=some(next=MAYBE)), ("cursor", TEXT)),
    "kubernetes": listing("kubernetes", some(items=LIST, metadata=some(**{"continue": TEXT})), ("continue", TEXT)),
    "resource": listing("resource", some(users=LIST, next_cursor=MAYBE), ("cursor", TEXT)),
    "stripe": listing(
        "stripe",
        obj(data={"type": "array", "items": THING}, has_more=BOOL),
        *(("starting_after", TEXT), ("ending_before", TEXT)),
    ),
    "last_id": listing("last_id", obj(data=LIST, has_more=BOOL, last_id=MAYBE), ("after_id", TEXT)),
    "enclosed": listing(
        "enclosed",
        some(status=TEXT, data={"anyOf": [some(users=LIST, paging=some(next_cursor=TEXT)), {"type": "null"}]}),
        *(("cursor", TEXT),),
    ),
    "told_link": listing(
        "told_link",
        some(**{"result": RESULT, "@x.go": some(to=TEXT)}),
        pages={"items": "result.rows", "link": "@x.go.to"},
    ),
    "told_header": listing("told_header", ROWS, pages={"items": "result.rows", "header": "Link"}),
    "told_marker": listing(
        "told_marker",
        {**some(rows=LIST, meta=some(after=some(this=TEXT))), "required": ["rows"]},
        *(("from", TEXT),),
        pages={"items": "rows", "marker": "from", "next": "meta.after.this"},
    ),
    "told_total": listing(
        "told_total", ROWS, ("skip", INT), pages={"items": "result.rows", "offset": "skip", "total": "result.all"}
    ),
    "told_array": listing("told_array", LIST, ("sheet", INT), pages={"page": "sheet"}),
}
Exchange = tuple[str, Any, dict[str, str]]


def page(target: str, body: Any, link: str = "") -> Exchange:
    return target, body, {"link": link} if link else {}


NEXT = '<https://api.example/v1/x?a=1,2&page=2>; title="; rel=last"; rel="prev next", <https://api.example/>; rel=last'
EXCHANGES: dict[str, list[Exchange]] = {
    **{
        name: [page(f"/{name}", {"values": [1, 2], "next": f"{BASE}/x?page=2"}), page("/x?page=2", {"values": [3]})]
        for name in ("url", "said")
    },
    "drf": [
        page("/drf", {"results": [1], "next": f"{BASE}/drf?page=2", "count": 3}),
        page("/drf?page=2", {"results": [2, 3], "next": None}),
    ],
    "json_api": [
        page("/json_api", {"data": [1, 2], "links": {"next": f"{BASE}/json_api?page[number]=2"}}),
        page("/json_api?page%5Bnumber%5D=2", {"data": [3], "links": {"next": None}}),
    ],
    "hal": [
        page("/hal", {"items": [1, 2], "_links": {"next": {"href": "/v1/hal?page=2"}}}),
        page("/hal?page=2", {"items": [], "_links": {"next": {"href": "?page=3"}}}),
        page("/hal?page=3", {"items": [3], "_links": {}}),
    ],
    "asana": [
        page("/asana", {"data": [1, 2], "next_page": {"uri": f"{BASE}/asana?offset=x"}}),
        page("/asana?offset=x", {"data": [3], "next_page": None}),
    ],
    "odata": [
        page("/odata", {"value": [1, 2], "@odata.nextLink": f"{BASE}/odata?$skip=2"}),
        page("/odata?$skip=2", {"value": [3]}),
    ],
    "twilio": [
        page("/twilio", {"calls": [1, 2], "next_page_uri": "/v1/twilio?Page=1"}),
        page("/twilio?Page=1", {"calls": [3], "next_page_uri": None}),
    ],
    "header": [page("/header", [1, 2], NEXT), page("/x?a=1,2&page=2", [3], f"<{BASE}/header>; rel=first")],
    "counted": [page("/counted", {"repositories": [1, 2]}, NEXT), page("/x?a=1,2&page=2", {"repositories": [3]})],
    "bare": [page("/bare?page=1", [1, 2]), page("/bare?page=2", [3]), page("/bare?page=3", [])],
    "skipped": [page("/skipped?offset=0", [1, 2]), page("/skipped?offset=2", [3]), page("/skipped?offset=3", [])],
    "slack": [
        page("/slack", {"members": [1, 2], "response_metadata": {"next_cursor": "c1"}}),
        page("/slack?cursor=c1", {"members": [3], "response_metadata": {"next_cursor": ""}}),
    ],
    "graph": [
        page("/graph", {"data": [1, 2], "paging": {"cursors": {"after": "c1"}}}),
        page("/graph?after=c1", {"data": [3], "paging": {"cursors": {}}}),
    ],
    "inner": [
        page("/inner", {"users": [1, 2], "errors": [9], "page": {"next": "c1"}}),
        page("/inner?cursor=c1", {"users": [3], "page": {}}),
    ],
    "kubernetes": [
        page("/kubernetes", {"items": [1, 2], "metadata": {"continue": "c1"}}),
        page("/kubernetes?continue=c1", {"items": [3]}),
    ],
    "resource": [
        page("/resource", {"users": [1, 2], "next_cursor": "c1"}),
        page("/resource?cursor=c1", {"users": [3], "next_cursor": None}),
    ],
    "stripe": [
        page("/stripe", {"data": [{"id": "a", "n": 1}, {"id": "b", "n": 2}], "has_more": True}),
        page("/stripe?starting_after=b", {"data": [{"id": "c", "n": 3}], "has_more": False}),
    ],
    "last_id": [
        page("/last_id", {"data": [1, 2], "has_more": True, "last_id": "b"}),
        page("/last_id?after_id=b", {"data": [3], "has_more": False, "last_id": "c"}),
    ],
    "enclosed": [
        page("/enclosed", {"data": {"users": [1, 2], "paging": {"next_cursor": "c1"}}}),
        page("/enclosed?cursor=c1", {"data": {"users": [3], "paging": {"next_cursor": "c2"}}}),
        page("/enclosed?cursor=c2", {"data": None}),
    ],
    "told_link": [
        page("/told_link", {"result": {"rows": [1, 2], "all": 3}, "@x.go": {"to": "?2"}}),
        page("/told_link?2", {"result": {"rows": [3], "all": 3}}),
    ],
    "told_header": [
        page("/told_header", {"result": {"rows": [1, 2], "all": 3}}, NEXT),
        page("/x?a=1,2&page=2", {"result": {"rows": [3], "all": 3}}),
    ],
    "told_marker": [
        page("/told_marker", {"rows": [1, 2], "meta": {"after": {"this": "m"}}}),
        page("/told_marker?from=m", {"rows": [3], "meta": {}}),
    ],
    "told_total": [
        page("/told_total?skip=0", {"result": {"rows": [1, 2], "all": 3}}),
        page("/told_total?skip=2", {"result": {"rows": [3], "all": 3}}),
    ],
    "told_array": [page(f"/told_array?sheet={n}", items) for n, items in ((1, [1, 2]), (2, [3]), (3, []))],
}


def api(ways: Sequence[dict[str, Any]], **others: Any) -> dict[str, Any]:
    return document({path: item for way in ways for path, item in way.items()}, **others)


@pytest.fixture(scope="module")
def package(make: Make) -> Package:
    return make(api(list(WAYS.values())))


class Server:
    """Gives its answers one after the other, and keeps the requests."""

    def __init__(self, exchanges: Sequence[Exchange]) -> None:
        self.exchanges = list(exchanges)
        self.requests: list[httpx2.Request] = []

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        self.requests.append(request)
        _, body, headers = self.exchanges[len(self.requests) - 1]
        return httpx2.Response(200, json=body, headers=headers)

    @property
    def asked(self) -> list[str]:
        return [str(request.url).removeprefix(BASE) for request in self.requests]


def listed(package: Package, server: Server, method: str, *, is_async: bool, **options: Any) -> list[Any]:
    added, arguments = options.pop("added", {}), options.pop("arguments", {})
    transport = httpx2.MockTransport(server)
    if not is_async:
        with package.module.Client(http=transport, **options) as client:
            return list(getattr(client.with_options(headers=added), method)(**arguments))

    async def run() -> list[Any]:
        async with package.module.AsyncClient(http=transport, **options) as client:
            return [item async for item in getattr(client.with_options(headers=added), method)(**arguments)]

    return asyncio.run(run())


@pytest.mark.parametrize("is_async", [False, True])
@pytest.mark.parametrize("way", WAYS)
def test_all_items_are_found_in_the_way_of_the_api(package: Package, way: str, *, is_async: bool) -> None:
    server = Server(EXCHANGES[way])

    found = listed(package, server, f"iter_{way}", is_async=is_async)

    assert [getattr(item, "n", item) for item in found] == [1, 2, 3]
    assert server.asked == [target for target, _, _ in EXCHANGES[way]]


@pytest.mark.parametrize("is_async", [False, True])
@pytest.mark.parametrize("link", [f"{BASE}/said?page=2", "?page=2", "/v1/said?page=2"])
def test_a_page_whose_link_leads_to_itself_ends_in_an_error(package: Package, link: str, *, is_async: bool) -> None:
    server = Server([page("", {"values": [1], "next": link})] * 3)

    with pytest.raises(package.errors.PageError, match=r"^a page names itself as the next one \(said\)$"):
        listed(package, server, "iter_said", is_async=is_async)

    assert server.asked == ["/said", "/said?page=2"]


@pytest.mark.parametrize("is_async", [False, True])
@pytest.mark.parametrize(
    "link", ["https://elsewhere.example/v1?k=1", "http://api.example/v1/said?page=2", "//elsewhere.example/v1"]
)
def test_a_link_to_an_untrusted_host_is_refused(package: Package, link: str, *, is_async: bool) -> None:
    server = Server([page("", {"values": [1], "next": link})])

    with pytest.raises(package.errors.UntrustedUrlError):
        listed(package, server, "iter_said", is_async=is_async)

    assert server.asked == ["/said"]


@pytest.mark.parametrize("link", ["c2Vjb25k", "a/b", " /v1", "mailto:a@b.example"])
def test_what_is_no_url_is_not_asked_for(package: Package, link: str) -> None:
    server = Server([page("", {"values": [1], "next": link})])

    with pytest.raises(package.errors.InvalidArgumentError, match=r"^page_url: must be a URL, or the end of one from"):
        listed(package, server, "iter_said", is_async=False)

    assert server.asked == ["/said"]


def test_relative_links_are_resolved_against_the_page_that_has_them(package: Package) -> None:
    links = [f"{BASE}/moved/here?page=2", "?page=3", ""]
    server = Server([page("", {"values": [], "next": link}) for link in links])

    listed(package, server, "iter_said", is_async=False)

    assert server.asked == ["/said", "/moved/here?page=2", "/moved/here?page=3"]


@pytest.mark.parametrize("base", ["http://127.0.0.1:9/v1", "https://gateway.example:8443/api"])
@pytest.mark.parametrize("is_async", [False, True])
def test_links_to_where_the_caller_says_that_the_api_is_are_followed(
    package: Package, base: str, *, is_async: bool
) -> None:
    links = [f"{base}/said?page=2", "?page=3", ""]
    server = Server([page("", {"values": [1], "next": link}) for link in links])

    assert listed(package, server, "iter_said", is_async=is_async, base_url=base) == [1, 1, 1]

    assert server.asked == [f"{base}/said{query}" for query in ("", "?page=2", "?page=3")]


@pytest.fixture(scope="module")
def guarded(make: Make) -> Package:
    fields = [("page_url", TEXT), ("limit", INT)]
    secured = {"components": {"securitySchemes": SECRETS}, "security": [{name: [] for name in SECRETS}]}
    return make(api([listing("drf", DRF, *fields)], **secured))


CREDENTIALS: dict[str, Any] = {"token": "t0ken-that-is-long", "key": "k3y-that-is-long", "code": "c0de-that-is-long"}


@pytest.mark.parametrize("is_async", [False, True])
@pytest.mark.parametrize("host", ["api.example", "cdn.api.example", "other.example"])
def test_credentials_go_to_trusted_hosts_alone(guarded: Package, host: str, *, is_async: bool) -> None:
    following = f"https://{host}/v1/drf?limit=1&code=x&page=2"
    server = Server([page("", {"results": [1], "next": following}), page("", {"results": []})])
    options: dict[str, Any] = {**CREDENTIALS, "trusted_hosts": ["other.example"], "added": {"x-added": "1"}}

    assert listed(guarded, server, "iter_drf", is_async=is_async, arguments={"limit": 1}, **options) == [1]

    first, second = server.requests
    assert dict(first.url.params) == {"limit": "1", "code": "c0de-that-is-long"}
    assert str(second.url) == f"https://{host}/v1/drf?limit=1&page=2&code=c0de-that-is-long"
    for name in ("authorization", "x-key", "x-added"):
        assert second.headers[name] == first.headers[name]


@pytest.mark.parametrize("is_async", [False, True])
def test_an_untrusted_host_gets_no_request_and_the_error_no_credentials(guarded: Package, *, is_async: bool) -> None:
    server = Server(
        [
            page(
                "",
                {
                    "results": [1],
                    "next": "https://other.example/t0ken-that-is-long?code=c0de-that-is-long&k=k3y-that-is-long",
                },
            )
        ]
    )

    with pytest.raises(guarded.errors.UntrustedUrlError) as caught:
        listed(guarded, server, "iter_drf", is_async=is_async, **CREDENTIALS)

    assert caught.value.host == "other.example"
    assert not any(secret in f"{caught.value}{vars(caught.value)}" for secret in CREDENTIALS.values())
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("forward", "backward"),
    [
        ("starting_after", "ending_before"),
        ("after", "before"),
        ("page[after]", "page[before]"),
        ("afterId", "beforeId"),
    ],
)
def test_an_iterator_has_no_argument_for_the_way_back(make: Make, forward: str, backward: str) -> None:
    pages = {"data": {"type": "array", "items": obj(id=TEXT)}, "has_more": BOOL, "last_id": TEXT, "after": TEXT}
    if forward == "page[after]":
        pages = {"data": LIST, "next_cursor": MAYBE}
    made = make(api([listing("turned", obj(**pages), (forward, TEXT), (backward, TEXT), ("limit", INT))]))
    one, other = (python_name(name) for name in (forward, backward))

    assert list(inspect.signature(made.module.Client.iter_turned).parameters) == ["self", "limit"]
    assert f"but for `{one}` and `{other}`." in made.module.Client.iter_turned.__doc__
    assert f"| `iter_turned` | `turned` | `{one}`, `{other}` |" in made.text("README.md")
    assert other in inspect.signature(made.module.Client.turned).parameters


def test_a_page_may_be_asked_for_by_its_url(guarded: Package) -> None:
    server = Server([page("", {"results": [5]})])
    with guarded.module.Client(http=httpx2.MockTransport(server), **CREDENTIALS) as client:
        found = client.drf(page_url_=f"{BASE}/drf?page=7", limit=3)
        with pytest.raises(guarded.errors.InvalidArgumentError, match="page_url_"):
            client.drf(page_url_=7)

    assert found.results == [5]
    assert server.asked == ["/drf?page=7&code=c0de-that-is-long"]
    assert "URL of the page" in client.drf.__doc__
    with pytest.raises(TypeError, match="page_url_"):
        client.iter_drf(page_url_="?2")


@pytest.mark.parametrize(
    ("schema", "parameters", "headers"),
    [
        (some(id=TEXT, roles=LIST, _links=some(next=some(href=TEXT))), [], None),
        (some(id=TEXT, roles=LIST), [], LINK),
        (some(roles=LIST, page=some(next=TEXT)), [("limit", INT)], None),
        (some(first=LIST, second=LIST, next=MAYBE), [("cursor", TEXT)], None),
        (some(roles=LIST, after=TEXT), [("after", TEXT)], None),
        (some(items=LIST, next=TEXT), [("cursor", TEXT)], None),
        (some(items=LIST, next_uri=TEXT), [("limit", INT)], None),
        (some(data=LIST, has_more=BOOL, last_id=TEXT), [("after_id", TEXT)], None),
        (obj(data={"type": "array", "items": some(id=TEXT)}, has_more=BOOL), [("starting_after", TEXT)], None),
        (obj(data=LIST, has_more=BOOL), [("starting_after", TEXT)], None),
        (LIST, [("offset", INT)], None),
        (some(roles=LIST), [("page", INT)], None),
    ],
)
def test_what_need_not_be_a_page_has_no_iterator(schema: Any, parameters: Any, headers: Any) -> None:
    read = Document(api([listing("call", schema, *parameters, headers=headers)]), "test")
    (found,) = OperationReader(read, SchemaReader(read)).read()

    assert found.pagination is None
    assert found.page_url is None


@pytest.mark.parametrize(
    ("way", "items", "following"),
    [
        ("resource", "_page.users if _page else None", "_page.next_cursor if _page else None"),
        ("last_id", "_page.data if _page else None", "_page.last_id if _page and _page.has_more else None"),
        (
            *("stripe", "_page.data if _page else None"),
            "_page.data[-1].id if _page and _page.has_more and _page.data else None",
        ),
        (
            *("counted", "_page.parsed.repositories if _page.parsed else None"),
            "_pager.link_in(_page.headers)",
        ),
        ("bare", "_page", ""),
    ],
)
def test_a_success_without_a_page_is_the_last_one(way: str, items: str, following: str) -> None:
    content = copy.deepcopy(WAYS[way])
    content[f"/{way}"]["get"]["responses"]["204"] = {"description": "Nothing."}
    read = Document(api([content]), "test")
    (found,) = OperationReader(read, SchemaReader(read)).read()

    assert found.pagination
    assert (found.pagination.items, found.pagination.way.following) == (items, following)


@pytest.mark.parametrize(
    ("pages", "problem"),
    [
        ({"items": "rows", "link": "go.too"}, "/link: 'go.too' is not a property of the response"),
        ({"items": "rows", "link": "go"}, "/link: 'go' is not a string"),
        ({"items": "rows", "link": "go.to", "header": "Link"}, ": needs one of"),
        ({"items": "rows", "header": "Location"}, "/header: must be Link: no other header field names the next page"),
        ({"items": "go.to", "link": "go.to"}, "/items: 'go.to' is not a required property of the response"),
        ({"items": "go", "link": "go.to"}, "/items: 'go' is not an array"),
        ({"link": "go.to"}, ": lacks 'items'"),
    ],
)
def test_an_x_pages_that_names_no_link_is_refused(pages: Any, problem: str) -> None:
    schema = {**some(rows=LIST, go=some(to=TEXT)), "required": ["rows", "go"]}
    read = Document(api([listing("call", schema, pages=pages)]), "test")

    with pytest.raises(SpecError) as caught:
        OperationReader(read, SchemaReader(read)).read()

    assert f"{caught.value.place}: {caught.value.problem}".startswith(f"#/paths/~1call/get/x-pages{problem}")
