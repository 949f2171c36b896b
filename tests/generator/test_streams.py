"""Methods that read a body while it is used, and operations that redirect, in generated packages."""

from __future__ import annotations

import asyncio
import inspect
import re
import subprocess
import sys
from operator import methodcaller
from typing import TYPE_CHECKING, Any

import httpx2
import pytest

from .conftest import INT, TEXT, Make, Package, document, json_body, obj, operation, parameter, ref
from .test_watched_calls import KINDS

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

BINARY = {"schema": {"type": "string", "format": "binary"}}
LOCATION = {"Location": {"description": "Where it is.", "schema": TEXT}}
REDIRECT = {"description": "Moved.", "headers": LOCATION}
EVENTS = "text/event-stream"
ENVELOPE = obj(data=ref("Tick"), event={**TEXT, "const": "message"}, id=INT, retry=INT)
LINES = "application/x-ndjson"
WATCH = "application/json;stream=watch"
BOOL = {"type": "boolean"}
TICKS = {"type": "array", "items": ref("Tick")}
LIMIT = parameter("query", "limit", INT)
# As Kubernetes declares it: the list itself, in each of its forms.
WATCHED = {
    name: {"schema": ref("Ticks")}
    for name in ("application/json", WATCH, "application/yaml", "application/cbor", "application/cbor-seq")
}
DOWNLOAD = "https://dl.elsewhere.example/d?sign=1"


def answers(*statuses: Any, **content: Any) -> dict[str, Any]:
    """Return responses: a 200 with content, and others."""
    found = {"200": {"description": "Done.", "content": content}} if content else {}
    return found | dict(statuses)


def got(name: str, *statuses: Any, **parts: Any) -> dict[str, Any]:
    content = parts.pop("content", {})
    return {"get": operation(operationId=name, responses=answers(*statuses, **content), **parts)}


def answered(name: str, media_type: str, switch: Any, **others: Any) -> dict[str, Any]:
    """Return an operation whose body decides by `stream` whether it answers with JSON."""
    body = {"type": "object", "required": ["model"], "properties": {"model": TEXT, "stream": switch}, **others}
    stream = BINARY if media_type.endswith("octet-stream") else {"schema": ref("Tick")}
    responses = answers(**{"application/json": {"schema": ref("Tick")}, media_type: stream})
    return {"post": operation(operationId=name, requestBody=json_body(body), responses=responses)}


