"""Defects of the client: asking which parts need not be uploaded, and naming them in a commit."""

from __future__ import annotations

from typing import Any

import msgspec

from tests.prove.client_defects.building import BUILD, READ, with_body, with_request
from tests.prove.planting import Catalogue

__all__ = ["DEFECTS"]

DEFECTS = Catalogue()
PLAN, COMMIT = "plan_upload_parts", "commit_upload_session"
MODULE = "box_uploads.api.upload_sessions.plan_upload_parts."


@DEFECTS.defect(BUILD(PLAN), PLAN)
def a_plan_is_put(original: Any) -> Any:
    """The method is PUT."""
    return with_request(original, method=lambda _: "PUT")


@DEFECTS.defect(BUILD(PLAN), PLAN)
def a_plan_is_logged(original: Any) -> Any:
    """The request goes to the endpoint `log_event`."""

    def spoiled(session: Any, **options: Any) -> Any:
        request = original(session, **options)
        log = session.session_endpoints.log_event
        return msgspec.structs.replace(request, url=log, path=request.path.replace("/plan", "/log"))

    return spoiled


@DEFECTS.defect(BUILD(PLAN), PLAN, "own_endpoint")
def the_place_of_a_plan_is_guessed(original: Any) -> Any:
    """The URL of a plan is made of the session's id, whatever the session says."""
    return with_request(original, url=lambda _: "")


@DEFECTS.defect(f"{MODULE}given_url", "without_a_url")
def a_plan_without_a_place_is_sent(original: Any) -> Any:
    """Without a URL, the request goes to the path of the contract."""
    return lambda argument, url: "" if url is msgspec.UNSET else original(argument, url)


@DEFECTS.defect(BUILD(PLAN), PLAN)
def one_part_is_planned(original: Any) -> Any:
    """Only the first part is asked for."""
    return with_body(original, lambda body: body.update(parts=body["parts"][:1]))


@DEFECTS.defect(BUILD(PLAN), PLAN)
def a_planned_part_has_a_sha1(original: Any) -> Any:
    """The digest of a planned part is called `sha1`."""
    return with_body(original, lambda body: [one.update(sha1=one.pop("sha512")) for one in body["parts"]])


@DEFECTS.defect(BUILD(PLAN), PLAN)
def the_digest_of_a_planned_part_is_cut(original: Any) -> Any:
    """Half of the digest is sent."""
    return with_body(original, lambda body: [one.update(sha512=one["sha512"][:64]) for one in body["parts"]])


@DEFECTS.defect(BUILD(PLAN), PLAN, "repeated_by_itself")
def a_plan_is_not_repeated(original: Any) -> Any:
    """A plan is sent once, as what has a second effect."""
    return with_request(original, repeatable=lambda _: None)


@DEFECTS.defect(READ(PLAN), PLAN, "whole_life")
def hits_are_misses(original: Any) -> Any:
    """What the server holds is told as what it does not hold."""

    def spoiled(raw: Any) -> Any:
        response = original(raw)
        plan = response.parsed
        swapped = msgspec.structs.replace(plan, hits=plan.misses, misses=plan.hits)
        return type(response)(raw, swapped)

    return spoiled


@DEFECTS.defect(f"{MODULE}_ERRORS[410]", PLAN)
def an_expired_session_of_a_plan_is_not_read(original: Any) -> Any:
    """The body of a 410 is read as something else."""
    return type(original)(int)


@DEFECTS.defect(BUILD(COMMIT), COMMIT, "whole_life")
def a_hit_is_sent_with_null(original: Any) -> Any:
    """A digest that is left out is sent as null."""
    return with_body(original, lambda body: [one.setdefault("sha1", None) for one in body["parts"]])


@DEFECTS.defect(BUILD(COMMIT), COMMIT)
def a_sha512_is_not_sent(original: Any) -> Any:
    """The SHA-512 of a part is left out of a commit."""
    return with_body(original, lambda body: [one.pop("sha512", None) for one in body["parts"]])
