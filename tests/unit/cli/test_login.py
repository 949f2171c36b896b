"""`login`, `logout` and `whoami` in this process: the browser is a function, the user a line on stdin."""

from __future__ import annotations

import io
import socket
import sys
import webbrowser
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import click
import httpx2
import pytest
from box_uploads import models
from box_uploads.cli import login, redirect, whoami
from box_uploads.cli.profiles import Profiles
from box_uploads.cli.redirect import LoginError, RedirectServer, StateMismatchError, read_redirect
from box_uploads.cli.sign_in import Choice
from box_uploads_mock import Failure, MockServer
from msgspec import UNSET

from .conftest import Run, objects
from .test_sign_in import profile_of

LOGIN = "login --client-id mock-client"
SECRET = "mock-client-secret"


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


def states(mock: MockServer, operation: str) -> list[int | None]:
    return [exchange.status for exchange in mock.state.request_log if exchange.operation == operation]


class Browser:
    """Opens a page as a user's browser does; a test may send it elsewhere on its way back."""

    def __init__(self) -> None:
        self.port = free_port()
        self.urls: list[str] = []
        self.pages: list[tuple[int, str]] = []
        self.ways: list[Callable[[str], str]] = [lambda url: url]

    def open(self, url: str) -> bool:
        self.urls.append(url)
        for way in self.ways:
            location = str(httpx2.get(url).headers["location"])
            response = httpx2.get(way(location))
            self.pages.append((response.status_code, response.text))
        return True


@pytest.fixture
def browser(monkeypatch: pytest.MonkeyPatch, box: Run) -> Browser:
    found = Browser()
    monkeypatch.setattr(webbrowser, "get", lambda: found)
    monkeypatch.setattr("box_uploads.cli.login.PORTS", (found.port,))
    monkeypatch.setenv("BOX_CLIENT_SECRET", SECRET)
    monkeypatch.delenv("BOX_ACCESS_TOKEN")
    return found


@pytest.fixture
def profiles(tmp_path: Path) -> Profiles:
    return Profiles(tmp_path / "config" / "profiles.json")


def changed(**values: str | None) -> Callable[[str], str]:
    """Return what replaces fields of a redirect."""

    def way(location: str) -> str:
        uri, _, query = location.partition("?")
        fields: dict[str, Any] = {**{name: found[0] for name, found in parse_qs(query).items()}, **values}
        return f"{uri}?{urlencode({name: value for name, value in fields.items() if value is not None})}"

    return way


def test_a_login_saves_a_profile_that_later_commands_use(
    box: Run, mock: MockServer, browser: Browser, profiles: Profiles
) -> None:
    code, out, err = box(f"{LOGIN} --profile work")
    (url,) = browser.urls

    assert (code, out.splitlines()[:5]) == (0, [
        "name     Mock Owner", "login    owner@example.com", "id       10001", "role     admin of Mock Enterprise",
        "sign-in  user (profile work)",
    ])  # fmt: skip
    assert err.splitlines() == [
        "waiting for up to 5 minutes; if no browser opens, open this page, and sign in:",
        url,
        f"profile work is saved in {profiles.path}",
    ]
    assert [status for status, _ in browser.pages] == [200]
    assert "You may close this window" in browser.pages[0][1]
    assert box("whoami --json --profile work")[0] == 0
    # The second command takes the token of the first.
    assert states(mock, "request_token") == [200]


def test_the_page_gets_what_it_needs_and_no_more(box: Run, browser: Browser, mock: MockServer) -> None:
    box(LOGIN)
    box(LOGIN)
    asked, again = (parse_qs(urlsplit(url).query) for url in browser.urls)

    assert browser.urls[0].startswith(f"{mock.base_url}/oauth2/authorize?response_type=code&client_id=mock-client&")
    assert asked["redirect_uri"] == [f"http://localhost:{browser.port}/callback"]
    assert set(asked) == {"response_type", "client_id", "redirect_uri", "state"}
    assert asked["state"] != again["state"]
    assert len(asked["state"][0]) >= 32


