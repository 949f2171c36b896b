"""Facts about credentials beside a bearer token: where they are sent, and that errors do not show them."""

from __future__ import annotations

import base64
import pickle
from typing import Any

import pytest
from msgspec import UNSET

from generator.overlay._runtime.api_key import ApiKey, BasicAuth
from generator.overlay._runtime.errors import InvalidArgumentError
from generator.overlay._runtime.redaction import Redaction

KEY = ApiKey("X-Key", "api_key")
BASIC = BasicAuth("login")
SECRET = "s3cr3t-k3y"
PLACES = pytest.mark.parametrize("place", ["in_header", "in_query", "in_cookie"])


def refusal(credential: ApiKey | BasicAuth, place: str, value: Any) -> str:
    with pytest.raises(InvalidArgumentError) as caught:
        getattr(credential, place)(value)
    error = caught.value
    assert error.__cause__ is None
    assert SECRET not in f"{error!r} {error.__dict__} {pickle.dumps(error)!r}"
    return str(error)


@PLACES
def test_a_key_is_sent_by_its_name_in_each_place(place: str) -> None:
    assert getattr(KEY, place)(SECRET) == (("X-Key", SECRET),)
    assert getattr(KEY, place)(UNSET) == ()


def test_a_key_may_have_a_scheme_before_it() -> None:
    key = f'Token token="{SECRET}"'
    assert KEY.in_header(key) == KEY.in_query(key) == (("X-Key", key),)
    assert KEY.in_cookie(key)[0][1].startswith("Token%20token%3D%22")
    assert Redaction(secrets=[key])(f"no {SECRET} here") == "no [secure] here"


def test_only_a_cookie_is_percent_encoded_here() -> None:
    key = 'a/b;c="d"%~'
    assert KEY.in_header(key) == KEY.in_query(key) == (("X-Key", key),)
    assert KEY.in_cookie(key) == (("X-Key", "a%2Fb%3Bc%3D%22d%22%25~"),)


@PLACES
@pytest.mark.parametrize(
    "bad",
    [
        *("", " ", f" {SECRET}", f"{SECRET} ", f"a\t{SECRET}", f"{SECRET}\n", f"{SECRET}\r\nx: y", f"{SECRET}\x00"),
        *(f"{SECRET}ä", f"{SECRET}\x7f", f"{SECRET}\ud800", SECRET.encode(), [SECRET], (SECRET, SECRET), None, 5),
    ],
    ids=repr,
)
def test_a_key_that_cannot_be_sent_is_refused_without_being_shown(place: str, bad: Any) -> None:
    rule = "must be a non-empty string of visible ASCII characters, with spaces only between them"
    assert refusal(KEY, place, bad) == f"api_key: {rule}"


@pytest.mark.parametrize(
    ("name", "password"),
    [("Aladdin", "open sesame"), ("", ""), ("ä", "日"), ("a", "b:c"), ("a", "\r\nx: y"), ("n" * 99, "p" * 99)],
)
def test_a_name_and_a_password_are_sent_in_base64_of_utf_8(name: str, password: str) -> None:
    ((field, value),) = BASIC.in_header((name, password))
    scheme, _, encoded = value.partition(" ")
    assert (field, scheme) == ("authorization", "Basic")
    assert base64.b64decode(encoded, validate=True).decode() == f"{name}:{password}"


def test_the_example_of_the_standard_is_met() -> None:
    assert BASIC.in_header(("Aladdin", "open sesame")) == (("authorization", "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="),)
    assert BASIC.in_header(UNSET) == ()


@pytest.mark.parametrize(
    "bad",
    [
        *(("a:b", SECRET), (SECRET,), (), ("a", SECRET, "c"), SECRET, ["a", SECRET], None, 5),
        *(("a", SECRET.encode()), (SECRET.encode(), "a"), (None, SECRET), ("a", None)),
    ],
    ids=repr,
)
def test_what_is_no_name_and_password_is_refused_without_being_shown(bad: Any) -> None:
    assert refusal(BASIC, "in_header", bad) == "login: must be a name without a colon, and a password"


@pytest.mark.parametrize("bad", [("a", f"{SECRET}\ud800"), ("\ud800", SECRET)], ids=repr)
def test_a_lone_surrogate_is_refused_without_being_shown(bad: Any) -> None:
    assert refusal(BASIC, "in_header", bad) == "login: is not valid Unicode, it has a lone surrogate"
