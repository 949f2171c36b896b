"""`box-uploads login` and `logout`: sign in as a user on Box's page, keep that in a profile, and end it.

The code is bound to the app by its client secret, which Box requires to exchange it, and to this command by `state`.
No PKCE challenge is sent: neither Box's OpenAPI document nor its guides have `code_challenge` or `code_verifier`, and
whoever sends what a server does not document cannot tell whether it protects anything.
"""

from __future__ import annotations

import os
import re
import sys
import webbrowser
from secrets import token_urlsafe
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import click

from .._runtime.errors import ClientError
from ..auth import SignInError, StoredTokens
from .arguments import require_value
from .client_options import ServerOptions, profile_option, server_options
from .json_output import json_option, print_json
from .profiles import DEFAULT_PROFILE, Profile, ProfileSignIn
from .redirect import LIMIT_S, PORTS, LoginError, RedirectServer, read_redirect, redirect_uri
from .sign_in import CLIENT_ID, CLIENT_SECRET, SUBJECTS, TOKEN, Choice, SignInUsageError, find_profile
from .streams import write_line
from .text import printable
from .whoami import print_account

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["login", "logout"]

_AUTHORIZE_URL = "https://account.box.com/api/oauth2/authorize"
_LOOPBACK = r"http://(?:localhost|127(?:\.[0-9]{1,3}){3}|\[::1\])(?::[0-9]{1,5})?"
# Only the page of this machine may be without TLS: it decides whom the user signs in as.
_PAGE_URL = re.compile(rf"(?:https://[^\s/?#@]+|{_LOOPBACK})/[^\s?#]*")
_LOCAL_URL = re.compile(rf"{_LOOPBACK}(?:/.*)?")


class LogoutError(SignInError):
    """The tokens of a profile cannot be revoked."""


def _require_page(context: click.Context, parameter: click.Parameter, value: str | None) -> str | None:
    if require_value(context, parameter, value) is not None and not _PAGE_URL.fullmatch(str(value)):
        raise click.BadParameter("is not an https URL without a query (http only on this machine)")
    return value


@click.command(short_help="Sign in as a user, on Box's page, and save a profile.")
@profile_option("Profile to save the sign-in in.", default=DEFAULT_PROFILE, show_default=True)
@click.option(
    "--client-id",
    metavar="ID",
    envvar=CLIENT_ID,
    show_envvar=True,
    callback=require_value,
    help="Client id of your app.  [default: that of the profile]",
)
@click.option(
    "--port",
    type=click.IntRange(1, 65535),
    help=f"Port of http://localhost:PORT/callback.  [default: the first free one of {', '.join(map(str, PORTS))}]",
)
@click.option("--no-browser", is_flag=True, help="Print the URL of the page, and ask for the URL that it leads to.")
@click.option(
    "--authorize-url",
    metavar="URL",
    callback=_require_page,
    help=f"Sign-in page.  [default: {_AUTHORIZE_URL}, or oauth2/authorize below a --base-url on this machine]",
)
@json_option
@server_options
def login(  # noqa: PLR0913  # each is an option
    server: ServerOptions,
    *,
    profile: str,
    client_id: str | None,
    port: int | None,
    no_browser: bool,
    authorize_url: str | None,
    as_json: bool,
) -> None:
    """Sign in as a user, and save that in a profile, which later commands use.

    Profiles are in a private file of your configuration folder, or in the file that BOX_UPLOADS_PROFILES names.

    This opens Box's sign-in page in a browser and waits for up to 5 minutes. On a machine without a browser it prints
    the URL of the page: open it anywhere, and paste the URL that the browser is sent to in the end.

    The app is a custom app of Box's developer console (user authentication, OAuth 2.0) with the redirect URI
    http://localhost:3000/callback. Its client secret comes from BOX_CLIENT_SECRET, from the profile if that has the
    same client id, or from a prompt; never from an argument.
    """
    new = _app(server, profile, client_id)
    state = token_urlsafe(32)
    page = authorize_url or _default_page(server.base_url)
    ports = PORTS if port is None else (port,)
    sign_in = ProfileSignIn(server.profiles, profile, new, trusted_hosts=server.trusted_hosts, is_new=True)
    # Whether the folder can be written is known before the user signs in.
    with server.profiles.lock(profile):
        pass
    with server.open(sign_in) as client:
        found = _get_code(page, new.client_id, state, ports, no_browser=no_browser)
        if isinstance(found, LoginError):
            raise found
        try:
            sign_in.exchange_code(found)
        finally:
            del found
        _say(f"profile {profile} is saved in {server.profiles.path}")
        print_account(client, Choice("user", f"profile {profile}", profile), sign_in, as_json=as_json)
    others = " and ".join(name for name in (TOKEN, *SUBJECTS) if name in os.environ)
    if others:
        _say(f"note: commands use {others} rather than this profile, as long as it is set")


