"""Where a redirect leads, and what of the request may go there.

Imported late, since few operations redirect.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import quote, urljoin

import msgspec

if TYPE_CHECKING:
    from .messages import RawResponse, Request
    from .url_policy import UrlPolicy

__all__ = ["redirected_request"]

_STATUSES = frozenset({301, 302, 303, 307, 308})
_SAFE = "!#$%&'()*+,/:;=?@-._~"
_PARTS = re.compile(r"(?P<origin>[a-z]+://[^/?]*)(?P<path>[^?]*)", re.IGNORECASE)
# Fields that say which part or version of a resource is wanted, and nothing about the caller.
_IMPERSONAL = frozenset(
    {"accept", "accept-language", "range", "if-range", "if-match", "if-none-match"}
    | {"if-modified-since", "if-unmodified-since"}
)


def redirected_request(request: Request, raw: RawResponse, url: str, policy: UrlPolicy) -> Request | None:
    """Return the request to which a redirect leads, or None if the response is none, or must not be followed.

    The token, API keys, cookies and added header fields are only sent to the hosts that the token may be sent to.

    Args:
        request: The request that was redirected.
        raw: The response.
        url: The URL of the request.
        policy: Which hosts the token may be sent to.
    """
    locations = raw.headers.get_list("location")
    keeps_method = raw.status in {307, 308}
    if raw.status not in _STATUSES or len(locations) != 1 or (keeps_method and request.content is not None):
        # A body may be anything; it is not sent to a place that only the response names.
        return None
    target = urljoin(url, quote(locations[0].strip(), safe=_SAFE)).partition("#")[0]
    parts = _PARTS.match(target)
    if parts is None or not policy.may_follow(target):
        return None
    is_trusted = policy.trusts(target, url)
    secret = {value for value in request.secrets if isinstance(value, str)}
    headers = tuple(
        (name, value)
        for name, value in request.headers
        if is_trusted or (name.lower() in _IMPERSONAL and value not in secret)
    )
    if request.content is not None:
        headers = tuple(field for field in headers if field[0].lower() != "content-type")
    is_same = request.method in {"GET", "HEAD"} or keeps_method
    return msgspec.structs.replace(
        request,
        method=request.method if is_same else "GET",
        server=parts["origin"],
        # The path of a URL for a download often is what allows it.
        path="/…",
        url=target,
        query=(),
        headers=headers,
        content=None,
        authenticated=request.authenticated and is_trusted,
        is_redirected=True,
        secrets=(*request.secrets, target, target.removeprefix(parts["origin"])),
    )