@pytest.mark.parametrize(("base_url", "page"), [
    (None, "https://account.box.com/api/oauth2/authorize"),
    ("https://proxy.example/2.0", "https://account.box.com/api/oauth2/authorize"),
    ("http://localhost.example/2.0", "https://account.box.com/api/oauth2/authorize"),
    ("http://127.0.0.1:8080/api/2.0/", "http://127.0.0.1:8080/api/2.0/oauth2/authorize"),
    ("http://[::1]:8080", "http://[::1]:8080/oauth2/authorize"),
])  # fmt: skip
def test_the_page_is_box_s_own_unless_the_api_is_on_this_machine(base_url: str | None, page: str) -> None:
    assert login._default_page(base_url) == page


@pytest.mark.parametrize("url", ["http://account.box.com/x", "https://x", "https://a/b?c", "ftp://a/b", "https://a@b/"])
def test_a_page_without_tls_is_refused(box: Run, browser: Browser, url: str) -> None:
    code, _, err = box(LOGIN, "--authorize-url", url)

    assert (code, browser.urls) == (2, [])
    assert "is not an https URL without a query (http only on this machine)" in err


def test_another_page_can_be_named(box: Run, browser: Browser, mock: MockServer) -> None:
    assert box(f"{LOGIN} --authorize-url {mock.origin}/api/oauth2/authorize")[0] == 0
    assert browser.urls[0].startswith(f"{mock.origin}/api/oauth2/authorize?")


@pytest.mark.parametrize("state", ["another", None])
def test_a_redirect_with_another_state_is_refused_and_the_right_one_still_counts(
    box: Run, mock: MockServer, browser: Browser, state: str | None
) -> None:
    browser.ways = [changed(state=state), changed(state=state, code=None, error="access_denied"), lambda url: url]
    code, _, err = box(LOGIN)

    assert (code, [status for status, _ in browser.pages]) == (0, [400, 400, 200])
    assert err.count("note: a browser came with the state of another sign-in, and was refused") == 2
    assert states(mock, "request_token") == [200]


def test_only_one_redirect_counts(box: Run, mock: MockServer, browser: Browser) -> None:
    browser.ways = [lambda url: url, lambda url: url]

    assert box(LOGIN)[0] == 0
    assert [status for status, _ in browser.pages] == [200, 410]


def test_other_requests_of_a_browser_are_answered(box: Run, browser: Browser) -> None:
    browser.ways = [lambda url: url.replace("/callback", "/favicon.ico"), lambda url: url]

    assert box(LOGIN)[0] == 0
    assert [status for status, _ in browser.pages] == [404, 200]


def test_access_that_is_denied_is_reported(box: Run, browser: Browser, profiles: Profiles) -> None:
    browser.ways = [changed(code=None, error="access_denied", error_description="The user said no")]
    code, out, err = box(LOGIN)

    assert (code, out) == (1, "")
    assert err.splitlines()[2:] == [
        "error: Box has not signed you in: access_denied: The user said no",
        "hint: run the command again, and grant access",
    ]
    assert "Not signed in" in browser.pages[0][1]
    assert profiles.names() == []


@pytest.mark.parametrize(("query", "kind"), [
    ("state=s", LoginError),
    ("", StateMismatchError),
    ("code=c", StateMismatchError),
    ("code=c&state=s&state=s", StateMismatchError),
    ("code=c&code=d&state=s", LoginError),
    ("code=c&state=\u00e9", StateMismatchError),
])  # fmt: skip
def test_a_redirect_without_a_code_and_the_state_is_an_error(query: str, kind: type[LoginError]) -> None:
    found = read_redirect(f"http://localhost:3000/callback?{query}", "s")

    assert type(found) is kind


def pasted(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], way: Callable[[str], str]) -> None:
    """Have the user open the printed page, and paste what it leads to."""

    class Typed:
        def readline(self) -> str:
            (url,) = [line for line in capsys.readouterr().err.splitlines() if "/oauth2/authorize?" in line]
            return way(str(httpx2.get(url).headers["location"])) + "\n"

    monkeypatch.setattr(sys, "stdin", Typed())