@pytest.fixture(scope="module")
def package(make: Make) -> Package:
    item = obj(event=TEXT, data={"type": "string", "contentSchema": ref("Tick")})
    headers = [parameter("header", "range"), parameter("header", "x-user", **{"x-client-option": True})]
    chat = operation(
        operationId="chat",
        requestBody=json_body(obj(stream={"type": "boolean"})),
        responses=answers(**{"application/json": {"schema": ref("Tick")}, EVENTS: {"schema": ref("Tick")}}),
    )
    return make(
        document(
            {
                "/content": got("get_content", content={"application/octet-stream": BINARY}, parameters=headers),
                "/moved": got("get_moved", ("302", REDIRECT), content={"application/octet-stream": BINARY}),
                "/asked": got("get_asked", content={"text/plain": {}}, **{"x-follow-redirect": True}),
                "/refused": got(
                    "get_refused", ("302", REDIRECT), content={"text/plain": {}}, **{"x-follow-redirect": False}
                ),
                "/speech": got("get_speech", content={"application/octet-stream": BINARY, EVENTS: {"schema": TEXT}}),
                "/three": got(
                    "get_three",
                    content={
                        "audio/mpeg": BINARY,
                        EVENTS: {"schema": ref("Tick")},
                        "application/json": {"schema": ref("Tick")},
                    },
                ),
                "/pending": got(
                    "get_pending", ("202", {"description": "Later."}), content={"application/octet-stream": BINARY}
                ),
                "/place": got("get_place", ("302", REDIRECT)),
                "/place-or-nothing": got("get_place_or_nothing", ("303", REDIRECT), ("204", {"description": "None."})),
                "/undocumented": got("get_undocumented", content={"text/plain": {}}),
                "/xml": got("get_xml", content={"application/xml": {}}),
                "/text-xml": got("get_text_xml", content={"text/xml": {"schema": TEXT}}),
                "/words": got("watch_words", content={EVENTS: {"schema": TEXT}}),
                "/ticks": got("watch_ticks", content={EVENTS: {"schema": ref("Tick")}}),
                "/items": got("watch_items", content={EVENTS: {"itemSchema": item}}),
                "/kinds": got("watch_kinds", content={EVENTS: {"itemSchema": {"oneOf": [item, ref("Stop")]}}}),
                "/lists": got("watch_lists", content={EVENTS: {"schema": {"type": "array", "items": ref("Tick")}}}),
                "/enveloped": got(
                    "watch_enveloped",
                    content={EVENTS: {"schema": {"items": {"oneOf": [ENVELOPE, ref("Stop")]}, "type": "array"}}},
                ),
                "/envelope": got("watch_envelope", content={EVENTS: {"schema": ENVELOPE}}),
                "/task": got("watch_task", content={EVENTS: {"schema": ref("Task")}}),
                "/named": got("watch_named", content={EVENTS: {"schema": TEXT, "x-event": ref("Tick")}}),
                "/chat": {"post": chat},
                "/open": answered("open_chat", EVENTS, BOOL, additionalProperties=True),
                "/complete": answered("complete", EVENTS, {"anyOf": [BOOL, {"type": "null"}]}),
                "/generate": answered("generate", "application/x-ndjson", {**BOOL, "default": True}),
                "/ranges": answered("get_ranges", "application/octet-stream", BOOL),
                "/pods": got("list_pods", content=WATCHED, parameters=[parameter("query", "watch", BOOL), LIMIT]),
                "/watch/pods": got(
                    "watch_pods",
                    content={name: {"schema": ref("Change")} for name in ("application/json", WATCH)},
                    parameters=[parameter("query", "watch", BOOL)],
                ),
                "/export": got("export", content={"application/jsonl": {"schema": TICKS}}),
                "/seq": got("get_seq", content={"application/json-seq": {"itemSchema": ref("Tick")}, EVENTS: {}}),
                "/values": got("get_values", content={"application/x-ndjson": {}}),
                "/either": got(
                    "get_either",
                    content={"application/json": {"schema": TICKS}, "application/x-ndjson": {"schema": ref("Tick")}},
                    parameters=[parameter("query", "format")],
                ),
                "/file": got("get_file", content={"application/x-ndjson": {"schema": TEXT}}),
                "/taken": got("stream_content", ("204", {"description": "Done."})),
            },
            {
                "Tick": obj(number=INT),
                "Stop": obj(event={"const": "stop"}, data=obj(reason=TEXT)),
                "Ticks": obj(items=TICKS),
                "Task": obj(task=INT, event=TEXT, data=TEXT),
                "Change": obj(type=TEXT, object=ref("Tick")),
            },
        )
    )


class Server:
    """Keeps the requests, redirects from some paths, and else answers with what it was given."""

    def __init__(self, content: bytes = b"content", media_type: str = "", status: int = 200) -> None:
        self.requests: list[httpx2.Request] = []
        self.content, self.status = content, status
        self.headers = {"content-type": media_type} if media_type else {}

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        self.requests.append(request)
        if re.search("moved|asked|refused|place|undocumented", request.url.path):
            return httpx2.Response(302, headers={"location": DOWNLOAD})
        return httpx2.Response(self.status, content=self.content, headers=self.headers)


def run(package: Package, kind: str, server: Any, use: Callable[[Any], Any], **options: Any) -> Any:
    """Use a client of either kind; a context manager is entered, and what is iterated over collected."""
    settings = {"http": httpx2.MockTransport(server), **options}
    if kind == "Client":
        with package.module.Client(**settings) as client:
            found = use(client)
            if not hasattr(found, "__enter__"):
                return found
            with found as stream:
                return list(stream)

    async def awaited() -> Any:
        async with package.module.AsyncClient(**settings) as client:
            found = use(client)
            if inspect.isawaitable(found):
                return await found
            async with found as stream:
                return [item async for item in stream]

    return asyncio.run(awaited())


