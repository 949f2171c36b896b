"""Defects of the client: how it renews and hides tokens."""

from __future__ import annotations

import re
from typing import Any

from box_uploads._runtime.auth import Secret

from tests.prove.patches import after, before, patch, wrap

TRANSPORT, SECRECY, CLIENT = "test_transport", "test_secrecy", "test_client"
EXCHANGE, FAILURE = "test_exchange", "test_failure"


def _forget_token(_: Any, __: Any, credentials: Any) -> None:
    if credentials.refreshable:
        credentials.current = None


def _a_refused_token_is_shown(original: Any, secret: Any) -> None:
    try:
        original(secret)
    except Exception as error:
        error.args = (f"{error} {secret.reveal()}",)
        raise


# fmt: off
DEFECTS = (
    wrap("every-call-fetches-a-token", "box_uploads._runtime.transport.call_flow",
        "Both transports fetch a token before every call.", before(_forget_token), TRANSPORT),
    patch("a-token-is-never-renewed", "box_uploads._runtime.auth.Credentials.can_refresh",
        "After a 401, no new token is fetched.", lambda credentials: False, EXCHANGE, TRANSPORT, CLIENT),
    patch("a-stale-token-is-used", "box_uploads._runtime.auth.Credentials.current_unless",
        "The stale token is sent again.",
        lambda credentials, stale: credentials.current, TRANSPORT),
    patch("each-thread-renews-the-token", "box_uploads._runtime.auth.Credentials.current_unless",
        "Each call with a stale token fetches a new one.", lambda credentials, stale: None, TRANSPORT),
    patch("a-token-shows-itself", "box_uploads._runtime.auth.Secret.__repr__", "The repr of a secret is the token.",
        lambda secret: f"Secret({secret.reveal()})", SECRECY, CLIENT),
    patch("credentials-show-the-token", "box_uploads._runtime.auth.Credentials.__repr__",
        "The repr of credentials contains the token.",
        lambda credentials: f"Credentials({credentials.current and credentials.current.reveal()})", SECRECY, CLIENT),
    patch("a-token-is-pickled", "box_uploads._runtime.auth.Secret.__reduce__", "A secret can be pickled.",
        lambda secret: (Secret, (secret.reveal(),)), SECRECY),
    patch("a-token-may-be-anything", "box_uploads._runtime.auth.Secret.check",
        "A token that is invalid in a header is accepted.", lambda secret: None, SECRECY, CLIENT, TRANSPORT),
    wrap("a-refused-token-is-shown", "box_uploads._runtime.auth.Secret.check",
        "The error of a malformed token contains the token.", _a_refused_token_is_shown, CLIENT, SECRECY),
    wrap("a-failure-keeps-its-cause", "box_uploads._runtime.response_reader.map_transport_error",
        "The error of a failed call references the request, and so the token.",
        after(lambda found, request, error, prepared: setattr(found, "__cause__", error)), SECRECY, CLIENT),
    patch("what-a-server-repeats-is-kept", "box_uploads._runtime.redaction.Redaction.__call__",
        "A token that the server echoes is in the error.", lambda redaction, text: text, SECRECY),
    patch("what-a-server-repeats-in-a-field-is-kept", "box_uploads._runtime.headers.Headers.map_values",
        "A token that the server echoes in a header is in the error.", lambda headers, change: headers, SECRECY),
    patch("a-short-token-garbles-messages", "box_uploads._runtime.redaction._SHORTEST",
        "A token of one letter is redacted inside words.", 1, SECRECY),
    patch("credentials-in-messages-are-shown", "box_uploads._runtime.text._CREDENTIAL",
        "A token that the server echoes in its message is printed.", re.compile(r"(?!)()"), "test_errors", SECRECY),
    wrap("a-redirect-is-shown-whole", "box_uploads._runtime.api_error._note",
        "The error of a redirect shows the whole URL.",
        lambda original, raw: f"{original(raw)} {raw.headers.get('location', '')}", FAILURE),
)
