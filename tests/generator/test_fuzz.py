"""Any change to a document ends in a package or in one clear line, never in a traceback."""

from __future__ import annotations

import copy
import functools
import json
import operator
import random
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from generator.document.document import Document
from generator.document.load import parse
from generator.errors import SpecError
from generator.operation.reader import OperationReader
from generator.package_checks import check_syntax
from generator.pipeline import generate, render
from generator.render.upstream import validate
from generator.schema.patterns import python_pattern
from generator.schema.schemas import SchemaReader

from .conftest import INT, KITCHEN_SINK, NUM, TEXT, document, job_for, json_body, obj, operation, ref, write_spec

ROOT = Path(__file__).parents[2]
SEEDS = [parse(path.read_text(encoding="utf-8")) for path in (ROOT / "spec" / "openapi.yaml", KITCHEN_SINK)]
ODD: list[Any] = [
    *(None, True, False, 0, -1, 1.5, "", "x", "#/components/schemas/Part", [], {}, [None], [{}], {"": None}),
    *({"$ref": 5}, ref("Part"), {"$ref": "#/paths"}, {"type": "object", "properties": {"a": {}}}, "\ud800"),
    *({"type": ["string", "null"]}, {"oneOf": [{}, {}]}, {"allOf": [True, False]}, {"enum": [None]}),
    *(10**400, "(", "{a}"),
]


def _read(content: Any) -> str:
    """Do everything that precedes rendering, and return what is refused."""
    try:
        loaded = Document(json.loads(json.dumps(content)), "spec")
        validate(loaded)
        schemas = SchemaReader(loaded)
        schemas.read_components()
        OperationReader(loaded, schemas).read()
        schemas.settle()
    except SpecError as error:
        return str(error)
    except RecursionError:
        return "too deep"
    return ""


