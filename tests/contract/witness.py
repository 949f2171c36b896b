"""A second opinion on exchanges: openapi-core, which shares no code with schemathesis, jsonschema-rs or the mock."""

from __future__ import annotations

import copy
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

from openapi_core import OpenAPI
from openapi_core.datatypes import RequestParameters
from openapi_core.exceptions import OpenAPIError
from werkzeug.datastructures import Headers, ImmutableMultiDict

from tests.contract.fragment import FRAGMENT

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


def raw_binary_has_no_type(node: Any) -> Any:
    """Return a document whose raw bytes are described as OpenAPI 3.1.1 does ("Working With Binary Data"): by no type.

    The fragment says `type: string` and `format: binary`, as OpenAPI 3.0 did, since schemathesis and the generator
    know only that.
    """
    if isinstance(node, list):
        return [raw_binary_has_no_type(item) for item in node]
    if not isinstance(node, dict):
        return node
    return {} if node.get("format") == "binary" else {key: raw_binary_has_no_type(item) for key, item in node.items()}


def at_one_server(document: Any) -> Any:
    """Return a document whose operations are all at its own server: exchanges say nothing of theirs."""
    changed = copy.deepcopy(document)
    for item in changed["paths"].values():
        for operation in item.values():
            if isinstance(operation, dict):
                operation.pop("servers", None)
    return changed


_FRAGMENT = OpenAPI.from_dict(raw_binary_has_no_type(at_one_server(FRAGMENT)))
_SERVER = urlsplit(FRAGMENT["servers"][0]["url"])


@dataclass(frozen=True)
class Exchange:
    """A request, wherever it went, and its response.

    Args:
        target: Path and query, below the path of the fragment's server.
        headers: Of the request, with names in lower case, as `answer_headers`.
    """

    method: str
    target: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    status: int = 200
    answer_headers: Mapping[str, str] = field(default_factory=dict)
    answer: bytes = b""

    def request_problem(self, fragment: OpenAPI = _FRAGMENT) -> str:
        """Return what is wrong with the request, or nothing."""
        return _problem(fragment.validate_request, _Request(self))

    def response_problem(self) -> str:
        """Return what is wrong with the response, or nothing."""
        return _problem(_FRAGMENT.validate_response, _Request(self), _Response(self))


def _problem(validate: Callable[..., object], *arguments: object) -> str:
    try:
        validate(*arguments)
    except OpenAPIError as error:
        return _described(error)
    return ""


def _described(error: BaseException) -> str:
    """Return the kinds and the details of an error and of its causes."""
    causes = [str(cause.message) for cause in getattr(error, "schema_errors", [])]
    cause = error.__cause__
    return f"{type(error).__name__}: {error} {causes}" + (f" < {_described(cause)}" if cause else "")


class _Request:
    """The view of an exchange that openapi-core takes for a request."""

    def __init__(self, exchange: Exchange) -> None:
        address = urlsplit(exchange.target)
        self.host_url = f"{_SERVER.scheme}://{_SERVER.netloc}"
        self.path = f"{_SERVER.path}{address.path}"
        self.method = exchange.method.lower()
        self.content_type = exchange.headers.get("content-type", "")
        self.body = exchange.body
        self.parameters = RequestParameters(
            query=ImmutableMultiDict(parse_qsl(address.query, keep_blank_values=True)),
            header=Headers(dict(exchange.headers)),
        )


class _Response:
    """The view of an exchange that openapi-core takes for a response."""

    def __init__(self, exchange: Exchange) -> None:
        self.status_code = exchange.status
        self.content_type = exchange.answer_headers.get("content-type", "")
        # Their names are looked up as the fragment spells them.
        self.headers = Headers(dict(exchange.answer_headers))
        self.data = exchange.answer
