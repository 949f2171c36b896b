"""What the failure of a call means for what comes next."""

from __future__ import annotations

import pytest
from box_uploads import errors
from box_uploads.upload.outcomes import (
    Outcome,
    classify_error,
    is_late_mismatch,
    is_name_taken,
    is_retryable,
    is_session_gone,
)

from tests.unit.upload.script import api_error, lost

COMMIT = "commit_upload_session"


@pytest.mark.parametrize(
    ("failure", "outcome"),
    [
        *((lost(kind), Outcome.NOT_APPLIED) for kind in ("ConnectError", "ConnectTimeout", "PoolTimeout")),
        *(
            (lost(kind), Outcome.AMBIGUOUS)
            for kind in ("ReadError", "WriteError", "ReadTimeout", "RemoteProtocolError")
        ),
        (errors.TransportError("no proxy", kind="ProxyError", sent=False), Outcome.FATAL),
        (errors.TransportError("a new kind", kind="StreamError"), Outcome.AMBIGUOUS),
        *((api_error(status), Outcome.AMBIGUOUS) for status in (408, 500, 502, 503, 504, 599)),
        (errors.DecodeError("no JSON", status=201), Outcome.UNREADABLE),
        (errors.ResponseTooLargeError("too large", kind="ResponseTooLarge"), Outcome.UNREADABLE),
        *((api_error(status, operation=COMMIT), Outcome.UNREADABLE) for status in (200, 206, 299)),
        (api_error(300), Outcome.FATAL),
        (api_error(429), Outcome.NOT_APPLIED),
        (api_error(409, "operation_blocked_temporary", COMMIT), Outcome.NOT_APPLIED),
        (api_error(409, "name_temporarily_reserved", COMMIT), Outcome.NOT_APPLIED),
        *((api_error(409, code, COMMIT), Outcome.FATAL) for code in ("item_name_in_use", "")),
        (api_error(409, "conflict"), Outcome.OVERLAP),
        (api_error(416, "range_overlaps_existing_part"), Outcome.OVERLAP),
        (api_error(404), Outcome.SESSION_GONE),
        (api_error(410), Outcome.SESSION_GONE),
        (api_error(412), Outcome.CORRUPT),
        (api_error(412, operation=COMMIT), Outcome.FATAL),
        (api_error(400, "bad_digest"), Outcome.CORRUPT),
        (api_error(400, "digest_mismatch", COMMIT), Outcome.CORRUPT),
        (api_error(400, "parts_mismatch", COMMIT), Outcome.FATAL),
        *((api_error(status), Outcome.FATAL) for status in (400, 401, 403, 405, 413, 415, 418)),
        (errors.SignInUnavailableError("no token"), Outcome.NOT_APPLIED),
        (errors.SignInRefusedError(400, "invalid_grant", "no token"), Outcome.FATAL),
        (errors.UntrustedUrlError("https://evil.example", "is not Box"), Outcome.FATAL),
    ],
    ids=str,
)
def test_a_failure_has_one_meaning(failure: errors.BoxUploadsError, outcome: Outcome) -> None:
    assert classify_error(failure) is outcome
    assert is_retryable(failure) is (outcome in {Outcome.NOT_APPLIED, Outcome.AMBIGUOUS})


def test_only_404_and_410_mean_that_a_session_is_gone() -> None:
    assert [is_session_gone(api_error(status)) for status in (404, 410, 403, 500)] == [True, True, False, False]


def test_a_late_mismatch_is_not_a_wrong_argument() -> None:
    found = [is_late_mismatch(api_error(400, code, COMMIT)) for code in ("parts_mismatch", "invalid_parameter")]
    assert found == [True, False]


def test_a_taken_name_is_not_another_conflict() -> None:
    found = [is_name_taken(api_error(409, code)) for code in ("item_name_in_use", "session_conflict")]
    assert found == [True, False]
