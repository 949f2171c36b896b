"""Defects of the client: part plans, and hits in commits."""

from __future__ import annotations

from typing import Any

import msgspec

from tests.prove.client_defects.building import BUILD, READ, with_body, with_request
from tests.prove.operations import COMMIT, PLAN
from tests.prove.patches import change, wrap


def _a_plan_is_logged(original: Any, session: Any, **options: Any) -> Any:
    request = original(session, **options)
    log = session.session_endpoints.log_event
    return msgspec.structs.replace(request, url=log, path=request.path.replace("/plan", "/log"))


def _hits_are_misses(original: Any, raw: Any) -> Any:
    response = original(raw)
    plan = response.parsed
    swapped = msgspec.structs.replace(plan, hits=plan.misses, misses=plan.hits)
    return type(response)(raw, swapped)


# fmt: off
DEFECTS = (
    wrap("a-plan-is-put", BUILD(PLAN), "The method is PUT.", with_request(method=lambda _: "PUT"), PLAN),
    wrap("a-plan-is-logged", BUILD(PLAN), "The request goes to the endpoint `log_event`.", _a_plan_is_logged, PLAN),
    wrap("the-place-of-a-plan-is-guessed", BUILD(PLAN), "The URL of a plan is built from the session's id.",
        with_request(url=lambda _: ""), PLAN, "own_endpoint"),
    wrap("a-plan-without-a-place-is-sent", "box_uploads.api.upload_sessions.plan_upload_parts.given_url",
        "Without a URL, the request goes to the path of the contract.",
        lambda original, argument, url: "" if url is msgspec.UNSET else original(argument, url), "without_a_url"),
    wrap("one-part-is-planned", BUILD(PLAN), "Only the first part is planned.",
        with_body(lambda body: body.update(parts=body["parts"][:1])), PLAN),
    wrap("a-planned-part-has-a-sha1", BUILD(PLAN), "The digest of a planned part is called `sha1`.",
        with_body(lambda body: [part.update(sha1=part.pop("sha512")) for part in body["parts"]]), PLAN),
    wrap("the-digest-of-a-planned-part-is-cut", BUILD(PLAN), "Half of the digest is sent.",
        with_body(lambda body: [part.update(sha512=part["sha512"][:64]) for part in body["parts"]]), PLAN),
    wrap("a-plan-is-not-repeated", BUILD(PLAN), "A plan is not retried.", with_request(repeatable=lambda _: None),
        PLAN, "repeated_by_itself"),
    wrap("hits-are-misses", READ(PLAN), "Hits and misses are swapped.", _hits_are_misses, PLAN, "whole_life"),
    change("an-expired-session-of-a-plan-is-not-read",
        "box_uploads.api.upload_sessions.plan_upload_parts._ERRORS[410]",
        "The body of a 410 is decoded as something else.", lambda original: type(original)(int), PLAN),
    wrap("a-hit-is-sent-with-null", BUILD(COMMIT), "A digest that is left out is sent as null.",
        with_body(lambda body: [part.setdefault("sha1", None) for part in body["parts"]]), COMMIT, "whole_life"),
    wrap("a-sha512-is-not-sent", BUILD(COMMIT), "The SHA-512 of a part is left out of a commit.",
        with_body(lambda body: [part.pop("sha512", None) for part in body["parts"]]), COMMIT),
)
