"""Successes that cannot be read, and SHA-1 in capitals: each step of an upload, by threads and by an event loop."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import httpx2
import pytest
from box_uploads import errors
from box_uploads.upload import PartDone

from tests.flow.upload_ground import CONTENT, SHA1, Ground, Interrupt, interrupt_after, of_type

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Change = Callable[[str, str, bytes], bytes]

HTML = b"<html>Sign in to the network</html>"
_SHA1 = re.compile(rb'("sha1":\s*")([0-9a-f]{40})"')


class Changing(httpx2.HTTPTransport):
    """Changes the bodies of successes on their way."""

    def __init__(self, change: Change) -> None:
        super().__init__()
        self._change = change

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        response = super().handle_request(request)
        return changed(self._change, request, response, response.read())


class AsyncChanging(httpx2.AsyncHTTPTransport):
    """The same for an asynchronous client."""

    def __init__(self, change: Change) -> None:
        super().__init__()
        self._change = change

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        response = await super().handle_async_request(request)
        return changed(self._change, request, response, await response.aread())


def changed(change: Change, request: httpx2.Request, response: httpx2.Response, body: bytes) -> httpx2.Response:
    """Return a response with another body, if it is a success."""
    if response.is_success:
        body = change(request.method, request.url.path, body)
    headers = [(name, value) for name, value in response.headers.items() if name.lower() != "content-length"]
    return httpx2.Response(response.status_code, headers=headers, content=body)


def upload(ground: Ground, is_async: bool, change: Change, **settings: Any) -> Any:
    """Upload by a client whose responses are changed."""
    http = AsyncChanging(change) if is_async else Changing(change)
    return ground.upload(http=http, is_async=is_async, **settings)


def unreadable(method: str, end: str) -> Change:
    """Return a change that makes the answers of one call unreadable."""
    return lambda sent, path, body: HTML if sent == method and re.search(end, path) else body


def capitals(_method: str, _path: str, body: bytes) -> bytes:
    """Write each SHA-1 in capitals."""
    return _SHA1.sub(lambda match: match[1] + match[2].upper() + b'"', body)


BOTH = pytest.mark.parametrize("is_async", [False, True])
TARGETS = pytest.mark.parametrize("target", [{}, {"file_id": "12345"}], ids=["file", "version"])


@BOTH
@TARGETS
def test_a_sha1_in_capitals_is_accepted_and_reported_in_lower_case(ground: Ground, is_async: bool, target: Any) -> None:
    events: list[Any] = []
    file = upload(ground, is_async, capitals, on_progress=events.append, **target)
    assert (file.sha1, ground.state.content(file.id)) == (SHA1, CONTENT)
    assert all(event.sha1.islower() for event in of_type(PartDone, events))


@BOTH
@TARGETS
def test_a_run_that_resumes_accepts_capitals_too(ground: Ground, is_async: bool, target: Any, journal: Path) -> None:
    settings = {"resume": journal, "workers": 1, **target}
    with pytest.raises(Interrupt):
        upload(ground, False, capitals, on_progress=interrupt_after(2), **settings)
    assert upload(ground, is_async, capitals, **settings).sha1 == SHA1
    assert ground.calls("upload_part") == 5


@BOTH
@TARGETS
def test_a_commit_whose_answer_cannot_be_read_is_looked_up(ground: Ground, is_async: bool, target: Any) -> None:
    file = upload(ground, is_async, unreadable("POST", "/commit$"), **target)
    assert (file.sha1, ground.calls("commit_upload_session")) == (SHA1, 1)
    assert ground.clock.slept == []


@BOTH
def test_a_session_whose_answer_cannot_be_read_is_created_once(ground: Ground, is_async: bool) -> None:
    with pytest.raises(errors.DecodeError, match=r"response body at \$"):
        upload(ground, is_async, unreadable("POST", "/upload_sessions$"))
    assert ground.calls("create_upload_session") == 1
