"""Defects of the mock: creating a session."""

from __future__ import annotations

import re
from dataclasses import replace
from decimal import Decimal
from typing import Any

from box_uploads_mock.world import File

from tests.prove.mock_defects.outcomes import HANDLER, with_outcome
from tests.prove.operations import CREATE, GET, VERSION
from tests.prove.patches import after, before, change, patch, wrap


def _the_same_request_gets_the_same_session(original: Any, uploads: Any, request: Any, file_id: Any) -> Any:
    for session in uploads._sessions.values():
        if (session.target, session.file_id) == (request, file_id):
            return session
    return original(uploads, request, file_id)


def _too_small_is_another_status(original: Any, value: Any, least: int) -> Any:
    try:
        return original(value, least)
    except Exception as refusal:
        refusal.status = 422  # type: ignore[attr-defined]  # a refusal
        raise


def _a_file_in_the_trash_gets_a_version(original: Any, library: Any, file_id: str) -> Any:
    present = library._files.get(file_id)
    return replace(present, trashed=False) if present is not None else original(library, file_id)


def _a_null_name_is_no_name(original: Any, body: bytes, least: int) -> Any:
    return original(body.replace(b'"file_name": null, ', b"").replace(b'"file_name":null,', b""), least)


# fmt: off
DEFECTS = (
    wrap("a-created-session-is-answered-200", HANDLER(CREATE), "The status of a created session is 200.",
        with_outcome(status=200), CREATE),
    wrap("a-created-version-session-is-answered-202", HANDLER(VERSION), "The status of a created session is 202.",
        with_outcome(status=202), VERSION),
    wrap("a-created-session-is-forgotten", "box_uploads_mock.session_store.SessionStore.create",
        "A created session is not stored.",
        after(lambda session, uploads, *_: uploads._sessions.clear()), CREATE, GET),
    wrap("the-same-request-gets-the-same-session", "box_uploads_mock.session_store.SessionStore.create",
        "An equal request returns the existing session.", _the_same_request_gets_the_same_session, CREATE),
    patch("a-lost-answer-is-no-conflict", "box_uploads_mock.session_store.SessionStore.mark_unacknowledged",
        "An equal request after a lost response gets another session.", lambda uploads, session_id: None, CREATE),
    wrap("no-argument-is-blamed", "box_uploads_mock.rules.argument_error",
        "The error of an argument does not name it.",
        lambda original, code, name, message: original(code, "", message), CREATE, VERSION, "test_rules"),
    wrap("a-file-may-be-one-byte-smaller", "box_uploads_mock.rules._file_size",
        "The smallest file is one byte smaller.", lambda original, value, least: original(value, least - 1), CREATE),
    wrap("a-file-has-to-be-one-byte-larger", "box_uploads_mock.rules._file_size",
        "The smallest file is one byte larger.", lambda original, value, least: original(value, least + 1), VERSION),
    wrap("too-small-is-another-status", "box_uploads_mock.rules._file_size",
        "A file that is too small is refused with 422.", _too_small_is_another_status, CREATE),
    wrap("a-size-may-be-a-text", "box_uploads_mock.rules.whole_number", "A size written as a string is accepted.",
        lambda original, value: original(int(value) if isinstance(value, str) and value.isdecimal() else value),
        CREATE),
    wrap("a-size-may-have-a-fraction", "box_uploads_mock.rules.whole_number", "A fraction of a byte is truncated.",
        lambda original, value: original(int(value) if isinstance(value, Decimal) else value), VERSION),
    wrap("a-size-may-not-be-written-as-a-float", "box_uploads_mock.rules.whole_number",
        "An integer written as 2e7 is refused.",
        lambda original, value: None if isinstance(value, Decimal) else original(value), CREATE),
    change("a-size-may-have-any-number-of-digits", "box_uploads_mock.rules.INT64_MAX",
        "Sizes beyond 64 bits are not refused as such.", lambda original: original * 10**6, CREATE),
    change("a-name-may-have-256-characters", "box_uploads_mock.names.NAME_MAX_LENGTH",
        "The longest name is one character longer.", lambda original: original + 1, CREATE),
    change("a-name-may-have-254-characters", "box_uploads_mock.names.NAME_MAX_LENGTH",
        "The longest name is one character shorter.", lambda original: original - 1, VERSION),
    change("a-name-may-have-a-backslash", "box_uploads_mock.names._FORBIDDEN", "A name with a backslash is accepted.",
        lambda original: re.compile(original.pattern.replace("\\\\", "", 1)), CREATE),
    wrap("a-name-is-trimmed", "box_uploads_mock.rules._file_name", "Spaces around a name are stripped.",
        lambda original, value: original(value.strip() if isinstance(value, str) and value.strip() else value),
        VERSION),
    patch("unknown-properties-are-ignored", "box_uploads_mock.rules.reject_unknown_fields",
        "Undocumented properties of a request are ignored.", lambda fields, known: None, CREATE, VERSION),
    wrap("malformed-json-is-a-crash", "box_uploads_mock.rules.parse_json_object",
        "A body that is not JSON is a server error.", before(lambda body: body.decode("ascii")), CREATE),
    wrap("a-null-name-is-no-name", "box_uploads_mock.operations.rules.parse_new_version",
        "A null name counts as absent.",
        _a_null_name_is_no_name, VERSION),
    patch("an-id-may-be-any-text", "box_uploads_mock.rules.is_id", "A malformed id counts as unknown.", bool, VERSION),
    patch("any-folder-exists", "box_uploads_mock.file_store.FileStore._require_folder",
        "Unknown and trashed folders are accepted.", lambda library, folder_id: None, CREATE),
    wrap("a-file-in-the-trash-gets-a-version", "box_uploads_mock.file_store.FileStore.require_file",
        "A trashed file gets a version.", _a_file_in_the_trash_gets_a_version, VERSION),
    patch("any-file-exists", "box_uploads_mock.file_store.FileStore.require_file", "An unknown file gets a version.",
        lambda library, file_id: library._files.get(file_id) or File(id=file_id, name=f"{file_id}.new"), VERSION),
    patch("letter-case-tells-names-apart", "box_uploads_mock.file_store.name_key",
        "Names are compared with their letter case.", lambda name: name, CREATE, VERSION),
    wrap("a-conflict-names-another-file", "box_uploads_mock.file_store._conflict_body",
        "The conflicting file has an unknown id.", lambda original, item: {**original(item), "id": "99999"}, CREATE),
    wrap("a-conflict-has-a-malformed-digest", "box_uploads_mock.file_store._conflict_body",
        "The SHA-1 of the conflicting file is in upper case.",
        lambda original, item: {**original(item), "sha1": original(item).get("sha1", "").upper()}, VERSION),
    wrap("a-file-is-in-its-own-way", "box_uploads_mock.file_store.FileStore._require_free_name",
        "A version that keeps its name conflicts with itself.",
        lambda original, library, folder_id, name, renamed: original(library, folder_id, name, renamed=None), VERSION),
    patch("a-taken-name-is-a-bad-request", "box_uploads_mock.errors.STATUS_OF_CODE[item_name_in_use]",
        "A name that is taken is answered with 400.", 400, CREATE),
    patch("the-storage-is-endless", "box_uploads_mock.file_store.FileStore._require_space",
        "Storage and file size limits are not checked.", lambda library, file_size: None, CREATE, VERSION),
)
