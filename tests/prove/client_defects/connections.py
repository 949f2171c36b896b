"""Defects of the client: addresses, timeouts, connections and bodies."""

from __future__ import annotations

from typing import Any

from tests.prove.planting import Catalogue

__all__ = ["DEFECTS"]

DEFECTS = Catalogue()
TRANSPORT, CLIENT = "test_transport", "test_client"
CODEC = "test_codec"


@DEFECTS.defect("box_uploads._runtime.wire._checked_base", TRANSPORT, CLIENT)
def any_base_url_will_do(original: Any) -> Any:
    """A base URL is not checked."""
    return lambda text: text.rstrip("/")


@DEFECTS.defect("box_uploads._runtime.wire.is_loopback", TRANSPORT, CLIENT)
def a_base_url_may_be_plain_http(original: Any) -> Any:
    """The token travels in clear to any host."""
    return lambda host: True


@DEFECTS.defect("box_uploads._runtime.wire.MAX_BODY", TRANSPORT)
def a_body_may_be_endless(original: Any) -> Any:
    """A body of any size is read."""
    return original * 10**6


@DEFECTS.defect("box_uploads._runtime.wire.Body.add", TRANSPORT)
def an_endless_body_is_read_on(original: Any) -> Any:
    """A body that is too large is read to its end."""

    def spoiled(body: Any, chunk: bytes) -> bool:
        original(body, chunk)
        return True

    return spoiled


@DEFECTS.defect("box_uploads._runtime.wire._decompressed", TRANSPORT)
def a_compressed_body_is_taken_as_it_is(original: Any) -> Any:
    """A body is not decompressed."""
    return lambda content, encoding: content


@DEFECTS.defect("box_uploads._runtime.wire.Body.finish", TRANSPORT)
def an_interrupted_error_is_no_error_of_the_server(original: Any) -> Any:
    """An error whose body breaks off is told as one of the transport."""
    return lambda body, broken: broken if broken is not None else original(body, broken)


def _sending(**forced: Any) -> Any:
    """Return a spoiler of a transport's attempt, which sends with other settings."""

    def spoil(original: Any) -> Any:
        def spoiled(transport: Any, *arguments: Any) -> Any:
            client = transport._client
            if not isinstance(client, _Forcing):
                transport._client = _Forcing(client, forced)
            return original(transport, *arguments)

        return spoiled

    return spoil


class _Forcing:
    """An HTTP client that sends with some settings of its own."""

    def __init__(self, client: Any, forced: Any) -> None:
        self._client = client
        self._forced = forced

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    def send(self, request: Any, **settings: Any) -> Any:
        return self._client.send(request, **(settings | self._forced))


@DEFECTS.defect("box_uploads._runtime.transport.SyncTransport._attempt", TRANSPORT, CLIENT)
def a_client_follows_redirects(original: Any) -> Any:
    """Redirects are followed by a `Client`."""
    return _sending(follow_redirects=True)(original)


@DEFECTS.defect("box_uploads._runtime.transport.AsyncTransport._attempt", TRANSPORT, CLIENT)
def an_asynchronous_client_follows_redirects(original: Any) -> Any:
    """Redirects are followed by an `AsyncClient`."""
    return _sending(follow_redirects=True)(original)


@DEFECTS.defect("box_uploads._runtime.connection._timeout", TRANSPORT, CLIENT)
def timeouts_are_ignored(original: Any) -> Any:
    """`timeout_s` is checked, and the default is used."""

    def spoiled(timeout_s: Any) -> Any:
        original(timeout_s)
        return original(None)

    return spoiled


@DEFECTS.defect("box_uploads._runtime.connection._LONGEST_S", TRANSPORT, CLIENT)
def no_timeout_is_refused(original: Any) -> Any:
    """A timeout may be infinite."""
    return float("inf")


@DEFECTS.defect("box_uploads._runtime.connection.Connection._check_open", TRANSPORT, CLIENT)
def a_closed_client_calls(original: Any) -> Any:
    """A client that is closed is not noticed."""
    return lambda connection, *, closed: None


@DEFECTS.defect("box_uploads._runtime.transport.SyncTransport.close", TRANSPORT, CLIENT)
def the_caller_s_client_is_closed(original: Any) -> Any:
    """What the caller gave as `http` is closed with a `Client`."""

    def spoiled(transport: Any) -> None:
        transport._owned = True
        original(transport)

    return spoiled


@DEFECTS.defect("box_uploads._runtime.transport.AsyncTransport.aclose", TRANSPORT, CLIENT)
def the_caller_s_asynchronous_client_is_closed(original: Any) -> Any:
    """What the caller gave as `http` is closed with an `AsyncClient`."""

    async def spoiled(transport: Any) -> None:
        transport._owned = True
        await original(transport)

    return spoiled


@DEFECTS.defect("box_uploads._runtime.transport.SyncTransport.close", TRANSPORT, CLIENT)
def connections_stay_open(original: Any) -> Any:
    """Closing a client closes no connection."""

    def spoiled(transport: Any) -> None:
        transport._closed = True

    return spoiled


@DEFECTS.defect("box_uploads._runtime.transport.check_http", TRANSPORT, CLIENT)
def anything_can_send(original: Any) -> Any:
    """What is given as `http` is not checked."""
    return lambda http, client, transport: None


@DEFECTS.defect("box_uploads._runtime.wire.Wire.prepare", TRANSPORT)
def the_caller_s_settings_are_lost(original: Any) -> Any:
    """Header fields and parameters of the caller's own client are not merged."""

    def spoiled(wire: Any, request: Any, secret: Any) -> Any:
        client, wire._client = wire._client, None
        try:
            return original(wire, request, secret)
        finally:
            wire._client = client

    return spoiled


@DEFECTS.defect("box_uploads._runtime.errors.ClientError.__reduce__", "test_errors", CLIENT)
def errors_are_pickled_without_their_attributes(original: Any) -> Any:
    """An error that was pickled has lost its status."""
    return lambda error: (type(error).__new__, (type(error), *error.args))


@DEFECTS.defect("box_uploads._runtime.stream.Stream.__iter__", "test_stream")
def a_stream_may_be_short(original: Any) -> Any:
    """A body that is shorter than was said is sent."""
    return lambda stream: iter(stream._read())


@DEFECTS.defect("box_uploads._runtime.stream.PIECE", "test_stream")
def pieces_are_the_whole_body(original: Any) -> Any:
    """A body is not cut into pieces."""
    return 10**12


@DEFECTS.defect("box_uploads._runtime.codec._INTEGER_DIGITS", CODEC)
def an_exponent_may_be_huge(original: Any) -> Any:
    """A number of nine characters is expanded to millions of digits."""
    return 10**7


@DEFECTS.defect("box_uploads._runtime.wire.query_text", TRANSPORT)
def a_query_is_not_percent_encoded(original: Any) -> Any:
    """Reserved characters of a query are sent as they are."""
    return lambda text, argument: text


@DEFECTS.defect("box_uploads._runtime.message.Headers.get", "test_message")
def letter_case_of_headers_counts(original: Any) -> Any:
    """A header is only found by its name in small letters."""
    return lambda headers, key, default=None: headers._index.get(key, default)
