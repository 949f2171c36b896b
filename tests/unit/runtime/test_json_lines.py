"""Lines of JSON are read however the stream is cut."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from generator.overlay._runtime.codecs import Json
from generator.overlay._runtime.errors import DecodeError, ResponseTooLargeError, TransportError
from generator.overlay._runtime.json_lines import LineParser
from generator.overlay._runtime.messages import Request

from .conftest import BASE, Recorder
from .test_transport import Stream

if TYPE_CHECKING:
    from .conftest import Connect

GET = Request("watch", "GET", BASE, "/lines")
MEDIA = {"content-type": "application/x-ndjson; charset=utf-8"}

STREAMS: dict[str, tuple[bytes, list[bytes]]] = {
    "of one line": (b"1\n", [b"1"]),
    "without a last end": (b"1\n2", [b"1", b"2"]),
    "with carriage returns": (b"1\r\n2\r\n", [b"1", b"2"]),
    "with empty lines": (b"\n1\n\n \t\r\n2\n\n", [b"1", b"2"]),
    "with a byte order mark": (b"\xef\xbb\xbf1\n2\n", [b"1", b"2"]),
    "with characters of several bytes": ('"ü€😀"\n'.encode(), ['"ü€😀"'.encode()]),
    "that is empty": (b"", []),
    "of records": (b'\x1e{"a":\x201}\n\x1e2\n', [b'{"a": 1}', b"2"]),
    "of records without line ends": (b"\x1e1\x1e2\x1e\x1e3", [b"1", b"2", b"3"]),
    "of records with several lines": (
        b'\x1e\n{\n"a": [\n1]\n}\n\x1e2\n\x1e[\n3]',
        [b'{\n"a": [\n1]\n}', b"2", b"[\n3]"],
    ),
    "with a record that was cut": (b'\x1e{"a\n\x1e2\n', [b'{"a', b"2"]),
}


@pytest.mark.parametrize("name", STREAMS)
def test_a_stream_is_read_however_it_is_cut(name: str) -> None:
    stream, values = STREAMS[name]

    def read(*chunks: bytes) -> list[bytes]:
        parser = LineParser()
        found = [value for chunk in chunks for value, has_end in parser.feed(chunk) if has_end]
        return found + [value for value, has_end in parser.end() if not has_end]

    assert read(*(stream[at : at + 1] for at in range(len(stream)))) == values
    assert all(read(stream[:cut], b"", stream[cut:]) == values for cut in range(len(stream) + 1))


def test_a_value_comes_when_its_line_has_ended() -> None:
    parser = LineParser()
    assert [*parser.feed(b"1\n2"), *parser.feed(b"\n\x1e3"), *parser.feed(b"\n")] == [
        (value, True) for value in (b"1", b"2", b"3")
    ]


def test_a_record_that_is_nested_too_deeply_ends_with_its_line() -> None:
    # Deeper than any Python reads.
    deep = b"[" * 100_000
    assert list(LineParser().feed(b"\x1e" + deep + b"\n1\n")) == [(deep, True), (b"1", True)]


def test_empty_lines_of_a_record_cost_nothing() -> None:
    parser = LineParser(limit=8)
    assert list(parser.feed(b"\x1e" + b" \n" * 100_000 + b"1\n")) == [(b"1", True)]


@pytest.mark.parametrize("stream", [b"0123456789", b"\x1e{\n" + b" \n" * 5, b" " * 10])
def test_a_line_that_is_too_large_is_an_error(stream: bytes) -> None:
    parser = LineParser(limit=8)
    assert list(parser.feed(b"01234567\n\x1e12\n\x1e34\n")) == [(b"01234567", True), (b"12", True), (b"34", True)]
    with pytest.raises(ValueError, match=r"^a line is larger than 8 bytes$"):
        list(parser.feed(stream))


def test_values_come_while_the_stream_goes_on(connect: Connect) -> None:
    body = Stream(b"1\n2\n3", b"\n4\n")
    recorder = Recorder(200, stream=body, headers=MEDIA)
    with connect(recorder).stream_lines(GET) as lines:
        assert (lines.stream.status, lines.stream.headers["content-type"]) == (200, MEDIA["content-type"])
        assert (next(lines), next(lines), body.given) == ("1", "2", 1)
        assert (next(lines), body.given) == ("3", 2)
        assert list(lines) == ["4"]
    assert recorder.requests[0].headers["accept"] == "application/x-ndjson"
    assert body.closed


class Tick(msgspec.Struct):
    number: int


def test_a_wrong_line_does_not_end_the_stream_and_a_cut_one_is_an_error(connect: Connect) -> None:
    content = b'{"number": 1}\n{"number": "t0ken-that-is-long"}\n{"number": 2}\n{"num'
    fields: Any = {"content": content, "headers": MEDIA}
    transport = connect(Recorder(200, **fields), token="t0ken-that-is-long")  # none
    with transport.stream_lines(GET, Json(Tick).decode_bytes) as lines:
        assert next(lines) == Tick(1)
        with pytest.raises(
            DecodeError, match=r"^response body at \$\.number: must be int, not str \(watch, status 200\)$"
        ) as caught:
            next(lines)
        assert (caught.value.content, caught.value.__context__) == (b'{"number": "[secure]"}', None)
        assert next(lines) == Tick(2)
        with pytest.raises(DecodeError, match=r" \(the last line, which has no end\) \(watch, status 200\)$") as caught:
            next(lines)
        assert caught.value.content == b'{"num'
        assert list(lines) == []


def test_null_is_a_value(connect: Connect) -> None:
    fields: Any = {"content": b"1\nnull\n2", "headers": MEDIA}
    with connect(Recorder(200, **fields)).stream_lines(GET, Json[Any](Any).decode_bytes) as lines:
        assert list(lines) == [1, None, 2]


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        ("application/x-ndjson", "application/jsonl"),
        ("application/json;stream=watch", "application/json"),
        ("application/json;stream=watch", "application/json;stream=watch"),
        ("application/json-seq", "application/json-seq"),
    ],
)
def test_a_server_may_name_lines_otherwise(connect: Connect, accept: str, media_type: str) -> None:
    recorder = Recorder(200, content=b"1\n", headers={"content-type": media_type})
    with connect(recorder).stream_lines(GET, accept=accept) as lines:
        assert list(lines) == ["1"]
    assert recorder.requests[0].headers["accept"] == accept


@pytest.mark.parametrize("media", [{"content-type": "application/json"}, {"content-type": "text/event-stream"}, {}])
def test_what_has_no_lines_is_refused(connect: Connect, media: dict[str, str]) -> None:
    body = Stream(b"{}")
    recorder = Recorder(200, stream=body, headers=media)
    with pytest.raises(DecodeError, match="not application/x-ndjson"), connect(recorder).stream_lines(GET):
        pytest.fail("yields nothing")
    assert body.closed


def test_a_204_has_no_lines(connect: Connect) -> None:
    with connect(Recorder(204)).stream_lines(GET) as lines:
        assert list(lines) == []


def test_a_stream_that_is_too_large_or_incomplete_or_closed_raises(
    connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("generator.overlay._runtime.json_lines.LineParser", lambda: LineParser(20))
    body = Stream(b"1\n", b"0123456789" * 3)
    with connect(Recorder(200, stream=body, headers=MEDIA)).stream_lines(GET) as lines:
        assert next(lines) == "1"
        with pytest.raises(ResponseTooLargeError, match=r"^watch: a line is larger than 20 bytes$"):
            next(lines)
        lines.call("close")
        assert body.closed
        with pytest.raises(TransportError, match=r"^watch: StreamClosed: the stream is closed, or has failed before$"):
            next(lines)
    cut = Recorder(200, stream=Stream(b"1\n2"), headers={**MEDIA, "content-length": "9"})
    with connect(cut).stream_lines(GET) as lines:
        assert next(lines) == "1"
        with pytest.raises(TransportError, match="the body ended 6 bytes early"):
            next(lines)
