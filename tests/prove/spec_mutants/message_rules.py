"""How parameters, bodies, responses and headers are changed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from tests.prove.spec_mutants.mutant import Change, Rule, drop, put, renamed, without
from tests.prove.spec_mutants.sites import Site

_OTHER_PLACE: Final = {"header": "query", "query": "header", "path": "query"}


def _parameters(site: Site) -> Iterator[Change]:
    given = site.node["parameters"]
    for index in range(len(given)):
        yield put(site, "parameter", "is removed", "parameters", [*given[:index], *given[index + 1 :]], index)


def _name(site: Site) -> Iterator[Change]:
    other = f"{site.node['name']}_"
    yield put(site, "parameter", f"is called {other}", "name", other)


def _in(site: Site) -> Iterator[Change]:
    here = site.node["in"]
    other = _OTHER_PLACE[here]
    yield put(site, "parameter", f"stands in {other}, not in {here}", "in", other)


def _required(site: Site) -> Iterator[Change]:
    changed = not site.node["required"]
    yield put(site, _kind(site), f"required becomes {str(changed).lower()}", "required", changed)


def _may_be_absent(site: Site) -> Iterator[Change]:
    if "required" not in site.node:
        yield put(site, "parameter", "is required", "required", True)  # the value of a keyword


def _client_option(site: Site) -> Iterator[Change]:
    name = "x-client-option"
    yield put(site, "extension", f"{name} becomes false", name, not site.node[name])


def _schema(site: Site) -> Iterator[Change]:
    yield put(site, _kind(site), "allows anything", "schema", {})


def _kind(site: Site) -> str:
    return site.kind if site.kind in {"parameter", "header"} else "body"


def _content(site: Site) -> Iterator[Change]:
    """Rename and remove media types."""
    content = site.node["content"]
    for name in content:
        yield put(site, "media type", f"is called {name}x", "content", renamed(content, name, f"{name}x"), name)
        if site.kind == "response":
            yield Change("media type", "is removed", _trimmed(site.node, "content", name), ("content", name))


def _trimmed(node: dict[str, Any], keyword: str, name: str) -> dict[str, Any]:
    """Return an object without a member of one of its maps; an empty map is dropped."""
    rest = without(node[keyword], name)
    return {**node, keyword: rest} if rest else without(node, keyword)


def _responses(site: Site) -> Iterator[Change]:
    responses = site.node["responses"]
    for status in responses:
        yield put(site, "status", "is removed", "responses", without(responses, status), status)
    for status in responses:
        if status.startswith("2"):
            other = str(int(status) + 5)
            yield put(site, "status", f"becomes {other}", "responses", renamed(responses, status, other), status)
    yield put(site, "status", "418 is added", "responses", {**responses, "418": {"description": "-"}})


def _response_reference(site: Site) -> Iterator[Change]:
    folder, _, name = site.node["$ref"].rpartition("/")
    # Its body has another schema than those of most, and it has no headers.
    other = "Conflict" if name not in {"Conflict", "NameConflict"} else "NotFound"
    yield Change("reference", f"leads to {other}", {"$ref": f"{folder}/{other}"}, ("$ref",))


def _headers(site: Site) -> Iterator[Change]:
    headers = site.node["headers"]
    for name in headers:
        yield Change("header", "is removed", _trimmed(site.node, "headers", name), ("headers", name))
        yield put(site, "header", f"is called {name}-X", "headers", renamed(headers, name, f"{name}-X"), name)


MESSAGE_RULES: Mapping[tuple[str, str], tuple[Rule, ...]] = {
    ("path item", "parameters"): (_parameters,),
    ("operation", "parameters"): (_parameters,),
    ("operation", "requestBody"): (drop("body", "requestBody", "is removed"),),
    ("operation", "responses"): (_responses,),
    ("parameter", "name"): (_name, _may_be_absent),
    ("parameter", "in"): (_in,),
    ("parameter", "required"): (_required,),
    ("parameter", "x-client-option"): (_client_option,),
    ("parameter", "schema"): (_schema,),
    ("request body", "required"): (_required,),
    ("request body", "content"): (_content,),
    ("media type", "schema"): (_schema,),
    ("response", "content"): (_content,),
    ("response", "headers"): (_headers,),
    ("response reference", "$ref"): (_response_reference,),
    ("header", "required"): (_required,),
    ("header", "schema"): (_schema,),
}
