"""Box's own SDK works with the mock."""

import hashlib
import io
import random
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from box_sdk_gen import (
    BaseUrls,
    BoxAPIError,
    BoxCCGAuth,
    BoxClient,
    BoxDeveloperTokenAuth,
    BoxJWTAuth,
    BoxNetworkClient,
    BoxRetryStrategy,
    BoxSDKError,
    CCGConfig,
    CreateFolderParent,
    FileFull,
    FolderMini,
    JWTConfig,
    NetworkSession,
    UploadWithPreflightCheckAttributes,
    UploadWithPreflightCheckAttributesParentField,
)
from box_uploads_mock import (
    App,
    Failure,
    Fault,
    LatePartsMismatch,
    LostResponse,
    MockServer,
    State,
    World,
    constant_part_size,
)
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

MIB = 1024**2


@pytest.fixture
def client(server: MockServer) -> Iterator[BoxClient]:
    with client_of(server) as client:
        yield client


@contextmanager
def client_of(server: MockServer, auth: Any = None) -> Iterator[BoxClient]:
    network = BoxNetworkClient()
    session = NetworkSession(
        network_client=network,
        # The SDK appends `/2.0/files/…` to its upload URL.
        base_urls=BaseUrls(base_url=f"{server.origin}/api", upload_url=f"{server.origin}/api"),
        retry_strategy=BoxRetryStrategy(retry_base_interval=0),
    )
    yield BoxClient(auth or BoxDeveloperTokenAuth(token=server.token), network_session=session)
    network.requests_session.close()


def test_the_sdk_creates_a_session_for_a_new_file(server: MockServer, client: BoxClient) -> None:
    session = client.chunked_uploads.create_file_upload_session("0", 104_857_600, "Project.mov")
    assert (session.part_size, session.total_parts, session.num_parts_processed) == (8 * MIB, 13, 0)
    assert session.id in server.state.sessions
    assert session.session_expires_at is not None
    assert session.session_endpoints is not None
    assert session.session_endpoints.commit == f"{server.base_url}/files/upload_sessions/{session.id}/commit"


def test_the_sdk_reads_a_conflict(client: BoxClient) -> None:
    with pytest.raises(BoxAPIError) as caught:
        client.chunked_uploads.create_file_upload_session("0", 20_000_000, "contract.PDF")
    response = caught.value.response_info
    assert (response.status_code, response.code) == (409, "item_name_in_use")
    assert response.context_info is not None
    assert response.context_info["conflicts"]["id"] == "12345"
    assert response.request_id
    assert response.help_url


def test_the_sdk_reads_a_file(server: MockServer, client: BoxClient) -> None:
    file = client.files.get_file_by_id("12345")
    assert (file.id, file.name, file.sha_1) == ("12345", "Contract.pdf", server.state.files["12345"].sha1)
    with pytest.raises(BoxAPIError) as caught:
        client.files.get_file_by_id("404")
    assert (caught.value.response_info.status_code, caught.value.response_info.code) == (404, "not_found")


def test_the_sdk_creates_reads_and_lists_folders(server: MockServer, client: BoxClient) -> None:
    made = [client.folders.create_folder(name, CreateFolderParent(id="100")) for name in ("Takes", "Sound")]
    assert [(folder.name, folder.parent and folder.parent.id) for folder in made] == [
        ("Takes", "100"),
        ("Sound", "100"),
    ]
    assert set(server.state.folders) >= {folder.id for folder in made}
    read = client.folders.get_folder_by_id(made[0].id)
    assert (read.id, read.name, read.created_at) == (made[0].id, "Takes", made[0].created_at)
    root = client.folders.get_folder_by_id("0")
    assert (root.name, root.etag, root.created_at) == ("All Files", None, None)
    found: list[tuple[Any, ...]] = []
    marker = None
    for _ in range(2):
        page = client.folders.get_folder_items("100", usemarker=True, marker=marker, limit=2, fields=["name", "size"])
        found += [(type(item), item.id, item.name) for item in page.entries or []]
        marker = page.next_marker
    assert marker is None
    assert [(kind, name) for kind, _, name in found] == [
        *((FolderMini, name) for name in ("Dailies", "Sound", "Takes")),
        (FileFull, "Interview.mov"),
    ]
    with pytest.raises(BoxAPIError) as caught:
        client.folders.create_folder("TAKES", CreateFolderParent(id="100"))
    response = caught.value.response_info
    assert (response.status_code, response.code) == (409, "item_name_in_use")
    assert response.context_info is not None
    assert [conflict["id"] for conflict in response.context_info["conflicts"]] == [made[0].id]