PASTES: list[tuple[Callable[[str], str], int, str]] = [
    (lambda url: url, 0, ""),
    (lambda url: f"  {url}  ", 0, ""),
    (lambda url: parse_qs(urlsplit(url).query)["code"][0], 0, ""),
    (changed(state="another"), 1, "error: the redirect is not from this sign-in (its state is another one)\n"),
    (changed(code=None, error="access_denied"), 1, "error: Box has not signed you in: access_denied\n"),
    (lambda _: "", 1, "error: no URL was pasted\n"),
    (lambda _: "an-old-code", 1, "error: sign-in refused: 400 invalid_grant: Invalid authorization code\n"),
]


@pytest.mark.parametrize(("way", "code", "message"), PASTES)
@pytest.mark.parametrize("has_browser", [True, False])
def test_without_a_browser_the_url_or_the_code_is_pasted(
    box: Run, browser: Browser, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *,
    way: Callable[[str], str], code: int, message: str, has_browser: bool,
) -> None:  # fmt: skip
    def none() -> None:
        raise webbrowser.Error

    if not has_browser:
        monkeypatch.setattr(webbrowser, "get", none)
    pasted(monkeypatch, capsys, way)
    ended, out, err = box(f"{LOGIN} {'--no-browser' if has_browser else ''}")

    assert (ended, bool(out)) == (code, code == 0)
    assert err.startswith(message or "profile default is saved in ")
    assert browser.urls == []


OTHER_PORT = (
    "hint: use --port PORT, and add http://localhost:PORT/callback to the redirect URIs of the app;"
    " or use --no-browser, which needs no port"
)


