"""Defects of the mock: commits and stored files."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from tests.prove.mock_defects.outcomes import HANDLER, with_body, with_outcome
from tests.prove.operations import COMMIT, GET
from tests.prove.patches import change, patch, wrap


async def _a_wait_has_a_body(original: Any, call: Any) -> Any:
    outcome = await original(call)
    return outcome if outcome.body else replace(outcome, status=200, body={"type": "wait"})


def _the_ids_of_parts_are_not_compared(original: Any, session: Any, named: Any) -> None:
    ids = {part.offset: part.part_id for part in session.part_store.parts}
    original(session, [replace(part, part_id=ids.get(part.offset, part.part_id)) for part in named])


def _the_parts_have_to_be_in_order(original: Any, session: Any, named: Any) -> None:
    original(session, named if sorted(named, key=lambda part: part.offset) == list(named) else named[:-1])


def _parts_may_be_missing(original: Any, session: Any, named: Any) -> None:
    offsets = {part.offset for part in named}
    original(session, [*named, *(part for part in session.part_store.parts if part.offset not in offsets)])


def _the_digest_of_the_file_is_not_compared(original: Any, uploads: Any, session_id: str, request: Any) -> Any:
    digest = uploads.find(session_id).part_store.digest
    return original(uploads, session_id, replace(request, digest=digest))


def _a_version_keeps_its_name(original: Any, request: Any, present: Any) -> Any:
    folder_id, name = original(request, present)
    return folder_id, name if present is None else present.name


def _a_version_keeps_its_folder(original: Any, request: Any, present: Any) -> Any:
    folder_id, name = original(request, present)
    return folder_id if present is None else present.folder, name


def _a_file_is_not_stored(original: Any, library: Any, request: Any, file_id: Any, **given: Any) -> Any:
    before = dict(library._files)
    file = original(library, request, file_id, **given)
    library._files = before
    return file


def _the_attributes_of_a_file_are_dropped(
    original: Any, library: Any, request: Any, file_id: Any, *, attributes: Any, **given: Any
) -> Any:
    return original(library, request, file_id, attributes=type(attributes)(), **given)


def _a_committed_session_goes_on(original: Any, uploads: Any, session_id: str, request: Any) -> Any:
    session = uploads.find(session_id)
    file = original(uploads, session_id, request)
    uploads._sessions[session.id] = session
    return file


def _a_name_is_only_looked_at_once(original: Any, library: Any, request: Any, file_id: Any) -> None:
    if request not in library.__dict__.setdefault("_seen", []):
        original(library, request, file_id)
        library._seen.append(request)


# fmt: off
DEFECTS = (
    wrap("a-commit-is-answered-200", HANDLER(COMMIT), "The status of a stored file is 200.", with_outcome(status=200),
        COMMIT),
    wrap("a-file-is-answered-bare", HANDLER(COMMIT), "The file is not in a list.",
        with_body(lambda body: body.update(body.pop("entries")[0])), COMMIT),
    wrap("the-list-of-files-is-empty", HANDLER(COMMIT), "The list of stored files is empty.",
        with_body(lambda body: body.update(entries=[])), COMMIT),
    wrap("a-wait-is-not-told-for-how-long", HANDLER(COMMIT), "A 202 has no `Retry-After`.", with_outcome(headers={}),
        COMMIT),
    wrap("a-wait-has-a-body", HANDLER(COMMIT), "A 202 becomes a 200 with a body.", _a_wait_has_a_body, COMMIT),
    patch("a-commit-never-waits", "box_uploads_mock.session_store.SessionStore.take_pending_commit",
        "No commit is answered with 202.",
        lambda uploads, session: False, COMMIT),
    patch("a-commit-waits-without-end", "box_uploads_mock.session_store.SessionStore.take_pending_commit",
        "A pending commit stays at 202 forever.", lambda uploads, session: session.pending_commits > 0, COMMIT),
    patch("the-parts-are-not-compared", "box_uploads_mock.session_store._require_parts",
        "The parts of a commit are not checked.", lambda session, named: None, COMMIT),
    wrap("the-ids-of-parts-are-not-compared", "box_uploads_mock.session_store._require_parts",
        "A commit may name part ids of another session.", _the_ids_of_parts_are_not_compared, COMMIT),
    wrap("the-digests-of-parts-are-not-compared", "box_uploads_mock.session_store._require_parts",
        "The digests of committed parts are not checked.",
        lambda original, session, named: original(session, [replace(part, sha1="") for part in named]), COMMIT),
    wrap("the-parts-have-to-be-in-order", "box_uploads_mock.session_store._require_parts",
        "A commit with unordered parts is refused.", _the_parts_have_to_be_in_order, COMMIT),
    wrap("parts-may-be-missing", "box_uploads_mock.session_store._require_parts", "A commit may omit stored parts.",
        _parts_may_be_missing, COMMIT),
    patch("a-mismatch-of-parts-is-a-conflict", "box_uploads_mock.errors.STATUS_OF_CODE[parts_mismatch]",
        "Parts that are not those of the session are answered with 409.", 409, COMMIT),
    wrap("the-digest-of-the-file-is-not-compared", "box_uploads_mock.session_store.SessionStore.check_commit",
        "A file is stored whatever its digest is.", _the_digest_of_the_file_is_not_compared, COMMIT),
    patch("conditions-are-ignored", "box_uploads_mock.session_store._require_conditions",
        "`if-match` and `if-none-match` are ignored.", lambda request, present: None, COMMIT),
    wrap("an-unwanted-etag-is-ignored", "box_uploads_mock.session_store._require_conditions",
        "`if-none-match` is ignored.",
        lambda original, request, present: original(replace(request, if_none_match=None), present), COMMIT),
    wrap("a-new-file-matches-any-etag", "box_uploads_mock.session_store._require_conditions",
        "`if-match` is ignored where no file exists.",
        lambda original, request, present: None if present is None else original(request, present), COMMIT),
    wrap("a-version-keeps-its-etag", "box_uploads_mock.file_store._next_version", "A new version keeps the etag.",
        lambda original, file: replace(original(file), etag=file.etag), COMMIT),
    wrap("a-version-gets-another-id", "box_uploads_mock.file_store._next_version", "A new version is another file.",
        lambda original, file: replace(original(file), id=f"9{file.id}"), COMMIT),
    wrap("a-version-keeps-its-name", "box_uploads_mock.file_store._destination", "A new version is not renamed.",
        _a_version_keeps_its_name, COMMIT),
    wrap("a-version-keeps-its-folder", "box_uploads_mock.file_store._destination", "A new version is not moved.",
        _a_version_keeps_its_folder, COMMIT),
    wrap("a-file-is-not-stored", "box_uploads_mock.file_store.FileStore.put",
        "A file is reported as stored, but is not.",
        _a_file_is_not_stored, COMMIT),
    wrap("the-attributes-of-a-file-are-dropped", "box_uploads_mock.file_store.FileStore.put",
        "The attributes of a committed file are lost.", _the_attributes_of_a_file_are_dropped, COMMIT),
    wrap("the-size-of-a-file-is-a-text", "box_uploads_mock.control.file_body",
        "The control plane returns the size of a file as a string.",
        lambda original, file: {**original(file), "size": str(file.size)}, COMMIT),
    wrap("the-digest-of-a-file-is-in-capitals", "box_uploads_mock.transfers.file_body",
        "The SHA-1 of the stored file is in upper case.",
        lambda original, file: {**original(file), "sha1": file.sha1.upper()}, COMMIT),
    wrap("the-id-of-a-file-is-a-number", "box_uploads_mock.transfers.file_body",
        "The id of the stored file is a number.", lambda original, file: {**original(file), "id": int(file.id)},
        COMMIT),
    wrap("the-size-of-a-file-is-that-of-a-part", "box_uploads_mock.transfers.file_body",
        "The size of the stored file is too small.", lambda original, file: {**original(file), "size": file.size // 2},
        COMMIT),
    wrap("a-file-is-put-together-backwards", "box_uploads_mock.part_store.PartStore.take_stored_parts",
        "The parts of the stored file are reversed.", lambda original, part_store: list(reversed(original(part_store))),
        COMMIT),
    wrap("a-committed-session-goes-on", "box_uploads_mock.session_store.SessionStore.commit",
        "A session still exists after its commit.", _a_committed_session_goes_on, COMMIT, GET),
    wrap("a-name-is-only-looked-at-once", "box_uploads_mock.file_store.FileStore.require_target",
        "A name that was taken meanwhile is used twice.", _a_name_is_only_looked_at_once, COMMIT),
    change("a-description-may-have-257-characters", "box_uploads_mock.commit_rules.MAX_DESCRIPTION_LENGTH",
        "The longest description is one character longer.", lambda original: original + 1, COMMIT),
    patch("a-part-id-may-be-any-text", "box_uploads_mock.commit_rules._PART_ID",
        "A malformed part id counts as a mismatch.", re.compile(r"(?s).*"), COMMIT),
    change("a-time-needs-no-offset", "box_uploads_mock.commit_rules._DATE_TIME",
        "A time without a UTC offset is accepted.",
        lambda original: re.compile(original.pattern.replace("([Zz]|", "(|[Zz]|")), COMMIT),
    patch("a-commit-may-say-more", "box_uploads_mock.commit_rules.reject_unknown_fields",
        "Undocumented properties of commits and events are ignored.", lambda fields, known: None, COMMIT),
    patch("a-commit-may-not-be-long", "box_uploads_mock.transfers.MAX_COMMIT_LENGTH",
        "A commit of thousands of parts is too large.", 64 * 1024, COMMIT),
)
