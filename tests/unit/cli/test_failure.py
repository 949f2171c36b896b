"""Each usual failure comes with what helps against it."""

from __future__ import annotations

from typing import Any

import pytest
from box_uploads import errors
from box_uploads.cli.failure import failure_of
from box_uploads.upload import (
    CommitUnconfirmedError,
    DeadlineExceededError,
    FileTooSmallError,
    JournalError,
    SourceChangedError,
)

from tests.unit.upload.script import api_error

CREATE, COMMIT = "create_upload_session", "commit_upload_session"


def conflict(context: Any) -> errors.ApiError:
    return api_error(409, "item_name_in_use", CREATE, fields={"context_info": context})


def late() -> DeadlineExceededError:
    error = DeadlineExceededError("part: not done within 600 s")
    error.__cause__ = errors.TransportError("gone", kind="ConnectError")
    return error


HINTS: list[tuple[BaseException, int, str]] = [
    (api_error(401, "unauthorized"), 1, "BOX_ACCESS_TOKEN"),
    (conflict({"conflicts": {"type": "file", "id": "7"}}), 1, "--file-id 7 makes a new version of it"),
    (conflict({"conflicts": [{"type": "file", "id": "7"}]}), 1, "--file-id 7 makes a new version of it"),
    (conflict({"conflicts": {"type": "folder", "id": "7"}}), 1, "another name with --name"),
    (conflict(None), 1, "another name with --name"),
    (api_error(403, "storage_limit_exceeded", CREATE), 1, "storage of the account is full"),
    (api_error(403, "access_denied", CREATE), 1, "the user of the token may not do this"),
    (api_error(404, "not_found", CREATE), 1, "check --folder-id or --file-id"),
    (api_error(404, "not_found", "get_upload_session"), 1, "was committed or aborted, or has expired"),
    (api_error(410, "session_expired", "list_parts"), 1, "was committed or aborted, or has expired"),
    (api_error(412, "precondition_failed", COMMIT), 1, "present etag in --if-match"),
    (errors.TransportError("no", kind="ConnectError"), 1, "check the network, and --base-url"),
    (errors.TransportError("no", kind="ProxyError"), 1, "HTTPS_PROXY"),
    (errors.UntrustedUrlError("https://evil.org/", "is not trusted"), 1, "--trusted-host"),
    (errors.InvalidArgumentError("token", "must be ASCII"), 2, "--token-file"),
    (errors.InvalidArgumentError("source", "is a pipe, whose size nobody knows"), 2, "- --size BYTES --name NAME"),
    (FileTooSmallError(1000, 20_000_000), 1, "in one request"),
    (SourceChangedError("the source has changed"), 1, "when nothing writes to the source any more"),
    (JournalError("the journal is broken"), 1, "--no-resume"),
    (late(), 1, "check the network"),
    (IsADirectoryError(21, "Is a directory", "/x"), 1, "folders are not uploaded"),
]


@pytest.mark.parametrize(("error", "code", "hint"), HINTS, ids=[hint for _, _, hint in HINTS])
def test_the_usual_failures_have_a_hint(error: BaseException, code: int, hint: str) -> None:
    failure = failure_of(error)

    assert failure.exit_code == code
    assert len(failure.hints) == 1
    assert hint in failure.hints[0]


def test_it_is_one_line_and_a_line_for_each_hint() -> None:
    lines = failure_of(FileTooSmallError(1000, 20_000_000)).lines("a\x1b[2J\n.txt")

    assert lines[0] == (
        "box-uploads: error: a\N{REPLACEMENT CHARACTER}[2J\N{REPLACEMENT CHARACTER}.txt: 1,000 bytes are too few for an"
        " upload session, which begins at 20,000,000"
    )
    assert [line.partition(" ")[0] for line in lines[1:]] == ["hint:"]


def test_an_argument_is_called_as_the_option_is() -> None:
    assert failure_of(errors.InvalidArgumentError("file_name", "breaks it", shown="'a/b'")).message == (
        "--name='a/b': breaks it"
    )
    assert failure_of(errors.InvalidArgumentError("folder_id", "breaks it")).message == "--folder-id: breaks it"


def test_what_goes_on_by_the_same_command_says_so() -> None:
    again = "run the same command again to go on"
    assert again in failure_of(late(), resumable=True).hints
    assert failure_of(KeyboardInterrupt(), resumable=True).hints == (again,)
    assert failure_of(KeyboardInterrupt(), resumable=True).exit_code == 130
    assert again not in failure_of(JournalError("broken"), resumable=True).hints
    assert again not in failure_of(api_error(412, "precondition_failed", COMMIT), resumable=True).hints


def test_a_path_that_is_told_already_is_not_repeated() -> None:
    error = FileNotFoundError(2, "No such file or directory", "/x/a.mov")
    assert failure_of(error, path="/x/a.mov").message == "No such file or directory"
    assert failure_of(error, path="/x/b.mov").message == "No such file or directory: /x/a.mov"


def test_what_could_not_be_cleared_away_is_told() -> None:
    error = CommitUnconfirmedError("the session ended")
    error.add_note("The session could not be aborted")
    assert failure_of(error).hints == ("The session could not be aborted",)


def test_a_machine_is_told_status_code_request_and_conflicts() -> None:
    said = failure_of(conflict({"conflicts": {"type": "file", "id": "7", "name": "a", "sha1": "0"}})).data()["error"]

    assert (said["type"], said["status"], said["code"]) == ("ConflictError", 409, "item_name_in_use")
    assert said["conflicts"] == [{"type": "file", "id": "7", "name": "a"}]
