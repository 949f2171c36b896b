"""The options of an upload, checked before anything is sent."""

from __future__ import annotations

import os
from concurrent.futures import Executor
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec
from msgspec import UNSET, UnsetType

from .. import models
from .._runtime.codecs import Json
from .._runtime.errors import InvalidArgumentError
from .._runtime.text import short_repr
from .group import UploadGroup
from .retry import BackoffPolicy, check_seconds
from .slots import check_workers, is_whole

if TYPE_CHECKING:
    from collections.abc import Callable

    from .events import ProgressEvent

__all__ = ["DEADLINE_S", "UploadOptions", "given"]

DEADLINE_S = 600.0
"""Seconds that one step may spend on failures."""

_T = TypeVar("_T")
_KINDS: dict[str, tuple[type | tuple[type, ...], str]] = {
    "folder_id": (str, "must be a string"),
    "file_id": (str, "must be a string"),
    "file_name": (str, "must be a string"),
    "executor": (Executor, "must be a concurrent.futures.Executor"),
    "resume": ((str, os.PathLike), "must be the path of a file"),
    "backoff": (BackoffPolicy, "must be a BackoffPolicy"),
    "group": (UploadGroup, "must be an UploadGroup"),
}


class _CommitArguments(msgspec.Struct):
    """The caller's arguments of the commit, which have the types of the spec."""

    attributes: models.FileAttributes | UnsetType = UNSET
    if_match: models.Etag | UnsetType = UNSET


_COMMIT_ARGUMENTS: Json[_CommitArguments] = Json(_CommitArguments)


class UploadOptions(msgspec.Struct, frozen=True, kw_only=True):
    """The arguments of `upload_file`, which describes them, apart from the client and the source.

    Raises:
        InvalidArgumentError: An argument cannot be used.
    """

    folder_id: str | None
    file_id: str | None
    file_name: str | None
    size: int | None
    workers: int
    executor: Executor | None
    on_progress: Callable[[ProgressEvent], Any] | None
    resume: str | os.PathLike[str] | None
    attributes: models.FileAttributes | None
    if_match: str | None
    deadline_s: float
    backoff: BackoffPolicy
    group: UploadGroup | None

    def __post_init__(self) -> None:
        for name, (kinds, rule) in _KINDS.items():
            if (value := getattr(self, name)) is not None and not isinstance(value, kinds):
                raise InvalidArgumentError(name, rule, shown=short_repr(value))
        check_workers(self.workers)
        if self.size is not None and (not is_whole(self.size) or self.size < 0):
            raise InvalidArgumentError("size", "must be a number of bytes", shown=short_repr(self.size))
        check_seconds("deadline_s", self.deadline_s)
        if self.on_progress is not None and not callable(self.on_progress):
            raise InvalidArgumentError("on_progress", "must be a callable", shown=short_repr(self.on_progress))
        # The commit is sent only after all parts, so its arguments are checked now.
        _COMMIT_ARGUMENTS.encode(_CommitArguments(given(self.attributes), given(self.if_match)))


def given(value: _T | None) -> _T | UnsetType:
    """Return an argument for the client's calls, which leave out what is unset."""
    return UNSET if value is None else value