def test_the_sdk_retries_a_failure(server: MockServer, client: BoxClient) -> None:
    server.state.faults.add(Failure(operation="create_upload_session", status=503))
    assert client.chunked_uploads.create_file_upload_session("0", 20_000_000, "Project.mov").id
    assert [exchange.status for exchange in server.state.request_log] == [503, 201]


def test_the_sdk_knows_an_expired_token(server: MockServer, client: BoxClient) -> None:
    server.state.expire_token(server.token)
    with pytest.raises(BoxSDKError, match="token has expired"):
        client.chunked_uploads.create_file_upload_session("0", 20_000_000, "Project.mov")
    assert [exchange.status for exchange in server.state.request_log] == [401]


# A little more than three parts.
DATA = random.Random(1).randbytes(3 * 10_000 + 17)


@pytest.fixture(scope="module")
def shared_small_server() -> Iterator[MockServer]:
    with MockServer(part_size_for=constant_part_size(10_000), min_file_size=1) as server:
        yield server


@pytest.fixture
def small_server(shared_small_server: MockServer) -> Iterator[MockServer]:
    shared_small_server.state.reset()
    yield shared_small_server
    shared_small_server.state.faults.require_fired()


@pytest.fixture
def small_client(small_server: MockServer) -> Iterator[BoxClient]:
    with client_of(small_server) as client:
        yield client


def uploaded(client: BoxClient, data: bytes, file_id: str | None = None) -> Any:
    """Upload a new file, or a version of a file."""
    source = io.BytesIO(data)
    if file_id is None:
        return client.chunked_uploads.upload_big_file(source, "Project.mov", len(data), "0")
    return client.chunked_uploads.upload_big_file_version(file_id, source, len(data))


def statuses_of(server: MockServer, operation: str) -> list[int | None]:
    return [exchange.status for exchange in server.state.request_log if exchange.operation == operation]


