"""Which cells an exchange exercises; an independent validator decides what is right."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator, Mapping
from functools import cache, lru_cache
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import jsonschema_rs
import msgspec

from tests.contract.fragment import (
    TOKEN,
    decode_body,
    needs_token,
    operations,
    parameters,
    request_schema,
    resolved,
    responses,
    validator,
)
from tests.prove.coverage.cells import Cell, Kind, Side, alternatives, limits, members, target, title, typed

_MUTE = frozenset({401, 404, 405, 410, 411, 413, 415, 429, 500, 503})
"""Answers that the mock gives without a look at the request's parameters and body, so that they exercise neither."""

_FAULTS = frozenset({"invalid", "missing", "unknown"})


class Exchange(msgspec.Struct, kw_only=True):
    """A request and its response as they went over the wire; names of headers are in lower case."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes
    status: int
    response_headers: Mapping[str, str]
    response_body: bytes


def operation_of(exchange: Exchange) -> tuple[str, dict[str, str]] | None:
    """Return the operation that a request calls, and its parameters in the path."""
    path = urlsplit(exchange.url).path
    for name, method, pattern in _patterns():
        match = pattern.search(path) if method == exchange.method.lower() else None
        if match:
            return name, {key: unquote(value) for key, value in match.groupdict().items()}
    return None


@cache
def _patterns() -> list[tuple[str, str, re.Pattern[str]]]:
    found = []
    for name, (path, method, _) in operations().items():
        template = re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>[^/]*)", re.escape(path))
        # Operations are at servers with different paths.
        found.append((name, method, re.compile(f"^(?:(?:/api)?/2\\.0)?{template}$")))
    return found


def hits_of_request(name: str, in_path: Mapping[str, str], exchange: Exchange, side: Side) -> Iterator[Cell]:
    """Yield what a request exercises; something wrong counts only if nothing else is."""
    if needs_token(name):
        yield Cell(name, "security", "token", _token(exchange.headers))
    if side == "mock" and exchange.status in _MUTE:
        return
    found = [*_of_parameters(name, in_path, exchange)]
    schema = request_schema(name)
    if schema is not None:
        try:
            body = decode_body(name, exchange.body, exchange.headers.get("content-type", ""))
        except (ValueError, RecursionError):
            return
        found += _of_value(body, schema, f"{name} body", "request property")
    yield from _alone(found)


def hits_of_refusal(name: str, argument: str) -> Iterator[Cell]:
    """Yield what a call exercises that the client refuses because of an argument."""
    for parameter in parameters(name).values():
        if parameter["name"].replace("-", "_") == argument:
            yield Cell(name, "parameter", f"{parameter['in']} {parameter['name']}", "invalid")
            return
    schema = request_schema(name)
    if schema is not None:
        yield from _at(argument, schema, f"{name} body")


def _at(argument: str, schema: Any, fallback: str) -> Iterator[Cell]:
    """Find the property that an argument such as `parts[3].size` means."""
    owner = title(schema, fallback)
    first, _, rest = re.sub(r"\[\d+\]", "", argument).partition(".")
    for part in members(schema):
        inner = part.get("properties", {}).get(first)
        if inner is not None and not rest:
            yield Cell(owner, "request property", first, "invalid")
        elif inner is not None:
            yield from _at(rest, target(inner).get("items", inner), owner)


def hits_of_response(name: str, exchange: Exchange) -> Iterator[Cell]:
    """Yield what a response exercises."""
    known = {status: (media_type, schema) for status, media_type, schema in responses(name)}
    definition = operations()[name][2]["responses"].get(str(exchange.status))
    if definition is None:
        return
    for header, described in resolved(definition).get("headers", {}).items():
        value = exchange.response_headers.get(header.lower())
        if value is not None and _is_valid(_plain(value, described["schema"]), described["schema"]):
            yield Cell(name, "header", f"{exchange.status} {header}", "seen")
    if exchange.status not in known:
        if not exchange.response_body:
            yield Cell(name, "status", f"{exchange.status} without body", "seen")
        return
    media_type, schema = known[exchange.status]
    if exchange.response_headers.get("content-type", "").partition(";")[0] != media_type:
        return
    yield Cell(name, "status", f"{exchange.status} {media_type}", "seen")
    if "$ref" in schema:
        yield from _of_response_body(exchange.response_body, schema["$ref"])


# Operations share the schemas of their errors, and are shown the same bodies.
@lru_cache(maxsize=1024)
def _of_response_body(content: bytes, reference: str) -> tuple[Cell, ...]:
    try:
        body = json.loads(content)
    except ValueError:
        return ()
    return tuple(_alone([*_of_value(body, {"$ref": reference}, "", "response property")]))


def _alone(found: list[Cell]) -> Iterator[Cell]:
    wrong = [cell for cell in found if cell.aspect in _FAULTS]
    yield from (cell for cell in found if not wrong)
    if len(wrong) == 1:
        yield from wrong


def _token(headers: Mapping[str, str]) -> str:
    given = headers.get("authorization")
    if given is None:
        return "no"
    return "right" if given == f"Bearer {TOKEN}" else "wrong"


def _of_parameters(name: str, in_path: Mapping[str, str], exchange: Exchange) -> Iterator[Cell]:
    query = dict(parse_qsl(urlsplit(exchange.url).query, keep_blank_values=True))
    given: dict[str, Mapping[str, str]] = {"path": in_path, "query": query, "header": exchange.headers}
    for parameter in parameters(name).values():
        shown, schema = f"{parameter['in']} {parameter['name']}", parameter["schema"]
        value = given[parameter["in"]].get(parameter["name"])
        if value is not None:
            for aspect in _aspects(_plain(value, schema), schema):
                yield Cell(name, "parameter", shown, aspect)
        elif parameter.get("required"):
            yield Cell(name, "parameter", shown, "missing")


def _plain(text: str, schema: Any) -> Any:
    """Return a value that stands as text in a URL or a header."""
    kind = target(schema).get("type")
    if kind == "integer" and re.fullmatch(r"-?(0|[1-9][0-9]*)", text):
        return int(text)
    return {"true": True, "false": False}.get(text, text) if kind == "boolean" else text


def _of_value(value: Any, schema: Any, fallback: str, kind: Kind) -> Iterator[Cell]:
    """Yield what a JSON value exercises of a schema and of those that it leads to."""
    owner = title(schema, fallback)
    for inner in target(schema).get("allOf", []):
        if "$ref" in inner:
            yield from _of_value(value, inner, owner, kind)
    for part in members(schema):
        if isinstance(value, dict):
            yield from _of_object(value, part, owner, kind)
        if isinstance(value, list) and "items" in part:
            for item in value:
                yield from _of_value(item, part["items"], f"{owner}.items", kind)
        for keyword in ("anyOf", "oneOf"):
            for inner in _meant(value, part.get(keyword, [])):
                yield from _of_value(value, inner, f"{owner}.alternative", kind)


def _meant(value: Any, listed: list[Any]) -> list[Any]:
    """Return the alternatives that a value may be meant to be; objects are told apart by a `type` that is fixed."""
    found = [inner for inner in listed if _has_kind(value, inner)]
    if not isinstance(value, dict):
        return found
    types = [target(inner).get("properties", {}).get("type", {}) for inner in found]
    named = [inner for inner, kind in zip(found, types, strict=True) if kind.get("const") == value.get("type", "")]
    return named or found


def _of_object(value: Mapping[str, Any], part: Mapping[str, Any], owner: str, kind: Kind) -> Iterator[Cell]:
    properties = part.get("properties", {})
    for name, inner in properties.items():
        if name in value:
            deeper = list(_of_value(value[name], inner, f"{owner}.{name}", kind))
            # If an object is wrong because of what it holds, only that counts as wrong.
            if not any(cell.aspect in _FAULTS for cell in deeper):
                yield from (Cell(owner, kind, name, aspect) for aspect in _aspects(value[name], inner))
            yield from deeper
        elif name in part.get("required", []):
            yield Cell(owner, kind, name, "missing")
    if part.get("additionalProperties") is False and set(value) - set(properties):
        yield Cell(owner, kind, "any other", "unknown")


def _has_kind(value: Any, schema: Any) -> bool:
    """Whether a value is of a type that a schema allows, whatever else it says."""
    types = target(schema).get("type", ["object"] if "properties" in target(schema) else None)
    return types is None or _is_valid(value, typed(*([types] if isinstance(types, str) else types)))


def _is_valid(value: Any, schema: Any) -> bool:
    try:
        return _validator(schema).is_valid(value)
    except UnicodeEncodeError:
        # Half of a surrogate pair is no character.
        return False


def _aspects(value: Any, schema: Any) -> Iterator[str]:
    if not _is_valid(value, schema):
        yield "invalid"
        return
    yield "valid"
    size = len(value) if isinstance(value, (str, list)) else value
    for name, limit in limits(schema).items():
        if size == limit and not isinstance(value, bool):
            yield f"at {name}"
    for name, alternative in alternatives(schema).items():
        if _is_valid(value, alternative):
            yield f"as {name}"


def _validator(schema: Any) -> jsonschema_rs.Draft202012Validator:
    # A part of the fragment stays where it is: it need not be written down to be found again.
    kept = _KEPT.get(id(schema))
    if kept is None:
        kept = _KEPT[id(schema)] = (schema, _cached(json.dumps(schema, sort_keys=True)))
    return kept[1]


_KEPT: dict[int, tuple[Any, jsonschema_rs.Draft202012Validator]] = {}
"""Validators by the identity of their schemas, which are kept, so that no other schema gets that identity."""


@cache
def _cached(text: str) -> jsonschema_rs.Draft202012Validator:
    return validator(json.loads(text))


def links_from(name: str, in_path: Mapping[str, str], exchange: Exchange) -> Iterator[tuple[Cell, str, Any]]:
    """Yield the links of a response: the cell, the operation that is called, and what tells that call from others."""
    definition = operations()[name][2]["responses"].get(str(exchange.status), {})
    for link_name, described in resolved(definition).get("links", {}).items():
        link = resolved(described)
        cell = Cell(name, "link", f"{exchange.status} {link_name}", "followed")
        if "x-url" in link:
            yield cell, link["operationId"], urlsplit(str(_evaluated(link["x-url"], in_path, exchange))).path
        else:
            given = {key: _evaluated(value, in_path, exchange) for key, value in link.get("parameters", {}).items()}
            body = _evaluated(link["requestBody"], in_path, exchange) if "requestBody" in link else None
            yield cell, link["operationId"], (given, body)


def is_followed(key: Any, in_path: Mapping[str, str], exchange: Exchange) -> bool:
    """Whether a request is the call that a link names; `key` is as `links_from` yields it."""
    if isinstance(key, str):
        return urlsplit(exchange.url).path == key
    given, body = key
    if any(in_path.get(name.rpartition(".")[2]) != value for name, value in given.items()):
        return False
    return body is None or _json(exchange.body) == body


def _evaluated(expression: Any, in_path: Mapping[str, str], exchange: Exchange) -> Any:
    """Evaluate a runtime expression of OpenAPI as far as the fragment uses them."""
    if not isinstance(expression, str) or not expression.startswith("$"):
        return expression
    source, _, pointer = expression.partition("#")
    if source.startswith("$request.path."):
        return in_path[source.removeprefix("$request.path.")]
    value = _json(exchange.body if source == "$request.body" else exchange.response_body)
    for key in pointer.split("/")[1:]:
        value = _member(value, key)
    return value


def _member(value: Any, key: str) -> Any:
    if isinstance(value, list) and key.isdigit():
        return value[int(key)] if int(key) < len(value) else None
    return value.get(key) if isinstance(value, dict) else None


def _json(content: bytes) -> Any:
    try:
        return json.loads(content)
    except ValueError:
        return base64.b64encode(content).decode()
