"""Defects of the client: options of every call, and checks of arguments."""

from __future__ import annotations

from typing import Any

import msgspec

from tests.prove.operations import ABORT, COMMIT, CREATE, LIST, LOG, UPLOAD, VERSION
from tests.prove.patches import change, patch, wrap


def _the_user_goes_by_another_name(original: Any) -> Any:
    original._name = "as_user"
    return original


def _a_header_may_hold_anything(original: Any) -> Any:
    class Lenient:
        def match(self, text: str) -> bool:
            return True

    return Lenient()


def _a_token_goes_twice(original: Any, wire: Any, request: Any, secret: Any) -> Any:
    if secret is not None:
        query = (*request.query, ("access_token", secret.reveal()))
        request = msgspec.structs.replace(request, query=query)
    return original(wire, request, secret)


def _unchecked(model: str, field: str) -> Any:
    """Accept anything in one field."""
    right = {"file_name": "a", "folder_id": "0", "file_size": 20_000_000, "event_type": "a", "parts": []}

    def validate(original: Any, value: Any, type_: Any) -> None:
        if type(value).__name__ == model and getattr(value, field) is not msgspec.UNSET:
            value = msgspec.structs.replace(value, **{field: right[field]})
        original(value, type_)

    return validate


def _unconstrained(name: str) -> Any:
    return lambda original: type(original)(name, name.replace("-", "_"), str)


# fmt: off
DEFECTS = (
    # Options of every call
    wrap("a-blocking-client-acts-for-nobody", "box_uploads.client.RawClient.__init__",
        "`as_user` of a `Client` is dropped.",
        lambda original, client, transport, *, as_user: original(client, transport, as_user=msgspec.UNSET), CREATE),
    wrap("an-asynchronous-client-acts-for-nobody", "box_uploads.client.RawAsyncClient.__init__",
        "`as_user` of an `AsyncClient` is dropped.",
        lambda original, client, transport, *, as_user: original(client, transport, as_user=msgspec.UNSET), CREATE),
    wrap("an-asynchronous-list-has-no-limit", "box_uploads.client.RawAsyncClient.list_parts",
        "`limit` is dropped by an `AsyncClient`.",
        lambda original, client, session, **given: original(client, session, **{**given, "limit": msgspec.UNSET}),
        LIST),
    wrap("a-blocking-version-is-not-renamed", "box_uploads.client.RawClient.create_version_upload_session",
        "`file_name` of a version is dropped by a `Client`.",
        lambda original, client, file_id, **given: original(client, file_id, **{**given, "file_name": msgspec.UNSET}),
        VERSION),
    change("the-user-goes-by-another-name", "box_uploads.api.upload_sessions.create_version_upload_session._AS_USER",
        "`as-user` is called `as_user`.", _the_user_goes_by_another_name, VERSION, "as_user", "user_id"),
    change("a-header-may-hold-anything", "box_uploads._runtime.parameters._HEADER",
        "Line breaks in a header are not refused.", _a_header_may_hold_anything, VERSION),
    wrap("a-token-is-in-small-letters", "box_uploads._runtime.auth.Secret.reveal", "The token is sent in upper case.",
        lambda original, secret: original(secret).upper(), CREATE),
    wrap("no-token-is-sent", "box_uploads._runtime.request_builder.RequestBuilder.build", "`authorization` is missing.",
        lambda original, wire, request, secret: original(wire, request, None), CREATE),
    wrap("a-token-goes-twice", "box_uploads._runtime.request_builder.RequestBuilder.build",
        "The token is in the query as well.",
        _a_token_goes_twice, CREATE),
    # Checks of arguments
    patch("arguments-are-not-checked", "box_uploads._runtime.codecs._validate", "Invalid bodies are sent.",
        lambda value, type_: None, CREATE, VERSION, COMMIT, LOG),
    wrap("a-name-is-not-checked", "box_uploads._runtime.codecs._validate", "A name that Box cannot store is sent.",
        _unchecked("CreateUploadSessionRequest", "file_name"), CREATE),
    wrap("a-folder-is-not-checked", "box_uploads._runtime.codecs._validate", "An invalid folder id is sent.",
        _unchecked("CreateUploadSessionRequest", "folder_id"), CREATE),
    wrap("a-size-is-not-checked", "box_uploads._runtime.codecs._validate", "A version of any size is sent.",
        _unchecked("CreateVersionUploadSessionRequest", "file_size"), VERSION),
    wrap("an-event-type-is-not-checked", "box_uploads._runtime.codecs._validate",
        "An event with an empty type is sent.", _unchecked("LogUploadEventRequest", "event_type"), LOG),
    patch("arguments-are-converted", "box_uploads._runtime.codecs._validate",
        "A size given as text is accepted and sent unchanged.",
        lambda value, type_: msgspec.convert(msgspec.to_builtins(value, str_keys=True), type_, strict=False), CREATE),
    change("the-digest-of-a-part-is-not-checked", "box_uploads.api.upload_sessions.upload_part._DIGEST",
        "A malformed digest is sent.", _unconstrained("digest"), UPLOAD),
    change("the-range-of-a-part-is-not-checked", "box_uploads.api.upload_sessions.upload_part._CONTENT_RANGE",
        "A malformed range is sent.", _unconstrained("content-range"), UPLOAD),
    change("the-id-of-an-aborted-session-is-not-checked",
        "box_uploads.api.upload_sessions.abort_upload_session._UPLOAD_SESSION_ID",
        "A malformed id of a session is sent.", _unconstrained("upload_session_id"), ABORT),
    change("a-condition-is-not-checked", "box_uploads.api.upload_sessions.commit_upload_session._IF_MATCH",
        "A malformed etag is sent.", _unconstrained("if-match"), COMMIT),
)
