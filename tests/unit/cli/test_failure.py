"""How errors are reported: the line, the hints, and the JSON data."""

from __future__ import annotations

from typing import Any

import pytest
from box_uploads import errors
from box_uploads.cli.arguments import PathNameError
from box_uploads.cli.client_options import TokenFileError, TrustStoreError
from box_uploads.cli.failure import failure_from, skipped_data
from box_uploads.upload import (
    CommitUnconfirmedError,
    DeadlineExceededError,
    DigestMismatchError,
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
    (api_error(401, "unauthorized"), 1, "put a valid token in BOX_ACCESS_TOKEN, or in the file of --token-file"),
    (
        conflict({"conflicts": {"type": "file", "id": "7"}}),
        1,
        "use --file-id 7 to upload a new version of the file with this name",
    ),
    (
        conflict({"conflicts": [{"type": "file", "id": "7"}]}),
        1,
        "use --file-id 7 to upload a new version of the file with this name",
    ),
    (conflict({"conflicts": {"type": "folder", "id": "7"}}), 1, "choose another name with --name"),
    (conflict(None), 1, "choose another name with --name"),
    (
        api_error(403, "storage_limit_exceeded", CREATE),
        1,
        "free some storage of the account, which is full, or choose a folder of another account",
    ),
    (
        api_error(403, "access_denied", CREATE),
        1,
        "check the id, and the rights that the token's user has there",
    ),
    (
        api_error(404, "not_found", CREATE),
        1,
        ("check --folder-id or --file-id, and --base-url if you set it; the token's user cannot see such an item"),
    ),
    (
        api_error(404, "not_found", "get_upload_session"),
        1,
        "start a new session with `box-uploads upload`; this one was committed or aborted, or has expired",
    ),
    (
        api_error(410, "session_expired", "list_parts"),
        1,
        "start a new session with `box-uploads upload`; this one was committed or aborted, or has expired",
    ),
    (
        api_error(412, "precondition_failed", COMMIT),
        1,
        "check the file at Box, which has changed; then run this again with its current etag in --if-match",
    ),
    (
        errors.TransportError("no", kind="ConnectError"),
        1,
        "check the network, and --base-url or BOX_BASE_URL if you set it",
    ),
    (errors.TransportError("no", kind="ProxyError"), 1, "check the proxy in HTTPS_PROXY or ALL_PROXY"),
    (errors.InvalidArgumentError("http", "cannot be made"), 2, "check the proxy in HTTPS_PROXY or ALL_PROXY"),
    (
        errors.UntrustedUrlError("https://evil.org/", "is not trusted"),
        1,
        "if the host is yours, name it with --trusted-host; the token was not sent there",
    ),
    (
        errors.UntrustedUrlError("https://upload.box.com:8443/", "names a port"),
        1,
        "if the host is yours, name it with --trusted-host; the token was not sent there",
    ),
    (
        errors.UntrustedUrlError("http://upload.box.com/", "is not https"),
        1,
        "use the session as Box returned it when it was created; the token was not sent to this URL",
    ),
    (
        errors.InvalidArgumentError("token", "must be ASCII"),
        2,
        "put a valid token in BOX_ACCESS_TOKEN, or in the file of --token-file",
    ),
    (
        errors.InvalidArgumentError("base_url", "must be https"),
        2,
        "set it to https://HOST/PATH, or leave it out to use Box's own servers",
    ),
    (
        errors.InvalidArgumentError("source", "is a URL that fsspec cannot open: Install s3fs"),
        2,
        (
            "install the package that fsspec needs for this URL, or pipe it to stdin: "
            "box-uploads upload - --size BYTES --name NAME"
        ),
    ),
    (PathNameError("breaks the rule"), 2, "upload it on its own, with --name NAME"),
    (
        errors.InvalidArgumentError("source", "is a pipe, whose size nobody knows"),
        2,
        "pipe it to stdin: box-uploads upload - --size BYTES --name NAME",
    ),
    (
        FileTooSmallError(1000, 20_000_000),
        1,
        "upload a small file in one request: POST https://upload.box.com/api/2.0/files/content",
    ),
    (
        SourceChangedError("the source has changed"),
        1,
        "run the command again when no program writes to the file any more",
    ),
    (JournalError("the journal is broken"), 1, "use --no-resume to upload without a journal"),
    (
        JournalError("is in use by another process", in_use=True),
        1,
        "wait for the other process to end, then run the same command again",
    ),
    (
        CommitUnconfirmedError("the session ended"),
        1,
        "look at Box for the file with the source's sha1; only if it is not there, upload it again with --no-resume",
    ),
    (
        CommitUnconfirmedError("the session is gone", folder_id="0", file_name="a.mov", sha1="a" * 40),
        1,
        f"look in folder 0 for a.mov with sha1 {'a' * 40}; only if it is not there, upload it again with --no-resume",
    ),
    (
        CommitUnconfirmedError("the session is gone", folder_id="0", file_id="7", file_name="a.mov", sha1="a" * 40),
        1,
        (
            f"look among the versions of file 7 for one with sha1 {'a' * 40}; only if it is not there, upload it again"
            " with --no-resume"
        ),
    ),
    (late(), 1, "check the network, and --base-url or BOX_BASE_URL if you set it"),
    (
        TokenFileError(21, "Is a directory", "/x"),
        1,
        "set --token-file to a file that contains an access token and nothing else",
    ),
    (
        TrustStoreError(2, "No such file or directory", "/x"),
        1,
        "set SSL_CERT_FILE to a file of trusted certificates, or unset it to use those of the system",
    ),
]


