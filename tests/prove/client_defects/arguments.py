"""Defects of the client: options of every call, and checks of arguments."""

from __future__ import annotations

import re
from typing import Any

import msgspec
from msgspec.structs import replace

from tests.prove.operations import ABORT, COMMIT, CREATE, LIST, LOG, UPLOAD, VERSION
from tests.prove.patches import always, change, patch, wrap


def _rename_parameter(parameter: Any) -> Any:
    parameter._name = "as_user"
    return parameter


def _add_token_to_query(original: Any, wire: Any, request: Any, secret: Any) -> Any:
    if secret is not None:
        query = (*request.query, ("access_token", secret.reveal()))
        request = replace(request, query=query)
    return original(wire, request, secret)


def _unchecked(model: str, field: str) -> Any:
    """Accept anything in one field."""
    right = {"file_name": "a", "folder_id": "0", "file_size": 20_000_000, "event_type": "a", "parts": []}

    def validate(original: Any, value: Any, type_: Any) -> None:
        if type(value).__name__ == model and getattr(value, field) is not msgspec.UNSET:
            value = replace(value, **{field: right[field]})
        original(value, type_)

    return validate


def _unconstrained(name: str) -> Any:
    return lambda original: type(original)(name, name.replace("-", "_"), str)


# fmt: off
DEFECTS = (
    # Options of every call
    wrap("`as_user` of a `Client` is dropped", "client.RawClient.__init__",
        lambda original, client, transport, *, as_user: original(client, transport, as_user=msgspec.UNSET), CREATE),
    wrap("`as_user` of an `AsyncClient` is dropped", "client.RawAsyncClient.__init__",
        lambda original, client, transport, *, as_user: original(client, transport, as_user=msgspec.UNSET), CREATE),
    wrap("`limit` is dropped by an `AsyncClient`", "client.RawAsyncClient.list_parts",
        lambda original, client, session, **given: original(client, session, **{**given, "limit": msgspec.UNSET}),
        LIST),
    wrap("`file_name` of a version is dropped by a `Client`", "client.RawClient.create_version_upload_session",
        lambda original, client, file_id, **given: original(client, file_id, **{**given, "file_name": msgspec.UNSET}),
        VERSION),
    change("`as-user` is called `as_user`", "api.create_version_upload_session._AS_USER", _rename_parameter, VERSION,
        "user_id"),
    change("Line breaks in a header are not refused", "runtime.parameters._HEADER", lambda _: re.compile(""), VERSION),
    wrap("The token is sent in upper case", "runtime.auth.Secret.reveal",
        lambda original, secret: original(secret).upper(), CREATE),
    wrap("`authorization` is missing", "runtime.request_builder.RequestBuilder.build",
        lambda original, wire, request, secret: original(wire, request, None), CREATE),
    wrap("The token is in the query as well", "runtime.request_builder.RequestBuilder.build", _add_token_to_query,
        CREATE),
    # Checks of arguments
    patch("Invalid bodies are sent", "runtime.codecs._validate", always(None), CREATE, VERSION, COMMIT, LOG),
    wrap("A name that Box cannot store is sent", "runtime.codecs._validate",
        _unchecked("CreateUploadSessionRequest", "file_name"), CREATE),
    wrap("An invalid folder id is sent", "runtime.codecs._validate",
        _unchecked("CreateUploadSessionRequest", "folder_id"), CREATE),
    wrap("A version of any size is sent", "runtime.codecs._validate",
        _unchecked("CreateVersionUploadSessionRequest", "file_size"), VERSION),
    wrap("An event with an empty type is sent", "runtime.codecs._validate",
        _unchecked("LogUploadEventRequest", "event_type"), LOG),
    patch("A size given as text is accepted and sent unchanged", "runtime.codecs._validate",
        lambda value, type_: msgspec.convert(msgspec.to_builtins(value, str_keys=True), type_, strict=False), CREATE),
    change("A malformed digest is sent", "api.upload_part._DIGEST", _unconstrained("digest"), UPLOAD),
    change("A malformed range is sent", "api.upload_part._CONTENT_RANGE", _unconstrained("content-range"), UPLOAD),
    change("A malformed id of a session is sent", "api.abort_upload_session._UPLOAD_SESSION_ID",
        _unconstrained("upload_session_id"), ABORT),
    change("A malformed etag is sent", "api.commit_upload_session._IF_MATCH", _unconstrained("if-match"), COMMIT),
)
