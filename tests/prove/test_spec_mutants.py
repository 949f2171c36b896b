"""The rules that make mutants: what they change, and that they leave nothing of the fragment alone."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from tests.prove.spec_campaigns import true_fragment
from tests.prove.spec_mutants.catalogue import EXEMPT, RULES, mutants, untouched
from tests.prove.spec_mutants.focus import REQUEST, Messages
from tests.prove.spec_mutants.mutant import difference, pointer, replaced
from tests.prove.spec_mutants.patterns import looser_and_tighter
from tests.prove.spec_mutants.sites import sites

ID = {"$ref": "#/components/schemas/Id"}
TINY: dict[str, Any] = {
    "openapi": "3.1.0",
    "info": {"title": "tiny", "version": "1"},
    "security": [{"bearer": []}],
    "paths": {
        "/files/{id}": {
            "parameters": [{"name": "id", "in": "path", "required": True, "schema": ID}],
            "get": {
                "operationId": "get_file",
                "responses": {"200": {"$ref": "#/components/responses/File"}, "404": {"description": "-"}},
            },
            "delete": {"operationId": "drop_file", "responses": {"204": {"description": "-"}}},
        }
    },
    "components": {
        "responses": {
            "File": {
                "description": "-",
                "headers": {"ETag": {"required": True, "schema": {"type": "string"}}},
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/File"}}},
            }
        },
        "schemas": {
            "Id": {"type": "string", "pattern": "^[0-9]{1,3}$"},
            "File": {
                "type": "object",
                "required": ["id"],
                "properties": {
                    "id": ID,
                    "size": {"type": "integer", "format": "int64", "minimum": 0},
                    "kind": {"enum": ["a", "b"]},
                },
            },
        },
    },
}


def changes(place: str) -> set[str]:
    return {mutant.words for mutant in mutants(TINY) if mutant.place == place}


OWN_SECURITY = ("asks for no token", "takes calls without a token as well")


@pytest.mark.parametrize(
    ("place", "words"),
    [
        ("/components/schemas/File/properties/size/minimum", {"0 becomes -1", "0 becomes 1", "0 is dropped"}),
        ("/components/schemas/File/properties/size/format", {"int64 becomes int32", "int64 is dropped"}),
        ("/components/schemas/File/properties/id", {"is called id_", "is removed", "is no longer required"}),
        ("/components/schemas/File/properties/kind", {"is called kind_", "is removed", "is required"}),
        (
            "/components/schemas/File/properties/kind/enum",
            {"a is no longer in it", "b is no longer in it", "b becomes b_", "another is in it", "is dropped"},
        ),
        ("/components/schemas/File/additionalProperties", {"becomes false"}),
        ("/components/schemas/Id/type", {"string becomes integer", "null is allowed as well"}),
        ("/components/responses/File/headers/ETag", {"is removed", "is called ETag-X"}),
        ("/components/responses/File/headers/ETag/required", {"required becomes false"}),
        ("/paths/~1files~1{id}/get", {"becomes post", "is removed", *OWN_SECURITY}),
        ("/paths/~1files~1{id}/get/responses/404", {"is removed"}),
        ("/paths/~1files~1{id}/get/responses/200", {"is removed", "becomes 205"}),
        ("/paths/~1files~1{id}/parameters/0/in", {"stands in query, not in path"}),
        ("/security", {"is dropped", "does not have to be given"}),
    ],
)
def test_each_keyword_is_changed_in_each_way(place: str, words: set[str]) -> None:
    assert changes(place) == words


def test_a_mutant_differs_only_at_its_place() -> None:
    before = copy.deepcopy(TINY)
    for mutant in mutants(TINY):
        document = mutant.document(TINY)
        assert document != TINY, mutant.id
        assert replaced(document, mutant.keys, _at(TINY, mutant.keys)) == TINY, mutant.id
    assert before == TINY


def _at(node: Any, keys: Any) -> Any:
    for key in keys:
        node = node[key]
    return node


def test_a_renamed_property_is_still_required() -> None:
    (mutant,) = (mutant for mutant in mutants(TINY) if (mutant.kind, mutant.words) == ("property", "is called id_"))
    schema = mutant.document(TINY)["components"]["schemas"]["File"]
    assert (schema["required"], list(schema["properties"])) == (["id_"], ["id_", "size", "kind"])


def test_every_keyword_of_the_fragment_is_changed_or_exempt_with_a_reason() -> None:
    assert untouched(true_fragment()) == set()
    assert all(EXEMPT.values())


def test_a_keyword_without_a_rule_is_found() -> None:
    document = copy.deepcopy(TINY)
    document["components"]["schemas"]["Id"]["multipleOf"] = 2
    document["paths"]["/files/{id}"]["get"]["deprecated"] = True
    assert untouched(document) == {("schema", "multipleOf"), ("operation", "deprecated")}


def test_every_rule_and_every_exemption_is_needed() -> None:
    found = {(site.kind, keyword) for site in sites(true_fragment()) for keyword in site.node}
    # The fragment has none of these yet.
    spare = {("schema", "maxItems"), ("path item", "patch"), ("path item", "head")}
    assert set(RULES) - found - spare == set()
    assert {keyword for keyword in EXEMPT if keyword not in {name for _, name in found}} == set()


@pytest.mark.parametrize(
    ("pattern", "others"),
    [
        ("^a$", ["a$", "^a"]),
        ("a{1,2}", ["a{0,2}", "a{1,1}", "a{2,2}", "a{1,3}"]),
        ("a{2}", ["a{1}", "a{3}"]),
        (r"\.{3,}", [r"\.{2,}", r"\.{4,}"]),
        ("a?b*c+", ["a*b*c+", "ab*c+", "a?b+c+", "a?b*c*", "a?b*c"]),
        (r"a\+", []),
        ("[ab]", ["[b]", "[a]"]),
        (r"[^a\]]", [r"[^\]]", "[^a]"]),
        ("[2-4]", ["[1-4]", "[2-3]", "[3-4]", "[2-5]"]),
        ("[0-9]", [r"[\x2f-9]", "[0-8]", "[1-9]", r"[0-\x3a]"]),
        # There is nothing before \x00, and / is in the other class already.
        (r"[\x00-\x1f]", [r"[\x00-\x1e]", r"[\x01-\x1f]", r"[\x00-\x20]"]),
        ("[/0-9]", ["[0-9]", "[/]", "[/0-8]", "[/1-9]", r"[/0-\x3a]"]),
        ("a|b", ["b", "a"]),
        ("(a|(?:b|c)|[(|])", ["(a|(?:b|c)|[|])", "(a|(?:b|c)|[(])", "(a|(?:c)|[(|])", "(a|(?:b)|[(|])",
                              "((?:b|c)|[(|])", "(a|[(|])", "(a|(?:b|c))"]),
    ],
)  # fmt: skip
def test_a_pattern_is_loosened_and_tightened(pattern: str, others: list[str]) -> None:
    assert list(looser_and_tighter(pattern)) == others


def test_a_place_belongs_to_the_messages_that_need_it() -> None:
    messages = Messages(TINY)
    assert messages.touched(("components", "schemas", "File", "required")) == [("get_file", "200")]
    assert set(messages.touched(("components", "schemas", "Id"))) == {
        ("get_file", REQUEST), ("drop_file", REQUEST), ("get_file", "200"),
    }  # fmt: skip
    assert messages.touched(("paths", "/files/{id}", "get", "responses", "404")) == [("get_file", "404")]
    assert messages.touched(("paths", "/files/{id}", "parameters", 0, "in")) == [
        ("get_file", REQUEST), ("drop_file", REQUEST),
    ]  # fmt: skip
    assert len(messages.touched(("security",))) == 5


def test_the_focus_names_operations_answers_and_schemas() -> None:
    keys = ("components", "schemas", "File", "required")
    focus = Messages(TINY).focus(keys, TINY)
    assert {"[GET /files/{id}]", "[POST /File]", "get_file-200"} <= set(focus)
    assert "[DELETE /files/{id}]" not in focus


def test_a_new_method_is_in_focus_under_its_new_name() -> None:
    (mutant,) = (mutant for mutant in mutants(TINY) if mutant.words == "becomes post" and mutant.below == ("get",))
    focus = Messages(TINY).focus((*mutant.keys, *mutant.below), mutant.document(TINY))
    assert {"[GET /files/{id}]", "[POST /files/{id}]"} <= set(focus)


def test_a_difference_shows_what_is_changed() -> None:
    (mutant,) = (mutant for mutant in mutants(TINY) if mutant.words == "0 becomes 1")
    lines = list(difference(TINY, mutant.document(TINY)))
    assert [line for line in lines if line[0] in "+-" and line[:3] not in {"+++", "---"}] == [
        "-          minimum: 0",
        "+          minimum: 1",
    ]


def test_a_pointer_escapes_slashes() -> None:
    assert pointer(("paths", "/a~b", 0)) == "/paths/~1a~0b/0"
