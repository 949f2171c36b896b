"""Dask as the executor: it takes jobs for pure functions, and has those of a worker that dies run by another one."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from box_uploads.upload import PartDone
from box_uploads_mock import Failure

from tests.flow.upload_ground import CONTENT, Ground, write

# What Dask's own modules deprecate is not ours to mend.
pytestmark = pytest.mark.filterwarnings(r"ignore:::(distributed|dask)\b")
# Many times what it takes on a busy machine: a cluster that hangs fails the test, and does not hold the suite.
BOUND_S = 90
# Dask itself hangs now and then when it restarts a killed worker (seen with distributed 2026.8.0, once in ten runs).
CLUSTERS, KILLED_S = 3, 30


def in_time(function: Callable[[], Any], bound_s: float = BOUND_S) -> Any:
    """Return what a function returns that may wait for the cluster forever.

    Raises:
        TimeoutError: It has not returned in time.
    """
    outcome: Future[Any] = Future()

    def run() -> None:
        try:
            outcome.set_result(function())
        except BaseException as error:  # noqa: BLE001  # raised by whoever waits
            outcome.set_exception(error)

    Thread(target=run, daemon=True).start()
    return outcome.result(bound_s)


def upload(ground: Ground, source: Any, cluster: Any, bound_s: float = BOUND_S, **settings: Any) -> None:
    """Upload by a cluster, and take its jobs back if that does not end: Python waits for their threads in the end."""
    executor = cluster.get_executor()
    try:
        in_time(lambda: ground.upload(source, executor=executor, **settings), bound_s)
    finally:
        executor.shutdown(wait=False)


@contextmanager
def running_cluster() -> Generator[Any]:
    """Run a cluster of two processes on the loopback, for as long as the context lasts; return a client of it."""
    distributed: Any = import_module("distributed")
    with (
        in_time(
            lambda: distributed.LocalCluster(
                n_workers=2, threads_per_worker=1, host="127.0.0.1", dashboard_address=None, memory_limit=0
            )
        ) as cluster,
        distributed.Client(cluster, timeout=BOUND_S) as client,
    ):
        yield client


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    """A client of a cluster of two processes."""
    with running_cluster() as client:
        yield client


@pytest.mark.parametrize("source", ["path", "bytes"])
def test_a_failure_of_a_moment_is_borne(ground: Ground, tmp_path: Path, cluster: Any, source: str) -> None:
    ground.state.faults.add(Failure(operation="upload_part", status=500, skip=1))
    given = write(tmp_path / "film.mov") if source == "path" else CONTENT
    upload(ground, given, cluster)
    assert (ground.stored(), ground.calls("upload_part")) == ([CONTENT], 6)


def test_a_worker_that_is_killed_does_not_end_the_upload(ground: Ground, tmp_path: Path) -> None:
    path = write(tmp_path / "film.mov")
    for attempt in range(CLUSTERS):
        with running_cluster() as cluster:
            try:
                upload_while_a_worker_is_killed(ground, path, cluster)
                break
            except TimeoutError:
                if attempt == CLUSTERS - 1:
                    raise
        ground.reset()
    assert ground.stored() == [CONTENT]


def upload_while_a_worker_is_killed(ground: Ground, path: Path, cluster: Any) -> None:
    workers: list[int] = [process["pid"] for process in in_time(lambda: cluster.run(_process)).values()]

    def kill(event: object) -> None:
        if isinstance(event, PartDone) and event.parts_done == 1:
            os.kill(workers[0], signal.SIGKILL)

    upload(ground, path, cluster, KILLED_S, on_progress=kill, workers=2)


def _process() -> dict[str, int]:
    return {"pid": os.getpid()}
