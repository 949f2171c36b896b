"""Client credentials: an application signs in by its id and its secret."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from .provider import MARGIN_S, SignIn, TokenInUse, checked_secret, checked_text
from .subject import subject_of
from .token_request import TokenRequest, TokenSettings

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    import httpx2

    from .._runtime.auth import Secret
    from .._runtime.transport_settings import Timeout

__all__ = ["ClientCredentials"]


class ClientCredentials(SignIn):
    """Signs in as an application's service account, or as one of its users (client credentials grant).

    Args:
        client_id: Client id of the application.
        client_secret: Client secret of the application.
        enterprise_id: Id of the enterprise: the token is that of the application's service account.
        user_id: Id of a user instead; the application must be allowed to "Generate User Access Tokens".
        base_url: URL in place of Box's own, such as a mock's.
        timeout_s: As of `Client`.
        http: An `httpx2.Client` or transport of the caller's own, which stays open.
        trusted_hosts: As of `Client`.
        margin_s: Seconds before its end from which a token is renewed.
        shareable: Whether the provider may be pickled, with the client secret in clear.
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
        enterprise_id: str | None = None,
        user_id: str | None = None,
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
        self._subject = subject_of(enterprise_id, user_id)
        settings = TokenSettings(
            base_url=base_url, timeout_s=timeout_s, http=http, trusted_hosts=trusted_hosts, clock=clock, sleep=sleep
        )
        arguments = {
            "client_id": client_id,
            "client_secret": self._client_secret,
            "enterprise_id": enterprise_id,
            "user_id": user_id,
        }
        super().__init__(settings, margin_s=margin_s, shareable=shareable, arguments=arguments)
        self._request = TokenRequest("client_credentials", settings)

    def sign_in(self, _refused: Secret | None, /) -> TokenInUse:
        """Request a token."""
        return self.in_use_from(self._request.send(self._fields))

    def _fields(self, _now_s: float) -> Mapping[str, Any]:
        kind, subject_id = self._subject
        return {
            "client_id": self._client_id,
            "client_secret": self._client_secret.reveal(),
            "box_subject_type": kind,
            "box_subject_id": subject_id,
        }