@pytest.mark.parametrize("size", [len(DATA), 30_000, 1])
@pytest.mark.parametrize("file_id", [None, "12345"])
def test_the_sdk_uploads(small_server: MockServer, small_client: BoxClient, size: int, file_id: str | None) -> None:
    data = DATA[:size]
    file = uploaded(small_client, data, file_id)
    assert small_server.state.content(file.id) == data
    assert file.sha_1 == hashlib.sha1(data, usedforsecurity=False).hexdigest()
    name, etag = ("Contract.pdf", "1") if file_id else ("Project.mov", "0")
    assert (file.name, file.size, file.etag) == (name, size, etag)
    assert not small_server.state.sessions
    parts = [200] * -(-size // 10_000)
    assert statuses_of(small_server, "upload_part") == parts
    assert statuses_of(small_server, "plan_upload_parts") == (parts if file_id else [])
    if file_id:
        assert file.id == file_id


@pytest.mark.parametrize("changed", [(0,), (1,), (3,), (0, 1, 2), (0, 1, 2, 3)])
@pytest.mark.parametrize("store", ["memory", "disk", "discard"])
def test_the_sdk_sends_only_changed_parts(store: Any, changed: tuple[int, ...]) -> None:
    data = bytearray(DATA)
    for index in changed:
        data[index * 10_000 + 5] ^= 1
    state = State(store=store, part_size_for=constant_part_size(10_000), min_file_size=1)
    with MockServer(state=state) as server, client_of(server) as client:
        first = uploaded(client, DATA)
        sent = len(statuses_of(server, "upload_part"))
        file = uploaded(client, bytes(data), first.id)
        assert file.sha_1 == hashlib.sha1(data, usedforsecurity=False).hexdigest()
        # A store that discards has no hits.
        again = 4 if store == "discard" else len(changed)
        assert len(statuses_of(server, "upload_part")) == sent + again
        if store != "discard":
            assert state.content(first.id) == data


def test_the_sdk_returns_nothing_for_a_version_that_changes_nothing(
    small_server: MockServer, small_client: BoxClient
) -> None:
    first = uploaded(small_client, DATA)
    assert uploaded(small_client, DATA, first.id) is None
    assert (small_server.state.files[first.id].etag, dict(small_server.state.sessions)) == ("0", {})


def test_the_sdk_repeats_a_part_that_failed(small_server: MockServer, small_client: BoxClient) -> None:
    small_server.state.faults.add(
        Failure(operation="upload_part", status=503, skip=1),
        Failure(operation="upload_part", status=500, after_bytes=9),
    )
    file = uploaded(small_client, DATA)
    assert small_server.state.content(file.id) == DATA


def test_the_sdk_waits_for_a_commit_that_is_accepted(small_server: MockServer, small_client: BoxClient) -> None:
    small_server.state.pending_commits = 2
    small_server.state.commit_retry_after_s = 0
    file = uploaded(small_client, DATA)
    assert small_server.state.content(file.id) == DATA
    assert [exchange.status for exchange in small_server.state.request_log][-3:] == [202, 202, 201]


@pytest.mark.parametrize(
    ("fault", "code"),
    [(LostResponse(operation="upload_part"), "range_overlaps_existing_part"), (LatePartsMismatch(), "parts_mismatch")],
)
def test_the_sdk_raises_an_error_that_it_does_not_repeat(
    small_server: MockServer, small_client: BoxClient, fault: Fault, code: str
) -> None:
    small_server.state.faults.add(fault)
    with pytest.raises(BoxAPIError, match=code):
        uploaded(small_client, DATA)


def test_the_sdk_calls_every_operation(small_server: MockServer, small_client: BoxClient) -> None:
    uploads = small_client.chunked_uploads
    session = uploads.create_file_upload_session("0", len(DATA), "Project.mov")
    assert session.id is not None
    assert uploads.get_file_upload_session_by_id(session.id).num_parts_processed == 0
    assert uploads.get_file_upload_session_parts(session.id, offset=0, limit=10).total_count == 0
    uploads.delete_file_upload_session_by_id(session.id)
    with pytest.raises(BoxAPIError, match="upload_session_not_found"):
        uploads.get_file_upload_session_by_id(session.id)


APP: dict[str, Any] = {"client_id": "an-app", "client_secret": "the-secret-of-the-app"}


def test_the_sdk_signs_in_by_client_credentials() -> None:
    with MockServer(world=World(apps=(App(**APP),))) as server:
        owners: dict[str, dict[str, Any]] = {
            "App an-app": {"enterprise_id": "123456"},
            "User 4711": {"user_id": "4711"},
        }
        for owner, given in owners.items():
            with client_of(server, BoxCCGAuth(CCGConfig(**APP, **given))) as client:
                assert client.users.get_user_me(fields=["name"]).name == owner
        with (
            client_of(server, BoxCCGAuth(CCGConfig(**APP, enterprise_id="1"))) as client,
            pytest.raises(BoxAPIError, match="Grant credentials are invalid"),
        ):
            client.users.get_user_me()
        assert statuses_of(server, "request_token") == [200, 200, 400]


def test_the_sdk_signs_in_by_jwt() -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    form, pem = serialization.PublicFormat.SubjectPublicKeyInfo, serialization.Encoding.PEM
    encryption = serialization.BestAvailableEncryption(b"passphrase")
    config = JWTConfig(
        **APP,
        jwt_key_id="key",
        private_key=key.private_bytes(pem, serialization.PrivateFormat.PKCS8, encryption).decode(),
        private_key_passphrase="passphrase",
        enterprise_id="123456",
    )
    public_key = key.public_key().public_bytes(pem, form).decode()
    with MockServer(world=World(apps=(App(**APP, public_keys={"key": public_key}),))) as server:
        with client_of(server, BoxJWTAuth(config)) as client:
            assert client.users.get_user_me().name == "App an-app"
            token = client.auth.retrieve_token(network_session=client.network_session).access_token
            assert token is not None
            server.state.expire_token(token)
            # It signs in again after a 401.
            assert client.users.get_user_me().name == "App an-app"
        assert statuses_of(server, "request_token") == [200, 200]


def test_the_sdk_revokes_its_token() -> None:
    with MockServer(world=World(apps=(App(**APP),))) as server:
        auth = BoxCCGAuth(CCGConfig(**APP, enterprise_id="123456"))
        with client_of(server, auth) as client:
            client.users.get_user_me()
            auth.revoke_token(network_session=client.network_session)
        assert statuses_of(server, "revoke_token") == [200]


def test_the_sdk_checks_uploads_and_downloads_what_it_uploaded(server: MockServer, client: BoxClient) -> None:
    attributes = UploadWithPreflightCheckAttributes(
        name="sdk.bin", size=3, parent=UploadWithPreflightCheckAttributesParentField(id="0")
    )
    files = client.uploads.upload_with_preflight_check(attributes, io.BytesIO(b"one"))
    assert files.entries is not None
    (file,) = files.entries
    operations = [exchange.operation for exchange in server.state.request_log]
    assert operations == ["check_upload", "upload_small_file"]
    downloaded = client.downloads.download_file(file.id)
    assert downloaded is not None
    assert downloaded.read() == b"one"
    part = io.BytesIO()
    client.downloads.download_file_to_output_stream(file.id, part, range="bytes=1-2")
    assert part.getvalue() == b"ne"
    # It follows the redirect by itself, and then there is another request.
    assert [exchange.operation for exchange in server.state.request_log][-2:] == ["download_file", "download_content"]
    with pytest.raises(BoxAPIError) as caught:
        client.downloads.download_file("12345")
    assert (caught.value.response_info.status_code, caught.value.response_info.code) == (404, "not_found")