@KINDS
def test_bytes_are_returned_or_streamed(package: Package, kind: str) -> None:
    server = Server()
    assert run(package, kind, server, lambda client: client.get_content(), x_user="u") == b"content"
    derive = {"headers": {"x-a": "1"}}
    # The name is another operation's.
    found = run(
        package, kind, server, lambda client: client.with_options(**derive).open_content_stream(range="r"), x_user="u"
    )
    assert found == [b"content"]
    names = ("range", "x-user", "x-a", "accept")
    assert [server.requests[1].headers[name] for name in names] == ["r", "u", "1", "application/octet-stream"]


@KINDS
@pytest.mark.parametrize("status", [206, 404])
def test_the_status_decides_as_in_the_plain_call(package: Package, kind: str, status: int) -> None:
    server = Server(status=status)
    for use in (lambda client: client.get_content(), lambda client: client.open_content_stream()):
        if status == 404:
            with pytest.raises(package.errors.NotFoundError, match=r"^404 \(get_content\)$"):
                run(package, kind, server, use)
        else:
            # What a range is answered with.
            assert run(package, kind, server, use) in (b"content", [b"content"])


@KINDS
def test_a_body_that_is_not_there_yet_is_no_empty_stream(package: Package, kind: str) -> None:
    server = Server(b"", status=202)
    server.headers = {"retry-after": "7"}
    assert run(package, kind, server, lambda client: client.get_pending()) is None
    with pytest.raises(package.errors.ApiError, match=r"^202: there is no body to read yet") as caught:
        run(package, kind, server, lambda client: client.stream_pending())
    assert (caught.value.status, caught.value.retry_after_s, caught.value.retry_safe) == (202, 7.0, True)


def test_a_stream_is_written_to_a_file(package: Package, tmp_path: Path) -> None:
    with package.module.Client(http=httpx2.MockTransport(Server())) as client:
        with client.open_content_stream() as response:
            assert response.write_to(tmp_path / "file") == 7
        with client.raw.open_content_stream() as response:
            assert response.read() == b"content"
    assert (tmp_path / "file").read_bytes() == b"content"


@KINDS
def test_arguments_are_checked_before_anything_is_sent(package: Package, kind: str) -> None:
    def use(client: Any) -> Any:
        with pytest.raises(
            package.errors.InvalidArgumentError, match=r"^range='a\\n': has characters that cannot be sent in a header$"
        ):
            client.open_content_stream(range="a\n")
        return client.get_content()

    server = Server()
    run(package, kind, server, use)
    assert len(server.requests) == 1


@KINDS
@pytest.mark.parametrize(
    ("method", "result"),
    [("get_moved", b"content"), ("stream_moved", [b"content"]), ("get_asked", "content")],
)
def test_a_documented_redirect_is_followed(package: Package, kind: str, method: str, result: Any) -> None:
    server = Server()
    assert run(package, kind, server, lambda client: getattr(client, method)()) == result
    assert [str(request.url) for request in server.requests][1:] == [DOWNLOAD]


@KINDS
@pytest.mark.parametrize("method", ["get_place", "get_refused"])
def test_a_redirect_that_is_not_followed_is_the_result(package: Package, kind: str, method: str) -> None:
    server = Server()
    assert run(package, kind, server, lambda client: getattr(client, method)()) == DOWNLOAD
    response = run(package, kind, server, lambda client: getattr(client.raw, method)())
    assert (response.status, response.parsed) == (302, DOWNLOAD)
    assert len(server.requests) == 2


