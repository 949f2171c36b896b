"""A refresh token works once: the next one is saved before it is used, and nobody uses up another's."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

import pytest
from box_uploads import errors
from box_uploads.auth import FileTokenStore, SignInRefusedError, StoredTokens, TokenStoreError
from box_uploads_mock import Failure, LostResponse

from tests.unit.auth.ground import CLIENT_ID, CLIENT_SECRET, Clock, Ground, secrets_in


class MemoryStore:
    """Keeps the tokens in memory, and tells what was done when."""

    def __init__(self, tokens: StoredTokens | None = None) -> None:
        self.tokens = tokens
        self.saved: list[StoredTokens] = []
        self.problems: list[Exception] = []

    def load(self) -> StoredTokens | None:
        return self.tokens

    def save(self, tokens: StoredTokens) -> None:
        if self.problems:
            raise self.problems.pop()
        self.tokens = tokens
        self.saved.append(tokens)

    def lock(self) -> AbstractContextManager[None]:
        return nullcontext()


def stored(ground: Ground) -> StoredTokens:
    return StoredTokens(refresh_token=ground.server.state.add_refresh_token(CLIENT_ID))


def test_the_next_refresh_token_is_saved_before_the_access_token_is_used(ground: Ground) -> None:
    store = MemoryStore(stored(ground))
    first = store.tokens
    provider = ground.refresh_token(store=store)
    token = provider.token()
    (saved,) = store.saved
    assert first is not None
    assert (saved.access_token, saved.refresh_token != first.refresh_token) == (token, True)
    assert saved.expires_at == provider.expires_at
    assert token not in repr(saved)


def test_tokens_that_the_store_has_not_taken_are_not_used_and_not_lost(ground: Ground) -> None:
    store = MemoryStore(stored(ground))
    store.problems = [OSError("disk full")]
    provider = ground.refresh_token(store=store)
    with ground.box(provider) as box:
        with pytest.raises(OSError, match="disk full") as caught:
            box.get_current_user()
        assert ground.statuses("get_current_user") == []
        assert secrets_in(caught.value, list(ground.server.state.secrets)) == []
        box.get_current_user()
    # The same tokens, saved now.
    assert ground.statuses() == [200]
    assert len(store.saved) == 1


def test_another_process_s_token_is_taken_from_the_store(ground: Ground) -> None:
    first, second = ground.signed_in(), ground.refresh_token()
    assert first.token() == second.token()
    assert ground.statuses() == [200]


def test_a_refused_token_is_not_taken_from_the_store(ground: Ground) -> None:
    first, second = ground.signed_in(), ground.refresh_token()
    ground.server.state.expire_token(first.token())
    with ground.box(second) as box:
        assert box.get_current_user().id
    with ground.box(first) as box:
        assert box.get_current_user().id
    assert ground.statuses() == [200, 200]


def test_a_used_refresh_token_is_looked_up_again_in_the_store(ground: Ground, clock: Clock) -> None:
    """Somebody who takes no lock has won."""
    store = MemoryStore(stored(ground))
    other = ground.refresh_token(store=store)

    class Racing(MemoryStore):
        def load(self) -> StoredTokens | None:
            found = store.load()
            if not store.saved:
                other.token()
            return found

        def save(self, tokens: StoredTokens) -> None:
            store.save(tokens)

    assert ground.refresh_token(store=Racing()).token() == other.token()
    assert ground.statuses() == [200, 400]
    clock.advance(3600)
    assert ground.refresh_token(store=store).token()


def test_a_lost_answer_ends_the_sign_in_and_says_so(ground: Ground) -> None:
    provider = ground.signed_in()
    before = ground.store.load()
    ground.server.state.faults.add(LostResponse(operation="request_token"))
    with pytest.raises(SignInRefusedError, match="sign in again") as caught:
        provider.token()
    assert ground.statuses() == [None, 400]
    assert (caught.value.error, caught.value.description) == ("invalid_grant", "Invalid refresh token")
    assert ground.store.load() == before
    provider.exchange_code(ground.server.state.authorize(CLIENT_ID))
    assert provider.token()


def test_a_failure_before_the_token_is_used_up_costs_nothing(ground: Ground) -> None:
    provider = ground.signed_in()
    ground.server.state.faults.add(Failure(operation="request_token", status=503))
    assert provider.token()
    assert ground.statuses() == [503, 200]


def test_a_revoked_sign_in_says_what_to_do(ground: Ground, clock: Clock) -> None:
    provider = ground.signed_in()
    with ground.box(provider) as box:
        box.get_current_user()
        provider.revoke()
        with pytest.raises(SignInRefusedError, match="sign in again"):
            box.get_current_user()
    assert ground.statuses("revoke_token") == [200]
    # The revoked token is not sent once more.
    assert ground.statuses("get_current_user") == [200]
    assert ground.statuses() == [200, 400]


def test_a_revocation_that_fails_shows_no_secret(ground: Ground) -> None:
    provider = ground.signed_in()
    ground.server.state.faults.add(Failure(operation="revoke_token", status=400, code="invalid_client"))
    with pytest.raises(errors.BadRequestError) as caught:
        provider.revoke()
    assert secrets_in(caught.value, list(ground.server.state.secrets)) == []
    assert ground.store.load() is not None


def test_a_refresh_token_that_is_too_old_is_refused(ground: Ground, clock: Clock) -> None:
    provider = ground.signed_in()
    clock.advance(61 * 86400)
    with pytest.raises(SignInRefusedError, match="Refresh token has expired"):
        provider.token()


def test_a_code_is_exchanged_once_within_30_seconds(ground: Ground, clock: Clock) -> None:
    provider = ground.refresh_token()
    with pytest.raises(TokenStoreError, match="sign in first"):
        provider.token()
    code = ground.server.state.authorize(CLIENT_ID, "4711")
    provider.exchange_code(code)
    with ground.box(provider) as box:
        assert box.get_current_user().id == "4711"
    late = ground.server.state.authorize(CLIENT_ID)
    clock.advance(30)
    for used in (code, late):
        with pytest.raises(SignInRefusedError, match="authorization code is valid for 30 seconds") as caught:
            provider.exchange_code(used)
        assert secrets_in(caught.value, [used, CLIENT_SECRET]) == []


PROCESS = """
import sys
from box_uploads import Client
from box_uploads.auth import FileTokenStore, RefreshToken
path, base_url, client_id, client_secret, clock = sys.argv[1:]
provider = RefreshToken(
    client_id, client_secret, store=FileTokenStore(path), base_url=base_url, clock=lambda: float(clock)
)
sys.stdin.readline()
with Client(provider, base_url=base_url) as box:
    print(box.get_current_user().id)
