"""Defects of the client: base URLs, timeouts, connections and bodies."""

from __future__ import annotations

from typing import Any

from tests.prove.patches import before, change, patch, wrap

TRANSPORT, CLIENT = "test_transport", "test_client"


class _Forcing:
    """An HTTP client that sends with some settings of its own."""

    def __init__(self, client: Any, forced: Any) -> None:
        self._client = client
        self._forced = forced

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    def send(self, request: Any, **settings: Any) -> Any:
        return self._client.send(request, **(settings | self._forced))


def _sending(**forced: Any) -> Any:
    """Send with other settings."""

    def attempt(original: Any, transport: Any, *arguments: Any) -> Any:
        if not isinstance(transport._client, _Forcing):
            transport._client = _Forcing(transport._client, forced)
        return original(transport, *arguments)

    return attempt


def _the_caller_s_settings_are_lost(original: Any, wire: Any, request: Any, secret: Any) -> Any:
    client, wire._client = wire._client, None
    try:
        return original(wire, request, secret)
    finally:
        wire._client = client


# fmt: off
DEFECTS = (
    patch("any-base-url-will-do", "box_uploads._runtime.request_builder._check_base", "A base URL is not checked.",
        lambda text: text.rstrip("/"), TRANSPORT, CLIENT),
    patch("a-base-url-may-be-plain-http", "box_uploads._runtime.request_builder.is_loopback",
        "The token is sent unencrypted to any host.", lambda host: True, TRANSPORT, CLIENT),
    change("a-body-may-be-endless", "box_uploads._runtime.response_reader.MAX_BODY", "A body of any size is read.",
        lambda original: original * 10**6, TRANSPORT),
    wrap("an-endless-body-is-read-on", "box_uploads._runtime.response_reader.ResponseReader.add",
        "A body that is too large is read to its end.", lambda original, body, chunk: original(body, chunk) or True,
        TRANSPORT),
    patch("a-compressed-body-is-taken-as-it-is", "box_uploads._runtime.response_reader._decompress",
        "A body is not decompressed.", lambda content, encoding: content, TRANSPORT),
    wrap("an-interrupted-error-is-no-error-of-the-server", "box_uploads._runtime.response_reader.ResponseReader.finish",
        "An error with a truncated body becomes a transport error.",
        lambda original, body, broken: broken if broken is not None else original(body, broken), TRANSPORT),
    wrap("a-client-follows-redirects", "box_uploads._runtime.transport.SyncTransport._attempt",
        "Redirects are followed by a `Client`.", _sending(follow_redirects=True), TRANSPORT, CLIENT),
    wrap("an-asynchronous-client-follows-redirects", "box_uploads._runtime.transport.AsyncTransport._attempt",
        "Redirects are followed by an `AsyncClient`.", _sending(follow_redirects=True), TRANSPORT, CLIENT),
    wrap("timeouts-are-ignored", "box_uploads._runtime.transport_settings._timeout",
        "`timeout_s` is checked, and the default is used.",
        lambda original, timeout_s: (original(timeout_s), original(None))[1], TRANSPORT, CLIENT),
    patch("no-timeout-is-refused", "box_uploads._runtime.transport_settings._LONGEST_S", "A timeout may be infinite.",
        float("inf"), TRANSPORT, CLIENT),
    patch("a-closed-client-calls", "box_uploads._runtime.transport_settings.BaseTransport._check_open",
        "A closed client can still be used.", lambda connection, *, closed: None, TRANSPORT, CLIENT),
    wrap("the-caller-s-client-is-closed", "box_uploads._runtime.transport.SyncTransport.close",
        "Closing a `Client` closes the caller's `http`.",
        before(lambda transport: setattr(transport, "_owns_client", True)), TRANSPORT, CLIENT),
    wrap("the-caller-s-asynchronous-client-is-closed", "box_uploads._runtime.transport.AsyncTransport.aclose",
        "Closing an `AsyncClient` closes the caller's `http`.",
        before(lambda transport: setattr(transport, "_owns_client", True)), TRANSPORT, CLIENT),
    patch("connections-stay-open", "box_uploads._runtime.transport.SyncTransport.close",
        "Closing a client closes no connection.", lambda transport: setattr(transport, "_closed", True), TRANSPORT,
        CLIENT),
    patch("anything-can-send", "box_uploads._runtime.transport.check_http", "What is given as `http` is not checked.",
        lambda http, client, transport: None, TRANSPORT, CLIENT),
    wrap("the-caller-s-settings-are-lost", "box_uploads._runtime.request_builder.RequestBuilder.build",
        "Headers and parameters of the caller's own client are ignored.", _the_caller_s_settings_are_lost, TRANSPORT),
    patch("errors-are-pickled-without-their-attributes", "box_uploads._runtime.errors.ClientError.__reduce__",
        "A pickled error loses its status.", lambda error: (type(error).__new__, (type(error), *error.args)),
        "test_errors", CLIENT),
    patch("a-stream-may-be-short", "box_uploads._runtime.body.Stream.__iter__",
        "A body shorter than its declared length is sent.", lambda stream: iter(stream._read()), "test_stream"),
    patch("pieces-are-the-whole-body", "box_uploads._runtime.body.PIECE", "A body is not cut into pieces.", 10**12,
        "test_stream"),
    patch("an-exponent-may-be-huge", "box_uploads._runtime.codecs._INTEGER_DIGITS",
        "A number of nine characters expands to millions of digits.", 10**7, "test_codec"),
    patch("a-query-is-not-percent-encoded", "box_uploads._runtime.request_builder.query_text",
        "Reserved characters of a query are not encoded.", lambda text, argument: text, TRANSPORT),
    patch("letter-case-of-headers-counts", "box_uploads._runtime.headers.Headers.get",
        "A header is only found by its name in small letters.",
        lambda headers, key, default=None: headers._index.get(key, default), "test_message"),
)
