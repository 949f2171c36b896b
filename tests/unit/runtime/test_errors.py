"""Facts about the errors themselves."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generator.overlay._runtime import errors
from generator.overlay._runtime.message import Headers

PLAIN: dict[str, Any] = {"headers": Headers(), "content": b"", "operation": "create_thing"}


def api_error(status: int = 409, **fields: Any) -> errors.ApiError:
    return errors.error_class(status)(status, fields=fields, **PLAIN)


EXAMPLES: list[errors.ClientError] = [
    errors.ClientError("closed", retry_safe=True, retry_after_s=2.5),
    errors.InvalidArgumentError("file_name", "must be str", shown="5"),
    errors.TransportError("x: ReadTimeout", operation="x", kind="ReadTimeout", retry_safe=False),
    errors.ResponseTooLargeError("too large", operation="x", kind="ResponseTooLarge"),
    errors.DecodeError("Expected int", path="$.size", status=201, content=b"{}", operation="x"),
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


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, errors.BadRequestError),
        (401, errors.UnauthorizedError),
        (403, errors.ForbiddenError),
        (404, errors.NotFoundError),
        (405, errors.MethodNotAllowedError),
        (409, errors.ConflictError),
        (410, errors.GoneError),
        (411, errors.LengthRequiredError),
        (412, errors.PreconditionFailedError),
        (413, errors.ContentTooLargeError),
        (415, errors.UnsupportedMediaTypeError),
        (416, errors.RangeNotSatisfiableError),
        (429, errors.RateLimitedError),
        (500, errors.ServerError),
        (520, errors.ServerError),
        (599, errors.ServerError),
        (418, errors.ApiError),
        (302, errors.ApiError),
        (100, errors.ApiError),
        (999, errors.ApiError),
    ],
)
def test_the_status_decides_the_class(status: int, kind: type[errors.ApiError]) -> None:
    assert errors.error_class(status) is kind
    assert api_error(status).status == status


def test_an_api_error_prints_status_code_message_operation_and_request_id() -> None:
    error = api_error(
        code="item_name_in_use", message="Item with the same name already exists", request_id="abcdef123456"
    )
    assert str(error) == (
        "409 item_name_in_use: Item with the same name already exists (create_thing, request id abcdef123456)"
    )
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


@pytest.mark.parametrize("name", ["X-Request-Id", "BOX-REQUEST-ID"])
def test_the_request_id_is_read_from_a_header_if_the_body_has_none(name: str) -> None:
    error = errors.ApiError(502, operation="x", headers=Headers([(name, "r1")]), content=b"", fields={})
    assert error.request_id == "r1"


CONFLICTS: list[tuple[Any, list[dict[str, str]]]] = [
    ({"conflicts": {"id": "1"}}, [{"id": "1"}]),
    ({"conflicts": [{"id": "1"}, {"id": "2"}]}, [{"id": "1"}, {"id": "2"}]),
    ({"conflicts": [5, None, {"id": "2"}, []]}, [{"id": "2"}]),
    ({"conflicts": None}, []),
    ({"conflicts": "x"}, []),
    ({}, []),
    (None, []),
    ("x", []),
    ([], []),
]


@pytest.mark.parametrize(("context", "conflicts"), CONFLICTS)
def test_conflicts_are_a_list_whatever_the_server_sent(context: object, conflicts: list[object]) -> None:
    error = api_error(409, context_info=context)
    assert isinstance(error, errors.ConflictError)
    assert error.conflicts == conflicts


def test_an_invalid_argument_is_a_value_error_that_names_argument_value_and_rule() -> None:
    error = errors.InvalidArgumentError("file_name", "must be short", shown="'x'")
    assert isinstance(error, ValueError)
    assert (str(error), error.argument, error.rule) == ("file_name='x': must be short", "file_name", "must be short")


def test_a_decode_error_says_where_and_never_what() -> None:
    error = errors.DecodeError("Expected int", path="$.a", status=201, content=b"private", operation="op")
    assert str(error) == "response body at $.a: Expected int (op, status 201)"


@given(st.text() | st.binary() | st.lists(st.text()))
def test_a_short_repr_is_short_and_on_one_line(value: object) -> None:
    text = errors.short_repr(value)
    assert len(text) <= 60
    assert text.isprintable()


def test_a_repr_that_fails_is_replaced_by_the_type() -> None:
    class Broken:
        def __repr__(self) -> str:
            raise RuntimeError

    assert errors.short_repr(Broken()) == "<Broken>"
