"""The fragment is well-formed, says all that it must say, and its examples are true."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema_rs
import openapi_spec_validator
import pytest
import yaml
from box_uploads_mock.operation_names import OPERATIONS as MOCKED
from box_uploads_mock.operations import HANDLERS
from box_uploads_mock.routes import ROUTES
from openapi_spec_validator.validation.exceptions import OpenAPIValidationError

from tests.prove.operations import LABELS

ROOT = Path(__file__).parents[2]
FRAGMENT: dict[str, Any] = yaml.safe_load((ROOT / "spec" / "openapi.yaml").read_text(encoding="utf-8"))
METHODS = {"get", "put", "post", "delete", "options", "head", "patch", "trace"}


def resolved(node: Any) -> Any:
    """Follow a reference; a description beside it stays."""
    while isinstance(node, dict) and "$ref" in node:
        target: Any = FRAGMENT
        for part in node["$ref"].removeprefix("#/").split("/"):
            target = target[part]
        node = {**target, **{key: value for key, value in node.items() if key != "$ref"}}
    return node


def faults(schema: Any, value: Any) -> list[str]:
    """Return where a value breaks a schema of the fragment, formats included."""
    whole = {"$ref": "#/schema", "schema": schema, "components": FRAGMENT["components"]}
    validator = jsonschema_rs.Draft202012Validator(whole, validate_formats=True)
    return [f"{error.instance_path}: {error.message}" for error in validator.iter_errors(value)]


def operations() -> list[tuple[str, str, dict[str, Any], dict[str, Any]]]:
    return [
        (path, method, item, item[method])
        for path, item in FRAGMENT["paths"].items()
        for method in sorted(METHODS & set(item))
    ]


OPERATIONS = {operation["operationId"]: operation for _, _, _, operation in operations()}
REQUESTS: dict[str, dict[str, Any]] = {
    name: media
    for name, operation in OPERATIONS.items()
    for kind, media in operation.get("requestBody", {}).get("content", {}).items()
    if kind in {"application/json", "application/x-www-form-urlencoded"}
}
# They need no token, and have OAuth's form of errors.
SIGN_IN = {"request_token", "revoke_token"}
CHECKS = ("check_upload", "check_version_upload")
CREATING = ["create_upload_session", "create_version_upload_session"]
COMMIT = "commit_upload_session"
SESSION_CALLS = {operation["operationId"] for path, _, _, operation in operations() if "{upload_session_id}" in path}
PARAMETERS = [
    resolved(parameter)
    for _, _, item, operation in operations()
    for parameter in [*item.get("parameters", []), *operation.get("parameters", [])]
]
RESPONSES = [
    (name, status, resolved(response))
    for name, operation in OPERATIONS.items()
    for status, response in operation["responses"].items()
]


def examples_of(holder: dict[str, Any]) -> dict[str, Any]:
    """Return the examples of a media type, a parameter or a header by their names."""
    named = {name: resolved(example)["value"] for name, example in holder.get("examples", {}).items()}
    return named | ({"example": holder["example"]} if "example" in holder else {})


def schemas() -> Iterator[tuple[str, Any]]:
    """Yield every schema below components, by its place."""

    def walk(place: str, node: Any) -> Iterator[tuple[str, Any]]:
        if not isinstance(node, dict):
            return
        yield place, node
        for name, inner in node.get("properties", {}).items():
            yield from walk(f"{place}.{name}", inner)
        for key in ("allOf", "anyOf", "oneOf"):
            for index, inner in enumerate(node.get(key, [])):
                yield from walk(f"{place}.{key}[{index}]", inner)
        yield from walk(f"{place}.items", node.get("items"))

    for name, schema in FRAGMENT["components"]["schemas"].items():
        yield from walk(name, schema)


def message_examples() -> Iterator[tuple[str, Any, Any]]:
    """Yield place, schema and value of every example of a body or header."""
    for name, media in REQUESTS.items():
        for label, value in examples_of(media).items():
            yield f"{name} request {label}", media["schema"], value
    for name, status, response in RESPONSES:
        for holder in [*response.get("content", {}).values(), *response.get("headers", {}).values()]:
            for label, value in examples_of(holder).items():
                yield f"{name} {status} {label}", holder["schema"], value


def examples() -> Iterator[tuple[str, Any, Any]]:
    """Yield place, schema and value of every example."""
    yield from message_examples()
    for parameter in PARAMETERS:
        for label, value in examples_of(parameter).items():
            yield f"{parameter['name']} {label}", parameter["schema"], value
    for place, schema in schemas():
        for index, value in enumerate(schema.get("examples", [])):
            yield f"{place} {index}", schema, value


def test_the_fragment_is_a_valid_openapi_document() -> None:
    openapi_spec_validator.validate(FRAGMENT)


def test_an_invalid_document_is_found() -> None:
    broken = copy.deepcopy(FRAGMENT)
    del broken["info"]["title"]

    with pytest.raises(OpenAPIValidationError, match="title"):
        openapi_spec_validator.validate(broken)


def test_an_example_keeps_to_its_schema() -> None:
    assert {place: found for place, schema, value in examples() if (found := faults(schema, value))} == {}


def test_a_wrong_example_is_found() -> None:
    session = copy.deepcopy(FRAGMENT["components"]["examples"]["UploadSession"]["value"])
    session["session_expires_at"] = "2012-12-12 10:53"

    assert len(faults({"$ref": "#/components/schemas/UploadSession"}, session)) == 1


@pytest.mark.parametrize("name", OPERATIONS)
def test_an_operation_is_named_and_described_and_names_each_status(name: str) -> None:
    """With a `default` response, no status would be undocumented."""
    operation, statuses = OPERATIONS[name], OPERATIONS[name]["responses"]

    assert re.fullmatch(r"[a-z]+(_[a-z]+)+", name), "a snake_case verb and noun"
    assert operation["summary"].endswith(".")
    assert all(re.fullmatch(r"[1-5][0-9]{2}", status) for status in statuses)
    assert any(status.startswith("2") for status in statuses)


def lacking(path: str, method: str, operation: dict[str, Any]) -> Iterator[str]:
    """Yield what an operation of the fragment lacks, in words for whoever adds one."""
    name = operation["operationId"]
    if not operation.get("description"):
        yield "a description: `description` beside its summary in spec/openapi.yaml"
    for status, response in (("401", "Unauthorized"), ("429", "TooManyRequests")):
        if status not in operation["responses"]:
            yield f"the response {status}: {{$ref: '#/components/responses/{response}'}} in spec/openapi.yaml"
    for status, response in operation["responses"].items():
        for kind, media in resolved(response).get("content", {}).items():
            if not examples_of(media):
                yield f"an example: `examples` of {kind} in the response {status} in spec/openapi.yaml"
    if f"`{name}`" not in (ROOT / "spec" / "README.md").read_text(encoding="utf-8"):
        yield f"a source: a row with `{name}` in spec/README.md"
    segments = tuple(path.strip("/").split("/"))
    routed = {(one.segments, verb): named for one in ROUTES for verb, named in one.operations.items()}
    if name not in MOCKED or name not in HANDLERS or routed.get((segments, method.upper())) != name:
        places = "its name in operation_names.py, its path in routes.py, a function in operations.py"
        yield f"the mock's answer: {places}, all in tests/mock/box_uploads_mock"
    if name not in LABELS:
        yield "planted defects: a label in tests/prove/operations.py, and some with it in tests/prove/*_defects"


@pytest.mark.parametrize(
    ("path", "method", "operation"), [(entry[0], entry[1], entry[3]) for entry in operations()], ids=OPERATIONS
)
def test_nothing_is_lacking_for_an_operation(path: str, method: str, operation: dict[str, Any]) -> None:
    lacks = [f"- {lack}" for lack in lacking(path, method, operation)]
    if lacks:
        pytest.fail("\n".join([f"{operation['operationId']} lacks", *lacks]), pytrace=False)


def test_what_the_readme_s_example_lacks_is_what_it_says() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"^```yaml spec/openapi.yaml\n(.*?)^```$", readme, re.MULTILINE | re.DOTALL)
    ((path, item),) = yaml.safe_load(block).items()
    ((method, operation),) = item.items()
    kinds = [lack.partition(":")[0] for lack in lacking(path, method, operation)]

    assert kinds == [
        *("a description", "the response 401", "the response 429", "an example", "a source"),
        *("the mock's answer", "planted defects"),
    ]
    said = " ".join(readme.split())
    assert (
        "a description, the responses 401 and 429, an example, a source, the mock's answer and planted defects" in said
    )


@pytest.mark.parametrize("name", CREATING)
def test_creating_a_session_is_the_preflight_check_too_and_has_links(name: str) -> None:
    responses = OPERATIONS[name]["responses"]

    assert {"201", "400", "403", "404", "409"} <= set(responses)
    assert resolved(responses["201"])["links"]


@pytest.mark.parametrize(("status", "wrong", "names"), [
    ("403", "storage", SESSION_CALLS - {COMMIT}),
    ("404", "folder", SESSION_CALLS),
    ("412", "etag", {"upload_part"}),
    ("412", "digest", {COMMIT}),
])  # fmt: skip
def test_the_errors_of_a_session_s_call_are_those_of_a_session(status: str, wrong: str, names: set[str]) -> None:
    found = {name: response["description"] for name, own, response in RESPONSES if own == status and name in names}
    assert found.keys() == set(names)
    assert not [text for text in found.values() if wrong in text]


def test_a_commit_is_refused_for_a_wrong_digest_by_400() -> None:
    (description,) = [
        response["description"] for name, status, response in RESPONSES if (name, status) == (COMMIT, "400")
    ]
    assert "`digest_mismatch`" in description


def test_a_response_has_a_description_and_content() -> None:
    empty = {(name, status) for name, status, response in RESPONSES if not response.get("content")}

    assert [(name, status) for name, status, one in RESPONSES if not one["description"].endswith(".")] == []
    assert {found for found in empty if found[1] not in {"202", "204", "302"}} <= {("revoke_token", "200")}


@pytest.mark.parametrize(("status", "header"), [("401", "WWW-Authenticate"), ("429", "Retry-After")])
def test_a_header_that_is_always_sent_is_required(status: str, header: str) -> None:
    found = [response["headers"][header] for name, own, response in RESPONSES if own == status and name not in SIGN_IN]

    assert found
    assert all(header["required"] is True and header["description"] for header in found)


def test_an_error_example_has_the_status_of_its_response() -> None:
    for name, status, response in RESPONSES:
        if status >= "400" and name not in SIGN_IN:
            for label, value in examples_of(response["content"]["application/json"]).items():
                assert str(value["status"]) == status, f"{name} {status} {label}"


@pytest.mark.parametrize("name", REQUESTS)
def test_a_request_is_closed_and_has_an_example(name: str) -> None:
    """A misspelt argument would be accepted otherwise; of a check, Box's own clients send more than is documented."""
    assert OPERATIONS[name]["requestBody"]["required"] is True
    assert (resolved(REQUESTS[name]["schema"]).get("additionalProperties") is False) is (name not in CHECKS)
    assert examples_of(REQUESTS[name])


