"""The README and the mock's page are true: their programs run against the mock, in order, and print what is shown."""

from __future__ import annotations

import contextlib
import dataclasses
import io
import itertools
import os
import re
import shlex
import subprocess
import sys
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx2
import pytest
import yaml
from box_uploads_mock import Fault, MockServer, default_world, load_world
from box_uploads_mock.fault_kinds import KINDS

ROOT = Path(__file__).parents[2]
README = "README.md"
MOCK_PAGE = "tests/mock/README.md"
# Their programs are run.
PAGES = (README, MOCK_PAGE)
# Of these, too, the links lead somewhere and the commands of make exist.
OTHER_PAGES = ("generator/README.md", "tests/prove/README.md", "spec/README.md")
TEXTS = {page: (ROOT / page).read_text(encoding="utf-8") for page in (*PAGES, *OTHER_PAGES)}
ORIGIN = "http://127.0.0.1:8080"
NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Block:
    """A fenced block: its language, the name of the file that it is, its text, and where it starts."""

    language: str
    name: str
    text: str
    page: str
    line: int

    @property
    def place(self) -> str:
        return f"{self.page}:{self.line}"


def blocks(page: str) -> list[Block]:
    text = TEXTS[page]
    found = re.finditer(r"^```(\w*) ?(\S*)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    return [Block(match[1], match[2], match[3], page, text.count("\n", 0, match.start()) + 1) for match in found]


def prose(page: str) -> str:
    return re.sub(r"^```.*?^```$", "", TEXTS[page], flags=re.MULTILINE | re.DOTALL)


def commands(page: str) -> list[str]:
    lines = [line for block in BLOCKS[page] if block.language == "sh" for line in block.text.splitlines()]
    return [line.split("#")[0].strip() for line in lines]


BLOCKS = {page: blocks(page) for page in TEXTS}
ALL_BLOCKS = [block for page in PAGES for block in BLOCKS[page]]
COMMANDS = [command for page in PAGES for command in commands(page)]


def block(name: str) -> Block:
    (found,) = [block for block in ALL_BLOCKS if block.name == name]
    return found


def run(*command: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False)


@pytest.fixture
def server() -> Iterator[MockServer]:
    with MockServer(clock=lambda: NOW) as server:
        yield server


@pytest.mark.parametrize("page", PAGES)
def test_the_programs_print_what_is_shown(
    page: str, server: MockServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("BOX_ACCESS_TOKEN", server.token)
    monkeypatch.setenv("BOX_BASE_URL", server.base_url)
    monkeypatch.setenv("BOX_CLIENT_SECRET", default_world().apps[0].client_secret)
    # The file that the first program uploads.
    monkeypatch.chdir(tmp_path)
    Path("Project.mov").write_bytes(bytes(20_000_000))
    namespace: dict[str, Any] = {"__name__": "readme"}
    ran = 0
    try:
        for program, after in zip(BLOCKS[page], [*BLOCKS[page][1:], None], strict=True):
            if program.language == "python" and not program.name:
                expected = after.text if after and after.language == "text" else ""
                printed = _printed(program, namespace).replace(server.origin, ORIGIN)
                assert printed == expected, program.place
                ran += 1
    finally:
        namespace["box"].close()
    assert ran


def _printed(program: Block, namespace: dict[str, Any]) -> str:
    output = io.StringIO()
    # Errors in a program are shown at the line of the page.
    code = compile("\n" * program.line + program.text, program.page, "exec")
    with contextlib.redirect_stdout(output):
        exec(code, namespace)  # noqa: S102 - our own programs
    return output.getvalue()


def test_the_commands_print_what_is_shown(tmp_path: Path) -> None:
    # As the installed one, whose place is not known when tests run from a checkout.
    command = tmp_path / "bin" / "box-uploads"
    command.parent.mkdir()
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m box_uploads.cli "$@"\n', encoding="utf-8")
    command.chmod(0o700)
    paths = {"PATH": f"{command.parent}{os.pathsep}{os.environ['PATH']}"}
    paths |= {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    ran = 0
    # By the clock that the commands have: a journal of a session that has long expired is not resumed.
    with MockServer() as server:
        access = {"BOX_ACCESS_TOKEN": server.token, "BOX_BASE_URL": server.base_url}
        environment = os.environ | paths | access | {"BOX_UPLOADS_STATE_DIR": str(tmp_path / "state")}
        for before, after in itertools.pairwise(ALL_BLOCKS):
            if (before.language, after.language) == ("sh", "text"):
                ended = subprocess.run(
                    ["sh"], input=before.text.replace(ORIGIN, server.origin), cwd=tmp_path, env=environment,
                    stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
                )  # fmt: skip
                assert ended.stdout.replace(server.origin, ORIGIN) == after.text, before.place
                ran += 1
    assert ran


def test_every_shown_output_follows_a_program_and_no_program_warns() -> None:
    for before, after in itertools.pairwise(ALL_BLOCKS):
        is_program = (before.language, before.name) in {("python", ""), ("sh", "")}
        assert after.language != "text" or is_program, after.place
    for program in ALL_BLOCKS:
        if program.language == "python":
            with warnings.catch_warnings():
                warnings.simplefilter("error")
                compile(program.text, program.page, "exec")


def test_the_tests_of_the_readers_app_pass(tmp_path: Path) -> None:
    program = block("test_my_app.py")
    (tmp_path / program.name).write_text(program.text, encoding="utf-8")

    result = run(sys.executable, "-m", "pytest", "-q", "-W", "error", "-p", "no:cacheprovider", cwd=tmp_path)

    assert "1 passed" in result.stdout, result.stdout + result.stderr


def test_the_world_file_is_one(tmp_path: Path) -> None:
    file = tmp_path / "world.yaml"
    file.write_text(block("world.yaml").text, encoding="utf-8")

    world = load_world(file)

    assert (world.quota_bytes, len(world.folders), len(world.files)) == (1_000_000_000, 2, 3)


def test_the_table_of_faults_has_all_of_them_with_their_fields() -> None:
    rows = re.findall(r"^\| `(\w+)` \| `(\w+)` \| .+? \| (.*?) ?\|$", prose(MOCK_PAGE), re.MULTILINE)
    shared = {field.name for field in dataclasses.fields(Fault)}

    shown = {kind: (name, set(re.findall(r"`(\w+)`", fields))) for name, kind, fields in rows}

    assert shown == {
        kind: (fault.__name__, {field.name for field in dataclasses.fields(fault)} - shared)
        for kind, fault in KINDS.items()
    }


def test_the_calls_of_the_control_plane_are_accepted(server: MockServer) -> None:
    sent = [shlex.split(command) for command in COMMANDS if command.startswith("curl ")]

    for arguments in sent:
        (url,) = [argument for argument in arguments if argument.startswith(ORIGIN)]
        # As curl does: `--json` posts, and says what it posts.
        content = arguments[arguments.index("--json") + 1].encode() if "--json" in arguments else None
        method = arguments[arguments.index("-X") + 1] if "-X" in arguments else "GET" if content is None else "POST"
        headers = {} if content is None else {"content-type": "application/json"}
        response = httpx2.request(method, url.replace(ORIGIN, server.origin), content=content, headers=headers)
        assert response.is_success, arguments
    assert len(sent) == 8


def test_the_operation_that_is_added_becomes_a_method(tmp_path: Path) -> None:
    fragment = yaml.safe_load((ROOT / "spec" / "openapi.yaml").read_text(encoding="utf-8"))
    fragment["paths"] |= yaml.safe_load(block("spec/openapi.yaml").text)
    (tmp_path / "openapi.yaml").write_text(yaml.safe_dump(fragment, sort_keys=False), encoding="utf-8")
    command = next(line for line in COMMANDS if line.startswith("python -m generator"))
    arguments = shlex.split(command.replace("openapi.yaml", str(tmp_path / "openapi.yaml")))[1:]
    arguments[-1] = str(tmp_path)

    generated = run(sys.executable, *arguments, cwd=ROOT)
    program = "from my_client import AsyncClient, Client; print(Client.get_trashed_file, AsyncClient.get_trashed_file)"
    imported = run(sys.executable, "-c", program, cwd=tmp_path)

    assert generated.returncode == 0, generated.stderr
    assert imported.returncode == 0, imported.stderr


def test_the_commands_exist() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    said = {page: "\n".join([*commands(page), *re.findall(r"`([^`]+)`", prose(page))]) for page in TEXTS}
    named = {page: set(re.findall(r"\bmake ([a-z-]+)", text)) for page, text in said.items()}

    assert {"demo", "test", "generate", "mock", "prove"} <= named[README]
    assert set().union(*named.values()) <= targets


@pytest.mark.parametrize("page", TEXTS)
def test_the_links_lead_to_files_and_the_readme_to_each_page(page: str) -> None:
    links = [link for link in re.findall(r"\]\(([^)\s]+)\)", prose(page)) if "://" not in link]

    assert [link for link in links if not ((ROOT / page).parent / link).is_file()] == []
    assert page == README or f"]({page})" in prose(README)


@pytest.mark.parametrize("module", ["box_uploads_mock", "generator"])
def test_the_options_of_the_programs_exist(module: str) -> None:
    calls = [command for command in COMMANDS if command.startswith(f"python -m {module} ")]
    used = {word for command in calls for word in command.split() if word.startswith("--")}

    assert used
    assert used <= set(run(sys.executable, "-m", module, "--help", cwd=ROOT).stdout.replace(",", " ").split())


def test_the_paths_of_the_layout_exist() -> None:
    layout = next(block.text for block in BLOCKS[README] if block.text.startswith("spec/ "))
    folders = re.findall(r"^(\w+)/ ", layout, re.MULTILINE)
    below = re.findall(r"\b(\w+)/(?= |,)", layout.partition("tests/")[2])

    assert folders == ["spec", "generator", "generated", "tests"]
    assert all((ROOT / folder).is_dir() for folder in folders)
    assert {"mock", "contract", "flow"} <= set(below)
    assert all((ROOT / "tests" / folder).is_dir() for folder in below)


def test_the_readme_is_short() -> None:
    assert TEXTS[README].count("\n") <= 250