def test_the_result_is_typed_by_the_document(package: Package) -> None:
    def result(name: str) -> Any:
        return inspect.signature(getattr(package.module.Client, name)).return_annotation

    names = ("get_content", "get_moved", "get_place", "get_place_or_nothing", "get_refused", "get_xml", "chat")
    assert [result(name) for name in names] == ["bytes", "bytes", "str", "str | None", "str", "str", "models.Tick"]
    assert result("open_content_stream") == "AbstractContextManager[ResponseStream]"
    assert result("stream_watch_words") == "AbstractContextManager[EventStream[str]]"
    typed = "AbstractContextManager[EventStream[models.Tick]]"
    for name in ("watch_ticks", "watch_items", "watch_lists", "watch_named", "chat"):
        assert result(f"stream_{name}") == typed
    streams = {name for name in dir(package.module.AsyncClient) if name.startswith("stream_")}
    assert streams == {
        *("stream_content", "stream_moved", "stream_chat", "stream_watch_words"),
        *("stream_watch_ticks", "stream_watch_items", "stream_watch_lists", "stream_watch_named", "stream_speech"),
        *("stream_watch_kinds", "stream_pending", "stream_speech_bytes", "stream_three", "stream_three_bytes"),
        *("stream_complete", "stream_generate", "stream_ranges", "stream_list_pods", "stream_watch_pods"),
        *("stream_export", "stream_export_bytes", "stream_seq", "stream_seq_lines", "stream_seq_bytes"),
        *("stream_values", "stream_values_bytes", "stream_file", "stream_either", "stream_either_bytes"),
        *("stream_open_chat", "stream_watch_envelope", "stream_watch_enveloped", "stream_watch_task"),
    }


@KINDS
def test_an_undocumented_redirect_is_an_error(package: Package, kind: str) -> None:
    with pytest.raises(package.errors.ApiError, match=r"redirects are not followed \(target host dl.elsewhere.example"):
        run(package, kind, Server(), lambda client: client.get_undocumented())


@KINDS
def test_events_are_typed(package: Package, kind: str) -> None:
    content = b'id: 1\nevent: tick\ndata: {"number": 1}\n\ndata: {"number": 2}\n\ndata: [DONE]\n\n'
    for name in ("watch_ticks", "watch_items", "watch_lists", "watch_named", "watch_envelope"):
        server = Server(content, EVENTS)
        found = run(package, kind, server, methodcaller(f"stream_{name}"))
        assert [(event.data.number, event.event, event.id) for event in found] == [
            (1, "tick", "1"),
            (2, "message", "1"),
        ]
        assert isinstance(found[0], package.module.types.Event)
        assert server.requests[0].headers["accept"] == EVENTS
    mixed = Server(b'data: {"number": 1}\n\nevent: stop\ndata: {"reason": "end"}\n\n', EVENTS)
    for name in ("watch_kinds", "watch_enveloped"):
        tick, stop = run(package, kind, mixed, methodcaller(f"stream_{name}"))
        assert (type(tick.data).__name__, tick.data.number, stop.data.reason) == ("Tick", 1, "end")
    # What has more than the fields of an event is its data.
    own = Server(b'data: {"task": 1, "event": "end", "data": "x"}\n\n', EVENTS)
    (event,) = run(package, kind, own, methodcaller("stream_watch_task"))
    assert (event.data.task, event.data.event, event.data.data) == (1, "end", "x")
    words = run(package, kind, Server(content, EVENTS), lambda client: client.stream_watch_words())
    assert [event.data for event in words] == ['{"number": 1}', '{"number": 2}', "[DONE]"]
    assert run(package, kind, Server(content, EVENTS), lambda client: client.watch_words()) == content.decode()


@KINDS
def test_an_operation_with_both_keeps_its_json(package: Package, kind: str) -> None:
    server = Server(b'{"number": 1}', "application/json")
    assert run(package, kind, server, lambda client: client.chat(stream=False)).number == 1
    assert server.requests[0].headers["accept"] == "application/json"
    with pytest.raises(
        package.errors.DecodeError,
        match=r"^response body at \$: is application/json, not text/event-stream \(chat, status 200\)$",
    ):
        run(package, kind, server, lambda client: client.stream_chat())
    assert server.requests[1].content == b'{"stream":true}'

    server = Server(b'data: {"number": "x"}\n\n', EVENTS)
    with pytest.raises(
        package.errors.DecodeError, match=r"^response body at \$\.number: must be int, not str \(chat, status 200\)$"
    ):
        run(package, kind, server, lambda client: client.stream_chat())
    with pytest.raises(
        package.errors.DecodeError,
        match=r"^response body at \$: is text/event-stream, not application/json \(chat, status 200\)$",
    ):
        run(package, kind, server, lambda client: client.chat(stream=True))