def test_a_response_is_open() -> None:
    """Box adds fields to its answers without notice."""
    names = {media["schema"]["$ref"].rpartition("/")[2] for name, media in REQUESTS.items() if name not in CHECKS}
    keys = {"additionalProperties", "unevaluatedProperties"}

    assert {place for place, schema in schemas() if keys & schema.keys()} == {*names, "FileAttributes"}


def test_servers_have_the_base_path() -> None:
    assert [server["url"] for server in FRAGMENT["servers"]] == ["https://upload.box.com/api/2.0"]
    own = {name: operation["servers"] for name, operation in OPERATIONS.items() if "servers" in operation}
    urls = {name: [server["url"] for server in servers] for name, servers in own.items()}
    assert [urls.pop(name) for name in sorted(SIGN_IN)] == [["https://api.box.com"]] * 2, "a sign-in has no version"
    assert urls["get_file"] == ["https://api.box.com/2.0"]
    hosts = "|".join(map(re.escape, FRAGMENT["x-trusted-hosts"]))
    wrong = [
        url for own in urls.values() for url in own if not re.fullmatch(rf"https://(\w+\.)*({hosts})(/api)?/2\.0", url)
    ]
    assert wrong == [], "the token only goes to Box's own hosts, and paths begin at version 2.0"


