"""Where a file goes."""

from __future__ import annotations

from typing import Any

import pytest
from box_uploads.errors import InvalidArgumentError
from box_uploads.upload.target import Target, resolve_target


@pytest.mark.parametrize(
    ("folder_id", "file_id", "file_name", "source_name", "expected"),
    [
        ("0", None, None, "film.mov", ("0", None, "film.mov")),
        ("0", None, "other.mov", "film.mov", ("0", None, "other.mov")),
        ("0", None, "", "film.mov", ("0", None, "film.mov")),
        (None, "7", None, "film.mov", (None, "7", None)),
        (None, "7", "", "film.mov", (None, "7", None)),
        (None, "7", "other.mov", "film.mov", (None, "7", "other.mov")),
        ("5", "7", None, "", ("5", "7", None)),
    ],
)
def test_a_version_keeps_its_name_and_a_new_file_gets_that_of_the_source(
    folder_id: str | None, file_id: str | None, file_name: str | None, source_name: str, expected: Any
) -> None:
    folder, file, name = expected
    found = resolve_target(folder_id, file_id, file_name, source_name)
    assert found == Target(folder_id=folder, file_id=file, file_name=name)


def test_a_place_is_needed() -> None:
    with pytest.raises(
        InvalidArgumentError, match=r"^folder_id: must be given for a new file, or file_id for a new version$"
    ):
        resolve_target(None, None, "film.mov", "film.mov")


def test_a_new_file_needs_a_name() -> None:
    with pytest.raises(InvalidArgumentError, match=r"^file_name: must be given for a source that has no name$"):
        resolve_target("0", None, None, "")


@pytest.mark.parametrize(
    ("given", "server"), [(None, None), ("https://a/2.0", "https://a/2.0"), ("https://a/", "https://a")]
)
def test_a_target_is_at_a_server(given: str | None, server: str | None) -> None:
    assert resolve_target("0", None, "film.mov", "", server=given).server == server
