"""The clients of a generated package have options for single calls, hooks, and a log of their own."""

from __future__ import annotations

import asyncio
import inspect
import logging
from typing import Any

import httpx2
import pytest

from .conftest import INT, TEXT, Make, Package, document, obj, operation, parameter

KEY = "k3y-0f-the-caller"
TRACE = {"x-trace": "1"}


@pytest.fixture(scope="module")
def package(make: Make) -> Package:
    schemes = {
        "key": {"type": "apiKey", "in": "header", "name": "x-key"},
        "login": {"type": "http", "scheme": "bearer"},
    }
    schema = obj(items={"type": "array", "items": INT}, total=INT)
    page = {"description": "Done.", "content": {"application/json": {"schema": schema}}}
    pages = {"method": "iter_things", "items": "items", "offset": "offset", "total": "total"}
    paged = operation(
        operationId="list_things", parameters=[parameter("query", "offset", INT)], responses={"200": page}
    )
    return make(
        document(
            {
                "/things/{id}": {
                    "parameters": [parameter("path", "id")],
                    "get": operation(
                        operationId="get_thing",
                        parameters=[
                            parameter("header", "x-trace"),
                            parameter("header", "x-user", TEXT, **{"x-client-option": True}),
                        ],
                    ),
                    "put": operation(operationId="with_options"),
                },
                "/things": {"get": {**paged, "x-pages": pages}},
            },
            components={"securitySchemes": schemes},
            security=[{"key": [], "login": []}],
        )
    )


class Server:
    """Keeps the requests, and answers the first one with a 503."""

    def __init__(self) -> None:
        self.requests: list[httpx2.Request] = []

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        self.requests.append(request)
        if request.url.path.endswith("/things"):
            return httpx2.Response(200, json={"items": [1], "total": 1})
        return httpx2.Response(503 if len(self.requests) == 1 else 204)


def run(package: Package, kind: str, server: Server, use: Any, **settings: Any) -> Any:
    """Use a client of either kind; what it returns is awaited if need be."""
    options = {"token": "s3cr3t-t0k3n", "key": KEY, "x_user": "u", "http": httpx2.MockTransport(server), **settings}
    if kind == "Client":
        with package.module.Client(**options, sleep=lambda _: None) as client:
            return use(client)

    async def sleep(_: float) -> None:
        pass

    async def awaited() -> Any:
        async with package.module.AsyncClient(**options, sleep=sleep) as client:
            found = use(client)
            return [item async for item in found] if inspect.isasyncgen(found) else await found

    return asyncio.run(awaited())


KINDS = pytest.mark.parametrize("kind", ["Client", "AsyncClient"])


@KINDS
def test_options_hold_for_the_calls_of_the_client_that_has_them(package: Package, kind: str) -> None:
    server, once = Server(), package.module.RetryPolicy(max_retries=0)

    def use(client: Any) -> Any:
        derived = client.with_options(timeout_s=5, headers=TRACE, retry=once)
        assert type(derived) is type(client)
        return derived.get_thing("1", x_trace="own")

    with pytest.raises(package.errors.ApiError, match="503"):
        run(package, kind, server, use)
    (request,) = server.requests
    assert request.extensions["timeout"]["connect"] == 5
    names = ("x-trace", "x-user", "x-key", "authorization")
    assert [request.headers[name] for name in names] == ["1", "u", KEY, "Bearer s3cr3t-t0k3n"]

    server = Server()
    run(package, kind, server, lambda client: (client.with_options(retry=once), client.get_thing("1"))[1])
    assert len(server.requests) == 2
    assert "x-trace" not in server.requests[0].headers


@KINDS
def test_options_hold_for_whole_responses_and_for_pages(package: Package, kind: str) -> None:
    for use in (
        lambda client: client.with_options(headers=TRACE).raw.get_thing("1"),
        lambda client: client.raw.with_options(headers=TRACE).get_thing("1"),
    ):
        server = Server()
        assert run(package, kind, server, use).status == 204
        assert [request.headers["x-trace"] for request in server.requests] == ["1", "1"]
    server = Server()
    found = run(package, kind, server, lambda client: _items(client.with_options(headers=TRACE).iter_things()))
    assert found == [1]
    assert server.requests[0].headers["x-trace"] == "1"


def _items(found: Any) -> Any:
    return found if inspect.isasyncgen(found) else list(found)


@KINDS
def test_an_operation_of_that_name_has_another_one(package: Package, kind: str) -> None:
    server = Server()
    run(package, kind, server, lambda client: client.with_options(headers=TRACE).with_options_("1"))
    assert server.requests[-1].method == "PUT"


def test_closing_a_client_with_other_options_closes_nothing(package: Package) -> None:
    server = Server()

    def use(client: Any) -> None:
        with client.with_options(timeout_s=1) as derived:
            derived.get_thing("1")
        with pytest.raises(package.errors.ClientClosedError):
            derived.get_thing("1")
        client.get_thing("1")

    run(package, "Client", server, use)

    async def use_async(client: Any) -> None:
        async with client.with_options(timeout_s=1) as derived:
            await derived.get_thing("1")
        with pytest.raises(package.errors.ClientClosedError):
            await derived.get_thing("1")
        await client.get_thing("1")

    run(package, "AsyncClient", server, use_async)
    assert len(server.requests) == 5


@KINDS
def test_a_refused_header_names_the_argument(package: Package, kind: str) -> None:
    async def nothing() -> None:
        pass

    def use(client: Any) -> Any:
        with pytest.raises(package.errors.InvalidArgumentError) as caught:
            client.with_options(headers={"Authorization": "Bearer x"})
        assert caught.value.argument == "headers"
        return nothing() if kind == "AsyncClient" else None

    run(package, kind, Server(), use)


@KINDS
def test_hooks_and_the_log_tell_of_each_attempt_without_credentials(
    package: Package, kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, logger=package.name)
    heard: list[Any] = []
    hooks = package.module.Hooks(
        on_request=lambda request: heard.append(("request", request.operation, dict(request.headers))),
        on_response=lambda request, status, elapsed_s: heard.append(("response", status, elapsed_s >= 0)),
        on_retry=lambda request, attempt, delay_s, reason: heard.append(("retry", attempt, delay_s > 0, reason)),
    )
    run(package, kind, Server(), lambda client: client.get_thing("1"), hooks=hooks)
    start = ("request", "get_thing", {"x-user": "u", "x-key": "[secure]"})
    assert heard == [
        *(start, ("response", 503, True), ("retry", 1, True, "status 503")),
        *(start, ("response", 204, True)),
    ]
    records = [record for record in caplog.records if record.name == package.name]
    assert [record.levelname for record in records] == ["DEBUG", "WARNING", "DEBUG"]
    assert all("GET /things/1" in record.getMessage() for record in records)
    assert KEY not in caplog.text
    assert "s3cr3t-t0k3n" not in caplog.text