def test_every_operation_but_a_sign_in_needs_a_bearer_token() -> None:
    """Of the kinds of security, this is the one that schemathesis can leave out on purpose."""
    assert FRAGMENT["security"] == [{"bearerAuth": []}]
    assert FRAGMENT["components"]["securitySchemes"]["bearerAuth"]["scheme"] == "bearer"
    own = {name: operation["security"] for name, operation in OPERATIONS.items() if "security" in operation}
    assert own == {name: [] for name in SIGN_IN}


def test_a_secret_is_a_password() -> None:
    """So that no repr, error or log shows it."""
    names = {"access_token", "assertion", "client_secret", "code", "refresh_token", "token"}
    of_sign_in = {"AccessToken", "RevokeRequest", "TokenRequest"}
    found = {
        (place, name): resolved(inner).get("format")
        for place, schema in schemas()
        for name, inner in schema.get("properties", {}).items()
        if place in of_sign_in and name in names
    }
    assert {name for _, name in found} == names
    assert set(found.values()) == {"password"}


def test_a_link_leads_to_an_operation_and_names_its_path_parameters() -> None:
    links = [link for _, _, response in RESPONSES for link in response.get("links", {}).values()]
    needed = {
        operation["operationId"]: {f"path.{name}" for name in re.findall(r"{(\w+)}", path)}
        for path, _, _, operation in operations()
    }

    assert links
    for link in links:
        assert link["operationId"] in OPERATIONS
        assert link["description"]
        assert needed[link["operationId"]] <= set(link.get("parameters", {}))


