"""The checks of a JWT assertion, with the errors that Box answers."""

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

from box_uploads_mock.errors import SignInError
from box_uploads_mock.rsa import read_public_key
from box_uploads_mock.world import App

# Clients send it even if they are led to another host.
AUDIENCE = "https://api.box.com/oauth2/token"
MAX_LIFETIME_S = 60
_DIGESTS = {"RS256": "sha256", "RS384": "sha384", "RS512": "sha512"}


@dataclass(frozen=True, slots=True)
class Assertion:
    """What a valid assertion says: whose token is wanted, and the id that may be used once."""

    subject_type: str
    subject_id: str
    jti: str


def read_assertion(text: str, app: App, now_s: float) -> Assertion:
    """Check signature and claims of an assertion; whether its `jti` was used is not known here.

    Args:
        text: The assertion.
        app: The application that has to have signed it.
        now_s: Current Unix time in seconds.

    Raises:
        SignInError: Something is wrong with it.
    """
    claims = _verified(text, app)
    _check_times(claims, now_s)
    if claims.get("aud") != AUDIENCE:
        raise _refused("Please check the 'aud' claim.")
    if claims.get("iss") != app.client_id:
        raise _refused("Please check the 'iss' claim.")
    jti, subject_id, subject_type = (claims.get(name) for name in ("jti", "sub", "box_sub_type"))
    if not isinstance(jti, str) or not 16 <= len(jti) <= 128:
        raise _refused("Please check the 'jti' claim.")
    if not isinstance(subject_id, str):
        raise _refused("Please check the 'sub' claim.")
    if not isinstance(subject_type, str) or subject_type not in {"enterprise", "user"}:
        raise _refused("Please check the 'box_sub_type' claim.")
    return Assertion(subject_type, subject_id, jti)


def _check_times(claims: Mapping[str, object], now_s: float) -> None:
    expires = claims.get("exp")
    if isinstance(expires, bool) or not isinstance(expires, int | float):
        raise _refused("Please check the 'exp' claim.")
    if expires <= now_s:
        raise _refused("Current date/time MUST be before the expiration date/time listed in the 'exp' claim.")
    if expires > now_s + MAX_LIFETIME_S:
        raise _refused("Please check the 'exp' claim.")
    # Clocks may differ a little; one that is ahead by more was refused (node#95).
    for name in ("iat", "nbf"):
        begins = claims.get(name)
        if begins is not None and (not isinstance(begins, int | float) or begins > now_s):
            raise _refused(f"Please check the '{name}' claim.")


def _verified(text: str, app: App) -> Mapping[str, object]:
    try:
        encoded_header, encoded_claims, encoded_signature = text.split(".")
        header, claims = (_object(_decoded(part)) for part in (encoded_header, encoded_claims))
        signature = _decoded(encoded_signature)
    except (ValueError, RecursionError):
        raise _refused("Please check the 'assertion' parameter.") from None
    pem = app.public_keys.get(str(header.get("kid")))
    digest = _DIGESTS.get(str(header.get("alg")))
    if pem is None or digest is None:
        raise _refused(f"Please check the '{'kid' if pem is None else 'alg'}' header.")
    if not read_public_key(pem).has_signed(f"{encoded_header}.{encoded_claims}".encode(), signature, digest):
        raise _refused("Signature verification error. The public key identified by 'kid' must match the private key.")
    return claims


def _decoded(part: str) -> bytes:
    try:
        return base64.b64decode(part + "=" * (-len(part) % 4), altchars=b"-_", validate=True)
    except binascii.Error as error:
        raise ValueError(str(error)) from None


def _object(text: bytes) -> Mapping[str, object]:
    value: object = json.loads(text)
    if not isinstance(value, dict):
        raise ValueError("no object")  # noqa: TRY004 - as for other texts
    return cast("dict[str, object]", value)


def _refused(description: str) -> SignInError:
    return SignInError("invalid_grant", description)
