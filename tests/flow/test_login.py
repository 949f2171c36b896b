"""Signing in as users and machines do it: every kind uploads, processes share a profile, and no secret gets out."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import pytest
from box_uploads_mock import App, Failure, MockServer, State, World, constant_part_size
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.flow.upload_ground import CONTENT, PART_SIZE, write

LONG_S = 120
CLIENT_ID, CLIENT_SECRET, PASSPHRASE = "an-app", "the-secret-of-the-app", "the-passphrase-of-the-key"
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
APP = {"BOX_CLIENT_ID": CLIENT_ID, "BOX_CLIENT_SECRET": CLIENT_SECRET}
# Follows what the sign-in page answers to the listening command, as a browser does.
BROWSER = f'{sys.executable} -c "import sys, urllib.request as r; r.urlopen(sys.argv[1]).read()" %s'
UPLOAD = ("upload", "film.mov", "--folder-id", "0", "--json")


def config() -> str:
    form = serialization.PrivateFormat.PKCS8
    encryption = serialization.BestAvailableEncryption(PASSPHRASE.encode())
    pem = KEY.private_bytes(serialization.Encoding.PEM, form, encryption).decode()
    app_auth = {"publicKeyID": "key", "privateKey": pem, "passphrase": PASSPHRASE}
    settings = {"clientID": CLIENT_ID, "clientSecret": CLIENT_SECRET, "appAuth": app_auth}
    return json.dumps({"boxAppSettings": settings, "enterpriseID": "123456"})


@dataclass
class Machine:
    """A machine with a file to upload, and Box."""

    folder: Path
    server: MockServer

    @property
    def state(self) -> State:
        return self.server.state

    @property
    def profiles(self) -> Path:
        return self.folder / "config" / "profiles.json"

    def start(self, *arguments: str, program: str = "", **environment: str) -> subprocess.Popen[str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("BOX_", "COV"))}
        own = {"BOX_BASE_URL": self.server.base_url, "BOX_UPLOADS_STATE_DIR": str(self.folder / "state")}
        own |= {"BOX_UPLOADS_PROFILES": str(self.profiles), "PYTHONWARNINGS": "error"}
        own |= {"PYTHONPATH": os.pathsep.join(filter(None, sys.path)), "BROWSER": BROWSER, **environment}
        pipes: dict[str, Any] = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
        how = ("-c", program) if program else ("-m", "box_uploads.cli")
        command = [sys.executable, *how, *arguments]
        return subprocess.Popen(command, cwd=self.folder, env={**kept, **own}, text=True, **pipes)

    def run(self, *arguments: str, content: str = "", **settings: str) -> tuple[int, str, str]:
        with self.start(*arguments, **settings) as process:
            out, err = process.communicate(content, timeout=LONG_S)
        return process.returncode, out, err

    def login(self, *options: str, **environment: str) -> str:
        code, out, err = self.run("login", "--port", str(self.port), *options, **{**APP, **environment})
        assert code == 0, err
        return out + err

    @property
    def port(self) -> int:
        # No other test of this machine has it: the mock's is its own.
        port: int = int(self.server.origin.rpartition(":")[2]) % 20_000 + 10_000
        return port

    def expire(self) -> None:
        """Let the access token of the profile be an old one."""
        content = json.loads(self.profiles.read_text())
        content["profiles"]["default"]["tokens"]["expires_at"] = 0
        self.profiles.write_text(json.dumps(content))

    def statuses(self, operation: str) -> list[int | None]:
        return [exchange.status for exchange in self.state.request_log if exchange.operation == operation]


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    public = KEY.public_key().public_bytes(serialization.Encoding.PEM, form).decode()
    app = App(client_id=CLIENT_ID, client_secret=CLIENT_SECRET, public_keys={"key": public})
    state = State(World(apps=(app,)), part_size_for=constant_part_size(PART_SIZE))
    write(tmp_path / "film.mov")
    write(tmp_path / "token", state.token.encode())
    write(tmp_path / "app.json", config().encode())
    with MockServer(state=state) as server:
        yield Machine(tmp_path, server)


KINDS: list[tuple[tuple[str, ...], dict[str, str], str, str]] = [
    ((), {"BOX_ACCESS_TOKEN": "mock-token"}, "token", "Mock Owner"),
    (("--token-file", "token"), {}, "token", "Mock Owner"),
    (("--config", "app.json"), {}, "jwt", "App an-app"),
    ((), {**APP, "BOX_ENTERPRISE_ID": "123456"}, "client_credentials", "App an-app"),
    ((), {**APP, "BOX_USER_ID": "4711"}, "client_credentials", "User 4711"),
    (("--profile", "work"), {"BOX_ACCESS_TOKEN": "another"}, "user", "Mock Owner"),
]


@pytest.mark.parametrize(("options", "environment", "kind", "name"), KINDS)
def test_every_kind_of_sign_in_uploads_and_says_who_it_is(
    machine: Machine, options: tuple[str, ...], environment: dict[str, str], kind: str, name: str
) -> None:
    if kind == "user":
        machine.login("--profile", "work")
    code, out, err = machine.run(*UPLOAD, *options, **environment)
    assert (code, json.loads(out)["outcome"]) == (0, "stored"), err
    code, out, err = machine.run("whoami", "--json", *options, **environment)

    assert (code, err) == (0, "")
    account = json.loads(out)
    assert (account["sign_in"], account["name"]) == (kind, name)
    assert account["storage_left"] == machine.state.quota_bytes - len(CONTENT)
    is_employed = name != "User 4711"
    assert account["enterprise"] == ({"id": "123456", "name": "Mock Enterprise"} if is_employed else None)
    assert (account["token_expires_at"] is None) == (kind == "token")


def test_a_user_logs_in_by_a_browser_and_out_again(machine: Machine) -> None:
    before = os.umask(0)
    try:
        machine.login()
    finally:
        os.umask(before)
    assert machine.profiles.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in machine.profiles.parent.iterdir()] == ["profiles.json"]
    assert machine.run(*UPLOAD)[0] == 0
    tokens = json.loads(machine.profiles.read_text())["profiles"]["default"]["tokens"]

    assert machine.run("logout") == (0, "profile default is deleted, and its tokens are revoked\n", "")
    assert machine.statuses("revoke_token") == [200]
    with pytest.raises(Exception, match="Unauthorized"):
        machine.state.authenticate(tokens["access_token"])
    assert machine.run("whoami")[0] == 2


def test_a_user_may_open_the_printed_page_and_paste_where_it_leads(machine: Machine) -> None:
    with machine.start("login", "--no-browser", **APP) as process:
        assert process.stderr is not None
        lines = iter(process.stderr.readline, "")
        url = next(line for line in lines if "/oauth2/authorize?" in line)
        landed = str(httpx2.get(url.strip()).headers["location"])
        out, err = process.communicate(f"{landed}\n", timeout=LONG_S)

    assert (process.returncode, out.splitlines()[0]) == (0, "name     Mock Owner"), err
    assert machine.run("whoami")[0] == 0


def test_processes_of_one_profile_use_one_refresh_token(machine: Machine) -> None:
    machine.login()
    machine.expire()
    processes = [machine.start("whoami", "--json") for _ in range(3)]
    for process in processes:
        out, err = process.communicate(timeout=LONG_S)
        assert (process.returncode, json.loads(out)["id"]) == (0, "10001"), err
    # The first is that of the code.
    assert machine.statuses("request_token") == [200, 200]


LOGGING = "import logging, sys; logging.basicConfig(level=logging.DEBUG); from box_uploads.cli import main"
# What a debugger of errors shows: each frame with its variables, also of an error that nobody has foreseen.
CRASHING = f"""{LOGGING}
from rich.traceback import install
from box_uploads import Client
def crash(*_, **__): raise RuntimeError("unforeseen")
Client.get_current_user = crash
install(show_locals=True, locals_max_string=None, locals_max_length=None, width=500)
sys.exit(main())
"""


def test_no_secret_is_in_what_is_printed_logged_or_left_behind(machine: Machine) -> None:
    program = f"{LOGGING}; sys.exit(main())"
    shown: list[str] = []

    def look(*arguments: str, expected: int, **settings: str) -> None:
        code, out, err = machine.run(*arguments, program=settings.pop("program", program), **settings)
        assert code == expected, err
        shown.extend((out, err))

    shown.append(machine.login("--json", program=program))
    kinds: list[tuple[tuple[str, ...], dict[str, str]]] = [
        ((), {}), (("--config", "app.json"), {}), ((), {**APP, "BOX_ENTERPRISE_ID": "123456"}),
    ]  # fmt: skip
    for options, environment in kinds:
        look("whoami", *options, expected=1, program=CRASHING, **environment)
        machine.state.faults.add(Failure(operation="upload_part", status=403))
        look(*UPLOAD, "--workers", "1", *options, expected=1, **environment)
        # A journal is left.
        shown.extend(path.read_text() for path in (machine.folder / "state").rglob("*") if path.is_file())
        machine.state.faults.add(Failure(operation="request_token", status=400, code="invalid_grant"))
        machine.expire()
        look("whoami", "--json", *options, expected=1, **environment)
    look("login", "--port", str(machine.port), expected=1, program=CRASHING, **APP)
    look("login", "--no-browser", expected=1, content="?code=a-code-that-is-pasted", **APP)
    machine.state.faults.add(Failure(operation="revoke_token", status=400, code="invalid_client"))
    look("logout", expected=1)
    look("logout", "--json", expected=0)

    text = "\n".join(shown)
    pem: str = json.loads(config())["boxAppSettings"]["appAuth"]["privateKey"]
    secrets = {*machine.state.secrets, PASSPHRASE, "a-code-that-is-pasted", *pem.splitlines()[1:-1]}
    assert "unforeseen" in text
    assert "POST http" in text
    assert "upload_session" in text
    assert CLIENT_SECRET in secrets
    assert len(secrets) > 30
    assert [secret for secret in secrets if secret in text] == []
