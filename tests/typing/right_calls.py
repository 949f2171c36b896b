"""What a user writes and relies on; only type checkers run it, and find nothing."""

import datetime as dt
from collections.abc import AsyncIterator, Awaitable, Iterator
from typing import Any, Literal, assert_type

import httpx2
from box_uploads import UNSET, AsyncClient, Client, Hooks, Response, RetryPolicy, Stream, Timeout, errors, models
from box_uploads.types import Content, Headers, Request, UnsetType
from box_uploads.upload import conflicting_items
from box_uploads_mock import MockServer, State, create_app


def make_clients(auth: httpx2.Auth, http: httpx2.Client, transport: httpx2.BaseTransport) -> None:
    assert_type(Client("token"), Client)
    assert_type(Client().revoke_token(token="t", client_id="c", client_secret="s"), None)
    Client(lambda: "token", base_url="https://upload.box.com/api/2.0", timeout_s=10, as_user="67890")
    Client(auth, timeout_s=Timeout(), retry=RetryPolicy(max_retries=0), http=http)
    Client("token", http=transport, sleep=lambda delay_s: None)
    assert_type(AsyncClient("token"), AsyncClient)
    options = Client("token").with_options(timeout_s=5, headers={"x-trace": "1"}, retry=RetryPolicy(max_retries=0))
    assert_type(options, Client)
    assert_type(AsyncClient("token").with_options(timeout_s=Timeout(read_s=5)), AsyncClient)


def on_retry(request: Request, attempt: int, delay_s: float, reason: str) -> None:
    assert_type(request.operation, str)


def make_watched_clients() -> None:
    hooks = Hooks(on_request=print, on_response=lambda request, status, elapsed_s: None, on_retry=on_retry)
    Client("token", hooks=hooks)
    AsyncClient("token", hooks=hooks)


async def refresh() -> str:
    return "token"


def make_async_clients(http: httpx2.AsyncClient, transport: httpx2.AsyncBaseTransport) -> None:
    AsyncClient(refresh, http=http)
    AsyncClient(lambda: "token", http=transport)


def call(box: Client) -> None:
    session = box.create_upload_session(folder_id="0", file_name="Project.mov", file_size=104_857_600)
    assert_type(session, models.UploadSession)
    assert_type(box.create_version_upload_session("12345", file_size=104_857_600), models.UploadSession)
    box.create_version_upload_session("12345", file_size=104_857_600, file_name="New.mov", folder_id="0")
    assert_type(box.get_file("12345"), models.File)
    box.create_version_upload_session("12345", file_size=104_857_600, file_name=UNSET, folder_id=UNSET)
    with box as same:
        assert_type(same, Client)


def upload(box: Client, session: models.UploadSession, words: memoryview) -> None:
    stretch = Stream.of_file("Project.mov", offset=8_388_608, length=session.part_size)
    assert_type(stretch, Stream)
    bodies: list[Content] = [b"bytes", bytearray(b"bytes"), words, stretch, Stream(5, lambda: [b"by", words[:3]])]
    parts: list[models.CommitPart] = []
    digest = "sha=fpRyg5eVQletdZqEKaFlqwBXJzM="
    for body in bodies:
        done = box.upload_part(session, body=body, digest=digest, content_range="bytes 0-4/5")
        assert_type(done.part, models.UploadPart)
        parts.append(named(done.part))
    assert_type(box.commit_upload_session(session, digest=digest, parts=parts), models.Files | None)
    box.commit_upload_session(session, digest=digest, parts=[named(part) for part in box.list_parts(session).entries])


def check_and_download(box: Client) -> None:
    root = models.FolderReference(id="0")
    checked = box.check_upload(name="Notes.txt", parent=root, size=11)
    assert_type(checked, models.UploadUrl)
    assert_type(checked.upload_url, str | UnsetType)
    attributes = models.NewFileAttributes(name="Notes.txt", parent=root)
    files = box.upload_small_file(attributes=attributes, file=b"", upload_url=checked.upload_url)
    assert_type(files, models.Files)
    assert_type(box.check_upload(name="Notes.txt", parent=root), models.UploadUrl)
    assert_type(box.check_version_upload("12345"), models.UploadUrl)
    assert_type(box.raw.check_version_upload("12345", name="New.txt", size=11), Response[models.UploadUrl])
    assert_type(box.download_file("12345"), bytes | None)
    assert_type(box.raw.download_file("12345", range="bytes=0-1024", version="4"), Response[bytes | None])
    with box.stream_download_file("12345", range="bytes=0-1024") as response:
        assert_type(list(response), list[bytes])
        assert_type(response.write_to("Notes.txt"), int)


async def download(box: AsyncClient) -> None:
    assert_type(await box.check_upload(name="a", parent=models.FolderReference(id="0")), models.UploadUrl)
    assert_type(await box.download_file("12345"), bytes | None)
    async with box.stream_download_file("12345") as response:
        assert_type(await response.write_to("Notes.txt"), int)


def named(part: models.UploadPart) -> models.CommitPart:
    return models.CommitPart(part_id=part.part_id, offset=part.offset, size=part.size, sha1=part.sha1)


