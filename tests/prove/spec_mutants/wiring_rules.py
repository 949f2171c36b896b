"""How paths, methods, security, servers and links are changed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from tests.prove.spec_mutants.mutant import Change, Rule, drop, put, renamed, without
from tests.prove.spec_mutants.sites import METHODS, Site

_OTHER_METHOD: Final = {"get": "post", "put": "patch", "post": "put", "delete": "post", "options": "patch"}


def _paths(site: Site) -> Iterator[Change]:
    paths = site.node["paths"]
    for path in paths:
        other = path.replace("/files", "/file", 1)
        yield put(site, "path", f"becomes {other}", "paths", renamed(paths, path, other), path)


def _method(method: str) -> Rule:
    def rule(site: Site) -> Iterator[Change]:
        other = _OTHER_METHOD[method] if _OTHER_METHOD[method] not in site.node else "patch"
        yield Change("method", f"becomes {other}", renamed(site.node, method, other), (method,))
        yield Change("method", "is removed", without(site.node, method), (method,))

    return rule


def _operation_id(site: Site) -> Iterator[Change]:
    other = f"{site.node['operationId']}_now"
    yield put(site, "operationId", f"becomes {other}", "operationId", other)


def _idempotent(site: Site) -> Iterator[Change]:
    other = not site.node["x-idempotent"]
    yield put(site, "extension", f"is {other}".lower(), "x-idempotent", other)


def _pages(site: Site) -> Iterator[Change]:
    pages = site.node["x-pages"]
    others = {"method": f"{pages['method']}_now", "items": "order", "offset": "limit", "total": "limit"}
    for key, other in others.items():
        yield put(site, "extension", f"{key} is {other}", "x-pages", {**pages, key: other}, key)


def _optional_security(site: Site) -> Iterator[Change]:
    yield put(site, "security", "does not have to be given", "security", [*site.node["security"], {}])


def _own_security(site: Site) -> Iterator[Change]:
    yield Change("security", "asks for no token", {**site.node, "security": []})
    yield Change("security", "takes calls without a token as well", {**site.node, "security": [{"bearerAuth": []}, {}]})


def _scheme(name: str, other: str) -> Rule:
    return lambda site: iter([put(site, "security", f"{site.node[name]} becomes {other}", name, other)])


def _server_url(site: Site) -> Iterator[Change]:
    for other in (f"{site.node['url']}x", site.node["url"].replace("https:", "http:")):
        yield put(site, "server", f"becomes {other}", "url", other)


def _trusted_hosts(site: Site) -> Iterator[Change]:
    name = "x-trusted-hosts"
    hosts = site.node[name]
    for host in hosts:
        rest = [other for other in hosts if other != host]
        yield put(site, "extension", f"{host} is no longer in it", name, rest)
    yield put(site, "extension", "example.com is in it", name, [*hosts, "example.com"])


def _links(site: Site) -> Iterator[Change]:
    links = site.node["links"]
    for name in links:
        yield put(site, "link", "is removed", "links", without(links, name), name)


def _link_target(site: Site) -> Iterator[Change]:
    other = "get_upload_session" if site.node["operationId"] != "get_upload_session" else "list_parts"
    yield put(site, "link", f"leads to {other}", "operationId", other)


def _link_parameters(site: Site) -> Iterator[Change]:
    parameters = site.node["parameters"]
    for name, expression in parameters.items():
        # Its neighbour in the body, which exists as well.
        other = expression[: expression.rindex("id")] + "type"
        yield put(site, "link", f"is {other}", "parameters", {**parameters, name: other}, name)
        yield Change("link", "is dropped", without(site.node, "parameters"), ("parameters", name))


def _link_url(site: Site) -> Iterator[Change]:
    start, _, endpoint = site.node["x-url"].rpartition("/")
    others = {"commit": "abort", "upload_url": "upload_token"}
    other = f"{start}/{others.get(endpoint, 'commit')}"
    yield put(site, "link", f"is {other}", "x-url", other)


def _request_id_headers(site: Site) -> Iterator[Change]:
    names = site.node["x-request-id-headers"]
    for index, name in enumerate(names):
        kept = [*names[:index], *names[index + 1 :]]
        yield put(site, "extension", f"{name} is removed", "x-request-id-headers", kept, index)
    yield put(site, "extension", "is in another order", "x-request-id-headers", names[::-1])


WIRING_RULES: Mapping[tuple[str, str], tuple[Rule, ...]] = {
    ("document", "paths"): (_paths,),
    ("document", "security"): (drop("security", "security"), _optional_security),
    ("document", "servers"): (drop("server", "servers"),),
    ("document", "x-trusted-hosts"): (_trusted_hosts, drop("extension", "x-trusted-hosts")),
    ("document", "x-request-id-headers"): (_request_id_headers, drop("extension", "x-request-id-headers")),
    ("server", "url"): (_server_url,),
    **{("path item", method): (_method(method),) for method in METHODS if method in _OTHER_METHOD},
    ("operation", "operationId"): (_operation_id, _own_security),
    ("operation", "security"): (drop("security", "security"),),
    ("operation", "servers"): (drop("server", "servers"),),
    ("operation", "x-idempotent"): (_idempotent, drop("extension", "x-idempotent")),
    ("operation", "x-pages"): (_pages, drop("extension", "x-pages")),
    ("schema", "x-client-default"): (drop("extension", "x-client-default"),),
    ("response", "links"): (_links,),
    ("link", "operationId"): (_link_target,),
    ("link", "parameters"): (_link_parameters,),
    ("link", "requestBody"): (drop("link", "requestBody"),),
    ("link", "x-url"): (_link_url, drop("link", "x-url")),
    ("link", "x-optional"): (drop("link", "x-optional"),),
    ("security scheme", "type"): (_scheme("type", "apiKey"),),
    ("security scheme", "scheme"): (_scheme("scheme", "basic"),),
}
