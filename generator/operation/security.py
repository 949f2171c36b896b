"""Security: which operations send a token, and the scopes that it needs."""

from __future__ import annotations

from generator.document.document import Document, Node
from generator.errors import SpecError

_BEARER = frozenset({"http bearer", "oauth2", "openIdConnect"})


def token_scopes(document: Document, operation: Node) -> list[str] | None:
    """Return the scopes that the token of an operation needs, or None if no token is sent.

    Raises:
        SpecError: The operation needs something else than a bearer token.
    """
    owner = operation if "security" in operation.object() else document.root
    unsupported: list[str] = []
    for alternative in owner.items("security"):
        kinds = [_scheme_kind(document, name, alternative) for name in alternative.object()]
        if kinds and all(kind in _BEARER for kind in kinds):
            return [scope.text() for _, scopes in alternative.members() for scope in scopes.items()]
        unsupported += [kind for kind in kinds if kind not in _BEARER]
    if unsupported:
        raise SpecError(f"{owner.place}/security", f"{', '.join(unsupported)} is not supported; bearer tokens are")
    return None


def _scheme_kind(document: Document, name: str, alternative: Node) -> str:
    components = document.root.get("components")
    declared = dict(components.members("securitySchemes")) if components else {}
    if name not in declared:
        raise SpecError(alternative.place, f"{name!r} is not among components/securitySchemes; declare it there")
    scheme = document.resolve_component(declared[name])
    kind = (scheme / "type").text()
    return f"http {(scheme / 'scheme').text().lower()}" if kind == "http" else kind
