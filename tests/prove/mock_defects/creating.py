"""Defects of the mock: creating a session."""

from __future__ import annotations

import re
from dataclasses import replace
from decimal import Decimal
from typing import Any

from box_uploads_mock.world import File

from tests.prove.mock_defects.outcomes import HANDLER, with_outcome
from tests.prove.operations import CREATE, GET, VERSION
from tests.prove.patches import add, after, always, before, change, patch, wrap


def _reuse_session(original: Any, uploads: Any, request: Any, file_id: Any) -> Any:
    for session in uploads._sessions.values():
        if (session.target, session.file_id) == (request, file_id):
            return session
    return original(uploads, request, file_id)


def _refuse_with_422(original: Any, value: Any, least: int) -> Any:
    try:
        return original(value, least)
    except Exception as refusal:
        refusal.status = 422  # type: ignore[attr-defined]  # a refusal
        raise


def _restore_from_trash(original: Any, library: Any, file_id: str) -> Any:
    present = library._files.get(file_id)
    return replace(present, trashed=False) if present is not None else original(library, file_id)


# fmt: off
DEFECTS = (
    wrap("The status of a created session is 200", HANDLER(CREATE), with_outcome(status=200), CREATE),
    wrap("The status of a created session is 202", HANDLER(VERSION), with_outcome(status=202), VERSION),
    wrap("A created session is not stored", "mock.session_store.SessionStore.create",
        after(lambda session, uploads, *_: uploads._sessions.clear()), CREATE, GET),
    wrap("An equal request returns the existing session", "mock.session_store.SessionStore.create", _reuse_session,
        CREATE),
    patch("An equal request after a lost response gets another session",
        "mock.session_store.SessionStore.mark_unacknowledged", always(None), CREATE),
    wrap("The error of an argument does not name it", "mock.rules.argument_error",
        lambda original, code, name, message: original(code, "", message), CREATE, VERSION),
    wrap("The smallest file is one byte smaller", "mock.rules._file_size",
        lambda original, value, least: original(value, least - 1), CREATE),
    wrap("The smallest file is one byte larger", "mock.rules._file_size",
        lambda original, value, least: original(value, least + 1), VERSION),
    wrap("A file that is too small is refused with 422", "mock.rules._file_size", _refuse_with_422, CREATE),
    wrap("A size written as a string is accepted", "mock.rules.whole_number",
        lambda original, value: original(int(value) if isinstance(value, str) and value.isdecimal() else value),
        CREATE),
    wrap("A fraction of a byte is truncated", "mock.rules.whole_number",
        lambda original, value: original(int(value) if isinstance(value, Decimal) else value), VERSION),
    wrap("An integer written as 2e7 is refused", "mock.rules.whole_number",
        lambda original, value: None if isinstance(value, Decimal) else original(value), CREATE),
    change("Sizes beyond 64 bits are not refused as such", "mock.rules.INT64_MAX", lambda original: original * 10**6,
        CREATE),
    change("The longest name is one character longer", "mock.names.NAME_MAX_LENGTH", add(1), CREATE),
    change("The longest name is one character shorter", "mock.names.NAME_MAX_LENGTH", add(-1), VERSION),
    change("A name with a backslash is accepted", "mock.names._FORBIDDEN",
        lambda original: re.compile(original.pattern.replace("\\\\", "", 1)), CREATE),
    wrap("Spaces around a name are stripped", "mock.rules._file_name",
        lambda original, value: original(value.strip() if isinstance(value, str) and value.strip() else value),
        VERSION),
    patch("Undocumented properties of a request are ignored", "mock.rules.reject_unknown_fields", always(None), CREATE,
        VERSION),
    wrap("A body that is not JSON is a server error", "mock.rules.parse_json_object",
        before(lambda body: body.decode("ascii")), CREATE),
    wrap("A null name counts as absent", "mock.operations.rules.parse_new_version",
        lambda original, body, least: original(re.sub(rb'"file_name": ?null, ?', b"", body), least), VERSION),
    patch("A malformed id counts as unknown", "mock.rules.is_id", bool, VERSION),
    patch("Unknown and trashed folders are accepted", "mock.file_store.FileStore.require_folder", always(None),
        CREATE),
    wrap("A trashed file gets a version", "mock.file_store.FileStore.require_file", _restore_from_trash, VERSION),
    patch("An unknown file gets a version", "mock.file_store.FileStore.require_file",
        lambda library, file_id: library._files.get(file_id) or File(id=file_id, name=f"{file_id}.new"), VERSION),
    patch("Names are compared with their letter case", "mock.file_store.name_key", lambda name: name, CREATE, VERSION),
    wrap("The conflicting file has an unknown id", "mock.file_store._conflict_body",
        lambda original, item: {**original(item), "id": "99999"}, CREATE),
    wrap("The SHA-1 of the conflicting file is in upper case", "mock.file_store._conflict_body",
        lambda original, item: {**original(item), "sha1": original(item).get("sha1", "").upper()}, VERSION),
    wrap("A version that keeps its name conflicts with itself", "mock.file_store.FileStore._require_free_name",
        lambda original, library, folder_id, name, renamed: original(library, folder_id, name, renamed=None), VERSION),
    patch("A name that is taken is answered with 400", "mock.errors.STATUS_OF_CODE[item_name_in_use]", 400, CREATE),
    patch("Storage and file size limits are not checked", "mock.file_store.FileStore._require_space", always(None),
        CREATE, VERSION),
)
