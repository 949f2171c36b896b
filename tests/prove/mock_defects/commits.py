"""Defects of the mock: commits, and the files that they make."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from tests.prove.mock_defects.outcomes import HANDLER, with_body, with_outcome
from tests.prove.planting import Catalogue

__all__ = ["DEFECTS"]

DEFECTS = Catalogue()
COMMIT, GET = "commit_upload_session", "get_upload_session"


@DEFECTS.defect(HANDLER(COMMIT), COMMIT)
def a_commit_is_answered_200(original: Any) -> Any:
    """The status of a stored file is 200."""
    return with_outcome(original, status=200)


@DEFECTS.defect(HANDLER(COMMIT), COMMIT)
def a_file_is_answered_bare(original: Any) -> Any:
    """The file is not within a list."""
    return with_body(original, lambda body: body.update(body.pop("entries")[0]))


@DEFECTS.defect(HANDLER(COMMIT), COMMIT)
def the_list_of_files_is_empty(original: Any) -> Any:
    """The stored file is not told."""
    return with_body(original, lambda body: body.update(entries=[]))


@DEFECTS.defect(HANDLER(COMMIT), COMMIT)
def a_wait_is_not_told_for_how_long(original: Any) -> Any:
    """A 202 has no `Retry-After`."""
    return with_outcome(original, headers={})


@DEFECTS.defect(HANDLER(COMMIT), COMMIT)
def a_wait_has_a_body(original: Any) -> Any:
    """A 202 has an object as its body, and its status is 200."""

    async def spoiled(call: Any) -> Any:
        outcome = await original(call)
        return outcome if outcome.body else replace(outcome, status=200, body={"type": "wait"})

    return spoiled


@DEFECTS.defect("box_uploads_mock.uploads.Uploads.count_pending", COMMIT)
def a_commit_never_waits(original: Any) -> Any:
    """No commit is answered with 202."""
    return lambda uploads, session: False


@DEFECTS.defect("box_uploads_mock.uploads.Uploads.count_pending", COMMIT)
def a_commit_waits_without_end(original: Any) -> Any:
    """A commit that was answered with 202 once is so ever after."""
    return lambda uploads, session: session.pending_commits > 0


@DEFECTS.defect("box_uploads_mock.uploads._require_parts", COMMIT)
def the_parts_are_not_compared(original: Any) -> Any:
    """A commit may name any parts, and leave some out."""
    return lambda session, named: None


@DEFECTS.defect("box_uploads_mock.uploads._require_parts", COMMIT)
def the_ids_of_parts_are_not_compared(original: Any) -> Any:
    """A commit may name parts of another session, if only their bytes are the same."""

    def spoiled(session: Any, named: Any) -> None:
        ids = {part.offset: part.part_id for part in session.assembly.parts}
        original(session, [replace(part, part_id=ids.get(part.offset, part.part_id)) for part in named])

    return spoiled


@DEFECTS.defect("box_uploads_mock.uploads._require_parts", COMMIT)
def the_digests_of_parts_are_not_compared(original: Any) -> Any:
    """A commit may name parts with other digests."""
    return lambda session, named: original(session, [replace(part, sha1="") for part in named])


@DEFECTS.defect("box_uploads_mock.uploads._require_parts", COMMIT)
def the_parts_have_to_be_in_order(original: Any) -> Any:
    """A commit whose parts are not ordered by their offsets is refused."""

    def spoiled(session: Any, named: Any) -> None:
        original(session, named if sorted(named, key=lambda part: part.offset) == list(named) else named[:-1])

    return spoiled


@DEFECTS.defect("box_uploads_mock.uploads._require_parts", COMMIT)
def parts_may_be_missing(original: Any) -> Any:
    """A commit may leave out the last part that is stored."""

    def spoiled(session: Any, named: Any) -> None:
        offsets = {part.offset for part in named}
        original(session, [*named, *(part for part in session.assembly.parts if part.offset not in offsets)])

    return spoiled


@DEFECTS.defect("box_uploads_mock.errors.STATUS_OF_CODE[parts_mismatch]", COMMIT)
def a_mismatch_of_parts_is_a_conflict(original: Any) -> Any:
    """Parts that are not those of the session are told by 409."""
    return 409


@DEFECTS.defect("box_uploads_mock.uploads.Uploads.check_commit", COMMIT)
def the_digest_of_the_file_is_not_compared(original: Any) -> Any:
    """A file is stored whatever its digest is."""

    def spoiled(uploads: Any, session_id: str, request: Any) -> Any:
        digest = uploads.find(session_id).assembly.digest
        return original(uploads, session_id, replace(request, digest=digest))

    return spoiled


@DEFECTS.defect("box_uploads_mock.uploads._require_conditions", COMMIT)
def conditions_are_ignored(original: Any) -> Any:
    """Neither `if-match` nor `if-none-match` is looked at."""
    return lambda request, present: None


@DEFECTS.defect("box_uploads_mock.uploads._require_conditions", COMMIT)
def an_unwanted_etag_is_ignored(original: Any) -> Any:
    """`if-none-match` is not looked at."""
    return lambda request, present: original(replace(request, if_none_match=None), present)


@DEFECTS.defect("box_uploads_mock.uploads._require_conditions", COMMIT)
def a_new_file_matches_any_etag(original: Any) -> Any:
    """`if-match` is not looked at where there is no file yet."""
    return lambda request, present: None if present is None else original(request, present)


@DEFECTS.defect("box_uploads_mock.library._next_version", COMMIT)
def a_version_keeps_its_etag(original: Any) -> Any:
    """A new version has the etag of the one before it."""
    return lambda file: replace(original(file), etag=file.etag)


@DEFECTS.defect("box_uploads_mock.library._next_version", COMMIT)
def a_version_gets_another_id(original: Any) -> Any:
    """A new version is another file."""
    return lambda file: replace(original(file), id=f"9{file.id}")


@DEFECTS.defect("box_uploads_mock.library._place", COMMIT)
def a_version_keeps_its_name(original: Any) -> Any:
    """A new version does not get the name that it was given."""

    def spoiled(request: Any, present: Any) -> Any:
        folder_id, name = original(request, present)
        return folder_id, name if present is None else present.name

    return spoiled


@DEFECTS.defect("box_uploads_mock.library._place", COMMIT)
def a_version_keeps_its_folder(original: Any) -> Any:
    """A new version does not move to the folder that it was given."""

    def spoiled(request: Any, present: Any) -> Any:
        folder_id, name = original(request, present)
        return folder_id if present is None else present.folder, name

    return spoiled


@DEFECTS.defect("box_uploads_mock.library.Library.put", COMMIT)
def a_file_is_not_stored(original: Any) -> Any:
    """A file is answered as stored, and is not."""

    def spoiled(library: Any, request: Any, file_id: Any, **given: Any) -> Any:
        before = dict(library._files)
        file = original(library, request, file_id, **given)
        library._files = before
        return file

    return spoiled


@DEFECTS.defect("box_uploads_mock.library.Library.put", COMMIT)
def the_attributes_of_a_file_are_dropped(original: Any) -> Any:
    """What a commit says of the file beside its content is lost."""

    def spoiled(library: Any, request: Any, file_id: Any, *, attributes: Any, **given: Any) -> Any:
        return original(library, request, file_id, attributes=type(attributes)(), **given)

    return spoiled


@DEFECTS.defect("box_uploads_mock.control.file_body", COMMIT)
def the_size_of_a_file_is_a_text(original: Any) -> Any:
    """The control plane tells the size of a file as a string."""
    return lambda file: {**original(file), "size": str(file.size)}


@DEFECTS.defect("box_uploads_mock.transfers.file_body", COMMIT)
def the_digest_of_a_file_is_in_capitals(original: Any) -> Any:
    """The SHA-1 of the stored file has capital letters."""
    return lambda file: {**original(file), "sha1": file.sha1.upper()}


@DEFECTS.defect("box_uploads_mock.transfers.file_body", COMMIT)
def the_id_of_a_file_is_a_number(original: Any) -> Any:
    """The id of the stored file is no string."""
    return lambda file: {**original(file), "id": int(file.id)}


@DEFECTS.defect("box_uploads_mock.transfers.file_body", COMMIT)
def the_size_of_a_file_is_that_of_a_part(original: Any) -> Any:
    """The size of the stored file is too small."""
    return lambda file: {**original(file), "size": file.size // 2}


@DEFECTS.defect("box_uploads_mock.assembly.Assembly.release", COMMIT)
def a_file_is_put_together_backwards(original: Any) -> Any:
    """The parts of the stored file are in the wrong order."""
    return lambda assembly: list(reversed(original(assembly)))


@DEFECTS.defect("box_uploads_mock.uploads.Uploads.commit", COMMIT, GET)
def a_committed_session_goes_on(original: Any) -> Any:
    """A session is there after its commit."""

    def spoiled(uploads: Any, session_id: str, request: Any) -> Any:
        session = uploads.find(session_id)
        file = original(uploads, session_id, request)
        uploads._sessions[session.id] = session
        return file

    return spoiled


@DEFECTS.defect("box_uploads_mock.library.Library.require_target", COMMIT)
def a_name_is_only_looked_at_once(original: Any) -> Any:
    """A name that was taken while the session was open is given a second time."""

    def spoiled(library: Any, request: Any, file_id: Any) -> None:
        if request not in library.__dict__.setdefault("_seen", []):
            original(library, request, file_id)
            library._seen.append(request)

    return spoiled


@DEFECTS.defect("box_uploads_mock.commit_rules.MAX_DESCRIPTION_LENGTH", COMMIT)
def a_description_may_have_257_characters(original: Any) -> Any:
    """The longest description is one character longer."""
    return original + 1


@DEFECTS.defect("box_uploads_mock.commit_rules._PART_ID", COMMIT)
def a_part_id_may_be_any_text(original: Any) -> Any:
    """An id of a part that is none is a mismatch rather than malformed."""
    return re.compile(r"(?s).*")


@DEFECTS.defect("box_uploads_mock.commit_rules._DATE_TIME", COMMIT)
def a_time_needs_no_offset(original: Any) -> Any:
    """A time without an offset from UTC is taken for a time of the file."""
    return re.compile(original.pattern.replace("([Zz]|", "(|[Zz]|"))


@DEFECTS.defect("box_uploads_mock.commit_rules.refuse_unknown", COMMIT)
def a_commit_may_say_more(original: Any) -> Any:
    """Properties of a commit or an event that no document names are ignored."""
    return lambda fields, known: None


@DEFECTS.defect("box_uploads_mock.transfers.MAX_COMMIT_LENGTH", COMMIT)
def a_commit_may_not_be_long(original: Any) -> Any:
    """A commit of thousands of parts is too large."""
    return 64 * 1024
