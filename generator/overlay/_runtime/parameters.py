"""Parameters of an operation: checked against their type, then serialized in the style of their place."""

from __future__ import annotations

import datetime as dt
import decimal
import enum
import math
import re
import uuid
from base64 import b64encode
from typing import Any, Generic, TypeVar, cast

import msgspec

from .conversion import convert
from .errors import InvalidArgumentError
from .json_types import is_array, is_object
from .open_object import inline_extra
from .text import short_repr
from .validation_errors import NATIVE, argument_error, aside, check_finite, encoding_error, inspect_type, shown_value

__all__ = [
    "Parameter",
    "check_model",
    "cookie_header",
    "deep_pairs",
    "given_items",
    "given_url",
    "joined_text",
    "plain_text",
    "query_text",
]

T = TypeVar("T")

_UNRESERVED = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
_ENCODED = tuple(chr(byte) if byte in _UNRESERVED else f"%{byte:02X}" for byte in range(256))
_PLAIN = re.compile(r"[A-Za-z0-9\-._~]*\Z")
_HEADER = re.compile(r"(?:[\x21-\x7e](?:[\x20-\x7e\t]*[\x21-\x7e])?)?\Z")
# As far as this, zeros are shorter to read than an exponent, which some servers do not read at all.
_PLAIN_DIGITS = 20
_DOTS = {".": "%2E", "..": "%2E%2E"}


_SEPARATORS = {"form": (",", "a comma"), "spaceDelimited": (" ", "a space"), "pipeDelimited": ("|", "a pipe")}


