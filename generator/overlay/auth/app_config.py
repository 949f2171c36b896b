"""Box's app-config JSON, as its developer console writes it, and the private key in it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from .._runtime.auth import Secret
from .._runtime.json_types import is_object
from .errors import AppConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["AppConfig", "load_private_key", "read_app_config"]

_EXTRA = "run pip install 'box-uploads[jwt]'"
_NEW_KEY = "make a new key pair in Box's developer console, and use the JSON file that it downloads"


class AppConfig(msgspec.Struct, frozen=True):
    """What an app-config JSON says.

    Attributes:
        enterprise_id: The enterprise of the app, or None.
        user_id: A user, or None.
    """

    client_id: str
    client_secret: Secret
    key_id: str
    private_key: Secret
    passphrase: Secret | None
    enterprise_id: str | None
    user_id: str | None


def read_app_config(source: str | os.PathLike[str] | Mapping[str, Any]) -> AppConfig | AppConfigError:
    """Read an app-config JSON, or take one that is read already.

    The error is returned, so that whoever raises it can drop the content first.
    """
    name = "the app config"
    value: object = source
    if isinstance(source, (str, os.PathLike)):
        name = os.fspath(source)
        value, problem = _read(Path(name))
        if problem:
            return AppConfigError(f"{name}: {problem}", hint="give the JSON file of Box's developer console")
    config, missing = _config_of(value)
    if config is None:
        return AppConfigError(f"{name}: {missing}: missing, or not a string", hint=_NEW_KEY)
    return config


def _config_of(value: object) -> tuple[AppConfig | None, str]:
    """Return the config, or the places of what it lacks."""
    settings = _member(value, "boxAppSettings")
    app_auth = _member(settings, "appAuth")
    found = {
        "boxAppSettings.clientID": _member(settings, "clientID"),
        "boxAppSettings.clientSecret": _member(settings, "clientSecret"),
        "boxAppSettings.appAuth.publicKeyID": _member(app_auth, "publicKeyID"),
        "boxAppSettings.appAuth.privateKey": _member(app_auth, "privateKey"),
    }
    missing = ", ".join(place for place, one in found.items() if not isinstance(one, str) or not one)
    if missing:
        return None, missing
    client_id, client_secret, key_id, private_key = map(str, found.values())
    passphrase = _member(app_auth, "passphrase")
    config = AppConfig(
        client_id,
        Secret(client_secret),
        key_id,
        Secret(private_key),
        Secret(passphrase) if isinstance(passphrase, str) and passphrase else None,
        _id(_member(value, "enterpriseID")),
        _id(_member(value, "userID")),
    )
    return config, ""


def _read(path: Path) -> tuple[object, str]:
    """Return what is in a file, or what is wrong with it."""
    try:
        # Editors of Windows write a mark before it.
        return msgspec.json.decode(path.read_bytes().removeprefix(b"\xef\xbb\xbf")), ""
    except OSError as error:
        return None, f"cannot be read ({error.strerror or type(error).__name__})"
    except (ValueError, RecursionError):
        return None, "is no JSON"


def _member(value: object, name: str) -> Any:
    return value.get(name) if is_object(value) else None


def _id(value: object) -> str | None:
    # Box writes `"0"` where there is no enterprise.
    text = str(value) if isinstance(value, (str, int)) and not isinstance(value, bool) else ""
    return text if text.strip("0") else None


def load_private_key(private_key: Secret, passphrase: Secret | None) -> Any:
    """Decrypt a private key: PKCS #8, or the older form of OpenSSL, encrypted or not.

    Raises:
        AppConfigError: The key cannot be used; the error says whether its form, the passphrase or its cipher is wrong.
    """
    key, problem, hint = _loaded(private_key, passphrase)
    if problem:
        raise AppConfigError(f"private key: {problem}", hint=hint)
    return key


def _loaded(  # noqa: PLR0911  # one for each thing that may be wrong
    private_key: Secret, passphrase: Secret | None
) -> tuple[Any, str, str]:
    """Return the key, or what is wrong and what to do; an error raised here would have the key in its frames."""
    try:
        from cryptography.exceptions import UnsupportedAlgorithm  # noqa: PLC0415  # an extra, for those who use it
        from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey  # noqa: PLC0415  # as above
        from cryptography.hazmat.primitives.serialization import load_pem_private_key  # noqa: PLC0415  # as above
    except ModuleNotFoundError:
        return None, "the package cryptography is not installed", _EXTRA
    pem = private_key.reveal()
    if "-----BEGIN" not in pem or "PRIVATE KEY-----" not in pem:
        return None, "it is not in PEM form (-----BEGIN ... PRIVATE KEY-----)", _NEW_KEY
    is_encrypted = "ENCRYPTED" in pem
    if is_encrypted and passphrase is None:
        return None, "it is encrypted, and there is no passphrase", "give the passphrase that the key was made with"
    try:
        password = passphrase.reveal().encode() if is_encrypted and passphrase is not None else None
        key = load_pem_private_key(pem.encode(), password)
    except UnsupportedAlgorithm:
        return None, "its cipher is not supported", f"encrypt it with AES-256 (openssl pkcs8 -topk8), or {_NEW_KEY}"
    except (ValueError, TypeError) as error:
        if "password" in str(error).lower():
            return None, "the passphrase is wrong", "give the passphrase that the key was made with"
        return None, "it is damaged, or not a private key", _NEW_KEY
    if not isinstance(key, RSAPrivateKey):
        return None, "it is not an RSA key", _NEW_KEY
    return key, "", ""
