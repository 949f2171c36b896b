"""Downloads: a redirect to a URL that needs no token, and the bytes there, whole or in part."""

import http.client
from collections.abc import Mapping
from datetime import datetime, timedelta
from urllib.parse import urlsplit

import pytest
from box_uploads_mock import Accepted, Failure, MockServer, State, Truncation
from box_uploads_mock.blobs import StoreKind
from box_uploads_mock.download_links import DOWNLOAD_LIFETIME_S

from tests.unit.mock.in_process import HOST, Response, headers, send
from tests.unit.mock.uploading import DATA, NOW, complete, small_state

FILE_ID = "12345"


def ask(state: State, file_id: str = FILE_ID, query: str = "", **changes: str | None) -> Response:
    """Ask for the bytes of a file."""
    return send(state, "GET", f"/api/2.0/files/{file_id}/content{query}", headers(b"", **changes))


def follow(state: State, redirect: Response, **changes: str) -> Response:
    """Ask for the bytes where a redirect leads, without a token."""
    assert redirect.status == 302
    url = urlsplit(redirect.headers["location"])
    return send(state, "GET", f"{url.path}?{url.query}", {"host": url.netloc, **changes})


@pytest.fixture
def stored() -> State:
    """A mock with a file of three parts."""
    state = small_state()
    complete(state, file_id=FILE_ID).stored()
    return state


@pytest.mark.parametrize("store", ["memory", "disk"])
@pytest.mark.parametrize("base", ["/api/2.0", "/2.0"])
def test_a_download_redirects_to_the_bytes(store: StoreKind, base: str) -> None:
    state = small_state(store=store)
    complete(state, file_id=FILE_ID).stored()
    redirect = send(state, "GET", f"{base}/files/{FILE_ID}/content", headers())
    assert (redirect.status, redirect.content) == (302, b"")
    assert redirect.headers["location"].startswith(f"http://{HOST}/download/{FILE_ID}?")
    response = follow(state, redirect)
    assert (response.status, response.content) == (200, DATA)
    sent: Mapping[str, str] = {name: response.headers[name] for name in ("content-type", "content-length")}
    assert sent == {"content-type": "application/octet-stream", "content-length": "10"}
    assert [exchange.operation for exchange in state.request_log][-2:] == ["download_file", "download_content"]
    state.close()


@pytest.mark.parametrize(("given", "start", "stop"), [
    ("0-0", 0, 1), ("0-9", 0, 10), ("0-10", 0, 10), ("3-4", 3, 5), ("4-7", 4, 8), ("2-8", 2, 9), ("9-9", 9, 10),
    ("0-", 0, 10), ("5-", 5, 10), ("-1", 9, 10), ("-7", 3, 10), ("-10", 0, 10), ("-11", 0, 10),
])  # fmt: skip
def test_a_range_is_answered_with_its_bytes(stored: State, given: str, start: int, stop: int) -> None:
    response = follow(stored, ask(stored, range=f"bytes={given}"), range=f"bytes={given}")
    assert (response.status, response.content) == (206, DATA[start:stop])
    assert response.headers["content-range"] == f"bytes {start}-{stop - 1}/10"
    assert response.headers["content-length"] == str(stop - start)


@pytest.mark.parametrize("given", ["10-", "10-11", "5-4", "-0"])
def test_a_range_that_the_file_does_not_have_gets_416(stored: State, given: str) -> None:
    response = follow(stored, ask(stored, range=f"bytes={given}"), range=f"bytes={given}")
    assert (response.status, response.code) == (416, "requested_range_not_satisfiable")
    assert response.headers["content-range"] == "bytes */10"


@pytest.mark.parametrize("given", ["bytes=-", "bytes=a-b", "0-1", "bytes=0-1,3-4", "bytes 0-1", "bytes=", "bytes=0"])
def test_a_range_that_is_none_gets_400_at_both_places(stored: State, given: str) -> None:
    for response in (ask(stored, range=given), follow(stored, ask(stored), range=given)):
        assert (response.status, response.code) == (400, "invalid_parameter")
        assert response.body["context_info"]["errors"][0]["name"] == "range"


def test_an_empty_file_has_no_bytes_and_no_range(stored: State) -> None:
    body = b'--B\r\nContent-Disposition: form-data; name="attributes"\r\n\r\n{}\r\n'
    body += b'--B\r\nContent-Disposition: form-data; name="file"\r\n\r\n\r\n--B--\r\n'
    sent = headers(body, content_type="multipart/form-data; boundary=B")
    assert send(stored, "POST", f"/api/2.0/files/{FILE_ID}/content", sent, [body]).status == 200
    assert follow(stored, ask(stored)).content == b""
    assert follow(stored, ask(stored), range="bytes=0-").status == 416