def _app(server: ServerOptions, name: str, client_id: str | None) -> Profile:
    """Return the profile to sign in for, without tokens.

    Raises:
        SignInUsageError: There is no client id, or no secret and nobody to ask for it.
        TokenStoreError: The profiles cannot be read.
    """
    old = server.profiles.load(name)
    if client_id is None and old is not None:
        client_id = old.client_id
    if client_id is None:
        hint = "set --client-id to that of your app in Box's developer console; its redirect URIs need"
        raise SignInUsageError("no client id is given", hint=f"{hint} {redirect_uri(PORTS[0])}")
    none = StoredTokens(refresh_token="")
    secret = os.environ.get(CLIENT_SECRET)
    if secret == "":
        raise SignInUsageError(f"{CLIENT_SECRET} must not be empty", hint="set it to its value, or unset it")
    # Only for the server that the secret was given for.
    if secret is None and old is not None and (old.client_id, old.base_url) == (client_id, server.base_url):
        secret = old.client_secret
    if secret is None:
        secret = _ask_secret()
    return Profile(client_id=client_id, client_secret=secret, base_url=server.base_url, tokens=none)


def _ask_secret() -> str:
    if not sys.stdin.isatty():
        raise SignInUsageError("no client secret is given", hint=f"set {CLIENT_SECRET}, or run this in a terminal")
    secret: str = click.prompt("Client secret (not shown)", hide_input=True, err=True)
    return secret.strip()


def _default_page(base_url: str | None) -> str:
    if base_url is not None and _LOCAL_URL.fullmatch(base_url):
        return f"{base_url.rstrip('/')}/oauth2/authorize"
    return _AUTHORIZE_URL


def _get_code(page: str, client_id: str, state: str, ports: Sequence[int], *, no_browser: bool) -> str | LoginError:
    """Have the user sign in, and return the authorization code or what went wrong."""

    def url_for(port: int) -> str:
        fields = {"response_type": "code", "client_id": client_id, "redirect_uri": redirect_uri(port), "state": state}
        return f"{page}?{urlencode(fields)}"

    if no_browser:
        return _ask_code(url_for(ports[0]), state)
    try:
        browser = webbrowser.get()
    except webbrowser.Error:
        _say("there is no browser on this machine")
        return _ask_code(url_for(ports[0]), state)
    refused = "a browser came with the state of another sign-in, and was refused; use the page of this command"
    waiting = RedirectServer(ports, state, on_refused=lambda: _say(f"note: {refused}"))
    try:
        url = url_for(waiting.port)
        if waiting.port != ports[0]:
            needed = f"the app needs the redirect URI {redirect_uri(waiting.port)} as well"
            _say(f"note: port {ports[0]} is in use; {needed}")
        _say(f"waiting for up to {LIMIT_S / 60:.0f} minutes; if no browser opens, open this page, and sign in:\n{url}")
        browser.open(url)
        return waiting.wait()
    finally:
        waiting.close()


def _ask_code(url: str, state: str) -> str | LoginError:
    """Ask for the URL that the sign-in leads to, or for the code in it, which has no state to check."""
    _say(
        f"open this page in any browser, and sign in:\n{url}\n"
        "The browser then fails to open a page of localhost. Within 30 seconds, paste the URL of that page here:"
    )
    try:
        text = sys.stdin.readline().strip()
    except UnicodeDecodeError:
        text = ""
    if not text:
        return LoginError("no URL was pasted", hint="run the command again, and paste the URL of the last page")
    is_code = re.fullmatch(r"[!-~]+", text) is not None and not re.search(r"[:/?&=]", text)
    return text if is_code else read_redirect(text, state)


@click.command(short_help="Sign out: revoke a profile's tokens, and delete it.")
@profile_option("Profile to sign out of.", default=DEFAULT_PROFILE, show_default=True)
@click.option("--force", is_flag=True, help="Delete the profile even if its tokens cannot be revoked.")
@json_option
@server_options
def logout(server: ServerOptions, *, profile: str, force: bool, as_json: bool) -> None:
    """Sign out: revoke the tokens of a profile at Box, then delete the profile."""
    found = find_profile(server.profiles, profile, base_url=server.base_url)
    is_revoked = True
    try:
        ProfileSignIn(server.profiles, profile, found, trusted_hosts=server.trusted_hosts).revoke()
    except (ClientError, OSError) as error:
        if not force:
            hint = "run the same command again; or use --force to delete the profile all the same"
            raise LogoutError(f"the profile {profile} is kept; it cannot be revoked: {error}", hint=hint) from None
        is_revoked = False
    server.profiles.delete(profile)
    if as_json:
        print_json({"profile": profile, "outcome": "logged out", "revoked": is_revoked})
    else:
        write_line(f"profile {profile} is deleted, and its tokens are {'' if is_revoked else 'not '}revoked")
    if not is_revoked:
        _say("hint: remove the app in your account settings at Box, which ends its tokens")


def _say(text: str) -> None:
    for line in text.splitlines():
        click.echo(printable(line), err=True)
