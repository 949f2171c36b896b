"""Providers and clients for a mock with an application that may sign in, on a clock that a test moves."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from box_uploads import Client, RetryPolicy
from box_uploads.auth import JWT, ClientCredentials, FileTokenStore, RefreshToken, StoredTokens
from box_uploads_mock import MockServer

CLIENT_ID = "ly1nj6n11vionaie65emwzk575hnnmrk"
CLIENT_SECRET = "hOzsTeFlT6ko0dme22uGbQal04SBPYc1"
ENTERPRISE = "123456"
KEY_ID = "ab12cd34"
PASSPHRASE = "0cf3b5eac0c0ffee"
START = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


class Clock:
    """A clock that stands still, unless a test or a wait moves it."""

    def __init__(self) -> None:
        self.now = START
        self.waits: list[float] = []

    def __call__(self) -> datetime:
        return self.now

    def seconds(self) -> float:
        return self.now.timestamp()

    def advance(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)

    def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.advance(seconds)


PemOf = Callable[..., str]


class Ground:
    """Makes providers and clients for the mock, and tells what they have asked."""

    def __init__(self, server: MockServer, clock: Clock, folder: Path) -> None:
        self.server = server
        self.clock = clock
        self.store = FileTokenStore(folder / "tokens.json", sleep=clock.sleep)
        self.settings: dict[str, Any] = {"base_url": server.base_url, "clock": clock.seconds, "sleep": clock.sleep}

    def client_credentials(self, **changed: Any) -> ClientCredentials:
        return ClientCredentials(CLIENT_ID, CLIENT_SECRET, **{**self.settings, "enterprise_id": ENTERPRISE, **changed})

    def jwt(self, config: Any, **changed: Any) -> JWT:
        return JWT.from_config(config, **{**self.settings, **changed})

    def refresh_token(self, **changed: Any) -> RefreshToken:
        return RefreshToken(CLIENT_ID, CLIENT_SECRET, **{**self.settings, "store": self.store, **changed})

    def signed_in(self, **changed: Any) -> RefreshToken:
        """Return a provider whose store has a refresh token."""
        self.store.save(StoredTokens(refresh_token=self.server.state.add_refresh_token(CLIENT_ID)))
        return self.refresh_token(**changed)

    def box(self, provider: Any) -> Client:
        return Client(provider, base_url=self.server.base_url, retry=RetryPolicy(max_retries=0))

    def statuses(self, operation: str = "request_token") -> list[int | None]:
        log = self.server.state.request_log
        return [exchange.status for exchange in log if exchange.operation == operation]


def secrets_in(error: BaseException, secrets: list[str]) -> list[str]:
    """Return the secrets that an error shows: in its text, its attributes, or a frame of the package."""
    shown: list[str] = []
    seen: list[BaseException] = [error]
    for one in seen:
        seen += [cause for cause in (one.__cause__, one.__context__) if cause is not None and cause not in seen]
        shown += [str(one), repr(one), repr(vars(one)), *getattr(one, "__notes__", [])]
        traceback = one.__traceback__
        while traceback is not None:
            if "box_uploads" in traceback.tb_frame.f_code.co_filename:
                shown += [repr(value) for value in traceback.tb_frame.f_locals.values()]
            traceback = traceback.tb_next
    return [secret for secret in secrets if any(secret in text for text in shown)]
