"""Patterns for the string formats of OpenAPI, for `msgspec.Meta(pattern=…)`.

Each is anchored at both ends and built from alternatives that start with different characters, and its runs are
possessive, so that matching takes time in proportion to the length of the text. The one exception is a URI: the usual
form comes first and once more among all forms, since it is checked in every session, and matches three times as fast.
"""

from __future__ import annotations

__all__ = ["FORMAT_PATTERNS", "URI_PATTERN"]

_HEX = "%[0-9A-Fa-f]{2}"
_PCHAR = rf"(?:[A-Za-z0-9\-._~!$&'()*+,;=:@]++|{_HEX})"
_PCHAR_NO_COLON = rf"(?:[A-Za-z0-9\-._~!$&'()*+,;=@]++|{_HEX})"
_USERINFO = rf"(?:[A-Za-z0-9\-._~!$&'()*+,;=:]++|{_HEX})*@"
_REG_NAME = rf"(?:[A-Za-z0-9\-._~!$&'()*+,;=]++|{_HEX})*"

_OCTET = r"(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
_IPV4 = rf"{_OCTET}(?:\.{_OCTET}){{3}}"
_H16 = r"[0-9A-Fa-f]{1,4}"
_LS32 = rf"(?:{_H16}:{_H16}|{_IPV4})"
_IPV6 = (
    rf"(?:(?:{_H16}:){{6}}{_LS32}"
    rf"|::(?:{_H16}:){{5}}{_LS32}"
    rf"|(?:{_H16})?::(?:{_H16}:){{4}}{_LS32}"
    rf"|(?:(?:{_H16}:){{0,1}}{_H16})?::(?:{_H16}:){{3}}{_LS32}"
    rf"|(?:(?:{_H16}:){{0,2}}{_H16})?::(?:{_H16}:){{2}}{_LS32}"
    rf"|(?:(?:{_H16}:){{0,3}}{_H16})?::{_H16}:{_LS32}"
    rf"|(?:(?:{_H16}:){{0,4}}{_H16})?::{_LS32}"
    rf"|(?:(?:{_H16}:){{0,5}}{_H16})?::{_H16}"
    rf"|(?:(?:{_H16}:){{0,6}}{_H16})?::)"
)
_IP_LITERAL = rf"\[(?:{_IPV6}|[vV][0-9A-Fa-f]+\.[A-Za-z0-9\-._~!$&'()*+,;=:]+)\]"
_AUTHORITY = rf"(?:{_USERINFO})?(?:{_IP_LITERAL}|{_REG_NAME})(?::[0-9]*)?"
_SEGMENTS = rf"(?:/{_PCHAR}*)*"
_TAIL = rf"(?:\?(?:{_PCHAR}|[/?])*)?(?:#(?:{_PCHAR}|[/?])*)?"
_HIERARCHY = rf"(?://{_AUTHORITY}{_SEGMENTS}|/(?:{_PCHAR}+{_SEGMENTS})?|{_PCHAR}+{_SEGMENTS}|)"
_RELATIVE = rf"(?://{_AUTHORITY}{_SEGMENTS}|/(?:{_PCHAR}+{_SEGMENTS})?|{_PCHAR_NO_COLON}+{_SEGMENTS}|)"
_USUAL_URI = r"[A-Za-z][A-Za-z0-9+.\-]*+://[A-Za-z0-9\-._~]++(?::[0-9]++)?(?:/[A-Za-z0-9\-._~!$&'()*+,;=:@/]*+)?\Z"
# Hyphens in the third and fourth place are reserved for names in Punycode (RFC 5891, section 4.2.3.1).
_LABEL = r"(?!(?![Xx][Nn])[A-Za-z0-9]{2}--)[A-Za-z0-9](?:[A-Za-z0-9\-]{0,61}[A-Za-z0-9])?"
_ATEXT = r"[A-Za-z0-9!#$%&'*+\-/=?^_`{|}~]+"

URI_PATTERN = rf"^(?:{_USUAL_URI}|[A-Za-z][A-Za-z0-9+.\-]*:{_HIERARCHY}{_TAIL}\Z)"
"""An absolute URI of RFC 3986: ASCII, with a scheme, whose fragment is optional."""

FORMAT_PATTERNS: dict[str, str] = {
    "uri": URI_PATTERN,
    "uri-reference": rf"^(?:[A-Za-z][A-Za-z0-9+.\-]*:{_HIERARCHY}|{_RELATIVE}){_TAIL}\Z",
    "email": (
        rf"^(?=[^@]{{1,64}}@){_ATEXT}(?:\.{_ATEXT})*"
        rf"@(?:(?=.{{1,255}}\Z){_LABEL}(?:\.{_LABEL})*|\[(?:{_IPV4}|IPv6:{_IPV6})\])\Z"
    ),
    "hostname": rf"^(?=.{{1,253}}\Z){_LABEL}(?:\.{_LABEL})*\Z",
    "ipv4": rf"^{_IPV4}\Z",
    "ipv6": rf"^{_IPV6}\Z",
}
"""Patterns by the name of the format."""