def test_a_port_in_use_is_passed_over(box: Run, browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        busy, free = taken.getsockname()[1], free_port()
        monkeypatch.setattr("box_uploads.cli.login.PORTS", (busy, free))

        code, _, err = box(LOGIN)
        note = f"the app needs the redirect URI http://localhost:{free}/callback as well"
        assert (code, err.splitlines()[0]) == (0, f"note: port {busy} is in use; {note}")
        assert f"localhost%3A{free}%2F" in browser.urls[0]
        code, _, err = box(f"{LOGIN} --port {busy}")

    assert (code, err.splitlines()) == (1, [
        f"error: port {busy} is in use",
        OTHER_PORT,
    ])  # fmt: skip


@pytest.mark.skipif(not socket.has_ipv6, reason="this Python has no IPv6")
def test_a_port_that_another_program_has_on_ipv6_alone_is_passed_over() -> None:
    """A browser may take `localhost` for `::1`, and bring the code to that program."""
    with socket.create_server(("::1", 0), family=socket.AF_INET6) as taken:
        busy, free = taken.getsockname()[1], free_port()
        server = RedirectServer((busy, free), "s", on_refused=lambda: None)
        server.close()

    assert server.port == free


def test_nobody_is_waited_for_longer_than_5_minutes() -> None:
    ticks = count(step=100.0)
    server = RedirectServer((free_port(),), "s", on_refused=lambda: None, clock=lambda: next(ticks))
    found = server.wait()
    server.close()

    assert isinstance(found, LoginError)
    assert str(found) == "nobody has signed in within 5 minutes"
    assert next(ticks) == 400.0
    assert repr(server) == "RedirectServer(…)"


def test_logging_in_again_needs_nothing_but_the_profile(
    box: Run, browser: Browser, monkeypatch: pytest.MonkeyPatch, profiles: Profiles
) -> None:
    box(f"{LOGIN} --profile work")
    before = profiles.load("work")
    monkeypatch.delenv("BOX_CLIENT_SECRET")
    assert box("login --profile work")[0] == 0
    after = profiles.load("work")

    assert before is not None
    assert after is not None
    assert after.client_secret == SECRET
    assert after.tokens != before.tokens
    # The secret of one app or server is not sent to another one.
    for option in ("--client-id another", "--base-url http://127.0.0.1:9/2.0"):
        code, _, err = box(f"login --profile work {option}")
        assert (code, err.splitlines()[0]) == (2, "error: no client secret is given")


def test_a_secret_is_asked_for_on_a_terminal(box: Run, browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("BOX_CLIENT_SECRET")
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True, raising=False)
    asked: list[Any] = []

    def prompt(text: str, **options: Any) -> str:
        asked.append((text, options))
        return f" {SECRET} "

    monkeypatch.setattr(click, "prompt", prompt)

    assert box(LOGIN)[0] == 0
    assert asked == [("Client secret (not shown)", {"hide_input": True, "err": True})]


GIVE_ID = (
    "set --client-id to that of your app in Box's developer console; its redirect URIs need"
    " http://localhost:3000/callback"
)
WITHOUT = [
    ("login", {}, "no client id is given", GIVE_ID),
    (LOGIN, {"BOX_CLIENT_SECRET": None}, "no client secret is given",
        "set BOX_CLIENT_SECRET, or run this in a terminal"),
    (LOGIN, {"BOX_CLIENT_SECRET": ""}, "BOX_CLIENT_SECRET must not be empty", "set it to its value, or unset it"),
]  # fmt: skip


@pytest.mark.parametrize(("command", "environment", "problem", "hint"), WITHOUT)
def test_what_a_login_lacks_is_named(
    box: Run, browser: Browser, monkeypatch: pytest.MonkeyPatch, *, command: str,
    environment: dict[str, str | None], problem: str, hint: str,
) -> None:  # fmt: skip
    monkeypatch.setattr("box_uploads.cli.login.PORTS", redirect.PORTS)
    for name, value in environment.items():
        if value is None:
            monkeypatch.delenv(name)
        else:
            monkeypatch.setenv(name, value)

    assert box(command) == (2, "", f"error: {problem}\nhint: {hint}\n")
    assert browser.urls == []


def test_a_wrong_secret_or_a_late_code_says_what_to_do(
    box: Run, mock: MockServer, browser: Browser, monkeypatch: pytest.MonkeyPatch, profiles: Profiles
) -> None:
    mock.state.faults.add(Failure(operation="request_token", status=400, code="invalid_grant"))
    code, _, err = box(LOGIN)
    assert (code, err.splitlines()[-1]) == (
        1, "hint: sign in again: an authorization code is valid for 30 seconds, and works once"
    )  # fmt: skip
    monkeypatch.setenv("BOX_CLIENT_SECRET", "another-secret")
    code, _, err = box(LOGIN)
    assert (code, err.splitlines()[-1].startswith("hint: check the client id and the client secret")) == (1, True)
    assert profiles.names() == []


def test_whether_the_profile_can_be_saved_is_known_before_anybody_signs_in(
    box: Run, browser: Browser, tmp_path: Path
) -> None:
    lock = tmp_path / "config" / "profiles.json.default.lock"
    lock.mkdir(parents=True)
    code, _, err = box(LOGIN)

    assert (code, browser.urls) == (1, [])
    assert err.startswith(f"error: {lock}: cannot be locked")


@pytest.mark.parametrize("name", ["BOX_ACCESS_TOKEN", "BOX_ENTERPRISE_ID", "BOX_USER_ID"])
def test_a_sign_in_of_the_environment_that_hides_the_profile_is_noted(
    box: Run, browser: Browser, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv(name, "1")

    assert box(LOGIN)[2].endswith(f"\nnote: commands use {name} rather than this profile, as long as it is set\n")


def test_a_redirect_that_is_no_text_is_refused(box: Run, browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    pasted = b"http://localhost:3000/callback?code=\xff&state=\xff\n"
    for errors_, problem in (("surrogateescape", "its state is another one"), ("strict", "no URL was pasted")):
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(pasted), "utf-8", errors_))
        code, _, err = box(f"{LOGIN} --no-browser")
        assert (code, problem in err) == (1, True)


class TestLogout:
    def test_it_revokes_the_tokens_and_deletes_the_profile(
        self, box: Run, mock: MockServer, profiles: Profiles
    ) -> None:
        profile = profile_of(mock, "1")
        profiles.save("default", profile)
        profiles.save("work", profile_of(mock, "2"))

        assert box("logout") == (0, "profile default is deleted, and its tokens are revoked\n", "")
        assert (states(mock, "revoke_token"), profiles.names()) == ([200], ["work"])
        profiles.save("default", profile)
        assert "Invalid refresh token" in box("whoami --profile default")[2]
        printed = {"profile": "work", "outcome": "logged out", "revoked": True}
        assert objects(box("logout --profile work --json")[1]) == [printed]

    def test_a_profile_that_cannot_be_revoked_is_kept_unless_forced(
        self, box: Run, mock: MockServer, profiles: Profiles
    ) -> None:
        profiles.save("default", profile_of(mock, "1"))
        mock.state.faults.add(Failure(operation="revoke_token", status=400, code="invalid_client", times=2))
        code, out, err = box("logout")

        assert (code, out, profiles.names()) == (1, "", ["default"])
        assert err.startswith("error: the profile default is kept; it cannot be revoked: 400 ")
        assert err.endswith("\nhint: run the same command again; or use --force to delete the profile all the same\n")
        code, out, err = box("logout --force")
        assert (code, out, profiles.names()) == (
            0, "profile default is deleted, and its tokens are not revoked\n", []
        )  # fmt: skip
        assert err == "hint: remove the app in your account settings at Box, which ends its tokens\n"


class Account:
    """A client whose user is of a kind that the mock has not."""

    def __init__(self, **fields: Any) -> None:
        self._user = models.User(type="user", id="7", **fields)

    def get_current_user(self, *, fields: str) -> models.User:
        assert {"role", "enterprise", "space_amount"} < set(fields.split(","))
        return self._user


ACCOUNTS: list[tuple[dict[str, Any], tuple[str, str, str], tuple[Any, Any]]] = [
    ({}, ("not known", "not known", "not known"), (None, None)),
    ({"space_amount": -1, "space_used": 5}, ("not known", "not limited", "not known"), (None, None)),
    ({"space_amount": 10, "space_used": 4}, ("not known", "6 bytes of 10 bytes left", "not known"), (6, None)),
    ({"space_amount": 10, "space_used": 12}, ("not known", "0 bytes of 10 bytes left", "not known"), (0, None)),
    (
        {"name": "A\x1b[2J", "max_upload_size": 5000},
        ("A\N{REPLACEMENT CHARACTER}[2J", "not known", "5.0 kB per file"), (None, 5000),
    ),
]  # fmt: skip


@pytest.mark.parametrize(("fields", "texts", "numbers"), ACCOUNTS)
def test_what_box_does_not_say_of_an_account_is_not_made_up(
    capsys: pytest.CaptureFixture[str], fields: dict[str, Any], texts: tuple[str, str, str], numbers: tuple[Any, Any]
) -> None:
    client: Any = Account(**fields)
    assert models.User(type="user", id="7").name is UNSET
    for as_json in (False, True):
        whoami.print_account(client, Choice("token", "BOX_ACCESS_TOKEN"), None, as_json=as_json)
    *lines, printed = capsys.readouterr().out.splitlines()
    shown = {line[:9].strip(): line[9:] for line in lines}

    assert (shown["name"], shown["storage"], shown["largest"]) == texts
    assert shown["token"] == "its end is not known"
    (account,) = objects(printed)
    assert (account["storage_left"], account["max_upload_size"], account["token_expires_at"]) == (*numbers, None)


COMPANY = models.Enterprise(id="77", name="Acme")
ROLES: list[tuple[dict[str, Any], str, Any]] = [
    ({}, "not known", None),
    ({"role": "user", "enterprise": None}, "user", None),
    ({"role": "admin", "enterprise": COMPANY}, "admin of Acme", {"id": "77", "name": "Acme"}),
    ({"enterprise": models.Enterprise(id="77")}, "member of 77", {"id": "77", "name": None}),
]


@pytest.mark.parametrize(("fields", "text", "enterprise"), ROLES)
def test_the_role_is_that_in_an_enterprise(
    capsys: pytest.CaptureFixture[str], fields: dict[str, Any], text: str, enterprise: Any
) -> None:
    client: Any = Account(**fields)
    for as_json in (False, True):
        whoami.print_account(client, Choice("token", "BOX_ACCESS_TOKEN"), None, as_json=as_json)
    *lines, printed = capsys.readouterr().out.splitlines()
    (account,) = objects(printed)

    assert f"role     {text}" in lines
    assert (account["role"], account["enterprise"]) == (fields.get("role"), enterprise)
