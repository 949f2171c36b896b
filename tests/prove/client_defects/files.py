"""Defects of the client: reading a file."""

from __future__ import annotations

from typing import Any

import msgspec
from box_uploads.types import Response
from msgspec.structs import replace

from tests.prove.client_defects.building import none_on, read_as, with_request, without_header
from tests.prove.operations import FILE
from tests.prove.patches import change, with_result, wrap

BUILD = "files.get_file.build_request"
READ = "files.get_file.read_response"


def _keep_first_server(original: Any) -> Any:
    first: list[str] = []

    def server_of(wire: Any, server: str) -> Any:
        first.append(server)
        return original(wire, first[0])

    return server_of


# fmt: off
DEFECTS = (
    wrap("A file is read at the upload server", BUILD, with_request(server="https://upload.box.com/api/2.0"), FILE,
        "test_requests_go_to"),
    change("All calls go to the server of the first call", "runtime.request_builder.RequestBuilder._server",
        _keep_first_server, FILE, "test_requests_go_to"),
    wrap("A file is read in the trash", BUILD, with_request(path=lambda path: f"{path}/trash"), FILE),
    wrap("Leading zeros of the id of a file to read are dropped", BUILD,
        with_request(path=lambda path: f"/files/{int(path.removeprefix('/files/'))}"), FILE),
    wrap("A file is read with DELETE", BUILD, with_request(method="DELETE"), FILE),
    wrap("`as-user` is not sent", BUILD, without_header("as-user"), FILE),
    wrap("404 for a file returns None", READ, none_on(404), FILE),
    wrap("200 for a file is an error", READ, read_as(299, only=range(200, 201)), FILE),
    wrap("`sha1` of a file is lost", READ,
        with_result(lambda response, raw: Response(raw, replace(response.parsed, sha1=msgspec.UNSET))), FILE),
)
