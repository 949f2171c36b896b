"""`box-uploads whoami`: whose sign-in is used, how much it may store, and when its token ends."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import click
import msgspec

from .client_options import ClientOptions, client_options
from .json_output import json_option, print_json
from .streams import write_line
from .text import printable, size_text

if TYPE_CHECKING:
    from .. import Client
    from ..auth import SignIn
    from .sign_in import Choice

__all__ = ["print_account", "whoami"]

# What is asked for: Box tells role and enterprise only if they are named, and then of the others only what is.
_FIELDS = "name,login,role,enterprise,space_amount,space_used,max_upload_size"
_KINDS = {"token": "access token", "client_credentials": "client credentials", "jwt": "app config", "user": "user"}


@click.command(short_help="Show who is signed in, and the storage that is left.")
@json_option
@client_options
def whoami(options: ClientOptions, *, as_json: bool) -> None:
    """Show who is signed in and how, the storage that is left, the largest file, and when the token ends.

    With --json, the object has id, name, login, role, enterprise (id and name, or null), sign_in (token,
    client_credentials, jwt or user), profile, and, as far as they are known and limited, storage_left and
    max_upload_size in bytes and token_expires_at.
    """
    choice = options.choose()
    sign_in = options.open_sign_in(choice)
    with options.open_client_for(choice, sign_in) as client:
        print_account(client, choice, sign_in, as_json=as_json)


def print_account(client: Client, choice: Choice, sign_in: SignIn | None, *, as_json: bool) -> None:
    """Ask Box who is signed in, and print it.

    Raises:
        ClientError: Box has not answered, or has refused the token.
        OutputError: stdout cannot be written.
    """
    user = client.get_current_user(fields=_FIELDS)
    amount, used = _known(user.space_amount), _known(user.space_used)
    is_limited = amount is not None and amount >= 0
    left = max(0, amount - used) if amount is not None and is_limited and used is not None else None
    largest, role, enterprise = _known(user.max_upload_size), _known(user.role), _known(user.enterprise)
    company = None if enterprise is None else {"id": enterprise.id, "name": _known(enterprise.name)}
    end = (
        None if sign_in is None or sign_in.expires_at is None else dt.datetime.fromtimestamp(sign_in.expires_at, dt.UTC)
    )
    if as_json:
        data = {"id": user.id, "name": _known(user.name), "login": _known(user.login), "role": role}
        data |= {"enterprise": company, "sign_in": choice.kind}
        data |= {"profile": choice.profile, "storage_left": left, "max_upload_size": largest}
        print_json({**data, "token_expires_at": None if end is None else f"{end:%Y-%m-%dT%H:%M:%SZ}"})
        return
    unlimited = "not limited" if amount is not None and not is_limited else "not known"
    renewed = "" if sign_in is None else "; it is renewed before that"
    lines = {
        "name": _known(user.name) or "not known",
        "login": _known(user.login) or "not known",
        "id": user.id,
        "role": role or "not known" if company is None else f"{role or 'member'} of {company['name'] or company['id']}",
        "sign-in": f"{_KINDS[choice.kind]} ({choice.text})",
        "storage": unlimited if left is None or amount is None else f"{size_text(left)} of {size_text(amount)} left",
        "largest": "not known" if largest is None else f"{size_text(largest)} per file",
        "token": "its end is not known" if end is None else f"ends {end:%Y-%m-%d %H:%M:%S UTC}{renewed}",
    }
    write_line("\n".join(printable(f"{name:<9}{value}") for name, value in lines.items()))


def _known(value: Any) -> Any:
    return None if value is msgspec.UNSET else value
