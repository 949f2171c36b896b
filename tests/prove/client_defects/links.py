"""Defects of the client: which links of a response it trusts, and whether it follows them."""

from __future__ import annotations

import re
from typing import Any

from box_uploads.types import Headers

from tests.prove.client_defects.building import BUILD, with_request
from tests.prove.planting import Catalogue

__all__ = ["DEFECTS"]

DEFECTS = Catalogue()
CREATE, GET = "create_upload_session", "get_upload_session"
UPLOAD = "upload_part"
COMMIT = "commit_upload_session"


TRUSTED = "leads_elsewhere"


@DEFECTS.defect("box_uploads._runtime.trust.Trust.check", CREATE, TRUSTED, "hostile")
def every_link_is_trusted(original: Any) -> Any:
    """The token is sent wherever a session says."""
    return lambda trust, text, server, path: text


@DEFECTS.defect("box_uploads._runtime.trust.Trust._check_origin", TRUSTED, "hostile")
def a_host_may_end_as_a_trusted_one(original: Any) -> Any:
    """`evilbox.com` is taken for a part of `box.com`."""

    def spoiled(trust: Any, text: str, url: Any) -> None:
        if not (url["scheme"] == "https" and not url["port"] and url["host"].endswith(tuple(trust._hosts))):
            original(trust, text, url)

    return spoiled


@DEFECTS.defect("box_uploads._runtime.trust.Trust._check_origin", TRUSTED, "hostile")
def a_link_may_be_plain_http(original: Any) -> Any:
    """A link over http is followed, with the token."""

    def spoiled(trust: Any, text: str, url: Any) -> None:
        original(trust, text, re.match(url.re, text.replace("http:", "https:", 1)))

    return spoiled


@DEFECTS.defect("box_uploads._runtime.trust.Trust._check_origin", "hostile")
def a_link_may_name_a_port(original: Any) -> Any:
    """A link to another port of a trusted host is followed."""

    def spoiled(trust: Any, text: str, url: Any) -> None:
        original(trust, text, re.match(url.re, text.replace(url["port"] or "\0", "", 1)))

    return spoiled


@DEFECTS.defect("box_uploads._runtime.trust._URL", "hostile")
def a_link_may_have_a_user(original: Any) -> Any:
    """A link with a user name is followed."""
    return re.compile(original.pattern.replace("://", "://(?:[^/@]*@)?", 1))


@DEFECTS.defect("box_uploads._runtime.trust.Trust.check", "hostile")
def a_link_may_lead_to_any_path(original: Any) -> Any:
    """A link to another call of a trusted host is followed."""

    def spoiled(trust: Any, text: str, server: str, path: str) -> str:
        try:
            return original(trust, text, server, path)  # type: ignore[no-any-return]  # a URL
        except Exception as error:
            # There are two classes of the name: of the client, and of the runtime where it is written.
            if str(getattr(error, "rule", "")).startswith("does not lead to"):
                return text
            raise

    return spoiled


@DEFECTS.defect("box_uploads._runtime.trust.is_loopback", "hostile", "loopback")
def localhost_is_any_host_of_that_name(original: Any) -> Any:
    """`localhost.evil.org` is taken for this machine."""
    return lambda host: host.lower().startswith("localhost") or original(host)


@DEFECTS.defect("box_uploads._runtime.trust.Trust.__init__", "named")
def further_hosts_are_not_trusted(original: Any) -> Any:
    """`trusted_hosts` is ignored."""
    return lambda trust, hosts, further, base_url: original(trust, hosts, (), base_url)


@DEFECTS.defect("box_uploads._runtime.trust.Trust.__init__", "loopback")
def every_client_is_at_loopback(original: Any) -> Any:
    """Links to this machine are followed by clients of the real API."""

    def spoiled(trust: Any, hosts: Any, further: Any, base_url: Any) -> None:
        original(trust, hosts, further, base_url)
        trust._at_loopback = True

    return spoiled


@DEFECTS.defect(BUILD(UPLOAD), UPLOAD)
def the_place_of_a_part_is_guessed(original: Any) -> Any:
    """The URL of a part is made of the session's id, whatever the session says."""
    return with_request(original, url=lambda _: "")


@DEFECTS.defect(BUILD(COMMIT), COMMIT)
def the_place_of_a_commit_is_guessed(original: Any) -> Any:
    """The URL of a commit is made of the session's id, whatever the session says."""
    return with_request(original, url=lambda _: "")


@DEFECTS.defect(BUILD(GET), GET)
def the_place_of_a_session_is_guessed(original: Any) -> Any:
    """The URL of a session is made of its id, whatever the session says."""
    return with_request(original, url=lambda _: "")


@DEFECTS.defect("box_uploads._runtime.wire.Headers", CREATE, COMMIT)
def headers_of_a_response_are_dropped(original: Any) -> Any:
    """Header fields of responses are lost, apart from the media type."""
    return lambda pairs: Headers([pair for pair in pairs if pair[0].lower() == "content-type"])


@DEFECTS.defect(BUILD("abort_upload_session"), "abort_upload_session", "own_endpoint")
def a_session_is_aborted_at_its_status(original: Any) -> Any:
    """The request goes to the endpoint `status`, whose path is that of `abort`."""

    def spoiled(session: Any, **options: Any) -> Any:
        return with_request(original, url=lambda _: session.session_endpoints.status)(session, **options)

    return spoiled
