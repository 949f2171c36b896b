"""Servers: where the requests of an operation go, and which hosts may get them."""

from __future__ import annotations

import re
from collections.abc import Sequence

from generator.document.document import Document, Node
from generator.document.keywords import check_keywords
from generator.errors import SpecError

from .model import Operation

_ABSOLUTE_URL = re.compile(r"https?://[^\s/?#\\<>\"'^`{|}]+(?:/[^\s?#\\<>\"'^`{|}]*)?", re.ASCII)
_DOMAIN = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)+")
_HEADER_NAME = re.compile(r"[A-Za-z0-9-]+")


def server_url(document: Document, item: Node, operation: Node) -> str:
    """Return the URL of an operation's first server, empty if it is relative to the document.

    Raises:
        SpecError: It is not the URL of an HTTP server, and the document is read strictly.
    """
    for owner in (operation, item, document.root):
        servers = owner.items("servers")
        if not servers:
            continue
        first = servers[0]
        check_keywords(first, "server")
        for _, variable in first.members("variables"):
            check_keywords(variable, "server variable")
        url = _url(first)
        if "{" in url:
            first.note(
                f"the URL {url!r} has a variable without a default; give it one in variables", "base_url is needed"
            )
            return ""
        if not re.match(r"[A-Za-z][A-Za-z0-9+.-]*:", url):
            return ""
        if not url.isascii() or not _ABSOLUTE_URL.fullmatch(url):
            problem = f"{url!r} is not the URL of an HTTP server; percent-encode special characters"
            (first / "url").note(problem, "base_url is needed")
            return ""
        return url.rstrip("/")
    return ""


def base_path(root: Node) -> str:
    """Return the path that the URL of the document's first server has, empty if there is none."""
    try:
        servers = root.get("servers")
        url = _url(servers.items()[0]) if servers and servers.array() else ""
    except SpecError:
        # Reading the server of an operation says what is wrong.
        return ""
    return re.sub(r"^([A-Za-z][A-Za-z0-9+.-]*:)?//[^/]*|[?#].*", "", url)


def _url(server: Node) -> str:
    """Return the URL of a server, with the defaults of its variables."""
    url = (server / "url").text()
    for name, variable in server.members("variables"):
        if "default" in variable.object():
            url = url.replace(f"{{{name}}}", (variable / "default").text())
    return url


def api_hosts(document: Document, operations: Sequence[Operation]) -> tuple[str, ...]:
    """Return the domains that URLs of responses may lead to: `x-trusted-hosts`, or else the hosts of the servers.

    Raises:
        SpecError: An item of `x-trusted-hosts` is not a domain.
    """
    trusted = document.root.items("x-trusted-hosts")
    for node in trusted:
        if not _DOMAIN.fullmatch(node.text()):
            raise SpecError(node.place, f"{node.value!r} is not a domain, such as example.com")
    hosts = {re.sub(r"https?://|[:/].*", "", operation.server) for operation in operations} - {""}
    return tuple(node.value for node in trusted) or tuple(sorted(hosts))


def request_id_headers(document: Document) -> tuple[str, ...]:
    """Return the header fields in which the servers name a request: `x-request-id-headers`, in lower case.

    Raises:
        SpecError: An item is not the name of a header field.
    """
    names = document.root.items("x-request-id-headers")
    for node in names:
        if not _HEADER_NAME.fullmatch(node.text()):
            raise SpecError(node.place, f"{node.value!r} is not the name of a header field, such as x-request-id")
    return tuple(node.text().lower() for node in names)
