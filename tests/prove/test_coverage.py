"""The coverage of the contract: what an exchange exercises, which gaps are reported, and the page."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections import Counter
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.contract.fragment import TOKEN, operations
from tests.prove.coverage.cells import SIDES, Cell, cells
from tests.prove.coverage.hits import (
    Exchange,
    hits_of_refusal,
    hits_of_request,
    hits_of_response,
    is_followed,
    links_from,
    operation_of,
)
from tests.prove.coverage.recorder import Watch
from tests.prove.coverage.report import Coverage, listed_gaps, page, summary

BODY = {"folder_id": "0", "file_name": "a.mov", "file_size": 20_000_000}
OWNER = "CreateUploadSessionRequest"
BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), "")


def exchange(method: str = "POST", path: str = "/files/upload_sessions", status: int = 201, **parts: Any) -> Exchange:
    body, response = parts.get("body"), parts.get("response")
    return Exchange(
        method=method,
        url=f"http://127.0.0.1/api/2.0{path}",
        headers={"authorization": f"Bearer {TOKEN}", **parts.get("headers", {})},
        body=b"" if body is None else json.dumps(body).encode(),
        status=status,
        response_headers={"content-type": "application/json", **parts.get("response_headers", {})},
        response_body=b"" if response is None else json.dumps(response).encode(),
    )


def asked(side: Any = "mock", **parts: Any) -> set[tuple[str, str]]:
    """Return what a request exercises of its body."""
    found = hits_of_request("create_upload_session", {}, exchange(**parts), side)
    return {(cell.name, cell.aspect) for cell in found if cell.owner == OWNER}


def test_a_valid_body_exercises_its_values_and_limits() -> None:
    assert asked(body=BODY) == {
        *((name, "valid") for name in BODY),
        ("file_size", "at minimum"),
    }
    assert ("file_size", "at minimum") not in asked(body={**BODY, "file_size": 20_000_001})
    assert ("file_name", "at maxLength") in asked(body={**BODY, "file_name": "a" * 255})


@pytest.mark.parametrize(
    ("body", "seen"),
    [
        ({**BODY, "file_size": 19_999_999}, {("file_size", "invalid")}),
        ({**BODY, "more": 1}, {("any other", "unknown")}),
        ({"folder_id": "0", "file_name": "a.mov"}, {("file_size", "missing")}),
        ({**BODY, "file_size": 1, "folder_id": "x"}, set()),
    ],
)
def test_an_invalid_value_counts_if_it_is_the_only_one(body: Any, seen: set[tuple[str, str]]) -> None:
    assert asked(body=body, status=400) == seen


@pytest.mark.parametrize("status", [401, 404, 429, 500])
def test_an_unrelated_error_exercises_nothing_of_the_mock(status: int) -> None:
    assert asked(body=BODY, status=status) == set()
    assert asked("client", body=BODY, status=status) != set()


def test_a_refusal_exercises_the_argument_that_it_names() -> None:
    (found,) = hits_of_refusal("commit_upload_session", "parts[3].size")
    assert found == Cell("CommitPart", "request property", "size", "invalid")
    (found,) = hits_of_refusal("upload_part", "content_range")
    assert found == Cell("upload_part", "parameter", "header content-range", "invalid")


def test_a_response_exercises_its_status_its_headers_and_its_alternatives() -> None:
    conflict = {"conflicts": [{"type": "file", "id": "12345", "etag": None}]}
    error = {"type": "error", "status": 409, "code": "x", "message": "m", "request_id": "r", "context_info": conflict}
    found = set(hits_of_response("create_upload_session", exchange(status=409, response=error)))
    assert Cell("create_upload_session", "status", "409 application/json", "seen") in found
    assert Cell("ConflictContext", "response property", "conflicts", "as array") in found
    assert Cell("FileConflict", "response property", "etag", "as null") in found
    assert Cell("FileConflict", "response property", "type", "as string") in found
    waits = exchange(status=429, response={**error, "status": 429}, response_headers={"retry-after": "3"})
    assert Cell("create_upload_session", "header", "429 Retry-After", "seen") in set(
        hits_of_response("create_upload_session", waits)
    )


def test_a_link_is_followed_by_the_call_that_it_names() -> None:
    conflict = {"type": "error", "context_info": {"conflicts": {"type": "file", "id": "777"}}}
    (link,) = links_from("create_upload_session", {}, exchange(status=409, response=conflict, body=BODY))
    cell, operation, key = link
    assert (cell.aspect, operation) == ("followed", "create_version_upload_session")
    call = exchange(path="/files/777/upload_sessions", body={"file_size": 20_000_000})
    name, in_path = operation_of(call) or ("", {})
    assert (name, in_path) == (operation, {"file_id": "777"})
    assert is_followed(key, in_path, call)
    assert not is_followed(key, {"file_id": "778"}, call)


def test_the_answer_at_the_place_of_a_redirect_is_one_of_the_call() -> None:
    watch = Watch("client")
    place = "http://127.0.0.1/download/1?signature=a"
    bytes_there = {"content-type": "application/octet-stream", "content-range": "bytes 0-0/1"}
    there = msgspec.structs.replace(exchange("GET", status=206, response_headers=bytes_there), url=place)
    watch.see(there)
    assert not watch.hits
    watch.see(exchange("GET", "/files/1/content", 302, response_headers={"location": place, "content-type": ""}))
    watch.see(there)
    seen = {cell.name for cell in watch.hits if cell.kind in {"status", "header"}}
    assert seen == {"302 without body", "302 Location", "206 application/octet-stream", "206 Content-Range"}


MISSING = Cell("list_parts", "status", "410 application/json", "seen")


def complete() -> dict[Any, Any]:
    return {side: Counter(cells()) for side in SIDES}


def incomplete() -> dict[Any, Any]:
    hits = complete()
    del hits["mock"][MISSING]
    return hits


def test_a_gap_is_reported_by_name() -> None:
    hits = incomplete()
    assert Coverage(hits, {}).problems == [f"mock: not exercised: {MISSING}"]
    assert Coverage(hits, {"mock": {str(MISSING): "why"}}).problems == []
    assert not Coverage(complete(), {}).problems


def test_a_listed_gap_that_is_none_is_reported() -> None:
    known = str(MISSING)
    stale, unknown = Coverage(complete(), {"mock": {known: "why", "nothing": "why"}}).problems
    assert "is exercised" in stale
    assert "is nothing that the fragment says" in unknown


def test_the_listed_gaps_are_cells_with_reasons() -> None:
    known = {str(cell) for cell in cells()}
    for listed in listed_gaps().values():
        assert set(listed) <= known
        assert all(len(reason) > 20 for reason in listed.values())


def test_the_summary_counts_each_kind() -> None:
    lines = list(summary(Coverage(complete(), {})))
    assert lines[0].split() == list(SIDES)
    assert any(line.startswith("response property") for line in lines)


def test_the_page_names_every_operation_and_escapes_reasons() -> None:
    hits = incomplete()
    text = page(Coverage(hits, {"mock": {str(MISSING): "<script>"}}))
    assert "<script>" not in text
    assert all(f"<code>{name}</code>" in text for name in operations())


def test_a_gap_is_marked_unless_it_is_listed() -> None:
    hits = incomplete()
    assert '<span class="gap">' in page(Coverage(hits, {}))
    listed = page(Coverage(hits, {"mock": {str(MISSING): "a reason"}}))
    assert 'class="gap"' not in listed
    assert '<span class="listed">' in listed


@pytest.mark.skipif(not BROWSER, reason="no Chromium is installed")
def test_a_browser_opens_the_page_without_errors(tmp_path: Path) -> None:
    path = tmp_path / "coverage.html"
    path.write_text(page(Coverage(complete(), {})), encoding="utf-8")
    command = [BROWSER, "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path / 'profile'}"]
    command += ["--enable-logging=stderr", "--dump-dom", path.as_uri()]
    ended = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
    assert "<h1>Coverage of the contract</h1>" in ended.stdout
    assert all(f"<code>{name}</code>" in ended.stdout for name in operations())
    assert "CONSOLE" not in ended.stderr
