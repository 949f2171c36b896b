"""Watches the contract tests, as a plugin of pytest: `-p tests.prove.coverage.recorder --contract-coverage`.

It watches the mock's application and the clients' transport, and turns what it sees into cells at once; processes of
pytest-xdist send theirs to the main process.
"""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from hashlib import sha1
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import box_uploads_mock
import msgspec
import pytest
from box_uploads import errors

from tests.contract import drivers
from tests.prove.coverage.cells import SIDES, Cell, Side
from tests.prove.coverage.hits import (
    Exchange,
    hits_of_refusal,
    hits_of_request,
    hits_of_response,
    is_followed,
    links_from,
    operation_of,
)
from tests.prove.coverage.report import Coverage, listed_gaps, page, summary

_PATH = "contract_coverage"
_KEPT_LINKS = 64


class Watch:
    """The cells that one side has exercised."""

    def __init__(self, side: Side) -> None:
        self._side: Side = side
        self.hits: Counter[Cell] = Counter()
        # Both clients are shown the same answers, and send the same requests.
        self._seen: dict[bytes, list[Cell]] = {}
        self._links: list[tuple[Cell, str, Any]] = []
        self._redirects: dict[str, str] = {}

    def see(self, exchange: Exchange) -> None:
        """Count what a request and its response exercise."""
        found = operation_of(exchange)
        answered: tuple[Any, ...]
        if found is None:
            # The answer at the place to which a call was redirected is one of that call.
            name = self._redirects.get(_resource(exchange.url), "")
            answered = (name, exchange.status, exchange.response_headers, exchange.response_body)
            if name:
                self._count(answered, lambda: hits_of_response(name, exchange))
            return
        name, in_path = found
        if location := exchange.response_headers.get("location"):
            self._redirects[_resource(location)] = name
        for cell, operation, key in self._links:
            if operation == name and is_followed(key, in_path, exchange):
                self.hits[cell] += 1
        sent = (name, exchange.url, exchange.headers, exchange.body, exchange.status)
        self._count(sent, lambda: hits_of_request(name, in_path, exchange, self._side))
        answered = (name, exchange.status, exchange.response_headers, exchange.response_body)
        self._count(answered, lambda: hits_of_response(name, exchange))
        # A link is followed soon after it was given.
        self._links = [*links_from(name, in_path, exchange), *self._links][:_KEPT_LINKS]

    def _count(self, what: object, cells: Callable[[], Iterable[Cell]]) -> None:
        key = sha1(msgspec.msgpack.encode(what), usedforsecurity=False).digest()
        found = self._seen.get(key)
        if found is None:
            found = self._seen[key] = list(cells())
        self.hits.update(found)

    def see_refusal(self, operation: str, argument: str) -> None:
        """Count an argument that was refused before anything was sent."""
        self.hits.update(hits_of_refusal(operation, argument))


