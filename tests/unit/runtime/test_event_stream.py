"""Events are read as the WHATWG's standard has it, however the stream is cut."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from generator.overlay._runtime.codecs import Json
from generator.overlay._runtime.errors import DecodeError, ResponseTooLargeError, TransportError
from generator.overlay._runtime.event_stream import Event, EventParser
from generator.overlay._runtime.messages import Request

from .conftest import BASE, Recorder
from .test_transport import Stream

if TYPE_CHECKING:
    from .conftest import Connect

GET = Request("watch", "GET", BASE, "/events")
MEDIA = {"content-type": "text/event-stream; charset=utf-8"}

STREAMS: dict[str, tuple[bytes, list[Event[str]]]] = {
    "of one line": (b"data: a\n\n", [Event("a")]),
    "without a space": (b"data:a\ndata:  b\n\n", [Event("a\n b")]),
    "of several lines": (b"data: a\ndata\ndata: b\n\n", [Event("a\n\nb")]),
    "with an empty line of data": (b"data\n\ndata:\n\n", [Event(""), Event("")]),
    "with carriage returns": (b"data: a\r\rdata: b\r\r", [Event("a"), Event("b")]),
    "with both": (b"data: a\r\n\r\ndata: b\r\n\r\n", [Event("a"), Event("b")]),
    "with mixed ends": (b"data: a\r\ndata: b\rdata: c\n\r\n", [Event("a\nb\nc")]),
    "with a byte order mark": (b"\xef\xbb\xbfdata: a\n\n\xef\xbb\xbfdata: b\n\n", [Event("a")]),
    "with comments": (b": hi\n\n:\ndata: a\n: more\n\n", [Event("a")]),
    "with names": (b"event: x\ndata: a\n\ndata: b\n\nevent:\ndata: c\n\n", [Event("a", "x"), Event("b"), Event("c")]),
    "with a name and no data": (b"event: x\n\ndata: a\n\n", [Event("a")]),
    "with ids": (b"id: 1\ndata: a\n\ndata: b\n\nid\ndata: c\n\n", [Event("a", id="1"), Event("b", id="1"), Event("c")]),
    "with an id that has NUL": (b"id: 1\nid: 2\0\ndata: a\n\n", [Event("a", id="1")]),
    "with an id and no data": (b"id: 1\n\ndata: a\n\n", [Event("a", id="1")]),
    "with waits": (
        b"retry: 250\ndata: a\n\nretry: 5s\nretry: -1\nretry:\nretry: \xc2\xb2\ndata: b\n\n",
        [Event("a", retry_ms=250), Event("b", retry_ms=250)],
    ),
    "with unknown fields": (b"datum: x\nDATA: y\nx\ndata: a\n\n", [Event("a")]),
    "that ends within an event": (b"data: a\n\ndata: b\n", [Event("a")]),
    "with characters of several bytes": ("data: ü€😀\n\n".encode(), [Event("ü€😀")]),
    "that is not UTF-8": (b"data: \xff\n\n", [Event("\ufffd")]),
    "that is empty": (b"", []),
    "with half a byte order mark": (b"\xef\xbbdata: a\n\n", []),
}


@pytest.mark.parametrize("name", STREAMS)
def test_a_stream_is_read_however_it_is_cut(name: str) -> None:
    stream, events = STREAMS[name]
    whole = EventParser()
    assert list(whole.feed(stream)) == events
    bytewise = EventParser()
    assert [event for at in range(len(stream)) for event in bytewise.feed(stream[at : at + 1])] == events
    for cut in range(len(stream)):
        parser = EventParser()
        assert [*parser.feed(stream[:cut]), *parser.feed(b""), *parser.feed(stream[cut:])] == events


@pytest.mark.parametrize(
    "stream", [b"data: 0123456789", b": 0123456789abc", b"data: 01\ndata: 23\n", b"data\n" * 9, b"event: 0123456789"]
)
def test_an_event_that_is_too_large_is_an_error(stream: bytes) -> None:
    parser = EventParser(limit=14)
    assert list(parser.feed(b"data: 0123456\n\n: 01234567\n: 01234567\n")) == [Event("0123456")]
    with pytest.raises(ValueError, match=r"^an event is larger than 14 bytes$"):
        list(parser.feed(stream))


def test_events_come_while_the_stream_goes_on(connect: Connect) -> None:
    body = Stream(b"data: 1\n\ndata: 2\n\nda", b"ta: 3\n\n", b": end")
    recorder = Recorder(200, stream=body, headers=MEDIA)
    with connect(recorder).stream_events(GET) as events:
        assert (events.stream.status, events.stream.headers["content-type"]) == (200, MEDIA["content-type"])
        assert (next(events), next(events), body.given) == (Event("1"), Event("2"), 1)
        assert (next(events), body.given) == (Event("3"), 2)
        assert list(events) == []
    assert recorder.requests[0].headers["accept"] == "text/event-stream"
    assert body.closed


class Tick(msgspec.Struct):
    number: int


def test_data_is_decoded_and_a_wrong_one_does_not_end_the_stream(connect: Connect) -> None:
    content = b'id: 7\nretry: 250\ndata: {"number":\ndata: 1}\n\n'
    content += b'data: {"number": "t0ken-that-is-long"}\n\ndata: {"number": 2}\n\n'
    fields: Any = {"content": content, "headers": MEDIA}
    transport = connect(Recorder(200, **fields), token="t0ken-that-is-long")  # none
    with transport.stream_events(GET, Json(Tick).decode_bytes) as events:
        assert next(events) == Event(Tick(1), id="7", retry_ms=250)
        with pytest.raises(
            DecodeError, match=r"^response body at \$\.number: must be int, not str \(watch, status 200\)$"
        ) as caught:
            next(events)
        assert (caught.value.content, caught.value.__context__) == (b'{"number": "[secure]"}', None)
        assert list(events) == [Event(Tick(2), id="7", retry_ms=250)]


def test_an_event_that_does_not_fit_is_named(connect: Connect) -> None:
    fields: Any = {"content": b'event: error\ndata: {"error": "no"}\n\ndata: {"number": 2}\n\n', "headers": MEDIA}
    with connect(Recorder(200, **fields)).stream_events(GET, Json(Tick).decode_bytes) as events:
        with pytest.raises(
            DecodeError, match=r"^response body at \$: lacks number \(event 'error'\) \(watch, status 200\)$"
        ) as caught:
            next(events)
        assert caught.value.content == b'{"error": "no"}'
        assert [event.data for event in events] == [Tick(2)]


@pytest.mark.parametrize("read", [bytes.decode, Json(Tick).decode_bytes])
def test_what_is_no_json_by_convention_ends_a_typed_stream(connect: Connect, read: Any) -> None:
    fields: Any = {"content": b'data: {"number": 1}\n\ndata: [DONE]\n\ndata: x\n\n', "headers": MEDIA}
    with connect(Recorder(200, **fields)).stream_events(GET, read) as events:
        found = [event.data for event in events]
        assert list(events) == []
    assert found == (['{"number": 1}', "[DONE]", "x"] if read is bytes.decode else [Tick(1)])


@pytest.mark.parametrize("media", [{"content-type": "application/json"}, {}])
def test_what_is_no_stream_of_events_is_refused(connect: Connect, media: dict[str, str]) -> None:
    body = Stream(b"{}")
    recorder = Recorder(200, stream=body, headers=media)
    with pytest.raises(DecodeError, match="not text/event-stream"), connect(recorder).stream_events(GET):
        pytest.fail("yields nothing")
    assert body.closed


def test_a_204_has_no_events(connect: Connect) -> None:
    with connect(Recorder(204)).stream_events(GET) as events:
        assert list(events) == []


def test_a_stream_that_is_too_large_or_closed_raises(connect: Connect, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("generator.overlay._runtime.event_stream.EventParser", lambda: EventParser(20))
    body = Stream(b"data: 1\n\ndata: ", b"0123456789" * 3)
    with connect(Recorder(200, stream=body, headers=MEDIA)).stream_events(GET) as events:
        assert next(events) == Event("1")
        with pytest.raises(ResponseTooLargeError, match=r"^watch: an event is larger than 20 bytes$"):
            next(events)
        events.call("close")
        assert body.closed
        with pytest.raises(TransportError, match=r"^watch: StreamClosed: the stream is closed, or has failed before$"):
            next(events)
