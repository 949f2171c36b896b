"""What a caller asks for: whatever cannot be carried out is refused before anything is sent."""

from __future__ import annotations

import asyncio
import datetime as dt
from pathlib import Path
from typing import Any

import httpx2
import pytest
from box_uploads import AsyncClient, Client, errors, models
from box_uploads.upload import MINIMUM_SIZE, upload_file, upload_file_async

WRONG: list[tuple[str, Any, str]] = [
    ("folder_id", 0, "must be a string"),
    ("file_id", 7, "must be a string"),
    ("file_name", b"film.mov", "must be a string"),
    ("size", "5", "must be a whole number"),
    ("workers", "4", "from 1 to 64"),
    ("workers", 2.5, "from 1 to 64"),
    ("workers", 0, "from 1 to 64"),
    ("workers", 65, "from 1 to 64"),
    ("workers", None, "from 1 to 64"),
    ("executor", 4, "must be a concurrent.futures.Executor"),
    ("on_progress", "print", "must be a callable"),
    ("resume", 5, "must be the path of a file"),
    ("resume", "", "no path of a file"),
    ("resume", "a\0b", "no path of a file"),
    ("pace", 5, "must be a Pace"),
    ("deadline_s", "5", "must be a number of seconds"),
    ("deadline_s", None, "must be a number of seconds"),
    ("deadline_s", -1, "not negative"),
    ("deadline_s", float("nan"), "not negative"),
    # Only sent with the commit, hours later.
    ("if_match", 3, "must be str"),
    ("if_match", "a b", "does not match"),
    ("attributes.description", 5, "must be str"),
    ("attributes.content_created_at", dt.datetime(2026, 1, 1), "timezone"),  # noqa: DTZ001  # that is the point
]


def refuse(request: httpx2.Request) -> httpx2.Response:
    """Let nothing be sent."""
    raise AssertionError(f"{request.method} {request.url}")


@pytest.mark.parametrize(("argument", "value", "rule"), WRONG)
def test_an_argument_that_cannot_be_used_is_told_before_anything_is_sent(argument: str, value: Any, rule: str) -> None:
    name, _, field = argument.partition(".")
    given: dict[str, Any] = {"folder_id": "0", "file_name": "film.mov"}
    given[name] = models.FileAttributes(**{field: value}) if field else value
    with (
        Client("token", http=httpx2.MockTransport(refuse)) as box,
        pytest.raises(errors.InvalidArgumentError, match=rule) as caught,
    ):
        upload_file(box, bytes(MINIMUM_SIZE), **given)
    assert caught.value.argument == argument


@pytest.mark.parametrize("path", ["a\0b", "\ud800"])
def test_a_text_that_is_no_path_is_told(path: str) -> None:
    with (
        Client("token", http=httpx2.MockTransport(refuse)) as box,
        pytest.raises(errors.InvalidArgumentError, match=r"source=.* is no path"),
    ):
        upload_file(box, path, folder_id="0")


def test_a_client_of_the_other_kind_is_told_with_the_function_for_it() -> None:
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
