"""Bodies that are drawn from a document are read and written again, and stay valid and the same.

A body is drawn by schemathesis for each operation, decoded by the client's codec, encoded again, and compared: the
result is valid under the document's own schema, and reading it again gives the same value. A body that differs from
an invalid one by nothing but properties that nobody declared cannot be said by a caller, and may be refused: such are
the items of a `uniqueItems` array that are equal without them.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema_rs
import msgspec
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.config import SchemathesisConfig

from generator.operation.model import Media, Operation

from .examples import Tally
from .subject import Subject, json_schema


def round_trips(subject: Subject, spec: Path, examples: int) -> Tally:
    """Draw bodies for each operation that takes JSON, and count the operations for which all of them come through."""
    tally = Tally()
    loaded = schemathesis.openapi.from_path(str(spec), config=_config(examples))
    for operation in subject.operations:
        media = (
            next((media for media in operation.body.media if media.codec.kind == "Json"), None)
            if operation.body
            else None
        )
        if media is not None:
            tally.add(operation.full_name, _failure(subject, loaded, operation, media, examples))
    return tally


def _failure(subject: Subject, loaded: Any, operation: Operation, media: Media, examples: int) -> object | None:
    codec = getattr(subject.module(operation), media.codec.constant)
    body = subject.document.resolve_component(subject.node(operation) / "requestBody")
    declared = dict((body / "content").members())
    node = next(node for name, node in declared.items() if name.partition(";")[0].strip().lower() == media.base)
    # A schema that is null is noted, and taken as any value.
    schema = json_schema(node.object().get("schema") or {})
    validator = jsonschema_rs.validator_for({**subject.whole_schema, "allOf": [schema]})
    path = operation.place.split("/")[2].replace("~1", "/").replace("~0", "~")

    @settings(
        max_examples=examples,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large],
    )
    @given(case=loaded[path][operation.method].as_strategy())
    def run(case: Any) -> None:
        if case.media_type != media.media_type or not isinstance(case.body, (dict, list, str, int, float, bool)):
            return
        if not validator.is_valid(case.body):
            # What is drawn for a schema that contradicts itself need not be valid.
            return
        content = json.dumps(case.body).encode()
        value = codec.decode_bytes(content)
        try:
            again = codec.encode(value)
        except subject.client.errors.InvalidArgumentError:
            kept = json.loads(msgspec.json.encode(value))
            if {error.kind.name for error in validator.iter_errors(kept)} == {"uniqueItems"}:
                return
            raise
        problem = next((str(error.message) for error in validator.iter_errors(json.loads(again))), "")
        assert not problem, f"{content!r} becomes {again!r}: {problem}"
        assert codec.decode_bytes(again) == value, f"{content!r} becomes {again!r}"

    try:
        run()
    except Exception as error:  # noqa: BLE001  # all of them are counted
        return error
    return None


def _config(examples: int) -> SchemathesisConfig:
    generation = {"max-examples": examples, "deterministic": True, "database": "none", "mode": "positive"}
    return SchemathesisConfig.from_dict({"generation": generation, "analysis": {"constants": {"enabled": False}}})
