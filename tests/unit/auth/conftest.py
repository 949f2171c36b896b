"""A mock with an application that may sign in."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from box_uploads_mock import App, MockServer, World
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.unit.auth.ground import CLIENT_ID, CLIENT_SECRET, ENTERPRISE, KEY_ID, PASSPHRASE, Clock, Ground, PemOf


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="session")
def private_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@pytest.fixture(scope="session")
def public_pem(private_key: rsa.RSAPrivateKey) -> str:
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return private_key.public_key().public_bytes(serialization.Encoding.PEM, form).decode()


@pytest.fixture(scope="session")
def pem_of(private_key: rsa.RSAPrivateKey) -> PemOf:
    def pem(form: str = "PKCS8", passphrase: str | None = PASSPHRASE) -> str:
        encryption: Any = serialization.NoEncryption()
        if passphrase is not None:
            encryption = serialization.BestAvailableEncryption(passphrase.encode())
        chosen = getattr(serialization.PrivateFormat, form)
        return private_key.private_bytes(serialization.Encoding.PEM, chosen, encryption).decode()

    return pem


@pytest.fixture
def app_config(pem_of: PemOf) -> dict[str, Any]:
    app_auth = {"publicKeyID": KEY_ID, "privateKey": pem_of(), "passphrase": PASSPHRASE}
    settings = {"clientID": CLIENT_ID, "clientSecret": CLIENT_SECRET, "appAuth": app_auth}
    return {"boxAppSettings": settings, "enterpriseID": ENTERPRISE}


@pytest.fixture
def config_file(app_config: dict[str, Any], tmp_path: Path) -> Path:
    path = tmp_path / "config.json"
    path.write_text(json.dumps(app_config), encoding="utf-8")
    return path


@pytest.fixture
def server(clock: Clock, public_pem: str) -> Iterator[MockServer]:
    app = App(
        client_id=CLIENT_ID, client_secret=CLIENT_SECRET, enterprise_id=ENTERPRISE, public_keys={KEY_ID: public_pem}
    )
    with MockServer(world=World(apps=(app,)), clock=clock) as running:
        yield running


@pytest.fixture
def ground(server: MockServer, clock: Clock, tmp_path: Path) -> Ground:
    return Ground(server, clock, tmp_path)
