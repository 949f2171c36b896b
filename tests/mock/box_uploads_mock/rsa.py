"""RSA signatures (PKCS #1 v1.5), checked with a public key in PEM; nothing but arithmetic is needed for that."""

import base64
import binascii
import hashlib
import re
from dataclasses import dataclass

_PEM = re.compile(r"-----BEGIN (RSA )?PUBLIC KEY-----([A-Za-z0-9+/=\s]+)-----END (?:RSA )?PUBLIC KEY-----")
_INTEGER, _BIT_STRING, _SEQUENCE = 0x02, 0x03, 0x30
# The DER of the digest's algorithm, which stands before the digest (RFC 8017, section 9.2).
_DIGEST_INFO = {
    "sha256": bytes.fromhex("3031300d060960864801650304020105000420"),
    "sha384": bytes.fromhex("3041300d060960864801650304020205000430"),
    "sha512": bytes.fromhex("3051300d060960864801650304020305000440"),
}


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A public key of RSA."""

    modulus: int
    exponent: int

    def has_signed(self, message: bytes, signature: bytes, digest: str) -> bool:
        """Whether the private key has made a signature of a message, with `sha256`, `sha384` or `sha512`."""
        length = (self.modulus.bit_length() + 7) // 8
        hashed = _DIGEST_INFO[digest] + hashlib.new(digest, message).digest()
        padding = b"\xff" * (length - len(hashed) - 3)
        if len(signature) != length or len(padding) < 8:
            return False
        opened = pow(int.from_bytes(signature, "big"), self.exponent, self.modulus).to_bytes(length, "big")
        return opened == b"\x00\x01" + padding + b"\x00" + hashed


def read_public_key(pem: str) -> PublicKey:
    """Return the key in a PEM text, as `openssl rsa -pubout` writes it.

    Raises:
        ValueError: The text is no PEM of an RSA public key.
    """
    match = _PEM.search(pem)
    if match is None:
        raise ValueError("no PEM of a public key")
    try:
        fields = _read_value(base64.b64decode("".join(match[2].split()), validate=True), _SEQUENCE)[0]
        if not match[1]:
            # An algorithm, and a bit string that holds the key; its first byte counts unused bits.
            _, rest = _read_value(fields, _SEQUENCE)
            fields = _read_value(_read_value(rest, _BIT_STRING)[0][1:], _SEQUENCE)[0]
        modulus, rest = _read_value(fields, _INTEGER)
        exponent, _ = _read_value(rest, _INTEGER)
    except (binascii.Error, IndexError):
        raise ValueError("the PEM holds no RSA public key") from None
    return PublicKey(int.from_bytes(modulus, "big"), int.from_bytes(exponent, "big"))


def _read_value(data: bytes, tag: int) -> tuple[bytes, bytes]:
    """Return a value of DER, and what follows it."""
    if data[0] != tag:
        raise ValueError("the PEM holds no RSA public key")
    length, start = data[1], 2
    if length & 0x80:
        start = 2 + (length & 0x7F)
        length = int.from_bytes(data[2:start], "big")
    if start + length > len(data):
        raise ValueError("the PEM is cut off")
    return data[start : start + length], data[start + length :]
