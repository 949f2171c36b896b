"""Defects of the mock: what is told of a file."""

from __future__ import annotations

from typing import Any

from tests.prove.mock_defects.outcomes import HANDLER, with_body, with_outcome
from tests.prove.planting import Catalogue

__all__ = ["DEFECTS"]

DEFECTS = Catalogue()
FILE = "get_file"


@DEFECTS.defect(HANDLER(FILE), FILE)
def a_file_is_answered_201(original: Any) -> Any:
    """The status of a file is 201."""
    return with_outcome(original, status=201)


@DEFECTS.defect(HANDLER(FILE), FILE)
def a_file_is_answered_without_a_body(original: Any) -> Any:
    """Nothing is told of a file."""
    return with_outcome(original, body=None)


@DEFECTS.defect(HANDLER(FILE), FILE)
def a_file_is_answered_as_a_list(original: Any) -> Any:
    """A file is told as a commit tells it, as a list of one."""

    async def spoiled(call: Any) -> Any:
        outcome = await original(call)
        return await with_outcome(original, body={"total_count": 1, "entries": [outcome.body]})(call)

    return spoiled


@DEFECTS.defect(HANDLER(FILE), FILE)
def the_digest_of_a_file_is_kept_secret(original: Any) -> Any:
    """`sha1` of a file is missing."""
    return with_body(original, lambda body: body.pop("sha1"))


@DEFECTS.defect("box_uploads_mock.operations.file_body", FILE)
def the_digest_that_is_read_is_in_capitals(original: Any) -> Any:
    """The SHA-1 of a file has capital letters."""
    return lambda file: {**original(file), "sha1": file.sha1.upper()}


@DEFECTS.defect("box_uploads_mock.state.State.find_file", FILE)
def a_file_is_told_as_it_was_at_first(original: Any) -> Any:
    """Of a file, the version of the world is told."""

    def spoiled(state: Any, file_id: str) -> Any:
        first = {file.id: file for file in state._world.files}
        return first.get(file_id) or original(state, file_id)

    return spoiled


@DEFECTS.defect("box_uploads_mock.state.State.find_file", FILE)
def a_file_in_the_trash_can_be_read(original: Any) -> Any:
    """A file in the trash is told as any other."""
    return lambda state, file_id: state.files.get(file_id) or original(state, file_id)


@DEFECTS.defect("box_uploads_mock.state.State.find_file", FILE)
def an_unknown_file_is_another_one(original: Any) -> Any:
    """Of a file that there is not, another one is told."""
    return lambda state, file_id: original(state, file_id if file_id in state.files else next(iter(state.files)))


@DEFECTS.defect("box_uploads_mock.operations._file_id", FILE)
def a_file_id_that_is_read_may_be_any_text(original: Any) -> Any:
    """The id of a file need not be a number."""
    return lambda call: call.parameters["file_id"]
