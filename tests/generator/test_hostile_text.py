"""Text of the document is text, wherever it stands: nothing of it becomes code, and values arrive unchanged."""

from __future__ import annotations

import ast
import json
import re
import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from generator.python.docstrings import docstring_text
from generator.python.literals import long_literal, python_literal

from .conftest import TEXT, Make, Package, document, json_body, obj, operation, parameter, ref

MARK = "hacked"
HOSTILE = [
    f'"; open("{MARK}", "w"); "',
    f'"""\nopen("{MARK}", "w")\n"""',
    f"'''\nopen('{MARK}', 'w')\n'''",
    f'\\"""\nopen("{MARK}", "w")',
    "ends in a backslash \\",
    'ends in a quote "',
    'ends in quotes """"',
    f"{{{{ config.__class__ }}}} {{% include 'x' %}} {{# {MARK} #}}",
    f"{{open('{MARK}', 'w')}}",
    "line\r\nbreak\u2028and\u2029more\x85\x0b\x0c",
    "nul \x00 bell \x07 escape \x1b[31m delete \x7f",
    "right to left \u202e override \u2066 isolate \u200b zero \ufeff bom",
    f"# noqa\n# type: ignore\nopen('{MARK}', 'w')",
    "%s %(name)s ${name} \\N{BULLET} \\x41 \\u0041 \\",
    "\U0001f600 astral \udfff".replace("\udfff", ""),
    f"), *[open('{MARK}', 'w')], (",
    "]" * 30,
    "x" * 400,
    "-dash",
    "    indented\n\ttabbed",
]


def _property(name: str) -> str:
    """Return a name without what msgspec refuses in the names of properties."""
    return re.sub(r'["\\\x00-\x1f]', "_", name)


def _document(texts: list[str], *, names: Callable[[int, str], str]) -> dict[str, Any]:
    """Return a document with the texts everywhere; `names` makes of each what stands where names stand."""
    everything = "\n\n".join(texts)
    named = [names(number, text) for number, text in enumerate(texts)]
    ids = [name[:50] for name in named]
    properties = {
        name: {
            **dict.fromkeys(("title", "description", "default", "example", "format", "$comment", "x-text"), text),
            "type": "string",
            "deprecated": True,
            "examples": [text],
        }
        for name, text in zip(map(_property, named), texts, strict=True)
    }
    # The value without words keeps the others from naming themselves, which not all of them can.
    enum = {"enum": [*named, "-"], "description": everything}
    exact = {"type": "string", "pattern": f"^(?:{'|'.join(re.escape(name) for name in named if name.isascii())})$"}
    parameters = [
        parameter("query", name, {**TEXT, "default": text, "description": text}, description=text, example=text)
        for name, text in zip(named, texts, strict=True)
    ]
    option = parameter("query", "option", description=everything, **{"x-client-option": True})
    sample = dict.fromkeys(map(_property, named), "a")
    body = {"description": everything, **json_body(ref("Model"), required=False, example=sample)}
    spread = json_body(
        {"type": "object", "properties": properties}, example=dict(zip(map(_property, named), texts, strict=True))
    )
    answer = {
        "description": everything,
        "headers": {"X-A": {"description": everything, "schema": {}}, 'a"""b\\': {"schema": {}}},
        "content": {"application/json": {"schema": ref("Model")}},
        "links": {name: {"operationId": ids[0], "description": text} for name, text in zip(named, texts, strict=True)},
    }
    described = {
        "summary": everything,
        "description": everything,
        "externalDocs": {"url": everything},
        "deprecated": True,
    }
    return document(
        {
            "/a": {
                "summary": everything,
                "description": everything,
                "get": operation(
                    operationId=ids[0],
                    tags=[ids[1]],
                    parameters=[*parameters, option],
                    responses={"200": answer, "default": {"description": everything}},
                    **described,
                ),
                "post": operation(operationId="post", requestBody=body, **described),
                "put": operation(operationId="put", requestBody=spread, summary=texts[-1]),
            },
            **{
                f"/b{number}": {"get": operation(operationId=f"{name} {number}", tags=[name], summary=text)}
                for number, (name, text) in enumerate(zip(ids, texts, strict=True))
            },
        },
        {
            "Model": {"type": "object", "title": everything, "properties": properties},
            "Enum": enum,
            "Exact": exact,
            "Text": {"type": "string", "minLength": 1, "description": everything, "default": everything},
            "Union": {
                "oneOf": [obj(k={"const": name, "description": text}) for name, text in zip(named, texts, strict=True)],
                "description": everything,
            },
            **{name: {"type": "object", "properties": {_property(name): {}}} for name in named},
        },
        info={
            **dict.fromkeys(("title", "description", "summary"), everything),
            "version": texts[0] + texts[9],
            "contact": {"name": everything},
        },
        tags=[{"name": name, "description": everything} for name in named],
        security=[{"token": [everything]}],
        components={"securitySchemes": {"token": {"type": "http", "scheme": "bearer", "description": everything}}},
        **{"x-text": everything},
    )


@pytest.fixture(scope="module")
def workplace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("workplace")


