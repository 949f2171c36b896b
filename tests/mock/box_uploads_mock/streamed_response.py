"""A response whose body is read while it is sent, so that a large file needs no memory."""

from collections.abc import Iterator, Mapping

from starlette.responses import Response
from starlette.types import Receive, Scope, Send


class StreamedResponse(Response):
    """A response with bytes that come in chunks.

    Args:
        chunks: The bytes.
        size: How many they are.
        status: The HTTP status.
        headers: Header fields besides those of the body.
    """

    def __init__(self, chunks: Iterator[bytes], size: int, status: int, headers: Mapping[str, str]) -> None:
        super().__init__(None, status, {**headers, "Content-Length": str(size)}, "application/octet-stream")
        self.size = size
        self._chunks = chunks

    def take(self, count: int) -> bytes:
        """Return the first bytes, which then are no longer sent."""
        taken = bytearray()
        while len(taken) < count and (chunk := next(self._chunks, None)) is not None:
            taken += chunk
        return bytes(taken[:count])

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - there is no more to read
        """Send the chunks one by one."""
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        for chunk in self._chunks:
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})