@KINDS
def test_a_method_that_reads_a_stream_asks_for_it(package: Package, kind: str) -> None:
    whole, event, line = b'{"number": 1}', b'data: {"number": 1}\n\n', b'{"number": 1}\n{"number": 2}'
    for name, media_type, content in (("complete", EVENTS, event), ("generate", LINES, line)):
        server = Server(content, media_type)
        found = run(package, kind, server, methodcaller(f"stream_{name}", model="m"))
        assert getattr(found[0], "data", found[0]) == package.models.Tick(number=1)
        assert server.requests[0].content == b'{"model":"m","stream":true}'
        assert server.requests[0].headers["accept"] == media_type
        signature = inspect.signature(getattr(package.module.Client, f"stream_{name}"))
        assert list(signature.parameters) == ["self", "model"]
    # What the server does by default is left to it, unless that is a stream.
    for name, body in (("complete", b'{"model":"m"}'), ("generate", b'{"model":"m","stream":false}')):
        server = Server(whole, "application/json")
        assert run(package, kind, server, methodcaller(name, model="m")).number == 1
        assert server.requests[0].content == body
    doc = " ".join(package.module.Client.generate.__doc__.split())
    assert "stream: The server takes `true` if it is absent. A method sends `False` for this argument" in doc
    assert "but for `stream`, which is sent as true" in package.module.Client.stream_generate.__doc__
    server = Server(b"ID3", "application/octet-stream")
    assert run(package, kind, server, methodcaller("stream_ranges", model="m", stream=False)) == [b"ID3"]


@KINDS
def test_a_body_that_is_no_arguments_asks_for_a_stream_too(package: Package, kind: str) -> None:
    body = package.models.OpenChatBody
    extra = {"top_k": 1}
    for given, content in (
        (body(model="m", additional_properties=extra), b'{"top_k":1,"model":"m","stream":true}'),
        (body(model="m", stream=False), b'{"model":"m","stream":false}'),
    ):
        server = Server(b'data: {"number": 1}\n\n', EVENTS)
        (event,) = run(package, kind, server, methodcaller("stream_open_chat", body=given))
        assert (event.data.number, server.requests[0].content) == (1, content)
        assert given.stream is not True
    server = Server(b'{"number": 1}', "application/json")
    run(package, kind, server, methodcaller("open_chat", body=body(model="m")))
    assert server.requests[0].content == b'{"model":"m"}'
    doc = package.module.Client.stream_open_chat.__doc__
    assert "As of `open_chat`. Unless the body says `stream`, it is sent as true." in doc


@KINDS
def test_changes_are_watched(package: Package, kind: str) -> None:
    change = b'{"type": "ADDED", "object": {"number": 1}}\n'
    for name, given in (("list_pods", {"limit": 2}), ("watch_pods", {})):
        # Kubernetes does not name the stream.
        server = Server(change, "application/json")
        (found,) = run(package, kind, server, methodcaller(f"stream_{name}", **given))
        assert server.requests[0].headers["accept"] == WATCH
        assert "watch=true" in str(server.requests[0].url)
        assert (found["type"] if name == "list_pods" else found.type) == "ADDED"
    server = Server(b'{"items": [{"number": 1}]}', "application/json")
    assert run(package, kind, server, methodcaller("list_pods")).items[0].number == 1
    assert (server.requests[0].headers["accept"], server.requests[0].url.query) == ("application/json", b"")


