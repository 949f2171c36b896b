"""Schemathesis's command line judges the client as a server, which `gateway` makes of it, in front of the mock.

Of 15 planted defects it finds 11 (`FOUND`). The tests of requests and of responses find 14, as `make prove` counts (its
gateway defects): all but a token of its own, since they have one token, where schemathesis tries wrong ones too. It
overlooks (`OVERLOOKED`) what the mock makes up for: it refuses what the client should have refused, takes any user and
answers rightly. Nor can it know whose answer it gets.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from box_uploads import UNSET, api, models
from box_uploads._runtime.auth import Secret
from box_uploads._runtime.codecs import Json
from box_uploads._runtime.request_builder import RequestBuilder

from tests.contract.command_line import Run, st_run
from tests.contract.fragment import IS_LONG, TOKEN
from tests.contract.gateway import GatewayServer
from tests.contract.test_command_line import MACHINES, labels, links, mock

if TYPE_CHECKING:
    from collections.abc import Callable

    Plant = Callable[[pytest.MonkeyPatch], None]

SHORT = ("--phases", "examples,coverage", "--max-examples", "30")
# Each link of the fragment is followed in front of the mock alone; here, that they lead on is enough.
FEW = ("--max-examples", "50")


def judged(name: str, *options: str, seed: str | None = None) -> Run:
    with mock() as server, GatewayServer(server.base_url) as gateway:
        return st_run(name, gateway.base_url, *options, seed=seed)


def test_the_client_passes_as_a_server(request: pytest.FixtureRequest) -> None:
    seed = request.config.getoption("--hypothesis-seed")
    run = judged("gateway", *(() if IS_LONG else SHORT), seed=seed)
    machines = [
        judged(f"gateway-{name}", "--phases", "stateful", *options, *(() if IS_LONG else FEW), seed=seed)
        for name, options in MACHINES.items()
    ]

    for one in (run, *machines):
        assert one.code == 0, f"{one.output}\nThe reports are in {one.reports}"
        assert not one.has_warned, one.output
    assert {label for label, status in run.statuses if 200 <= status < 300} == labels()
    assert len({link for one in machines for link in one.links}) > len(set(links())) / 2
    for one in (run, *machines):
        one.drop_reports()


def _wrap(patch: pytest.MonkeyPatch, owner: Any, name: str, replacement: Callable[..., Any]) -> None:
    """Replace a function by one that is given the original, then the arguments."""
    original = getattr(owner, name)
    patch.setattr(owner, name, lambda *path, **arguments: replacement(original, *path, **arguments))


def requests_of(operation: str, **changed: Any) -> Plant:
    """Plant a change of an operation's requests; a function is given the request."""

    def built(build: Any, *path: Any, **arguments: Any) -> Any:
        request = build(*path, **arguments)
        values = {key: value(request) if callable(value) else value for key, value in changed.items()}
        return msgspec.structs.replace(request, **values)

    return lambda patch: _wrap(patch, getattr(api.upload_sessions, operation), "build_request", built)


def responses_of(operation: str, change: Callable[[Any], Any]) -> Plant:
    """Plant a change of an operation's responses, before they are read."""
    module = getattr(api.upload_sessions, operation)
    return lambda patch: _wrap(patch, module, "read_response", lambda read, raw: read(change(raw)))


def results_of(operation: str, **changed: Any) -> Plant:
    """Plant a change of what an operation returns."""

    def returned(read: Any, raw: Any) -> Any:
        response = read(raw)
        return type(response)(raw, msgspec.structs.replace(response.parsed, **changed))

    return lambda patch: _wrap(patch, getattr(api.upload_sessions, operation), "read_response", returned)


def tokens(change: Callable[[Secret | None], Secret | None]) -> Plant:
    """Plant a change of the token that is sent."""

    def built(build: Any, builder: RequestBuilder, request: Any, secret: Secret | None) -> Any:
        return build(builder, request, change(secret))

    return lambda patch: _wrap(patch, RequestBuilder, "build", built)


def unchecked_arguments(patch: pytest.MonkeyPatch) -> None:
    """Plant that a folder's id is sent whatever it is."""

    def built(build: Any, *, folder_id: Any, **arguments: Any) -> Any:
        request: Any = build(folder_id="0", **arguments)
        body = {**msgspec.json.decode(request.content), "folder_id": folder_id}
        return msgspec.structs.replace(request, content=msgspec.json.encode(body))

    _wrap(patch, api.upload_sessions.create_upload_session, "build_request", built)


