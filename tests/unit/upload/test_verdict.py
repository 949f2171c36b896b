"""What the failure of a call means for what comes next."""

from __future__ import annotations

import pytest
from box_uploads import errors
from box_uploads.upload.verdict import is_gone, is_late_mismatch, is_name_taken, verdict_of

from tests.unit.upload.script import api_error, lost

COMMIT = "commit_upload_session"


@pytest.mark.parametrize(
    ("failure", "verdict"),
    [
        *((lost(kind), "refused") for kind in ("ConnectError", "ConnectTimeout", "PoolTimeout")),
        *((lost(kind), "unknown") for kind in ("ReadError", "WriteError", "ReadTimeout", "RemoteProtocolError")),
        *((lost(kind), "final") for kind in ("UnsupportedProtocol", "LocalProtocolError", "ProxyError")),
        *((api_error(status), "unknown") for status in (408, 500, 502, 503, 504, 599)),
        (errors.DecodeError("no JSON", status=201), "unreadable"),
        (errors.ResponseTooLargeError("too large", kind="ResponseTooLarge"), "unreadable"),
        *((api_error(status, operation=COMMIT), "unreadable") for status in (200, 206, 299)),
        (api_error(300), "final"),
        (api_error(429), "refused"),
        (api_error(409, "operation_blocked_temporary", COMMIT), "refused"),
        (api_error(409, "name_temporarily_reserved", COMMIT), "refused"),
        (api_error(409, "item_name_in_use", COMMIT), "final"),
        (api_error(409, "conflict"), "overlap"),
        (api_error(416, "range_overlaps_existing_part"), "overlap"),
        (api_error(404), "gone"),
        (api_error(410), "gone"),
        (api_error(412), "corrupt"),
        (api_error(412, operation=COMMIT), "final"),
        (api_error(400, "bad_digest"), "corrupt"),
        (api_error(400, "digest_mismatch", COMMIT), "corrupt"),
        (api_error(400, "parts_mismatch", COMMIT), "final"),
        *((api_error(status), "final") for status in (400, 401, 403, 405, 413, 415, 418)),
        (errors.UntrustedUrlError("https://evil.example", "is not Box"), "final"),
    ],
    ids=str,
)
def test_a_failure_has_one_meaning(failure: errors.BoxUploadsError, verdict: str) -> None:
    assert verdict_of(failure) == verdict


def test_a_session_that_is_gone_is_told_from_one_that_is_not() -> None:
    assert [is_gone(api_error(status)) for status in (404, 410, 403, 500)] == [True, True, False, False]


def test_a_late_mismatch_is_told_from_a_wrong_argument() -> None:
    found = [is_late_mismatch(api_error(400, code, COMMIT)) for code in ("parts_mismatch", "invalid_parameter")]
    assert found == [True, False]


def test_a_taken_name_is_told_from_other_conflicts() -> None:
    found = [is_name_taken(api_error(409, code)) for code in ("item_name_in_use", "session_conflict")]
    assert found == [True, False]
