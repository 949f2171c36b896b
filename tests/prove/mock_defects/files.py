"""Defects of the mock: reading a file."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from tests.prove.mock_defects.outcomes import HANDLER, with_body, with_outcome
from tests.prove.operations import FILE
from tests.prove.patches import patch, with_result, wrap


async def _return_list(original: Any, call: Any) -> Any:
    outcome = await original(call)
    return replace(outcome, body={"total_count": 1, "entries": [outcome.body]})


def _find_first_version(original: Any, state: Any, file_id: str) -> Any:
    first = {file.id: file for file in state._world.files}
    return first.get(file_id) or original(state, file_id)


# fmt: off
DEFECTS = (
    wrap("The status of a file is 201", HANDLER(FILE), with_outcome(status=201), FILE),
    wrap("A file has no body", HANDLER(FILE), with_outcome(body=None), FILE),
    wrap("A file is returned as a list of one", HANDLER(FILE), _return_list, FILE),
    wrap("`sha1` of a file is missing", HANDLER(FILE), with_body(lambda body: body.pop("sha1")), FILE),
    wrap("The SHA-1 of a file is in upper case", "mock.operations.file_body",
        with_result(lambda body, file: {**body, "sha1": file.sha1.upper()}), FILE),
    wrap("The initial version of a file is returned", "mock.state.State.find_file", _find_first_version, FILE),
    wrap("A trashed file is returned", "mock.state.State.find_file",
        lambda original, state, file_id: state.files.get(file_id) or original(state, file_id), FILE),
    wrap("For an unknown file, another one is returned", "mock.state.State.find_file",
        lambda original, state, name: original(state, name if name in state.files else next(iter(state.files))), FILE),
    patch("The id of a file need not be a number", "mock.calls.Call.file_id", lambda call: call.parameters["file_id"],
        FILE),
)
