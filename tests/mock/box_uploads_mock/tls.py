"""TLS: a new certificate authority and the certificate of the server. Needs trustme."""

import ssl
from collections.abc import Collection

try:
    import trustme
except ModuleNotFoundError as error:
    raise ModuleNotFoundError(f"{error.msg}; run pip install 'box-uploads[mock-tls]'") from error

# A certificate cannot contain the whole loopback network, so it contains the common addresses.
_ALWAYS = ("localhost", "127.0.0.1", "::1")


class Certificate:
    """A server certificate from a new certificate authority.

    Args:
        hosts: Names and addresses that it is valid for, in addition to `localhost`, `127.0.0.1` and `::1`.

    Attributes:
        ca_pem: The CA certificate that clients must trust, as PEM.
        server_context: The TLS context of the server.

    Raises:
        ValueError: A host cannot be put into a certificate.
    """

    def __init__(self, hosts: Collection[str]) -> None:
        authority = trustme.CA()
        for host in hosts:
            try:
                authority.issue_cert(host)
            except ValueError as error:
                raise ValueError(f"host {host!r} cannot be put into a certificate ({error}); use another") from error
        self.ca_pem = authority.cert_pem.bytes().decode("ascii")
        self.server_context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        issued = authority.issue_cert(*dict.fromkeys((*_ALWAYS, *hosts)))
        with issued.private_key_and_cert_chain_pem.tempfile() as path:
            self.server_context.load_cert_chain(path)
