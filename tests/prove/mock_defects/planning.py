"""Defects of the mock: part plans, and hits in commits."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from box_uploads_mock.part_store import StoredPart
from box_uploads_mock.rules import parse_json_object

from tests.prove.mock_defects.outcomes import HANDLER, with_body, with_outcome
from tests.prove.operations import COMMIT, PLAN
from tests.prove.patches import after, patch, wrap


def _each_plan_gives_new_ids(part_store: Any, offset: int, sha512: str) -> None:
    part_store._hits.pop((offset, sha512), None)


def _a_hit_goes_with_its_session(part_store: Any, part: Any, source: Any) -> Any:
    return part_store._hits.setdefault((part.offset, part.sha512), StoredPart(part, source)).part


def _a_hit_is_known_by_its_id_alone(original: Any, part_store: Any, named: Any) -> None:
    for hit in list(part_store._hits.values()):
        if hit.part.part_id == named.part_id:
            original(part_store, hit.part)
            part_store._parts[hit.part.offset] = named


def _a_plan_with_other_properties_is_taken(original: Any, body: bytes) -> Any:
    parts = parse_json_object(body).get("parts")
    return original(json.dumps({"parts": parts}, default=float).encode())


def _a_planned_part_of_no_bytes_is_taken(original: Any, value: Any) -> Any:
    if isinstance(value, dict) and value.get("size") == 0 and value["size"] is not False:
        return replace(original({**value, "size": 1}), size=0)
    return original(value)


# fmt: off
DEFECTS = (
    wrap("a-plan-is-answered-201", HANDLER(PLAN), "The status of a plan is 201.", with_outcome(status=201), PLAN),
    wrap("a-plan-names-no-session", HANDLER(PLAN), "`upload_session_id` of a plan is missing.",
        with_body(lambda body: body.pop("upload_session_id")), PLAN),
    wrap("hits-are-not-told", HANDLER(PLAN), "`hits` is empty.", with_body(lambda body: body.update(hits=[])), PLAN,
        "plan"),
    wrap("a-hit-has-no-id", HANDLER(PLAN), "A hit lacks its id.",
        with_body(lambda body: [hit.pop("part_id") for hit in body["hits"]]), PLAN, "plan"),
    patch("hits-go-by-size-alone", "box_uploads_mock.session_store._has_content",
        "A part of the same size with other bytes is a hit.", lambda held, wanted: held.part.size == wanted.size, PLAN,
        "plan"),
    wrap("hits-are-only-found-at-their-own-offset", "box_uploads_mock.session_store._has_content",
        "The same bytes at another offset are no hit.",
        lambda original, held, wanted: held.part.offset == wanted.offset and original(held, wanted), PLAN, "plan"),
    patch("stored-files-are-no-hits", "box_uploads_mock.file_store.FileStore.stored_parts",
        "Only parts of open sessions are hits.",
        lambda library: [], PLAN, "plan"),
    patch("open-sessions-are-no-hits", "box_uploads_mock.part_store.PartStore.stored_parts",
        "Only parts of stored files are hits.", lambda part_store: [], PLAN, "plan"),
    patch("hits-need-no-range-of-the-session", "box_uploads_mock.sessions.Session.has_range",
        "A part outside the session's ranges can be a hit.", lambda session, wanted: True, PLAN, "plan"),
    patch("each-plan-gives-new-ids", "box_uploads_mock.part_store.PartStore.find_hit",
        "Each plan gives a hit another id.",
        _each_plan_gives_new_ids, PLAN, "plan"),
    wrap("a-plan-stores-its-hits", "box_uploads_mock.part_store.PartStore.add_hit",
        "A hit counts as uploaded before the commit.",
        after(lambda hit, part_store, part, source: part_store.use_hit(part)), PLAN, "plan"),
    patch("a-hit-goes-with-its-session", "box_uploads_mock.part_store.PartStore.add_hit",
        "The bytes of a hit are lost with their session.", _a_hit_goes_with_its_session, PLAN, "plan"),
    wrap("a-commit-cannot-name-hits", "box_uploads_mock.session_store.SessionStore.use_hits",
        "A commit cannot name hits.",
        lambda original, uploads, session_id, named: original(uploads, session_id, []), COMMIT, "plan"),
    wrap("a-hit-is-known-by-its-id-alone", "box_uploads_mock.part_store.PartStore.use_hit",
        "A commit may name a hit with another offset or size.", _a_hit_is_known_by_its_id_alone, COMMIT, "plan"),
    patch("a-sha512-is-not-compared", "box_uploads_mock.session_store.SessionStore.check_sha512",
        "A commit may name parts with another SHA-512.", lambda uploads, session, named: None, COMMIT, "plan"),
    wrap("a-plan-with-other-properties-is-taken", "box_uploads_mock.transfers.commit_rules.parse_plan",
        "Unknown properties of a plan are ignored.", _a_plan_with_other_properties_is_taken, PLAN),
    wrap("a-sha512-in-capitals-is-another", "box_uploads_mock.commit_rules._sha512",
        "The letter case of a SHA-512 counts.", lambda original, fields: original(fields) and fields["sha512"], PLAN,
        COMMIT),
    wrap("a-planned-part-of-no-bytes-is-taken", "box_uploads_mock.commit_rules._planned",
        "A part without bytes can be planned.", _a_planned_part_of_no_bytes_is_taken, PLAN),
)
