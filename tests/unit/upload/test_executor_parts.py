"""Parts as jobs of an executor: plain values that can be pickled, and what stays where they run."""

from __future__ import annotations

import pickle
from pathlib import Path
from threading import Thread
from typing import Any, cast

import httpx2
import msgspec
import pytest
from box_uploads import AsyncClient, Client, errors
from box_uploads._runtime.body import PIECE
from box_uploads.upload import PartConflictError, PartJob, SourceChangedError, executor_parts, run_part_job
from box_uploads.upload.executor_parts import ClientFactory, StaticToken, client_factory
from box_uploads.upload.parts import Part
from box_uploads.upload.source_factory import open_source

from tests.unit.upload.script import session, stored

CONTENT = bytes(range(25))
NOWHERE = "http://127.0.0.1:9/api/2.0"


def make_client(token: str) -> ClientFactory:
    return ClientFactory(token=StaticToken(token), base_url=NOWHERE, timeout_s=None, trusted_hosts=(), as_user=None)


def part_job(**changes: Any) -> PartJob:
    fields: dict[str, Any] = {
        "make_client": make_client("t0ken"),
        "client": "upload",
        "session": msgspec.json.encode(session()),
        "source": CONTENT[10:20],
        "fingerprint": None,
        "file_size": 25,
        "part": Part(1, 10, 10),
        "held": stored(10, CONTENT[10:20]),
    }
    return PartJob(**fields | changes)


def test_a_pickled_job_is_equal_and_its_repr_shows_no_token() -> None:
    job = part_job(fingerprint=None)
    assert pickle.loads(pickle.dumps(job)) == job  # noqa: S301  # our own
    assert "t0ken" not in repr(job)
    assert repr(StaticToken("t0ken")) == "StaticToken(…)"


def test_a_part_that_is_held_is_compared_and_not_sent() -> None:
    assert run_part_job(part_job()) == stored(10, CONTENT[10:20])
    with pytest.raises(PartConflictError):
        run_part_job(part_job(source=CONTENT[:10]))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "film.mov"
    path.write_bytes(CONTENT)
    return path


def test_a_part_is_read_from_the_path_where_the_job_runs(path: Path) -> None:
    with open_source(path) as source:
        job = part_job(source=str(path), fingerprint=source.fingerprint)
    assert run_part_job(job) == stored(10, CONTENT[10:20])
    path.write_bytes(CONTENT + b"x")
    with pytest.raises(
        SourceChangedError, match=r"^the executor's worker has another source than the upload began with$"
    ):
        run_part_job(job)


def test_a_job_knows_the_source_on_another_machine_and_not_where_it_is_missing(path: Path) -> None:
    with open_source(path) as source:
        elsewhere = msgspec.structs.replace(source.fingerprint, inode=7, device=7)
    job = part_job(source=str(path), fingerprint=elsewhere)
    assert run_part_job(job) == stored(10, CONTENT[10:20])
    path.unlink()
    with pytest.raises(
        errors.UploadError,
        match=r"^the executor's worker cannot read the source: FileNotFoundError\(2, 'No such file or directory'\)$",
    ):
        run_part_job(job)


def test_a_thread_keeps_some_clients_and_a_buffer_and_closes_them_in_the_end() -> None:
    clients: list[Client] = []

    def work() -> None:
        state = executor_parts._STATE
        clients.append(state.client("first", make_client("first")))
        assert state.client("first", make_client("first")) is clients[0]
        clients.extend(state.client(str(number), make_client("next")) for number in range(4))
        assert state.buffer_of(10).obj is state.buffer_of(5).obj
        assert len(state.buffer_of(20)) == 20

    thread = Thread(target=work)
    thread.start()
    thread.join()
    for client in clients:
        with pytest.raises(errors.ClientClosedError):
            client.create_upload_session(folder_id="0", file_name="film.mov", file_size=20_000_000)


