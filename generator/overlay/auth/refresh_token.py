"""Refresh tokens: a user who has signed in once stays signed in."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from .._runtime.auth import Secret
from .._runtime.errors import ApiError, TransportError
from .errors import SignInError, SignInRefusedError, TokenStoreError
from .provider import MARGIN_S, SignIn, TokenInUse, checked_secret, checked_text, is_same
from .token_request import Granted, TokenRequest, TokenSettings
from .token_store import StoredTokens

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    import httpx2

    from .._runtime.errors import ClientError
    from .._runtime.transport_settings import Timeout
    from .token_store import TokenStore

__all__ = ["RefreshToken"]

_SIGN_IN_FIRST = "sign in first: give an authorization code to exchange_code(), or save a refresh token to the store"


class RefreshToken(SignIn):
    """Stays signed in as a user by refresh tokens, each of which works once.

    The store gets each new refresh token before the access token that came with it is used, and is locked from reading
    the old one to saving the new one, so that processes that share it do not use up each other's token. A process takes
    the access token of another one from the store, rather than request its own.

    Args:
        client_id: Client id of the application that the user has signed in to.
        client_secret: Client secret of the application.
        store: Where the tokens are kept, such as `FileTokenStore("tokens.json")`.
        base_url: URL in place of Box's own, such as a mock's.
        timeout_s: As of `Client`.
        http: An `httpx2.Client` or transport of the caller's own, which stays open.
        trusted_hosts: As of `Client`.
        margin_s: Seconds before its end from which a token is renewed.
        shareable: Whether the provider may be pickled, with the client secret in clear, and with its store.
        clock: Returns the Unix time in seconds.
        sleep: Waits for some seconds before another attempt.

    Raises:
        InvalidArgumentError: An argument cannot be right.
    """

    def __init__(  # noqa: PLR0913  # each is a setting
        self,
        client_id: str,
        client_secret: str,
        *,
        store: TokenStore,
        base_url: str | None = None,
        timeout_s: float | Timeout | None = None,
        http: httpx2.Client | httpx2.BaseTransport | None = None,
        trusted_hosts: Collection[str] = (),
        margin_s: float = MARGIN_S,
        shareable: bool = False,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        self._client_id = checked_text("client_id", client_id)
        self._client_secret = checked_secret("client_secret", client_secret)
        del client_secret
        self._store = store
        settings = TokenSettings(
            base_url=base_url, timeout_s=timeout_s, http=http, trusted_hosts=trusted_hosts, clock=clock, sleep=sleep
        )
        arguments = {"client_id": client_id, "client_secret": self._client_secret, "store": store}
        super().__init__(settings, margin_s=margin_s, shareable=shareable, arguments=arguments)
        # Tokens that the store has not taken: the old ones are worthless, so these are all that there is.
        self._unsaved: StoredTokens | None = None

    def exchange_code(self, code: str) -> None:
        """Sign in by the authorization code of Box's sign-in page, and save the tokens.

        Raises:
            SignInError: The code is refused, Box does not answer, or the tokens cannot be saved.
        """
        secret = checked_secret("code", code)
        del code
        problem = self._exchange_code(secret)
        if problem is not None:
            raise problem

    def _exchange_code(self, code: Secret) -> SignInError | None:
        try:
            with self._store.lock():
                request = TokenRequest("authorization_code", self._settings)
                granted = request.send(lambda _: {**self._app_fields(), "code": code.reveal()})
                in_use = self._keep(granted, None)
        except SignInError as error:
            # Kept as a value: its frames hold the code.
            error.__traceback__ = error.__context__ = None
            return error
        with self._lock:
            self._in_use = in_use
        return None

    def revoke(self) -> None:
        """Sign out: end the stored tokens at Box, and forget the access token, also in the store.

        The store keeps the refresh token, which Box refuses from now on, until the caller deletes it.

        Raises:
            ApiError: Box has refused it.
            TransportError: No response was received.
            SignInError: The store cannot be read or written.
        """
        problem = self._revoke()
        if problem is not None:
            raise problem
        with self._lock:
            self._in_use = None

    def _revoke(self) -> ClientError | None:
        with self._store.lock():
            tokens = self._store.load()
            if tokens is None:
                return None
            client = self._settings.open_client()
            try:
                client.revoke_token(**self._app_fields(), token=tokens.refresh_token)
            except (ApiError, TransportError) as error:
                # Kept as a value: its frames hold the token.
                error.__traceback__ = error.__context__ = None
                return error
            finally:
                self._settings.close_client(client)
            self._save(StoredTokens(refresh_token=tokens.refresh_token))
        return None

    def sign_in(self, refused: Secret | None, /) -> TokenInUse:
        """Take the token that another process has stored, or request one and store it."""
        with self._store.lock():
            if self._unsaved is not None:
                self._save(self._unsaved)
            tokens = self._load()
            stored = self._stored(tokens, refused)
            if stored is not None:
                return stored
            try:
                return self._keep(self._refresh(tokens), tokens)
            except SignInRefusedError as error:
                if error.error != "invalid_grant":
                    raise
                # A process that does not take the lock may have used the token up; then the store has the next one.
                newer = self._load()
                if newer.refresh_token == tokens.refresh_token:
                    raise
            stored = self._stored(newer, refused)
            return stored if stored is not None else self._keep(self._refresh(newer), newer)

    def _app_fields(self) -> dict[str, str]:
        return {"client_id": self._client_id, "client_secret": self._client_secret.reveal()}

    def _load(self) -> StoredTokens:
        tokens = self._store.load()
        if tokens is None:
            raise TokenStoreError("there are no stored tokens", hint=_SIGN_IN_FIRST)
        return tokens

    def _stored(self, tokens: StoredTokens, refused: Secret | None) -> TokenInUse | None:
        """Return the stored access token, if it lives for more than the margin and was not refused."""
        if not tokens.access_token or tokens.expires_at - self._margin_s <= self._settings.clock():
            return None
        secret = Secret(tokens.access_token)
        secret.check()
        return None if is_same(secret, refused) else self.in_use_until(secret, tokens.expires_at)

    def _refresh(self, tokens: StoredTokens) -> Granted:
        request = TokenRequest("refresh_token", self._settings)
        return request.send(lambda _: {**self._app_fields(), "refresh_token": tokens.refresh_token})

    def _keep(self, granted: Granted, old: StoredTokens | None) -> TokenInUse:
        """Store what was granted, and return it."""
        in_use = self.in_use_from(granted)
        refresh_token = granted.refresh_token.reveal() if granted.refresh_token else old.refresh_token if old else ""
        self._save(
            StoredTokens(
                refresh_token=refresh_token,
                access_token=granted.access_token.reveal(),
                expires_at=in_use.expires_at or 0.0,
            )
        )
        return in_use

    def _save(self, tokens: StoredTokens) -> None:
        self._unsaved = tokens
        self._store.save(tokens)
        self._unsaved = None
