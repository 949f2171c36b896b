"""Whose token an application asks for."""

from __future__ import annotations

from typing import TypeAlias

from .._runtime.errors import InvalidArgumentError
from .provider import checked_text

__all__ = ["Subject", "subject_of"]

Subject: TypeAlias = "tuple[str, str]"
"""`enterprise` or `user`, and its id."""


def subject_of(enterprise_id: str | None, user_id: str | None) -> Subject:
    """Return whose token is wanted.

    Raises:
        InvalidArgumentError: Not exactly one of both is given, or it is not an id.
    """
    if (enterprise_id is None) == (user_id is None):
        raise InvalidArgumentError("enterprise_id", "give either enterprise_id (the service account) or user_id")
    kind, name, value = (
        ("user", "user_id", user_id) if enterprise_id is None else ("enterprise", "enterprise_id", enterprise_id)
    )
    if not (checked_text(name, value).isascii() and str(value).isdigit() and len(str(value)) <= 19):
        raise InvalidArgumentError(name, "must be an id: 1 to 19 decimal digits, as a string")
    return kind, str(value)
