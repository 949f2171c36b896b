"""What a caller asks for: checked before anything is sent, then carried out."""

from __future__ import annotations

import datetime as dt
import os
from concurrent.futures import Executor
from contextlib import ExitStack
from typing import TYPE_CHECKING, TypeVar

import msgspec
from msgspec import UNSET

from .. import models
from .._runtime.errors import InvalidArgumentError, short_repr
from ..api.upload_sessions import commit_upload_session
from . import journal as journals
from .calls import connect_like
from .digest import header
from .opening import opened
from .order import Options, Order, Remote
from .patience import Pace, Stop, check_seconds
from .target import target_of
from .uploader import upload

if TYPE_CHECKING:
    from collections.abc import Callable

    from msgspec import UnsetType

    from ..client import AsyncClient, Client
    from .calls import Line
    from .opening import SourceArgument
    from .progress import ProgressEvent

__all__ = ["DEADLINE_S", "WORKERS", "Request"]

_T = TypeVar("_T")
_ANY_SHA1 = "0" * 40
_ANY_PART = models.CommitPart(part_id="0" * 8, offset=0, size=1, sha1=_ANY_SHA1)
_ANY_URL = "https://upload.box.com"
_ANY_SESSION = models.UploadSession(
    type="upload_session",
    id="0" * 32,
    session_expires_at=dt.datetime(9999, 1, 1, tzinfo=dt.UTC),
    part_size=1,
    total_parts=1,
    num_parts_processed=1,
    session_endpoints=models.SessionEndpoints(
        upload_part=_ANY_URL,
        commit=_ANY_URL,
        abort=_ANY_URL,
        list_parts=_ANY_URL,
        status=_ANY_URL,
        log_event=_ANY_URL,
    ),
)

WORKERS = 4
"""Parts that are sent at a time; Box's guide recommends 3 to 5."""

DEADLINE_S = 600.0
"""Seconds for which the failures of one step are borne."""

_MOST_WORKERS = 64
_KINDS: dict[str, tuple[type | tuple[type, ...], str]] = {
    "folder_id": (str, "must be a string"),
    "file_id": (str, "must be a string"),
    "file_name": (str, "must be a string"),
    "executor": (Executor, "must be a concurrent.futures.Executor"),
    "resume": ((str, os.PathLike), "must be the path of a file"),
    "pace": (Pace, "must be a Pace"),
}


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be uploaded, as `upload_file` takes it."""

    source: SourceArgument
    folder_id: str | None
    file_id: str | None
    file_name: str | None
    size: int | None
    workers: int
    executor: Executor | None
    on_progress: Callable[[ProgressEvent], object] | None
    resume: str | os.PathLike[str] | None
    attributes: models.FileAttributes | None
    if_match: str | None
    deadline_s: float
    pace: Pace | None

    def check(self) -> None:
        """Check what can be checked without the source.

        Raises:
            InvalidArgumentError: An argument cannot be used.
        """
        for name, (kinds, rule) in _KINDS.items():
            if (value := getattr(self, name)) is not None and not isinstance(value, kinds):
                raise InvalidArgumentError(name, rule, shown=short_repr(value))
        if not _is_whole(self.workers) or not 1 <= self.workers <= _MOST_WORKERS:
            rule = f"must be a whole number from 1 to {_MOST_WORKERS}"
            raise InvalidArgumentError("workers", rule, shown=short_repr(self.workers))
        if self.size is not None and (not _is_whole(self.size) or self.size < 0):
            raise InvalidArgumentError("size", "must be a number of bytes", shown=short_repr(self.size))
        check_seconds("deadline_s", self.deadline_s)
        if self.on_progress is not None and not callable(self.on_progress):
            raise InvalidArgumentError("on_progress", "must be a callable", shown=short_repr(self.on_progress))
        # What the commit says is only sent when all parts are stored, so it is tried now.
        commit_upload_session.build_request(
            _ANY_SESSION,
            parts=[_ANY_PART],
            digest=header(_ANY_SHA1),
            attributes=_given(self.attributes),
            if_match=_given(self.if_match),
        )

    def run(
        self,
        client: Client | AsyncClient,
        line: Line,
        tell: Callable[[ProgressEvent], object],
        stop: Stop,
    ) -> models.File:
        """Upload, in this thread.

        Raises:
            UploadError: As `upload_file`.
            ClientError: As `upload_file`.
            OSError: As `upload_file`.
        """
        options = Options(
            workers=self.workers,
            remote=None if self.executor is None else Remote(self.executor, connect_like(client, self.deadline_s)),
            attributes=_given(self.attributes),
            if_match=_given(self.if_match),
            deadline_s=self.deadline_s,
            pace=self.pace or Pace(),
        )
        with ExitStack() as stack:
            source = stack.enter_context(opened(self.source, self.size))
            target = target_of(self.folder_id, self.file_id, self.file_name, source.name, server=line.server)
            journal = None if self.resume is None else stack.enter_context(journals.opened(self.resume, target))
            return upload(Order(line, source, target, options, journal=journal, tell=tell, stop=stop))


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _given(value: _T | None) -> _T | UnsetType:
    return UNSET if value is None else value
