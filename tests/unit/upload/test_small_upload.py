"""A file in one request: when it may be aborted."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from box_uploads._runtime.body import PIECE
from box_uploads.upload import UploadCancelledError
from box_uploads.upload.retry import CancelToken
from box_uploads.upload.small_upload import upload_small
from box_uploads.upload.source import MemorySource

from tests.unit.upload.script import Script, context, lost


@pytest.mark.parametrize("is_complete", [False, True])
def test_a_cancelled_request_is_aborted_unless_all_bytes_are_sent(*, is_complete: bool) -> None:
    """Only the response to a complete one says whether it took effect; an incomplete one may never get any."""
    cancel, aborted = CancelToken(), list[str]()

    class Server(Script):
        def upload_small_file(self, *, file: Any, **_: Any) -> None:
            pieces = iter(file)
            next(pieces)
            if is_complete:
                assert len(list(pieces)) == 2
            cancel.cancel()
            raise lost()

    upload, _ = context(Server(), source=MemorySource(bytes(3 * PIECE)), cancel=cancel)
    upload.client = msgspec.structs.replace(upload.client, abort_connections=lambda: aborted.append("aborted"))
    with pytest.raises(UploadCancelledError):
        upload_small(upload)
    assert aborted == ([] if is_complete else ["aborted"])