def plan(box: Client, session: models.UploadSession) -> None:
    wanted = [models.PlannedPart(offset=0, size=session.part_size, sha512="0" * 128)]
    found = box.plan_upload_parts(session, parts=wanted)
    assert_type(found, models.UploadPlan)
    assert_type(found.misses, list[models.PlannedPart])
    hits = [models.CommitPart(part_id=hit.part_id, offset=hit.offset, size=hit.size) for hit in found.hits]
    box.commit_upload_session(session, digest="", parts=hits)


async def go_through(box: Client, other: AsyncClient, session: models.UploadSession) -> None:
    assert_type(box.iter_parts(session), Iterator[models.UploadPart])
    assert_type(list(box.iter_parts(session, limit=100)), list[models.UploadPart])
    assert_type(other.iter_parts(session), AsyncIterator[models.UploadPart])
    assert_type([part.offset async for part in other.iter_parts(session, limit=100)], list[int])


async def go_through_a_folder(box: Client, other: AsyncClient) -> None:
    folder = box.create_folder(name="Takes", parent=models.FolderReference(id="0"))
    assert_type(folder, models.Folder)
    assert_type(await other.create_folder(name="Takes", parent=models.FolderReference(id="0")), models.Folder)
    assert_type(box.get_folder(folder.id, fields="name,parent").parent, models.FolderReference | None | UnsetType)
    assert_type(box.raw.get_folder("0"), Response[models.Folder])
    page = box.list_folder_items(folder.id, fields="name,size,sha1", limit=1000)
    assert_type(page.entries, list[models.FileItem | models.FolderItem | models.WebLinkItem])
    assert_type(page.next_marker, str | None | UnsetType)
    for item in box.iter_folder_items(folder.id, fields="name,size"):
        assert_type(item, models.FileItem | models.FolderItem | models.WebLinkItem)
        if isinstance(item, models.FileItem):
            assert_type(item.size, int | UnsetType)
            assert_type(item.sha1, str | UnsetType)
    assert_type([item.id async for item in other.iter_folder_items("0")], list[str])


def call_raw(box: Client) -> None:
    response = box.raw.create_upload_session(folder_id="0", file_name="Project.mov", file_size=104_857_600)
    assert_type(response, Response[models.UploadSession])
    assert_type(response.parsed, models.UploadSession)
    assert_type(response.status, int)
    assert_type(response.headers, Headers)
    assert_type(response.headers["content-type"], str)
    assert_type(response.headers.get("content-type"), str | None)
    assert_type(response.content, bytes)


async def call_async(box: AsyncClient) -> None:
    async with box as same:
        assert_type(same, AsyncClient)
    session = await box.create_upload_session(folder_id="0", file_name="Project.mov", file_size=104_857_600)
    assert_type(session, models.UploadSession)
    assert_type(await box.create_version_upload_session("12345", file_size=104_857_600), models.UploadSession)
    assert_type(await box.get_file("12345"), models.File)
    assert_type(await box.raw.get_file("12345"), Response[models.File])
    raw = await box.raw.create_version_upload_session("12345", file_size=104_857_600)
    assert_type(raw, Response[models.UploadSession])
    later: Awaitable[models.UploadSession] = box.create_version_upload_session("12345", file_size=104_857_600)
    await later


def read_session(session: models.UploadSession) -> None:
    assert_type(session.id, str)
    assert_type(session.type, Literal["upload_session"])
    assert_type(session.session_expires_at, dt.datetime)
    assert_type(session.part_size, int)
    assert_type(session.total_parts, int)
    assert_type(session.num_parts_processed, int)
    assert_type(session.session_endpoints, models.SessionEndpoints)
    assert_type(session.session_endpoints.upload_part, str)
    assert_type(session.session_endpoints.plan, str | UnsetType)
    if session.session_endpoints.plan is not UNSET:
        assert_type(session.session_endpoints.plan, str)


def read_conflict(body: models.ConflictErrorBody) -> str | None:
    assert_type(body.context_info, models.ConflictContext | None | UnsetType)
    if body.context_info is None or body.context_info is UNSET:
        return None
    found = body.context_info.conflicts
    assert_type(found, models.FileConflict | list[models.FileConflict] | UnsetType)
    if isinstance(found, models.FileConflict):
        return found.id
    return None


def handle_errors(box: Client) -> None:
    try:
        box.create_version_upload_session("12345", file_size=104_857_600)
    except errors.InvalidArgumentError as error:
        assert_type(error.argument, str)
        assert_type(error.rule, str)
        as_value_error: ValueError = error
        raise as_value_error from None
    except errors.ConflictError as error:
        assert_type(conflicting_items(error), list[dict[str, Any]])
    except errors.RateLimitedError as error:
        assert_type(error.retry_after_s, float | None)
    except errors.ApiError as error:
        assert_type(error.status, int)
        assert_type(error.code, str | None)
        assert_type(error.message, str)
        assert_type(error.request_id, str | None)
        assert_type(error.headers, Headers)
        root: errors.BoxUploadsError = error
        assert_type(root.retry_safe, bool | None)
    except errors.DecodeError as error:
        assert_type(error.path, str)
    except errors.TransportError as error:
        assert_type(error.kind, str)


def use_the_mock() -> None:
    with MockServer(seed=1) as server:
        assert_type(server, MockServer)
        assert_type(server.base_url, str)
        assert_type(server.token, str)
        assert_type(server.state, State)
        create_app(server.state)
