"""A server in a few lines: it holds parts, and fails as a test has written down."""

from __future__ import annotations

import datetime as dt
import hashlib
from base64 import b64decode
from types import SimpleNamespace
from typing import Any, Self

from box_uploads import errors, models
from box_uploads.types import Headers
from box_uploads.upload import BackoffPolicy
from box_uploads.upload.context import UploadContext
from box_uploads.upload.options import UploadOptions
from box_uploads.upload.retry import CancelToken, RetryBudget
from box_uploads.upload.slots import PartLimits
from box_uploads.upload.source import MemorySource
from box_uploads.upload.target import Target
from box_uploads.upload.upload_client import UploadClient

__all__ = ["Script", "Time", "api_error", "budget", "context", "lost", "session", "stored"]

_MOST = 10_000
LINK = "https://upload.box.com/api/2.0/files/upload_sessions/" + "A" * 32


def session(part_size: int = 10, total_parts: int = 3) -> models.UploadSession:
    """Return a session."""
    links = dict.fromkeys(("upload_part", "abort", "status"), LINK)
    links |= {"commit": f"{LINK}/commit", "list_parts": f"{LINK}/parts", "log_event": f"{LINK}/log"}
    return models.UploadSession(
        id="A" * 32,
        type="upload_session",
        session_expires_at=dt.datetime(2030, 1, 1, tzinfo=dt.UTC),
        part_size=part_size,
        total_parts=total_parts,
        num_parts_processed=0,
        session_endpoints=models.SessionEndpoints(**links),
    )


def stored(offset: int, content: bytes) -> models.UploadPart:
    """Return a part as a server holds it."""
    sha1 = hashlib.sha1(content, usedforsecurity=False).hexdigest()
    return models.UploadPart(part_id="12345678", offset=offset, size=len(content), sha1=sha1)


def api_error(status: int, code: str = "", operation: str = "upload_part", **settings: Any) -> errors.ApiError:
    """Return an error as a server sends it."""
    kind = {type_.__name__: type_ for type_ in errors.ApiError.__subclasses__()}
    names = {400: "BadRequest", 401: "Unauthorized", 403: "Forbidden", 404: "NotFound", 409: "Conflict", 410: "Gone"}
    names |= {412: "PreconditionFailed", 416: "RangeNotSatisfiable", 429: "RateLimited"}
    cls = kind["ServerError"] if status >= 500 else kind.get(f"{names.get(status)}Error", errors.ApiError)
    fields = {"code": code, **settings.pop("fields", {})}
    return cls(status, operation=operation, headers=Headers(), content=b"", fields=fields, **settings)


def lost(kind: str = "ReadError") -> errors.TransportError:
    """Return the error of a call without a response."""
    sent = False if kind in {"ConnectError", "ConnectTimeout", "PoolTimeout"} else None
    return errors.TransportError("gone", kind=kind, sent=sent, is_transient=True)


class Answer:
    """What a raw call returns."""

    def __init__(self, parsed: Any, headers: dict[str, str] | None = None) -> None:
        self.parsed = parsed
        self.headers = Headers((headers or {}).items())


class Script:
    """Calls that do what is written down for each of them, in order, and then succeed.

    Args:
        steps: Per operation: an exception to raise, or a callable to call; None succeeds.
    """

    def __init__(self, **steps: list[Any]) -> None:
        self.steps = steps
        self.held: dict[int, models.UploadPart] = {}
        self.log: list[str] = []
        self.events: list[Any] = []
        self.transport: Any = SimpleNamespace(with_timeout_cap=lambda _: self.transport, with_throttle=lambda _: None)

    def _step(self, name: str) -> None:
        self.log.append(name)
        if len(self.log) > _MOST:
            raise AssertionError("without end")
        queue = self.steps.get(name, [])
        step = queue.pop(0) if queue else None
        if isinstance(step, BaseException):
            raise step
        if step is not None:
            step(self)

    def with_transport(self, _: Any) -> Self:
        return self

    def upload_part(self, _: Any, *, body: Any, digest: str, content_range: str) -> Answer:
        content = b"".join(body)
        self.last = (content, digest, content_range)
        self._step("upload_part")
        offset = int(content_range.split()[1].partition("-")[0])
        part = self.held[offset] = stored(offset, content)
        return Answer(models.UploadedPart(part=part))

    def list_parts(self, _: Any, *, offset: int, limit: int) -> Answer:
        self._step("list_parts")
        entries = [self.held[key] for key in sorted(self.held)]
        page = entries[offset : offset + limit]
        return Answer(models.UploadParts(entries=page, total_count=len(entries), offset=offset, limit=limit))

    def commit_upload_session(self, *_: Any, digest: str, **__: Any) -> Answer:
        self._step("commit_upload_session")
        sha1 = b64decode(digest.removeprefix("sha=")).hex()
        return Answer(models.Files(total_count=1, entries=[models.File(type="file", id="7", sha1=sha1)]))

    def get_upload_session(self, asked: Any) -> Answer:
        self._step("get_upload_session")
        return Answer(session())


class Time:
    """A clock that only moves when somebody sleeps."""

    def __init__(self) -> None:
        self.now = 0.0

    def sleep(self, delay_s: float) -> None:
        self.now += delay_s

    def backoff(self, fraction: float = 0.5) -> Any:
        """Return a backoff policy in this time."""
        return BackoffPolicy(clock=lambda: self.now, sleep=self.sleep, random=lambda: fraction)


def budget(deadline_s: float = 100.0) -> tuple[Any, list[Any]]:
    """Return a retry budget in a time of its own, and the events that it emits."""
    events = list[Any]()
    found = RetryBudget(
        "step", backoff=Time().backoff(), deadline_s=deadline_s, cancel=CancelToken(), emit=events.append
    )
    return found, events


def context(
    calls: Any, *, target: Any = None, source: Any = None, journal: Any = None, cancel: Any = None, **options: Any
) -> tuple[Any, list[Any]]:
    """Return the context of an upload by these calls in a time of its own, and the events that it emits."""
    events = list[Any]()
    settings: dict[str, Any] = dict.fromkeys(UploadOptions.__struct_fields__)
    settings |= {"workers": 1, "deadline_s": 100.0, "backoff": Time().backoff()} | options
    found = UploadContext(
        UploadClient(calls, calls, list),
        MemorySource(b"0123456789") if source is None else source,
        target or Target(folder_id="0", file_id=None, file_name="film.mov"),
        UploadOptions(**settings),
        journal=journal,
        emit=events.append,
        cancel=cancel or CancelToken(),
        limits=PartLimits(settings["workers"]),
    )
    return found, events
