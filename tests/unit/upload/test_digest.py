"""Digests: of a part, of the whole file, and as a header."""

from __future__ import annotations

import hashlib

import pytest
from box_uploads.upload.digest import WholeDigest, header, part_sha1

# RFC 3174 has the first of them.
ABC = "a9993e364706816aba3e25717850c26c9cd0d89d"


def test_the_digest_of_a_part_is_hexadecimal() -> None:
    assert part_sha1(b"abc") == part_sha1(memoryview(b"abc")) == ABC


def test_the_header_is_base64_as_rfc_3230_has_it() -> None:
    assert header(ABC) == "sha=qZk+NkcGgWq6PiVxeFDCbJzQ2J0="


def test_the_digest_of_the_file_is_that_of_its_pieces_in_order() -> None:
    whole = WholeDigest()
    assert whole.sha1() == hashlib.sha1(b"", usedforsecurity=False).hexdigest()
    for piece in (b"a", b"", b"bc"):
        whole.add(memoryview(piece))
    assert whole.sha1() == ABC


def test_sha1_works_where_it_is_forbidden_for_security(monkeypatch: pytest.MonkeyPatch) -> None:
    """Systems in FIPS mode refuse it otherwise."""
    true = hashlib.sha1

    def strict(content: bytes | memoryview = b"", *, usedforsecurity: bool = True) -> object:
        if usedforsecurity is not False:
            raise ValueError("disabled for FIPS")
        return true(content, usedforsecurity=False)

    monkeypatch.setattr(hashlib, "sha1", strict)
    whole = WholeDigest()
    whole.add(memoryview(b"abc"))
    assert whole.sha1() == part_sha1(b"abc") == ABC