@pytest.fixture(scope="module")
def package(make: Make, workplace: Path) -> Package:
    """The package of a hostile document, generated and imported where the marks would appear."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(workplace)
        found = make(_document(HOSTILE, names=lambda _, text: text))
        _ = found.models
        return found


def test_text_of_the_document_is_never_executed(
    package: Package, workplace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(workplace)
    for tag in sorted(path.name for path in (package.folder / "api").iterdir() if path.is_dir()):
        for path in sorted((package.folder / "api" / tag).glob("[!_]*.py")):
            package.operation(path.stem, tag)

    assert list(workplace.iterdir()) == []


def test_text_of_the_document_never_becomes_code(package: Package) -> None:
    """Only calls of names that the templates write are in the package, and no `open` among them."""
    for path in package.folder.rglob("*.py"):
        if "_runtime" in path.parts:
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Name):
                assert node.id not in {"open", "config"}
            assert not isinstance(node, (ast.JoinedStr, ast.Lambda, ast.ListComp)) or path.name == "__init__.py"


def test_hostile_text_makes_the_same_code_as_harmless_text(package: Package, make: Make) -> None:
    harmless = make(
        _document(["word" * (1 + len(text) // 4) for text in HOSTILE], names=lambda number, _: f"name{number}")
    )

    def statements(made: Package, path: str) -> list[str]:
        return [type(node).__name__ for node in ast.parse(made.text(path)).body]

    for path in ("client.py", "errors.py", "types.py", "__init__.py"):
        assert statements(package, path) == statements(harmless, path)
    assert sorted(statements(package, "models/__init__.py")) == sorted(statements(harmless, "models/__init__.py"))


def test_invisible_characters_are_escaped_or_gone(package: Package) -> None:
    for path in package.folder.rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        assert {character for character in text if unicodedata.category(character) in {"Cc", "Cf", "Zl", "Zp"}} <= {
            "\n"
        }


def test_names_arrive_unchanged_on_the_wire(package: Package) -> None:
    content = {_property(name): "value" for name in HOSTILE}

    decoded = msgspec.json.decode(json.dumps(content), type=package.models.Model)

    assert json.loads(msgspec.json.encode(decoded)) == content


def test_enum_values_arrive_unchanged(package: Package) -> None:
    for value in HOSTILE:
        assert msgspec.json.decode(json.dumps(value), type=package.models.Enum) == value
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(b'"other"', type=package.models.Enum)


def test_tags_arrive_unchanged(package: Package) -> None:
    for value in HOSTILE:
        decoded = msgspec.json.decode(json.dumps({"k": value}), type=package.models.Union)
        assert json.loads(msgspec.json.encode(decoded)) == {"k": value}


def test_patterns_match_hostile_text_exactly(package: Package) -> None:
    for value in [text for text in HOSTILE if text.isascii()]:
        assert msgspec.json.decode(json.dumps(value), type=package.models.Exact) == value
        with pytest.raises(msgspec.ValidationError):
            msgspec.json.decode(json.dumps(value + "\n"), type=package.models.Exact)


def test_parameters_of_hostile_names_are_sent(package: Package) -> None:
    method = next(name for name in vars(package.module.Client) if name.startswith("open_hacked"))
    parameters = list(package.operation(method, _tag(package, method)).build_request.__kwdefaults__)

    arguments: dict[str, Any] = {name: "v" for name in parameters if name != "option"}

    _, request = package.call(method, options={"option": "o"}, **arguments)

    assert set(request.url.params) == {*HOSTILE, "option"}
    assert re.fullmatch(r"made-\d+|made_\d+/[A-Za-z0-9.+_-]+", request.headers["user-agent"])


def _tag(package: Package, method: str) -> str:
    return next(path.parent.name for path in (package.folder / "api").rglob(f"{method}.py"))


def test_docstrings_have_at_most_120_columns(package: Package) -> None:
    long = [line for line in package.text("client.py").splitlines() if len(line) > 120]

    # A text within an example stays whole.
    assert [line for line in long if "x" * 50 not in line and not re.fullmatch(r' +\w+=".*",', line)] == []


@pytest.mark.parametrize("text", [*HOSTILE, "", "\ud800", "\x00", "a" * 1000 + " " + "b" * 50])
def test_a_literal_evaluates_to_the_text(text: str) -> None:
    assert ast.literal_eval(python_literal(text)) == text
    assert ast.literal_eval(f"({long_literal(text)})") == text
    assert python_literal(text).isprintable()
    assert "\n" not in long_literal(text)


@pytest.mark.parametrize("text", [*HOSTILE, "", "\ud800", '"', "\\", '"""', "\\\\", '\\"', '""', "\n\n", "\x00"])
@pytest.mark.parametrize("lead", ["", "a_long_argument_name: "])
def test_text_cannot_end_a_docstring(text: str, lead: str) -> None:
    tree = ast.parse(f'"""{lead}{docstring_text(text, 4, 4, lead)}"""')

    assert len(tree.body) == 1
    words = "".join(
        character for character in text if character.isspace() or unicodedata.category(character)[0] != "C"
    ).split()
    assert [word for word in str(ast.get_docstring(tree)).split() if word][:3] == [*lead.split(), *words][
        :3
    ] or not words


def test_a_docstring_keeps_lists_and_dashes() -> None:
    text = "Intro:\n- one\n- two\n  more\n1. three\n\n-dash"

    assert docstring_text(text) == "Intro:\n- one\n- two more\n1. three\n\n-dash"
    assert docstring_text("-1 is not allowed", lead="count: ") == "-1 is not allowed"
