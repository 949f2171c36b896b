"""Decide which URLs of a response a token may be sent to.

A tampered response must not get the token by naming its own server in the URL of the next call. A text that is
not a plain URL is refused rather than parsed: two parsers may read it differently.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from ipaddress import ip_address
from typing import cast
from urllib.parse import quote, urljoin

from .errors import InvalidArgumentError, UntrustedUrlError
from .text import short_repr

__all__ = ["UrlPolicy", "is_loopback", "resolved_url"]

_HOST = r"\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*"
_URL = re.compile(
    rf"(?P<scheme>[A-Za-z]+)://(?P<host>{_HOST})(?P<port>:[0-9]*)?"
    r"(?P<path>/[!$%&'()*+,./0-9:;=@A-Z_a-z~-]*)(?:\?[!$%&'()*+,./0-9:;=?@A-Z_a-z~-]*)?\Z"
)
_NAMED = re.compile(rf"(?:{_HOST})(?::[1-9][0-9]{{0,4}})?\Z")
_DEFAULT_PORTS = {"https": ":443", "http": ":80"}
_SAFE = "!#$%&'()*+,/:;=?@-._~"


class UrlPolicy:
    """The hosts that a client sends its token to.

    Args:
        hosts: Domains of the API; they and what is below them are trusted, over https and at the default port.
        further: Hosts that the caller trusts as well, exactly as named; `host:port` for another port than 443, and
            `http://host` or `http://host:port` for one that may get the token over plain http.
        base_url: The caller's base URL or None. If it is a loopback address, URLs of responses may be so, too.

    Raises:
        InvalidArgumentError: One of `further` is no host.
    """

    def __init__(self, hosts: Iterable[str], further: Iterable[str], base_url: str | None) -> None:
        self._hosts = tuple(hosts)
        if isinstance(further, str) or not isinstance(cast("object", further), Iterable):
            raise InvalidArgumentError("trusted_hosts", "must be a collection of hosts", shown=short_repr(further))
        self._further = frozenset(_check_host(host) for host in further)
        self._over_http = frozenset(
            _origin(url) for host in self._further if "//" in host and (url := _URL.match(f"{host}/"))
        )
        base = None if base_url is None else _URL.match(f"{base_url.rstrip('/')}/")
        self._at_loopback = base is not None and is_loopback(base["host"])
        self._base_origin = None if base is None else _origin(base)
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
        url = _parsed(text)
        own = _URL.match(f"{server.rstrip('/')}/")
        self._check_origin(text, url, own)
        prefixes = set[str]() if own is None else {own["path"].rstrip("/")}
        if self._is_base(url):
            prefixes.add(self._base_path)
        if url["path"] not in {prefix + path for prefix in prefixes}:
            places = " or ".join(sorted(prefix or "/" for prefix in prefixes))
            raise UntrustedUrlError(text, f"does not lead to {path} below {places}; set base_url= for another API")
        return text

    def permits_http(self, text: str) -> bool:
        """Return whether the caller permits that the token is sent to a base URL although it is plain http."""
        url = _URL.match(f"{text.rstrip('/')}/")
        return url is not None and _origin(url) in self._over_http

    def refusal(self, text: str, sender: str) -> str:
        """Return why a redirect must not lead to a URL, empty if it may: over https, or on this machine as before.

        Args:
            text: The URL.
            sender: The URL that redirects.
        """
        url, own = _URL.match(text), _URL.match(sender.partition("?")[0])
        if url is None:
            return "leads to what is no plain URL of scheme, host and path"
        scheme, host, port = _origin(url)
        origin = f"{host}{port}"
        if scheme == "https" or (scheme, host, port) in self._over_http:
            return ""
        if scheme != "http":
            return f"leads to {origin} by another protocol than https"
        if not is_loopback(host):
            return f"leads to {origin} over plain http; permit it with trusted_hosts=['http://{origin}']"
        if self._is_local(own):
            return ""
        return (
            f"leads to this machine, {origin}, over plain http; set a base_url= on this machine, or permit it with"
            f" trusted_hosts=['http://{origin}']"
        )

    def trusts(self, text: str, sender: str) -> bool:
        """Return whether the token may be sent to a URL, whatever its path.

        Args:
            text: The URL.
            sender: The URL that has had the token already, so that the same origin learns nothing new.
        """
        try:
            self.check_origin(text, sender)
        except UntrustedUrlError:
            return False
        return True

    def check_origin(self, text: str, sender: str) -> str:
        """Return a URL if `trusts` it.

        Raises:
            UntrustedUrlError: The token may not be sent there; nothing was sent.
        """
        url, own = _parsed(text), _URL.match(sender.partition("?")[0])
        if own is None or _origin(url) != _origin(own):
            self._check_origin(text, url, own)
        return text

    def _is_base(self, url: re.Match[str]) -> bool:
        """Whether a URL leads to the host of the base URL; all names of this machine are one host."""
        return _origin(url) == self._base_origin or (self._at_loopback and is_loopback(url["host"]))

    def _is_local(self, own: re.Match[str] | None) -> bool:
        """Whether the API is on this machine: by the base URL, or else by the URL of the document or of a request."""
        return self._at_loopback or (self._base_origin is None and own is not None and is_loopback(own["host"]))

    def _check_origin(self, text: str, url: re.Match[str], own: re.Match[str] | None) -> None:
        scheme, host, port = _origin(url)
        if self._is_local(own) and scheme in {"http", "https"} and is_loopback(host):
            return
        if (scheme, host, port) in self._over_http:
            return
        if scheme != "https":
            permit = f"to permit it all the same, use trusted_hosts=['http://{host}{port}']"
            raise UntrustedUrlError(text, f"is not https, which exposes the token; {permit}")
        if host + port in self._further:
            return
        if port:
            rule = "names a port; trust it with host:port in trusted_hosts="
            raise UntrustedUrlError(text, rule, host=host + port)
        if not any(host == domain or host.endswith(f".{domain}") for domain in self._hosts):
            raise UntrustedUrlError(text, "leads to an untrusted host; trust it with trusted_hosts=", host=host)


def resolved_url(url: str, reference: str) -> str:
    """Return the URL that a response names, without its fragment.

    Args:
        url: The URL of the request.
        reference: What the response names; relative to that of the request, or not.
    """
    return urljoin(url, quote(reference.strip(), safe=_SAFE)).partition("#")[0]


def is_loopback(host: str) -> bool:
    """Return whether a host, as written in a URL, is this machine."""
    try:
        return host.lower() == "localhost" or ip_address(host.removeprefix("[").removesuffix("]")).is_loopback
    except ValueError:
        return False


def _parsed(text: str) -> re.Match[str]:
    url = _URL.match(text)
    if url is None:
        raise UntrustedUrlError(text, "is not written as a plain URL of scheme, host and path")
    return url


def _origin(url: re.Match[str]) -> tuple[str, str, str]:
    """Return scheme, host and port of a URL; the port is empty where it is the default one."""
    scheme, port = url["scheme"].lower(), url["port"] or ""
    return scheme, url["host"].lower(), "" if _DEFAULT_PORTS.get(scheme) == port else port


def _check_host(host: object) -> str:
    if not isinstance(host, str) or not _NAMED.match(host.removeprefix("http://")):
        rule = "must be a host, host:port, or http://host to permit plain http"
        raise InvalidArgumentError("trusted_hosts", rule, shown=short_repr(host))
    return host.lower().removesuffix(_DEFAULT_PORTS["https"])
