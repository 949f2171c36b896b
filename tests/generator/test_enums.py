"""Enums and consts: which values are sent and read, and the names that a document gives them."""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
from collections.abc import Generator
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest

from generator.errors import SpecError
from generator.pipeline import generate

from .conftest import (
    INT,
    TEXT,
    Answer,
    Make,
    Package,
    document,
    job_for,
    json_body,
    obj,
    operation,
    parameter,
    ref,
    write_spec,
)

SCHEMAS: dict[str, Any] = {
    "Mixed": {"enum": ["a", 1, True, None]},
    "Values": {
        "type": "object",
        "properties": {
            "yes": {"const": True},
            "no": {"type": "boolean", "enum": [False]},
            "both": {"type": "boolean", "enum": [True, False]},
            "half": {"type": "number", "enum": [0.5, 1.5, 2]},
            "mixed": ref("Mixed"),
            "text": {"enum": ["a", True, False]},
            "maybe": {"enum": [True, None]},
            "either": {"oneOf": [obj(ok={"const": True}, id=INT), obj(ok={"const": False}, id=TEXT)]},
        },
    },
}
VALID = [
    *({"yes": True}, {"no": False}, {"both": False}, {"half": 0.5}, {"half": 2}, {"text": "a"}, {"text": True}),
    *({"mixed": "a"}, {"mixed": 1}, {"mixed": True}, {"mixed": None}, {"maybe": None}, {"maybe": True}),
]
INVALID = [
    *({"yes": False}, {"yes": 1}, {"no": True}, {"no": 0}, {"both": 1}, {"half": 0.6}, {"half": 1}, {"text": "b"}),
    *({"mixed": "b"}, {"mixed": 2}, {"mixed": False}, {"maybe": False}, {"text": None}),
]


@pytest.fixture(scope="module")
def enums(make: Make) -> Package:
    parameters = [
        parameter("query", "on", {"const": True}),
        parameter("query", "choice", {"enum": ["a", 1, 0.5, True]}),
    ]
    answers = {"200": {"description": "Read.", **json_body(ref("Values"), required=False)}}
    call = operation(parameters=parameters, requestBody=json_body(ref("Values")), responses=answers)
    return make(document({"/call": {"post": call}}, SCHEMAS))


@pytest.mark.parametrize("values", VALID, ids=json.dumps)
def test_the_values_of_an_enum_are_sent_and_read(enums: Package, values: dict[str, Any]) -> None:
    content = json.dumps(values).encode()
    found, request = enums.call("call", **values, answer=Answer(content=content))
    assert json.loads(request.content) == values
    assert found == enums.models.Values(**values)


@pytest.mark.parametrize("values", INVALID, ids=json.dumps)
def test_other_values_are_neither_sent_nor_read(enums: Package, values: dict[str, Any]) -> None:
    with pytest.raises(enums.errors.InvalidArgumentError, match=next(iter(values))):
        enums.call("call", **values)
    with pytest.raises(enums.errors.DecodeError):
        enums.call("call", answer=Answer(content=json.dumps(values).encode()))


def test_a_boolean_tells_alternatives_apart(enums: Package) -> None:
    for value in ({"ok": True, "id": 1}, {"ok": False, "id": "x"}):
        found, _ = enums.call("call", answer=Answer(content=json.dumps({"either": value}).encode()))
        assert (found.either.ok, found.either.id) == (value["ok"], value["id"])
    with pytest.raises(enums.errors.DecodeError):
        enums.call("call", answer=Answer(content=b'{"either":{"ok":true,"id":"x"}}'))


def test_the_values_of_parameters_are_checked(enums: Package) -> None:
    assert enums.call("call", on=True, choice=0.5)[1].url.query == b"on=true&choice=0.5"
    assert enums.call("call", choice=True)[1].url.query == b"choice=true"
    refused: list[dict[str, Any]] = [{"on": False}, {"choice": 2}, {"choice": False}]
    for wrong in refused:
        with pytest.raises(enums.errors.InvalidArgumentError):
            enums.call("call", **wrong)


