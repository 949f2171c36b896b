"""How paths, methods, security, servers and links are changed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from tests.prove.spec_mutants.mutant import Change, without
from tests.prove.spec_mutants.schema_rules import Rule
from tests.prove.spec_mutants.sites import METHODS, Site

__all__ = ["LINK_RULES", "WIRING_RULES"]

_OTHER_METHOD: Final = {"get": "post", "put": "patch", "post": "put", "delete": "post"}


def _paths(site: Site) -> Iterator[Change]:
    paths = site.node["paths"]
    for path in paths:
        other = path.replace("/files", "/file", 1)
        renamed = {other if key == path else key: value for key, value in paths.items()}
        yield Change("path", f"becomes {other}", {**site.node, "paths": renamed}, ("paths", path))


def _method(method: str) -> Rule:
    def rule(site: Site) -> Iterator[Change]:
        other = _OTHER_METHOD[method] if _OTHER_METHOD[method] not in site.node else "patch"
        renamed = {other if key == method else key: value for key, value in site.node.items()}
        yield Change("method", f"becomes {other}", renamed, (method,))
        yield Change("method", "is removed", without(site.node, method), (method,))

    return rule


def _operation_id(site: Site) -> Iterator[Change]:
    other = f"{site.node['operationId']}_now"
    yield Change("operationId", f"becomes {other}", {**site.node, "operationId": other}, ("operationId",))


def _idempotent(site: Site) -> Iterator[Change]:
    name = "x-idempotent"
    other = not site.node[name]
    yield Change("extension", f"is {other}".lower(), {**site.node, name: other}, (name,))
    yield Change("extension", "is dropped", without(site.node, name), (name,))


def _pages(site: Site) -> Iterator[Change]:
    name = "x-pages"
    pages = site.node[name]
    others = {"method": f"{pages['method']}_now", "items": "order", "offset": "limit", "total": "limit"}
    for key, other in others.items():
        yield Change("extension", f"{key} is {other}", {**site.node, name: {**pages, key: other}}, (name, key))
    yield Change("extension", "is dropped", without(site.node, name), (name,))


def _security(site: Site) -> Iterator[Change]:
    yield Change("security", "is dropped", without(site.node, "security"), ("security",))
    optional = [*site.node["security"], {}]
    yield Change("security", "does not have to be given", {**site.node, "security": optional}, ("security",))


def _own_security(site: Site) -> Iterator[Change]:
    yield Change("security", "asks for no token", {**site.node, "security": []})
    yield Change("security", "takes calls without a token as well", {**site.node, "security": [{"bearerAuth": []}, {}]})


def _scheme(name: str, other: str) -> Rule:
    def rule(site: Site) -> Iterator[Change]:
        yield Change("security", f"{site.node[name]} becomes {other}", {**site.node, name: other}, (name,))

    return rule


def _servers(site: Site) -> Iterator[Change]:
    yield Change("server", "is dropped", without(site.node, "servers"), ("servers",))


def _server_url(site: Site) -> Iterator[Change]:
    for other in (f"{site.node['url']}x", site.node["url"].replace("https:", "http:")):
        yield Change("server", f"becomes {other}", {**site.node, "url": other}, ("url",))


def _trusted_hosts(site: Site) -> Iterator[Change]:
    name = "x-trusted-hosts"
    hosts = site.node[name]
    for host in hosts:
        rest = [other for other in hosts if other != host]
        yield Change("extension", f"{host} is no longer in it", {**site.node, name: rest}, (name,))
    yield Change("extension", "example.com is in it", {**site.node, name: [*hosts, "example.com"]}, (name,))
    yield Change("extension", "is dropped", without(site.node, name), (name,))


def _links(site: Site) -> Iterator[Change]:
    links = site.node["links"]
    for name in links:
        yield Change("link", "is removed", {**site.node, "links": without(links, name)}, ("links", name))


def _link_target(site: Site) -> Iterator[Change]:
    other = "get_upload_session" if site.node["operationId"] != "get_upload_session" else "list_parts"
    yield Change("link", f"leads to {other}", {**site.node, "operationId": other}, ("operationId",))


def _link_parameters(site: Site) -> Iterator[Change]:
    parameters = site.node["parameters"]
    for name, expression in parameters.items():
        place = ("parameters", name)
        # Its neighbour in the body, which is there as well.
        other = expression[: expression.rindex("id")] + "type"
        changed = {**site.node, "parameters": {**parameters, name: other}}
        yield Change("link", f"is {other}", changed, place)
        yield Change("link", "is dropped", without(site.node, "parameters"), place)


def _link_body(site: Site) -> Iterator[Change]:
    yield Change("link", "is dropped", without(site.node, "requestBody"), ("requestBody",))


def _link_url(site: Site) -> Iterator[Change]:
    start, _, endpoint = site.node["x-url"].rpartition("/")
    other = f"{start}/{'commit' if endpoint != 'commit' else 'abort'}"
    yield Change("link", f"is {other}", {**site.node, "x-url": other}, ("x-url",))
    yield Change("link", "is dropped", without(site.node, "x-url"), ("x-url",))


LINK_RULES: Mapping[str, tuple[Rule, ...]] = {
    "operationId": (_link_target,),
    "parameters": (_link_parameters,),
    "requestBody": (_link_body,),
    "x-url": (_link_url,),
}

WIRING_RULES: Mapping[tuple[str, str], tuple[Rule, ...]] = {
    ("document", "paths"): (_paths,),
    ("document", "security"): (_security,),
    ("document", "servers"): (_servers,),
    ("document", "x-trusted-hosts"): (_trusted_hosts,),
    ("server", "url"): (_server_url,),
    **{("path item", method): (_method(method),) for method in METHODS if method in _OTHER_METHOD},
    ("operation", "operationId"): (_operation_id, _own_security),
    ("operation", "servers"): (_servers,),
    ("operation", "x-idempotent"): (_idempotent,),
    ("operation", "x-pages"): (_pages,),
    ("response", "links"): (_links,),
    **{("link", name): rules for name, rules in LINK_RULES.items()},
    ("security scheme", "type"): (_scheme("type", "apiKey"),),
    ("security scheme", "scheme"): (_scheme("scheme", "basic"),),
}