"""


def test_processes_that_refresh_at_once_use_one_refresh_token(ground: Ground, tmp_path: Path, clock: Clock) -> None:
    ground.signed_in()
    path = str(tmp_path / "tokens.json")
    command = [sys.executable, "-c", PROCESS, path, ground.server.base_url, CLIENT_ID, CLIENT_SECRET]
    processes = [
        subprocess.Popen(
            [*command, str(clock.seconds())], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        for _ in range(3)
    ]
    for process in processes:
        assert process.stdin is not None
        process.stdin.write(b"\n")
        process.stdin.flush()
    for process in processes:
        output, problem = process.communicate(timeout=60)
        assert (output.strip(), problem) == (b"10001", b"")
    assert ground.statuses() == [200]
    assert sorted(one.name for one in tmp_path.iterdir()) == ["tokens.json"]


class TestFileTokenStore:
    TOKENS = StoredTokens(refresh_token="a-refresh-token", access_token="an-access-token", expires_at=5.0)

    def test_it_keeps_tokens_in_a_private_file(self, tmp_path: Path) -> None:
        store = FileTokenStore(tmp_path / "tokens.json")
        assert store.load() is None
        before = os.umask(0)
        try:
            store.save(self.TOKENS)
        finally:
            os.umask(before)
        assert store.load() == self.TOKENS
        assert (tmp_path / "tokens.json").stat().st_mode & 0o777 == 0o600
        assert [one.name for one in tmp_path.iterdir()] == ["tokens.json"]
        store.clear()
        store.clear()
        assert store.load() is None

    def test_a_file_that_others_may_read_is_refused(self, tmp_path: Path) -> None:
        store = FileTokenStore(tmp_path / "tokens.json")
        store.save(self.TOKENS)
        (tmp_path / "tokens.json").chmod(0o640)
        with pytest.raises(TokenStoreError, match="other users may read it") as caught:
            store.load()
        assert "chmod 600" in caught.value.hint

    @pytest.mark.parametrize("content", ["", "{", "[]", '{"refresh_token": 5}', '{"access_token": "an-access-token"}'])
    def test_a_file_that_holds_something_else_is_named_and_not_shown(self, tmp_path: Path, content: str) -> None:
        path = tmp_path / "tokens.json"
        path.write_text(content, encoding="utf-8")
        path.chmod(0o600)
        with pytest.raises(TokenStoreError, match="holds no tokens") as caught:
            FileTokenStore(path).load()
        assert secrets_in(caught.value, ["an-access-token"]) == []

    def test_a_file_that_cannot_be_replaced_stays_whole(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        store = FileTokenStore(tmp_path / "tokens.json")
        store.save(self.TOKENS)

        def fail(number: int) -> None:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(os, "fsync", fail)
        with pytest.raises(TokenStoreError, match="No space left") as caught:
            store.save(StoredTokens(refresh_token="another-token"))
        assert secrets_in(caught.value, ["another-token"]) == []
        assert store.load() == self.TOKENS
        assert [one.name for one in tmp_path.iterdir()] == ["tokens.json"]

    def test_it_waits_for_the_lock_of_another_one(self, tmp_path: Path) -> None:
        first, waiting = FileTokenStore(tmp_path / "tokens.json"), threading.Event()
        order: list[str] = []
        second = FileTokenStore(tmp_path / "tokens.json", sleep=lambda _: waiting.set())

        def wait() -> None:
            with second.lock():
                order.append("second")

        thread = threading.Thread(target=wait)
        with first.lock():
            thread.start()
            assert waiting.wait(10)
            order.append("first")
        thread.join()
        assert order == ["first", "second"]

    def test_it_does_not_wait_for_ever(self, tmp_path: Path) -> None:
        now = [0.0]

        def sleep(seconds: float) -> None:
            now[0] += seconds

        other: Any = FileTokenStore(tmp_path / "tokens.json", sleep=sleep, clock=lambda: now[0], lock_timeout_s=9)
        with (
            FileTokenStore(tmp_path / "tokens.json").lock(),
            pytest.raises(TokenStoreError, match="in use by another process"),
            other.lock(),
        ):
            pass
        assert 9 <= now[0] < 9.2
