"""Defects of the client: how a file is read."""

from __future__ import annotations

from typing import Any

import msgspec
from box_uploads.types import Response

from tests.prove.client_defects.building import with_headers, with_request
from tests.prove.planting import Catalogue

__all__ = ["DEFECTS"]

DEFECTS = Catalogue()
FILE = "get_file"
BUILD = "box_uploads.api.files.get_file.build_request"
READ = "box_uploads.api.files.get_file.read_response"


@DEFECTS.defect(BUILD, FILE, "test_requests_go_to")
def a_file_is_read_where_sessions_are(original: Any) -> Any:
    """The request goes to the server of uploads."""
    return with_request(original, server=lambda _: "https://upload.box.com/api/2.0")


@DEFECTS.defect("box_uploads._runtime.wire.Wire._server", FILE, "test_requests_go_to")
def all_calls_have_one_server(original: Any) -> Any:
    """The server of the first call is that of all others."""
    first: list[str] = []

    def spoiled(wire: Any, server: str) -> Any:
        first.append(server)
        return original(wire, first[0])

    return spoiled


@DEFECTS.defect(BUILD, FILE)
def a_file_is_looked_for_in_the_trash(original: Any) -> Any:
    """The path of the request ends in `/trash`."""
    return with_request(original, path=lambda path: f"{path}/trash")


@DEFECTS.defect(BUILD, FILE)
def a_file_is_read_by_a_number(original: Any) -> Any:
    """Leading zeros of the file's id are dropped."""
    return with_request(original, path=lambda path: f"/files/{int(path.removeprefix('/files/'))}")


@DEFECTS.defect(BUILD, FILE)
def a_file_is_deleted_instead_of_read(original: Any) -> Any:
    """The method is DELETE."""
    return with_request(original, method=lambda _: "DELETE")


@DEFECTS.defect(BUILD, FILE)
def a_file_is_read_for_nobody_else(original: Any) -> Any:
    """`as-user` is not sent."""
    return with_headers(original, lambda name, value: None if name == "as-user" else (name, value))


@DEFECTS.defect(READ, FILE)
def an_absent_file_is_a_success(original: Any) -> Any:
    """404 is read as nothing."""
    return lambda raw: Response(raw, None) if raw.status == 404 else original(raw)


@DEFECTS.defect(READ, FILE)
def a_file_that_is_read_is_an_error(original: Any) -> Any:
    """200 is no success."""
    return lambda raw: original(msgspec.structs.replace(raw, status=299) if raw.status == 200 else raw)


@DEFECTS.defect(READ, FILE)
def the_digest_of_a_file_is_not_told(original: Any) -> Any:
    """`sha1` of a file is lost."""

    def spoiled(raw: Any) -> Any:
        response = original(raw)
        return Response(raw, msgspec.structs.replace(response.parsed, sha1=msgspec.UNSET))

    return spoiled