def _places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if path:
        yield path
    if isinstance(value, dict):
        for key, member in value.items():
            yield from _places(member, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _places(item, (*path, index))


def _at(content: Any, path: tuple[Any, ...]) -> Any:
    return functools.reduce(operator.getitem, path, content)


def _mutated(seed: Any, chance: random.Random) -> Any:
    content = copy.deepcopy(seed)
    for _ in range(chance.choice((1, 1, 1, 2, 5))):
        path = chance.choice(list(_places(content)))
        owner = _at(content, path[:-1])
        change = chance.randrange(4)
        if change == 0:
            del owner[path[-1]]
        elif change == 1 and isinstance(owner, dict):
            owner[chance.choice(("type", "$ref", "x", "allOf", "required", "é", "items"))] = owner.pop(path[-1])
        elif change == 2:
            owner[path[-1]] = copy.deepcopy(_at(content, chance.choice(list(_places(content)))))
        else:
            owner[path[-1]] = copy.deepcopy(chance.choice(ODD))
    return content


@pytest.mark.parametrize("seed", range(4))
def test_a_changed_document_is_read_or_refused_in_one_line(seed: int) -> None:
    chance = random.Random(seed)
    refused = 0
    for _ in range(60):
        message = _read(_mutated(chance.choice(SEEDS), chance))
        assert "\n" not in message
        assert message.isprintable()
        refused += bool(message)

    assert 10 < refused < 60


@pytest.mark.parametrize("seed", range(3))
def test_a_changed_document_is_rendered_unless_it_is_none_at_all(seed: int, tmp_path: Path) -> None:
    chance = random.Random(100 + seed)
    hopeless = 0
    for number in range(12):
        read = json.loads(json.dumps(_mutated(chance.choice(SEEDS), chance)))
        try:
            loaded = Document(read, "spec", strict=False, tolerant=True)
            render(loaded, tmp_path / f"made{number}")
        except SpecError:
            hopeless += 1
            continue
        check_syntax(tmp_path / f"made{number}")
        for line in (*loaded.notes.found, *loaded.notes.missing):
            assert str(line).isprintable()
    # Without its version, title or paths, it is no document.
    assert hopeless < 4


def test_any_part_of_the_fragment_may_be_missing() -> None:
    seed = SEEDS[0]
    for path in random.Random(0).sample(list(_places(seed)), 100):
        content = copy.deepcopy(seed)
        owner = _at(content, path[:-1])
        if isinstance(owner, dict):
            del owner[path[-1]]
            assert "\n" not in _read(content)


SCALARS = st.sampled_from(
    [
        *(TEXT, {**TEXT, "format": "date"}, {**TEXT, "minLength": 1}, {**TEXT, "format": "uri"}),
        *(
            INT,
            {**INT, "format": "int32", "minimum": 3},
            {**NUM, "maximum": 2.5},
            {"type": "boolean"},
            {"type": "null"},
        ),
        *({"enum": ["a", "b"]}, {"enum": [1, 2, None]}, {"const": "c"}, {"type": ["string", "null"]}),
        *(ref("Part"), ref("Open"), {}, True),
    ]
)


def _wider(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    lists = st.lists(inner, min_size=1, max_size=3)
    names = st.sampled_from(["kind", "list", "class", "a-b", "名"])
    return st.one_of(
        st.builds(lambda items: {"type": "array", "items": items}, inner),
        st.builds(lambda value: {"type": "object", "additionalProperties": value}, inner),
        st.builds(
            lambda properties, closed: {
                "type": "object",
                "properties": properties,
                "required": sorted(properties)[:1],
                "additionalProperties": not closed,
            },
            st.dictionaries(names, inner, min_size=1, max_size=3),
            st.booleans(),
        ),
        *(st.builds(lambda items, keyword=keyword: {keyword: items}, lists) for keyword in ("allOf", "oneOf", "anyOf")),
    )


@settings(max_examples=5, deadline=None, derandomize=True, database=None, phases=[Phase.generate])
@given(schemas=st.lists(st.recursive(SCALARS, _wider, max_leaves=8), min_size=12, max_size=12))
@pytest.mark.parametrize("strict", [True, False])
def test_a_document_that_is_not_refused_makes_a_working_package(
    schemas: list[Any], tmp_path_factory: pytest.TempPathFactory, *, strict: bool
) -> None:
    """The last step, which imports the package and builds all decoders, has nothing left to find."""
    known = {
        "Part": obj(kind={"const": "part"}),
        "Open": {"anyOf": [{"enum": ["x"]}, TEXT]},
    }

    def content(chosen: dict[str, Any]) -> dict[str, Any]:
        return document(
            {
                f"/{name}": {
                    "post": operation(
                        operationId=name,
                        requestBody=json_body(schema),
                        responses={"200": {"description": "", "content": {"application/json": {"schema": schema}}}},
                    )
                }
                for name, schema in chosen.items()
            },
            {**known, **chosen},
        )

    accepted: dict[str, Any] = {}
    for index, schema in enumerate(schemas):
        if not strict or not _read(content({**accepted, f"S{index}": schema})):
            accepted[f"S{index}"] = schema
    folder = tmp_path_factory.mktemp("fuzz")

    spec = write_spec(folder, content(accepted))
    job = replace(job_for(spec, folder / "out"), strict=strict, tolerant=not strict)
    assert not generate(job).missing
    assert job.target.is_dir()


@settings(max_examples=400, deadline=None, derandomize=True, database=None)
@given(text=st.text(alphabet=r"ab0[](){}*+?.^$|\-,:=!<>kdDwWsSbBuxcp1&~é" + "\n\0", max_size=12))
def test_a_pattern_is_translated_or_refused(text: str) -> None:
    try:
        translated = python_pattern(text)
    except ValueError:
        return
    re.compile(translated)


@settings(max_examples=300, deadline=None, derandomize=True, database=None)
@given(text=st.text(alphabet="ab:-[]{}&*!|>'\"#%@,? \n\t0.~<", max_size=30))
def test_a_text_is_parsed_or_refused(text: str) -> None:
    for is_json in (True, False):
        try:
            value = parse(text, is_json=is_json)
        except SpecError:
            continue
        assert json.loads(json.dumps(value)) == value
