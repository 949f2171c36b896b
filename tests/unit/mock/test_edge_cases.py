"""Rare cases of faults, ids, stores and resets."""

import asyncio
import gc
from collections.abc import Callable, Iterator

import pytest
from box_uploads_mock import Exchange, Failure, Fault, Folder, MockServer, SlowRead, Stall, State, World
from box_uploads_mock.faults import Hold
from box_uploads_mock.headers import parse_content_range

from tests.unit.mock.in_process import SESSIONS, Response, headers, new_file, post, send, versions
from tests.unit.mock.uploading import DATA, Upload, complete, small_state

CREATE = "create_upload_session"


def test_a_fault_taken_by_two_calls_stays_queued_if_one_puts_it_back(state: State) -> None:
    state.faults.add(Failure(operation=CREATE, status=500, times=2))
    first, second = state.faults.take(CREATE), state.faults.take(CREATE)
    assert first is not None
    assert second is not None
    state.faults.mark_fired(first)
    state.faults.put_back(second)
    assert state.faults.unfired == (Failure(operation=CREATE, status=500),)


@pytest.mark.parametrize("folder_id", ["0", "9"])
def test_a_folder_reserves_its_name_in_any_parent(folder_id: str) -> None:
    folders = [Folder(id="9", name="f"), Folder(id="1", name="a", parent=folder_id)]
    response = post(State(World(folders=folders)), SESSIONS, new_file(folder_id=folder_id, file_name="A"))
    assert response.body["context_info"]["conflicts"]["id"] == "1"


def test_a_conflict_contains_the_stored_version() -> None:
    state = small_state()
    file = complete(state, file_id="12345").stored()
    conflict = post(state, SESSIONS, new_file(file_name=file["name"])).body["context_info"]["conflicts"]
    assert conflict == {name: file[name] for name in ("type", "id", "name", "sequence_id", "etag", "sha1")}
    assert conflict["etag"] == "1"


def _repeating(first: Callable[[], str]) -> Iterator[str]:
    """Yield the first id twice, as a random source may."""
    known = first()
    yield known
    yield known
    while True:
        yield first()


def test_ids_of_files_and_parts_are_unique_even_if_they_are_drawn_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    state = small_state()
    for kind in ("new_file_id", "new_part_id"):
        ids = _repeating(getattr(state._identifiers, kind))
        monkeypatch.setattr(state._identifiers, kind, ids.__next__)
    for name in ("a", "b"):
        upload = complete(state, file_name=name)
        assert len({part["part_id"] for part in upload.parts}) == 3
        assert upload.commit().status == 201
    assert len([file for file in state.files.values() if file.name in {"a", "b"}]) == 2


def test_an_unacknowledged_session_conflicts_only_for_its_file() -> None:
    state = small_state()
    upload = Upload(state, file_id="12345")
    state.session_store.mark_unacknowledged(upload.id)
    assert post(state, versions("12346"), {"file_size": len(DATA)}).status == 201
    assert post(state, versions("12345"), {"file_size": len(DATA)}).code == "session_conflict"


def test_the_request_log_keeps_the_latest_10000_requests(state: State) -> None:
    exchanges = [Exchange(method="GET", path=str(number), status=200, operation=None) for number in range(10_001)]
    for exchange in exchanges:
        state.record(exchange)
    assert state.request_log == tuple(exchanges[1:])


def test_a_commit_hashes_pending_parts() -> None:
    upload = Upload(small_state())
    for index in (2, 1):
        upload.put(index)
    wanted = parse_content_range(upload.range(0))
    uploads = upload.state.session_store
    writer = uploads.start_part(upload.id, wanted)
    writer.write(DATA[:4])
    # The request of a part would hash the others next; here the commit must do so.
    part = uploads.finish_part(upload.id, wanted, writer)
    assert upload.commit([*upload.parts, part.body()]).status == 201


def test_a_server_does_not_close_the_callers_state() -> None:
    state = small_state(store="disk")
    with MockServer(state=state):
        upload = complete(state)
    file_id = upload.stored()["id"]
    assert state.content(file_id) == DATA
    state.close()


def test_a_state_that_is_never_closed_leaves_no_files() -> None:
    state = small_state(store="disk")
    Upload(state).put(0)
    directory = state.store.directory
    assert directory is not None
    assert directory.exists()
    del state
    gc.collect()
    assert not directory.exists()


def test_a_part_may_be_discarded_after_its_state_was_closed() -> None:
    state = small_state(store="disk")
    upload = Upload(state)
    writer = state.session_store.start_part(upload.id, parse_content_range(upload.range(0)))
    state.close()
    writer.discard()


def test_ids_of_files_depend_on_the_seed_and_not_on_the_number_of_parts() -> None:
    def file_id(seed: int, data: bytes) -> str:
        return str(complete(small_state(seed=seed), data).stored()["id"])

    assert file_id(1, DATA) == file_id(1, DATA * 3)
    assert file_id(1, DATA) != file_id(2, DATA)


def test_a_file_in_the_trash_has_the_status_trashed(state: State) -> None:
    response: Response = send(state, "GET", "/_mock/files/12348", headers())
    assert response.body["item_status"] == "trashed"


class ReleasedSleep:
    """A sleep during which the stalled call is released, and which itself ends long after that."""

    def __init__(self, end: Callable[[State], object]) -> None:
        self.state = small_state(sleep=self)
        self.is_slept_through = False
        self.calls = 0
        self._end = end

    async def __call__(self, seconds: float) -> None:
        self.calls += 1
        assert self.state.faults.stalled == 1
        await asyncio.to_thread(self._end, self.state)
        for _ in range(100):
            await asyncio.sleep(0)
        self.is_slept_through = True


def _over_http(path: str) -> Callable[[State], object]:
    return lambda state: send(state, "POST", path, headers())


@pytest.mark.parametrize("fault", [Stall(operation=CREATE), SlowRead(operation=CREATE, bytes_per_read=1, pause_s=60)])
@pytest.mark.parametrize(
    ("end", "has_response"),
    [
        *((lambda state: state.faults.release(), True), (lambda state: state.faults.clear(), True)),
        *((State.close, True), (_over_http("/_mock/release"), True)),
        *((State.reset, False), (_over_http("/_mock/reset"), False)),
    ],
)
def test_a_stalled_call_is_released(fault: Fault, end: Callable[[State], object], *, has_response: bool) -> None:
    sleep = ReleasedSleep(end)
    sleep.state.faults.add(fault)
    if has_response:
        assert post(sleep.state, SESSIONS, new_file()).status == 201
    else:
        with pytest.raises(ConnectionResetError):
            post(sleep.state, SESSIONS, new_file())
    assert not sleep.is_slept_through
    # A slow read has no further pauses.
    assert sleep.calls == 1
    assert sleep.state.faults.stalled == 0


def test_adding_faults_keeps_the_rate_limit(state: State) -> None:
    state.rate_limit(retry_after_s=1, requests=3)
    body = {"faults": [{"kind": "reset", "operation": CREATE}]}
    assert post(state, "/_mock/faults", body).body["rate_limited_requests"] == 3
    assert post(state, "/_mock/faults", {"rate_limit": {"retry_after_s": 1}}).body["rate_limited_requests"] == 1
    assert state.faults.limited_requests == 1


def test_releasing_a_call_of_a_closed_loop_is_harmless() -> None:
    async def hold() -> Hold:
        return Hold()

    asyncio.run(hold()).release()
