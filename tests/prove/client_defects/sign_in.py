"""Defects of the client: the calls of a sign-in."""

from __future__ import annotations

from tests.prove.client_defects.building import none_on, with_request
from tests.prove.operations import REVOKE, TOKEN, USER
from tests.prove.patches import wrap

_BUILD = "sign_in.{}.build_request".format
_READ = "sign_in.{}.read_response".format

# fmt: off
DEFECTS = (
    wrap("A token is requested with PUT", _BUILD(TOKEN), with_request(method="PUT"), TOKEN),
    wrap("A request for a token carries one", _BUILD(TOKEN), with_request(authenticated=True), TOKEN),
    wrap("`grant_type` is called `grant`", _BUILD(TOKEN),
        with_request(content=lambda content: content.replace(b"grant_type=", b"grant=")), TOKEN),
    wrap("A token is not returned", _READ(TOKEN), none_on(200), TOKEN),
    wrap("A token is revoked with PUT", _BUILD(REVOKE), with_request(method="PUT"), REVOKE),
    wrap("Revoking carries a token", _BUILD(REVOKE), with_request(authenticated=True), REVOKE),
    wrap("The token to revoke is called `access_token`", _BUILD(REVOKE),
        with_request(content=lambda content: content.replace(b"token=", b"access_token=")), REVOKE),
    wrap("A user is read with POST", _BUILD(USER), with_request(method="POST"), USER),
    wrap("Another user is read", _BUILD(USER), with_request(path="/users/1"), USER),
    wrap("`fields` are not sent", _BUILD(USER), with_request(query=()), USER),
)