COLORS: dict[str, Any] = {
    "Color": {
        "type": "string",
        "description": "A color.",
        "enum": ["r", "b", "x-y"],
        "x-enum-varnames": ["Red", "DarkBlue", "not_quite_four"],
        "x-enum-descriptions": ["Warm.", "Cold.", ""],
    },
    "Level": {"type": "integer", "enum": [2, -4, 7], "x-enum-varnames": ["Two", "two", "class"]},
    "Mark": {"enum": [0.5, True, None, "a"], "x-enum-varnames": ["Half", "Yes", "Nothing", "A"]},
    "Size": {
        "enum": [2, -4, "2x", "", "a-b"],
        "x-enum-descriptions": ["Small.", "Negative.", "Twice.", "None.", "Two."],
    },
    "Car": {"type": "object", "properties": {"door": {"enum": ["l"], "x-enum-varnames": ["Left"]}}},
    "Plain": {"enum": ["dark-blue", "Light green", "2x", "", None]},
    "Taken": {"enum": ["x", "y"]},
    "TakenValues": {"type": "string"},
    "Alone": {"enum": ["a"]},
    "Signs": {"enum": ["+", "a"]},
    "Cases": {"enum": ["asc", "ASC"]},
    "Numbers": {"enum": [1, 2]},
    "Inner": {"type": "object", "properties": {"door": {"enum": ["l", "r"]}}},
}


@pytest.fixture(scope="module")
def colors(make: Make) -> Package:
    path = parameter("path", "color", ref("Color"))
    return make(document({"/paint/{color}": {"get": operation(parameters=[path])}}, COLORS))


def constants(owner: Any) -> dict[str, Any]:
    return {name: value for name, value in vars(owner).items() if not name.startswith("_")}


def test_the_values_of_an_enum_have_the_names_that_the_document_gives_them(colors: Package) -> None:
    models = colors.models
    assert constants(models.ColorValues) == {"RED": "r", "DARK_BLUE": "b", "NOT_QUITE_FOUR": "x-y"}
    assert constants(models.LevelValues) == {"TWO": 2, "TWO_": -4, "CLASS": 7}
    assert constants(models.MarkValues) == {"HALF": 0.5, "YES": True, "A": "a"}
    assert constants(models.CarDoorValues) == {"LEFT": "l"}
    assert models.ColorValues.__doc__ == "A color."
    assert '"""Warm."""' in colors.text("models/__init__.py")
    assert {"ColorValues", "CarDoorValues"} <= set(models.__all__)
    assert colors.call("call", models.ColorValues.NOT_QUITE_FOUR)[1].url.path == "/v1/paint/x-y"


def test_the_strings_of_a_component_name_themselves(colors: Package) -> None:
    models = colors.models
    assert constants(models.PlainValues) == {
        "DARK_BLUE": "dark-blue",
        "LIGHT_GREEN": "Light green",
        "VALUE_2X": "2x",
        "EMPTY": "",
    }
    assert models.PlainValues.__doc__ == "The values of `Plain`."
    assert models.TakenValues2.__doc__ == "The values of `Taken`."
    for name in ("Alone", "Signs", "Cases", "Numbers", "InnerDoor"):
        assert not hasattr(models, f"{name}Values")


def test_values_that_are_only_described_are_named_after_themselves(colors: Package) -> None:
    assert constants(colors.models.SizeValues) == {
        "VALUE_2": 2,
        "MINUS_4": -4,
        "VALUE_2X": "2x",
        "EMPTY": "",
        "A_B": "a-b",
    }


MISTYPED: dict[str, Any] = {
    "Kind": {"type": "integer", "enum": ["0", "1"], "x-enum-varnames": ["File", "Folder"]},
    "Version": {"type": "string", "enum": [1, 2]},
    "Half": {"type": "number", "enum": ["0.5", "2"]},
    "Flag": {"type": "string", "enum": [True, False]},
    "Never": {"enum": ["a", "b"], "const": "c"},
    "Thing": obj(kind=ref("Kind"), version=ref("Version"), half=ref("Half"), flag=ref("Flag")),
}


