"""The status decides the error, whatever the body is."""

from __future__ import annotations

import json
import pickle
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Struct

from generator.overlay._runtime.api_error import api_error
from generator.overlay._runtime.codecs import Json
from generator.overlay._runtime.errors import ApiError, ConflictError, NotFoundError, RateLimitedError, ServerError
from generator.overlay._runtime.headers import Headers
from generator.overlay._runtime.messages import RawResponse


class Body(Struct):
    code: str


class Other(Struct):
    other: str


BODIES: dict[int | str, Json[Any]] = {404: Json(Body), "4XX": Json(Other), "default": Json(dict[str, list[int]])}


def raw(status: int, content: bytes = b"", method: str = "POST", **headers: str) -> RawResponse:
    pairs = {"content-type": "application/json"} | {name.replace("_", "-"): value for name, value in headers.items()}
    return RawResponse("create_thing", method, status, Headers(pairs.items()), content)


def test_the_codec_is_found_by_status_then_range_then_default() -> None:
    assert api_error(raw(404, b'{"code":"x"}'), BODIES).body == Body("x")
    assert api_error(raw(409, b'{"other":"x"}'), BODIES).body == Other("x")
    assert api_error(raw(500, b'{"n":[1]}'), BODIES).body == {"n": [1]}
    assert api_error(raw(500, b'{"n":1}'), {}).body is None


@pytest.mark.parametrize(
    "content",
    [b"", b"<html>", b'{"code":', b"[]", b'"x"', b"null", b'{"code":5}', b"\xff", b"[" * 100_000, b'{"code":1e400}'],
)
@pytest.mark.parametrize(
    ("status", "kind"),
    [(404, NotFoundError), (409, ConflictError), (503, ServerError), (520, ServerError), (999, ApiError)],
)
def test_no_body_masks_the_status(status: int, kind: type[ApiError], content: bytes) -> None:
    error = api_error(raw(status, content), BODIES)
    assert type(error) is kind
    assert error.status == status
    assert error.body is None
    assert error.body_error is not None
    assert error.content == content
    assert str(pickle.loads(pickle.dumps(error))) == str(error)  # noqa: S301  # our own


@given(st.integers(100, 999), st.binary(), st.sampled_from(["application/json", "text/html", ""]))
def test_any_response_makes_an_error_with_its_status(status: int, content: bytes, media_type: str) -> None:
    assert api_error(raw(status, content, content_type=media_type), BODIES).status == status


def test_fields_are_read_although_the_body_breaks_the_contract() -> None:
    content = b'{"code":"x","message":"m","request_id":"r","help_url":"h","context_info":{"a":1},"other":5}'
    error = api_error(raw(409, content, content_type="text/plain"), BODIES)
    assert (error.code, error.message, error.request_id, error.help_url) == ("x", "m", "r", "h")
    assert error.context_info == {"a": 1}
    assert error.body_error is not None
    assert error.body_error.path == "$"


@pytest.mark.parametrize(
    ("status", "method", "safe"),
    [
        *((400, "POST", True), (401, "POST", True), (429, "POST", True), (503, "PUT", True), (302, "GET", True)),
        *((499, "POST", True), (500, "POST", False), (503, "PATCH", False), (599, "POST", False)),
        *((302, "POST", None), (399, "POST", None), (600, "POST", None), (999, "POST", None)),
    ],
)
def test_a_refusal_and_an_idempotent_method_are_safe_to_repeat(status: int, method: str, *, safe: bool | None) -> None:
    assert api_error(raw(status, method=method), {}).retry_safe is safe


def test_an_error_has_the_wait_that_the_server_asked_for() -> None:
    error = api_error(raw(429, retry_after="100"), {})
    assert isinstance(error, RateLimitedError)
    assert error.retry_after_s == 100
    assert api_error(raw(429), {}).retry_after_s is None


def test_what_has_not_changed_is_no_redirect() -> None:
    assert "redirect" not in str(error := api_error(raw(304), {}))
    assert "still as it is on the server" in str(error)


@pytest.mark.parametrize(
    ("location", "shown"),
    [
        ("https://evil.example/path?token=secret", "target host evil.example"),
        ("//user:secret@evil.example:8443/x", "target host evil.example:8443"),
        ("/secret", "redirects are not followed; if the API has moved, set base_url="),
        ("", "redirects are not followed; if the API has moved, set base_url="),
        ("https://evil\n.example/secret", "redirects are not followed"),
    ],
)
def test_a_redirect_names_the_target_host_only(location: str, shown: str) -> None:
    text = str(api_error(raw(302, location=location), {}))
    assert shown in text
    assert "secret" not in text
    assert text.isprintable()


@pytest.mark.parametrize(
    ("body", "code", "message"),
    [
        ({"code": "gone", "message": "It is gone."}, "gone", "It is gone."),
        ({"error": {"code": "card", "message": "No money."}}, "card", "No money."),
        ({"error": "invalid_grant", "error_description": "Too old."}, "invalid_grant", "Too old."),
        ({"errors": [{"code": "a", "message": "First."}, {"message": "Second."}]}, "a", "First."),
        ({"errors": []}, None, ""),
        ({"errors": ["text", 5, {}]}, None, "text"),
        ({"type": "about:blank", "title": "Out of stock", "detail": "Come back."}, None, "Come back."),
        ({"title": "Out of stock"}, None, "Out of stock"),
        ({"detail": "Not found"}, None, "Not found"),
        ({"detail": [{"msg": "field required"}]}, None, "field required"),
        (
            {
                "detail": [
                    {"loc": ["body", "a", 0], "msg": "Field required"},
                    {"loc": ["query", "b"], "msg": "Too long"},
                ]
            },
            None,
            "body.a.0: Field required; query.b: Too long",
        ),
        (
            {"errorMessages": ["No such issue.", "Nor project."], "errors": {"summary": "It is needed."}},
            None,
            "No such issue.; Nor project.; summary: It is needed.",
        ),
        ({"errorMessages": [], "errors": {"summary": "It is needed."}}, None, "summary: It is needed."),
        (
            {"title": "Validation errors occurred.", "errors": {"Name": ["It is needed.", 5], "Age": ["Too old."]}},
            None,
            "Validation errors occurred. Name: It is needed.; Age: Too old.",
        ),
        (
            {"detail": "validation failed", "errors": [{"location": "body.x", "message": "no number", "value": "y"}]},
            None,
            "validation failed: body.x: no number",
        ),
        (
            {"message": "Validation Failed", "errors": [{"field": "title", "code": "missing_field"}]},
            "missing_field",
            "Validation Failed: title: missing_field",
        ),
        ({"error": {"message": "Bad."}, "errors": [{"field": "a", "message": "No."}]}, None, "Bad. a: No."),
        ({"errors": {"code": "a", "message": "It is gone."}}, "a", "It is gone."),
        ({"message": "It is gone.", "errorMessages": ["It is gone."]}, None, "It is gone."),
        ({"errors": dict.fromkeys("abcdefghijkl", "x")}, None, "; ".join(f"{name}: x" for name in "abcdefghij")),
        ({"message": 5, "error": {"message": ""}}, None, ""),
    ],
)
def test_the_message_is_found_where_apis_have_it(body: object, code: str | None, message: str) -> None:
    error = api_error(raw(400, json.dumps(body).encode()), {})

    assert (error.code, error.message) == (code, message)


def test_a_plain_text_is_the_message() -> None:
    found = [api_error(raw(400, b"gone\xff", content_type=f"text/{kind}"), {}).message for kind in ("plain", "html")]

    assert found == ["gone\N{REPLACEMENT CHARACTER}", ""]
