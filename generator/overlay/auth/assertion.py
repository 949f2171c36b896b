"""JWT: an application signs in by an assertion that it signs with its private key."""

from __future__ import annotations

import time
from secrets import token_hex
from typing import TYPE_CHECKING, Any, Literal, Self

from .._runtime.auth import Secret
from .._runtime.errors import InvalidArgumentError
from .app_config import AppConfig, load_private_key, read_app_config
from .errors import AppConfigError
from .provider import MARGIN_S, SignIn, TokenInUse, checked_secret, checked_text
from .subject import subject_of
from .token_request import TokenRequest, TokenSettings

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Collection, Mapping

    import httpx2

    from .._runtime.transport_settings import Timeout

__all__ = ["JWT"]

# Box compares it as it is, whatever host the request goes to (Box's SDKs have it fixed as well).
_AUDIENCE = "https://api.box.com/oauth2/token"
# Box refuses more than 60 s (node#150). The rest is for a clock that is ahead, and for the way there.
_LIFETIME_S = 45
_ALGORITHMS = ("RS256", "RS384", "RS512")


class JWT(SignIn):
    """Signs in as an application's service account, or as one of its users, by signed assertions.

    Every attempt has an assertion of its own, since Box takes each once. If Box refuses its time, the clock is
    corrected by Box's. Needs the extra `jwt`. `JWT.from_config` takes the file that Box's developer console writes.

    Args:
        client_id: Client id of the application.
        client_secret: Client secret of the application.
        key_id: Id of the public key (`publicKeyID`).
        private_key: The private key as PEM text: PKCS #8 or OpenSSL's older form, encrypted or not.
        passphrase: What the private key is encrypted with, or None.
        enterprise_id: Id of the enterprise: the token is that of the application's service account.
        user_id: Id of a user instead.
        algorithm: How assertions are signed.
        base_url: URL in place of Box's own, such as a mock's.
        timeout_s: As of `Client`.
        http: An `httpx2.Client` or transport of the caller's own, which stays open.
        trusted_hosts: As of `Client`.
        margin_s: Seconds before its end from which a token is renewed.
        shareable: Whether the provider may be pickled, with the private key in clear.
        clock: Returns the Unix time in seconds.
        sleep: Waits for some seconds before another attempt.

    Raises:
        InvalidArgumentError: An argument cannot be right.
        AppConfigError: The private key cannot be used, or the extra `jwt` is not installed.
    """

    def __init__(  # noqa: PLR0913  # each is a setting
        self,
        client_id: str,
        client_secret: str,
        *,
        key_id: str,
        private_key: str,
        passphrase: str | None = None,
        enterprise_id: str | None = None,
        user_id: str | None = None,
        algorithm: Literal["RS256", "RS384", "RS512"] = "RS256",
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
        self._key_id = checked_text("key_id", key_id)
        pem = checked_secret("private_key", private_key)
        secret_passphrase = None if passphrase is None else Secret(passphrase)
        del client_secret, private_key, passphrase
        self._subject = subject_of(enterprise_id, user_id)
        if algorithm not in _ALGORITHMS:
            raise InvalidArgumentError("algorithm", f"must be one of {', '.join(_ALGORITHMS)}")
        self._algorithm = algorithm
        self._key = load_private_key(pem, secret_passphrase)
        self._sign = _signer()
        settings = TokenSettings(
            base_url=base_url, timeout_s=timeout_s, http=http, trusted_hosts=trusted_hosts, clock=clock, sleep=sleep
        )
        arguments = {
            "client_id": client_id,
            "client_secret": self._client_secret,
            "key_id": key_id,
            "private_key": pem,
            "passphrase": secret_passphrase,
            "enterprise_id": enterprise_id,
            "user_id": user_id,
            "algorithm": algorithm,
        }
        super().__init__(settings, margin_s=margin_s, shareable=shareable, arguments=arguments)
        self._request = TokenRequest("urn:ietf:params:oauth:grant-type:jwt-bearer", settings, depends_on_clock=True)

    @classmethod
    def from_config(
        cls, config: str | os.PathLike[str] | Mapping[str, Any], *, user_id: str | None = None, **settings: Any
    ) -> Self:
        """Return a provider for Box's app-config JSON.

        Args:
            config: Path of the file, or its content as a mapping.
            user_id: Sign in as this user. By default the config decides: its `enterpriseID` (the service account), or
                its `userID` if there is no enterprise.
            settings: Further arguments of `JWT`, such as `base_url` or `shareable`.

        Raises:
            AppConfigError: The config cannot be read or lacks something, or its private key cannot be used.
        """
        read = read_app_config(config)
        del config
        if isinstance(read, AppConfigError):
            raise read
        if user_id is None and read.enterprise_id is None and read.user_id is None:
            raise AppConfigError(
                "the app config has neither enterpriseID nor userID",
                hint="add enterpriseID to it, or userID for a user",
            )
        return cls(**_arguments_of(read, user_id), **settings)

    def sign_in(self, _refused: Secret | None, /) -> TokenInUse:
        """Request a token with a new assertion."""
        return self.in_use_from(self._request.send(self._fields))

    def _fields(self, now_s: float) -> Mapping[str, Any]:
        kind, subject_id = self._subject
        claims = {
            "iss": self._client_id,
            # As text, whatever it is in the config (boxr#35).
            "sub": subject_id,
            "box_sub_type": kind,
            "aud": _AUDIENCE,
            "jti": token_hex(32),
            "exp": int(now_s) + _LIFETIME_S,
        }
        return {
            "client_id": self._client_id,
            "client_secret": self._client_secret.reveal(),
            "assertion": self._sign(claims, self._key, algorithm=self._algorithm, headers={"kid": self._key_id}),
        }


def _arguments_of(config: AppConfig, user_id: str | None) -> dict[str, Any]:
    wanted = user_id if user_id is not None or config.enterprise_id is not None else config.user_id
    return {
        "client_id": config.client_id,
        "client_secret": config.client_secret.reveal(),
        "key_id": config.key_id,
        "private_key": config.private_key.reveal(),
        "passphrase": None if config.passphrase is None else config.passphrase.reveal(),
        "enterprise_id": config.enterprise_id if wanted is None else None,
        "user_id": wanted,
    }


def _signer() -> Callable[..., str]:
    try:
        from jwt import encode  # noqa: PLC0415  # an extra, for those who use it
    except ModuleNotFoundError:
        raise AppConfigError("the package pyjwt is not installed", hint="run pip install 'box-uploads[jwt]'") from None
    sign: Callable[..., str] = encode
    return sign
