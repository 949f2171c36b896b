"""Facts about the errors themselves."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generator.overlay._runtime import errors
from generator.overlay._runtime.headers import Headers
from generator.overlay._runtime.text import one_line, short_repr

PLAIN: dict[str, Any] = {"headers": Headers(), "content": b"", "operation": "create_thing"}


def api_error(status: int = 409, **fields: Any) -> errors.ApiError:
    return errors.error_class(status)(status, fields=fields, **PLAIN)


EXAMPLES: list[errors.ClientError] = [
    errors.ClientError("closed", retry_safe=True, retry_after_s=2.5),
    errors.InvalidArgumentError("file_name", "must be str", shown="5"),
    errors.TransportError("x: ReadTimeout", operation="x", kind="ReadTimeout", retry_safe=False),
    errors.ResponseTooLargeError("too large", operation="x", kind="ResponseTooLarge"),
    errors.DecodeError("Expected int", path="$.size", status=201, content=b"{}", operation="x"),
    errors.PageError("the page is empty", "list_things"),
    api_error(409, code="item_name_in_use", message="taken", request_id="abc", context_info={"conflicts": {"id": "1"}}),
]


def pickled(value: Any) -> Any:
    return pickle.loads(pickle.dumps(value))  # noqa: S301  # our own


@pytest.mark.parametrize("error", EXAMPLES, ids=lambda error: type(error).__name__)
@pytest.mark.parametrize("again", [copy.copy, copy.deepcopy, pickled])
def test_every_error_survives_copy_and_pickle(error: errors.ClientError, again: Any) -> None:
    error.add_note("seen")
    other = again(error)
    assert type(other) is type(error)
    assert (str(other), other.args, other.__dict__) == (str(error), error.args, error.__dict__)


def test_every_public_error_ends_in_error_and_has_the_one_root() -> None:
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, Exception)]
    assert len(kinds) > 15
    for kind in kinds:
        assert kind.__name__.endswith("Error")
        assert issubclass(kind, errors.ClientError)


STATUSES = [
    *((400, "BadRequest"), (401, "Unauthorized"), (403, "Forbidden"), (404, "NotFound"), (405, "MethodNotAllowed")),
    *((409, "Conflict"), (410, "Gone"), (411, "LengthRequired"), (412, "PreconditionFailed"), (413, "ContentTooLarge")),
    *((415, "UnsupportedMediaType"), (416, "RangeNotSatisfiable"), (429, "RateLimited")),
    *((500, "Server"), (520, "Server"), (599, "Server")),
    *((100, "Api"), (302, "Api"), (418, "Api"), (600, "Api"), (999, "Api")),
]


@pytest.mark.parametrize(("status", "kind"), STATUSES)
def test_the_status_decides_the_class(status: int, kind: str) -> None:
    assert errors.error_class(status) is getattr(errors, f"{kind}Error")
    assert api_error(status).status == status


def test_an_api_error_prints_status_code_message_operation_and_request_id() -> None:
    error = api_error(code="item_name_in_use", message="Item already exists", request_id="abcdef123456")
    assert str(error) == "409 item_name_in_use: Item already exists (create_thing, request id abcdef123456)"
    assert str(api_error(503)) == "503 (create_thing)"


@given(st.text(), st.text(), st.text())
def test_an_api_error_prints_one_printable_line(code: str, message: str, request_id: str) -> None:
    text = str(api_error(code=code, message=message * 50, request_id=request_id))
    assert text.isprintable()
    assert len(text) < 600


def test_a_message_keeps_its_whole_text_as_an_attribute() -> None:
    message = "line\n" * 10_000
    error = api_error(message=message)
    assert error.message == message
    assert "\n" not in str(error)


def test_credentials_that_a_server_repeats_are_not_printed() -> None:
    assert "s3cret" not in str(api_error(message="header 'Authorization: Bearer s3cret.token' is bad"))


@pytest.mark.parametrize("junk", [5, None, [], {}, True, ""])
def test_fields_of_the_wrong_type_are_ignored(junk: object) -> None:
    error = api_error(code=junk, message=junk, request_id=junk, help_url=junk)
    assert (error.code, error.message, error.request_id, error.help_url) == (None, "", None, None)


def test_the_request_id_of_the_body_comes_before_that_of_a_header() -> None:
    for fields, expected in (({"request_id": "body"}, "body"), ({}, "header")):
        error = errors.ApiError(502, operation="x", headers=Headers(), content=b"", fields=fields, request_id="header")
        assert error.request_id == expected


@given(st.text() | st.binary() | st.lists(st.text()))
def test_a_short_repr_is_short_and_on_one_line(value: object) -> None:
    text = short_repr(value)
    assert len(text) <= 60
    assert text.isprintable()


def test_a_repr_that_fails_is_replaced_by_the_type() -> None:
    class Broken:
        def __repr__(self) -> str:
            raise RuntimeError

    assert short_repr(Broken()) == "<Broken>"


def test_an_invalid_argument_is_a_value_error_that_names_argument_value_and_rule() -> None:
    error = errors.InvalidArgumentError("file_name", "must be short", shown="'x'")
    assert isinstance(error, ValueError)
    assert (str(error), error.argument, error.rule) == ("file_name='x': must be short", "file_name", "must be short")
    error = errors.InvalidArgumentError("parts[3].size", "must be at\nleast 1")
    assert (str(error), error.retry_safe) == ("parts[3].size: must be at least 1", True)
    assert (error.argument, error.rule, error.retry_after_s) == ("parts[3].size", "must be at\nleast 1", None)


def test_an_untrusted_url_is_cut_in_the_message_alone() -> None:
    url = f"https://evil.org/{'x' * 300}"
    error = errors.UntrustedUrlError(url, "is not\nhttps")
    assert (str(error), error.retry_safe) == (f"'https://evil.org/{'x' * 180}……: is not https", True)
    assert (error.url, error.rule) == (url, "is not\nhttps")


def test_a_transport_error_keeps_its_kind() -> None:
    error = errors.TransportError("x:\nReadTimeout", operation="x", kind="ReadTimeout", retry_safe=False)
    assert (str(error), error.operation, error.kind, error.retry_safe) == ("x: ReadTimeout", "x", "ReadTimeout", False)
    plain = errors.TransportError("x")
    assert (plain.operation, plain.kind, plain.retry_safe) == ("", "TransportError", None)


def test_an_error_of_pages_names_the_operation() -> None:
    error = errors.PageError("the page is empty", "list_things")
    assert (str(error), error.operation, error.retry_safe) == ("the page is empty (list_things)", "list_things", True)


def test_a_decode_error_says_where_and_never_what() -> None:
    error = errors.DecodeError("is bad", path="$.a", status=201, content=b"private", operation="x", retry_safe=False)
    assert str(error) == "response body at $.a: is bad (x, status 201)"
    assert (error.reason, error.path, error.status, error.content) == ("is bad", "$.a", 201, b"private")
    assert (error.operation, error.retry_safe) == ("x", False)
    plain = errors.DecodeError("is bad")
    assert str(plain) == "response body at $: is bad"
    assert (plain.path, plain.status, plain.content, plain.operation) == ("$", None, b"", "")
    assert str(errors.DecodeError("is bad", operation="x")) == "response body at $: is bad (x)"


def test_an_api_error_keeps_the_response() -> None:
    headers = Headers([("box-request-id", "r1"), ("retry-after", "7")])
    cause = errors.DecodeError("is bad")
    fields = {"code": "c", "message": "m", "help_url": "https://a", "context_info": {"a": 1}}
    response: dict[str, Any] = {"operation": "x", "headers": headers, "content": b"{}", "request_id": "r1"}
    found: dict[str, Any] = {"fields": fields, "body": "body", "body_error": cause, "note": "a note"}
    error = errors.ApiError(409, **response, **found, retry_safe=True, retry_after_s=7.0)
    assert str(error) == "409 c: m: a note (x, request id r1)"
    assert (error.help_url, error.context_info, error.body, error.body_error) == ("https://a", {"a": 1}, "body", cause)
    assert (error.headers, error.content, error.operation) == (headers, b"{}", "x")
    assert (error.retry_safe, error.retry_after_s) == (True, 7.0)


def test_code_and_request_id_are_cut_after_80_characters() -> None:
    assert str(api_error(code="c" * 80, request_id="r" * 80)) == f"409 {'c' * 80} (create_thing, request id {'r' * 80})"
    cut = f"409 {'c' * 79}… (create_thing, request id {'r' * 79}…)"
    assert str(api_error(code="c" * 81, request_id="r" * 81)) == cut


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a\x00b \t c", "a b c"),
        ("see Bearer s3cret, and more", "see Bearer [secure], and more"),
        ("x" * 300, "x" * 300),
        ("x" * 301, "x" * 299 + "…"),
        # What is cut off before blanks are joined is marked as well, though what is left is short.
        ("x" * 10 + " " * 1190, "x" * 10),
        ("x" * 10 + " " * 1191, "x" * 10 + "…"),
        ("x" + " " * 1199 + "y", "x…"),
    ],
)
def test_a_line_is_cut_to_its_length_and_says_so(text: str, line: str) -> None:
    assert one_line(text) == line


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (5, "5"),
        (["a\nb"], r"['a\nb']"),
        ("x" * 58, repr("x" * 58)),
        ("x" * 60, "'" + "x" * 58 + "…"),
        ("x" * 61, "'" + "x" * 57 + "……"),
        (b"x" * 1000, "b'" + "x" * 56 + "……"),
        (list(range(100)), str(list(range(100)))[:59] + "…"),
    ],
)
def test_a_short_repr_is_the_beginning_of_the_repr(value: object, shown: str) -> None:
    assert short_repr(value) == shown