@pytest.mark.parametrize(("error", "code", "hint"), HINTS, ids=[hint for _, _, hint in HINTS])
def test_an_error_has_a_hint(error: BaseException, code: int, hint: str) -> None:
    failure = failure_from(error)

    assert failure.exit_code == code
    assert failure.hints == (hint,)


def test_a_failure_has_one_printable_line_and_one_for_each_hint() -> None:
    lines = failure_from(FileTooSmallError(1000, 20_000_000)).lines("a\x1b[2J\n.txt")

    assert lines[0] == (
        "error: a\N{REPLACEMENT CHARACTER}[2J\N{REPLACEMENT CHARACTER}.txt: 1,000 bytes are less than"
        " the minimum of 20,000,000 bytes for an upload session"
    )
    assert [line.partition(" ")[0] for line in lines[1:]] == ["hint:"]


def test_one_byte_is_singular() -> None:
    assert failure_from(FileTooSmallError(1, 20_000_000)).message.startswith("1 byte is less than the minimum ")


def test_an_invalid_argument_is_named_as_its_option() -> None:
    assert failure_from(errors.InvalidArgumentError("file_name", "breaks it", shown="'a/b'")).message == (
        "--name='a/b': breaks it"
    )
    assert failure_from(errors.InvalidArgumentError("folder_id", "breaks it")).message == "--folder-id: breaks it"
    assert (
        failure_from(errors.InvalidArgumentError("trusted_hosts", "breaks it")).message == "--trusted-host: breaks it"
    )


AGAIN = "run the same command again; it resumes session S1"


def test_a_resumable_failure_has_a_hint_that_names_the_session() -> None:
    assert AGAIN in failure_from(late(), session="S1").hints
    assert failure_from(KeyboardInterrupt(), session="S1").hints == (AGAIN,)
    assert failure_from(KeyboardInterrupt(), session="S1").exit_code == 130
    assert failure_from(late(), session="S1").json_data()["session"] == "S1"


@pytest.mark.parametrize(
    "error",
    [
        JournalError("broken"),
        CommitUnconfirmedError("the session ended"),
        errors.InvalidArgumentError("workers", "must be 1 to 64"),
    ],
)
def test_a_permanent_failure_is_not_resumable(error: BaseException) -> None:
    failure = failure_from(error, session="S1")

    assert (failure.resumable, failure.session) == (False, "S1")
    assert AGAIN not in failure.hints


def test_a_failed_precondition_is_resumable_but_not_by_the_same_command() -> None:
    failure = failure_from(api_error(412, "precondition_failed", COMMIT), session="S1")

    assert failure.resumable
    assert AGAIN not in failure.hints


def test_an_error_about_the_path_does_not_repeat_it() -> None:
    error = FileNotFoundError(2, "No such file or directory", "/x/a.mov")
    assert failure_from(error, path="/x/a.mov").message == "No such file or directory"
    assert failure_from(error, path="/x/b.mov").message == "/x/a.mov: No such file or directory"


def test_a_built_in_error_is_named_by_its_type() -> None:
    assert failure_from(FileNotFoundError("/nothing"), path="memory://nothing").message == "FileNotFoundError: /nothing"


def test_a_folder_has_a_hint() -> None:
    (hint,) = failure_from(IsADirectoryError(21, "Is a directory", "/x"), path="/x").hints
    assert "folders are not uploaded" in hint


def test_a_wrong_size_of_stdin_has_a_hint_about_the_option() -> None:
    (hint,) = failure_from(SourceChangedError("the stream is longer than declared"), path="-").hints
    assert "--size" in hint


def test_the_notes_of_an_error_are_reported_and_are_hints_in_json() -> None:
    error = DigestMismatchError("the server got other bytes")
    error.add_note("The session could not be aborted")
    failure = failure_from(error)

    assert (failure.notes, failure.hints) == (("The session could not be aborted",), ())
    assert failure.lines("a.mov")[1:] == ["note: The session could not be aborted"]
    assert failure.json_data()["hints"] == ["The session could not be aborted"]


def test_a_skipped_path_has_the_same_keys_as_a_failed_one() -> None:
    assert skipped_data("S1").keys() == failure_from(late()).json_data().keys()
    assert (skipped_data("S1")["session"], skipped_data("S1")["resumable"]) == ("S1", True)
    assert (skipped_data(None)["session"], skipped_data(None)["resumable"]) == (None, False)


def test_an_api_error_has_its_status_code_and_conflicts_in_json() -> None:
    said = failure_from(conflict({"conflicts": {"type": "file", "id": "7", "name": "a", "sha1": "0"}})).json_data()[
        "error"
    ]

    assert (said["type"], said["status"], said["code"]) == ("ConflictError", 409, "item_name_in_use")
    assert said["conflicts"] == [{"type": "file", "id": "7", "name": "a"}]
