"""Bodies as the spec types them: decoded strictly, encoded only if the server could accept them."""

from __future__ import annotations

import codecs
import decimal
import math
import re
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar, cast

import msgspec

from .body import Content, Source, content_of, is_source
from .conversion import convert, decoder_of
from .errors import DecodeError, InvalidArgumentError
from .hidden import Discreet
from .json_types import is_array, is_object
from .open_object import EXTRA, EXTRA_BYTES, inline_extra
from .parameters import deep_pairs, given_items, joined_text, plain_text, query_text
from .redaction import SECURE
from .text import short_repr
from .tolerance import convert_tolerantly
from .validation_errors import NATIVE, argument_error, check_finite, encoding_error, explain_decode_error

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from .messages import RawResponse

__all__ = ["Binary", "Bodies", "Empty", "Form", "Json", "Location", "Text", "asking_for_stream"]

T = TypeVar("T")

_INTEGER_DIGITS = 40
# By these codecs, the mark is no part of the text.
_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_DECLARED = re.compile(rb"<\?xml[^>]*?\sencoding\s*=\s*[\"']([A-Za-z0-9._-]+)[\"']")


class Json(Generic[T]):
    """JSON bodies of one type.

    Args:
        type_: The type, as msgspec understands it. Its decoder is built when it is first used.
        tolerant: Whether what the type does not know of is kept as the server sent it: a new member of an enum or a
            union, a null, and what breaks a constraint or a format alone. JSON is read whatever its media type says.
    """

    __slots__ = ("_decode", "_encode", "_tolerant", "_type")

    def __init__(self, type_: Any, *, tolerant: bool = False) -> None:
        self._type = type_
        self._tolerant = tolerant
        self._decode: Callable[[bytes], T] = self._build
        self._encode: Callable[[object], bytes] | None = None

    def decode(self, raw: RawResponse) -> T:
        """Return the value in the body of a response.

        Raises:
            DecodeError: The media type is not JSON, or the body does not match the spec.
        """
        if self._tolerant:
            return self._decode_whatever_it_is_called(raw)
        if raw.headers.get("content-type") != "application/json":
            _check_json(raw)
        return self._decode_json(raw.content, raw)

    def decode_bytes(self, content: bytes) -> T:
        """Return the value in a body, whatever its media type.

        Raises:
            DecodeError: The body does not match the spec.
        """
        return self._decode_json(content, None)

    def encode(self, value: T, root: str = "") -> bytes:
        """Return a value as a body.

        Args:
            value: The value.
            root: Name of the argument that it is; empty if its fields are the arguments.

        Raises:
            InvalidArgumentError: The value breaks a rule of its type, or cannot be written as JSON.
        """
        _validate(value, self._type, root)
        if self._encode is None:
            self._encode = msgspec.json.Encoder(decimal_format="string").encode
        try:
            content = self._encode(value)
        except (TypeError, ValueError, OverflowError, RecursionError) as error:
            raise encoding_error(value, error, root) from None
        if EXTRA_BYTES in content:
            content = self._encode(inline_extra(msgspec.to_builtins(value, str_keys=True)))
        # msgspec writes infinity and NaN as null, which an optional field would accept.
        if b"null" in content:
            check_finite(value, root)
        return content

    def encode_given(self, value: T) -> bytes | None:
        """Return a value as a body, or None if none of its fields is set.

        Raises:
            InvalidArgumentError: The value breaks a rule of its type, or cannot be written as JSON.
        """
        return self.encode(value) if is_given(value) else None

    def _decode_whatever_it_is_called(self, raw: RawResponse) -> T:
        """Return the value in JSON of any media type; a text of another one may be a string."""
        content = raw.content.removeprefix(codecs.BOM_UTF8)
        if not content and self._takes_null():
            return cast("T", None)
        if not _is_called_json(raw.media_type):
            is_string = self._type is str
            # The quotes of what is called a text, or bytes, are its own.
            if not ((_may_be_json(raw.media_type) or not is_string) and _is_json(content)):
                if is_string:
                    return cast("T", Text().decode(raw))
                _check_json(raw)
        return self._decode_json(content, raw)

    def _takes_null(self) -> bool:
        try:
            return self._decode(b"null") is None
        except (ValueError, RecursionError):
            return False

    def _decode_json(self, content: bytes, raw: RawResponse | None) -> T:
        try:
            return self._decode(content)
        except (ValueError, RecursionError) as error:
            return self._decode_again(content, error, raw)

    def _build(self, content: bytes) -> T:
        self._decode = decoder_of(self._type, tolerant=self._tolerant)
        return self._decode(content)

    def _decode_again(self, content: bytes, error: Exception, raw: RawResponse | None) -> T:
        """Accept integers that are written as `1.0` or `1e3`, and what else a tolerant reader does."""
        if isinstance(error, msgspec.ValidationError):
            try:
                loose = msgspec.json.Decoder(float_hook=_number).decode(content)
                if self._tolerant:
                    return cast("T", convert_tolerantly(loose, self._type))
                return cast("T", convert(loose, self._type))
            except msgspec.ValidationError as misfit:
                # The first one may be what a tolerant reader bears.
                error = misfit if self._tolerant else error
            except (ValueError, TypeError, RecursionError, ArithmeticError):
                pass
        reason, path = explain_decode_error(error, self._type)
        if isinstance(error, RecursionError):
            reason = "is nested too deeply"
        if isinstance(self._type, type) and issubclass(self._type, Discreet):
            # Where in it a password is, nobody knows: it does not match the spec.
            content = SECURE.encode()
            raw = None if raw is None else msgspec.structs.replace(raw, content=content)
        raise _decode_error(reason, raw, path=path, content=content) from None


