"""Defects of the client: files in one request."""

from __future__ import annotations

from typing import Any

from tests.prove.client_defects.building import none_on, with_request, without_header
from tests.prove.operations import SMALL_FILE, SMALL_VERSION
from tests.prove.patches import change, wrap

_BUILD = "files.{}.build_request".format
_READ = "files.{}.read_response".format


def _reversed(form: Any) -> Any:
    return type(form)(*reversed(form._fields))


# fmt: off
DEFECTS = (
    wrap("A small file is uploaded with PUT", _BUILD(SMALL_FILE), with_request(method="PUT"), SMALL_FILE),
    wrap("The digest of a small file is not sent", _BUILD(SMALL_FILE), without_header("content-md5"), SMALL_FILE),
    change("A small file comes before its attributes", f"files.{SMALL_FILE}._MULTIPART", _reversed, SMALL_FILE),
    wrap("A small file is not returned", _READ(SMALL_FILE), none_on(201), SMALL_FILE),
    wrap("A small version is uploaded with PUT", _BUILD(SMALL_VERSION), with_request(method="PUT"), SMALL_VERSION),
    wrap("The etag that a file must have is not sent", _BUILD(SMALL_VERSION), without_header("if-match"),
        SMALL_VERSION),
    change("A small version comes before its attributes", f"files.{SMALL_VERSION}._MULTIPART", _reversed,
        SMALL_VERSION),
    wrap("A small version becomes another file", _BUILD(SMALL_VERSION), with_request(path="/files/content"),
        SMALL_VERSION),
)
