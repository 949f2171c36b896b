"""Defects of the mock: checks of uploads, and downloads."""

from __future__ import annotations

from tests.prove.mock_defects.outcomes import HANDLER, with_body, with_outcome
from tests.prove.operations import CHECK, DOWNLOAD, VERSION_CHECK
from tests.prove.patches import always, patch, with_result, wrap

_BOTH = (CHECK, VERSION_CHECK)
_BYTES = "ownloading"
_STORED = "mock.state.State.stored_version"


# fmt: off
DEFECTS = (
    wrap("The status of a check is 204", HANDLER(CHECK), with_outcome(status=204), CHECK),
    wrap("The status of a check of a version is 204", HANDLER(VERSION_CHECK), with_outcome(status=204), VERSION_CHECK),
    wrap("The URL of a check is relative", HANDLER(CHECK),
        with_body(lambda body: body.update(upload_url="/files/content")), CHECK),
    wrap("The URL of a check of a version is relative", HANDLER(VERSION_CHECK),
        with_body(lambda body: body.update(upload_url="/files/content")), VERSION_CHECK),
    patch("A check does not look at names and folders", "mock.session_store.SessionStore.check_target", always(None),
        *_BOTH),
    patch("The size of a check may be anything", "mock.rules._optional_size", always(0), *_BOTH),
    patch("The name of a checked file may be anything", "mock.rules.parse_name", always("a name"), CHECK),
    patch("The new name of a checked version may be anything", "mock.rules.parse_optional_name", always(None),
        VERSION_CHECK),
    wrap("A download answers 307", HANDLER(DOWNLOAD), with_outcome(status=307), DOWNLOAD),
    wrap("A download does not say where the bytes are", HANDLER(DOWNLOAD), with_outcome(headers={}), DOWNLOAD),
    wrap("A part of the bytes is returned with 200", HANDLER("download_content"), with_outcome(status=200), _BYTES),
    wrap("The range of the bytes is not named", HANDLER("download_content"), with_outcome(headers={}), _BYTES),
    wrap("A range ends one byte early", "mock.headers.ByteRange.within",
        with_result(lambda found, *_: (found[0], found[1] - 1)), _BYTES),
    patch("A range is not looked at", "mock.headers.parse_range", always(None), DOWNLOAD, _BYTES),
    patch("A range that the file does not have is empty", "mock.downloads._satisfied",
        lambda wanted, size: wanted.within(size), _BYTES),
    wrap("Any version of a file is the newest", _STORED,
        lambda original, state, file_id, version_id=None: original(state, file_id), DOWNLOAD, _BYTES),
    wrap("The signature of a download depends on the file alone", "mock.download_links.DownloadLinks._signature",
        lambda original, links, file_id, *_: original(links, file_id, "", "")),
    wrap("A download needs no signature", "mock.download_links.DownloadLinks.require_version",
        lambda original, links, file_id, query: query.get("version", "")),
    patch("The URL of a download lasts a day", "mock.download_links.DOWNLOAD_LIFETIME_S", 86_400),
    patch("The bytes need a token", "mock.app.WITHOUT_TOKEN", frozenset({"request_token", "revoke_token"}), DOWNLOAD,
        _BYTES),
)
