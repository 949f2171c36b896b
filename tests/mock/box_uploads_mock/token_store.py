"""The tokens: what applications are given for their grants, and until when. Not thread-safe: the state holds a lock."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from box_uploads_mock.assertions import read_assertion
from box_uploads_mock.errors import SignInError, expired_token_error, invalid_token_error
from box_uploads_mock.identifiers import Identifiers
from box_uploads_mock.world import App, User, World, service_account

# Documented: an authorization code is valid for 30 seconds, and a refresh token for 60 days.
CODE_LIFETIME = timedelta(seconds=30)
REFRESH_TOKEN_LIFETIME = timedelta(days=60)
TOKEN_LIFETIME_S = 3600
_MISSING = "Invalid grant_type parameter or parameter missing"


@dataclass(slots=True)
class _Grant:
    """A sign-in; its tokens end with it."""

    client_id: str
    user_id: str
    is_revoked: bool = False


@dataclass(slots=True)
class _Token:
    """A token or a code; without a time it does not expire."""

    grant: _Grant
    expires_at: datetime | None
    is_used_up: bool = False


class TokenStore:
    """The tokens, codes and assertions of a state.

    Args:
        world: The users, the applications, and the tokens that always exist.
        identifiers: Makes tokens.
        now: Returns the current time.
    """

    def __init__(self, world: World, identifiers: Identifiers, now: Callable[[], datetime]) -> None:
        self.lifetime_s = TOKEN_LIFETIME_S
        self._identifiers = identifiers
        self._now = now
        self._apps = {app.client_id: app for app in world.apps}
        self._is_open = not world.users
        self._users = {user.id: user for user in (*world.known_users, *map(service_account, world.apps))}
        self._owner = world.owner
        self._access: dict[str, _Token] = {}
        self._refresh: dict[str, _Token] = {}
        self._codes: dict[str, _Token] = {}
        self._used_assertions: set[str] = set()
        for token in world.tokens:
            self.add(token)

    # Access tokens

    def add(self, token: str) -> None:
        """Accept a token that does not expire by itself, of the world's owner."""
        self._access[token] = _Token(_Grant("", self._owner.id), None)

    def expire(self, token: str) -> None:
        """Expire an access token, known or not."""
        if token not in self._access:
            self.add(token)
        self._access[token].is_used_up = True

    def owner_of(self, token: str) -> User:
        """Return the user whose access token it is.

        Raises:
            ApiError: The token is unknown, has expired or is revoked.
        """
        found = self._access.get(token)
        if found is None or found.grant.is_revoked:
            raise invalid_token_error()
        if found.is_used_up or self._is_past(found):
            raise expired_token_error()
        return self.user(found.grant.user_id)

    def user(self, user_id: str) -> User:
        """Return a user; one that the world does not list is made up."""
        return self._users.get(user_id) or User(id=user_id)

    def secrets(self) -> Iterator[str]:
        """Yield all that must not be shown: tokens, codes and client secrets."""
        yield from (*self._access, *self._refresh, *self._codes)
        yield from (app.client_secret for app in self._apps.values())

    # Grants

    def authorize(self, client_id: str, user_id: str | None = None) -> str:
        """Return a code, as an application gets it when a user has signed in; by default the world's owner."""
        code = self._identifiers.new_token()
        grant = _Grant(client_id, user_id or self._owner.id)
        self._codes[code] = _Token(grant, self._now() + CODE_LIFETIME)
        return code

    def add_refresh_token(self, client_id: str, user_id: str | None = None) -> str:
        """Return a refresh token, as an application has it from an earlier sign-in."""
        grant = _Grant(client_id, user_id or self._owner.id)
        return self._issue_refresh_token(grant)

    def exchange(self, form: Mapping[str, str]) -> Mapping[str, object]:
        """Exchange a grant for a token, and return the body of the response.

        Raises:
            SignInError: The grant or the application is not accepted.
        """
        app = self._app(form)
        grant_type = form["grant_type"]
        if grant_type == "client_credentials":
            return self._issue(self._grant_for(app, form.get("box_subject_type"), form.get("box_subject_id")))
        if grant_type == "authorization_code":
            return self._issue_with_refresh_token(self._use_up(self._codes, app, form.get("code")))
        if grant_type == "refresh_token":
            return self._issue_with_refresh_token(self._use_up(self._refresh, app, form.get("refresh_token")))
        return self._issue(self._asserted(app, form.get("assertion")))

    def revoke(self, form: Mapping[str, str]) -> None:
        """End the sign-in of an application's token; a token that is none ends nothing.

        Raises:
            SignInError: The application is not known.
        """
        app = self._app(form)
        token = self._access.get(form["token"]) or self._refresh.get(form["token"])
        if token is not None and token.grant.client_id == app.client_id:
            token.grant.is_revoked = True

    def _app(self, form: Mapping[str, str]) -> App:
        app = self._apps.get(form.get("client_id", ""))
        if app is None or form.get("client_secret") != app.client_secret:
            raise SignInError("invalid_client", "The client credentials are invalid")
        return app

    def _grant_for(self, app: App, subject_type: str | None, subject_id: str | None) -> _Grant:
        if subject_type is None or subject_id is None:
            raise SignInError("invalid_grant", _MISSING)
        if not app.is_authorized:
            raise SignInError("unauthorized_client", "This app is not authorized by the enterprise admin")
        if subject_type == "enterprise":
            if subject_id == app.enterprise_id:
                return _Grant(app.client_id, service_account(app).id)
        elif app.acts_for_users and (self._is_open or subject_id in self._users):
            return _Grant(app.client_id, subject_id)
        raise SignInError("invalid_grant", "Grant credentials are invalid")

    def _asserted(self, app: App, text: str | None) -> _Grant:
        if text is None:
            raise SignInError("invalid_grant", _MISSING)
        assertion = read_assertion(text, app, self._now().timestamp())
        if assertion.jti in self._used_assertions:
            raise SignInError("invalid_grant", "Please check the 'jti' claim. A unique 'jti' value is required.")
        self._used_assertions.add(assertion.jti)
        try:
            return self._grant_for(app, assertion.subject_type, assertion.subject_id)
        except SignInError as error:
            if error.code == "invalid_grant":
                raise SignInError("invalid_grant", "Please check the 'sub' claim.") from None
            raise

    def _use_up(self, tokens: Mapping[str, _Token], app: App, given: str | None) -> _Grant:
        if given is None:
            raise SignInError("invalid_grant", _MISSING)
        kind = "refresh token" if tokens is self._refresh else "authorization code"
        found = tokens.get(given)
        if found is None or found.is_used_up or found.grant.is_revoked or found.grant.client_id != app.client_id:
            raise SignInError("invalid_grant", f"Invalid {kind}")
        if self._is_past(found):
            raise SignInError("invalid_grant", f"{kind.capitalize()} has expired")
        found.is_used_up = True
        return found.grant

    def _issue(self, grant: _Grant) -> dict[str, object]:
        token = self._identifiers.new_token()
        self._access[token] = _Token(grant, self._now() + timedelta(seconds=self.lifetime_s))
        return {"access_token": token, "expires_in": self.lifetime_s, "token_type": "bearer", "restricted_to": []}

    def _issue_with_refresh_token(self, grant: _Grant) -> Mapping[str, object]:
        return {**self._issue(grant), "refresh_token": self._issue_refresh_token(grant)}

    def _issue_refresh_token(self, grant: _Grant) -> str:
        token = self._identifiers.new_token()
        self._refresh[token] = _Token(grant, self._now() + REFRESH_TOKEN_LIFETIME)
        return token

    def _is_past(self, token: _Token) -> bool:
        return token.expires_at is not None and token.expires_at <= self._now()
