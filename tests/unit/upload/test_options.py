"""What a caller asks for: whatever cannot be carried out is refused before anything is sent."""

from __future__ import annotations

import asyncio
import datetime as dt
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from box_uploads import AsyncClient, Client, errors, models
from box_uploads.upload import MINIMUM_SIZE, BackoffPolicy, upload_file, upload_file_async


class Awaited:
    """A callable object that has to be awaited."""

    async def __call__(self, event: object) -> None:
        """Take an event."""


class BytesPath:
    """A path whose name is bytes."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __fspath__(self) -> bytes:
        return bytes(self._path)


WRONG: list[tuple[str, Any, str]] = [
    ("folder_id", 0, "must be a string"),
    ("file_id", 7, "must be a string"),
    ("file_name", b"film.mov", "must be a string"),
    ("size", "5", "must be a number of bytes"),
    ("size", True, "must be a number of bytes"),
    ("size", -1, "must be a number of bytes"),
    ("workers", True, "from 1 to 64"),
    ("deadline_s", True, "must be a non-negative number of seconds"),
    ("on_progress", Awaited(), "must not be a coroutine function"),
    ("workers", "4", "from 1 to 64"),
    ("workers", 2.5, "from 1 to 64"),
    ("workers", 0, "from 1 to 64"),
    ("workers", 65, "from 1 to 64"),
    ("workers", None, "from 1 to 64"),
    ("executor", 4, "must be a concurrent.futures.Executor"),
    ("on_progress", "print", "must be a callable"),
    ("resume", 5, "must be the path of a file"),
    ("resume", "", "is not a file path"),
    ("resume", "a\0b", "is not a file path"),
    ("backoff", 5, "must be a BackoffPolicy"),
    ("deadline_s", "5", "must be a non-negative number of seconds"),
    ("deadline_s", None, "must be a non-negative number of seconds"),
    ("deadline_s", -1, "must be a non-negative number of seconds"),
    ("deadline_s", float("nan"), "must be a non-negative number of seconds"),
    # Only sent with the commit, hours later.
    ("if_match", 3, "must be str"),
    ("if_match", "a b", "does not match"),
    ("attributes.description", 5, "must be str"),
    ("attributes.content_created_at", dt.datetime(2026, 1, 1), "must have a time zone"),  # noqa: DTZ001  # that is the point
]


@pytest.fixture
def box() -> Iterator[Client]:
    """A client that sends nothing."""

    def refuse(request: httpx2.Request) -> httpx2.Response:
        raise AssertionError(f"{request.method} {request.url}")

    with Client("token", http=httpx2.MockTransport(refuse)) as client:
        yield client


@pytest.mark.parametrize(("argument", "value", "rule"), WRONG)
def test_a_wrong_argument_is_refused_before_anything_is_sent(box: Client, argument: str, value: Any, rule: str) -> None:
    name, _, field = argument.partition(".")
    given: dict[str, Any] = {"folder_id": "0", "file_name": "film.mov"}
    given[name] = models.FileAttributes(**{field: value}) if field else value
    with pytest.raises(errors.InvalidArgumentError, match=rule) as caught:
        upload_file(box, bytes(MINIMUM_SIZE), **given)
    assert caught.value.argument == argument


@pytest.mark.parametrize("path", ["a\0b", "\ud800"])
def test_a_text_that_is_no_path_is_refused(box: Client, path: str) -> None:
    with pytest.raises(errors.InvalidArgumentError, match=r"source=.* is no path"):
        upload_file(box, path, folder_id="0")


@pytest.mark.parametrize("kind", [io.BytesIO, io.FileIO])
def test_a_closed_file_is_refused(box: Client, tmp_path: Path, kind: Any) -> None:
    path = tmp_path / "film.mov"
    path.touch()
    file = kind() if kind is io.BytesIO else kind(path)
    file.close()
    with pytest.raises(errors.InvalidArgumentError, match=r"source=.*: must be open$"):
        upload_file(box, file, folder_id="0", file_name="film.mov")


def test_a_path_may_be_bytes(box: Client, tmp_path: Path) -> None:
    path = tmp_path / "film.mov"
    path.write_bytes(b"small")
    source: Any = BytesPath(path)
    journal: Any = BytesPath(tmp_path / "journal")
    with pytest.raises(errors.InvalidArgumentError, match=r"^folder_id="):
        upload_file(box, source, folder_id="x", resume=journal)


@pytest.mark.parametrize("name", ["base_s", "max_s", "max_retry_after_s"])
@pytest.mark.parametrize("value", [-1, "1", None, True, float("nan")])
def test_a_backoff_policy_is_in_seconds(name: str, value: Any) -> None:
    with pytest.raises(errors.InvalidArgumentError, match=f"{name}=.*: must be a non-negative number of seconds"):
        BackoffPolicy(**{name: value})


def test_a_client_of_the_other_kind_is_refused_with_the_function_for_it() -> None:
    async def main() -> None:
        async with AsyncClient("token") as box:
            client: Any = box
            with pytest.raises(errors.InvalidArgumentError, match="upload_file_async takes an AsyncClient"):
                upload_file(client, Path("film.mov"), folder_id="0")
        with Client("token") as box:
            client = box
            with pytest.raises(errors.InvalidArgumentError, match="upload_file takes a Client"):
                await upload_file_async(client, Path("film.mov"), folder_id="0")

    asyncio.run(main())
