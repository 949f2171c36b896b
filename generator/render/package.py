"""The package that the templates make: the filters and variables that they get, and the check of their names."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from generator.document.document import Document
from generator.errors import GenerationError
from generator.operation.model import Operation
from generator.operation.servers import api_hosts, request_id_headers
from generator.overlay._runtime import errors
from generator.python import docstrings, literals, naming
from generator.schema.schemas import SchemaReader
from generator.schema.types import INTEGERS

from .groups import group_operations
from .markdown import cell_code, markdown_prose, markdown_text
from .project import project_name, project_version, toml_string
from .readme import (
    choose_example,
    client_arguments,
    error_rows,
    file_arguments,
    file_call,
    group_notes,
    pages_call,
    permitted_hosts,
    stream_call,
)
from .upstream import MsgspecProject, template_hashes

FILTERS: dict[str, Callable[..., Any]] = {
    function.__name__: function
    for function in (
        cell_code,
        naming.class_name,
        docstrings.docstring_code,
        docstrings.docstring_text,
        naming.header_token,
        literals.long_literal,
        markdown_prose,
        markdown_text,
        docstrings.one_line,
        literals.python_literal,
        naming.used_in,
        docstrings.sentence,
        toml_string,
    )
}
"""The filters of the templates, by name."""


def render_package(  # noqa: PLR0913  # one caller, which names each argument
    document: Document,
    schemas: SchemaReader,
    operations: list[Operation],
    *,
    templates: Path,
    config: Path,
    package: Path,
    overlay_errors: Mapping[str, list[str]],
    overlay_pages: Sequence[str],
    project: Path | None = None,
) -> None:
    """Render all templates.

    Args:
        document: The document.
        schemas: Its models and aliases.
        operations: Its operations.
        templates: Folder of the templates.
        config: File with the settings of openapi-python-client.
        package: Folder that becomes the package; it has its name, and must not exist.
        overlay_errors: Public errors that the overlay adds, by folder.
        overlay_pages: What the README says about the folders of the overlay.
        project: File that becomes the `pyproject.toml` of the package, or None.

    Raises:
        SpecError: The document has no version for it, and is read strictly.
        GenerationError: A template fails, or replaces none of openapi-python-client's.
    """
    _check_template_names(templates)
    groups = group_operations(document, operations)
    variables = _variables(document, schemas, operations) | {"groups": groups}
    if project:
        variables |= {"project_name": project_name(package.name), "project_version": project_version(document)}
    # Last, when the document has all its notes.
    variables |= _readme_variables(document, operations, package.name, variables)
    MsgspecProject(
        document,
        operations,
        templates=templates,
        config=config,
        package=package.name,
        output=package,
        filters=FILTERS,
        variables={
            **variables,
            "base_error": _base_error(package.name),
            "overlay_errors": overlay_errors,
            "overlay_pages": overlay_pages,
        },
    ).render(groups, project)


def hash_upstream_templates(templates: Path) -> dict[str, str]:
    """Return the SHA-256 of each template of openapi-python-client that ours replace, by name."""
    return template_hashes(_template_names(templates))


def _check_template_names(folder: Path) -> None:
    """Refuse a misspelt override, which openapi-python-client would silently ignore."""
    overrides = {name for name in _template_names(folder) if not name.startswith("_")}
    if unknown := overrides - template_hashes(sorted(overrides)).keys():
        raise GenerationError(f"templates that openapi-python-client does not have: {', '.join(sorted(unknown))}")


def _template_names(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.jinja"))


def _base_error(package: str) -> str:
    """Return the name of the class of all errors of a package."""
    name = f"{naming.class_name(package)}Error"
    return f"{naming.class_name(package)}ClientError" if name in errors.__all__ else name


def _variables(document: Document, schemas: SchemaReader, operations: list[Operation]) -> dict[str, Any]:
    options = {option.name: option for operation in operations for option in operation.client_options}
    # base_url can have a default only if every operation has a server.
    has_servers = operations and all(operation.server for operation in operations)
    return {
        "definitions": schemas,
        "booleans": ["OnlyFalse", "OnlyTrue"],
        "integers": sorted(INTEGERS.values()),
        "error_name": _error_name,
        "error_names": sorted(name for name in errors.__all__ if name.endswith("Error") and name != "ClientError"),
        "client_options": sorted(options.values(), key=lambda option: not option.required),
        "follows_redirects": any(operation.follows_redirect for operation in operations),
        "has_streams": any(operation.streams for operation in operations),
        "has_lines": any(found.kind == "lines" for operation in operations for found in operation.streams),
        "has_forms": any(codec.form for operation in operations for codec in operation.codecs),
        "authenticated": any(operation.authenticated for operation in operations),
        "needs_token": all(operation.needs_token for operation in operations),
        "names_credentials": not any(operation.may_send_token for operation in operations),
        "request_id_headers": request_id_headers(document),
        "api_hosts": api_hosts(document, operations) if any(operation.uses_urls for operation in operations) else (),
        "servers": sorted({operation.server for operation in operations}) if has_servers else [],
    }


def _readme_variables(
    document: Document, operations: list[Operation], package: str, variables: Mapping[str, Any]
) -> dict[str, Any]:
    example = choose_example(operations)
    note_groups, more_notes = group_notes(document.notes.found)
    tags = dict.fromkeys(operation.tag for operation in operations)
    return {
        "spec_name": document.name,
        "example": example,
        "file_call": file_call(operations),
        "pages_call": pages_call(operations),
        "stream_call": stream_call(operations),
        "takes_files": {operation: names for operation in operations if (names := file_arguments(operation))},
        "client_arguments": [
            *client_arguments(
                example,
                variables["client_options"],
                package.upper(),
                sends_token=variables["authenticated"],
                needs_url=not variables["servers"],
            ),
            *permitted_hosts(operations),
        ],
        "operations_by_tag": {tag: [operation for operation in operations if operation.tag == tag] for tag in tags},
        "error_rows": error_rows(),
        "missing": document.notes.missing,
        "note_groups": note_groups,
        "more_notes": more_notes,
    }


def _error_name(status: str) -> str:
    return errors.error_class(int(status)).__name__ if status.isdecimal() else errors.ApiError.__name__
