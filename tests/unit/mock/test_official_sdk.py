"""Box's own SDK takes the mock for Box."""

from collections.abc import Iterator

import pytest
from box_sdk_gen import (
    BaseUrls,
    BoxAPIError,
    BoxClient,
    BoxDeveloperTokenAuth,
    BoxNetworkClient,
    BoxRetryStrategy,
    BoxSDKError,
    NetworkSession,
)
from box_uploads_mock import Failure, MockServer

MIB = 1024**2


@pytest.fixture(scope="module")
def shared_server() -> Iterator[MockServer]:
    with MockServer() as server:
        yield server


@pytest.fixture
def server(shared_server: MockServer) -> MockServer:
    shared_server.state.reset()
    return shared_server


@pytest.fixture
def client(server: MockServer) -> Iterator[BoxClient]:
    network = BoxNetworkClient()
    session = NetworkSession(
        network_client=network,
        # The SDK appends `/2.0/files/…` to its upload URL.
        base_urls=BaseUrls(upload_url=f"{server.origin}/api"),
        retry_strategy=BoxRetryStrategy(retry_base_interval=0),
    )
    yield BoxClient(BoxDeveloperTokenAuth(token=server.token), network_session=session)
    network.requests_session.close()


def test_the_sdk_creates_a_session_for_a_new_file(server: MockServer, client: BoxClient) -> None:
    session = client.chunked_uploads.create_file_upload_session("0", 104_857_600, "Project.mov")
    assert (session.part_size, session.total_parts, session.num_parts_processed) == (8 * MIB, 13, 0)
    assert session.id in server.state.sessions
    assert session.session_expires_at is not None
    assert session.session_endpoints is not None
    assert session.session_endpoints.commit == f"{server.base_url}/files/upload_sessions/{session.id}/commit"


def test_the_sdk_creates_a_session_for_a_version(server: MockServer, client: BoxClient) -> None:
    session = client.chunked_uploads.create_file_upload_session_for_existing_file("12345", 20_000_000)
    assert session.id is not None
    assert server.state.sessions[session.id].file_id == "12345"


def test_the_sdk_reads_a_conflict(client: BoxClient) -> None:
    with pytest.raises(BoxAPIError) as caught:
        client.chunked_uploads.create_file_upload_session("0", 20_000_000, "contract.PDF")
    response = caught.value.response_info
    assert (response.status_code, response.code) == (409, "item_name_in_use")
    assert response.context_info is not None
    assert response.context_info["conflicts"]["id"] == "12345"
    assert response.request_id
    assert response.help_url


def test_the_sdk_retries_a_failure(server: MockServer, client: BoxClient) -> None:
    server.state.faults.add(Failure(operation="create_upload_session", status=503))
    assert client.chunked_uploads.create_file_upload_session("0", 20_000_000, "Project.mov").id
    assert [exchange.status for exchange in server.state.journal] == [503, 201]


def test_the_sdk_knows_an_expired_token(server: MockServer, client: BoxClient) -> None:
    server.state.expire_token(server.token)
    with pytest.raises(BoxSDKError, match="token has expired"):
        client.chunked_uploads.create_file_upload_session("0", 20_000_000, "Project.mov")
    assert [exchange.status for exchange in server.state.journal] == [401]
