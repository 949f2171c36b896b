"""Which sign-in a command uses, what contradicts what, and the file of the profiles."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from box_uploads.auth import StoredTokens, TokenStoreError
from box_uploads.cli.profiles import Profile, Profiles, ProfileTokens
from box_uploads_mock import MockServer

from .conftest import Run, objects

APP = {"BOX_CLIENT_ID": "mock-client", "BOX_CLIENT_SECRET": "mock-client-secret"}
ENTERPRISE, USER = {"BOX_ENTERPRISE_ID": "123456"}, {"BOX_USER_ID": "4711"}
NAMES = ("BOX_ACCESS_TOKEN", *APP, *ENTERPRISE, *USER)


def profile_of(mock: MockServer, user_id: str, **changed: Any) -> Profile:
    tokens = StoredTokens(refresh_token=mock.state.add_refresh_token("mock-client", user_id))
    given: dict[str, Any] = {"base_url": mock.base_url, "tokens": tokens, **changed}
    return Profile(client_id="mock-client", client_secret="mock-client-secret", **given)


@pytest.fixture
def profiles(mock: MockServer, box: Run, tmp_path: Path) -> Profiles:
    """The file of the profiles, with two."""
    found = Profiles(tmp_path / "config" / "profiles.json")
    found.save("default", profile_of(mock, "1"))
    found.save("work", profile_of(mock, "2"))
    return found


def set_only(monkeypatch: pytest.MonkeyPatch, environment: dict[str, str]) -> None:
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)


SERVICE_ACCOUNT = "10007231842"
ORDER = [
    ("", {}, "user", "default", "1"),
    ("", APP, "user", "default", "1"),
    ("", {"BOX_ACCESS_TOKEN": "mock-token"}, "token", None, "10001"),
    ("", {"BOX_ACCESS_TOKEN": "mock-token", **APP}, "token", None, "10001"),
    ("", {**APP, **ENTERPRISE}, "client_credentials", None, SERVICE_ACCOUNT),
    ("", {**APP, **USER}, "client_credentials", None, "4711"),
    ("--profile work", {"BOX_ACCESS_TOKEN": "mock-token"}, "user", "work", "2"),
    ("--profile work", {**APP, **ENTERPRISE}, "user", "work", "2"),
    ("--token-file token", {**APP, **ENTERPRISE}, "token", None, "10001"),
    # An option is never mixed with what is in the environment.
    ("--token-file token", {"BOX_ACCESS_TOKEN": "", **ENTERPRISE, **USER}, "token", None, "10001"),
]


@pytest.mark.parametrize(("options", "environment", "kind", "profile", "user_id"), ORDER)
def test_an_option_comes_before_the_environment_and_that_before_the_default_profile(
    box: Run, profiles: Profiles, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, *, options: str,
    environment: dict[str, str], kind: str, profile: str | None, user_id: str,
) -> None:  # fmt: skip
    (tmp_path / "token").write_text("mock-token")
    set_only(monkeypatch, environment)
    code, out, err = box(f"whoami --json {options}")

    assert (code, err) == (0, "")
    (printed,) = objects(out)
    assert (printed["sign_in"], printed["profile"], printed["id"]) == (kind, profile, user_id)


ID, SECRET = APP
WAYS = (
    "run `box-uploads login`, or set BOX_ACCESS_TOKEN, --token-file or --config, or"
    " BOX_CLIENT_ID and BOX_CLIENT_SECRET with BOX_ENTERPRISE_ID or BOX_USER_ID"
)
NOT_A_NAME = "Invalid value for '--profile': is not a name of letters, digits, '_', '.' and '-' (64 at most)"
WRONG = [
    ("", {}, "no sign-in is given", WAYS),
    ("", APP, "no sign-in is given",
        "run `box-uploads login`, or set BOX_ENTERPRISE_ID or BOX_USER_ID for client credentials"),
    ("--token-file t --profile p", {}, "--token-file and --profile are 2 ways to sign in", "use only one of them"),
    ("--config c --profile p", {}, "--config and --profile are 2 ways to sign in", "use only one of them"),
    ("", {"BOX_ACCESS_TOKEN": "x", **ENTERPRISE}, "BOX_ACCESS_TOKEN and BOX_ENTERPRISE_ID are 2 ways to sign in",
        "unset one of them"),
    ("", {"BOX_ACCESS_TOKEN": "x", **APP, **USER}, "BOX_ACCESS_TOKEN and BOX_USER_ID are 2 ways to sign in",
        "unset one of them"),
    ("", {**APP, **ENTERPRISE, **USER}, "BOX_ENTERPRISE_ID and BOX_USER_ID are both set",
        "unset BOX_USER_ID to act as the app's service account, or BOX_ENTERPRISE_ID to act as the user"),
    ("", {ID: "x", **ENTERPRISE}, "BOX_ENTERPRISE_ID is set, but BOX_CLIENT_SECRET is not",
        "set BOX_CLIENT_SECRET, or unset BOX_ENTERPRISE_ID"),
    ("", USER, "BOX_USER_ID is set, but BOX_CLIENT_ID and BOX_CLIENT_SECRET are not",
        "set BOX_CLIENT_ID and BOX_CLIENT_SECRET, or unset BOX_USER_ID"),
    ("", {**APP, "BOX_USER_ID": ""}, "BOX_USER_ID must not be empty", "set it to its value, or unset it"),
    ("--profile other", {}, "there is no profile other", "run `box-uploads login --profile other`"),
    ("--profile ../x", {}, NOT_A_NAME, "see `box-uploads whoami --help`"),
    ("", {"BOX_UPLOADS_PROFILES": ""}, "BOX_UPLOADS_PROFILES must not be empty", "see `box-uploads whoami --help`"),
]  # fmt: skip


@pytest.mark.parametrize(("options", "environment", "problem", "hint"), WRONG)
def test_what_is_missing_or_contradicts_is_a_usage_error_that_names_the_cure(
    box: Run, mock: MockServer, monkeypatch: pytest.MonkeyPatch, *, options: str, environment: dict[str, str],
    problem: str, hint: str,
) -> None:  # fmt: skip
    set_only(monkeypatch, environment)

    assert box(f"whoami {options}") == (2, "", f"error: {problem}\nhint: {hint}\n")
    assert mock.state.request_log == ()


def test_an_id_that_is_none_names_its_variable(box: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    set_only(monkeypatch, {**APP, "BOX_ENTERPRISE_ID": "my company"})
    code, _, err = box("whoami")

    assert (code, err) == (2, "error: BOX_ENTERPRISE_ID: must be an id: 1 to 19 decimal digits, as a string\n")


def test_an_unknown_profile_is_told_from_those_that_exist(box: Run, profiles: Profiles) -> None:
    assert box("whoami --profile wrok")[2].endswith("login --profile wrok`; there is default, work\n")


@pytest.mark.parametrize(("own", "message"), [
    (None, "is for Box itself, not for http://"),
    ("http://127.0.0.1:1/2.0", "is for http://127.0.0.1:1/2.0, not for http://"),
])  # fmt: skip
def test_the_tokens_of_a_profile_are_only_sent_to_its_server(
    box: Run, mock: MockServer, profiles: Profiles, own: str | None, message: str
) -> None:
    profiles.save("other", profile_of(mock, "3", base_url=own))
    for command in ("whoami", "logout"):
        code, _, err = box(f"{command} --profile other")
        assert (code, message in err) == (2, True), err
    assert mock.state.request_log == ()
    assert box(f"whoami --profile work --base-url {mock.base_url}/")[0] == 0


def test_a_refused_refresh_token_says_to_log_in_again_with_the_same_profile(
    box: Run, mock: MockServer, profiles: Profiles
) -> None:
    profiles.save("work", profile_of(mock, "2", tokens=StoredTokens(refresh_token="used-up")))
    code, _, err = box("whoami --profile work")

    assert (code, err.splitlines()) == (1, [
        "error: sign-in refused: 400 invalid_grant: Invalid refresh token",
        "hint: the sign-in has ended; run `box-uploads login --profile work`",
    ])  # fmt: skip


def test_a_new_client_secret_is_asked_for(box: Run, mock: MockServer, profiles: Profiles) -> None:
    profile = profile_of(mock, "2")
    profile.client_secret = "an-old-secret"
    profiles.save("work", profile)

    assert box("whoami --profile work")[2].endswith(
        "hint: set BOX_CLIENT_SECRET to the secret that the app has now, then run `box-uploads login --profile work`\n"
    )


class TestProfiles:
    def test_the_file_and_its_folder_are_private(self, profiles: Profiles) -> None:
        assert profiles.path.stat().st_mode & 0o777 == 0o600
        assert profiles.path.parent.stat().st_mode & 0o777 == 0o700
        assert [path.name for path in profiles.path.parent.iterdir()] == ["profiles.json"]

    def test_what_a_newer_version_has_written_in_other_profiles_stays(
        self, profiles: Profiles, mock: MockServer
    ) -> None:
        content = json.loads(profiles.path.read_text())
        content["profiles"]["new"] = {"kind": "another", "x": 1}
        profiles.path.write_text(json.dumps(content))
        profiles.delete("work")

        assert json.loads(profiles.path.read_text())["profiles"]["new"] == {"kind": "another", "x": 1}
        assert profiles.names() == ["default", "new"]
        with pytest.raises(TokenStoreError, match="the profile new cannot be read"):
            profiles.load("new")

    @pytest.mark.parametrize(("content", "mode", "message"), [
        ("{", 0o600, "holds no profiles\nhint: delete it"),
        ('{"profiles": []}', 0o600, "holds no profiles\nhint: delete it"),
        ('{"profiles": {}}', 0o640, "other users may read it\nhint: run chmod 600 "),
    ])  # fmt: skip
    def test_a_file_that_is_broken_or_open_to_others_is_refused(
        self, box: Run, profiles: Profiles, content: str, mode: int, message: str
    ) -> None:
        profiles.path.write_text(content)
        profiles.path.chmod(mode)
        code, _, err = box("whoami --profile work")

        assert (code, message in err) == (1, True), err

    def test_a_profile_that_was_logged_out_meanwhile_does_not_come_back(self, profiles: Profiles) -> None:
        tokens = ProfileTokens(profiles, "work")
        profiles.delete("work")
        with pytest.raises(TokenStoreError, match="there is no profile work"):
            tokens.save(StoredTokens(refresh_token="next"))
        with pytest.raises(TokenStoreError, match="there is no profile work"):
            tokens.load()

    def test_nothing_shows_a_secret(self, profiles: Profiles) -> None:
        profile = profiles.load("work")
        assert profile is not None
        assert repr(profile) == "Profile(…)"

    def test_a_folder_that_cannot_be_created_is_named(self, tmp_path: Path, mock: MockServer) -> None:
        (tmp_path / "file").touch()
        with pytest.raises(TokenStoreError, match=r"file: cannot be created"):
            Profiles(tmp_path / "file" / "profiles.json").save("work", profile_of(mock, "1"))
