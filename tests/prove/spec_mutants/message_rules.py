"""How parameters, bodies, responses and headers are changed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from tests.prove.spec_mutants.mutant import Change, without
from tests.prove.spec_mutants.schema_rules import Rule
from tests.prove.spec_mutants.sites import Site

__all__ = ["MESSAGE_RULES"]

_OTHER_PLACE: Final = {"header": "query", "query": "header", "path": "query"}


def _parameters(site: Site) -> Iterator[Change]:
    given = site.node["parameters"]
    for index in range(len(given)):
        rest = [parameter for place, parameter in enumerate(given) if place != index]
        yield Change("parameter", "is removed", {**site.node, "parameters": rest}, ("parameters", index))


def _name(site: Site) -> Iterator[Change]:
    other = f"{site.node['name']}_"
    yield Change("parameter", f"is called {other}", {**site.node, "name": other}, ("name",))


def _in(site: Site) -> Iterator[Change]:
    here = site.node["in"]
    other = _OTHER_PLACE[here]
    yield Change("parameter", f"stands in {other}, not in {here}", {**site.node, "in": other}, ("in",))


def _required(site: Site) -> Iterator[Change]:
    changed = not site.node["required"]
    kind = "header" if site.kind == "header" else "parameter" if site.kind == "parameter" else "body"
    yield Change(kind, f"required becomes {str(changed).lower()}", {**site.node, "required": changed}, ("required",))


def _may_be_absent(site: Site) -> Iterator[Change]:
    if "required" not in site.node:
        yield Change("parameter", "is required", {**site.node, "required": True}, ("required",))


def _client_option(site: Site) -> Iterator[Change]:
    name = "x-client-option"
    yield Change("extension", f"{name} becomes false", {**site.node, name: not site.node[name]}, (name,))


def _schema(site: Site) -> Iterator[Change]:
    kind = {"parameter": "parameter", "header": "header"}.get(site.kind, "body")
    yield Change(kind, "allows anything", {**site.node, "schema": {}}, ("schema",))


def _body(site: Site) -> Iterator[Change]:
    yield Change("body", "is removed", without(site.node, "requestBody"), ("requestBody",))


def _content(site: Site) -> Iterator[Change]:
    """Rename and remove media types."""
    content = site.node["content"]
    for name in content:
        renamed = {f"{key}x" if key == name else key: value for key, value in content.items()}
        yield Change("media type", f"is called {name}x", {**site.node, "content": renamed}, ("content", name))
        if site.kind == "response":
            yield Change("media type", "is removed", _trimmed(site.node, "content", name), ("content", name))


def _trimmed(node: dict[str, Any], keyword: str, name: str) -> dict[str, Any]:
    """Return an object without one member of one of its maps, which is dropped when nothing remains in it."""
    rest = without(node[keyword], name)
    return {**node, keyword: rest} if rest else without(node, keyword)


def _responses(site: Site) -> Iterator[Change]:
    responses = site.node["responses"]
    for status in responses:
        changed = {**site.node, "responses": without(responses, status)}
        yield Change("status", "is removed", changed, ("responses", status))
    statuses = [status for status in responses if status.startswith("2")]
    for status in statuses:
        other = str(int(status) + 5)
        renamed = {other if key == status else key: value for key, value in responses.items()}
        yield Change("status", f"becomes {other}", {**site.node, "responses": renamed}, ("responses", status))
    added = {**site.node, "responses": {**responses, "418": {"description": "-"}}}
    yield Change("status", "418 is added", added, ("responses",))


def _response_reference(site: Site) -> Iterator[Change]:
    folder, _, name = site.node["$ref"].rpartition("/")
    # Its body has another schema than those of most, and it has no headers.
    other = "Conflict" if name not in {"Conflict", "NameConflict"} else "NotFound"
    yield Change("reference", f"leads to {other}", {"$ref": f"{folder}/{other}"}, ("$ref",))


def _headers(site: Site) -> Iterator[Change]:
    headers = site.node["headers"]
    for name in headers:
        yield Change("header", "is removed", _trimmed(site.node, "headers", name), ("headers", name))
        renamed = {f"{key}-X" if key == name else key: value for key, value in headers.items()}
        yield Change("header", f"is called {name}-X", {**site.node, "headers": renamed}, ("headers", name))


MESSAGE_RULES: Mapping[tuple[str, str], tuple[Rule, ...]] = {
    ("path item", "parameters"): (_parameters,),
    ("operation", "parameters"): (_parameters,),
    ("operation", "requestBody"): (_body,),
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
