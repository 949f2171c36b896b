"""Turn a non-2xx response into its error; the status decides, whatever the body is."""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import msgspec

from .errors import ApiError, DecodeError, error_class
from .json_types import is_object
from .retry import parse_retry_after
from .text import one_line

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .codecs import Json
    from .messages import RawResponse

__all__ = ["api_error"]

_TARGET_HOST = re.compile(r"(?:[A-Za-z][A-Za-z0-9+.\-]*:)?//(?:[^/?#]*@)?([A-Za-z0-9\-._~%\[\]:]+)")


def api_error(raw: RawResponse, bodies: Mapping[int | str, Json[Any]], note: str = "") -> ApiError:
    """Return the error for a response that is no success.

    Args:
        raw: The response.
        bodies: Codecs of error bodies by status, then by range such as `4XX`, then by `default`.
        note: What to say instead of the usual about its status.
    """
    raw = raw.redacted()
    codec = bodies.get(raw.status) or bodies.get(f"{raw.status // 100}XX") or bodies.get("default")
    body, body_error = None, None
    if codec is not None:
        try:
            body = codec.decode(raw)
        except DecodeError as error:
            body_error = error
            # The error is kept as a value; its frames would keep the whole call alive.
            error.__traceback__ = None
    return error_class(raw.status)(
        raw.status,
        operation=raw.operation,
        headers=raw.headers,
        content=raw.content,
        fields=_fields(raw),
        request_id=raw.request_id,
        body=body,
        body_error=body_error,
        retry_safe=_retry_safe(raw),
        retry_after_s=parse_retry_after(raw.headers.get("retry-after")),
        note=note or _note(raw),
    )


def _fields(raw: RawResponse) -> dict[str, Any]:
    """Read the body as a JSON object if it is one, whatever its media type, and whether or not it matches the spec."""
    try:
        # A number beyond all floats is read as infinite, so that the other fields are not lost.
        decoded = msgspec.json.Decoder(float_hook=float).decode(raw.content)
    except (ValueError, RecursionError):
        return {"message": raw.content.decode("utf-8", "replace")} if raw.media_type == "text/plain" else {}
    return decoded if is_object(decoded) else {}


def _retry_safe(raw: RawResponse) -> bool | None:
    # 4xx is a refusal: the call had no effect, so it can be repeated.
    if raw.idempotent or 400 <= raw.status <= 499:
        return True
    return False if 500 <= raw.status <= 599 else None


def _note(raw: RawResponse) -> str:
    if raw.note:
        return raw.note
    if raw.status == HTTPStatus.NOT_MODIFIED:
        return "what the caller has is still as it is on the server"
    if 300 <= raw.status <= 399:
        match = _TARGET_HOST.match(raw.headers.get("location", ""))
        # Only the host: a path or a query may carry what is secret.
        where = f" (target host {one_line(match[1], 100)})" if match else ""
        return f"redirects are not followed{where}; if the API has moved, set base_url="
    return "the status is not documented" if not 400 <= raw.status <= 599 else ""