class Text:
    """Bodies of text, in the charset that the media type or the text itself names, UTF-8 by default."""

    def decode(self, raw: RawResponse) -> str:
        """Return the text of a response.

        Raises:
            DecodeError: The body is not written in its charset.
        """
        parameters = raw.headers.get("content-type", "").lower().partition("charset=")[2]
        charset = _charset(raw.content, parameters.partition(";")[0].strip(" \"'"))
        try:
            return raw.content.decode(charset)
        except (LookupError, ValueError):
            raise _decode_error(f"is not text in {charset}", raw) from None

    def encode(self, value: str) -> bytes:
        """Return a text in UTF-8.

        Raises:
            InvalidArgumentError: The value is no text, or has a lone surrogate.
        """
        if not isinstance(cast("object", value), str):
            raise InvalidArgumentError("body", "must be a string", shown=short_repr(value))
        try:
            return value.encode()
        except UnicodeEncodeError as error:
            raise encoding_error(value, error) from None


def _charset(content: bytes, named: str) -> str:
    """Return the charset of a text: by Unicode's mark before it, its media type, or XML's declaration."""
    for mark, charset in _MARKS:
        if content.startswith(mark):
            return charset
    declared = _DECLARED.match(content[:200])
    return named or (declared[1].decode().lower() if declared else "utf-8")


class Binary:
    """Bodies of any bytes."""

    def decode(self, raw: RawResponse) -> bytes:
        """Return the bytes of a response."""
        return raw.content

    def encode(self, value: Source) -> Content:
        """Return the bytes themselves, which are not copied, or what reads them while they are sent.

        Raises:
            InvalidArgumentError: The value is neither bytes nor what they are read from.
            OSError: A file cannot be examined.
        """
        return content_of(value)


class Empty:
    """Responses without a body that matters."""

    def decode(self, raw: RawResponse) -> None:
        """Ignore the body of a response."""

    def encode(self, value: None = None) -> None:
        """Return no body."""


class Location:
    """Redirects that are not followed, since where they lead is what the call is for."""

    def decode(self, raw: RawResponse) -> str:
        """Return the URL to which a response leads, as the server sent it.

        Raises:
            DecodeError: It names none, or several.
        """
        found = raw.headers.get_list("location")
        if len(found) != 1:
            raise _decode_error("belongs to a redirect without a Location", raw)
        return found[0]


class Form(Generic[T]):
    """Bodies of `application/x-www-form-urlencoded`: the properties of an object.

    A list is written as its items, and an object, or a list in a list, as JSON. None is left out: only JSON has a null.

    Args:
        type_: The object, as msgspec understands it.
        styles: How some properties are written: `deepObject` as names with keys, such as `metadata[size]`, for each
            scalar in them, `json` as a whole, or `form`, `spaceDelimited` or `pipeDelimited` for what joins the items.
    """

    __slots__ = ("_styles", "_type")

    def __init__(self, type_: Any, *, styles: Mapping[str, str] = MappingProxyType({})) -> None:
        self._type = type_
        self._styles = styles

    def encode(self, value: T) -> bytes:
        """Return a value as a body.

        Raises:
            InvalidArgumentError: The value breaks a rule of its type, or cannot be written.
        """
        fields = inline_extra(_validate(value, self._type))
        if not is_object(fields):
            raise InvalidArgumentError("body", "must have fields", shown=short_repr(value))
        pairs: list[str] = []
        for name, content in fields.items():
            found = _form_texts(name, content, self._styles.get(name, ""))
            pairs += [f"{query_text(key, name)}={text}" for key, text in found]
        return "&".join(pairs).replace("%20", "+").encode()

    def encode_given(self, value: T) -> bytes | None:
        """Return a value as a body, or None if nothing of it is sent.

        Raises:
            InvalidArgumentError: The value breaks a rule of its type, or cannot be written.
        """
        return (self.encode(value) or None) if is_given(value) else None


def _form_texts(name: str, content: object, style: str) -> list[tuple[str, str]]:
    """Return what a property of a form is written as: names, each with its value, percent-encoded."""
    items = given_items(content)
    if style == "deepObject":
        return [(key, query_text(_form_text(item, name), name)) for key, item in deep_pairs(name, content)]
    if style == "json":
        items = [] if content is None else [_json_text(content, name)]
    elif style:
        text = joined_text(content, style, name)
        items = [] if text is None else [text]
    texts = [query_text(_form_text(item, name), name) for item in items]
    # Servers that separate the items before they decode them look for commas.
    return [(name, text.replace("%2C", ",") if style == "form" else text) for text in texts]


