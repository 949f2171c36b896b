"""How errors are reported: the line, the hints, and the JSON data."""

from __future__ import annotations

from typing import Any

import pytest
from box_uploads import errors
from box_uploads.auth import SignInRefusedError, SignInUnavailableError, TokenStoreError
from box_uploads.cli.arguments import PathNameError
from box_uploads.cli.client_options import TrustStoreError
from box_uploads.cli.failure import failure_from, skipped_data
from box_uploads.cli.token_file import TokenFileError
from box_uploads.upload import (
    CommitUnconfirmedError,
    DeadlineExceededError,
    DigestMismatchError,
    JournalError,
    SourceChangedError,
)

from tests.unit.upload.script import api_error

CREATE, COMMIT = "create_upload_session", "commit_upload_session"


def conflict(context: Any) -> errors.ApiError:
    return api_error(409, "item_name_in_use", CREATE, fields={"context_info": context})


def late() -> DeadlineExceededError:
    error = DeadlineExceededError("part: no success within 600 s")
    error.__cause__ = errors.TransportError("gone", kind="ConnectError")
    return error


def unconfirmed(**fields: str) -> CommitUnconfirmedError:
    return CommitUnconfirmedError("the session is gone", folder_id="0", file_name="a.mov", sha1="a" * 40, **fields)


TOKEN = "run `box-uploads login`, or put a valid token in BOX_ACCESS_TOKEN or the file of --token-file"
NEW_VERSION = "use --file-id 7 to upload a new version of the file with this name"
NEW_SESSION = "start a new session with `box-uploads upload`; this one was committed or aborted, or has expired"
PROXY = "check the proxy in HTTPS_PROXY or ALL_PROXY"
NETWORK = "check the network, and --base-url or BOX_BASE_URL if you set it"
HOST = "if this host is yours, add --trusted-host evil.org:8443; the token was not sent there"
PIPE = "pipe it to stdin: box-uploads upload - --name NAME"
ONLY_THEN = "only if it is not there, upload it again with --no-resume"
SHA1 = "a" * 40
FAILURES: list[tuple[BaseException, str]] = [
    (api_error(401, "unauthorized"), TOKEN),
    (conflict({"conflicts": {"type": "file", "id": "7"}}), NEW_VERSION),
    (conflict({"conflicts": [{"type": "file", "id": "7"}]}), NEW_VERSION),
    (conflict({"conflicts": {"type": "folder", "id": "7"}}), "choose another name with --name; a folder has this one"),
    (conflict({"conflicts": {"type": "web_link", "id": "7"}}), "choose another name with --name"),
    (conflict(None), "choose another name with --name"),
    (
        api_error(403, "storage_limit_exceeded", CREATE),
        "free some storage of the account, which is full, or choose a folder of another account",
    ),
    (
        api_error(409, "storage_limit_exceeded", "upload_small_file"),
        "free some storage of the account, which is full, or choose a folder of another account",
    ),
    (
        api_error(403, "file_size_limit_exceeded", CREATE),
        "split the file, which is larger than the folder owner's plan allows, or choose a folder of another account",
    ),
    (
        api_error(429, "rate_limit_exceeded", CREATE, retry_after_s=100_000.0),
        "run this again in 100,000 s, as Box asks",
    ),
    (api_error(403, "access_denied", CREATE), "check the id, and the rights that the token's user has there"),
    (
        api_error(404, "not_found", CREATE),
        "check --folder-id or --file-id, and --base-url if you set it; the token's user cannot see such an item",
    ),
    *(
        (
            api_error(404, "not_found", operation),
            "check --folder-id or --file-id, and --base-url if you set it; the token's user cannot see such an item",
        )
        for operation in ("create_version_upload_session", "upload_small_file", "upload_small_version")
    ),
    (api_error(404, "not_found", "get_upload_session"), NEW_SESSION),
    (api_error(410, "session_expired", "list_parts"), NEW_SESSION),
    (
        api_error(412, "precondition_failed", COMMIT),
        "check the file at Box, which has changed; then run this again with its current etag in --if-match",
    ),
    (errors.TransportError("no", kind="ConnectError"), NETWORK),
    (errors.TransportError("no", kind="ProxyError"), PROXY),
    (errors.UntrustedUrlError("https://evil.org:8443/", "names a port", host="evil.org:8443"), HOST),
    (
        errors.UntrustedUrlError("http://upload.box.com/", "is not https"),
        "use the session as Box returned it when it was created; the token was not sent to this URL",
    ),
    (SourceChangedError("changed"), "run the command again when no program writes to the file any more"),
    (JournalError("the journal is broken"), "use --no-resume to upload without a journal"),
    (JournalError("is in use", in_use=True), "wait for the other process to end, then run the same command again"),
    (CommitUnconfirmedError("ended"), f"look at Box for the file with the source's sha1; {ONLY_THEN}"),
    (unconfirmed(), f"look in folder 0 for a.mov with sha1 {SHA1}; {ONLY_THEN}"),
    (unconfirmed(file_id="7"), f"look among the versions of file 7 for one with sha1 {SHA1}; {ONLY_THEN}"),
    (late(), NETWORK),
    (SignInUnavailableError("sign-in failed: 503"), NETWORK),
    (TokenStoreError("in use", hint="wait"), "wait"),
    (
        TokenFileError(21, "Is a directory", "/x"),
        "set --token-file to a file that contains an access token and nothing else",
    ),
    (
        TrustStoreError(2, "No such file or directory", "/x"),
        "set SSL_CERT_FILE to a file of trusted certificates, or unset it to use those of the system",
    ),
]
USAGE_ERRORS: list[tuple[BaseException, str]] = [
    (errors.InvalidArgumentError("http", "cannot be made"), PROXY),
    (errors.InvalidArgumentError("token", "must be ASCII"), TOKEN),
    (
        errors.InvalidArgumentError("base_url", "must be https"),
        "set it to https://HOST/PATH, or leave it out to use Box's own servers",
    ),
    (PathNameError("breaks the rule"), "upload it on its own, with --name NAME"),
    (errors.InvalidArgumentError("size", "is not known for 'memory://film.mov'"), PIPE),
]


