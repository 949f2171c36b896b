"""Whether a request, as it was sent, is one that the fragment allows; schemathesis is not asked."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote, urlsplit

from tests.contract import forms
from tests.contract.fragment import (
    FORM,
    decode_body,
    has_file,
    has_form,
    operations,
    parameters,
    request_schema,
    validator,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

BODIES = {name: validator(schema) for name in operations() if (schema := request_schema(name)) is not None}
PARAMETERS = {
    name: {field: validator(parameter["schema"]) for field, parameter in parameters(name).items()}
    for name in operations()
}


def is_right_on_the_wire(operation_id: str, request: Any) -> bool | None:
    """Return whether a request that came to an operation keeps to the fragment, or None if that is a matter of taste.

    Args:
        operation_id: The operation.
        request: The request in the form of `requests`.
    """
    given = [*_in_path(operation_id, request.url), *parse_qsl(urlsplit(request.url).query, keep_blank_values=True)]
    names = [name for name, _ in given]
    if len(set(names)) < len(names):
        # Which of two values counts is nowhere said.
        return None
    given += [(name.lower(), _text(value)) for name, value in request.headers.items()]
    declared = parameters(operation_id)
    values = {name: _value(text, declared[name]) for name, text in given if name in declared}
    if any(parameter.get("required") and name not in values for name, parameter in declared.items()):
        return False
    if not all(PARAMETERS[operation_id][name].is_valid(value) for name, value in values.items()):
        return False
    if has_file(operation_id):
        return _is_right_form(operation_id, request.headers.get("content-type", ""), request.body)
    if has_form(operation_id) and dict(given).get("content-type", "").partition(";")[0].strip().lower() != FORM:
        return False
    return operation_id not in BODIES or _is_right_body(operation_id, request.body)


def _in_path(operation_id: str, url: str) -> Iterator[tuple[str, str]]:
    path = operations()[operation_id][0]
    pattern = re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>[^/]+)", re.escape(path))
    match = re.search(f"{pattern}$", urlsplit(url).path)
    if match:
        yield from ((name, unquote(value)) for name, value in match.groupdict().items())


def _is_right_body(operation_id: str, body: Any) -> bool:
    try:
        content = body.encode() if isinstance(body, str) else body
        return bool(BODIES[operation_id].is_valid(decode_body(operation_id, content, "")))
    except (AttributeError, TypeError, ValueError):
        return False


def _is_right_form(operation_id: str, media_type: str, body: Any) -> bool | None:
    names = [name for name, _ in forms.decode(_text(media_type), body or b"") or []]
    if len(names) == 2 and names[0] == "attributes" and names[1] not in {"attributes", "file"}:
        # Some clients call it so, and Box takes it.
        return None
    if names[:1] != ["attributes"]:
        return False
    form = forms.read(_text(media_type), body or b"")
    return form is not None and bool(BODIES[operation_id].is_valid(form))


def _value(text: str, parameter: dict[str, Any]) -> Any:
    """Return a parameter as the schema means it: what stands in a header or a URL is text."""
    if parameter["schema"].get("type") == "boolean":
        # Box's SDK for Python writes a capital letter, and Box takes it.
        return {"true": True, "True": True, "false": False, "False": False}.get(text, text)
    is_number = re.fullmatch(r"[+-]?[0-9]+(\.[0-9]+)?", text) is not None
    if parameter["schema"].get("type") == "integer" and is_number:
        return json.loads(text.removeprefix("+")) if not re.match(r"[+-]?0[0-9]", text) else text
    return text


def _text(value: Any) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)
