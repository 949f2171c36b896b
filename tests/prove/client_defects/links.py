"""Defects of the client: which URLs of a session it trusts and uses."""

from __future__ import annotations

import re
from typing import Any

from box_uploads.types import Headers

from tests.prove.client_defects.building import BUILD, with_request, with_session
from tests.prove.operations import ABORT, COMMIT, CREATE, GET, UPLOAD
from tests.prove.patches import after, change, patch, wrap

TRUSTED = "leads_elsewhere"


def _trust_similar_hosts(original: Any, trust: Any, text: str, url: Any, own: Any) -> None:
    if not (url["scheme"] == "https" and not url["port"] and url["host"].endswith(tuple(trust._hosts))):
        original(trust, text, url, own)


def _allow_any_path(original: Any, trust: Any, text: str, server: str, path: str) -> str:
    try:
        return original(trust, text, server, path)  # type: ignore[no-any-return]  # a URL
    except Exception as error:
        # There are two classes of the name: of the client, and of the runtime where it is written.
        if str(getattr(error, "rule", "")).startswith("does not lead to"):
            return text
        raise


def _checked_as(change: Any) -> Any:
    """Check another URL instead of the link."""
    return lambda original, trust, text, url, own: original(trust, text, re.match(url.re, change(text, url)), own)


# fmt: off
DEFECTS = (
    patch("The token is sent to any URL that a session names", "runtime.url_policy.UrlPolicy.check",
        lambda trust, text, server, path: text, CREATE, TRUSTED),
    wrap("`evilbox.com` counts as a part of `box.com`", "runtime.url_policy.UrlPolicy._check_origin",
        _trust_similar_hosts, TRUSTED),
    wrap("A link over http is followed, with the token", "runtime.url_policy.UrlPolicy._check_origin",
        _checked_as(lambda text, url: text.replace("http:", "https:", 1)), TRUSTED),
    wrap("A link to another port of a trusted host is followed", "runtime.url_policy.UrlPolicy._check_origin",
        _checked_as(lambda text, url: text.replace(url["port"] or "\0", "", 1))),
    change("A link with a user name is followed", "runtime.url_policy._URL",
        lambda original: re.compile(original.pattern.replace("://", "://(?:[^/@]*@)?", 1))),
    wrap("A link to another call of a trusted host is followed", "runtime.url_policy.UrlPolicy.check", _allow_any_path),
    wrap("`localhost.evil.org` counts as this machine", "runtime.url_policy.is_loopback",
        lambda original, host: host.lower().startswith("localhost") or original(host)),
    wrap("`trusted_hosts` is ignored", "runtime.url_policy.UrlPolicy.__init__",
        lambda original, trust, hosts, further, base_url: original(trust, hosts, (), base_url), "named"),
    wrap("Clients of the real API follow links to this machine", "runtime.url_policy.UrlPolicy.__init__",
        after(lambda _, trust, *rest: setattr(trust, "_at_loopback", True))),
    wrap("The URL of a part is built from the session's id", BUILD(UPLOAD), with_request(url=""), UPLOAD),
    wrap("The URL of a commit is built from the session's id", BUILD(COMMIT), with_request(url=""), COMMIT),
    wrap("The URL of a session is built from its id", BUILD(GET), with_request(url=""), GET),
    patch("Response headers are lost, except the media type", "runtime.response_reader.Headers",
        lambda pairs: Headers([pair for pair in pairs if pair[0].lower() == "content-type"]), CREATE, COMMIT),
    wrap("An abort is sent to the endpoint `status`", BUILD(ABORT),
        with_session(lambda _, endpoints: {"url": endpoints.status}), ABORT, "own_endpoint"),
)
