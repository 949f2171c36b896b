"""Keep credentials in the query of a URL out of the HTTP library's own log, which has each URL at `INFO`."""

from __future__ import annotations

import logging
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from typing import TYPE_CHECKING

import httpx2

from .redaction import Redaction

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

__all__ = ["hidden_in_log"]

_SENT: ContextVar[Sequence[object]] = ContextVar("secrets of the request that is being sent", default=())


@contextmanager
def hidden_in_log(secrets: Sequence[object]) -> Generator[None]:
    """Hide the secrets of a request in what the HTTP library logs about it."""
    _add_filter()
    token = _SENT.set(secrets)
    try:
        yield
    finally:
        _SENT.reset(token)


@cache
def _add_filter() -> None:
    logging.getLogger(httpx2.__name__).addFilter(_hide)


def _hide(record: logging.LogRecord) -> bool:
    """Hide the secrets in the URLs of a record; each record is logged all the same."""
    if secrets := _SENT.get():
        hide = Redaction("", secrets)
        arguments = record.args if isinstance(record.args, tuple) else ()
        if arguments:
            record.args = tuple(hide(str(one)) if isinstance(one, httpx2.URL) else one for one in arguments)
    return True
