"""Properties that only responses have (`readOnly`), or only requests (`writeOnly`)."""

from __future__ import annotations

import inspect
import json
from typing import Any

import pytest

from .conftest import TEXT, Answer, Make, Package, document, json_body, obj, operation, ref

USER: dict[str, Any] = obj(id={**TEXT, "readOnly": True}, name=TEXT, secret={**TEXT, "writeOnly": True})
FILE: dict[str, Any] = {**TEXT, "format": "binary"}


def _call(name: str, sent: Any = None, received: Any = None, media_type: str = "application/json") -> dict[str, Any]:
    body = {"required": True, "content": {media_type: {"schema": sent}}}
    answer = {"description": "-", **(json_body(received, required=False) if received else {})}
    parts = {"requestBody": body} if sent else {}
    return {"post": operation(operationId=name, responses={"200": answer}, **parts)}


@pytest.fixture(scope="module")
def users(make: Make) -> Package:
    return make(
        document(
            {
                "/both": _call("both", ref("Both"), ref("Both")),
                "/sent": _call("sent", {"type": "array", "items": ref("Sent")}),
                "/received": _call("received", None, ref("Received")),
                "/form": _call("form", {**obj(**USER["properties"], file=FILE)}, None, "multipart/form-data"),
            },
            {"Both": USER, "Sent": USER, "Received": {**obj(**USER["properties"], inner=ref("Inner"))}, "Inner": USER},
        )
    )


def test_a_method_takes_what_requests_have_and_asks_for_what_they_need(users: Package) -> None:
    for method in (users.module.Client.both, users.module.AsyncClient.both):
        arguments = inspect.signature(method).parameters
        assert [*arguments] == ["self", "name", "secret"]
        assert {arguments[name].default for name in ("name", "secret")} == {inspect.Parameter.empty}
    found, request = users.call("both", name="a", secret="b", answer=Answer(content=b'{"id": "1", "name": "a"}'))
    assert json.loads(request.content) == {"name": "a", "secret": "b"}
    assert (found.id, found.name) == ("1", "a")
    form = inspect.signature(users.module.Client.form).parameters
    assert [*form] == ["self", "name", "secret", "file"]
    assert form["secret"].default is inspect.Parameter.empty


def test_a_model_that_goes_one_way_has_all_that_is_required_of_it(users: Package) -> None:
    models = users.models
    assert models.Sent(name="a", secret="b").secret == "b"
    with pytest.raises(TypeError, match="secret"):
        models.Sent(name="a")
    inner = {"id": "2", "name": "b"}
    found, _ = users.call(
        "received", answer=Answer(content=json.dumps({"id": "1", "name": "a", "inner": inner}).encode())
    )
    assert (found.id, found.inner.id) == ("1", "2")
    for lacks in ({"name": "a", "inner": inner}, {"id": "1", "name": "a", "inner": {"name": "b"}}):
        with pytest.raises(users.errors.DecodeError, match="lacks id"):
            users.call("received", answer=Answer(content=json.dumps(lacks).encode()))
