"""Sign in to Box: providers of tokens that renew themselves, for the `token` of a client.

Example:
    provider = ClientCredentials(client_id, client_secret, enterprise_id="123456")
    with Client(provider) as box:
        ...

| provider | who acts | what it needs |
| --- | --- | --- |
| `ClientCredentials` | an application, or one of its users | client id and secret |
| `JWT` | the same | Box's app-config JSON with a private key; the extra `jwt` |
| `RefreshToken` | a user who has signed in | client id and secret, and a store of the tokens |
| `StaticToken` | whose token it is | a token, which is never renewed |

All of them may be shared by clients, threads and tasks: while one token is requested, everybody waits for it. A token
is renewed five minutes before it expires (`margin_s`), and once after the server has refused it.
"""

from __future__ import annotations

from .assertion import JWT
from .client_credentials import ClientCredentials
from .errors import AppConfigError, SignInError, SignInRefusedError, SignInUnavailableError, TokenStoreError
from .provider import SignIn
from .refresh_token import RefreshToken
from .static_token import StaticToken
from .token_store import FileTokenStore, StoredTokens, TokenStore

__all__ = [
    "JWT",
    "AppConfigError",
    "ClientCredentials",
    "FileTokenStore",
    "RefreshToken",
    "SignIn",
    "SignInError",
    "SignInRefusedError",
    "SignInUnavailableError",
    "StaticToken",
    "StoredTokens",
    "TokenStore",
    "TokenStoreError",
]