class Parameter(Generic[T]):
    """A parameter of an operation.

    An unset value (`msgspec.UNSET`) is not sent, and neither is None, where the type allows it: only a parameter in
    JSON has a null. In a list or an object, None is left out as well.

    Args:
        wire_name: Name in the request.
        argument: Name in Python, for errors.
        type_: The type, as msgspec understands it.
        explode: Whether each item of an array is sent by itself rather than joined.
        style: How an array or object is written in a query: `form`, `spaceDelimited` or `pipeDelimited` for what
            joins the items, `deepObject` for names such as `filter[size]`, or `json`.
        description: What the parameter means, for errors.
    """

    __slots__ = ("_argument", "_description", "_explode", "_name", "_style", "_type")

    def __init__(  # noqa: PLR0913  # each is a part of the parameter
        self,
        wire_name: str,
        argument: str,
        type_: Any,
        *,
        explode: bool = True,
        style: str = "form",
        description: str = "",
    ) -> None:
        self._name = wire_name
        self._argument = argument
        self._type = type_
        self._explode = explode
        self._style = style
        self._description = description

    def in_path(self, value: T) -> str:
        """Return the value as one percent-encoded segment of a path (style `simple`).

        Raises:
            InvalidArgumentError: The value does not fit its type, or would leave the segment empty.
        """
        if value is msgspec.UNSET:
            raise self._error("is required")
        parts = [self._escaped(part) for part in self._parts(value, explode_objects=self._explode)]
        segment = ",".join(parts)
        if not segment:
            raise self._error("must not be empty", value)
        return _DOTS.get(segment, segment)

    def in_query(self, value: T) -> tuple[tuple[str, str], ...]:
        """Return the value as names and values of a query, not percent-encoded.

        Raises:
            InvalidArgumentError: The value does not fit its type.
        """
        if value is msgspec.UNSET:
            return ()
        plain = self._checked(value)
        if self._style == "json":
            return ((self._name, self._json(plain)),)
        if self._style == "deepObject":
            pairs = deep_pairs(self._name, plain)
            return tuple((name, self._encodable(plain_text(item, self._argument))) for name, item in pairs)
        if is_object(plain) and self._explode:
            pairs = [(name, item) for name, content in plain.items() for item in given_items(content)]
            return tuple((name, self._encodable(plain_text(item, self._argument))) for name, item in pairs)
        parts = [self._encodable(part) for part in self._parts(value, explode_objects=False)]
        if not isinstance(plain, (list, dict)) or (self._explode and isinstance(plain, list)):
            return tuple((self._name, part) for part in parts)
        separator, words = _SEPARATORS[self._style]
        if any(separator in part for part in parts):
            raise self._error(f"must not contain {words}, which separates the items", value)
        return ((self._name, separator.join(parts)),) if parts else ()

    def in_header(self, value: T) -> tuple[tuple[str, str], ...]:
        """Return the value as a header field (style `simple`).

        Raises:
            InvalidArgumentError: The value does not fit its type, or has characters that are unsafe in a header:
                anything but ASCII, line breaks and other control characters, spaces at its ends.
        """
        if value is msgspec.UNSET:
            return ()
        parts = self._parts(value, explode_objects=self._explode)
        if not parts:
            return ()
        if len(parts) > 1 and any("," in part for part in parts):
            raise self._error("must not contain a comma, which separates the items", value)
        text = ",".join(parts)
        if not _HEADER.match(text):
            raise self._error("has characters that cannot be sent in a header", value)
        return ((self._name, text),)

    def in_cookie(self, value: T) -> tuple[tuple[str, str], ...]:
        """Return the value as names and percent-encoded values of cookies (style `form`).

        Raises:
            InvalidArgumentError: The value does not fit its type.
        """
        return tuple((name, query_text(text, self._argument)) for name, text in self.in_query(value))

    def _checked(self, value: object) -> Any:
        try:
            plain = msgspec.to_builtins(
                convert(value, self._type, sends=True),
                builtin_types=NATIVE,
                str_keys=True,
            )
            if is_object(plain) or is_array(plain):
                # Constructing a Struct checks nothing.
                convert(plain, self._type, sends=True)
            return _as_given(inline_extra(plain), value)
        except (ValueError, TypeError, RecursionError) as error:
            raise argument_error(error, value, self._type, root=self._argument, note=self._description) from None

    def _parts(self, value: object, *, explode_objects: bool) -> list[str]:
        plain = self._checked(value)
        if is_object(plain):
            pairs = [(name, plain_text(item, self._argument)) for name, item in plain.items() if item is not None]
            if explode_objects:
                return [f"{name}={text}" for name, text in pairs]
            return [part for pair in pairs for part in pair]
        return [plain_text(item, self._argument) for item in given_items(plain)]

    def _json(self, plain: object) -> str:
        check_finite(plain, self._argument)
        try:
            return msgspec.json.encode(plain).decode()
        except (TypeError, ValueError, OverflowError, RecursionError) as error:
            raise encoding_error(plain, error, self._argument) from None

    def _encodable(self, text: str) -> str:
        self._escaped(text)
        return text

    def _escaped(self, text: str) -> str:
        try:
            return query_text(text, self._argument)
        except InvalidArgumentError as error:
            raise InvalidArgumentError(
                self._argument, error.rule, shown=shown_value(text, inspect_type(self._type))
            ) from None

    def _error(self, rule: str, value: object = msgspec.UNSET) -> InvalidArgumentError:
        shown = None if value is msgspec.UNSET else shown_value(value, inspect_type(self._type))
        return InvalidArgumentError(self._argument, rule + aside(self._description), shown=shown)


def _as_given(plain: Any, value: object) -> Any:
    """Return a value of plain types with each whole number that its type made a float as the caller gave it."""
    if isinstance(plain, float) and isinstance(value, int):
        return int(value)
    if is_array(plain) and isinstance(value, (list, tuple)):
        return [_as_given(item, given) for item, given in zip(plain, cast("list[object]", value), strict=True)]
    if is_object(plain) and is_object(value):
        return {name: _as_given(item, value.get(name)) for name, item in plain.items()}
    return plain


def given_items(value: object) -> list[Any]:
    """Return what is written of a value, each item of a list by itself, without None."""
    return [item for item in (value if is_array(value) else [value]) if item is not None]


def deep_pairs(name: str, value: object) -> list[tuple[str, object]]:
    """Return the scalars in a value but None, each with its name and the keys that lead to it in brackets."""
    if is_object(value):
        return [pair for key, item in value.items() for pair in deep_pairs(f"{name}[{key}]", item)]
    if is_array(value):
        return [pair for index, item in enumerate(given_items(value)) for pair in deep_pairs(f"{name}[{index}]", item)]
    return [] if value is None else [(name, value)]


