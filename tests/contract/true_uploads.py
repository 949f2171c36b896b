"""Hooks for `st run`: right requests of an upload become true ones, which a schema cannot say.

Bytes have the digest beside them, ranges lie within their file, a commit names the parts that were uploaded, a listing
begins with its first page, and who signs in is an application that exists. Wrong requests stay as they are, and so does
every answer. Whoever imports this hooks schemathesis, so no test does.
"""

from __future__ import annotations

import itertools
import json
from typing import TYPE_CHECKING, Any

import requests
import schemathesis
from schemathesis.generation import GenerationMode

from tests.contract.fragment import TOKEN
from tests.contract.parts import content_range, digest, sha1
from tests.contract.world import APP, DOWNLOADED_FILE

if TYPE_CHECKING:
    from schemathesis.core.transport import Response as Answer

    # Generated bodies are of any type, and set anew.
    Case = Any

SMALLEST = 20_000_000
VERSIONED_FILE = "12345"
TAKEN_NAME = "Report.docx"
_AUTH = {"authorization": f"Bearer {TOKEN}"}
# Text, since schemathesis takes bytes that a hook sets for a wrong body.
_LAST_BYTE = "."
_NEW = "new file "
_CONTENT = bytes(SMALLEST - 1) + _LAST_BYTE.encode()
_file_sizes: dict[str, int] = {}
_numbers = itertools.count(1)


@schemathesis.hook
def after_call(context: Any, case: Case, response: Answer) -> None:
    """Remember the size of a session's file, which only the request says."""
    if response.status_code == 201 and isinstance(case.body, dict) and "file_size" in case.body:
        _file_sizes[response.json()["id"]] = int(case.body["file_size"])


@schemathesis.hook
def before_call(context: Any, case: Case, kwargs: dict[str, Any]) -> None:
    """Give a right part its byte, and a right commit its parts."""
    if case.meta is None or case.meta.generation.mode is not GenerationMode.POSITIVE:
        return
    operation = case.operation.definition.raw["operationId"]
    if operation in {"create_upload_session", "create_version_upload_session"} and _is_stateful(case):
        _let_create(case)
    if operation in {"upload_small_file", "upload_small_version"}:
        _let_upload(case)
    if operation == "list_folder_items":
        # Which markers there are is not the case's to know.
        case.query.pop("marker", None)
    if operation == "download_file":
        _let_download(case)
    if operation in {"request_token", "revoke_token"} and isinstance(case.body, dict):
        case.body = {**case.body, "client_id": APP.client_id, "client_secret": APP.client_secret}
    file_size = _file_sizes.get(str(dict(case.path_parameters or {}).get("upload_session_id")))
    if file_size is None:
        return
    if operation == "upload_part":
        case.body = _LAST_BYTE
        case.headers.update(_part_headers(file_size - 1, _LAST_BYTE.encode(), file_size))
    elif operation == "commit_upload_session":
        _let_commit(case, file_size)


def _is_stateful(case: Case) -> bool:
    return case.meta is not None and case.meta.phase.name.value == "stateful"


def _let_create(case: Case) -> None:
    """Give every third file a name that is taken, and the others new ones: both have links that are to be followed.

    What becomes of a case has to follow from its scenario; Hypothesis gives up on a machine that behaves otherwise.
    """
    is_taken = int(case.body["file_size"]) % 3 == 0
    if "file_id" in (case.path_parameters or {}):
        case.body = {"file_size": case.body["file_size"], **({"file_name": TAKEN_NAME} if is_taken else {})}
    else:
        name = TAKEN_NAME if is_taken else f"{_NEW}{next(_numbers):08}"
        case.body = {**case.body, "folder_id": "0", "file_name": name}


def _let_upload(case: Case) -> None:
    """Give a form attributes that are JSON, and the digest of its file; every third name is taken."""
    number = next(_numbers)
    attributes = {"name": TAKEN_NAME if number % 3 == 0 else f"{_NEW}{number:08}", "parent": {"id": "0"}}
    content = "" if number % 4 == 0 else f"content {number}"
    case.body = {"attributes": json.dumps(attributes), "file": content}
    if "content-md5" in case.headers:
        case.headers["content-md5"] = sha1(content.encode())
    # Which etag the file has is not the case's to know.
    case.headers.pop("if-match", None)


def _let_download(case: Case) -> None:
    """Ask for a file that is there, its newest version, and a range that it has."""
    # Which versions a file has is not the case's to know.
    case.query.pop("version", None)
    # The mock discards what is uploaded, so that other files may have no bytes.
    case.path_parameters["file_id"] = DOWNLOADED_FILE
    if "range" in case.headers:
        # Of a header of this name, schemathesis makes what HTTP allows, whatever the fragment says.
        case.headers["range"] = "bytes=0-0"


def _let_commit(case: Case, file_size: int) -> None:
    """Upload the parts of the session; outside of links, which name theirs, of a session that is small enough."""
    base_url = str(case.operation.base_url)
    if not _is_stateful(case):
        url = f"{base_url}/files/{VERSIONED_FILE}/upload_sessions"
        made = requests.post(url, json={"file_size": SMALLEST}, headers=_AUTH, timeout=10)
        case.path_parameters["upload_session_id"] = made.json()["id"]
    elif file_size != SMALLEST:
        return
    parts = _uploaded(f"{base_url}/files/upload_sessions/{case.path_parameters['upload_session_id']}")
    if parts:
        case.body = {**case.body, "parts": parts}
        case.headers["digest"] = digest(_CONTENT)
        # Which etag the file has is not the case's to know.
        case.headers.pop("if-match", None)
        case.headers.pop("if-none-match", None)


def _uploaded(url: str) -> list[dict[str, Any]]:
    """Return the parts of a session, all of them uploaded; none if it has ended."""
    for start, part in ((0, _CONTENT[:-1]), (SMALLEST - 1, _CONTENT[-1:])):
        headers = {**_AUTH, "content-type": "application/octet-stream", **_part_headers(start, part, SMALLEST)}
        requests.put(url, data=part, headers=headers, timeout=10)
    entries = requests.get(f"{url}/parts", headers=_AUTH, timeout=10).json().get("entries", [])
    return [{name: part[name] for name in ("part_id", "offset", "size", "sha1")} for part in entries]


def _part_headers(start: int, part: bytes, file_size: int) -> dict[str, str]:
    return {"digest": digest(part), "content-range": content_range(start, part, file_size)}
