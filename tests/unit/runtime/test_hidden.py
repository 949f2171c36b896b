"""A password is in no repr of its model, and in no error for an argument."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

import msgspec
import pytest
from msgspec import UNSET, Meta, Struct, UnsetType

from generator.overlay._runtime.codecs import Json
from generator.overlay._runtime.errors import InvalidArgumentError
from generator.overlay._runtime.hidden import Discreet
from generator.overlay._runtime.parameters import Parameter
from generator.overlay._runtime.union_type import union_type

PASSWORD = "correct horse"
Password = Annotated[str, Meta(min_length=14, extra_json_schema={"format": "password"})]


class Login(Discreet, kw_only=True):
    __passwords__: ClassVar[frozenset[str]] = frozenset({"password", "others"})

    name: str
    password: Password | UnsetType | None = UNSET
    others: list[Password] = msgspec.field(default_factory=list[Any])


class Plain(Struct):
    login: Login


def test_a_model_shows_no_password() -> None:
    shown = repr(Plain(Login(name="a", password=PASSWORD, others=[PASSWORD])))
    assert shown == "Plain(login=Login(name='a', password=[secure], others=[secure]))"
    assert repr(Login(name="a", others=[])) == "Login(name='a', password=UNSET, others=[secure])"
    assert PASSWORD not in str(Login(name="a", password=PASSWORD).__rich_repr__())


def test_a_model_with_a_password_is_a_model() -> None:
    login = Login(name="a", password=PASSWORD + "!")
    codec = Json[Login](Login)
    assert codec.encode(login) == b'{"name":"a","password":"correct horse!","others":[]}'
    assert codec.decode_bytes(codec.encode(login)) == login


NUMBER: Any = 12345
EITHER: Any = union_type("Either", lambda: (Annotated[int, Meta(ge=1)], Password))


@pytest.mark.parametrize(
    ("codec", "value", "message"),
    [
        (Json[Any](Login), Login(name="a", password=PASSWORD), "password=[secure]: must have at least 14 characters"),
        (Json[Any](Login), Login(name="a", password=NUMBER), "password=[secure]: must be str | null, not int"),
        (
            Json[Any](Login),
            Login(name="a", password=PASSWORD + "\ud800"),
            "password=[secure]: is not valid Unicode, it has a lone surrogate",
        ),
        (Json[Any](Login), [{"password": PASSWORD}], "body=[secure]: must be object, not array"),
        (Json[Any](list[Password]), [PASSWORD], "body[0]=[secure]: must have at least 14 characters"),
        (Json[Any](EITHER), PASSWORD, "body=[secure]: fits no alternative of Either"),
    ],
)
def test_an_error_for_a_body_shows_no_password(codec: Json[Any], value: Any, message: str) -> None:
    with pytest.raises(InvalidArgumentError) as caught:
        codec.encode(value)
    assert str(caught.value).startswith(message)
    assert PASSWORD not in str(caught.value)


@pytest.mark.parametrize("place", ["in_path", "in_query", "in_header", "in_cookie"])
@pytest.mark.parametrize("value", [PASSWORD, 12345, PASSWORD + "!\ud800", [PASSWORD]])
def test_an_error_for_a_parameter_shows_no_password(place: str, value: Any) -> None:
    parameter = Parameter[Any]("password", "password", Password | None, description="Ten words.")
    with pytest.raises(InvalidArgumentError, match=r"^password=\[secure\]: ") as caught:
        getattr(parameter, place)(value)
    assert PASSWORD not in str(caught.value)
