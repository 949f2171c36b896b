"""The errors that a client raises: one root, one subclass per kind of failure and per documented status."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar, cast

from .json_types import is_array, is_object
from .text import one_line, short_repr

if TYPE_CHECKING:
    from .headers import Headers

__all__ = [
    "ApiError",
    "BadRequestError",
    "ClientClosedError",
    "ClientError",
    "ConflictError",
    "ContentTooLargeError",
    "DecodeError",
    "ForbiddenError",
    "GoneError",
    "InvalidArgumentError",
    "LengthRequiredError",
    "MethodNotAllowedError",
    "NotFoundError",
    "PageError",
    "PreconditionFailedError",
    "RangeNotSatisfiableError",
    "RateLimitedError",
    "ResponseTooLargeError",
    "ServerError",
    "TransportError",
    "UnauthorizedError",
    "UnsupportedMediaTypeError",
    "UntrustedUrlError",
    "error_class",
]

_E = TypeVar("_E", bound="ClientError")
_MOST_DETAILS = 10


_context: Any = BaseException.__dict__["__context__"]


def _context_of(error: BaseException) -> BaseException | None:
    found: BaseException | None = _context.__get__(error)
    return found


def _set_context(error: BaseException, context: BaseException | None) -> None:
    _context.__set__(error, context)


def _restore(cls: type[_E], args: tuple[Any, ...], state: dict[str, Any]) -> _E:
    error = cls.__new__(cls, *args)
    error.__dict__.update(state)
    return error


class ClientError(Exception):
    """The root of all errors of the client.

    Attributes:
        retry_safe: Whether repeating the same call cannot have a second effect: True if it cannot (the request was
            not sent, was refused, or is idempotent), False if it may, None if nothing is known. It does
            not say that repeating would help.
        retry_after_s: The wait in seconds that the server asked for, or None if it did not.
    """

    def __init__(self, message: str, *, retry_safe: bool | None = None, retry_after_s: float | None = None) -> None:
        super().__init__(message)
        self.retry_safe = retry_safe
        self.retry_after_s = retry_after_s

    def __reduce__(self) -> tuple[Any, ...]:
        return _restore, (type(self), self.args, self.__dict__.copy())

    # To a type checker, it is the attribute that every exception has.
    if not TYPE_CHECKING:

        @property
        def __context__(self) -> BaseException | None:
            """The error that was handled when this one was raised, unless `from None` says that it is no part of it.

            It may hold what errors must not show, and Dask sends it to other machines all the same.
            """
            return None if self.__suppress_context__ and self.__cause__ is None else _context_of(self)

        @__context__.setter
        def __context__(self, error: BaseException | None) -> None:
            _set_context(self, error)


class ClientClosedError(ClientError):
    """The client is closed; nothing was sent."""


class InvalidArgumentError(ClientError, ValueError):
    """An argument that no server could accept; nothing was sent, or only the beginning of a streamed body.

    Attributes:
        argument: Name of the argument, for a nested value as in `parts[3].size`.
        rule: The rule that the value breaks, in words.
    """

    def __init__(self, argument: str, rule: str, *, shown: str | None = None) -> None:
        value = "" if shown is None else f"={shown}"
        super().__init__(f"{argument}{value}: {one_line(rule)}", retry_safe=True)
        self.argument = argument
        self.rule = rule


class UntrustedUrlError(ClientError):
    """A response names a URL that the token may not be sent to; nothing was sent.

    Attributes:
        url: The URL.
        rule: The rule that it breaks, in words.
        host: Host, or `host:port`, that `trusted_hosts=` could name to trust the URL; None if that would not do.
    """

    def __init__(self, url: str, rule: str, *, host: str | None = None) -> None:
        super().__init__(f"{short_repr(url, 200)}: {one_line(rule)}", retry_safe=True)
        self.url = url
        self.rule = rule
        self.host = host


class TransportError(ClientError):
    """No response was received, or not all of it.

    Attributes:
        operation: Name of the operation.
        kind: What failed, by the name of the HTTP library's exception, such as `ConnectError` or `ReadTimeout`.
        sent: False if the server cannot have got the whole request, True if its response has begun, None if neither
            is known.
        is_transient: Whether the connection failed or was too slow, so that another attempt may succeed.
    """

    def __init__(  # noqa: PLR0913  # each is an attribute
        self,
        message: str,
        *,
        operation: str = "",
        kind: str = "TransportError",
        sent: bool | None = None,
        is_transient: bool = False,
        retry_safe: bool | None = None,
    ) -> None:
        super().__init__(one_line(message), retry_safe=retry_safe)
        self.operation = operation
        self.kind = kind
        self.sent = sent
        self.is_transient = is_transient


class ResponseTooLargeError(TransportError):
    """The body of a response is larger than the client accepts."""


class DecodeError(ClientError):
    """The body of a response does not match the spec.

    Attributes:
        path: JSON path of the error within the body, such as `$.part_size`.
        reason: What is wrong there.
        status: HTTP status of the response, or None if the body came without one.
        content: The body in bytes; not part of the message.
    """

    def __init__(  # noqa: PLR0913  # each is an attribute
        self,
        reason: str,
        *,
        path: str = "$",
        status: int | None = None,
        content: bytes = b"",
        operation: str = "",
        retry_safe: bool | None = None,
    ) -> None:
        details = [part for part in (operation, "" if status is None else f"status {status}") if part]
        where = f" ({', '.join(details)})" if details else ""
        super().__init__(f"response body at {one_line(path)}: {one_line(reason)}{where}", retry_safe=retry_safe)
        self.path = path
        self.reason = reason
        self.status = status
        self.content = content
        self.operation = operation


class PageError(ClientError):
    """The pages of a list do not fit together.

    Attributes:
        operation: Name of the operation that returns a page.
    """

    def __init__(self, message: str, operation: str) -> None:
        super().__init__(f"{message} ({operation})", retry_safe=True)
        self.operation = operation


class ApiError(ClientError):
    """A non-2xx response.

    Attributes:
        status: HTTP status, any integer that the server sent.
        code: Kind of the error as the server names it, or None.
        message: The server's message and what it says of single fields, of any length, or an empty string.
        request_id: Id of the request for the operator of the server, from the body, else from a header field; or None.
        context_info: Details as decoded JSON, or None.
        help_url: Page that explains the error, or None.
        body: The body as the spec types it, or None if it does not match the spec.
        body_error: Why `body` is None although the spec describes one, or None.
        headers: Headers of the response.
        content: The body in bytes.
        operation: Name of the operation.
    """

    def __init__(  # noqa: PLR0913  # each is an attribute
        self,
        status: int,
        *,
        operation: str,
        headers: Headers,
        content: bytes,
        fields: dict[str, Any],
        request_id: str | None = None,
        body: Any = None,
        body_error: DecodeError | None = None,
        retry_safe: bool | None = None,
        retry_after_s: float | None = None,
        note: str = "",
    ) -> None:
        self.status = status
        self.code, self.message = _said(fields)
        self.request_id = _text(fields, "request_id") or request_id
        self.context_info: Any = fields.get("context_info")
        self.help_url = _text(fields, "help_url")
        self.body = body
        self.body_error = body_error
        self.headers = headers
        self.content = content
        self.operation = operation
        super().__init__(self._line(note), retry_safe=retry_safe, retry_after_s=retry_after_s)

    def _line(self, note: str) -> str:
        head = f"{self.status} {one_line(self.code, 80)}" if self.code else str(self.status)
        said = ": ".join(part for part in (head, one_line(self.message), note) if part)
        where = self.operation
        if self.request_id:
            where += f", request id {one_line(self.request_id, 80)}"
        return f"{said} ({where})"


class BadRequestError(ApiError):
    """An argument is missing or breaks a rule of the server (400)."""


class UnauthorizedError(ApiError):
    """The token is missing, wrong or expired (401)."""


class ForbiddenError(ApiError):
    """The user may not do this (403)."""


class NotFoundError(ApiError):
    """What the request names does not exist, or the user may not see it (404)."""


class MethodNotAllowedError(ApiError):
    """The resource does not have the method (405)."""


class ConflictError(ApiError):
    """The request conflicts with what is stored (409)."""


class GoneError(ApiError):
    """What the request names existed before, and no longer does (410)."""


class LengthRequiredError(ApiError):
    """The request has no length (411)."""


class PreconditionFailedError(ApiError):
    """A precondition of the request is not met (412)."""


class ContentTooLargeError(ApiError):
    """The request body is larger than the server reads (413)."""


class UnsupportedMediaTypeError(ApiError):
    """The server does not read the media type of the request body (415)."""


class RangeNotSatisfiableError(ApiError):
    """The range of the request does not fit what is stored (416)."""


class RateLimitedError(ApiError):
    """Too many requests were sent (429); `retry_after_s` says how long to wait, if the server does."""


class ServerError(ApiError):
    """The server failed (5xx); the request may or may not have had its effect."""


_BY_STATUS: dict[int, type[ApiError]] = {
    400: BadRequestError,
    401: UnauthorizedError,
    403: ForbiddenError,
    404: NotFoundError,
    405: MethodNotAllowedError,
    409: ConflictError,
    410: GoneError,
    411: LengthRequiredError,
    412: PreconditionFailedError,
    413: ContentTooLargeError,
    415: UnsupportedMediaTypeError,
    416: RangeNotSatisfiableError,
    429: RateLimitedError,
}


def error_class(status: int) -> type[ApiError]:
    """Return the class of the error for an HTTP status."""
    return _BY_STATUS.get(status, ServerError if 500 <= status <= 599 else ApiError)


def _said(fields: dict[str, Any]) -> tuple[str | None, str]:
    """Return the code and the message of an error's body, where most APIs have them.

    In the body itself, in its `error`, or in the first of its `errors`; named as OAuth 2, RFC 9457 or FastAPI do. What
    is wrong with single fields follows.
    """
    found, own = [fields], 1
    for name in ("error", "errors", "detail"):
        inner = fields.get(name)
        first = cast("list[object]", inner)[0] if is_array(inner) and inner else inner
        found += [first] if is_object(first) else []
        own = len(found) if name == "error" else own
    codes = [_text(part, name) for part in found for name in ("code", "error")]
    names = ("message", "error_description", "detail", "msg", "title")
    details = _details(fields)
    # What the first of several details says is among them.
    messages = [_text(part, name) for part in (found[:own] if details else found) for name in names]
    message = next(filter(None, messages), "")
    others = "; ".join(detail for detail in details if detail not in message)
    joint = "" if not message or not others else " " if message.endswith((".", "!", ":")) else ": "
    return next(filter(None, codes), None), f"{message}{joint}{others}"


def _details(fields: dict[str, Any]) -> list[str]:
    """Return the first texts of an error's body about single fields: as FastAPI, Jira, ASP.NET or GitHub write them."""
    found: list[str] = []
    for name in ("errorMessages", "errors", "detail"):
        value = fields.get(name)
        if is_array(value):
            found += filter(None, map(_detail, value[:_MOST_DETAILS]))
        elif is_object(value) and name == "errors" and not (_text(value, "message") or _text(value, "code")):
            for field, said in list(value.items())[:_MOST_DETAILS]:
                texts = cast("list[object]", said)[:_MOST_DETAILS] if is_array(said) else [said]
                found += [f"{field}: {text}" for text in texts if isinstance(text, str) and text]
    return found[:_MOST_DETAILS]


def _detail(item: object) -> str:
    """Return what one error of several says, if it is a text or says to which field it belongs; else an empty text."""
    if not is_object(item):
        return item if isinstance(item, str) else ""
    steps = item.get("loc")
    path = [str(step) for step in steps if isinstance(step, (str, int))] if is_array(steps) else []
    place = ".".join(path) or _text(item, "location") or _text(item, "field")
    text = _text(item, "msg") or _text(item, "message") or _text(item, "code")
    return f"{place}: {text}" if place and text else ""


def _text(fields: dict[str, Any], name: str) -> str | None:
    value = fields.get(name)
    return value if isinstance(value, str) and value else None
