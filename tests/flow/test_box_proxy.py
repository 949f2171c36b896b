"""Box's Python SDK at its own URLs takes the mock for Box: over TLS, through a proxy."""

import http.client
import io
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from box_sdk_gen import (
    BoxClient,
    BoxDeveloperTokenAuth,
    BoxNetworkClient,
    NetworkSession,
    UploadFileAttributes,
    UploadFileAttributesParentField,
)
from box_uploads_mock import MockServer

from tests.flow.box_proxy import HOSTS, BoxProxy

BIG_SIZE = 20_000_001


@pytest.fixture
def server() -> Iterator[MockServer]:
    with MockServer(tls=True, names=HOSTS) as server:
        yield server


@pytest.fixture
def proxy(server: MockServer) -> Iterator[BoxProxy]:
    with BoxProxy(server) as proxy:
        yield proxy


def test_the_python_sdk_uploads_to_the_hosts_of_box(
    server: MockServer, proxy: BoxProxy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trusted = tmp_path / "ca.pem"
    trusted.write_text(server.ca_pem, encoding="ascii")
    for name, value in (("HTTPS_PROXY", proxy.url), ("NO_PROXY", ""), ("REQUESTS_CA_BUNDLE", str(trusted))):
        monkeypatch.setenv(name, value)
        monkeypatch.delenv(name.lower(), raising=False)
    network = BoxNetworkClient()
    client = BoxClient(BoxDeveloperTokenAuth(server.token), network_session=NetworkSession(network_client=network))
    attributes = UploadFileAttributes(name="small", parent=UploadFileAttributesParentField(id="0"))
    (small,) = client.uploads.upload_file(attributes, io.BytesIO(b"Some bytes.")).entries or []
    big = client.chunked_uploads.upload_big_file(io.BytesIO(bytes(BIG_SIZE)), "big", BIG_SIZE, "0")
    assert client.files.get_file_by_id(big.id).size == BIG_SIZE
    network.requests_session.close()
    assert server.state.content(small.id) == b"Some bytes."
    assert server.state.content(big.id) == bytes(BIG_SIZE)
    assert proxy.asked == ["upload.box.com:443", "api.box.com:443"]


@pytest.mark.parametrize("host", ["box.com", "dl.boxcloud.com", "127.0.0.1"])
def test_the_proxy_leads_nowhere_else(proxy: BoxProxy, host: str) -> None:
    url = urlsplit(proxy.url)
    connection = http.client.HTTPSConnection(url.hostname or "", url.port, timeout=10)
    connection.set_tunnel(host, 443)
    with pytest.raises(OSError, match="403 Forbidden"):
        connection.connect()
    assert proxy.asked == [f"{host}:443"]
