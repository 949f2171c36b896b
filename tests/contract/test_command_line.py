"""Schemathesis's command line against the mock, over a socket: no test code of ours judges anything here."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING, Any

import pytest
from box_uploads_mock import MockServer, State

from tests.contract.command_line import SETTINGS, Run, st_run
from tests.contract.fragment import IS_LONG, TOKEN, operations, resolved
from tests.contract.world import NOW, WORLD, part_size_for

if TYPE_CHECKING:
    from collections.abc import Iterator

SMALL = ("upload_small_file", "upload_small_version", "check_upload", "check_version_upload", "download_file")
FOLDERS = ("create_folder", "get_folder", "list_folder_items")
# Fewer are enough where there are few links.
FEWER = () if IS_LONG else ("--max-examples", "100")
# Schemathesis begins with what it thinks most likely to succeed, and would follow no other links.
MACHINES = {
    "sessions": [text for name in (*SMALL, *FOLDERS) for text in ("--exclude-operation-id", name)],
    "small-files": [*FEWER, *(text for name in (*SMALL, "get_file") for text in ("--include-operation-id", name))],
    "folders": [*FEWER, *(text for name in FOLDERS for text in ("--include-operation-id", name))],
}
PHASES = ("examples", "coverage", "fuzzing")


def mock(**settings: Any) -> MockServer:
    given = {"token": TOKEN, "seed": 1, "store": "discard", "part_size_for": part_size_for, **settings}
    return MockServer(state=State(WORLD, clock=lambda: NOW, **given))


def labels() -> set[str]:
    return {f"{method.upper()} {path}" for path, method, _ in operations().values()}


# They lead from the operations of one run to those of the other, or from a check, with which no scenario begins.
TO_ANOTHER_MACHINE = {
    "OPTIONS /files/content -> [200] upload -> POST /files/content",
    "OPTIONS /files/content -> [409] version_of_conflicting_file -> POST /files/{file_id}/content",
    "OPTIONS /files/{file_id}/content -> [200] upload -> POST /files/{file_id}/content",
    "OPTIONS /files/{file_id}/content -> [409] version_of_conflicting_file -> POST /files/{file_id}/content",
    "POST /files/upload_sessions -> [400] small_file -> POST /files/content",
    "POST /files/{file_id}/upload_sessions -> [400] small_version -> POST /files/{file_id}/content",
}


def links() -> Iterator[str]:
    """Yield the links of the fragment as schemathesis names them."""
    for path, method, operation in operations().values():
        for status, response in operation["responses"].items():
            for name, link in resolved(response).get("links", {}).items():
                target_path, target_method, _ = operations()[link["operationId"]]
                yield f"{method.upper()} {path} -> [{status}] {name} -> {target_method.upper()} {target_path}"


def test_the_mock_passes_with_every_phase_and_check(request: pytest.FixtureRequest) -> None:
    seed = request.config.getoption("--hypothesis-seed")
    with mock() as server:
        run = st_run("mock", server.base_url, "--phases", ",".join(PHASES), seed=seed)
    machines: list[Run] = []
    for name, options in MACHINES.items():
        with mock() as server:
            machines.append(st_run(name, server.base_url, "--phases", "stateful", *options, seed=seed))

    for one in (run, *machines):
        assert one.code == 0, f"{one.output}\nThe reports are in {one.reports}"
        assert not one.has_warned, one.output
    # A run in which nothing got anywhere would be green as well.
    assert {(label, phase) for label in labels() for phase in PHASES} <= set(run.cases)
    # OPTIONS is answered for all paths, those included for which the fragment does not have it.
    successes = {label for label, status in run.statuses if 200 <= status < 400}
    assert {label for label in successes if label in labels() or not label.startswith("OPTIONS ")} == labels()
    followed = {link for one in machines for link in one.links}
    assert IS_LONG or set(links()) - followed == TO_ANOTHER_MACHINE, f"not followed: {set(links()) - followed}"
    for one in (run, *machines):
        one.drop_reports()


@pytest.mark.parametrize(("name", "settings", "said"), [
    ("every answer a 401", {"token": "another"}, "Authentication"),
    ("a limit of its own", {"min_file_size": 20_000_001}, "Schema-valid request rejected"),
])  # fmt: skip
def test_a_wrong_server_turns_the_run_red(name: str, settings: dict[str, Any], said: str) -> None:
    with mock(**settings) as server:
        run = st_run("red", server.base_url, "--phases", "examples", "--include-operation-id", "create_upload_session")

    assert run.code == 1, f"{name} was not noticed: {run.output}"
    assert said in run.output
    assert {file.name for file in run.reports.iterdir()} == {"junit.xml", "st.har", "st.ndjson", "schemathesis.toml"}
    run.drop_reports()
    assert not run.reports.exists()


def test_the_settings_exclude_nothing() -> None:
    settings = tomllib.loads(SETTINGS.read_text(encoding="utf-8"))

    assert settings["warnings"] == {"fail-on": True}
    assert "baseline" not in settings
    assert [place for place in _switched_off(settings) if place not in {"cache", "analysis.constants"}] == []


def _switched_off(node: Any, place: str = "") -> Iterator[str]:
    """Yield where something is disabled or left out."""
    children = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, value in children:
        if (key == "enabled" and value is not True) or str(key).startswith("exclude-"):
            yield place
        yield from _switched_off(value, f"{place}.{key}".strip("."))
