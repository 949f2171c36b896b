"""A small upload, step by step: ten bytes in parts of four bytes."""

import base64
import hashlib
import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

from box_uploads_mock import State, World, constant_part_size

from tests.unit.mock.in_process import SESSIONS, Response, get_file, headers, new_file, post, preflight, send, versions

NOW = datetime(2026, 11, 22, 12, 0, 0, tzinfo=UTC)
PART_SIZE = 4
DATA = b"0123456789"
NO_DIGEST = "The digest is not sha= and the base64 of a SHA-1."
SHA1 = hashlib.sha1(DATA, usedforsecurity=False).hexdigest()


def small_state(world: World | None = None, **settings: Any) -> State:
    """Return a state whose sessions take a few bytes."""
    given = {"min_file_size": 1, "part_size_for": constant_part_size(PART_SIZE), "clock": lambda: NOW, **settings}
    return State(world, **given)


def complete(state: State, data: bytes = DATA, *, file_id: str | None = None, **changes: object) -> "Upload":
    """Return a session whose parts are all uploaded."""
    upload = Upload(state, data, file_id=file_id, **changes)
    upload.put_all()
    return upload


def digest(data: bytes) -> str:
    return "sha=" + base64.b64encode(hashlib.sha1(data, usedforsecurity=False).digest()).decode()


class Upload:
    """A session of a state, and requests to it."""

    def __init__(self, state: State, data: bytes = DATA, *, file_id: str | None = None, **changes: object) -> None:
        self.state = state
        self.data = data
        if file_id is None:
            response = post(state, SESSIONS, new_file(file_size=len(data), **changes))
        else:
            response = post(state, versions(file_id), {"file_size": len(data), **changes})
        assert response.status == 201, response.content
        self.session: dict[str, Any] = response.body
        self.id: str = response.body["id"]
        self.path = f"{SESSIONS}/{self.id}"
        self.parts: list[dict[str, Any]] = []

    @property
    def count(self) -> int:
        return -(-len(self.data) // PART_SIZE)

    def range(self, index: int) -> str:
        start = index * PART_SIZE
        return f"bytes {start}-{min(start + PART_SIZE, len(self.data)) - 1}/{len(self.data)}"

    def put(
        self, index: int, body: bytes | None = None, *, chunks: Sequence[bytes] | None = None, **changes: str | None
    ) -> Response:
        """Upload a part, by default a valid part; underscores in changed headers stand for hyphens."""
        start = index * PART_SIZE
        content = self.data[start : start + PART_SIZE] if body is None else body
        good: dict[str, Any] = {"content_type": "application/octet-stream", "digest": digest(content)}
        sent = headers(content, **{**good, "content_range": self.range(index), **changes})
        response = send(self.state, "PUT", self.path, sent, [content] if chunks is None else chunks)
        if response.status == 200:
            self.parts.append(response.body.get("part", response.body))
        return response

    def put_all(self) -> None:
        self.put_all_from(0)

    def put_all_from(self, first: int) -> None:
        for index in range(first, self.count):
            assert self.put(index).status == 200

    def stored(self) -> Any:
        """Commit, and return the file."""
        response = self.commit()
        assert response.status == 201, response.content
        (file,) = response.body["entries"]
        return file

    def commit(self, parts: object = None, body: object = None, **changes: str | None) -> Response:
        """Commit, by default with all uploaded parts and the right digest."""
        content = {"parts": self.parts if parts is None else parts} if body is None else body
        return post(self.state, f"{self.path}/commit", content, **{"digest": digest(self.data), **changes})

    def get(self, tail: str = "") -> Response:
        return send(self.state, "GET", self.path + tail, headers())

    def abort(self) -> Response:
        return send(self.state, "DELETE", self.path, headers())

    def wanted(self, index: int, **changes: object) -> dict[str, object]:
        """Return a part as a plan asks for it."""
        start = index * PART_SIZE
        content = self.data[start : start + PART_SIZE]
        asked = {"offset": start, "size": len(content), "sha512": hashlib.sha512(content).hexdigest()}
        return {**asked, **changes}

    def plan(self, parts: object = None, body: object = None, **changes: str | None) -> Response:
        """Ask which parts need not be uploaded, by default for all."""
        asked = [self.wanted(index) for index in range(self.count)] if parts is None else parts
        return post(self.state, f"{self.path}/plan", {"parts": asked} if body is None else body, **changes)

    def log(self, body: object) -> Response:
        return post(self.state, f"{self.path}/log", json.loads(json.dumps(body)))


NO_PART = {"part_id": "0" * 8, "offset": 0, "size": 1, "sha1": "0" * 40}
SESSION_CALLS: dict[str, Callable[[Upload], Response]] = {
    "get_upload_session": Upload.get,
    "upload_part": lambda upload: upload.put(0),
    "list_parts": lambda upload: upload.get("/parts"),
    "commit_upload_session": lambda upload: upload.commit(upload.parts or [NO_PART]),
    "abort_upload_session": Upload.abort,
    "log_upload_event": lambda upload: upload.log({"event_type": "x"}),
    "plan_upload_parts": Upload.plan,
}
CALLS: dict[str, Callable[[Upload], Response]] = {
    "create_upload_session": lambda upload: post(upload.state, SESSIONS, new_file(file_name="other")),
    "create_version_upload_session": lambda upload: post(upload.state, versions("12345"), {"file_size": 9}),
    "get_file": lambda upload: get_file(upload.state, "12345"),
    "create_folder": lambda upload: post(upload.state, "/api/2.0/folders", {"name": "a", "parent": {"id": "0"}}),
    "get_folder": lambda upload: send(upload.state, "GET", "/api/2.0/folders/100", headers()),
    "list_folder_items": lambda upload: send(
        upload.state, "GET", "/api/2.0/folders/100/items?usemarker=true", headers()
    ),
    "check_upload": lambda upload: preflight(upload.state, "/files/content", {"name": "b", "parent": {"id": "0"}}),
    "check_version_upload": lambda upload: preflight(upload.state, "/files/12345/content", {"size": 9}),
    "download_file": lambda upload: send(upload.state, "GET", "/api/2.0/files/12345/content", headers()),
    "download_content": lambda upload: send(upload.state, "GET", "/download/12345", headers()),
    **SESSION_CALLS,
}