@pytest.fixture(scope="module")
def mistyped(tmp_path_factory: pytest.TempPathFactory) -> Generator[Any]:
    """Return the models of a document whose enums have values of other types than the type beside them."""
    folder = tmp_path_factory.mktemp("mistyped")
    job = replace(job_for(write_spec(folder, document(schemas=MISTYPED)), folder / "out", "mistyped"), strict=False)
    generate(job)
    sys.path.insert(0, str(folder / "out"))
    yield importlib.import_module("mistyped.models")
    sys.path.remove(str(folder / "out"))


def read(models: Any, values: dict[str, Any]) -> Any:
    hook = importlib.import_module("mistyped._runtime.union_type").from_json
    return msgspec.convert(values, models.Thing, dec_hook=hook)


@pytest.mark.parametrize(
    "values",
    [
        {"kind": 1, "version": "1", "half": 0.5, "flag": "true"},
        {"kind": "1", "version": 1, "half": "0.5", "flag": True},
    ],
)
def test_an_enum_of_values_of_another_type_has_those_of_its_type_too(mistyped: Any, values: dict[str, Any]) -> None:
    assert msgspec.to_builtins(read(mistyped, values)) == values


@pytest.mark.parametrize("wrong", [{"kind": 2}, {"kind": "2"}, {"version": "3"}, {"half": 3}, {"flag": "yes"}])
def test_an_enum_of_values_of_another_type_has_no_others(mistyped: Any, wrong: dict[str, Any]) -> None:
    fine = {"kind": 1, "version": "1", "half": 0.5, "flag": "true"}
    with pytest.raises(msgspec.ValidationError, match=next(iter(wrong))):
        read(mistyped, {**fine, **wrong})


def test_the_names_of_an_enum_are_those_of_the_values_of_its_type(mistyped: Any) -> None:
    assert constants(mistyped.KindValues) == {"FILE": 0, "FOLDER": 1}


def test_an_enum_that_is_taken_as_any_value_has_no_names(mistyped: Any) -> None:
    assert not hasattr(mistyped, "NeverValues")


@pytest.mark.parametrize(
    ("names", "problem"),
    [
        (["A"], "x-enum-varnames: has 1 texts for 2 values; give one for each"),
        ("A", "x-enum-varnames: must be a list of strings"),
        ([1, 2], "x-enum-varnames: must be a list of strings"),
    ],
)
def test_names_that_do_not_fit_the_values_are_noted(tmp_path: Path, names: Any, problem: str) -> None:
    schema = {"enum": ["a", "b"], "x-enum-varnames": names}
    with pytest.raises(SpecError, match=problem):
        generate(job_for(write_spec(tmp_path, document(schemas={"Color": schema})), tmp_path / "out"))


def test_a_type_checker_knows_the_value_of_a_name(colors: Package, tmp_path: Path) -> None:
    code = f"""
from typing import assert_type, Literal
from {colors.name} import Client, models

def paint(client: Client) -> None:
    client.call(models.ColorValues.RED)
    level: models.Level = models.LevelValues.TWO
    mark: models.Mark = models.MarkValues.HALF
    assert_type(models.LevelValues.CLASS, Literal[7])
    client.call(models.LevelValues.TWO)
"""
    (tmp_path / "use.py").write_text(code, encoding="utf-8")
    for checker in (["mypy", "--strict"], ["pyright"]):
        command = [sys.executable, "-m", *checker, "use.py"]
        found = subprocess.run(
            command, cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(colors.folder.parent)}, capture_output=True,
            text=True, check=False,
        )  # fmt: skip
        errors = [line for line in found.stdout.splitlines() if "error:" in line]
        assert len(errors) == 1, found.stdout
        assert "use.py:10:" in errors[0]
