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
    wrap("a-file-is-answered-201", HANDLER(FILE), "The status of a file is 201.", with_outcome(status=201), FILE),
    wrap("a-file-is-answered-without-a-body", HANDLER(FILE), "A file has no body.", with_outcome(body=None), FILE),
    wrap("a-file-is-answered-as-a-list", HANDLER(FILE), "A file is returned as a list of one.",
        _a_file_is_answered_as_a_list, FILE),
    wrap("the-digest-of-a-file-is-kept-secret", HANDLER(FILE), "`sha1` of a file is missing.",
        with_body(lambda body: body.pop("sha1")), FILE),
    wrap("the-digest-that-is-read-is-in-capitals", "box_uploads_mock.operations.file_body",
        "The SHA-1 of a file is in upper case.", lambda original, file: {**original(file), "sha1": file.sha1.upper()},
        FILE),
    wrap("a-file-is-told-as-it-was-at-first", "box_uploads_mock.state.State.find_file",
        "The initial version of a file is returned.", _a_file_is_told_as_it_was_at_first, FILE),
    wrap("a-file-in-the-trash-can-be-read", "box_uploads_mock.state.State.find_file", "A trashed file is returned.",
        lambda original, state, file_id: state.files.get(file_id) or original(state, file_id), FILE),
    wrap("an-unknown-file-is-another-one", "box_uploads_mock.state.State.find_file",
        "For an unknown file, another one is returned.", _an_unknown_file_is_another_one, FILE),
    patch("a-file-id-that-is-read-may-be-any-text", "box_uploads_mock.operations._file_id",
        "The id of a file need not be a number.", lambda call: call.parameters["file_id"], FILE),
)
