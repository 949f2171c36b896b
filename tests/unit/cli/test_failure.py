"""Each usual failure comes with what helps against it."""

from __future__ import annotations

from typing import Any

import pytest
from box_uploads import errors
from box_uploads.cli.access import TokenFileError, TrustStoreError
from box_uploads.cli.arguments import PathNameError
from box_uploads.cli.failure import failure_of, skipped
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
    (api_error(401, "unauthorized"), 1, "put a valid one into BOX_ACCESS_TOKEN, or into the file of --token-file"),
    (
        conflict({"conflicts": {"type": "file", "id": "7"}}),
        1,
        "file 7 has the name; --file-id 7 makes a new version of it",
    ),
    (
        conflict({"conflicts": [{"type": "file", "id": "7"}]}),
        1,
        "file 7 has the name; --file-id 7 makes a new version of it",
    ),
    (conflict({"conflicts": {"type": "folder", "id": "7"}}), 1, "choose another name with --name"),
    (conflict(None), 1, "choose another name with --name"),
    (
        api_error(403, "storage_limit_exceeded", CREATE),
        1,
        "the storage of the account is full; free some of it, or choose the folder of another account",
    ),
    (
        api_error(403, "access_denied", CREATE),
        1,
        "the user of the token may not do this; check the id, and the user's rights there",
    ),
    (
        api_error(404, "not_found", CREATE),
        1,
        (
            "it does not exist, or the token's user may not see it; check --folder-id or --file-id, and "
            "--base-url if you use it"
        ),
    ),
    (
        api_error(404, "not_found", "get_upload_session"),
        1,
        "the session was committed or aborted, or has expired; box-uploads upload begins another one",
    ),
    (
        api_error(410, "session_expired", "list_parts"),
        1,
        "the session was committed or aborted, or has expired; box-uploads upload begins another one",
    ),
    (
        api_error(412, "precondition_failed", COMMIT),
        1,
        "the file has changed; look at it, then run this again with its present etag in --if-match",
    ),
    (
        errors.TransportError("no", kind="ConnectError"),
        1,
        "check the network, and --base-url or BOX_BASE_URL if you use them",
    ),
    (errors.TransportError("no", kind="ProxyError"), 1, "check the proxy that HTTPS_PROXY or ALL_PROXY names"),
    (errors.InvalidArgumentError("http", "cannot be made"), 2, "check the proxy that HTTPS_PROXY or ALL_PROXY names"),
    (
        errors.UntrustedUrlError("https://evil.org/", "is not trusted"),
        1,
        "the token was not sent there; if the host is yours, name it with --trusted-host",
    ),
    (
        errors.UntrustedUrlError("https://upload.box.com:8443/", "names a port"),
        1,
        "the token was not sent there; if the host is yours, name it with --trusted-host",
    ),
    (
        errors.UntrustedUrlError("http://upload.box.com/", "is not https"),
        1,
        "the token was not sent there; a session's URLs are those that Box has sent when it was created",
    ),
    (
        errors.InvalidArgumentError("token", "must be ASCII"),
        2,
        "put a valid one into BOX_ACCESS_TOKEN, or into the file of --token-file",
    ),
    (
        errors.InvalidArgumentError("base_url", "must be https"),
        2,
        "it says where the API is, as https://HOST/PATH; leave it out for Box's own servers",
    ),
    (
        errors.InvalidArgumentError("source", "is a URL that fsspec cannot open: Install s3fs"),
        2,
        (
            "install what fsspec needs for such a URL beside box-uploads; through stdin it can be uploaded: "
            "- --size BYTES --name NAME"
        ),
    ),
    (PathNameError("breaks the rule"), 2, "upload it alone, with another name: --name NAME"),
    (
        errors.InvalidArgumentError("source", "is a pipe, whose size nobody knows"),
        2,
        "through stdin it can be uploaded: - --size BYTES --name NAME",
    ),
    (
        FileTooSmallError(1000, 20_000_000),
        1,
        "files of this size go to Box in one request: POST https://upload.box.com/api/2.0/files/content",
    ),
    (
        SourceChangedError("the source has changed"),
        1,
        "run the command again when nothing writes to the source any more",
    ),
    (JournalError("the journal is broken"), 1, "--no-resume uploads without a journal"),
    (
        JournalError("another process is uploading with the journal"),
        1,
        "when that has ended, the same command does what is left then",
    ),
    (
        CommitUnconfirmedError("the session ended"),
        1,
        ("compare the sha1 of the file at Box with this one's; only if it is not there, --no-resume uploads it again"),
    ),
    (
        CommitUnconfirmedError(
            f"the session is gone. Before uploading again, look in folder 0 for a.mov with the sha1 {'a' * 40}"
        ),
        1,
        f"look in folder 0 for a.mov with the sha1 {'a' * 40}; only if it is not there, --no-resume uploads it again",
    ),
    (late(), 1, "check the network, and --base-url or BOX_BASE_URL if you use them"),
    (
        TokenFileError(21, "Is a directory", "/x"),
        1,
        "--token-file names a file that holds an access token and nothing else",
    ),
    (
        TrustStoreError(2, "No such file or directory", "/x"),
        1,
        "SSL_CERT_FILE names the file of the certificates to trust; without it, the system's are used",
    ),
]


