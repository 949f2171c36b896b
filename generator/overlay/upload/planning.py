"""Ask which parts of a new version the server holds already, so that only those that changed are sent."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from msgspec import UNSET

from .. import models
from .._runtime.errors import ClientError, RateLimitedError

if TYPE_CHECKING:
    from ..client import RawClient
    from .parts import Part

__all__ = ["FoundPart", "Planner"]

_RESPONSE_S = 10.0


class FoundPart(models.UploadPart, kw_only=True):
    """A part whose bytes the server has found in a file, so that it is not sent; a commit names it without a digest."""


class Planner:
    """Looks for the parts of a session at its `plan` URL, one part with each call, as Box's own SDK does.

    It only saves work: after a failure, the parts are sent.

    Args:
        session: The session.
    """

    def __init__(self, session: models.UploadSession) -> None:
        self._session = session
        self.is_on = session.session_endpoints.plan is not UNSET

    def find(self, calls: RawClient, part: Part, content: memoryview, sha1: str) -> FoundPart | None:
        """Return a part if the server has its bytes, else None.

        Args:
            calls: The client's calls, each sent once.
            part: The part.
            content: Its bytes.
            sha1: Their SHA-1 in hexadecimal digits.
        """
        if not self.is_on:
            return None
        wanted = models.PlannedPart(offset=part.offset, size=part.size, sha512=hashlib.sha512(content).hexdigest())
        calls = calls.with_transport(calls.transport.with_timeout_cap(lambda: _RESPONSE_S))
        try:
            hits = calls.plan_upload_parts(self._session, parts=[wanted]).parsed.hits
        except RateLimitedError:
            return None
        except ClientError:
            # A server that does not answer would cost each part the time of a call.
            self.is_on = False
            return None
        for hit in hits:
            if (hit.offset, hit.size) == (part.offset, part.size):
                return FoundPart(part_id=hit.part_id, offset=part.offset, size=part.size, sha1=sha1)
        return None
