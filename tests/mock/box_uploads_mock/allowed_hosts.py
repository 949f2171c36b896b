"""Which requests to the control plane may come from a page of another site, and are refused for that."""

import ipaddress
import re
from collections.abc import Collection

from starlette.requests import Request

from box_uploads_mock.errors import ApiError

_AUTHORITY = re.compile(r"(?P<host>[0-9A-Za-z._-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?")
_NAME = re.compile(r"[0-9A-Za-z-]+(\.[0-9A-Za-z-]+)*")
_ORIGIN_SCHEMES = ("http://", "https://")


def check_host_name(text: str) -> None:
    """Checks that a text is the name or the address of a host, without anything around it.

    Raises:
        ValueError: It is not.
    """
    if not _NAME.fullmatch(text) and not _is_address(text):
        raise ValueError(f"{text!a} is not a host; give its name or address alone, without scheme, port and path")


def check_control_access(request: Request, names: Collection[str]) -> None:
    """Checks that a request to the control plane does not come from a page of another site.

    The control plane asks for no token, so any page that a browser shows on this machine could steer the mock. A page
    of another site gives itself away by `Origin`, which browsers send with each POST; programs send none. A page whose
    site has its name resolve to this machine (DNS rebinding) has the mock's own origin, but calls it by that name in
    `Host`. So a host has to be one that nobody else can own: `localhost`, a loopback address, the address at which the
    request has arrived, or one that the mock was told to listen on or to answer to. Ports do not matter.

    Args:
        request: To the control plane.
        names: Hosts that the mock was told to listen on or to answer to.

    Raises:
        ApiError: `Host` or `Origin` is foreign (403), or a body is not called JSON (415).
    """
    own = {name.strip("[]").lower() for name in names}
    # What the connection arrived at, not what the request says.
    server = request.scope.get("server")
    if server:
        own.add(str(server[0]).lower())
    hint = "use localhost, a loopback address, or a host that the mock was told of (--host, --name)"
    host = request.headers.get("host", "")
    if not _is_allowed(host, own):
        raise ApiError("forbidden", f"Host {host!a} is not a host of this mock: {hint}.")
    for origin in request.headers.getlist("origin"):
        scheme = next((one for one in _ORIGIN_SCHEMES if origin.lower().startswith(one)), None)
        if scheme is None or not _is_allowed(origin[len(scheme) :], own):
            raise ApiError("forbidden", f"Origin {origin!a} is not a host of this mock: {hint}, or send no Origin.")
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if _has_body(request) and media_type != "application/json":
        # Of the media types that a page may send without asking first, none is JSON.
        raise ApiError(
            "unsupported_media_type", "The body is not called JSON: send it with Content-Type: application/json."
        )


def _is_allowed(authority: str, own: Collection[str]) -> bool:
    match = _AUTHORITY.fullmatch(authority)
    if match is None:
        return False
    host = match["host"].strip("[]").lower()
    return host == "localhost" or host in own or _is_loopback(host)


def _is_loopback(host: str) -> bool:
    return _is_address(host) and ipaddress.ip_address(host).is_loopback


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _has_body(request: Request) -> bool:
    return request.headers.get("content-length", "0").strip() != "0" or "transfer-encoding" in request.headers
