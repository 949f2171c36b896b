"""All mutants of a document, and which of its keywords are left alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

import msgspec

from tests.prove.spec_mutants.message_rules import MESSAGE_RULES
from tests.prove.spec_mutants.mutant import Mutant, Rule
from tests.prove.spec_mutants.schema_rules import SCHEMA_RULES
from tests.prove.spec_mutants.sites import sites
from tests.prove.spec_mutants.wiring_rules import WIRING_RULES

RULES: Mapping[tuple[str, str], tuple[Rule, ...]] = {**SCHEMA_RULES, **MESSAGE_RULES, **WIRING_RULES}
"""What is done to a keyword of an object, by the kind of the object and the keyword."""

EXEMPT: Mapping[str, str] = {
    "description": "for a person to read",
    "summary": "for a person to read",
    "externalDocs": "for a person to read",
    "tags": "how pages and modules are grouped",
    "info": "for a person to read",
    "example": "the fragment's own tests compare it with its schema",
    "examples": "the fragment's own tests compare them with their schemas",
    "openapi": "another version would be another language",
    "securitySchemes": "each is changed inside",
    "parameters": "each is changed inside, and taken from where it is used",
    "responses": "each is changed inside, and taken from where it is used",
    "schemas": "each is changed inside, and replaced by another where it is used",
    "components": "each is changed inside",
    "contentMediaType": "what it says is changed in the schema beside it",
    "contentSchema": "changed inside, and taken in the place of the text",
    "$ref": "the parameter is taken from the list that it stands in",
}
"""Keywords without a rule of their own, and why."""


def mutants(document: dict[str, Any]) -> Iterator[Mutant]:
    """Yield all mutants of a document, in its order; no two are equal."""
    seen: Final[set[str]] = set()
    for site in sites(document):
        for keyword in site.node:
            for rule in RULES.get((site.kind, keyword), ()):
                for change in rule(site):
                    mutant = Mutant(keys=site.keys, **msgspec.structs.asdict(change))
                    if mutant.id not in seen and change.node != site.node:
                        seen.add(mutant.id)
                        yield mutant


def untouched(document: dict[str, Any]) -> set[tuple[str, str]]:
    """Return the keywords of a document that no rule changes and that are not exempt, with the kind of their object."""
    return {
        (site.kind, keyword)
        for site in sites(document)
        for keyword in site.node
        if keyword not in EXEMPT and not any(list(rule(site)) for rule in RULES.get((site.kind, keyword), ()))
    }
