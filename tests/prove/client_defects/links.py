"""Defects of the client: which URLs of a session it trusts and uses."""

from __future__ import annotations

import re
from typing import Any

from box_uploads.types import Headers

from tests.prove.client_defects.building import BUILD, with_request
from tests.prove.operations import ABORT, COMMIT, CREATE, GET, UPLOAD
from tests.prove.patches import after, change, patch, wrap

TRUSTED = "leads_elsewhere"


def _a_host_may_end_as_a_trusted_one(original: Any, trust: Any, text: str, url: Any) -> None:
    if not (url["scheme"] == "https" and not url["port"] and url["host"].endswith(tuple(trust._hosts))):
        original(trust, text, url)


def _a_link_may_lead_to_any_path(original: Any, trust: Any, text: str, server: str, path: str) -> str:
    try:
        return original(trust, text, server, path)  # type: ignore[no-any-return]  # a URL
    except Exception as error:
        # There are two classes of the name: of the client, and of the runtime where it is written.
        if str(getattr(error, "rule", "")).startswith("does not lead to"):
            return text
        raise


def _a_session_is_aborted_at_its_status(original: Any, session: Any, **options: Any) -> Any:
    return with_request(url=lambda _: session.session_endpoints.status)(original, session, **options)


def _checked_as(change: Any) -> Any:
    """Check another URL instead of the link."""
    return lambda original, trust, text, url: original(trust, text, re.match(url.re, change(text, url)))


# fmt: off
DEFECTS = (
    patch("every-link-is-trusted", "box_uploads._runtime.url_policy.UrlPolicy.check",
        "The token is sent to any URL that a session names.", lambda trust, text, server, path: text, CREATE, TRUSTED,
        "hostile"),
    wrap("a-host-may-end-as-a-trusted-one", "box_uploads._runtime.url_policy.UrlPolicy._check_origin",
        "`evilbox.com` counts as a part of `box.com`.", _a_host_may_end_as_a_trusted_one, TRUSTED, "hostile"),
    wrap("a-link-may-be-plain-http", "box_uploads._runtime.url_policy.UrlPolicy._check_origin",
        "A link over http is followed, with the token.",
        _checked_as(lambda text, url: text.replace("http:", "https:", 1)), TRUSTED, "hostile"),
    wrap("a-link-may-name-a-port", "box_uploads._runtime.url_policy.UrlPolicy._check_origin",
        "A link to another port of a trusted host is followed.",
        _checked_as(lambda text, url: text.replace(url["port"] or "\0", "", 1)), "hostile"),
    change("a-link-may-have-a-user", "box_uploads._runtime.url_policy._URL", "A link with a user name is followed.",
        lambda original: re.compile(original.pattern.replace("://", "://(?:[^/@]*@)?", 1)), "hostile"),
    wrap("a-link-may-lead-to-any-path", "box_uploads._runtime.url_policy.UrlPolicy.check",
        "A link to another call of a trusted host is followed.", _a_link_may_lead_to_any_path, "hostile"),
    wrap("localhost-is-any-host-of-that-name", "box_uploads._runtime.url_policy.is_loopback",
        "`localhost.evil.org` counts as this machine.",
        lambda original, host: host.lower().startswith("localhost") or original(host), "hostile", "loopback"),
    wrap("further-hosts-are-not-trusted", "box_uploads._runtime.url_policy.UrlPolicy.__init__",
        "`trusted_hosts` is ignored.",
        lambda original, trust, hosts, further, base_url: original(trust, hosts, (), base_url), "named"),
    wrap("every-client-is-at-loopback", "box_uploads._runtime.url_policy.UrlPolicy.__init__",
        "Clients of the real API follow links to this machine.",
        after(lambda _, trust, *rest: setattr(trust, "_at_loopback", True)), "loopback"),
    wrap("the-place-of-a-part-is-guessed", BUILD(UPLOAD), "The URL of a part is built from the session's id.",
        with_request(url=lambda _: ""), UPLOAD),
    wrap("the-place-of-a-commit-is-guessed", BUILD(COMMIT), "The URL of a commit is built from the session's id.",
        with_request(url=lambda _: ""), COMMIT),
    wrap("the-place-of-a-session-is-guessed", BUILD(GET), "The URL of a session is built from its id.",
        with_request(url=lambda _: ""), GET),
    patch("headers-of-a-response-are-dropped", "box_uploads._runtime.response_reader.Headers",
        "Response headers are lost, except the media type.",
        lambda pairs: Headers([pair for pair in pairs if pair[0].lower() == "content-type"]), CREATE, COMMIT),
    wrap("a-session-is-aborted-at-its-status", BUILD(ABORT),
        "The request goes to the endpoint `status`, whose path is that of `abort`.",
        _a_session_is_aborted_at_its_status, ABORT, "own_endpoint"),
)
