"""A boolean that has to be true, or false: nothing else passes, but for a tolerant reader."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec import UNSET, Struct, UnsetType

from generator.overlay._runtime.booleans import OnlyFalse, OnlyTrue
from generator.overlay._runtime.codecs import Json
from generator.overlay._runtime.errors import DecodeError, InvalidArgumentError


class Answer(Struct, kw_only=True):
    ok: OnlyTrue
    failed: OnlyFalse | UnsetType | None = UNSET


STRICT: Json[Answer] = Json(Answer)
TOLERANT: Json[Answer] = Json(Answer, tolerant=True)


def test_the_value_is_read_and_sent() -> None:
    assert STRICT.decode_bytes(b'{"ok":true,"failed":false}') == Answer(ok=True, failed=False)
    assert STRICT.decode_bytes(b'{"ok":true,"failed":null}') == Answer(ok=True, failed=None)
    assert STRICT.encode(Answer(ok=True)) == b'{"ok":true}'


@pytest.mark.parametrize(("name", "value"), [("ok", "false"), ("ok", "1"), ("ok", '"true"'), ("failed", "true")])
def test_another_value_is_an_error_that_names_its_place(name: str, value: str) -> None:
    content = f'{{"ok":true,"{name}":{value}}}'.encode()
    with pytest.raises(DecodeError) as caught:
        STRICT.decode_bytes(content)
    rule = "must be true" if name == "ok" else "must be false"
    assert (caught.value.path, caught.value.reason) == (f"$.{name}", rule)


def test_another_value_is_not_sent() -> None:
    wrong: Any = False
    with pytest.raises(InvalidArgumentError, match=r"^ok=False: must be true$"):
        STRICT.encode(Answer(ok=wrong))
    with pytest.raises(InvalidArgumentError):
        TOLERANT.encode(Answer(ok=wrong))


def test_a_tolerant_reader_keeps_the_other_boolean_and_nothing_else() -> None:
    assert TOLERANT.decode_bytes(b'{"ok":false}').ok is False
    with pytest.raises(DecodeError):
        TOLERANT.decode_bytes(b'{"ok":1}')
