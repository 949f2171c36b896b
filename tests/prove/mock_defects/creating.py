"""Defects of the mock: how sessions are created, and refused."""

from __future__ import annotations

import re
from dataclasses import replace
from decimal import Decimal
from typing import Any

from box_uploads_mock.world import File

from tests.prove.mock_defects.outcomes import HANDLER, with_outcome
from tests.prove.planting import Catalogue

__all__ = ["DEFECTS"]

DEFECTS = Catalogue()
CREATE, VERSION = "create_upload_session", "create_version_upload_session"
GET = "get_upload_session"


def _described(original: Any, **changes: object) -> Any:
    return lambda session, call: {**original(session, call), **changes}


def _linked(original: Any, **change: Any) -> Any:
    def spoiled(session: Any, call: Any) -> dict[str, Any]:
        body = dict(original(session, call))
        endpoints = body["session_endpoints"]
        body["session_endpoints"] = endpoints | {name: spoil(endpoints) for name, spoil in change.items()}
        return body

    return spoiled


@DEFECTS.defect(HANDLER(CREATE), CREATE)
def a_created_session_is_answered_200(original: Any) -> Any:
    """The status of a created session is 200."""
    return with_outcome(original, status=200)


@DEFECTS.defect(HANDLER(VERSION), VERSION)
def a_created_version_session_is_answered_202(original: Any) -> Any:
    """The status of a created session is 202."""
    return with_outcome(original, status=202)


@DEFECTS.defect("box_uploads_mock.uploads.Uploads.open", CREATE, GET)
def a_created_session_is_forgotten(original: Any) -> Any:
    """A session is answered and not kept."""

    def spoiled(uploads: Any, request: Any, file_id: Any) -> Any:
        session = original(uploads, request, file_id)
        uploads._sessions.clear()
        return session

    return spoiled


@DEFECTS.defect("box_uploads_mock.uploads.Uploads.open", CREATE)
def the_same_request_gets_the_same_session(original: Any) -> Any:
    """An equal request is answered with the session of the first."""

    def spoiled(uploads: Any, request: Any, file_id: Any) -> Any:
        for session in uploads._sessions.values():
            if (session.target, session.file_id) == (request, file_id):
                return session
        return original(uploads, request, file_id)

    return spoiled


@DEFECTS.defect("box_uploads_mock.uploads.Uploads.lose_answer", CREATE)
def a_lost_answer_is_no_conflict(original: Any) -> Any:
    """An equal request after a lost answer gets another session."""
    return lambda uploads, session_id: None


@DEFECTS.defect("box_uploads_mock.rules.argument_refusal", CREATE, VERSION, "test_rules")
def no_argument_is_blamed(original: Any) -> Any:
    """What is wrong with an argument is told without its name."""
    return lambda code, name, message: original(code, "", message)


@DEFECTS.defect("box_uploads_mock.rules._file_size", CREATE)
def a_file_may_be_one_byte_smaller(original: Any) -> Any:
    """The smallest file is one byte smaller."""
    return lambda value, least: original(value, least - 1)


@DEFECTS.defect("box_uploads_mock.rules._file_size", VERSION)
def a_file_has_to_be_one_byte_larger(original: Any) -> Any:
    """The smallest file is one byte larger."""
    return lambda value, least: original(value, least + 1)


@DEFECTS.defect("box_uploads_mock.rules._file_size", CREATE)
def too_small_is_another_status(original: Any) -> Any:
    """A file that is too small is refused with 422."""

    def spoiled(value: Any, least: int) -> Any:
        try:
            return original(value, least)
        except Exception as refusal:
            refusal.status = 422  # type: ignore[attr-defined]  # a refusal
            raise

    return spoiled


@DEFECTS.defect("box_uploads_mock.rules.whole_number", CREATE)
def a_size_may_be_a_text(original: Any) -> Any:
    """A size that is written as a string is taken for a number."""
    return lambda value: original(int(value) if isinstance(value, str) and value.isdecimal() else value)


@DEFECTS.defect("box_uploads_mock.rules.whole_number", VERSION)
def a_size_may_have_a_fraction(original: Any) -> Any:
    """A fraction of a byte is cut off."""
    return lambda value: original(int(value) if isinstance(value, Decimal) else value)


@DEFECTS.defect("box_uploads_mock.rules.whole_number", CREATE)
def a_size_may_not_be_written_as_a_float(original: Any) -> Any:
    """An integer that is written as 2e7 is refused."""
    return lambda value: None if isinstance(value, Decimal) else original(value)


@DEFECTS.defect("box_uploads_mock.rules.INT64_MAX", CREATE)
def a_size_may_have_any_number_of_digits(original: Any) -> Any:
    """Sizes beyond 64 bits are not refused as such."""
    return original * 10**6


