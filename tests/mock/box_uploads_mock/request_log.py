"""What the request log tells of a request, without the credentials that are in it."""

import json
import re
from collections.abc import Iterable, Sequence
from urllib.parse import quote

from starlette.types import Message, Receive

BODY_START_LENGTH = 256

_HIDDEN = b"***"
# `boxapi` has the password of a shared link.
_CREDENTIALS = frozenset({"authorization", "proxy-authorization", "cookie", "boxapi"})
# Of anything else in its place it cannot be told whether it is a scheme or the token.
_SCHEMES = frozenset({b"basic", b"bearer"})


class BodyRecorder:
    """Receives a request for an app, and keeps the first bytes of the body.

    Args:
        receive: Where the request comes from.
        length: How many bytes are kept.
    """

    def __init__(self, receive: Receive, length: int) -> None:
        self._receive = receive
        self._length = length
        self.content = b""

    async def __call__(self) -> Message:
        """Receives a message."""
        message = await self._receive()
        # Bodies of gigabytes come in many messages; most of them are not looked at.
        if len(self.content) < self._length and message["type"] == "http.request":
            self.content += message.get("body", b"")[: self._length - len(self.content)]
        return message


class Redactor:
    """Hides credentials.

    Args:
        tokens: The tokens that the mock knows, at least one, whether they are accepted or have expired; they are hidden
            wherever they are, also percent-encoded (in forms) or escaped (in JSON).
    """

    def __init__(self, tokens: Iterable[str]) -> None:
        spellings = {spelling for token in tokens for spelling in _spellings(token)}
        # Of two tokens that begin alike, the longer one.
        ordered = sorted(spellings, key=len, reverse=True)
        self._pattern = re.compile(b"|".join(map(re.escape, ordered)), re.IGNORECASE)
        self._longest = len(ordered[0])

    @property
    def needed_length(self) -> int:
        """How many bytes of a body have to be kept, lest a token that is cut off there goes unnoticed."""
        return BODY_START_LENGTH + self._longest

    def headers(self, raw: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
        """Returns headers by their names in lower case; the values of a repeated one joined by commas."""
        found: dict[str, str] = {}
        for raw_name, raw_value in raw:
            name = raw_name.decode("latin-1").lower()
            shown = _without_credentials(raw_value) if name in _CREDENTIALS else self._without_tokens(raw_value)
            value = shown.decode("latin-1")
            found[name] = f"{found[name]}, {value}" if name in found else value
        return found

    def text(self, text: str) -> str:
        """Returns a text without tokens."""
        return self._without_tokens(text.encode()).decode()

    def body_start(self, content: bytes) -> str:
        """Returns the first bytes of a body as text, in which bytes that are not UTF-8 are hexadecimal."""
        return self._without_tokens(content, BODY_START_LENGTH).decode("utf-8", "backslashreplace")

    def _without_tokens(self, content: bytes, length: int | None = None) -> bytes:
        """Returns the content up to a length; what is hidden there counts as long as it is."""
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
    # Headers are Latin-1, bodies UTF-8.
    return {text.encode(name, "surrogatepass") for text in texts for name in _encodings(text)} - {b""}


def _encodings(text: str) -> Sequence[str]:
    return ("utf-8", "latin-1") if all(character <= "\xff" for character in text) else ("utf-8",)
