"""Defects of the client: reading a file."""

from __future__ import annotations

from typing import Any

import msgspec
from box_uploads.types import Response

from tests.prove.client_defects.building import with_headers, with_request
from tests.prove.operations import FILE
from tests.prove.patches import change, wrap

BUILD = "box_uploads.api.files.get_file.build_request"
READ = "box_uploads.api.files.get_file.read_response"


def _all_calls_have_one_server(original: Any) -> Any:
    first: list[str] = []

    def server_of(wire: Any, server: str) -> Any:
        first.append(server)
        return original(wire, first[0])

    return server_of


def _the_digest_of_a_file_is_not_told(original: Any, raw: Any) -> Any:
    response = original(raw)
    return Response(raw, msgspec.structs.replace(response.parsed, sha1=msgspec.UNSET))


# fmt: off
DEFECTS = (
    wrap("a-file-is-read-where-sessions-are", BUILD, "The request goes to the upload server.",
        with_request(server=lambda _: "https://upload.box.com/api/2.0"), FILE, "test_requests_go_to"),
    change("all-calls-have-one-server", "box_uploads._runtime.request_builder.RequestBuilder._server",
        "All calls go to the server of the first call.", _all_calls_have_one_server, FILE, "test_requests_go_to"),
    wrap("a-file-is-looked-for-in-the-trash", BUILD, "The path of the request ends in `/trash`.",
        with_request(path=lambda path: f"{path}/trash"), FILE),
    wrap("a-file-is-read-by-a-number", BUILD, "Leading zeros of the file's id are dropped.",
        with_request(path=lambda path: f"/files/{int(path.removeprefix('/files/'))}"), FILE),
    wrap("a-file-is-deleted-instead-of-read", BUILD, "The method is DELETE.", with_request(method=lambda _: "DELETE"),
        FILE),
    wrap("a-file-is-read-for-nobody-else", BUILD, "`as-user` is not sent.",
        with_headers(lambda name, value: None if name == "as-user" else (name, value)), FILE),
    wrap("an-absent-file-is-a-success", READ, "404 returns None.",
        lambda original, raw: Response(raw, None) if raw.status == 404 else original(raw), FILE),
    wrap("a-file-that-is-read-is-an-error", READ, "200 is an error.",
        lambda original, raw: original(msgspec.structs.replace(raw, status=299) if raw.status == 200 else raw), FILE),
    wrap("the-digest-of-a-file-is-not-told", READ, "`sha1` of a file is lost.", _the_digest_of_a_file_is_not_told,
        FILE),
)
