"""A password of the document is sent and read, and is in no repr, no error and no line of the log."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from .conftest import TEXT, Answer, Make, Package, document, json_body, obj, operation, parameter, ref

WORD = "correct-horse-battery"
PASSWORD: dict[str, Any] = {**TEXT, "format": "password", "minLength": 12}
LOGIN: dict[str, Any] = {
    "type": "object",
    "properties": {
        "name": TEXT,
        "client_secret": {**PASSWORD, "writeOnly": True},
        "named": ref("Password"),
        "several": {"type": ["array", "null"], "items": PASSWORD},
        "by_name": {"type": "object", "additionalProperties": {"anyOf": [PASSWORD, {"type": "integer"}]}},
        "inner": obj(word=PASSWORD),
    },
}


@pytest.fixture(scope="module")
def package(make: Make) -> Package:
    path = parameter("path", "pass", PASSWORD)
    query = parameter("query", "word", PASSWORD)
    content = {"200": {"description": "Is in.", "content": {"application/json": {"schema": ref("Login")}}}}
    called = operation(parameters=[path, query], requestBody=json_body(ref("Login")), responses=content)
    return make(document({"/login/{pass}": {"post": called}}, {"Login": LOGIN, "Password": PASSWORD}))


def test_a_repr_shows_no_password(package: Package) -> None:
    inner = package.models.LoginInner(word=WORD)
    login = package.models.Login(
        name="a", client_secret=WORD, named=WORD, several=[WORD], by_name={"a": WORD}, inner=inner
    )
    shown = "client_secret=[secure], named=[secure], several=[secure], by_name=[secure]"
    assert repr(login) == f"Login(name='a', {shown}, inner=LoginInner(word=[secure]))"


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        ({"client_secret": "tooshort"}, "client_secret"),
        ({"word": "tooshort"}, "word"),
        ({"pass_": "tooshort"}, "pass_"),
        ({"several": ["tooshort"]}, "several[…]"),
    ],
)
def test_an_error_for_an_argument_shows_no_password(package: Package, arguments: dict[str, Any], name: str) -> None:
    given = {"pass_": WORD, **arguments}
    with pytest.raises(package.errors.InvalidArgumentError) as caught:
        package.call("call", **given)
    assert "tooshort" not in str(caught.value)
    assert str(caught.value).startswith(name.partition("[")[0])
    assert "=[secure]: must have at least 12 characters" in str(caught.value)


def test_an_error_for_a_response_that_cannot_be_read_does_not_keep_its_passwords(package: Package) -> None:
    answer = Answer(200, b'{"client_secret": "' + WORD.encode() + b'", "name": 5}')
    with pytest.raises(package.errors.DecodeError) as caught:
        package.call("call", pass_=WORD, answer=answer)
    assert caught.value.path == "$.name"
    assert WORD not in str(caught.value) + repr(vars(caught.value))
    assert caught.value.content == b"[secure]"


@pytest.mark.parametrize("place", ["client_secret", "word", "pass_", "named"])
def test_what_a_server_repeats_and_the_log_show_no_password(
    package: Package, caplog: pytest.LogCaptureFixture, place: str
) -> None:
    secret = f"{place}-{WORD}"
    answer = Answer(422, b'{"message": "not ' + secret.encode() + b'"}')
    with caplog.at_level(logging.DEBUG, logger=package.name):
        error, request = package.call("call", **{"pass_": "another-password", place: secret}, answer=answer)
    assert secret in str(request.url) + request.content.decode()
    assert str(error).startswith("422: not [secure]")
    assert secret not in str(error) + repr(vars(error)) + caplog.text
    assert caplog.text
