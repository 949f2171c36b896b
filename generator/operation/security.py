"""Where operations are, and how a caller is let in: servers and security."""

from __future__ import annotations

import re

from generator.document.document import Document, Node
from generator.document.keywords import check_keywords
from generator.errors import SpecError

_BEARER = frozenset({"http bearer", "oauth2", "openIdConnect"})
_ABSOLUTE = re.compile(r"https?://[^\s/?#\\<>\"'^`{|}]+(?:/[^\s?#\\<>\"'^`{|}]*)?", re.ASCII)


def server(document: Document, item: Node, operation: Node) -> str:
    """Return the URL of an operation's first server, or nothing if the document only says it relative to itself."""
    for owner in (operation, item, document.root):
        servers = owner.items("servers")
        if not servers:
            continue
        first = servers[0]
        check_keywords(first, "server")
        url = (first / "url").text()
        for name, variable in first.members("variables"):
            check_keywords(variable, "server variable")
            url = url.replace(f"{{{name}}}", (variable / "default").text())
        if "{" in url:
            raise SpecError(first.place, f"the URL {url!r} has a variable without a default; give it one in variables")
        if not re.match(r"[A-Za-z][A-Za-z0-9+.-]*:", url):
            return ""
        if not url.isascii() or not _ABSOLUTE.fullmatch(url):
            raise SpecError(
                f"{first.place}/url", f"{url!r} is no URL of an HTTP server; percent-encode what is special"
            )
        return url.rstrip("/")
    return ""


def scopes(document: Document, operation: Node) -> list[str] | None:
    """Return the scopes that the token of an operation needs, or None if no token is sent.

    Raises:
        SpecError: If something else than a bearer token is asked for.
    """
    owner = operation if "security" in operation.object() else document.root
    problems: list[str] = []
    for alternative in owner.items("security"):
        kinds = [_kind(document, name, alternative) for name in alternative.object()]
        if kinds and all(kind in _BEARER for kind in kinds):
            return [one.text() for _, names in alternative.members() for one in names.items()]
        problems += [kind for kind in kinds if kind not in _BEARER]
    if problems:
        raise SpecError(f"{owner.place}/security", f"{', '.join(problems)} is not supported; bearer tokens are")
    return None


def _kind(document: Document, name: str, alternative: Node) -> str:
    components = document.root.get("components")
    declared = dict(components.members("securitySchemes")) if components else {}
    if name not in declared:
        raise SpecError(alternative.place, f"{name!r} is not among components/securitySchemes; declare it there")
    scheme = document.entry(declared[name])
    kind = (scheme / "type").text()
    return f"http {(scheme / 'scheme').text().lower()}" if kind == "http" else kind
