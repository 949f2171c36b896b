"""Defects of the client: what goes with every call, and what is refused before it is sent."""

from __future__ import annotations

from typing import Any

import msgspec

from tests.prove.planting import Catalogue

__all__ = ["DEFECTS"]

DEFECTS = Catalogue()
CREATE, VERSION = "create_upload_session", "create_version_upload_session"
UPLOAD, LIST = "upload_part", "list_parts"
COMMIT, ABORT, LOG = "commit_upload_session", "abort_upload_session", "log_upload_event"


# What goes with every call


@DEFECTS.defect("box_uploads.client.RawClient.__init__", CREATE)
def a_blocking_client_acts_for_nobody(original: Any) -> Any:
    """`as_user` of a `Client` is dropped."""
    return lambda client, transport, *, as_user: original(client, transport, as_user=msgspec.UNSET)


@DEFECTS.defect("box_uploads.client.RawAsyncClient.__init__", CREATE)
def an_asynchronous_client_acts_for_nobody(original: Any) -> Any:
    """`as_user` of an `AsyncClient` is dropped."""
    return lambda client, transport, *, as_user: original(client, transport, as_user=msgspec.UNSET)


@DEFECTS.defect("box_uploads.client.RawAsyncClient.list_parts", LIST)
def an_asynchronous_list_has_no_limit(original: Any) -> Any:
    """`limit` is dropped by an `AsyncClient`."""
    return lambda client, session, **given: original(client, session, **{**given, "limit": msgspec.UNSET})


@DEFECTS.defect("box_uploads.client.RawClient.create_version_upload_session", VERSION)
def a_blocking_version_is_not_renamed(original: Any) -> Any:
    """`file_name` of a version is dropped by a `Client`."""
    return lambda client, file_id, **given: original(client, file_id, **{**given, "file_name": msgspec.UNSET})


@DEFECTS.defect("box_uploads.api.upload_sessions.create_version_upload_session._AS_USER", VERSION, "as_user", "user_id")
def the_user_goes_by_another_name(original: Any) -> Any:
    """`as-user` is called `as_user`."""
    original._name = "as_user"
    return original


@DEFECTS.defect("box_uploads._runtime.parameter._HEADER", VERSION)
def a_header_may_hold_anything(original: Any) -> Any:
    """Line breaks in a header are not refused."""

    class Lenient:
        def match(self, text: str) -> bool:
            return True

    return Lenient()


@DEFECTS.defect("box_uploads._runtime.auth.Secret.reveal", CREATE)
def a_token_is_in_small_letters(original: Any) -> Any:
    """The token is sent in capital letters."""
    return lambda secret: original(secret).upper()


@DEFECTS.defect("box_uploads._runtime.wire.Wire.prepare", CREATE)
def no_token_is_sent(original: Any) -> Any:
    """There is no `authorization`."""
    return lambda wire, request, secret: original(wire, request, None)


@DEFECTS.defect("box_uploads._runtime.wire.Wire.prepare", CREATE)
def a_token_goes_twice(original: Any) -> Any:
    """The token is in the query as well."""

    def spoiled(wire: Any, request: Any, secret: Any) -> Any:
        if secret is not None:
            query = (*request.query, ("access_token", secret.reveal()))
            request = msgspec.structs.replace(request, query=query)
        return original(wire, request, secret)

    return spoiled


# What is refused before it is sent


@DEFECTS.defect("box_uploads._runtime.codec._validate", CREATE, VERSION, COMMIT, LOG)
def arguments_are_not_checked(original: Any) -> Any:
    """Bodies are sent whatever rule they break."""
    return lambda value, type_: None


def _unchecked(model: str, field: str) -> Any:
    """Return a spoiler that lets one field be anything."""

    def spoil(original: Any) -> Any:
        def spoiled(value: Any, type_: Any) -> Any:
            if type(value).__name__ == model and getattr(value, field) is not msgspec.UNSET:
                right = {"file_name": "a", "folder_id": "0", "file_size": 20_000_000, "event_type": "a", "parts": []}
                original(msgspec.structs.replace(value, **{field: right[field]}), type_)
                return None
            return original(value, type_)

        return spoiled

    return spoil


@DEFECTS.defect("box_uploads._runtime.codec._validate", CREATE)
def a_name_is_not_checked(original: Any) -> Any:
    """A name that Box cannot store is sent."""
    return _unchecked("CreateUploadSessionRequest", "file_name")(original)


@DEFECTS.defect("box_uploads._runtime.codec._validate", CREATE)
def a_folder_is_not_checked(original: Any) -> Any:
    """A folder's id that is none is sent."""
    return _unchecked("CreateUploadSessionRequest", "folder_id")(original)


@DEFECTS.defect("box_uploads._runtime.codec._validate", VERSION)
def a_size_is_not_checked(original: Any) -> Any:
    """A version of any size is sent."""
    return _unchecked("CreateVersionUploadSessionRequest", "file_size")(original)


@DEFECTS.defect("box_uploads._runtime.codec._validate", LOG)
def an_event_type_is_not_checked(original: Any) -> Any:
    """An event of an empty type is sent."""
    return _unchecked("LogUploadEventRequest", "event_type")(original)


@DEFECTS.defect("box_uploads._runtime.codec._validate", CREATE)
def arguments_are_converted(original: Any) -> Any:
    """A size that is a text is taken for a number, and sent as it is."""
    return lambda value, type_: msgspec.convert(msgspec.to_builtins(value, str_keys=True), type_, strict=False)


def _free(original: Any, name: str) -> Any:
    return type(original)(name, name.replace("-", "_"), str)


@DEFECTS.defect("box_uploads.api.upload_sessions.upload_part._DIGEST", UPLOAD)
def the_digest_of_a_part_is_not_checked(original: Any) -> Any:
    """A malformed digest is sent."""
    return _free(original, "digest")


@DEFECTS.defect("box_uploads.api.upload_sessions.upload_part._CONTENT_RANGE", UPLOAD)
def the_range_of_a_part_is_not_checked(original: Any) -> Any:
    """A malformed range is sent."""
    return _free(original, "content-range")


@DEFECTS.defect("box_uploads.api.upload_sessions.abort_upload_session._UPLOAD_SESSION_ID", ABORT)
def the_id_of_an_aborted_session_is_not_checked(original: Any) -> Any:
    """A malformed id of a session is sent."""
    return _free(original, "upload_session_id")


@DEFECTS.defect("box_uploads.api.upload_sessions.commit_upload_session._IF_MATCH", COMMIT)
def a_condition_is_not_checked(original: Any) -> Any:
    """A malformed etag is sent."""
    return _free(original, "if-match")