class Recorder:
    """Counts for both sides, and fails the session if something was not exercised."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._watches: dict[Side, Watch] = {side: Watch(side) for side in SIDES}
        self._coverage: Coverage | None = None
        self._is_contract = False
        self._watch_mock()
        self._watch_clients()

    def _watch_mock(self) -> None:
        made = box_uploads_mock.create_app

        @functools.wraps(made)
        def create_app(*arguments: Any, **settings: Any) -> Any:
            return _Watched(made(*arguments, **settings), self._watches["mock"], lambda: self._is_contract)

        box_uploads_mock.create_app = create_app

    def _watch_clients(self) -> None:
        watch = self._watches["client"]
        sync, awaited = drivers.Recording.handle_request, drivers.Recording.handle_async_request

        def handle_request(transport: Any, request: Any) -> Any:
            response = sync(transport, request)
            response.read()
            watch.see(_exchange(request, response))
            return response

        async def handle_async_request(transport: Any, request: Any) -> Any:
            response = await awaited(transport, request)
            await response.aread()
            watch.see(_exchange(request, response))
            return response

        for watched in (handle_request, handle_async_request):
            setattr(drivers.Recording, watched.__name__, watched)
        for driver in (drivers.SyncDriver, drivers.AsyncDriver):
            setattr(driver, driver.call.__name__, _refusals_seen(driver.call, watch))

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        """Watch only the contract tests."""
        self._is_contract = nodeid.startswith("tests/contract/")

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Send the cells to the main process; there, fail if some are missing."""
        handed_over: dict[str, str] | None = getattr(self._config, "workeroutput", None)
        if handed_over is not None:
            hits = {side: list(watch.hits.items()) for side, watch in self._watches.items()}
            handed_over[_PATH] = msgspec.json.encode(hits).decode()
            return
        if session.exitstatus != pytest.ExitCode.OK:
            # Failed tests may not have exercised what they would.
            return
        coverage = Coverage({side: watch.hits for side, watch in self._watches.items()}, listed_gaps())
        self._coverage = coverage
        if name := str(self._config.getoption(_PATH)):
            path = Path(name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(page(coverage), encoding="utf-8")
        if coverage.problems:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """Add the cells of another process."""
        encoded = getattr(node, "workeroutput", {}).get(_PATH, "{}")
        for side, hits in msgspec.json.decode(encoded, type=dict[Side, list[tuple[Cell, int]]]).items():
            self._watches[side].hits.update(dict(hits))

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """Say how much was exercised, and what was not."""
        if self._coverage is not None:
            terminalreporter.section("coverage of the contract")
            for line in summary(self._coverage):
                terminalreporter.write_line(line)


class _Watched:
    """An ASGI application that watches another one."""

    def __init__(self, app: Any, watch: Watch, is_on: Callable[[], bool]) -> None:
        self._app = app
        self._watch = watch
        self._is_on = is_on

    def __getattr__(self, name: str) -> Any:
        return getattr(self._app, name)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http" or not self._is_on():
            await self._app(scope, receive, send)
            return
        # Read the body in advance: the application may answer without reading it.
        received = [await receive()]
        while received[-1].get("more_body"):
            received.append(await receive())
        unread, sent = list(received), []

        async def watched_receive() -> Any:
            return unread.pop(0) if unread else await receive()

        async def watched_send(message: Any) -> None:
            sent.append(message)
            await send(message)

        await self._app(scope, watched_receive, watched_send)
        start = next((message for message in sent if message["type"] == "http.response.start"), None)
        if start is not None:
            query = scope["query_string"].decode()
            self._watch.see(
                Exchange(
                    method=scope["method"],
                    url=scope.get("raw_path", scope["path"].encode()).decode() + (f"?{query}" if query else ""),
                    headers=_text(scope["headers"]),
                    body=b"".join(message.get("body", b"") for message in received),
                    status=start["status"],
                    response_headers=_text(start["headers"]),
                    response_body=b"".join(message.get("body", b"") for message in sent),
                )
            )


def _resource(url: str) -> str:
    """Return path and query of a URL, which are all that the mock's side knows of it."""
    parts = urlsplit(url)
    return f"{parts.path}?{parts.query}"


def _refusals_seen(call: Any, watch: Watch) -> Any:
    @functools.wraps(call)
    def watched(driver: Any, operation: str, *path: Any, **arguments: Any) -> Any:
        try:
            return call(driver, operation, *path, **arguments)
        except errors.InvalidArgumentError as refusal:
            watch.see_refusal(operation, refusal.argument)
            raise

    return watched


def _exchange(request: Any, response: Any) -> Exchange:
    return Exchange(
        method=request.method,
        url=str(request.url),
        headers={name.lower(): value for name, value in request.headers.items()},
        body=request.content,
        status=response.status_code,
        response_headers={name.lower(): value for name, value in response.headers.items()},
        response_body=response.content,
    )


def _text(headers: Any) -> Mapping[str, str]:
    return {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in headers}


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option that turns it on."""
    parser.addoption(
        "--contract-coverage",
        nargs="?",
        const="",
        default=None,
        dest=_PATH,
        metavar="PAGE",
        help="fail if something of the contract was not exercised; show all of it on an HTML page",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Begin to watch, before the tests are imported."""
    if config.getoption(_PATH) is not None:
        config.pluginmanager.register(Recorder(config), "contract-coverage")
