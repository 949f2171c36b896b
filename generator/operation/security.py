"""Security: which operations send a token, with which scopes, and what else identifies the caller."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from generator.document.document import Document, Node
from generator.errors import SpecError
from generator.schema.types import Scalar

from .model import Parameter
from .parameters import ParameterReader, is_authorization

_BEARER = frozenset({"http bearer", "oauth2", "openIdConnect"})
_LOCATIONS = frozenset({"header", "query", "cookie"})


@dataclass(frozen=True)
class Security:
    """What an operation sends to identify the caller.

    Attributes:
        scopes: The scopes that the token needs, or None if no token is sent.
        needs_token: Whether nothing else than a token would do.
        credentials: API keys and passwords.
    """

    scopes: list[str] | None
    needs_token: bool
    credentials: list[Parameter]


def says_nothing(document: Document, operations: Iterable[Node]) -> bool:
    """Return whether a document says of no operation what it sends to identify the caller, not even that it is none."""
    return not any("security" in node.object() for node in (document.root, *operations))


def read_security(
    document: Document, parameters: ParameterReader, operation: Node, *, may_be_any: bool = False
) -> Security:
    """Return what an operation sends to identify the caller: all that one of its alternatives asks for.

    Args:
        document: The document.
        parameters: Reader of the arguments that credentials are.
        operation: The operation.
        may_be_any: Whether each scheme that is declared is an alternative, and none of them is needed.
    """
    owner = operation if "security" in operation.object() else document.root
    scopes: list[str] | None = None
    needs_token = True
    credentials: dict[str, Parameter] = {}
    alternatives = _any_scheme(document) if may_be_any else owner.items("security")
    for alternative in alternatives:
        kinds: list[str] = []
        for name, needed in alternative.members():
            kind, credential = "", None
            try:
                if (scheme := _scheme(document, name, alternative)) is not None:
                    kind = _kind(scheme)
                    credential = None if kind in _BEARER else _credential(parameters, name, scheme, kind)
            except SpecError as error:
                # A scheme that lacks something costs no more than one that is not supported.
                document.notes.add(error.place, error.problem)
            kinds.append(kind)
            if kind in _BEARER:
                scopes = [*(scopes or []), *(scope.text() for scope in needed.items())]
            elif credential:
                credentials[credential.name] = credential
        needs_token &= bool(kinds) and all(kind in _BEARER for kind in kinds)
    return Security(scopes, needs_token and bool(alternatives), list(credentials.values()))


def with_authorization(
    security: Security, parameters: ParameterReader, nodes: list[Node]
) -> tuple[Security, list[Node]]:
    """Have the client send a declared header `Authorization` of which no scheme says what it is, as an API key.

    Returns:
        What identifies the caller, and the nodes of the other parameters.
    """
    node = next(filter(is_authorization, nodes), None)
    is_known = security.scopes is not None or any(
        found.location == "header" and found.wire_name.lower() == "authorization" for found in security.credentials
    )
    if node is None or is_known:
        return security, nodes
    node.note("OpenAPI ignores a parameter Authorization; declare a security scheme", "an API key of the client")
    text = node.prose("description") or "The value of the header `Authorization`."
    key = parameters.credential("authorization", "ApiKey", "header", "Authorization", Scalar("str"), text)
    return replace(security, credentials=[*security.credentials, key]), [other for other in nodes if other != node]


def _any_scheme(document: Document) -> list[Node]:
    components = document.root.get("components")
    schemes = components.get("securitySchemes") if components else None
    if schemes is None:
        return []
    alternatives: list[dict[str, list[str]]] = [{name: []} for name in schemes.object()]
    # The last one sends nothing.
    return [schemes.with_value(alternative) for alternative in (*alternatives, {})]


def _scheme(document: Document, name: str, alternative: Node) -> Node | None:
    components = document.root.get("components")
    declared = dict(components.members("securitySchemes")) if components else {}
    if name not in declared:
        alternative.note(f"{name!r} is not among components/securitySchemes; declare it there")
        return None
    return document.resolve_component(declared[name])


def _kind(scheme: Node) -> str:
    kind = (scheme / "type").text()
    return f"http {(scheme / 'scheme').text().lower()}" if kind == "http" else kind


def _credential(parameters: ParameterReader, name: str, scheme: Node, kind: str) -> Parameter | None:
    """Return what the client takes for a scheme other than a bearer token, or None if it cannot send it."""
    description = scheme.prose("description")
    if kind == "http basic":
        text = description or "The user name and the password."
        return parameters.credential(name, "BasicAuth", "header", "authorization", Scalar("tuple[str, str]"), text)
    if kind == "apiKey" and (location := (scheme / "in").text()) in _LOCATIONS:
        text = description or "The API key."
        return parameters.credential(name, "ApiKey", location, (scheme / "name").text(), Scalar("str"), text)
    scheme.note(f"{kind} is not supported; bearer tokens, API keys and http basic are")
    return None
