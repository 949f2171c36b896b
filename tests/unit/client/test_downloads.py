"""Downloads of both clients: what the host that has the bytes is told, and what becomes of each answer."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import httpx2
import pytest
from box_uploads import AsyncClient, Client, RetryPolicy, errors

from .conftest import TOKEN, UPLOADS, Caller

if TYPE_CHECKING:
    from pathlib import Path

API = "https://api.box.com/2.0/files/12345/content"
BYTES = "https://dl.boxcloud.com/d/1/b1!a-signed-path/download?sign=a-signature"
PERSONAL = {"authorization", "as-user", "cookie", "x-trace"}


class Box:
    """Redirects downloads as Box does, and has the bytes elsewhere."""

    def __init__(self, location: str = BYTES, status: int = 302, then: int = 200, **headers: str) -> None:
        self.requests: list[httpx2.Request] = []
        self.location, self.status, self.then = location, status, then
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        self.requests.append(request)
        if str(request.url).partition("?")[0] != API:
            return httpx2.Response(self.then, content=b"content", headers=self.headers)
        if self.status != 302:
            return httpx2.Response(self.status, headers=self.headers)
        return httpx2.Response(302, headers={"location": self.location, "set-cookie": "a=b", **self.headers})


class Downloader(Caller):
    """Downloads a file by the plain method, or writes it to a file."""

    def __init__(self, *, is_async: bool, target: Path | None) -> None:
        super().__init__(is_async=is_async)
        self.target = target

    def download(self, box: Box, **named: Any) -> Any:
        settings: dict[str, Any] = {"as_user": "67890", "retry": RetryPolicy(max_retries=0)}
        target = self.target
        if target is None:
            return self(box, "download_file", ("12345",), named=named, **settings)
        http = httpx2.MockTransport(box)
        if not self.is_async:
            with Client(TOKEN, http=http, **settings) as client:
                with client.stream_download_file("12345", **named) as response:
                    response.write_to(target)
                return target.read_bytes()

        async def run() -> bytes:
            async with AsyncClient(TOKEN, http=http, **settings) as client:
                traced = client.with_options(headers={"x-trace": "1"})
                async with traced.stream_download_file("12345", **named) as response:
                    await response.write_to(target)
            return target.read_bytes()

        return asyncio.run(run())


@pytest.fixture(params=["Client", "AsyncClient", "Client, stream", "AsyncClient, stream"])
def downloader(request: pytest.FixtureRequest, tmp_path: Path) -> Downloader:
    target = tmp_path / "file" if "stream" in request.param else None
    return Downloader(is_async="Async" in request.param, target=target)


def test_the_host_with_the_bytes_gets_the_range_and_nothing_of_the_caller(downloader: Downloader) -> None:
    box = Box(then=206)
    assert downloader.download(box, range="bytes=0-6", version="4") == b"content"
    first, second = box.requests
    assert (first.headers["authorization"], first.headers["as-user"]) == (f"Bearer {TOKEN}", "67890")
    assert (str(first.url), first.headers["range"]) == (f"{API}?version=4", "bytes=0-6")
    assert (str(second.url), second.method, second.headers["range"]) == (BYTES, "GET", "bytes=0-6")
    assert set(second.headers) & PERSONAL == set()
    assert TOKEN not in repr([second.url, *second.headers.items()])


@pytest.mark.parametrize(("location", "why"), [
    ("http://dl.boxcloud.com/d", "over plain http"),
    ("http://upload.box.com/d", "over plain http"),
    ("ftp://dl.boxcloud.com/d", "by another protocol than https"),
    ("http://127.0.0.1:1/d", "over plain http"),
])  # fmt: skip
def test_a_redirect_that_is_not_to_https_is_refused(downloader: Downloader, location: str, why: str) -> None:
    box = Box(location)
    with pytest.raises(errors.ApiError, match=why) as caught:
        downloader.download(box)
    assert (caught.value.status, len(box.requests)) == (302, 1)


def test_a_second_redirect_is_refused(downloader: Downloader) -> None:
    box = Box(then=302, location="https://dl.boxcloud.com/again")
    with pytest.raises(errors.ApiError, match="one redirect was followed"):
        downloader.download(box)
    assert len(box.requests) == 2


def test_a_file_that_is_not_ready_is_no_empty_file(downloader: Downloader) -> None:
    box = Box(status=202, retry_after="7")
    if downloader.target is None:
        assert downloader.download(box) is None
        return
    downloader.target.write_bytes(b"as before")
    with pytest.raises(errors.ApiError, match=r"^202: there is no body to read yet") as caught:
        downloader.download(box)
    assert (caught.value.status, caught.value.retry_after_s) == (202, 7.0)
    assert downloader.target.read_bytes() == b"as before"


@pytest.mark.parametrize(("status", "kind"), [
    (416, errors.RangeNotSatisfiableError), (404, errors.NotFoundError), (403, errors.ForbiddenError),
    (503, errors.ServerError),
])  # fmt: skip
def test_an_error_of_either_host_is_raised_and_hides_the_signed_url(
    downloader: Downloader, status: int, kind: type[errors.ApiError]
) -> None:
    for box in (Box(then=status), Box(status=status)):
        with pytest.raises(kind) as caught:
            downloader.download(box)
        shown = repr([caught.value, *caught.value.headers.items(), getattr(caught.value, "__notes__", [])])
        assert "signature" not in shown
        assert "signed-path" not in shown
        if downloader.target is not None:
            assert not downloader.target.exists()


CHECKED_UPLOADS: list[tuple[str, tuple[str, ...], str]] = [
    ("upload_small_file", (), f"{UPLOADS}/files/content"),
    ("upload_small_version", ("12345",), f"{UPLOADS}/files/12345/content"),
]


@pytest.mark.parametrize(("upload", "place", "usual"), CHECKED_UPLOADS)
def test_an_upload_goes_to_the_url_of_a_check_if_it_is_given(
    caller: Caller, upload: str, place: tuple[str, ...], usual: str
) -> None:
    sent: list[tuple[str, bool]] = []
    nearest = f"{usual.replace('upload.box.com', 'upload-las.app.box.com')}?upload_session_id=1234"
    urls: dict[str, Any] = {"upload_url": nearest, "upload_token": "a-token-of-the-answer"}

    def answer(request: httpx2.Request) -> httpx2.Response:
        sent.append((str(request.url), "authorization" in request.headers))
        files = {"total_count": 1, "entries": [{"type": "file", "id": "1"}]}
        is_version = upload == "upload_small_version"
        return httpx2.Response(200 if request.method == "OPTIONS" or is_version else 201, json=urls | files)

    checked = caller(answer, "check_upload", named={"name": "a", "parent": {"id": "0"}, "size": 1})
    assert (checked.upload_url, checked.upload_token) == (nearest, "a-token-of-the-answer")
    assert "a-token-of-the-answer" not in repr(checked)
    urls.clear()
    unknown = caller(answer, "check_upload", named={"name": "a", "parent": {"id": "0"}})
    sent.clear()
    file: dict[str, Any] = {"attributes": {"name": "a", "parent": {"id": "0"}}, "file": b"x"}
    for url in (checked.upload_url, unknown.upload_url):
        caller(answer, upload, place, named=file | {"upload_url": url})
    assert sent == [(nearest, True), (usual, True)]


@pytest.mark.parametrize(("upload", "place", "usual"), CHECKED_UPLOADS)
@pytest.mark.parametrize(
    ("url", "kind"),
    [
        ("https://evil.example/upload", errors.UntrustedUrlError),
        ("http://upload.box.com/api/2.0/files/content", errors.UntrustedUrlError),
        ("https://upload.box.com/api/2.0/files/98765/content", errors.UntrustedUrlError),
        (7, errors.InvalidArgumentError),
    ],
)
def test_an_upload_to_another_host_is_refused_before_anything_is_sent(
    caller: Caller, upload: str, place: tuple[str, ...], usual: str, *, url: Any, kind: type[Exception]
) -> None:
    def answer(request: httpx2.Request) -> httpx2.Response:
        raise AssertionError(f"{request.url} instead of {usual}")

    file: dict[str, Any] = {"attributes": {"name": "a", "parent": {"id": "0"}}, "file": b"x"}
    with pytest.raises(kind):
        caller(answer, upload, place, named=file | {"upload_url": url})
