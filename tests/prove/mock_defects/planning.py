"""Defects of the mock: plans, and the hits that commits name."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from box_uploads_mock.assembly import Held
from box_uploads_mock.rules import json_object

from tests.prove.mock_defects.outcomes import HANDLER, with_body, with_outcome
from tests.prove.planting import Catalogue

__all__ = ["DEFECTS"]

DEFECTS = Catalogue()
PLAN, COMMIT = "plan_upload_parts", "commit_upload_session"


@DEFECTS.defect(HANDLER(PLAN), PLAN)
def a_plan_is_answered_201(original: Any) -> Any:
    """The status of a plan is 201."""
    return with_outcome(original, status=201)


@DEFECTS.defect(HANDLER(PLAN), PLAN)
def a_plan_names_no_session(original: Any) -> Any:
    """A plan does not say which session it is for."""
    return with_body(original, lambda body: body.pop("upload_session_id"))


@DEFECTS.defect(HANDLER(PLAN), PLAN, "plan")
def hits_are_not_told(original: Any) -> Any:
    """A part that need not be uploaded is in neither list."""
    return with_body(original, lambda body: body.update(hits=[]))


@DEFECTS.defect(HANDLER(PLAN), PLAN, "plan")
def a_hit_has_no_id(original: Any) -> Any:
    """A hit is told as a miss is, without its id."""
    return with_body(original, lambda body: [hit.pop("part_id") for hit in body["hits"]])


@DEFECTS.defect("box_uploads_mock.uploads._is_same", PLAN, "plan")
def hits_go_by_size_alone(original: Any) -> Any:
    """A part with other bytes of the same number is a hit."""
    return lambda held, wanted: held.part.size == wanted.size


@DEFECTS.defect("box_uploads_mock.uploads._is_same", PLAN, "plan")
def hits_are_only_found_at_their_own_offset(original: Any) -> Any:
    """The same bytes at another place of a file are no hit."""
    return lambda held, wanted: held.part.offset == wanted.offset and original(held, wanted)


@DEFECTS.defect("box_uploads_mock.library.Library.held", PLAN, "plan")
def stored_files_are_no_hits(original: Any) -> Any:
    """Only parts of open sessions are hits."""
    return lambda library: []


@DEFECTS.defect("box_uploads_mock.assembly.Assembly.held", PLAN, "plan")
def open_sessions_are_no_hits(original: Any) -> Any:
    """Only parts of stored files are hits."""
    return lambda assembly: []


@DEFECTS.defect("box_uploads_mock.sessions.Session.has_range", PLAN, "plan")
def hits_need_no_range_of_the_session(original: Any) -> Any:
    """A part that the session does not have can be a hit."""
    return lambda session, wanted: True


@DEFECTS.defect("box_uploads_mock.assembly.Assembly.offered", PLAN, "plan")
def each_plan_gives_new_ids(original: Any) -> Any:
    """A hit has another id each time, and the first is forgotten."""

    def spoiled(assembly: Any, offset: int, sha512: str) -> None:
        assembly._offers.pop((offset, sha512), None)

    return spoiled


@DEFECTS.defect("box_uploads_mock.assembly.Assembly.offer", PLAN, "plan")
def a_plan_stores_its_hits(original: Any) -> Any:
    """A hit counts as uploaded before a commit has named it."""

    def spoiled(assembly: Any, part: Any, source: Any) -> Any:
        offered = original(assembly, part, source)
        assembly.adopt(part)
        return offered

    return spoiled


@DEFECTS.defect("box_uploads_mock.assembly.Assembly.offer", PLAN, "plan")
def a_hit_goes_with_its_session(original: Any) -> Any:
    """The bytes of a hit are not kept: they are gone when the session ends that they came with."""

    def spoiled(assembly: Any, part: Any, source: Any) -> Any:
        return assembly._offers.setdefault((part.offset, part.sha512), Held(part, source)).part

    return spoiled


@DEFECTS.defect("box_uploads_mock.uploads.Uploads.adopt", COMMIT, "plan")
def a_commit_cannot_name_hits(original: Any) -> Any:
    """Only what was uploaded is a part of the file."""
    return lambda uploads, session_id, named: original(uploads, session_id, [])


@DEFECTS.defect("box_uploads_mock.assembly.Assembly.adopt", COMMIT, "plan")
def a_hit_is_known_by_its_id_alone(original: Any) -> Any:
    """A commit may name a hit with another offset or size."""

    def spoiled(assembly: Any, named: Any) -> None:
        for offer in list(assembly._offers.values()):
            if offer.part.part_id == named.part_id:
                original(assembly, offer.part)
                assembly._parts[offer.part.offset] = named

    return spoiled


@DEFECTS.defect("box_uploads_mock.uploads.Uploads.check_sha512", COMMIT, "plan")
def a_sha512_is_not_compared(original: Any) -> Any:
    """A commit may name parts with another SHA-512."""
    return lambda uploads, session, named: None


@DEFECTS.defect("box_uploads_mock.transfers.commit_rules.plan_body", PLAN)
def a_plan_with_other_properties_is_taken(original: Any) -> Any:
    """A plan may have properties that nobody knows."""

    def spoiled(body: bytes) -> Any:
        parts = json_object(body).get("parts")
        return original(json.dumps({"parts": parts}, default=float).encode())

    return spoiled


@DEFECTS.defect("box_uploads_mock.commit_rules._sha512", PLAN, COMMIT)
def a_sha512_in_capitals_is_another(original: Any) -> Any:
    """The letter case of a digest counts."""
    return lambda fields: original(fields) and fields["sha512"]


@DEFECTS.defect("box_uploads_mock.commit_rules._planned", PLAN)
def a_planned_part_of_no_bytes_is_taken(original: Any) -> Any:
    """A part without bytes can be asked for."""

    def spoiled(value: Any) -> Any:
        if isinstance(value, dict) and value.get("size") == 0 and value["size"] is not False:
            return replace(original({**value, "size": 1}), size=0)
        return original(value)

    return spoiled
