"""Defects of the mock: part plans, and hits in commits."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from box_uploads_mock.part_store import StoredPart
from box_uploads_mock.rules import parse_json_object

from tests.prove.mock_defects.outcomes import HANDLER, with_body, with_outcome
from tests.prove.operations import COMMIT, PLAN
from tests.prove.patches import after, always, patch, wrap


def _forget_hit(part_store: Any, offset: int, sha512: str) -> None:
    part_store._hits.pop((offset, sha512), None)


def _reference_source(part_store: Any, part: Any, source: Any) -> Any:
    return part_store._hits.setdefault((part.offset, part.sha512), StoredPart(part, source)).part


def _match_by_id(original: Any, part_store: Any, named: Any) -> None:
    for hit in list(part_store._hits.values()):
        if hit.part.part_id == named.part_id:
            original(part_store, hit.part)
            part_store._parts[hit.part.offset] = named


def _drop_unknown_properties(original: Any, body: bytes) -> Any:
    parts = parse_json_object(body).get("parts")
    return original(json.dumps({"parts": parts}, default=float).encode())


def _accept_empty_part(original: Any, value: Any) -> Any:
    if isinstance(value, dict) and value.get("size") == 0 and value["size"] is not False:
        return replace(original({**value, "size": 1}), size=0)
    return original(value)


# fmt: off
DEFECTS = (
    wrap("The status of a plan is 201", HANDLER(PLAN), with_outcome(status=201), PLAN),
    wrap("`upload_session_id` of a plan is missing", HANDLER(PLAN),
        with_body(lambda body: body.pop("upload_session_id")), PLAN),
    wrap("`hits` is empty", HANDLER(PLAN), with_body(lambda body: body.update(hits=[])), PLAN, "plan"),
    wrap("A hit lacks its id", HANDLER(PLAN), with_body(lambda body: [hit.pop("part_id") for hit in body["hits"]]),
        PLAN, "plan"),
    patch("A part of the same size with other bytes is a hit", "mock.session_store._has_content",
        lambda held, wanted: held.part.size == wanted.size, PLAN, "plan"),
    wrap("The same bytes at another offset are no hit", "mock.session_store._has_content",
        lambda original, held, wanted: held.part.offset == wanted.offset and original(held, wanted), PLAN, "plan"),
    patch("Only parts of open sessions are hits", "mock.file_store.FileStore.stored_parts", always([]), PLAN, "plan"),
    patch("Only parts of stored files are hits", "mock.part_store.PartStore.stored_parts", always([]), PLAN, "plan"),
    patch("A part outside the session's ranges can be a hit", "mock.sessions.Session.has_range", always(True), PLAN,
        "plan"),
    patch("Each plan gives a hit another id", "mock.part_store.PartStore.find_hit", _forget_hit, PLAN, "plan"),
    wrap("A hit counts as uploaded before the commit", "mock.part_store.PartStore.add_hit",
        after(lambda hit, part_store, part, source: part_store.use_hit(part)), PLAN, "plan"),
    patch("The bytes of a hit are lost with their session", "mock.part_store.PartStore.add_hit", _reference_source,
        PLAN, "plan"),
    wrap("A commit cannot name hits", "mock.session_store.SessionStore.use_hits",
        lambda original, uploads, session_id, named: original(uploads, session_id, []), COMMIT, "plan"),
    wrap("A commit may name a hit with another offset or size", "mock.part_store.PartStore.use_hit", _match_by_id,
        COMMIT, "plan"),
    patch("A commit may name parts with another SHA-512", "mock.session_store.SessionStore.check_sha512", always(None),
        COMMIT, "plan"),
    wrap("Unknown properties of a plan are ignored", "mock.transfers.commit_rules.parse_plan", _drop_unknown_properties,
        PLAN),
    wrap("The letter case of a SHA-512 counts", "mock.commit_rules._sha512",
        lambda original, fields: original(fields) and fields["sha512"], PLAN, COMMIT),
    wrap("A part without bytes can be planned", "mock.commit_rules._planned", _accept_empty_part, PLAN),
)
