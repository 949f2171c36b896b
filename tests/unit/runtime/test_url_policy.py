"""Which URLs of a response get the token: only those at trusted hosts and paths."""

from __future__ import annotations

import re
from typing import Any

import pytest

from generator.overlay._runtime.auth import Credentials
from generator.overlay._runtime.errors import InvalidArgumentError, UntrustedUrlError
from generator.overlay._runtime.messages import Request
from generator.overlay._runtime.transport import SyncTransport
from generator.overlay._runtime.url_policy import UrlPolicy

SERVER = "https://upload.box.com/api/2.0"
ID = "F971964745A5CD0C001BBE4E58196BFD"
PATH = f"/files/upload_sessions/{ID}/commit"
END = f"/api/2.0{PATH}"
HTTP = "is not https, which exposes the token; to permit it all the same, use trusted_hosts=['http://upload.box.com']"
HOSTS = ("box.com", "box-gov.com")

GOOD_HOSTS = [
    *("upload.box.com", "upload.app.box.com", "upload-las.app.box.com", "upload.app.box-gov.com"),
    *("fupload-ec2.box.com", "box.com", "UPLOAD.BOX.COM", "upload.box.com:443"),
]
GOOD = [
    *(f"https://{host}{END}" for host in GOOD_HOSTS),
    f"HTTPS://upload.box.com{END}",
    f"https://box.com{END}?zone=1",
]

# fmt: off
LOOKALIKES = [
    "evilbox.com", "box.com.evil.org", "upload.box.com.evil.org", "upload-box.com", "box.co",
    "evil.org/?upload.box.com", "evil.org/upload.box.com", "evil.org#.box.com", "evil.org\\.box.com",
    "evil.org\\@upload.box.com", "upload.box.com\\.evil.org", "upload.box.com%2eevil.org", "evil.org%2f.box.com",
    "evil.org%00.box.com", "upload.box.com.", ".box.com", "upload..box.com", "b\u043ex.com", "upload.box\u3002com",
    "xn--bx-xlc.com", "127.0.0.1", "[::1]", "169.254.169.254", "2130706433", "localhost",
    "upload .box.com", "{box-upload-server}", "upload.box.com\t", "[upload.box.com]", "[::1",
]
USERS_AND_PORTS = [
    "user@upload.box.com", "user:pass@upload.box.com", "upload.box.com@evil.org", "@upload.box.com",
    "upload.box.com:8443", "upload.box.com:0443", "upload.box.com:4430", "upload.box.com:", "upload.box.com:80",
    "upload.box.com:0", "upload.box.com:99999",
]
OTHER_SCHEMES = [
    "http://upload.box.com", "http://127.0.0.1", "ftp://upload.box.com", "file://upload.box.com", "//upload.box.com",
    "https:/upload.box.com", "https:upload.box.com", "https:///upload.box.com", "upload.box.com",
    "javascript://upload.box.com", "", " https://upload.box.com",
]
OTHER_PATHS = [
    PATH, "/", "", "/api/2.0/users/me", f"/api/2.0/files/upload_sessions/{'0' * 32}/commit",
    f"/api/2.0/files/upload_sessions/{ID}", f"{END}/", f"{END}/../../{'0' * 32}/commit", f"/x/..{END}", f"/x{END}",
    f"/{END}", END.lower(), END.replace("/commit", "%2Fcommit"), f"{END};x=1", f"{END}#commit", f"?{END}",
    f"{END} ", f"{END}\r\nx-evil: 1", f"{END}\x00",
]
# fmt: on
HOSTILE = [
    *(f"https://{host}{END}" for host in LOOKALIKES + USERS_AND_PORTS),
    *(f"{origin}{END}" for origin in OTHER_SCHEMES),
    *(f"https://upload.box.com{path}" for path in OTHER_PATHS),
    *(f"https://app.box.com{PATH}", ""),
]


def check(url: str, *, hosts: Any = (), base_url: str | None = None, server: str = SERVER) -> str:
    return UrlPolicy(HOSTS, hosts, base_url).check(url, server, PATH)


def refusal(url: str, **options: Any) -> UntrustedUrlError:
    with pytest.raises(UntrustedUrlError) as caught:
        check(url, **options)
    return caught.value


@pytest.mark.parametrize("url", GOOD)
def test_the_api_s_own_hosts_are_trusted(url: str) -> None:
    assert check(url) == url


