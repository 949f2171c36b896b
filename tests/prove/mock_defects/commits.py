"""Defects of the mock: commits and stored files."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from tests.prove.mock_defects.outcomes import HANDLER, with_body, with_outcome
from tests.prove.operations import COMMIT, GET
from tests.prove.patches import add, always, change, patch, with_result, wrap


async def _respond_with_wait(original: Any, call: Any) -> Any:
    outcome = await original(call)
    return outcome if outcome.body else replace(outcome, status=200, body={"type": "wait"})


def _ignore_part_ids(original: Any, session: Any, named: Any) -> None:
    ids = {part.offset: part.part_id for part in session.part_store.parts}
    original(session, [replace(part, part_id=ids.get(part.offset, part.part_id)) for part in named])


def _require_order(original: Any, session: Any, named: Any) -> None:
    original(session, named if sorted(named, key=lambda part: part.offset) == list(named) else named[:-1])


def _add_missing_parts(original: Any, session: Any, named: Any) -> None:
    offsets = {part.offset for part in named}
    original(session, [*named, *(part for part in session.part_store.parts if part.offset not in offsets)])


def _ignore_file_digest(original: Any, uploads: Any, session_id: str, request: Any) -> Any:
    digest = uploads.find(session_id).part_store.digest
    return original(uploads, session_id, replace(request, digest=digest))


def _restore_files(original: Any, library: Any, request: Any, file_id: Any, **given: Any) -> Any:
    before = dict(library._files)
    file = original(library, request, file_id, **given)
    library._files = before
    return file


def _keep_session(original: Any, uploads: Any, session_id: str, request: Any) -> Any:
    session = uploads.find(session_id)
    file = original(uploads, session_id, request)
    uploads._sessions[session.id] = session
    return file


def _check_name_once(original: Any, library: Any, request: Any, file_id: Any) -> None:
    if request not in library.__dict__.setdefault("_seen", []):
        original(library, request, file_id)
        library._seen.append(request)


# fmt: off
DEFECTS = (
    wrap("The status of a stored file is 200", HANDLER(COMMIT), with_outcome(status=200), COMMIT),
    wrap("The file is not in a list", HANDLER(COMMIT), with_body(lambda body: body.update(body.pop("entries")[0])),
        COMMIT),
    wrap("The list of stored files is empty", HANDLER(COMMIT), with_body(lambda body: body.update(entries=[])), COMMIT),
    wrap("A 202 has no `Retry-After`", HANDLER(COMMIT), with_outcome(headers={}), COMMIT),
    wrap("A 202 becomes a 200 with a body", HANDLER(COMMIT), _respond_with_wait, COMMIT),
    patch("No commit is answered with 202", "mock.session_store.SessionStore.take_pending_commit", always(False),
        COMMIT),
    patch("A pending commit stays at 202 forever", "mock.session_store.SessionStore.take_pending_commit",
        lambda uploads, session: session.pending_commits > 0, COMMIT),
    patch("The parts of a commit are not checked", "mock.session_store._require_parts", always(None), COMMIT),
    wrap("A commit may name part ids of another session", "mock.session_store._require_parts", _ignore_part_ids,
        COMMIT),
    wrap("The digests of committed parts are not checked", "mock.session_store._require_parts",
        lambda original, session, named: original(session, [replace(part, sha1="") for part in named]), COMMIT),
    wrap("A commit with unordered parts is refused", "mock.session_store._require_parts", _require_order, COMMIT),
    wrap("A commit may omit stored parts", "mock.session_store._require_parts", _add_missing_parts, COMMIT),
    patch("A mismatch of parts is answered with 409", "mock.errors.STATUS_OF_CODE[parts_mismatch]", 409, COMMIT),
    wrap("A file is stored whatever its digest is", "mock.session_store.SessionStore.check_commit", _ignore_file_digest,
        COMMIT),
    patch("`if-match` and `if-none-match` are ignored", "mock.session_store.require_etag", always(None), COMMIT),
    wrap("`if-none-match` is ignored", "mock.session_store.require_etag",
        lambda original, present, wanted, unwanted: original(present, wanted), COMMIT),
    wrap("`if-match` is ignored where no file exists", "mock.session_store.require_etag",
        lambda original, present, *etags: None if present is None else original(present, *etags), COMMIT),
    wrap("A new version keeps the etag", "mock.file_store._next_version",
        lambda original, file: replace(original(file), etag=file.etag), COMMIT),
    wrap("A new version is another file", "mock.file_store._next_version",
        lambda original, file: replace(original(file), id=f"9{file.id}"), COMMIT),
    wrap("A new version is not renamed", "mock.file_store._destination",
        with_result(lambda found, _, present: (found[0], present.name if present else found[1])), COMMIT),
    wrap("A new version is not moved", "mock.file_store._destination",
        with_result(lambda found, _, present: (present.folder if present else found[0], found[1])), COMMIT),
    wrap("A file is reported as stored, but is not", "mock.file_store.FileStore.put", _restore_files, COMMIT),
    wrap("The attributes of a committed file are lost", "mock.file_store.FileStore.put",
        lambda original, *given, attributes, **rest: original(*given, attributes=type(attributes)(), **rest), COMMIT),
    wrap("The control plane returns the size of a file as a string", "mock.control.file_body",
        with_result(lambda body, file: {**body, "size": str(file.size)}), COMMIT),
    wrap("The SHA-1 of the stored file is in upper case", "mock.transfers.file_body",
        with_result(lambda body, file: {**body, "sha1": file.sha1.upper()}), COMMIT),
    wrap("The id of the stored file is a number", "mock.transfers.file_body",
        with_result(lambda body, file: {**body, "id": int(file.id)}), COMMIT),
    wrap("The size of the stored file is too small", "mock.transfers.file_body",
        with_result(lambda body, file: {**body, "size": file.size // 2}), COMMIT),
    wrap("The parts of the stored file are reversed", "mock.part_store.PartStore.take_stored_parts",
        lambda original, part_store: list(reversed(original(part_store))), COMMIT),
    wrap("A session still exists after its commit", "mock.session_store.SessionStore.commit", _keep_session, COMMIT,
        GET),
    wrap("A name that was taken meanwhile is used twice", "mock.file_store.FileStore.require_target", _check_name_once,
        COMMIT),
    change("The longest description is one character longer", "mock.commit_rules.MAX_DESCRIPTION_LENGTH", add(1),
        COMMIT),
    patch("A malformed part id counts as a mismatch", "mock.commit_rules._PART_ID", re.compile(r"(?s).*"), COMMIT),
    change("A time without a UTC offset is accepted", "mock.commit_rules._DATE_TIME",
        lambda original: re.compile(original.pattern.replace("([Zz]|", "(|[Zz]|")), COMMIT),
    patch("Undocumented properties of commits and events are ignored", "mock.commit_rules.reject_unknown_fields",
        always(None), COMMIT),
    patch("A commit of thousands of parts is too large", "mock.transfers.MAX_COMMIT_LENGTH", 64 * 1024, COMMIT),
)
