"""Access to the control plane: reject requests that a web page of another site may have sent."""

import ipaddress
import re
from collections.abc import Collection

from starlette.requests import Request

from box_uploads_mock.errors import ApiError

_AUTHORITY = re.compile(r"(?P<host>[0-9A-Za-z._-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?")
_NAME = re.compile(r"[0-9A-Za-z-]+(\.[0-9A-Za-z-]+)*")
_ORIGIN_SCHEMES = ("http://", "https://")


def check_host_name(text: str) -> None:
    """Check that a text is a bare host name or address.

    Raises:
        ValueError: The text has a scheme, a port or a path, or is no host at all.
    """
    if not _NAME.fullmatch(text) and not _is_address(text):
        raise ValueError(f"{text!a} is not a host; give a name or an address, without scheme, port and path")


def check_control_access(request: Request, names: Collection[str]) -> None:
    """Check that a request to the control plane does not come from a web page of another site.

    The control plane needs no token, so any page open in a browser on this machine could send it requests. Browsers
    add `Origin` to each POST of such a page; programs send none. A page whose site makes its own name resolve to this
    machine (DNS rebinding) passes that check, but its requests have that name in `Host`. So both headers must name a
    host that no other site can own: `localhost`, a loopback address, the address at which the request arrived, or a
    host that the mock was configured with. Ports do not matter.

    Args:
        request: A request to the control plane.
        names: The hosts that the mock was configured with.

    Raises:
        ApiError: `Host` or `Origin` is not allowed (403), or the body is not declared as JSON (415).
    """
    allowed = {name.strip("[]").lower() for name in names}
    # The address of the connection: the request cannot forge it.
    server = request.scope.get("server")
    if server:
        allowed.add(str(server[0]).lower())
    hint = "use localhost, a loopback address, or a host given to the mock with --host or --name"
    host = request.headers.get("host", "")
    if not _is_allowed(host, allowed):
        raise ApiError("forbidden", f"Host {host!a} is not allowed: {hint}.")
    for origin in request.headers.getlist("origin"):
        scheme = next((scheme for scheme in _ORIGIN_SCHEMES if origin.lower().startswith(scheme)), None)
        if scheme is None or not _is_allowed(origin[len(scheme) :], allowed):
            raise ApiError("forbidden", f"Origin {origin!a} is not allowed: {hint}, or send no Origin.")
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if _has_body(request) and media_type != "application/json":
        # A page can send other media types without a CORS preflight, but not JSON.
        raise ApiError(
            "unsupported_media_type", "The body is not declared as JSON: send Content-Type: application/json."
        )


def _is_allowed(authority: str, allowed: Collection[str]) -> bool:
    match = _AUTHORITY.fullmatch(authority)
    if match is None:
        return False
    host = match["host"].strip("[]").lower()
    return host == "localhost" or host in allowed or _is_loopback(host)


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