def test_a_download_is_of_the_newest_version_and_of_no_other(stored: State) -> None:
    first, earlier = stored.files[FILE_ID].version_id, ask(stored)
    assert follow(stored, ask(stored, query=f"?version={first}")).content == DATA
    complete(stored, b"other", file_id=FILE_ID).stored()
    second = stored.files[FILE_ID].version_id
    assert follow(stored, ask(stored, query=f"?version={second}")).content == b"other"
    for response in (ask(stored, query=f"?version={first}"), follow(stored, earlier)):
        assert (response.status, response.body["context_info"]["errors"][0]["name"]) == (404, "version")
    assert ask(stored, query="?version=x").code == "invalid_parameter"


@pytest.mark.parametrize("change", [
    ("/download/12345", "/download/12346"), ("version=", "version=1"), ("expires=", "expires=1"),
    ("signature=", "signature=0"), ("&signature=", "&other="), ("&expires=", "&expires=%C3%BC"),
])  # fmt: skip
def test_a_url_that_was_not_signed_leads_nowhere(stored: State, change: tuple[str, str]) -> None:
    redirect = ask(stored)
    changed = Response(302, {"location": redirect.headers["location"].replace(*change)}, b"")
    assert (follow(stored, changed).status, follow(stored, redirect).status) == (404, 200)
    # Not even with a token.
    assert follow(stored, changed, authorization=f"Bearer {stored.token}").status == 404


def test_a_url_expires_by_the_clock_and_with_a_reset() -> None:
    now: list[datetime] = [NOW]
    state = small_state(clock=lambda: now[0])
    complete(state, file_id=FILE_ID).stored()
    redirect = ask(state)
    now[0] += timedelta(seconds=DOWNLOAD_LIFETIME_S - 1)
    assert follow(state, redirect).content == DATA
    now[0] += timedelta(seconds=1)
    response = follow(state, redirect)
    assert (response.status, "has expired" in response.body["message"]) == (404, True)
    redirect = ask(state)
    state.reset()
    complete(state, file_id=FILE_ID).stored()
    assert follow(state, redirect).status == 404


@pytest.mark.parametrize("store", ["memory", "discard"])
def test_a_file_whose_bytes_are_not_stored_gets_404_with_the_reason(store: StoreKind) -> None:
    state = small_state(store=store)
    if store == "discard":
        complete(state, file_id=FILE_ID).stored()
    response = ask(state)
    assert (response.status, response.code) == (404, "not_found")
    assert response.body["message"].startswith(f"The bytes of file {FILE_ID} are not stored: ")
    state.close()


@pytest.mark.parametrize(("file_id", "code"), [("404", "not_found"), ("12348", "trashed"), ("x", "invalid_parameter")])
def test_a_file_that_is_not_there_has_no_bytes(stored: State, file_id: str, code: str) -> None:
    assert ask(stored, file_id).code == code


def test_only_the_redirect_needs_a_token_and_counts_for_the_rate_limit(stored: State) -> None:
    assert ask(stored, authorization=None).status == 401
    redirect = ask(stored)
    stored.rate_limit(retry_after_s=7)
    assert follow(stored, redirect).status == 200
    assert ask(stored).headers["retry-after"] == "7"


def test_a_download_may_not_be_ready(stored: State) -> None:
    stored.faults.add(Accepted(operation="download_file", retry_after_s=3))
    response = ask(stored)
    assert (response.status, response.content, response.headers["retry-after"]) == (202, b"", "3")
    assert follow(stored, ask(stored)).content == DATA


@pytest.mark.parametrize("operation", ["download_file", "download_content"])
def test_both_requests_of_a_download_may_fail(stored: State, operation: str) -> None:
    stored.faults.add(Failure(operation=operation, status=416))
    response = ask(stored)
    response = response if operation == "download_file" else follow(stored, response)
    assert (response.status, response.code) == (416, "requested_range_not_satisfiable")


@pytest.mark.parametrize("sent_bytes", [0, 5, 99])
def test_the_bytes_may_end_early(sent_bytes: int) -> None:
    with MockServer(state=small_state()) as server:
        complete(server.state, file_id=FILE_ID).stored()
        server.state.faults.add(Truncation(operation="download_content", sent_bytes=sent_bytes))
        connection = http.client.HTTPConnection("127.0.0.1", urlsplit(server.origin).port)
        connection.request("GET", f"/2.0/files/{FILE_ID}/content", headers={"Authorization": f"Bearer {server.token}"})
        redirect = connection.getresponse()
        assert redirect.read() == b""
        url = urlsplit(redirect.headers["Location"])
        connection.request("GET", f"{url.path}?{url.query}")
        with pytest.raises(http.client.IncompleteRead) as caught:
            connection.getresponse().read()
        connection.close()
    assert caught.value.partial == DATA[:sent_bytes]