def test_a_client_is_made_again_with_its_settings() -> None:
    with Client("t0ken", base_url=NOWHERE, timeout_s=5, trusted_hosts=["box.example"], as_user="7") as box:
        found = client_factory(box)
    assert (found.token(), found.base_url, found.timeout_s) == ("t0ken", NOWHERE, (5, 5, 5, 5, 300))
    assert (found.trusted_hosts, found.as_user) == (("box.example",), "7")
    with found() as again:
        assert client_factory(again) == found
    assert "t0ken" not in repr(found)


def token() -> str:
    return "t0ken"


def test_headers_that_a_caller_adds_go_along(monkeypatch: pytest.MonkeyPatch) -> None:
    server = Recording()
    with Client("t0ken", base_url=NOWHERE) as box:
        factory = client_factory(box.with_options(headers={"X-Trace": "1"}).with_options(headers={"x-run": "s3cr3t"}))
    again = pickle.loads(pickle.dumps(factory))  # noqa: S301  # our own
    assert "s3cr3t" not in repr(again)
    monkeypatch.setattr(ClientFactory, "__call__", lambda self: Client("t0ken", base_url=self.base_url, http=server))
    job = part_job(make_client=again, client="headers", held=None, part=Part(0, 0, 10), source=bytes(10))
    with pytest.raises(errors.ServerError):
        run_part_job(job)
    assert [(sent["x-trace"], sent["x-run"]) for sent in server.headers] == [("1", "s3cr3t")]


def test_a_callable_for_the_token_goes_along_and_the_token_does_not() -> None:
    found = client_factory(AsyncClient(token))
    assert found.token is token
    assert b"t0ken" not in pickle.dumps(part_job(make_client=found))


def test_defaults_stay_defaults() -> None:
    with Client("t0ken") as box:
        found = client_factory(box)
    assert found == ClientFactory(
        token=StaticToken("t0ken"), base_url=None, timeout_s=found.timeout_s, trusted_hosts=(), as_user=None
    )
    with found() as again:
        assert client_factory(again) == found


def test_an_auth_of_the_callers_own_cannot_go_along() -> None:
    with (
        Client(httpx2.BasicAuth("name", "word")) as box,
        pytest.raises(
            errors.InvalidArgumentError,
            match=r"^executor: needs a client with a token or a callable for it, and without http=$",
        ),
    ):
        client_factory(box)


class Recording(httpx2.BaseTransport):
    """Takes a second for each piece of a body and for its refusal, and keeps the timeouts."""

    def __init__(self) -> None:
        self.now_s = 100.0
        self.timeouts: list[dict[str, Any]] = []
        self.headers: list[httpx2.Headers] = []

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        self.timeouts.append(request.extensions["timeout"])
        self.headers.append(request.headers)
        for _ in cast("httpx2.SyncByteStream", request.stream):
            self.now_s += 1
        self.now_s += 7
        return httpx2.Response(503)


@pytest.mark.parametrize("size", [10, 3 * PIECE])
def test_a_failed_job_tells_how_long_no_bytes_have_moved(monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    server = Recording()
    monkeypatch.setattr(executor_parts, "monotonic", lambda: server.now_s)
    monkeypatch.setattr(ClientFactory, "__call__", lambda _: Client("t0ken", http=server))
    job = part_job(
        make_client=make_client("t0ken"),
        client=f"{size}",
        held=None,
        part=Part(0, 0, size),
        source=bytes(size),
        timeout_s=20.0,
    )
    with pytest.raises(errors.ServerError) as caught:
        run_part_job(job)
    again = pickle.loads(pickle.dumps(caught.value))  # noqa: S301  # our own
    # The seconds of the refusal, and of the last piece: only then it is known to be the last.
    assert vars(again)["idle_s"] == 7 + 1
    assert (server.timeouts[0]["connect"], server.timeouts[0]["read"].response_s) == (10.0, 20.0)