@pytest.mark.parametrize("url", HOSTILE)
@pytest.mark.parametrize("base_url", [None, "https://upload.box.com/api/2.0"])
def test_hostile_urls_get_nothing(url: str, base_url: str | None) -> None:
    error = refusal(url, base_url=base_url)
    assert error.url == url
    assert "\n" not in str(error)
    assert error.retry_safe is True


@pytest.mark.parametrize(
    "url",
    [f"http://127.0.0.1:8080{END}", f"http://localhost{END}", f"http://[::1]:9{END}", f"https://127.0.0.1:8443{END}"],
)
def test_loopback_is_trusted_by_a_client_that_is_at_loopback(url: str) -> None:
    assert check(url, base_url="http://127.0.0.1:8080/api/2.0") == url


@pytest.mark.parametrize(
    "host",
    ["10.0.0.1", "192.168.1.1", "127.0.0.1.evil.org", "128.0.0.1", "localhost.evil.org", "evil.org", "upload.box.com"],
)
def test_a_client_at_loopback_trusts_nothing_else_over_http(host: str) -> None:
    refusal(f"http://{host}{END}", base_url="http://127.0.0.1:8080")


@pytest.mark.parametrize(
    ("named", "url"),
    [
        ("proxy.example", f"https://proxy.example{END}"),
        ("proxy.example:8443", f"https://proxy.example:8443{END}"),
        ("Proxy.Example", f"https://proxy.example{END}"),
        ("proxy.example:443", f"https://proxy.example{END}"),
        ("proxy.example:443", f"https://proxy.example:443{END}"),
        ("proxy.example", f"https://proxy.example:443{END}"),
        ("[2001:db8::1]:443", f"https://[2001:db8::1]{END}"),
    ],
)
def test_a_host_that_the_caller_names_is_trusted(named: str, url: str) -> None:
    assert check(url, hosts=(named,)) == url


@pytest.mark.parametrize(
    "origin", ["https://a.proxy.example", "http://proxy.example", "https://proxy.example:1", "https://x@proxy.example"]
)
def test_a_named_host_is_trusted_exactly_as_named(origin: str) -> None:
    refusal(f"{origin}{END}", hosts=("proxy.example",))


HOST, COLLECTION = "must be a host, host:port, or http://host to permit plain http", "must be a collection of hosts"
NO_HOSTS = ["", "https://a.example", "a.example/x", "*.example", "a b", "u@a.example", "a.example:x", "a?b", "a#b"]
NO_HOSTS += ["http://", "http://a.example/x", "http://u@a.example", "HTTP://a.example"]


@pytest.mark.parametrize(
    ("hosts", "message"),
    [
        *(([host], f"{host!r}: {HOST}") for host in (*NO_HOSTS, None, 5, b"box.com")),
        *((hosts, f"{hosts!r}: {COLLECTION}") for hosts in ("box.com", None, 5)),
    ],
)
def test_anything_but_a_collection_of_hosts_is_refused(hosts: Any, message: str) -> None:
    with pytest.raises(InvalidArgumentError) as caught:
        UrlPolicy(HOSTS, hosts, None)
    assert str(caught.value) == f"trusted_hosts={message}"


@pytest.mark.parametrize(
    ("url", "host", "rule"),
    [
        ("nonsense", None, "is not written as a plain URL of scheme, host and path"),
        (f"http://upload.box.com{END}", None, HTTP),
        (
            f"https://box.com:8443{END}",
            "box.com:8443",
            "names a port; trust it with host:port in trusted_hosts=",
        ),
        (f"https://evil.org{END}", "evil.org", "leads to an untrusted host; trust it with trusted_hosts="),
        ("https://box.com/other", None, f"does not lead to {PATH} below /api/2.0; set base_url= for another API"),
    ],
)
def test_a_refusal_gives_the_rule_and_the_host_to_trust(url: str, host: str | None, rule: str) -> None:
    error = refusal(url)
    assert (error.rule, error.host, str(error)) == (rule, host, f"{url!r}: {rule}")
    if host is not None:
        assert check(url, hosts=(host,)) == url


