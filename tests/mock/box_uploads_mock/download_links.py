"""The URLs of downloads: signed, so that nobody can guess one, and valid for a while by the mock's clock."""

import hashlib
import hmac
import re
import secrets
from collections.abc import Callable, Mapping
from datetime import datetime

from box_uploads_mock.errors import ApiError

# Box only says that its URLs do not last.
DOWNLOAD_LIFETIME_S = 900


class DownloadLinks:
    """Signs the queries of download URLs, and checks them; thread-safe.

    Args:
        now: Returns the current time.
    """

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._key = secrets.token_bytes(32)

    def query(self, file_id: str, version_id: str) -> str:
        """Return the query of a URL for a version of a file."""
        expires = int(self._now().timestamp()) + DOWNLOAD_LIFETIME_S
        return f"version={version_id}&expires={expires}&signature={self._signature(file_id, version_id, str(expires))}"

    def require_version(self, file_id: str, query: Mapping[str, str]) -> str:
        """Return the id of the version that a URL leads to.

        Raises:
            ApiError: The URL was not signed here, or has expired.
        """
        version_id, expires = query.get("version", ""), query.get("expires", "")
        expected = self._signature(file_id, version_id, expires)
        if not hmac.compare_digest(expected.encode(), query.get("signature", "").encode()):
            raise ApiError("not_found", "Not Found")
        if not re.fullmatch("[0-9]{1,12}", expires) or self._now().timestamp() >= int(expires):
            raise ApiError("not_found", "The URL of the download has expired; ask for another one.")
        return version_id

    def _signature(self, file_id: str, version_id: str, expires: str) -> str:
        return hmac.new(self._key, f"{file_id}/{version_id}/{expires}".encode(), hashlib.sha256).hexdigest()
