# ruff: noqa: E501  # a table of values reads best in lines
"""The patterns of formats agree with an independent implementation."""

from __future__ import annotations

import re

import jsonschema_rs
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from generator.overlay._runtime.formats import FORMAT_PATTERNS, URI_PATTERN

TABLE: dict[str, tuple[list[str], list[str]]] = {
    "uri": (
        [
            "https://upload.box.com/api/2.0/files/upload_sessions/F971?x=1&y=%20#top", "http://a", "urn:isbn:0451450523",
            "mailto:a@b.c", "http://[::1]:8080/", "http://[::ffff:1.2.3.4]/", "http://u:p@h:1/", "file:///etc/hosts", "a:",
            "http://", "x+y.z-1:/a//b", "http://h/a:b@c", "http://h?q#f", "tel:+1-816-555-1212", "http://[v1.a:b]/", "http://h:/",
        ],
        [
            "", "/a", "a", "//h/p", "http:// h", "http://h/ä", "http://h/%zz", "http://h/%2", "1a:b", "http://[::1", "http://[1::2::3]/",
            "http://h:port/", "http://h/<a>", "http://h/a\n", "http://h/a b", "\nhttp://h", "http://h/\\", "http://h/#a#b", "http://a@b@c/",
            "http://h/{id}", ":a", "http://[12345::]/", "http://h/^", 'http://h/"',
        ],
    ),
    "uri-reference": (
        ["", "/a", "a/b", "//h/p", "?q", "#f", "https://h/p", "./a:b", "../x", "a/b:c", "%20"],
        [" ", "a b", "1:b", ":a", "%zz", "\\", "a\n", "#a#b", "ä", "//[::1"],
    ),
    "email": (
        ["a@b.c", "a.b+c@d-e.example", "!#$%&'*@x", "a@[127.0.0.1]", "a@[IPv6:::1]", "a@b"],
        ["", "a", "@b", "a@", "a@@b", "a b@c", ".a@b", "a.@b", "a..b@c", "a@-b", "a@b-", "a@b..c", "a@b\n", "a@ab--c", "a@[300.1.1.1]", "a@[::1]"],
    ),
    "hostname": (
        ["a", "example.com", "1.2", "a-b.c", "a" * 63, "xn--nxasmq6b.example", "a--b", "abc--d"],
        ["", "11--1", "a.ab--c", "xx--a", "nn--a", "-a", "a-", "a..b", "a_b", ".a", "a" * 64, "a b", "a\n", "a." + "b" * 253],
    ),
    "ipv4": (["0.0.0.1", "127.0.0.1", "255.255.255.255"], ["", "1.2.3", "1.2.3.4.5", "256.1.1.1", "01.2.3.4", "1.2.3.4\n", "a.b.c.d", "1.2.3.4/8"]),
    "ipv6": (
        ["::", "::1", "1::", "1:2:3:4:5:6:7:8", "2001:db8::ff00:42:8329", "::ffff:192.168.1.1", "1:2:3:4:5:6:1.2.3.4", "1::8", "1:2:3:4:5:6:7::"],
        ["", ":", ":::", "1", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "1::2::3", "12345::", "g::", "::1%eth0", "1:2:3:4:5:6:7:1.2.3.4", "::1\n", "::256.1.1.1"],
    ),
}  # fmt: skip

ALPHABET = {
    "uri": "aA1:/?#[]@!$&'()*+,;=-._~% \\\n\"<>^`{|}é",
    "uri-reference": "aA1:/?#[]@!$&'*-._~% \\\n\"<é",
    "ipv4": "0125.\n",
    "ipv6": "01fg:.\n",
    "hostname": "a1-._\n ",
    "email": "a1.@-+ \n",
}


def accepts(name: str, text: str) -> bool:
    return re.search(FORMAT_PATTERNS[name], text) is not None


def validator_of(name: str) -> jsonschema_rs.Draft202012Validator:
    return jsonschema_rs.Draft202012Validator({"type": "string", "format": name}, validate_formats=True)


GOOD = [(name, text) for name, (good, _) in TABLE.items() for text in good]
BAD = [(name, text) for name, (_, bad) in TABLE.items() for text in bad]


@pytest.mark.parametrize(("name", "text"), GOOD)
def test_good_values_are_accepted_as_the_independent_validator_accepts_them(name: str, text: str) -> None:
    assert accepts(name, text)
    assert validator_of(name).is_valid(text)


@pytest.mark.parametrize(("name", "text"), BAD)
def test_near_misses_are_refused_as_the_independent_validator_refuses_them(name: str, text: str) -> None:
    assert not accepts(name, text)
    assert not validator_of(name).is_valid(text)


@pytest.mark.parametrize("name", sorted(ALPHABET))
def test_both_agree_on_junk(name: str) -> None:
    validator = validator_of(name)

    @given(
        st.text(ALPHABET[name], max_size=20)
        | st.lists(st.sampled_from(GOOD), max_size=2).map(lambda x: "".join(t for _, t in x))
    )
    @example("")
    def agree(text: str) -> None:
        assert accepts(name, text) == validator.is_valid(text), text

    agree()


@given(
    st.text("Aa1+", min_size=1, max_size=3),
    st.text("aA1:/@[]%.", max_size=6),
    st.sampled_from(["", ":", ":8080", ":80a", ":8:0"]),
    st.text("/a:@%?# é\n", max_size=4),
)
def test_both_agree_on_what_looks_like_a_usual_uri(scheme: str, host: str, port: str, path: str) -> None:
    text = f"{scheme}://{host}{port}{path}"
    assert accepts("uri", text) == validator_of("uri").is_valid(text), text


@pytest.mark.parametrize("name", sorted(FORMAT_PATTERNS))
def test_long_near_misses_are_refused_without_backtracking(name: str) -> None:
    for text in (
        "a" * 100_000 + "\n",
        "a:" + "/a" * 50_000 + " ",
        "a." * 50_000 + "\n",
        "1:" * 50_000,
        "%20" * 30_000 + "%",
    ):
        # A pattern that backtracks would not come back from this.
        assert not accepts(name, text)


def test_the_uri_pattern_is_the_one_of_the_table() -> None:
    assert FORMAT_PATTERNS["uri"] == URI_PATTERN