@pytest.mark.parametrize(("error", "code", "hint"), HINTS, ids=[hint for _, _, hint in HINTS])
def test_the_usual_failures_have_a_hint(error: BaseException, code: int, hint: str) -> None:
    failure = failure_of(error)

    assert failure.exit_code == code
    assert failure.hints == (hint,)


def test_it_is_one_line_and_a_line_for_each_hint() -> None:
    lines = failure_of(FileTooSmallError(1000, 20_000_000)).lines("a\x1b[2J\n.txt")

    assert lines[0] == (
        "box-uploads: error: a\N{REPLACEMENT CHARACTER}[2J\N{REPLACEMENT CHARACTER}.txt: 1,000 bytes are too few for an"
        " upload session, which begins at 20,000,000"
    )
    assert [line.partition(" ")[0] for line in lines[1:]] == ["hint:"]


def test_one_byte_is_told_as_one() -> None:
    assert failure_of(FileTooSmallError(1, 20_000_000)).message.startswith("1 byte is too few for an upload session,")


def test_an_argument_is_called_as_the_option_is() -> None:
    assert failure_of(errors.InvalidArgumentError("file_name", "breaks it", shown="'a/b'")).message == (
        "--name='a/b': breaks it"
    )
    assert failure_of(errors.InvalidArgumentError("folder_id", "breaks it")).message == "--folder-id: breaks it"
    assert failure_of(errors.InvalidArgumentError("trusted_hosts", "breaks it")).message == "--trusted-host: breaks it"


AGAIN = "run the same command again to go on with session S1"


def test_what_goes_on_by_the_same_command_says_so_and_names_the_session() -> None:
    assert AGAIN in failure_of(late(), session="S1").hints
    assert failure_of(KeyboardInterrupt(), session="S1").hints == (AGAIN,)
    assert failure_of(KeyboardInterrupt(), session="S1").exit_code == 130
    assert failure_of(late(), session="S1").data()["session"] == "S1"


@pytest.mark.parametrize(
    "error",
    [
        JournalError("broken"),
        CommitUnconfirmedError("the session ended"),
        errors.InvalidArgumentError("workers", "must be 1 to 64"),
    ],
)
def test_what_a_second_run_only_fails_by_as_well_is_not_to_be_run_again(error: BaseException) -> None:
    failure = failure_of(error, session="S1")

    assert (failure.resumable, failure.session) == (False, "S1")
    assert AGAIN not in failure.hints


def test_an_etag_that_is_not_met_has_to_be_given_anew_before_it_goes_on() -> None:
    failure = failure_of(api_error(412, "precondition_failed", COMMIT), session="S1")

    assert failure.resumable
    assert AGAIN not in failure.hints


def test_a_path_that_is_told_already_is_not_repeated() -> None:
    error = FileNotFoundError(2, "No such file or directory", "/x/a.mov")
    assert failure_of(error, path="/x/a.mov").message == "No such file or directory"
    assert failure_of(error, path="/x/b.mov").message == "No such file or directory: /x/a.mov"


def test_an_error_without_the_systems_words_is_told_by_its_kind() -> None:
    assert failure_of(FileNotFoundError("/nothing"), path="memory://nothing").message == "FileNotFoundError: /nothing"


def test_a_folder_is_no_file_to_upload() -> None:
    (hint,) = failure_of(IsADirectoryError(21, "Is a directory", "/x"), path="/x").hints
    assert "folders are not uploaded" in hint


def test_stdin_of_another_size_than_was_said_is_a_matter_of_the_option() -> None:
    (hint,) = failure_of(SourceChangedError("the stream is longer than declared"), path="-").hints
    assert "--size" in hint


def test_what_could_not_be_cleared_away_is_told() -> None:
    error = DigestMismatchError("the server got other bytes")
    error.add_note("The session could not be aborted")
    assert failure_of(error).hints == ("The session could not be aborted",)


def test_what_was_skipped_has_the_same_keys_as_what_has_failed() -> None:
    assert skipped("S1").keys() == failure_of(late()).data().keys()
    assert (skipped("S1")["session"], skipped("S1")["resumable"]) == ("S1", True)
    assert (skipped(None)["session"], skipped(None)["resumable"]) == (None, False)


def test_a_machine_is_told_status_code_request_and_conflicts() -> None:
    said = failure_of(conflict({"conflicts": {"type": "file", "id": "7", "name": "a", "sha1": "0"}})).data()["error"]

    assert (said["type"], said["status"], said["code"]) == ("ConflictError", 409, "item_name_in_use")
    assert said["conflicts"] == [{"type": "file", "id": "7", "name": "a"}]
