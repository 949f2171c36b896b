"""Entries of the request log, and the redaction of credentials in them."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import quote

from starlette.types import Message, Receive

from box_uploads_mock.commit_rules import LogEvent

BODY_START_LENGTH = 256

_HIDDEN = b"***"
# `boxapi` contains the password of a shared link.
_CREDENTIALS = frozenset({"authorization", "proxy-authorization", "cookie", "boxapi"})
# Only known schemes are shown: an unknown first word may be the token itself.
_SCHEMES = frozenset({b"basic", b"bearer"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """A request to the API and the status of its response; credentials and queries are not logged.

    The credentials in headers, and all known tokens anywhere else, are replaced by `***`.

    Attributes:
        status: None if a fault has broken the connection before the response.
        operation: None if the mock has no such operation.
        content_range: The `Content-Range` of a part.
        event: The event that the request has logged.
        headers: The headers by their names in lower case; the values of a repeated header are joined by commas.
        body_start: The first 256 bytes of the body as text, as far as the mock has read them: it rejects most invalid
            requests before it reads the body. Bytes that are not UTF-8 are escaped.
    """

    method: str
    path: str
    status: int | None
    operation: str | None
    content_range: str | None = None
    event: LogEvent | None = None
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    body_start: str = ""


class BodyRecorder:
    """Passes the messages of a request on to the app, and records the first bytes of the body.

    Args:
        receive: The source of the messages.
        length: How many bytes to record.
    """

    def __init__(self, receive: Receive, length: int) -> None:
        self._receive = receive
        self._length = length
        self.content = b""

    async def __call__(self) -> Message:
        """Receive a message."""
        message = await self._receive()
        # A large body has many messages; the recorder ignores all but the first.
        if len(self.content) < self._length and message["type"] == "http.request":
            self.content += message.get("body", b"")[: self._length - len(self.content)]
        return message


class Redactor:
    """Replaces credentials by `***`.

    Args:
        tokens: All known tokens, at least one, accepted or expired. They are replaced wherever they occur, also
            percent-encoded (as in forms) or escaped (as in JSON).
    """

    def __init__(self, tokens: Iterable[str]) -> None:
        spellings = {spelling for token in tokens for spelling in _spellings(token)}
        # The longest first, so that a token that starts with another one is replaced as a whole.
        ordered = sorted(spellings, key=len, reverse=True)
        self._pattern = re.compile(b"|".join(map(re.escape, ordered)), re.IGNORECASE)
        self._longest = len(ordered[0])

    @property
    def needed_length(self) -> int:
        """How many bytes of a body to record, so that a token across the cut is still recognized."""
        return BODY_START_LENGTH + self._longest

    def headers(self, raw: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
        """Return redacted headers by their names in lower case; the values of a repeated header joined by commas."""
        redacted: dict[str, str] = {}
        for raw_name, raw_value in raw:
            name = raw_name.decode("latin-1").lower()
            shown = _without_credentials(raw_value) if name in _CREDENTIALS else self._without_tokens(raw_value)
            value = shown.decode("latin-1")
            redacted[name] = f"{redacted[name]}, {value}" if name in redacted else value
        return redacted

    def text(self, text: str) -> str:
        """Return a text without tokens."""
        return self._without_tokens(text.encode()).decode()

    def body_start(self, content: bytes) -> str:
        """Return the first bytes of a body as text, with bytes that are not UTF-8 escaped."""
        return self._without_tokens(content, BODY_START_LENGTH).decode("utf-8", "backslashreplace")

    def _without_tokens(self, content: bytes, length: int | None = None) -> bytes:
        """Return the redacted content, cut to a length that is measured before the redaction."""
        length = len(content) if length is None else length
        pieces: list[bytes] = []
        start = 0
        for match in self._pattern.finditer(content):
            if match.start() >= length:
                break
            pieces += content[start : match.start()], _HIDDEN
            start = match.end()
        return b"".join([*pieces, content[start:length]])


def _without_credentials(value: bytes) -> bytes:
    scheme, _, rest = value.partition(b" ")
    return scheme + b" " + _HIDDEN if scheme.lower() in _SCHEMES and rest.strip() else _HIDDEN


def _spellings(token: str) -> set[bytes]:
    escaped = json.dumps(token)[1:-1]
    texts = {token, quote(token, safe="", errors="surrogatepass"), escaped, escaped.replace("/", r"\/")}
    # Headers are Latin-1, bodies are UTF-8.
    return {text.encode(name, "surrogatepass") for text in texts for name in _encodings(text)} - {b""}


def _encodings(text: str) -> Sequence[str]:
    return ("utf-8", "latin-1") if all(character <= "\xff" for character in text) else ("utf-8",)