@pytest.mark.parametrize("authenticated", [True, False])
def test_a_url_that_is_not_trusted_is_refused_with_or_without_a_token(authenticated: bool) -> None:
    request = Request("op", "GET", SERVER, PATH, url="https://evil.org/x", authenticated=authenticated)
    with SyncTransport(Credentials("t0ken"), api_hosts=HOSTS) as transport, pytest.raises(UntrustedUrlError) as caught:
        transport.send(request)
    assert caught.value.host == "evil.org"


@pytest.mark.parametrize("slash", ["", "/"])
@pytest.mark.parametrize("prefix", ["/mock", "/boX", ""])
def test_a_path_may_follow_the_base_url_whatever_slash_that_ends_with(prefix: str, slash: str) -> None:
    assert check(f"http://127.0.0.1:8080{prefix}{PATH}", base_url=f"http://127.0.0.1:8080{prefix}{slash}")


@pytest.mark.parametrize("server", ["https://upload.box.com/boX", "https://upload.box.com/boX/"])
def test_a_slash_at_the_end_of_a_server_does_not_matter(server: str) -> None:
    url = f"https://upload.box.com/boX{PATH}"
    assert check(url, server=server) == url


def test_without_a_base_url_only_the_path_of_the_server_is_trusted() -> None:
    bare = f"https://upload.box.com{PATH}"
    assert check(bare, server="https://upload.box.com") == bare
    for server in (SERVER, "/api"):
        assert "does not lead to" in refusal(bare, server=server).rule


@pytest.mark.parametrize(
    ("base_url", "host"),
    [
        ("https://gate.box.com/box", "gate.box.com"),
        ("https://gate.box.com:443/box", "GATE.box.com"),
        ("https://gate.box.com/box", "gate.box.com:443"),
        ("https://gate.example:8443/box", "gate.example:8443"),
    ],
)
def test_the_path_of_the_base_url_is_trusted_at_its_own_host(base_url: str, host: str) -> None:
    for url in (f"https://{host}/box{PATH}", f"https://{host}{END}"):
        assert check(url, hosts=("gate.example:8443",), base_url=base_url) == url


@pytest.mark.parametrize(
    ("base_url", "host"),
    [
        ("https://gate.box.com/box", "upload.box.com"),
        ("https://gate.box.com/box", "gate.example"),
        ("https://gate.box.com/box", "gate.example:8443"),
        ("https://gate.box.com/box", "127.0.0.1:8443"),
        ("http://127.0.0.1:8080/box", "upload.box.com"),
    ],
)
def test_the_path_of_the_base_url_is_trusted_nowhere_else(base_url: str, host: str) -> None:
    named = ("gate.example:8443", "gate.example", "127.0.0.1:8443")
    error = refusal(f"https://{host}/box{PATH}", hosts=named, base_url=base_url)
    assert re.match(r"does not lead to .* below /api/2\.0;", error.rule)
    assert check(f"https://{host}{END}", hosts=named, base_url=base_url)


def test_a_refusal_names_the_paths_that_are_possible() -> None:
    error = refusal("https://gate.box.com/other", base_url="https://gate.box.com/")
    assert "below / or /api/2.0; set base_url=" in error.rule


@pytest.mark.parametrize("base_url", ["http://127.0.0.1:8080 ", "//http://127.0.0.1:8080", " http://127.0.0.1:8080"])
def test_a_malformed_base_url_makes_no_client_at_loopback(base_url: str) -> None:
    refusal(f"http://127.0.0.1:8080{PATH}", base_url=base_url)


@pytest.mark.parametrize("server", [f"{SERVER} ", f"//{SERVER}", f" {SERVER}"])
def test_a_malformed_server_gives_no_path(server: str) -> None:
    refusal(f"https://upload.box.com{END}", server=server)


@pytest.mark.parametrize("named", [*HOSTS, "box.example"])
@pytest.mark.parametrize(
    "host",
    ["evil{}", "evil-{}", "{}.evil.org", "{}evil.org", "evil.org/{}", "evil.org/.{}", "{}@evil.org", "{}:8443", "{}."],
)
def test_a_host_that_looks_like_a_trusted_one_is_not_trusted(named: str, host: str) -> None:
    """Each domain of the API and each host that the caller trusts."""
    refusal(f"https://{host.format(named)}{END}", hosts=["box.example"])
    assert check(f"https://{named}{END}", hosts=["box.example"])


def test_hosts_below_one_that_the_caller_trusts_are_not_trusted() -> None:
    refusal(f"https://upload.box.example{END}", hosts=["box.example"])
