"""Names that programs trip over, names that Box does not store, and names that it takes for others."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from box_uploads import errors

from tests.flow.upload_ground import CONTENT, HOSTILE, Ground

REFUSED = {
    "a slash": "a/b.mov",
    "a backslash": "a\\b.mov",
    "a header": "a.mov\r\nX-Evil: 1",
    "a part of a form": '"\r\n\r\nx\r\n--boundary\r\n',
    "a line break at the end": "a.mov\n",
    "a null": "a\0.mov",
    "a delete": "a\x7f.mov",
    "this folder": ".",
    "the folder above": "..",
    "one too many": "a" * 256,
    "half a character": "a\ud83c.mov",
}
KINDS = pytest.mark.parametrize("content", [b"small", CONTENT], ids=["one request", "a session"])
BOTH_CLIENTS = pytest.mark.parametrize("is_async", [False, True], ids=["Client", "AsyncClient"])


class Named(BytesIO):
    """A file that has a name."""

    def __init__(self, name: str) -> None:
        super().__init__(b"small")
        self.name = name


@KINDS
@pytest.mark.parametrize("name", HOSTILE.values(), ids=HOSTILE)
def test_a_name_that_programs_trip_over_is_stored_as_it_is(ground: Ground, name: str, content: bytes) -> None:
    file = ground.upload(content, file_name=name)
    assert (file.name, ground.state.files[file.id].name, ground.state.content(file.id)) == (name, name, content)


@BOTH_CLIENTS
@KINDS
@pytest.mark.parametrize("is_version", [False, True], ids=["a new file", "a version"])
@pytest.mark.parametrize("name", REFUSED.values(), ids=REFUSED)
def test_a_name_that_box_does_not_store_is_refused_before_anything_is_sent(  # noqa: PLR0917  # each is a parameter
    ground: Ground, journal: Path, name: str, is_version: bool, content: bytes, is_async: bool
) -> None:
    target: dict[str, Any] = {"file_id": "12345"} if is_version else {"folder_id": "0"}
    with pytest.raises(errors.InvalidArgumentError) as caught:
        ground.upload(content, file_name=name, resume=journal, is_async=is_async, **target)
    assert caught.value.argument == "file_name"
    assert (list(ground.state.request_log), journal.exists()) == ([], False)


@BOTH_CLIENTS
@pytest.mark.parametrize("name", ["a\udcff.mov", "a\n.mov"], ids=["not UTF-8", "a line break"])
def test_the_name_of_a_source_is_refused_as_well(ground: Ground, name: str, is_async: bool) -> None:
    with pytest.raises(errors.InvalidArgumentError) as caught:
        ground.upload(Named(name), file_name=None, is_async=is_async)
    assert (caught.value.argument, list(ground.state.request_log)) == ("file_name", [])


@BOTH_CLIENTS
@KINDS
def test_both_normal_forms_of_a_name_are_two_files_and_both_cases_of_a_letter_are_one(
    ground: Ground, content: bytes, is_async: bool
) -> None:
    forms = ["\u00e9.mov", "e\u0301.mov"]
    assert [ground.upload(content, file_name=name, is_async=is_async).name for name in forms] == forms
    for name in ("\u00c9.MOV", "E\u0301.mov"):
        with pytest.raises(errors.ConflictError) as caught:
            ground.upload(content, file_name=name, is_async=is_async)
        assert caught.value.code == "item_name_in_use"
    assert [ground.stored(name) for name in forms] == [[content], [content]]


@BOTH_CLIENTS
@KINDS
def test_a_file_whose_name_is_in_another_case_is_not_that_of_an_earlier_run(
    ground: Ground, journal: Path, content: bytes, is_async: bool
) -> None:
    ground.upload(content, file_name="FILM.MOV")
    with pytest.raises(errors.ConflictError):
        ground.upload(content, resume=journal, is_async=is_async)
    assert not journal.exists()


@BOTH_CLIENTS
def test_a_file_whose_name_is_in_another_case_is_not_that_of_a_lost_request(ground: Ground, is_async: bool) -> None:
    ground.upload(b"small", file_name="FILM.MOV")
    ground.fail("upload_small_file", 503)
    with pytest.raises(errors.ConflictError):
        ground.upload(b"small", is_async=is_async)
    ground.state.faults.require_fired()