def joined_text(value: object, style: str, argument: str) -> str | None:
    """Return the items of a list but None, or the names and values of an object, as one text; None if there are none.

    Args:
        value: The list or object; any other value is a text by itself.
        style: What joins them: `form` for commas, `spaceDelimited` or `pipeDelimited`.
        argument: Name in Python, for errors.

    Raises:
        InvalidArgumentError: One of them has the character that separates them.
    """
    pairs = value.items() if is_object(value) else [(None, item) for item in given_items(value)]
    parts = [part for name, item in pairs if item is not None for part in (name, item) if part is not None]
    texts = [plain_text(part, argument) for part in parts]
    separator, words = _SEPARATORS[style]
    if (is_object(value) or is_array(value)) and any(separator in text for text in texts):
        raise InvalidArgumentError(argument, f"must not contain {words}, which separates the items")
    return separator.join(texts) if texts else None


def check_model(argument: str, value: object, kind: type) -> None:
    """Check that an argument is a model, as an earlier call returned it.

    Raises:
        InvalidArgumentError: It is of another type.
    """
    if not isinstance(value, kind):
        raise InvalidArgumentError(argument, f"must be the {kind.__name__} of an earlier call", shown=short_repr(value))


def given_url(argument: str, url: str | msgspec.UnsetType) -> str:
    """Return the URL that an earlier response may have given for a call.

    Raises:
        InvalidArgumentError: It gave none.
    """
    if isinstance(url, msgspec.UnsetType):
        raise InvalidArgumentError(argument, "is not set: the server offers no URL for this call")
    return url


def optional_url(argument: str, url: str | msgspec.UnsetType) -> str:
    """Return the URL that an earlier response has named for a call, or an empty text if the caller gives none.

    Raises:
        InvalidArgumentError: It is no text.
    """
    if isinstance(url, msgspec.UnsetType):
        return ""
    if not isinstance(cast("object", url), str):
        raise InvalidArgumentError(argument, "must be a URL")
    return url


def cookie_header(*pairs: tuple[str, str]) -> tuple[tuple[str, str], ...]:
    """Return the header field that sends all cookies, or nothing if there are none."""
    return (("cookie", "; ".join(f"{name}={value}" for name, value in pairs)),) if pairs else ()


def query_text(text: str, argument: str) -> str:
    """Return a text with everything but unreserved characters percent-encoded.

    Raises:
        InvalidArgumentError: The text has a lone surrogate.
    """
    if _PLAIN.match(text):
        return text
    try:
        return "".join([_ENCODED[byte] for byte in text.encode()])
    except UnicodeEncodeError:
        # Not shown: it may be a secret.
        raise InvalidArgumentError(argument, "is not valid Unicode, it has a lone surrogate") from None


def plain_text(value: object, argument: str) -> str:
    """Return the text of a scalar as it is written in URLs, headers and forms.

    Raises:
        InvalidArgumentError: The value is no scalar, or a number that is not finite.
    """
    if isinstance(value, str):
        return value.value if isinstance(value, enum.Enum) else value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (dt.datetime, dt.date, dt.time)):
        return value.isoformat()
    if isinstance(value, bytes):
        return b64encode(value).decode()
    if isinstance(value, (int, uuid.UUID)):
        return str(value)
    if isinstance(value, (float, decimal.Decimal)) and math.isfinite(value):
        return _number_text(value)
    rule = "must be a finite number" if isinstance(value, (float, decimal.Decimal)) else "must be a scalar"
    raise InvalidArgumentError(argument, rule, shown=short_repr(value))


def _number_text(value: float | decimal.Decimal) -> str:
    exact = decimal.Decimal(str(value))
    text = format(exact, "f") if abs(exact.adjusted()) <= _PLAIN_DIGITS else str(value)
    # A server that expects an integer reads no `3.0`.
    return text.removesuffix(".0") if isinstance(value, float) else text
