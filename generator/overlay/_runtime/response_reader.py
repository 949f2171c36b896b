"""Read the HTTP library's response into a plain one: its body within limits, its failures as our errors."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

import httpx2

from .deadline import late
from .errors import ResponseTooLargeError, TransportError
from .headers import Headers
from .messages import RawResponse
from .redaction import Redaction
from .text import one_line

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from .messages import Request

__all__ = ["MAX_BODY", "ResponseReader", "map_transport_error"]

MAX_BODY = 16 * 1024 * 1024
"""Largest body of a response in bytes, as received and after decompression."""

_NOT_SENT = (
    *(httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout),
    *(httpx2.LocalProtocolError, httpx2.ProxyError, httpx2.UnsupportedProtocol),
)
_INTERRUPTED = (httpx2.TimeoutException, httpx2.NetworkError, httpx2.RemoteProtocolError)


class ResponseReader:
    """Reads the body of one response, bounded in time, and in size before and after decompression."""

    def __init__(
        self,
        request: Request,
        response: httpx2.Response,
        *,
        response_s: float,
        clock: Callable[[], float],
        request_id_headers: Sequence[str],
    ) -> None:
        self._response_s = response_s
        self._clock = clock
        self._request_id_headers = request_id_headers
        self._since = clock()
        self._request = request
        self._response = response
        self._chunks: list[bytes] = []
        self._size = 0
        self._plain = False

    def take_read_body(self) -> bool:
        """Take the body if it was read already, such as by a hook of the caller's client; return whether it was."""
        if not self._response.is_stream_consumed:
            return False
        self._plain = True
        self.add(self._response.content)
        return True

    def add(self, chunk: bytes) -> bool:
        """Take a chunk, and return whether more is wanted.

        Raises:
            ReadTimeout: The body has not ended in time.
        """
        if self._clock() - self._since >= self._response_s:
            raise late(self._response_s)
        self._chunks.append(chunk)
        self._size += len(chunk)
        return self._size <= MAX_BODY

    def finish(self, broken: TransportError | None) -> RawResponse | TransportError:
        """Return the response, or the error that its body causes.

        The status decides whether a call failed, so an incomplete body of an error is kept.

        Args:
            broken: What interrupted the body, or None.
        """
        status = self._response.status_code
        if broken is not None and status < 400:
            return broken
        raw = self._response.headers.raw
        headers = Headers((name.decode("latin-1"), value.decode("latin-1")) for name, value in raw)
        content = self._chunks[0] if len(self._chunks) == 1 else b"".join(self._chunks)
        if not self._plain:
            content = _decompress(content, headers.get("content-encoding", ""))
        if len(content) > MAX_BODY or self._size > MAX_BODY:
            if status < 400:
                return ResponseTooLargeError(
                    f"{self._request.operation}: the response body is larger than {MAX_BODY} bytes (status {status})",
                    operation=self._request.operation,
                    kind="ResponseTooLarge",
                    sent=True,
                    retry_safe=self._request.idempotent,
                )
            content = content[:MAX_BODY]
        request, redaction = self._request, _redaction(self._response.request, self._request)
        request_id = next((value for name in self._request_id_headers if (value := headers.get(name))), None)
        return RawResponse(
            request.operation, request.method, status, headers, content, request.repeatable, redaction, request_id
        )


def map_transport_error(
    request: Request, error: httpx2.HTTPError | httpx2.StreamError, prepared: httpx2.Request
) -> TransportError:
    """Return the error for a request that got no response.

    Its cause is a copy of the HTTP library's error without the request and without a traceback: both hold the token.
    """
    kind = type(error).__name__
    text = one_line(_redaction(prepared, request)(str(error))) or "no details"
    found = TransportError(
        f"{request.operation}: {kind}: {text}",
        operation=request.operation,
        kind=kind,
        sent=False if isinstance(error, _NOT_SENT) else None,
        is_transient=isinstance(error, _INTERRUPTED),
        retry_safe=isinstance(error, _NOT_SENT) or request.idempotent,
    )
    copied = type(error) if type(error).__module__.startswith("httpx2") else httpx2.TransportError
    found.__cause__ = copied(text) if issubclass(copied, httpx2.TransportError) else httpx2.TransportError(text)
    return found


def _redaction(sent: httpx2.Request, request: Request) -> Redaction:
    """Return the redaction for what a request was sent with, be it by us, an `httpx2.Auth` or the caller's client."""
    return Redaction(sent.headers.get("authorization", ""), request.secrets)


def _decompress(content: bytes, encoding: str) -> bytes:
    """Return a body decompressed, up to one byte over the limit; as it is, if it cannot be decompressed.

    Servers are asked not to compress. If one does nonetheless and its body cannot be decompressed, decoding it fails,
    after the status has decided what the response is.
    """
    encoding = encoding.strip().lower()
    if not content or encoding in {"", "identity"}:
        return content
    windows = {"gzip": (31,), "x-gzip": (31,), "deflate": (15, -15)}.get(encoding, ())
    for window in windows:
        stream = zlib.decompressobj(window)
        try:
            found = stream.decompress(content, MAX_BODY + 1)
        except zlib.error:
            continue
        if stream.eof or len(found) > MAX_BODY:
            return found
    return content