def test_a_property_has_a_description() -> None:
    properties = {
        f"{place}.{name}": resolved(inner)
        for place, schema in schemas()
        for name, inner in schema.get("properties", {}).items()
    }

    assert properties
    assert [place for place, schema in properties.items() if not schema.get("description")] == []


def test_every_named_schema_and_parameter_has_a_description() -> None:
    named = {**FRAGMENT["components"]["schemas"], **FRAGMENT["components"]["parameters"]}

    assert [name for name, schema in named.items() if not resolved(schema).get("description")] == []
    assert [parameter["name"] for parameter in PARAMETERS if not parameter.get("description")] == []


def test_every_component_is_used() -> None:
    text = (ROOT / "spec" / "openapi.yaml").read_text(encoding="utf-8")
    for kind in ("schemas", "parameters", "responses", "examples"):
        for name in FRAGMENT["components"][kind]:
            assert f"'#/components/{kind}/{name}'" in text, f"{kind}/{name}"


def test_the_example_of_the_documentation_page_is_there() -> None:
    session = "F971964745A5CD0C001BBE4E58196BFD"
    url = f"https://upload.box.com/api/2.0/files/upload_sessions/{session}"
    endpoints = {"upload_part": url, "abort": url, "status": url}
    endpoints |= {"commit": f"{url}/commit", "list_parts": f"{url}/parts", "log_event": f"{url}/log"}
    expected: dict[str, Any] = {"id": session, "type": "upload_session", "session_endpoints": endpoints}
    expected |= {"session_expires_at": "2012-12-12T10:53:43-08:00"}
    expected |= {"part_size": 1024, "total_parts": 1000, "num_parts_processed": 455}

    for name, status, response in RESPONSES:
        if status == "201" and name in CREATING:
            assert expected in examples_of(response["content"]["application/json"]).values()


def test_the_provenance_names_every_part_of_the_fragment() -> None:
    """A statement without a source is a guess; `spec/README.md` has a row for each."""
    text = (ROOT / "spec" / "README.md").read_text(encoding="utf-8")
    names = {
        *OPERATIONS,
        *(status for _, status, _ in RESPONSES),
        *(parameter["name"] for parameter in PARAMETERS),
        *FRAGMENT["components"]["schemas"],
        *(header for _, _, response in RESPONSES for header in response.get("headers", {})),
        *(name for _, schema in schemas() for name in schema.get("properties", {})),
    }

    assert sorted(name for name in names if f"`{name}`" not in text) == []
