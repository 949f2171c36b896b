"""Defects of the client: base URLs, timeouts, connections and bodies."""

from __future__ import annotations

from typing import Any

from tests.prove.patches import always, before, change, patch, wrap


class _FixedSettings:
    """An HTTP client that sends with some settings of its own."""

    def __init__(self, client: Any, forced: Any) -> None:
        self._client = client
        self._forced = forced

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    def send(self, request: Any, **settings: Any) -> Any:
        return self._client.send(request, **(settings | self._forced))


def _send_with(**forced: Any) -> Any:
    """Send with other settings."""

    def attempt(original: Any, transport: Any, *arguments: Any) -> Any:
        if not isinstance(transport._client, _FixedSettings):
            transport._client = _FixedSettings(transport._client, forced)
        return original(transport, *arguments)

    return attempt


def _ignore_own_client(original: Any, wire: Any, request: Any, secret: Any) -> Any:
    client, wire._client = wire._client, None
    try:
        return original(wire, request, secret)
    finally:
        wire._client = client


# fmt: off
DEFECTS = (
    patch("A base URL is not checked", "runtime.request_builder._check_base", lambda text, *_: text.rstrip("/")),
    patch("The token is sent unencrypted to any host", "runtime.request_builder.is_loopback", always(True)),
    change("A body of any size is read", "runtime.response_reader.MAX_BODY", lambda original: original * 10**6),
    wrap("A body that is too large is read to its end", "runtime.response_reader.ResponseReader.add",
        lambda original, body, chunk: original(body, chunk) or True),
    patch("A body is not decompressed", "runtime.response_reader._decompress", lambda content, encoding: content),
    wrap("An error with a truncated body becomes a transport error", "runtime.response_reader.ResponseReader.finish",
        lambda original, body, broken: broken if broken is not None else original(body, broken)),
    wrap("Redirects are followed by a `Client`", "runtime.transport.SyncTransport._attempt",
        _send_with(follow_redirects=True)),
    wrap("Redirects are followed by an `AsyncClient`", "runtime.transport.AsyncTransport._attempt",
        _send_with(follow_redirects=True)),
    wrap("`timeout_s` is checked, and the default is used", "runtime.transport_settings._timeout",
        lambda original, timeout_s: (original(timeout_s), original(None))[1]),
    patch("A timeout may be infinite", "runtime.transport_settings._LONGEST_S", float("inf")),
    patch("A closed client can still be used", "runtime.transport_settings.BaseTransport._check_open",
        lambda connection, *, closed: None),
    wrap("Closing a `Client` closes the caller's `http`", "runtime.transport.SyncTransport.close",
        before(lambda transport: setattr(transport, "_owns_client", True))),
    wrap("Closing an `AsyncClient` closes the caller's `http`", "runtime.transport.AsyncTransport.aclose",
        before(lambda transport: setattr(transport, "_owns_client", True))),
    patch("Closing a client closes no connection", "runtime.transport.SyncTransport.close",
        lambda transport: setattr(transport, "_closed", True)),
    patch("What is given as `http` is not checked", "runtime.transport.check_http", always(None)),
    wrap("Headers and parameters of the caller's own client are ignored",
        "runtime.request_builder.RequestBuilder.build", _ignore_own_client),
    patch("A pickled error loses its status", "runtime.errors.ClientError.__reduce__",
        lambda error: (type(error).__new__, (type(error), *error.args))),
    patch("A body shorter than its declared length is sent", "runtime.body.Stream.__iter__",
        lambda stream: iter(stream._read())),
    patch("A body is not cut into pieces", "runtime.body.PIECE", 10**12),
    patch("A number of nine characters expands to millions of digits", "runtime.codecs._INTEGER_DIGITS", 10**7),
    patch("Reserved characters of a query are not encoded", "runtime.request_builder.query_text",
        lambda text, argument: text),
    patch("A header is only found by its name in small letters", "runtime.headers.Headers.get",
        lambda headers, key, default=None: headers._index.get(key, default)),
)
