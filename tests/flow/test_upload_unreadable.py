"""Successes that cannot be read, and SHA-1 in capitals: each step of an upload, by threads and by an event loop."""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING, Any

import httpx2
import pytest
from box_uploads import AsyncClient, errors
from box_uploads.upload import CommitUnconfirmedError, PartDone

from tests.flow.upload_ground import CONTENT, SHA1, Ground

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Change = Callable[[str, str, bytes], bytes]

HTML = b"<html>Sign in to the network</html>"
_SHA1 = re.compile(rb'("sha1":\s*")([0-9a-f]{40})"')


@pytest.fixture(scope="module")
def shared() -> Iterator[Ground]:
    ground = Ground()
    with ground.server:
        yield ground


@pytest.fixture
def ground(shared: Ground) -> Ground:
    shared.reset()
    return shared


class Changing(httpx2.BaseTransport, httpx2.AsyncBaseTransport):
    """Changes the bodies of successes on their way, for both kinds of client."""

    def __init__(self, change: Change) -> None:
        self._change = change
        self._inner = httpx2.HTTPTransport()
        self._async = httpx2.AsyncHTTPTransport()

    def _changed(self, request: httpx2.Request, response: httpx2.Response, body: bytes) -> httpx2.Response:
        if response.is_success:
            body = self._change(request.method, request.url.path, body)
        headers = [(name, value) for name, value in response.headers.items() if name.lower() != "content-length"]
        return httpx2.Response(response.status_code, headers=headers, content=body)

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        response = self._inner.handle_request(request)
        return self._changed(request, response, response.read())

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        response = await self._async.handle_async_request(request)
        return self._changed(request, response, await response.aread())

    def close(self) -> None:
        self._inner.close()

    async def aclose(self) -> None:
        await self._async.aclose()


def upload(ground: Ground, kind: str, change: Change, **settings: Any) -> Any:
    """Upload by a client whose answers are changed."""
    if kind == "sync":
        with httpx2.Client(transport=Changing(change)) as http:
            return ground.upload(client=ground.client(http=http), **settings)

    async def run() -> Any:
        async with httpx2.AsyncClient(transport=Changing(change)) as http:
            client = AsyncClient(ground.state.token, base_url=ground.server.base_url, http=http)
            return await ground.upload_async(client=client, **settings)

    return asyncio.run(run())


def unreadable(method: str, end: str) -> Change:
    """Return a change that makes the answers of one call unreadable."""
    return lambda sent, path, body: HTML if sent == method and re.search(end, path) else body


def capitals(_method: str, _path: str, body: bytes) -> bytes:
    """Write each SHA-1 in capitals."""
    return _SHA1.sub(lambda match: match[1] + match[2].upper() + b'"', body)


BOTH = pytest.mark.parametrize("kind", ["sync", "async"])
TARGETS = pytest.mark.parametrize("target", [{}, {"file_id": "12345"}], ids=["file", "version"])


@BOTH
@TARGETS
def test_a_sha1_in_capitals_is_accepted_and_told_in_lower_case(ground: Ground, kind: str, target: Any) -> None:
    events: list[Any] = []
    file = upload(ground, kind, capitals, on_progress=events.append, **target)
    assert (file.sha1, ground.state.content(file.id)) == (SHA1, CONTENT)
    assert all(event.sha1.islower() for event in events if isinstance(event, PartDone))


@BOTH
@TARGETS
def test_a_run_that_resumes_accepts_capitals_too(ground: Ground, kind: str, target: Any, tmp_path: Any) -> None:
    def stop(event: object) -> None:
        if isinstance(event, PartDone) and event.parts_done == 2:
            raise KeyboardInterrupt

    settings = {"resume": tmp_path / "journal", "workers": 1, **target}
    with pytest.raises(KeyboardInterrupt):
        upload(ground, "sync", capitals, on_progress=stop, **settings)
    assert upload(ground, kind, capitals, **settings).sha1 == SHA1
    assert ground.calls("upload_part") == 5


@BOTH
def test_a_part_whose_answer_cannot_be_read_is_found_in_the_list(ground: Ground, kind: str) -> None:
    assert upload(ground, kind, unreadable("PUT", "$")).sha1 == SHA1
    assert (ground.calls("upload_part"), ground.calls("list_parts")) == (5, 5)


@BOTH
@TARGETS
def test_a_commit_whose_answer_cannot_be_read_is_looked_up(ground: Ground, kind: str, target: Any) -> None:
    file = upload(ground, kind, unreadable("POST", "/commit$"), **target)
    assert (file.sha1, ground.calls("commit_upload_session")) == (SHA1, 1)
    assert ground.clock.slept == []


@BOTH
def test_a_file_that_cannot_be_read_after_a_lost_commit_is_not_confirmed(ground: Ground, kind: str) -> None:
    def change(method: str, path: str, body: bytes) -> bytes:
        is_last = path.endswith("/commit") or (method == "GET" and "upload_sessions" not in path)
        return HTML if is_last else body

    with pytest.raises(CommitUnconfirmedError, match=r"response body at \$"):
        upload(ground, kind, change, file_id="12345")
    assert (ground.calls("commit_upload_session"), ground.calls("get_file")) == (1, 1)


@BOTH
def test_a_session_whose_answer_cannot_be_read_is_created_once(ground: Ground, kind: str) -> None:
    with pytest.raises(errors.DecodeError, match=r"response body at \$"):
        upload(ground, kind, unreadable("POST", "/upload_sessions$"))
    assert ground.calls("create_upload_session") == 1


@BOTH
def test_everything_that_cannot_be_read_ends_an_upload_without_a_pause(ground: Ground, kind: str) -> None:
    def change(method: str, path: str, body: bytes) -> bytes:
        return HTML if method in {"PUT", "GET"} else body

    with pytest.raises(errors.DecodeError, match=r"response body at \$"):
        upload(ground, kind, change, workers=1)
    assert (ground.calls("upload_part"), ground.calls("list_parts")) == (1, 1)
    assert (ground.clock.slept, dict(ground.state.sessions)) == ([], {})
