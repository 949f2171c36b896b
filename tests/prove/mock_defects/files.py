"""Defects of the mock: reading a file."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from tests.prove.mock_defects.outcomes import HANDLER, with_body, with_outcome
from tests.prove.operations import FILE
from tests.prove.patches import patch, wrap


async def _a_file_is_answered_as_a_list(original: Any, call: Any) -> Any:
    outcome = await original(call)
    return replace(outcome, body={"total_count": 1, "entries": [outcome.body]})


def _a_file_is_told_as_it_was_at_first(original: Any, state: Any, file_id: str) -> Any:
    first = {file.id: file for file in state._world.files}
    return first.get(file_id) or original(state, file_id)


def _an_unknown_file_is_another_one(original: Any, state: Any, file_id: str) -> Any:
    return original(state, file_id if file_id in state.files else next(iter(state.files)))


# fmt: off
DEFECTS = (
    wrap("The status of a file is 201", HANDLER(FILE), with_outcome(status=201), FILE),
    wrap("A file has no body", HANDLER(FILE), with_outcome(body=None), FILE),
    wrap("A file is returned as a list of one", HANDLER(FILE), _a_file_is_answered_as_a_list, FILE),
    wrap("`sha1` of a file is missing", HANDLER(FILE), with_body(lambda body: body.pop("sha1")), FILE),
    wrap("The SHA-1 of a file is in upper case", "mock.operations.file_body",
        lambda original, file: {**original(file), "sha1": file.sha1.upper()}, FILE),
    wrap("The initial version of a file is returned", "mock.state.State.find_file", _a_file_is_told_as_it_was_at_first,
        FILE),
    wrap("A trashed file is returned", "mock.state.State.find_file",
        lambda original, state, file_id: state.files.get(file_id) or original(state, file_id), FILE),
    wrap("For an unknown file, another one is returned", "mock.state.State.find_file", _an_unknown_file_is_another_one,
        FILE),
    patch("The id of a file need not be a number", "mock.operations._file_id", lambda call: call.parameters["file_id"],
        FILE),
)
