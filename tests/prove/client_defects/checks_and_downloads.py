"""Defects of the client: checks of uploads, and downloads."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from tests.prove.client_defects.building import none_on, with_request, without_header, without_property
from tests.prove.operations import CHECK, DOWNLOAD, SMALL_FILE, SMALL_VERSION, VERSION_CHECK
from tests.prove.patches import always, patch, wrap

_BUILD = "files.{}.build_request".format
_READ = "files.{}.read_response".format
_REDIRECTED = "runtime.redirects.redirected_request"
_LEADS = "leads_to"


def _with_token(original: Any, request: Any, *rest: Any) -> Any:
    found = original(request, *rest)
    return replace(found, authenticated=True) if hasattr(found, "authenticated") else found


def _with_fields(original: Any, request: Any, *rest: Any) -> Any:
    found = original(request, *rest)
    return replace(found, headers=request.headers) if hasattr(found, "authenticated") else found


# fmt: off
DEFECTS = (
    wrap("A check is sent with POST", _BUILD(CHECK), with_request(method="POST"), CHECK),
    wrap("A check goes to the upload host", _BUILD(CHECK), with_request(server="https://upload.box.com/api/2.0"),
        CHECK, "server"),
    wrap("The size of a check is not sent", _BUILD(CHECK), without_property("size"), CHECK),
    wrap("The URL of a check is not returned", _READ(CHECK), none_on(200), CHECK),
    wrap("The URL of a check is not followed", _BUILD(SMALL_FILE), with_request(url=""), _LEADS),
    wrap("The URL of a check of a version is not followed", _BUILD(SMALL_VERSION),
        with_request(url=""), _LEADS),
    wrap("A check of a version is sent with POST", _BUILD(VERSION_CHECK), with_request(method="POST"), VERSION_CHECK),
    wrap("A check of a version is one of a new file", _BUILD(VERSION_CHECK), with_request(path="/files/content"),
        VERSION_CHECK),
    wrap("The new name of a checked version is not sent", _BUILD(VERSION_CHECK), without_property("name"),
        VERSION_CHECK),
    wrap("A download goes to the upload host", _BUILD(DOWNLOAD),
        with_request(server="https://upload.box.com/api/2.0"), DOWNLOAD, "server"),
    wrap("The range of a download is not sent", _BUILD(DOWNLOAD), without_header("range"), DOWNLOAD, _LEADS),
    wrap("The version of a download is not sent", _BUILD(DOWNLOAD), with_request(query=()), DOWNLOAD),
    wrap("A redirect of a download is not followed", _BUILD(DOWNLOAD), with_request(follows_redirect=False), DOWNLOAD,
        _LEADS),
    wrap("A part of a file is not returned", _READ(DOWNLOAD), none_on(206), DOWNLOAD, _LEADS),
    wrap("A file that is not ready is empty", _READ(DOWNLOAD),
        lambda original, raw: original(replace(raw, status=200) if raw.status == 202 else raw), DOWNLOAD, _LEADS),
    wrap("The token goes to the host with the bytes", _REDIRECTED, _with_token, "download"),
    wrap("All header fields go to the host with the bytes", _REDIRECTED, _with_fields, "download"),
    patch("A redirect may lead to plain http", "runtime.url_policy.UrlPolicy.refusal", always(""), DOWNLOAD),
    patch("A stream of a file that is not ready is empty", f"files.{DOWNLOAD}.check_status", always(None), "ready"),
)
