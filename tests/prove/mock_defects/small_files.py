"""Defects of the mock: files in one request."""

from __future__ import annotations

from typing import Any

from tests.prove.mock_defects.outcomes import HANDLER, with_body, with_outcome
from tests.prove.operations import SMALL_FILE, SMALL_VERSION
from tests.prove.patches import always, patch, wrap

_BOTH = (SMALL_FILE, SMALL_VERSION)


def _take_any_part(form: Any) -> None:
    form._parts.append(form._name)


# fmt: off
DEFECTS = (
    wrap("The status of a small file is 200", HANDLER(SMALL_FILE), with_outcome(status=200), SMALL_FILE),
    wrap("The status of a small version is 201", HANDLER(SMALL_VERSION), with_outcome(status=201), SMALL_VERSION),
    wrap("A small file is not in a list", HANDLER(SMALL_FILE),
        with_body(lambda body: body.update(entries=body["entries"][0])), SMALL_FILE),
    wrap("A small version is not in a list", HANDLER(SMALL_VERSION),
        with_body(lambda body: body.update(entries=body["entries"][0])), SMALL_VERSION),
    patch("`content-md5` is not looked at", "mock.headers.parse_content_md5", always(None), *_BOTH),
    patch("The attributes may come behind the file", "mock.form_reader.FormReader._start_content", _take_any_part,
        *_BOTH),
    patch("The etag of a small version is not checked", "mock.state.require_etag", always(None), SMALL_VERSION),
    patch("A body needs no length", "mock.request_checks.body_length", always(None), *_BOTH),
    patch("The times of a small file are forgotten", "mock.small_upload_rules.date_time", always(None), *_BOTH),
)
