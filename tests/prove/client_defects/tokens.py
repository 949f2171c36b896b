"""Defects of the client: what it does with tokens, and who sees them."""

from __future__ import annotations

import re
from typing import Any

from box_uploads._runtime.auth import Secret

from tests.prove.planting import Catalogue

__all__ = ["DEFECTS"]

DEFECTS = Catalogue()
TRANSPORT, SECRECY, CLIENT = "test_transport", "test_secrecy", "test_client"
EXCHANGE, FAILURE = "test_exchange", "test_failure"


@DEFECTS.defect("box_uploads._runtime.transport.exchange", TRANSPORT)
def every_call_fetches_a_token(original: Any) -> Any:
    """Both transports ask the callable before every call."""

    def spoiled(request: Any, policy: Any, credentials: Any) -> Any:
        if credentials.refreshable:
            credentials.current = None
        return original(request, policy, credentials)

    return spoiled


@DEFECTS.defect("box_uploads._runtime.auth.Credentials.refreshable", EXCHANGE, TRANSPORT, CLIENT)
def a_token_is_never_renewed(original: Any) -> Any:
    """After a 401, the callable is not asked again."""
    return lambda credentials: False


@DEFECTS.defect("box_uploads._runtime.auth.Credentials.usable", TRANSPORT)
def a_stale_token_is_used(original: Any) -> Any:
    """Instead of another token, the stale one is sent again."""
    return lambda credentials, stale: credentials.current


@DEFECTS.defect("box_uploads._runtime.auth.Credentials.usable", TRANSPORT)
def each_thread_renews_the_token(original: Any) -> Any:
    """Of several calls that find the token stale, each asks for another."""
    return lambda credentials, stale: None


@DEFECTS.defect("box_uploads._runtime.auth.Secret.__repr__", SECRECY, CLIENT)
def a_token_shows_itself(original: Any) -> Any:
    """The repr of a secret is the token."""
    return lambda secret: f"Secret({secret.reveal()})"


@DEFECTS.defect("box_uploads._runtime.auth.Credentials.__repr__", SECRECY, CLIENT)
def credentials_show_the_token(original: Any) -> Any:
    """The repr of credentials has the token."""
    return lambda credentials: f"Credentials({credentials.current and credentials.current.reveal()})"


@DEFECTS.defect("box_uploads._runtime.auth.Secret.__reduce__", SECRECY)
def a_token_is_pickled(original: Any) -> Any:
    """A secret can be pickled."""
    return lambda secret: (Secret, (secret.reveal(),))


@DEFECTS.defect("box_uploads._runtime.auth.Secret.check", SECRECY, CLIENT, TRANSPORT)
def a_token_may_be_anything(original: Any) -> Any:
    """A token that no header can carry is not refused."""
    return lambda secret: None


@DEFECTS.defect("box_uploads._runtime.auth.Secret.check", CLIENT, SECRECY)
def a_refused_token_is_shown(original: Any) -> Any:
    """The error of a malformed token has the token in it."""

    def spoiled(secret: Any) -> None:
        try:
            original(secret)
        except Exception as error:
            error.args = (f"{error} {secret.reveal()}",)
            raise

    return spoiled


@DEFECTS.defect("box_uploads._runtime.wire.failure", SECRECY, CLIENT)
def a_failure_keeps_its_cause(original: Any) -> Any:
    """The error of a call without an answer leads to the request, and so to the token."""

    def spoiled(request: Any, error: Any, prepared: Any) -> Any:
        found = original(request, error, prepared)
        found.__cause__ = error
        return found

    return spoiled


@DEFECTS.defect("box_uploads._runtime.redaction.Redaction.__call__", SECRECY)
def what_a_server_repeats_is_kept(original: Any) -> Any:
    """A token that a server repeats is in the error."""
    return lambda redaction, text: text


@DEFECTS.defect("box_uploads._runtime.message.Headers.changed", SECRECY)
def what_a_server_repeats_in_a_field_is_kept(original: Any) -> Any:
    """A token that a server repeats in a header field is in the error."""
    return lambda headers, change: headers


@DEFECTS.defect("box_uploads._runtime.redaction._SHORTEST", SECRECY)
def a_short_token_garbles_messages(original: Any) -> Any:
    """A token of one letter is taken out of the midst of words."""
    return 1


@DEFECTS.defect("box_uploads._runtime.errors._CREDENTIAL", "test_errors", SECRECY)
def credentials_in_messages_are_shown(original: Any) -> Any:
    """A token that a server repeats in its message is printed."""
    return re.compile(r"(?!)()")


@DEFECTS.defect("box_uploads._runtime.failure._note", FAILURE)
def a_redirect_is_shown_whole(original: Any) -> Any:
    """The error of a redirect shows the whole URL."""
    return lambda raw: f"{original(raw)} {raw.headers.get('location', '')}"
