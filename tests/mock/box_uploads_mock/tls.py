"""TLS: a certificate authority that lives as long as the server, and the server's certificate. Needs trustme."""

import ssl
from collections.abc import Collection

try:
    import trustme
except ModuleNotFoundError as error:
    raise ModuleNotFoundError(f"{error.msg}; pip install 'box-uploads[mock-tls]' has what TLS needs") from error

# Certificates name single addresses: of the loopback network, those that everybody uses.
_ALWAYS = ("localhost", "127.0.0.1", "::1")


class Certificate:
    """A certificate of a new authority.

    Args:
        hosts: Names and addresses that it is for, beside `localhost`, `127.0.0.1` and `::1`.

    Attributes:
        ca_pem: The certificate of the authority, which clients have to trust, as PEM.
        server_context: What the server presents the certificate with.

    Raises:
        ValueError: A host does not fit into a certificate.
    """

    def __init__(self, hosts: Collection[str]) -> None:
        authority = trustme.CA()
        for host in hosts:
            try:
                authority.issue_cert(host)
            except ValueError as error:
                raise ValueError(f"host {host!r} does not fit into a certificate ({error}); name another") from error
        self.ca_pem = authority.cert_pem.bytes().decode("ascii")
        self.server_context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        issued = authority.issue_cert(*dict.fromkeys((*_ALWAYS, *hosts)))
        with issued.private_key_and_cert_chain_pem.tempfile() as path:
            self.server_context.load_cert_chain(path)