@DEFECTS.defect("box_uploads_mock.names.NAME_MAX_LENGTH", CREATE)
def a_name_may_have_256_characters(original: Any) -> Any:
    """The longest name is one character longer."""
    return original + 1


@DEFECTS.defect("box_uploads_mock.names.NAME_MAX_LENGTH", VERSION)
def a_name_may_have_254_characters(original: Any) -> Any:
    """The longest name is one character shorter."""
    return original - 1


@DEFECTS.defect("box_uploads_mock.names._FORBIDDEN", CREATE)
def a_name_may_have_a_backslash(original: Any) -> Any:
    """A backslash is no reason to refuse a name."""
    return re.compile(original.pattern.replace("\\\\", "", 1))


@DEFECTS.defect("box_uploads_mock.rules._file_name", VERSION)
def a_name_is_trimmed(original: Any) -> Any:
    """Blanks around a name are dropped."""
    return lambda value: original(value.strip() if isinstance(value, str) and value.strip() else value)


@DEFECTS.defect("box_uploads_mock.rules.refuse_unknown", CREATE, VERSION)
def unknown_properties_are_ignored(original: Any) -> Any:
    """A request may have properties that no document names."""
    return lambda fields, known: None


@DEFECTS.defect("box_uploads_mock.rules.json_object", CREATE)
def malformed_json_is_a_crash(original: Any) -> Any:
    """A body that is not JSON is an error of the server."""

    def spoiled(body: bytes) -> Any:
        body.decode("ascii")
        return original(body)

    return spoiled


@DEFECTS.defect("box_uploads_mock.operations.rules.new_version", VERSION)
def a_null_name_is_no_name(original: Any) -> Any:
    """A name that is null is taken for one that is absent."""
    return lambda body, least: original(
        body.replace(b'"file_name": null, ', b"").replace(b'"file_name":null,', b""), least
    )


@DEFECTS.defect("box_uploads_mock.rules.is_id", VERSION)
def an_id_may_be_any_text(original: Any) -> Any:
    """An id that is no number is unknown rather than malformed."""
    return bool


@DEFECTS.defect("box_uploads_mock.library.Library._require_folder", CREATE)
def any_folder_exists(original: Any) -> Any:
    """A folder that does not exist, or is in the trash, gets the file."""
    return lambda library, folder_id: None


@DEFECTS.defect("box_uploads_mock.library.Library.require_file", VERSION)
def a_file_in_the_trash_gets_a_version(original: Any) -> Any:
    """The trash is no reason to refuse a version."""

    def spoiled(library: Any, file_id: str) -> Any:
        present = library._files.get(file_id)
        return replace(present, trashed=False) if present is not None else original(library, file_id)

    return spoiled


@DEFECTS.defect("box_uploads_mock.library.Library.require_file", VERSION)
def any_file_exists(original: Any) -> Any:
    """A file that does not exist gets a version."""
    return lambda library, file_id: library._files.get(file_id) or File(id=file_id, name=f"{file_id}.new")


@DEFECTS.defect("box_uploads_mock.library.name_key", CREATE, VERSION)
def letter_case_tells_names_apart(original: Any) -> Any:
    """A name in other letters is another name."""
    return lambda name: name


@DEFECTS.defect("box_uploads_mock.library._conflict", CREATE)
def a_conflict_names_another_file(original: Any) -> Any:
    """The file in the way is told with an id that does not exist."""
    return lambda item: {**original(item), "id": "99999"}


@DEFECTS.defect("box_uploads_mock.library._conflict", VERSION)
def a_conflict_has_a_malformed_digest(original: Any) -> Any:
    """The SHA-1 of the file in the way is in upper case."""
    return lambda item: {**original(item), "sha1": original(item).get("sha1", "").upper()}


@DEFECTS.defect("box_uploads_mock.library.Library._require_free_name", VERSION)
def a_file_is_in_its_own_way(original: Any) -> Any:
    """A version that keeps its name conflicts with itself."""
    return lambda library, folder_id, name, renamed: original(library, folder_id, name, renamed=None)


@DEFECTS.defect("box_uploads_mock.errors.STATUS_OF_CODE[item_name_in_use]", CREATE)
def a_taken_name_is_a_bad_request(original: Any) -> Any:
    """A name that is taken is told by 400."""
    return 400


@DEFECTS.defect("box_uploads_mock.library.Library._require_room", CREATE, VERSION)
def the_storage_is_endless(original: Any) -> Any:
    """Neither the account's storage nor its largest file is looked at."""
    return lambda library, file_size: None
