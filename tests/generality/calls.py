"""Every operation is called once by both clients, against a server that answers by the document.

The arguments are samples of their schemas. The server finds the operation by method and path, checks a JSON body
against the document's own schema, and answers with a sample of the response.
"""

from __future__ import annotations

import asyncio
import inspect
import json
import re
from operator import attrgetter
from typing import Any

import httpx2
import jsonschema_rs
import msgspec

from generator.document.document import Node
from generator.operation.model import Operation, Parameter, Response
from generator.schema.all_of import flatten

from .examples import Tally
from .samples import valid_sample
from .subject import Subject, json_schema


def call_all(subject: Subject) -> Tally:
    """Call each operation once, blocking and awaited."""
    tally = Tally()
    for operation in subject.operations:
        server = _Server(subject, operation)
        try:
            arguments = _arguments(subject, operation)
            _call(subject, operation, server, arguments)
            asyncio.run(_call_async(subject, operation, server, arguments))
            error = None if server.calls == 2 else f"{server.calls} calls arrived"
        except Exception as caught:  # noqa: BLE001  # all of them are counted
            error = repr(caught)
        tally.add(operation.full_name, error)
    return tally


class _Server:
    def __init__(self, subject: Subject, operation: Operation) -> None:
        self._subject, self._operation, self.calls = subject, operation, 0
        path = re.sub(r"\\\{[^{}]*\\\}", "[^/]+", re.escape(operation.path))
        self._path = re.compile(f".*{path}")
        self._answer = operation.successes[0]

    def handle(self, request: httpx2.Request) -> httpx2.Response:
        self.calls += 1
        assert request.method == self._operation.method, request.method
        assert self._path.fullmatch(request.url.path), request.url
        for name, value in self._operation.fixed_query:
            assert request.url.params.get(name) == value, request.url
        content = b"".join(request.stream) if self.calls == 1 else b""  # type: ignore[arg-type]  # of a blocking client
        if content and request.headers["content-type"].startswith("application/json"):
            self._check(json.loads(content))
        return self._respond(self._answer)

    def _check(self, body: Any) -> None:
        declared = self._subject.document.resolve_component(self._subject.node(self._operation) / "requestBody")
        for media_type, media in (declared / "content").members():
            if media_type.startswith("application/json") and "schema" in media.object():
                schema = {**self._subject.whole_schema, "allOf": [json_schema(media.object()["schema"])]}
                jsonschema_rs.validate(_sent(schema), body)

    def _respond(self, answer: Response) -> httpx2.Response:
        status = 200 if answer.status in {"default", "2XX"} else int(answer.status)
        media = answer.media[0]
        if media.codec.kind in {"Empty", "Location"}:
            return httpx2.Response(status, headers={"location": "https://elsewhere.example/"})
        base = media.media_type.replace("*", "x")
        if media.codec.kind != "Json":
            return httpx2.Response(status, content=b"content", headers={"content-type": base})
        # Of a range, as springdoc writes it, a server chooses one.
        base = media.media_type.replace("*/*", "application/json")
        content = json.dumps(_response_body(self._subject, self._operation, answer)).encode()
        return httpx2.Response(status, content=content, headers={"content-type": base})