@KINDS
def test_lines_of_json_are_typed(package: Package, kind: str) -> None:
    lines = b'{"number": 1}\r\n\n{"number": 2}'
    ticks = [package.models.Tick(number=number) for number in (1, 2)]
    for name, media_type in (("stream_export", "application/jsonl"), ("stream_seq_lines", "application/json-seq")):
        server = Server(lines, media_type)
        assert run(package, kind, server, methodcaller(name)) == ticks
        assert server.requests[0].headers["accept"] == media_type
    assert run(package, kind, Server(b"1\nnull\n", LINES), methodcaller("stream_values")) == [1, None]
    # The whole remains what it is.
    assert run(package, kind, Server(lines, "application/jsonl"), methodcaller("export")) == lines
    assert run(package, kind, Server(lines, LINES), methodcaller("stream_file")) == [lines]
    assert run(package, kind, Server(lines, LINES), methodcaller("get_either", format="ndjson")) == lines
    assert run(package, kind, Server(b"[]", "application/json"), methodcaller("get_either")) == []
    assert run(package, kind, Server(lines, LINES), methodcaller("stream_either")) == ticks
    server = Server(lines, "application/json-seq")
    assert b"".join(run(package, kind, server, methodcaller("stream_seq_bytes"))) == lines
    assert server.requests[0].headers["accept"] == "application/json-seq"
    assert package.module.types.JsonLines


@KINDS
@pytest.mark.parametrize(
    ("method", "accept", "content", "found"),
    [
        ("get_speech", "application/octet-stream", b"ID3", b"ID3"),
        ("stream_speech_bytes", "application/octet-stream", b"ID3", [b"ID3"]),
        ("stream_speech", EVENTS, b"data: a\n\n", ["a"]),
        ("get_three", "application/json", b'{"number": 1}', 1),
        ("stream_three_bytes", "audio/mpeg", b"ID3", [b"ID3"]),
        ("stream_three", EVENTS, b'data: {"number": 1}\n\n', [1]),
    ],
)
def test_bytes_beside_events_are_streamed_too(
    package: Package, kind: str, method: str, *, accept: str, content: bytes, found: Any
) -> None:
    def plain(value: Any) -> Any:
        return [plain(item) for item in value] if isinstance(value, list) else getattr(value, "number", value)

    server = Server(content, accept)
    result = run(package, kind, server, methodcaller(method))
    assert plain([getattr(item, "data", item) for item in result] if isinstance(result, list) else result) == found
    assert server.requests[0].headers.get_list("accept") == [accept]


@KINDS
@pytest.mark.parametrize("media_type", ["audio/mpeg", "application/octet-stream"])
def test_any_bytes_may_have_a_media_type_of_their_own(package: Package, kind: str, media_type: str) -> None:
    server = Server(b"ID3\xff", media_type)
    assert run(package, kind, server, lambda client: client.get_speech()) == b"ID3\xff"


@KINDS
def test_xml_is_text(package: Package, kind: str) -> None:
    for name in ("get_xml", "get_text_xml"):
        server = Server("<a>ü</a>".encode(), "application/xml")
        assert run(package, kind, server, methodcaller(name)) == "<a>ü</a>"


def test_the_readme_lists_the_streams(package: Package) -> None:
    text = package.text("README.md")
    assert "| `stream_moved` | `get_moved` | `ResponseStream` of bytes |" in text
    assert "| `stream_speech_bytes` | `get_speech` | `ResponseStream` of bytes |" in text
    assert "| `stream_watch_ticks` | `watch_ticks` | `Event[models.Tick]` |" in text
    assert "| `stream_export` | `export` | `JsonLines[models.Tick]` |" in text


def test_what_streams_is_loaded_when_it_is_used(package: Package) -> None:
    code = f"import sys; import {package.name}; from {package.name} import api; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=package.folder.parent, capture_output=True, text=True, check=True
    )
    loaded = {name.rpartition(".")[2] for name in done.stdout.split()}
    assert "httpx2" not in loaded
    assert not loaded & {"redirects"}


def test_a_package_without_streams_loads_none_of_it(make: Make) -> None:
    made = make(document({"/things": {"get": operation()}}))
    code = (
        f"import sys, httpx2, {made.name} as made\n"
        "with made.Client(http=httpx2.MockTransport(lambda _: httpx2.Response(204))) as client: client.call()\n"
        "print(*sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=made.folder.parent, capture_output=True, text=True, check=True
    )
    loaded = {name.rpartition(".")[2] for name in done.stdout.split()}
    assert not loaded & {"redirects", "response_stream", "event_stream", "json_lines", "item_stream", "file_target"}
    assert "## Streams" not in made.text("README.md")