@pytest.mark.parametrize(("error", "hint"), FAILURES, ids=[hint for _, hint in FAILURES])
def test_a_failure_has_exit_code_1_and_a_hint(error: BaseException, hint: str) -> None:
    failure = failure_from(error)

    assert (failure.exit_code, failure.hints) == (1, (hint,))


@pytest.mark.parametrize(("error", "hint"), USAGE_ERRORS, ids=[hint for _, hint in USAGE_ERRORS])
def test_a_usage_error_has_exit_code_2_and_a_hint(error: BaseException, hint: str) -> None:
    failure = failure_from(error)

    assert (failure.exit_code, failure.hints) == (2, (hint,))


def test_a_failure_has_one_printable_line_and_one_for_each_hint() -> None:
    lines = failure_from(JournalError("the journal\nis broken")).lines("a\x1b[2J\n.txt")

    mark = "\N{REPLACEMENT CHARACTER}"
    assert lines[0] == f"error: a{mark}[2J{mark}.txt: the journal{mark}is broken"
    assert [line.partition(" ")[0] for line in lines[1:]] == ["hint:"]


@pytest.mark.parametrize(("argument", "shown", "message"), [
    ("file_name", "'a/b'", "--name='a/b': breaks it"),
    ("folder_id", None, "--folder-id: breaks it"),
    ("trusted_hosts", None, "--trusted-host: breaks it"),
])  # fmt: skip
def test_an_invalid_argument_is_named_as_its_option(argument: str, shown: str | None, message: str) -> None:
    assert failure_from(errors.InvalidArgumentError(argument, "breaks it", shown=shown)).message == message


AGAIN = "run the same command again; it resumes session S1"


def test_a_resumable_failure_has_a_hint_that_names_the_session() -> None:
    failure, interruption = failure_from(late(), session="S1"), failure_from(KeyboardInterrupt(), session="S1")

    assert AGAIN in failure.hints
    assert failure.json_data()["session"] == "S1"
    assert (interruption.hints, interruption.exit_code) == ((AGAIN,), 130)


@pytest.mark.parametrize("error", [
    JournalError("broken"), CommitUnconfirmedError("ended"), errors.InvalidArgumentError("workers", "must be 1 to 64")
])  # fmt: skip
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
    # Without a number it has no text of its own; its type says more.
    assert failure_from(FileNotFoundError("/nothing"), path="memory://nothing").message == "FileNotFoundError: /nothing"


@pytest.mark.parametrize(("error", "path", "hint"), [
    (IsADirectoryError(21, "Is a directory", "/x"), "/x", "folders are not uploaded"),
    (SourceChangedError("the stream is longer than declared"), "-", "--size"),
])  # fmt: skip
def test_a_folder_and_a_wrong_size_of_stdin_have_a_hint(error: BaseException, path: str, hint: str) -> None:
    (found,) = failure_from(error, path=path).hints
    assert hint in found


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
    error = conflict({"conflicts": {"type": "file", "id": "7", "name": "a", "sha1": "0"}})
    data = failure_from(error).json_data()["error"]

    assert (data["type"], data["status"], data["code"]) == ("ConflictError", 409, "item_name_in_use")
    assert data["conflicts"] == [{"type": "file", "id": "7", "name": "a"}]


def test_a_sign_in_that_is_refused_shows_its_hint_once_and_ends_a_batch() -> None:
    failure = failure_from(SignInRefusedError(400, "invalid_grant", "gone", hint="check that:\n- it is there"))

    assert failure.lines() == [
        "error: sign-in refused: 400 invalid_grant: gone", "hint: check that:", "- it is there"
    ]  # fmt: skip
    assert failure.is_final
    assert failure.error is not None
    assert (failure.error["status"], failure.error["code"]) == (400, "invalid_grant")