def _sent(schema: Any) -> Any:
    """Return a schema as a request has to fit it: without the properties that only responses have."""
    if isinstance(schema, list):
        return [_sent(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    found = {name: _sent(member) for name, member in schema.items()}
    if isinstance(found.get("required"), list) and isinstance(found.get("properties"), dict):
        members = found["properties"]
        found["required"] = [
            name
            for name in found["required"]
            if not (isinstance(member := members.get(name), dict) and member.get("readOnly") is True)
        ]
    return found


def _response_body(subject: Subject, operation: Operation, answer: Response) -> Any:
    responses = dict((subject.node(operation) / "responses").members())
    declared = next(node for status, node in responses.items() if status.upper() == answer.status.upper())
    content = subject.document.resolve_component(declared) / "content"
    for media_type, media in content.members():
        if media_type.partition(";")[0].strip().lower() == answer.media[0].media_type:
            return valid_sample(subject.document, media.get("schema"))
    return {}


def _arguments(subject: Subject, operation: Operation) -> tuple[list[Any], dict[str, Any]]:
    positional = [_parameter(subject, operation, found) for found in operation.positional_arguments]
    named = {
        found.name: _parameter(subject, operation, found)
        for found in operation.keyword_arguments
        if isinstance(found, Parameter) and found.required
    }
    if not operation.body:
        return positional, named
    media = operation.body.media[0]
    body = subject.document.resolve_component(subject.node(operation) / "requestBody")
    node = next(
        node for name, node in (body / "content").members() if name.partition(";")[0].strip().lower() == media.base
    )
    if media.codec.form:
        return positional, named | _form(subject, operation, node)
    if media.codec.kind not in {"Json", "Form"}:
        return positional, named | (
            {"body": "text" if media.codec.kind == "Text" else b"bytes"} if operation.body.required else {}
        )
    sampled = valid_sample(subject.document, node.get("schema"))
    codec = getattr(subject.module(operation), media.codec.constant)
    value = subject.runtime("conversion").convert(sampled, codec._type)  # as it is declared
    if operation.body.fields:
        given = {argument: getattr(value, attribute) for attribute, argument in operation.body.attributes}
        return positional, named | {name: member for name, member in given.items() if member is not msgspec.UNSET}
    return positional, named | ({"body": value} if operation.body.required else {})


def _form(subject: Subject, operation: Operation, node: Node) -> dict[str, Any]:
    flat = dict(subject.document.resolve_schema(node / "schema").members("properties"))
    found: dict[str, Any] = {}
    for part in operation.body.media[0].codec.form if operation.body else []:
        if part.field.required:
            sampled = None if part.type is None else valid_sample(subject.document, flat[part.field.wire_name])
            type_ = None if part.type is None else _part_type(subject, operation, part.field.wire_name)
            found[part.field.name] = b"file" if type_ is None else subject.runtime("conversion").convert(sampled, type_)
    return found


def _part_type(subject: Subject, operation: Operation, wire_name: str) -> Any:
    constant = operation.body.media[0].codec.constant if operation.body else ""
    codec: Any = getattr(subject.module(operation), constant)
    return next(field.type for field in codec._fields if field.wire_name == wire_name)


def _parameter(subject: Subject, operation: Operation, found: Any) -> Any:
    if not isinstance(found, Parameter):
        raise TypeError(f"{found.name} is a model of an earlier call")
    nodes = [*subject.node(operation).items("parameters"), *_path_item(subject, operation).items("parameters")]
    whole = [subject.document.resolve_component(node) for node in nodes]
    for node in (each for parameter in whole for each in _spread(subject, parameter)):
        if ((node / "name").value, (node / "in").value) == (found.wire_name, found.location):
            declared = getattr(subject.module(operation), found.constant)
            schema = next((media.get("schema") for _, media in node.members("content")), node.get("schema"))
            sampled = node.object().get("example", valid_sample(subject.document, schema))
            if sampled == []:
                sampled = [valid_sample(subject.document, node / "schema" / "items")]
            if isinstance(sampled, int) and found.type.text(plain=True) == "str":
                sampled = str(sampled)
            convert = subject.runtime("conversion").convert
            given = "text" if sampled is None or sampled == "" else sampled  # zero is a value
            return convert(given, declared._type)  # as it is declared
    return "text"


def _spread(subject: Subject, node: Node) -> list[Node]:
    """Return a parameter, and the properties that it has if it is an object, which may be arguments in its place."""
    schema = node.get("schema")
    inner = flatten(subject.document, schema).members("properties") if schema and isinstance(schema.value, dict) else []
    beside = {name: node.object()[name] for name in ("in", "required") if name in node.object()}
    return [node, *(member.with_value({**beside, "name": name, "schema": member.value}) for name, member in inner)]


def _path_item(subject: Subject, operation: Operation) -> Node:
    path = operation.place.split("/")[2].replace("~1", "/").replace("~0", "~")
    return subject.document.resolve_component(subject.document.root / "paths" / path)


def _options(client: type[Any], operation: Operation) -> dict[str, Any]:
    parameters = inspect.signature(client).parameters
    options: dict[str, Any] = {"token": "token"} if "token" in parameters else {}
    if operation.server.startswith("http:"):
        options["trusted_hosts"] = ["/".join(operation.server.split("/")[:3])]
    base_url = parameters["base_url"]
    return options | ({"base_url": "https://api.example"} if base_url.default is inspect.Parameter.empty else {})


def _call(subject: Subject, operation: Operation, server: _Server, arguments: tuple[list[Any], dict[str, Any]]) -> None:
    kind = subject.client.Client
    with kind(**_options(kind, operation), http=httpx2.MockTransport(server.handle)) as client:
        attrgetter(operation.full_name)(client)(*arguments[0], **arguments[1])


async def _call_async(
    subject: Subject, operation: Operation, server: _Server, arguments: tuple[list[Any], dict[str, Any]]
) -> None:
    kind = subject.client.AsyncClient
    async with kind(**_options(kind, operation), http=httpx2.MockTransport(server.handle)) as client:
        await attrgetter(operation.full_name)(client)(*arguments[0], **arguments[1])
