"""Which URLs of a response a token may be sent to.

An answer that was tampered with must not get the token by naming its own server as the place of the next call. What is
not written as a plain URL is refused rather than understood: two parsers may differ in what they make of it.
"""

from __future__ import annotations

import re
from ipaddress import ip_address
from typing import TYPE_CHECKING

from .errors import InvalidArgumentError, UntrustedUrlError, short_repr

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["Trust", "is_loopback"]

_HOST = r"\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*"
_URL = re.compile(
    rf"(?P<scheme>[A-Za-z]+)://(?P<host>{_HOST})(?P<port>:[0-9]*)?"
    r"(?P<path>/[!$%&'()*+,./0-9:;=@A-Z_a-z~-]*)(?:\?[!$%&'()*+,./0-9:;=?@A-Z_a-z~-]*)?\Z"
)
_NAMED = re.compile(rf"(?:{_HOST})(?::[1-9][0-9]{{0,4}})?\Z")


class Trust:
    """The hosts that a client sends its token to.

    Args:
        hosts: Domains of the API; they and what is below them are trusted, over https and at the default port.
        further: Hosts that the caller trusts as well, exactly as named; `host:port` for another port.
        base_url: The caller's base URL or None. If it is a loopback address, URLs of responses may be so, too.

    Raises:
        InvalidArgumentError: One of `further` is no host.
    """

    def __init__(self, hosts: Iterable[str], further: Iterable[str], base_url: str | None) -> None:
        self._hosts = tuple(hosts)
        if isinstance(further, str):
            raise InvalidArgumentError("trusted_hosts", "must be a collection of hosts", shown=short_repr(further))
        self._further = frozenset(_checked(host) for host in further)
        base = None if base_url is None else _URL.match(f"{base_url.rstrip('/')}/")
        self._at_loopback = base is not None and is_loopback(base["host"])
        self._base_path = "" if base is None else base["path"].rstrip("/")

    def check(self, text: str, server: str, path: str) -> str:
        """Return a URL of a response, if the token may be sent there.

        Args:
            text: The URL.
            server: The server that the contract names for the call.
            path: The path, below the server's, that the contract gives the call.

        Raises:
            UntrustedUrlError: It may not; nothing was sent.
        """
        url = _URL.match(text)
        if url is None:
            raise UntrustedUrlError(text, "is not written as a plain URL of scheme, host and path")
        self._check_origin(text, url)
        own = _URL.match(f"{server.rstrip('/')}/")
        prefixes = {self._base_path} if own is None else {self._base_path, own["path"].rstrip("/")}
        if url["path"] not in {prefix + path for prefix in prefixes}:
            raise UntrustedUrlError(text, f"does not lead to {path}")
        return text

    def _check_origin(self, text: str, url: re.Match[str]) -> None:
        scheme, host, port = url["scheme"].lower(), url["host"].lower(), url["port"] or ""
        if self._at_loopback and scheme in {"http", "https"} and is_loopback(host):
            return
        if scheme != "https":
            raise UntrustedUrlError(text, "is not https")
        if host + port in self._further:
            return
        if port:
            raise UntrustedUrlError(text, "names a port")
        if not any(host == one or host.endswith(f".{one}") for one in self._hosts):
            raise UntrustedUrlError(text, "leads to a host that is not trusted; trusted_hosts= can name it")


def is_loopback(host: str) -> bool:
    """Tell whether a host, as it is written in a URL, is this machine."""
    try:
        return host.lower() == "localhost" or ip_address(host.removeprefix("[").removesuffix("]")).is_loopback
    except ValueError:
        return False


def _checked(host: str) -> str:
    if not _NAMED.match(host):
        raise InvalidArgumentError("trusted_hosts", "must be a host, or host:port", shown=short_repr(host))
    return host.lower()
