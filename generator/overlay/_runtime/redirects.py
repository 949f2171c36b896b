"""Where a redirect leads, and what of the request may go there.

Imported late, since few operations redirect.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from .url_policy import resolved_url

if TYPE_CHECKING:
    from .messages import RawResponse, Request
    from .url_policy import UrlPolicy

__all__ = ["redirected_request"]

_STATUSES = frozenset({301, 302, 303, 307, 308})
# Fields that say which part or version of a resource is wanted, and nothing about the caller.
_IMPERSONAL = frozenset(
    {"accept", "accept-language", "range", "if-range", "if-match", "if-none-match"}
    | {"if-modified-since", "if-unmodified-since"}
)


def redirected_request(request: Request, raw: RawResponse, url: str, policy: UrlPolicy) -> Request | RawResponse:
    """Return the request to which a redirect leads, or else the response, with a note for its error.

    The token, API keys, cookies and added header fields are only sent to the hosts that the token may be sent to.

    Args:
        request: The request, which may be one to which a redirect led.
        raw: The response.
        url: The URL of the request.
        policy: Which hosts the token may be sent to.
    """
    if request.is_redirected:
        return _noted(raw, _note_behind(request, raw))
    if raw.status not in _STATUSES:
        return raw
    locations = raw.headers.get_list("location")
    keeps_method = raw.status in {307, 308}
    if len(locations) != 1:
        count = "does not say where to" if not locations else "names several places"
        return _noted(raw, f"the redirect is not followed: it {count} (Location); tell the operator of the server")
    if keeps_method and request.content is not None:
        # A body may be anything; it is not sent to a place that only the response names.
        note = "the redirect is not followed: it would take the body along; set base_url= if the API has moved"
        return _noted(raw, note)
    target = resolved_url(url, locations[0])
    if refusal := policy.refusal(target, url):
        return _noted(raw, f"the redirect is not followed: it {refusal}")
    origin = target[: target.index("/", target.index("//") + 2)]
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
        server=origin,
        # The path of a URL for a download often is what allows it.
        path="/…",
        url=target,
        query=(),
        headers=headers,
        content=None,
        authenticated=request.authenticated and is_trusted,
        is_redirected=True,
        lacks_credentials=not is_trusted and (request.authenticated or bool(request.secrets)),
        secrets=(*request.secrets, target, target.removeprefix(origin)),
    )


def _noted(raw: RawResponse, note: str) -> RawResponse:
    return msgspec.structs.replace(raw, note=note)


def _note_behind(request: Request, raw: RawResponse) -> str:
    """Return what to know about a response that came from where a redirect led."""
    if raw.status in _STATUSES:
        return "one redirect was followed, and a second one is not; the headers of the error have its location"
    if raw.status in {401, 403} and request.lacks_credentials:
        host = request.server.partition("//")[2]
        return f"a redirect led to {host}, which got no credentials; if it should, use trusted_hosts=[{host!r}]"
    return ""
