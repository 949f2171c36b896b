"""Defects of the client: part plans, and hits in commits."""

from __future__ import annotations

from typing import Any

import msgspec
from box_uploads.types import Response
from msgspec.structs import replace

from tests.prove.client_defects.building import BUILD, READ, with_body, with_request, with_session
from tests.prove.operations import COMMIT, PLAN
from tests.prove.patches import change, with_result, wrap


def _swap_hits(response: Any, raw: Any) -> Any:
    plan = response.parsed
    return Response(raw, replace(plan, hits=plan.misses, misses=plan.hits))


# fmt: off
DEFECTS = (
    wrap("A plan is sent with PUT", BUILD(PLAN), with_request(method="PUT"), PLAN),
    wrap("A plan is sent to the endpoint `log_event`", BUILD(PLAN),
        with_session(lambda request, ends: {"url": ends.log_event, "path": request.path.replace("/plan", "/log")}),
        PLAN),
    wrap("The URL of a plan is built from the session's id", BUILD(PLAN), with_request(url=""), PLAN, "own_endpoint"),
    wrap("Without a URL, the request goes to the path of the contract", "api.plan_upload_parts.given_url",
        lambda original, argument, url: "" if url is msgspec.UNSET else original(argument, url), "without_a_url"),
    wrap("Only the first part is planned", BUILD(PLAN), with_body(lambda body: body.update(parts=body["parts"][:1])),
        PLAN),
    wrap("The digest of a planned part is called `sha1`", BUILD(PLAN),
        with_body(lambda body: [part.update(sha1=part.pop("sha512")) for part in body["parts"]]), PLAN),
    wrap("Half of the digest of a planned part is sent", BUILD(PLAN),
        with_body(lambda body: [part.update(sha512=part["sha512"][:64]) for part in body["parts"]]), PLAN),
    wrap("A plan is not retried", BUILD(PLAN), with_request(repeatable=None), PLAN, "second_effect"),
    wrap("Hits and misses are swapped", READ(PLAN), with_result(_swap_hits), PLAN, "whole_life"),
    change("The body of a 410 is decoded as something else", "api.plan_upload_parts._ERRORS[410]",
        lambda original: type(original)(int), PLAN),
    wrap("A digest that is left out is sent as null", BUILD(COMMIT),
        with_body(lambda body: [part.setdefault("sha1", None) for part in body["parts"]]), COMMIT, "whole_life"),
    wrap("The SHA-512 of a part is left out of a commit", BUILD(COMMIT),
        with_body(lambda body: [part.pop("sha512", None) for part in body["parts"]]), COMMIT),
)
