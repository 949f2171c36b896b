"""Facts about requests and responses as values."""

from __future__ import annotations

import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generator.overlay._runtime.headers import Headers
from generator.overlay._runtime.messages import RawResponse, Request, Response

NAMES = st.text("abcXYZ-", min_size=1, max_size=4)


def test_headers_are_looked_up_without_regard_to_case() -> None:
    headers = Headers([("Content-Type", "text/html")])
    assert headers["content-TYPE"] == headers.get("CONTENT-type") == "text/html"
    assert "Content-type" in headers
    assert headers.get("other") is None
    assert headers.get("other", "x") == "x"
    with pytest.raises(KeyError):
        _ = headers["other"]


@given(st.lists(st.tuples(NAMES, st.text(max_size=3))))
def test_repeated_headers_are_joined_and_kept_apart(pairs: list[tuple[str, str]]) -> None:
    headers = Headers(pairs)
    for name, _ in pairs:
        values = [value for other, value in pairs if other.lower() == name.lower()]
        assert headers.get_list(name) == values
        assert headers[name.upper()] == ", ".join(values)
    assert len(headers) == len(list(headers)) == len({name.lower() for name, _ in pairs})
    assert pickle.loads(pickle.dumps(headers)) == headers  # noqa: S301  # our own
    assert hash(pickle.loads(pickle.dumps(headers))) == hash(headers)  # noqa: S301  # our own


SAFE, UNSAFE = ["GET", "HEAD", "PUT", "DELETE", "OPTIONS", "TRACE"], ["POST", "PATCH"]


@pytest.mark.parametrize(
    ("method", "repeatable", "idempotent"),
    [
        *((method, None, True) for method in SAFE),
        *((method, None, False) for method in UNSAFE),
        *((method, repeatable, repeatable) for method in ("PUT", "POST") for repeatable in (True, False)),
    ],
)
def test_the_spec_or_else_the_method_decides_idempotence(
    method: str, *, repeatable: bool | None, idempotent: bool
) -> None:
    assert Request("op", method, "https://x", "/", repeatable=repeatable).idempotent is idempotent
    assert RawResponse("op", method, 200, Headers(), b"", repeatable=repeatable).idempotent is idempotent


def test_requests_and_responses_are_frozen() -> None:
    request, raw = Request("op", "GET", "https://x", "/"), RawResponse("op", "GET", 200, Headers(), b"")
    for value, name in ((request, "path"), (raw, "status"), (Response(raw, 1), "parsed")):
        with pytest.raises(AttributeError):
            setattr(value, name, "other")


def test_reprs_show_neither_content_nor_headers() -> None:
    fields = (("x", "hidden"),)
    request = Request("op", "POST", "https://x", "/p", query=fields, headers=fields, content=b"hidden")
    raw = RawResponse("op", "POST", 200, Headers([("set-cookie", "hidden")]), b"hidden")
    assert repr(request) == "<Request op: POST /p, 6 bytes>"
    assert repr(Request("op", "GET", "https://x", "/p")) == "<Request op: GET /p, no content>"
    assert repr(raw) == "<RawResponse op: 200, 6 bytes>"


@pytest.mark.parametrize(
    ("header", "media_type"),
    [
        ("application/json", "application/json"),
        (" Application/JSON ; charset=utf-8", "application/json"),
        ("", ""),
        (None, ""),
    ],
)
def test_the_media_type_has_no_parameters(header: str | None, media_type: str) -> None:
    pairs = [] if header is None else [("Content-Type", header)]
    assert RawResponse("op", "GET", 200, Headers(pairs), b"").media_type == media_type


def test_a_response_shows_what_was_received() -> None:
    raw = RawResponse("op", "GET", 201, Headers([("a", "b")]), b"[]")
    response = Response(raw, [1])
    assert (response.status, response.headers, response.content, response.parsed) == (201, raw.headers, b"[]", [1])
    assert pickle.loads(pickle.dumps(response)) == response  # noqa: S301  # our own
