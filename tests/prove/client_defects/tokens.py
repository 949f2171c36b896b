"""Defects of the client: how it renews and hides tokens."""

from __future__ import annotations

import re
from typing import Any

from box_uploads._runtime.auth import Secret

from tests.prove.patches import after, always, before, patch, wrap


def _forget_token(_: Any, __: Any, credentials: Any) -> None:
    if credentials.can_refresh:
        credentials._current = None


def _show_token(original: Any, secret: Any) -> None:
    try:
        original(secret)
    except Exception as error:
        error.args = (f"{error} {secret.reveal()}",)
        raise


# fmt: off
DEFECTS = (
    wrap("Both transports fetch a token before every call", "runtime.transport.call_flow", before(_forget_token)),
    patch("After a 401, no new token is fetched", "runtime.auth.Credentials.can_refresh", always(False)),
    patch("The stale token is sent again", "runtime.auth.Credentials.current_unless",
        lambda credentials, stale: credentials._current),
    patch("Each call with a stale token fetches a new one", "runtime.auth.Credentials.current_unless", always(None)),
    patch("The repr of a secret is the token", "runtime.auth.Secret.__repr__",
        lambda secret: f"Secret({secret.reveal()})"),
    patch("The repr of credentials contains the token", "runtime.auth.Credentials.__repr__",
        lambda credentials: f"Credentials({credentials._current and credentials._current.reveal()})"),
    patch("A secret can be pickled", "runtime.auth.Secret.__reduce__", lambda secret: (Secret, (secret.reveal(),))),
    patch("A token that is invalid in a header is accepted", "runtime.auth.Secret.check", always(None)),
    wrap("The error of a malformed token contains the token", "runtime.auth.Secret.check", _show_token),
    wrap("The error of a failed call references the request, and so the token",
        "runtime.response_reader.map_transport_error",
        after(lambda found, request, error, prepared: setattr(found, "__cause__", error))),
    patch("A token that the server echoes is in the error", "runtime.redaction.Redaction.__call__",
        lambda redaction, text: text),
    patch("A token that the server echoes in a header is in the error", "runtime.headers.Headers.map_values",
        lambda headers, change: headers),
    patch("A token of one letter is redacted inside words", "runtime.redaction._SHORTEST", 1),
    patch("A token that the server echoes in its message is printed", "runtime.text._CREDENTIAL",
        re.compile(r"(?!)()")),
    wrap("The error of a redirect shows the whole URL", "runtime.api_error._note",
        lambda original, raw: f"{original(raw)} {raw.headers.get('location', '')}"),
)
