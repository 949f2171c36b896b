"""What to do about a refused sign-in, by Box's error; the lists are those of Box's guides, in short."""

from __future__ import annotations

__all__ = ["refusal_hint"]

_UNAUTHORIZED_APP = """\
check in Box's developer console and admin console that:
- the app uses this kind of authentication (client credentials or JWT)
- an administrator has authorized the app for the enterprise, and again after each change of its scopes or access
- the client id and the enterprise id are those of the app"""
_CLIENT = "check the client id and the client secret, which are in the app's configuration in Box's developer console"
_CLIENT_CREDENTIALS = """\
check in Box's developer console and admin console that:
- an administrator has authorized the app, and again after each change of its scopes or access
- the enterprise id or the user id is right; the user is active and, if managed, the app has App + Enterprise access
- for a user, the app may "Generate User Access Tokens\""""
_ASSERTION = """\
check in Box's developer console that:
- the public key with the id `publicKeyID` is the one of the private key, and is not deleted
- the enterprise id or the user id is right, and an administrator has authorized the app
- the clock of this machine is right"""
_REFRESH = """\
sign in again: a refresh token works once and for 60 days, and ends when the user or an administrator revokes it.
It may have been used by a copy of the store, or its answer was lost: let all processes share one store"""
_CODE = "sign in again: an authorization code is valid for 30 seconds, and works once"


def refusal_hint(grant: str, error: str) -> str:
    """Return what to do about an error of a kind of grant, or an empty string."""
    if error == "invalid_client":
        return _CLIENT
    if error == "unauthorized_client":
        return _UNAUTHORIZED_APP
    if error != "invalid_grant":
        return ""
    return {
        "client_credentials": _CLIENT_CREDENTIALS,
        "refresh_token": _REFRESH,
        "authorization_code": _CODE,
    }.get(grant, _ASSERTION)