def _form_text(value: object, name: str) -> str:
    return _json_text(value, name) if is_object(value) or is_array(value) else plain_text(value, name)


def _json_text(value: object, name: str) -> str:
    check_finite(value, root=name)
    return msgspec.json.encode(value).decode()


class _Encoder(Protocol):
    def encode(self, value: Any, /) -> Content: ...


class Bodies:
    """Bodies of one of several media types, which the caller chooses.

    Args:
        encoders: How a body of each media type is encoded.
    """

    __slots__ = ("_encoders",)

    def __init__(self, encoders: Mapping[str, _Encoder]) -> None:
        self._encoders = encoders

    def encode(self, media_type: str, value: object) -> Content:
        """Return a value as a body of a media type.

        Raises:
            InvalidArgumentError: The value breaks a rule of its type, or belongs to another of the media types.
            OSError: A file cannot be examined.
        """
        fitting = [name for name, codec in self._encoders.items() if _fits(codec, value)]
        if fitting and media_type not in fitting:
            raise _belongs_to(fitting[0], media_type, value)
        try:
            return self._encoders[media_type].encode(value)
        except InvalidArgumentError:
            other = next((name for name in fitting if _takes(self._encoders[name].encode, value)), None)
            if other is None:
                raise
        raise _belongs_to(other, media_type, value)


def _belongs_to(other: str, media_type: str, value: object) -> InvalidArgumentError:
    rule = f"is not sent as {media_type}; pass content_type={other!r}"
    return InvalidArgumentError("body", rule, shown=short_repr(value))


def _fits(codec: _Encoder, value: object) -> bool:
    """Return whether a value belongs to a media type: bytes are no JSON, where they may be sent as they are."""
    encode = codec.encode
    if is_source(value):
        return isinstance(codec, Binary)
    if not isinstance(value, str):
        return isinstance(codec, (Json, Form))
    if not isinstance(codec, Json):
        return isinstance(codec, Text)
    return _takes(encode, value)


def _takes(encode: Callable[[Any], Content], value: object) -> bool:
    try:
        encode(value)
    except InvalidArgumentError:
        return False
    return True


def asking_for_stream(body: T, attribute: str) -> T:
    """Return a body that asks for a stream by an attribute, unless it says itself what it asks for."""
    if isinstance(body, msgspec.Struct) and getattr(body, attribute) is msgspec.UNSET:
        return msgspec.structs.replace(body, **{attribute: True})
    return body


def is_given(value: object) -> bool:
    """Return whether a field of a Struct is set."""
    names: tuple[str, ...] = getattr(value, "__struct_fields__", ())
    wire_names: tuple[str, ...] = getattr(value, "__struct_encode_fields__", ())
    found = [(wire_name, getattr(value, name)) for name, wire_name in zip(names, wire_names, strict=True)]
    return any(member != {} if wire_name == EXTRA else member is not msgspec.UNSET for wire_name, member in found)


def _validate(value: object, type_: Any, root: str = "") -> Any:
    """Check a value against a type as a server would; constructing a Struct checks nothing."""
    try:
        plain = msgspec.to_builtins(value, builtin_types=NATIVE, str_keys=True)
    except (TypeError, ValueError, OverflowError, RecursionError) as error:
        raise encoding_error(value, error, root) from None
    try:
        convert(plain, type_, sends=True)
    except (ValueError, TypeError, RecursionError) as error:
        raise argument_error(error, value, type_, root=root) from None
    return plain


def _decode_error(reason: str, raw: RawResponse | None, *, path: str = "$", content: bytes = b"") -> DecodeError:
    if raw is None:
        return DecodeError(reason, path=path, content=content)
    encoding = raw.headers.get("content-encoding")
    if encoding and encoding.lower() != "identity":
        reason += f" (content-encoding {encoding})"
    return DecodeError(
        raw.redaction(reason),
        path=raw.redaction(path),
        status=raw.status,
        content=raw.redaction(raw.content),
        operation=raw.operation,
        # The server accepted the call: repeating it has a second effect unless it is idempotent.
        retry_safe=raw.idempotent,
    )


def _check_json(raw: RawResponse) -> None:
    if not _is_called_json(raw.media_type):
        raise _decode_error(f"is {raw.media_type or 'of no media type'}, not application/json", raw)


def _is_called_json(media_type: str) -> bool:
    return media_type == "application/json" or media_type.endswith("+json")


def _may_be_json(media_type: str) -> bool:
    """Return whether a media type is another name of JSON, such as `text/json`, or says nothing."""
    return not media_type or "json" in media_type


def _is_json(content: bytes) -> bool:
    try:
        msgspec.json.decode(content, type=msgspec.Raw)
    except (ValueError, RecursionError):
        return False
    return True


def _number(text: str) -> int | float:
    """Read a JSON number exactly if it is integral and could be meant as an integer."""
    number = decimal.Decimal(text)
    # The exponent is bounded before the number is expanded: 1e400000000 has nine characters.
    if number.adjusted() <= _INTEGER_DIGITS and number == number.to_integral_value():
        return int(number)
    value = float(text)
    if math.isinf(value):
        raise ValueError("number out of range")
    return value