def anything_decoded(patch: pytest.MonkeyPatch) -> None:
    """Plant that a session is read whatever its properties are."""
    names = [name for name in models.UploadSession.__struct_fields__ if name != "session_endpoints"]
    fields: list[Any] = [("session_endpoints", models.SessionEndpoints), *((name, Any, UNSET) for name in names)]
    lax = msgspec.defstruct("Lax", fields, kw_only=True)
    patch.setattr(api.upload_sessions.create_upload_session, "_UPLOAD_SESSION", Json(lax))


def without(name: str) -> Callable[[Any], Any]:
    return lambda request: tuple(field for field in request.headers if field[0] != name)


def swapped(request: Any) -> tuple[tuple[str, str], ...]:
    return tuple(({"offset": "limit", "limit": "offset"}[name], value) for name, value in request.query)


def size_as_text(request: Any) -> bytes:
    body = msgspec.json.decode(request.content)
    return msgspec.json.encode({**body, "file_size": str(body["file_size"])})


def as_success(raw: Any) -> Any:
    return msgspec.structs.replace(raw, status=201)


def without_headers(raw: Any) -> Any:
    return msgspec.structs.replace(raw, headers=type(raw.headers)([("content-type", "application/json")]))


# What is planted: into which operation, and what the run says of it.
CREATE, UPLOAD, LIST, ABORT = "create_upload_session", "upload_part", "list_parts", "abort_upload_session"
GET, LOCAL_TIME = "get_upload_session", "2026-11-29T12:00:00"
FOUND: dict[str, tuple[Plant, str, str]] = {
    "another path": (requests_of(LIST, path="/files/upload_sessions/x/parts", url=""), LIST, "ST202"),
    "another method": (requests_of(ABORT, method="GET"), ABORT, "ST103"),
    "a header left out": (requests_of(UPLOAD, headers=without("digest")), UPLOAD, "ST202"),
    "a number as text": (requests_of(CREATE, content=size_as_text), CREATE, "ST202"),
    "parameters swapped": (requests_of(LIST, query=swapped), LIST, "ST202"),
    "no token": (tokens(lambda _: None), CREATE, "Authentication failed"),
    "a token of its own": (tokens(lambda _: Secret(TOKEN)), CREATE, "ST401"),
    "errors as success": (responses_of(CREATE, as_success), CREATE, "ST103"),
    "headers forgotten": (responses_of(CREATE, without_headers), CREATE, "ST107"),
    "a property forgotten": (results_of(CREATE, total_parts=UNSET), CREATE, "ST108"),
    "a time without its offset": (results_of(CREATE, session_expires_at=LOCAL_TIME), CREATE, "ST108"),
}
# The mock refuses what the client should have refused, always answers rightly, and takes any user.
OVERLOOKED: dict[str, tuple[Plant, str, str]] = {
    "the user left out": (requests_of(GET, headers=without("as-user")), GET, ""),
    "an argument unchecked": (unchecked_arguments, CREATE, ""),
    "anything decoded": (anything_decoded, CREATE, ""),
    "an answer of another session": (results_of(GET, id="F" * 32), GET, ""),
}


def examined(operation: str) -> Run:
    """Run what is quick for an operation, after sessions were created."""
    chosen = sorted({"create_upload_session", operation})
    options = [word for name in chosen for word in ("--include-operation-id", name)]
    return judged("planted", "--phases", "examples,coverage", *options)


# One of each side; `make contract-long` has them all.
QUICK = ("a token of its own", "errors as success")


@pytest.mark.parametrize("name", list(FOUND) if IS_LONG else QUICK)
def test_a_planted_defect_turns_the_run_red(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    plant, operation, said = FOUND[name]
    plant(monkeypatch)
    run = examined(operation)
    assert run.code == 1
    assert said in run.output
    run.drop_reports()


@pytest.mark.parametrize("name", list(OVERLOOKED) if IS_LONG else ["anything decoded"])
def test_a_planted_defect_is_overlooked(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """When the run finds one of them after all, the table in this module's docstring is to be corrected."""
    plant, operation, _ = OVERLOOKED[name]
    plant(monkeypatch)
    run = examined(operation)
    assert run.code == 0, run.output
    run.drop_reports()
