"""Decode and convert by msgspec, one thread at a time until msgspec knows the type.

msgspec registers a Struct at its first use, before it has inspected the fields: another
thread that decodes one meanwhile crashes with a segmentation fault (seen with 0.22).
"""

from __future__ import annotations

import os
from threading import RLock
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from .union_type import from_caller, from_json, from_server

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["convert", "decode", "decoder_of"]

_T = TypeVar("_T")
# Reentrant: examining one type may run code that uses another.
_alone = RLock()
if hasattr(os, "register_at_fork"):
    # A forked child inherits the lock as it was, without the thread that would release it.
    os.register_at_fork(before=_alone.acquire, after_in_parent=_alone.release, after_in_child=_alone.release)


def _from_json(type_: Any, value: object) -> Any:
    # A decoder gets here without the lock, and the types in question may be new to msgspec.
    with _alone:
        return from_json(type_, value)


def _from_server(type_: Any, value: object) -> Any:
    with _alone:
        return from_server(type_, value)


def decoder_of(type_: Any, *, tolerant: bool = False) -> Callable[[bytes], Any]:
    """Return a decoder for JSON of a type, for any number of threads.

    Args:
        type_: The type.
        tolerant: Whether `convert_tolerantly` reads what misfits.
    """
    with _alone:
        return msgspec.json.Decoder(type_, dec_hook=_from_server if tolerant else _from_json).decode


def decode(content: bytes, type_: type[_T]) -> _T:
    """Return the value in JSON of a type.

    Raises:
        DecodeError: It is no JSON.
        ValidationError: It is of another type.
    """
    with _alone:
        return msgspec.json.decode(content, type=type_, dec_hook=_from_json)


def convert(value: object, type_: type[_T], *, sends: bool = False, tolerant: bool = False) -> _T:
    """Convert a value of plain types to a type.

    Args:
        value: The value.
        type_: The type.
        sends: Whether it is to be sent, so that it has to be valid in all respects.
        tolerant: Whether `convert_tolerantly` reads what misfits.

    Raises:
        ValidationError: It does not fit the type.
    """
    hook = from_caller if sends else from_server if tolerant else from_json
    with _alone:
        return msgspec.convert(value, type_, dec_hook=hook)
