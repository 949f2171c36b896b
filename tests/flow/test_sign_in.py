"""Uploads that sign in by themselves: in the middle, for days, in other processes, and when the sign-in ends."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pytest
from box_uploads import AsyncClient, Client, errors
from box_uploads.auth import ClientCredentials, FileTokenStore, RefreshToken, SignInRefusedError, StoredTokens
from box_uploads.upload import PartDone, Retried, upload_file, upload_file_async
from box_uploads_mock import App, Failure, MockServer, State, TokenExpiry, World, constant_part_size

from tests.flow.upload_ground import CONTENT, PART_SIZE, SHA1, Clock

APP: dict[str, Any] = {"client_id": "an-app", "client_secret": "the-secret-of-the-app"}
HOUR = 3600


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def server(clock: Clock) -> Iterator[MockServer]:
    world = World(apps=(App(**APP),))
    state = State(world, clock=clock.today, store="discard", part_size_for=constant_part_size(PART_SIZE))
    with MockServer(state=state) as running:
        yield running


def provider_of(server: MockServer, clock: Clock, **changed: Any) -> ClientCredentials:
    settings: dict[str, Any] = {"clock": lambda: clock.today().timestamp(), "sleep": clock.sleep, **changed}
    return ClientCredentials(**APP, enterprise_id="123456", base_url=server.base_url, **settings)


def statuses(server: MockServer, operation: str) -> list[int | None]:
    return [exchange.status for exchange in server.state.request_log if exchange.operation == operation]


def upload(box: Client, name: str, **settings: Any) -> str:
    file = upload_file(box, CONTENT, folder_id="0", file_name=name, workers=1, **settings)
    assert file.sha1 == SHA1
    return file.id


def test_calls_of_100_hours_never_meet_an_expired_token(server: MockServer, clock: Clock) -> None:
    with Client(provider_of(server, clock), base_url=server.base_url) as box:
        while clock.now_s < 100 * HOUR:
            box.get_current_user()
            clock.advance(4 * 60 + 59)
    assert set(statuses(server, "get_current_user")) == {200}
    assert 100 <= len(statuses(server, "request_token")) <= 110


def test_uploads_of_100_hours_never_show_an_expired_token(server: MockServer, clock: Clock) -> None:
    """Half an hour passes after each part, also for the next one, which may have begun: such a 401 is healed."""

    def pass_time(event: Any) -> None:
        if isinstance(event, PartDone):
            clock.advance(HOUR / 2)

    with Client(provider_of(server, clock), base_url=server.base_url) as box:
        count = 0
        while clock.now_s < 100 * HOUR:
            upload(box, f"{count}.bin", on_progress=pass_time)
            count += 1
    # Two parts may end, and so an hour pass, before the next request.
    assert len(statuses(server, "request_token")) >= 50
    assert statuses(server, "upload_part").count(200) == 5 * count
    assert statuses(server, "commit_upload_session") == [201] * count


@pytest.mark.parametrize("is_async", [False, True])
@pytest.mark.parametrize("operation", ["create_upload_session", "upload_part", "commit_upload_session"])
def test_a_token_that_ends_in_the_middle_is_renewed(
    server: MockServer, clock: Clock, operation: str, is_async: bool
) -> None:
    server.state.faults.add(TokenExpiry(operation=operation, skip=2 if operation == "upload_part" else 0))
    provider = provider_of(server, clock)

    async def run() -> object:
        async with AsyncClient(provider, base_url=server.base_url) as box:
            return (await upload_file_async(box, CONTENT, folder_id="0", file_name="a.bin")).sha1

    if is_async:
        assert asyncio.run(run()) == SHA1
    else:
        with Client(provider, base_url=server.base_url) as box:
            upload(box, "a.bin")
    # Several parts may have been under way.
    assert 1 <= statuses(server, operation).count(401) <= 4
    assert statuses(server, "request_token") == [200, 200]


@pytest.mark.parametrize("is_async", [False, True])
@pytest.mark.parametrize("size", [1_000_000, len(CONTENT)])
def test_an_upload_waits_for_a_sign_in_that_is_out_of_order(
    server: MockServer, clock: Clock, size: int, is_async: bool
) -> None:
    step = "upload_part" if size == len(CONTENT) else "upload_small_file"
    failures = Failure(operation="request_token", status=503, skip=1, times=12)
    server.state.faults.add(TokenExpiry(operation=step), failures)
    provider, events = provider_of(server, clock), list[Any]()
    settings: dict[str, Any] = {"folder_id": "0", "file_name": "a.bin", "backoff": clock.backoff(), "workers": 1}
    settings["on_progress"] = events.append

    async def run() -> object:
        async with AsyncClient(provider, base_url=server.base_url) as box:
            return (await upload_file_async(box, CONTENT[:size], **settings)).size

    if is_async:
        assert asyncio.run(run()) == size
    else:
        with Client(provider, base_url=server.base_url) as box:
            assert upload_file(box, CONTENT[:size], **settings).size == size
    assert any(isinstance(event, Retried) and "sign-in failed" in event.reason for event in events)
    server.state.faults.require_fired()


def test_an_upload_whose_sign_in_was_revoked_goes_on_after_the_next_one(
    server: MockServer, clock: Clock, tmp_path: Path
) -> None:
    store = FileTokenStore(tmp_path / "tokens.json")
    store.save(StoredTokens(refresh_token=server.state.add_refresh_token(APP["client_id"])))
    given: dict[str, Any] = {"clock": lambda: clock.today().timestamp(), "sleep": clock.sleep}
    provider = RefreshToken(**APP, store=store, base_url=server.base_url, **given)
    parts: list[Any] = []

    def revoke(event: Any) -> None:
        if isinstance(event, PartDone):
            parts.append(event)
            if len(parts) == 2:
                tokens = store.load()
                assert tokens is not None
                server.state.revoke({**APP, "token": tokens.refresh_token})

    journal = tmp_path / "a.journal"
    with Client(provider, base_url=server.base_url) as box:
        with pytest.raises(SignInRefusedError, match="sign in again") as caught:
            upload(box, "a.bin", resume=journal, on_progress=revoke)
        assert not any(secret in str(caught.value) for secret in server.state.secrets)
        provider.exchange_code(server.state.authorize(APP["client_id"]))
        upload(box, "a.bin", resume=journal)
    assert statuses(server, "upload_part").count(200) == 5
    assert statuses(server, "create_upload_session") == [201]


def test_a_job_of_an_executor_signs_in_if_the_provider_may_be_shared(
    server: MockServer, clock: Clock, tmp_path: Path
) -> None:
    path = tmp_path / "a.bin"
    path.write_bytes(CONTENT)
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as executor:
        settings: dict[str, Any] = {"folder_id": "0", "executor": executor, "workers": 1}
        not_shareable, shareable = (provider_of(server, clock, shareable=value) for value in (False, True))
        with (
            Client(not_shareable, base_url=server.base_url) as box,
            pytest.raises(errors.BoxUploadsError, match="shareable=True"),
        ):
            upload_file(box, path, **settings)
        with Client(shareable, base_url=server.base_url) as box:
            assert upload_file(box, path, **settings).sha1 == SHA1
    # Each process has a token of its own.
    assert statuses(server, "request_token") == [200, 200, 200]
