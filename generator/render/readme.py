"""What the README of a package shows besides its operations: an example, the errors, and what the document lacks."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from generator.document.notes import Note
from generator.errors import SpecError
from generator.operation.model import Operation, Parameter
from generator.overlay._runtime import errors
from generator.overlay._runtime.url_policy import is_loopback
from generator.python.literals import python_literal
from generator.schema.types import Choice, Field, Named, Scalar, Type, parts

_MOST_NOTES = 50
_FILE = 'Path("film.mov")'
_PLACEHOLDERS = {"int": "1", "float": "1.0", "bool": "True"}


@dataclass(frozen=True)
class Example:
    """A call that shows how the client is used.

    Attributes:
        operation: The operation.
        call: The call, with `client`.
    """

    operation: Operation
    call: str


@dataclass(frozen=True)
class NoteGroup:
    """The notes that say the same of several places.

    Attributes:
        problem: What is wrong in them.
        meaning: How they were taken.
        places: Where, as JSON pointers.
    """

    problem: str
    meaning: str
    places: tuple[str, ...]


def choose_example(operations: Sequence[Operation]) -> Example | None:
    """Return the call with an example in the document, else the first GET without arguments, else the first call."""
    # A path parameter has no example.
    described = sorted(
        (operation for operation in operations if operation.example_arguments is not None),
        key=lambda operation: len(operation.positional_arguments),
    )
    plain = [operation for operation in operations if operation.method == "GET" and not _placeholders(operation)]
    for operation in [*described, *plain, *operations][:1]:
        arguments = [_placeholder(argument) for argument in operation.positional_arguments]
        known = operation.example_arguments
        arguments += _placeholders(operation)[len(arguments) :] if known is None else known
        return Example(operation, f"client.{operation.full_name}({', '.join(arguments)})")
    return None


def _placeholders(operation: Operation) -> list[str]:
    """Return the arguments that a call needs at least, with placeholders as values."""
    needs_body = operation.has_whole_body and operation.body and operation.body.required
    return [
        *(_placeholder(argument) for argument in operation.positional_arguments),
        *(["body=..."] if needs_body else []),
        *(f"{argument.name}={_placeholder(argument)}" for argument in operation.keyword_arguments if argument.required),
    ]


def file_arguments(operation: Operation) -> list[str]:
    """Return the arguments of an operation that take files."""
    names = ["body"] if operation.has_whole_body and operation.body and operation.body.is_binary else []
    return names + [argument.name for argument in operation.keyword_arguments if _is_file(argument)]


def file_call(operations: Sequence[Operation]) -> str:
    """Return a call that sends a file, empty if none does."""
    for operation in operations:
        if names := file_arguments(operation):
            kept = [text for text in _placeholders(operation) if text.partition("=")[0] not in names]
            files = [argument for argument in operation.keyword_arguments if _is_file(argument)]
            needed = [argument for argument in files if argument.required] or files[:1]
            given = [f"{argument.name}={_file(argument)}" for argument in needed] or [f"{names[0]}={_FILE}"]
            return f"client.{operation.full_name}({', '.join([*kept, *given])})"
    return ""


def _file(argument: Parameter | Field) -> str:
    """Return Python for a file as an argument takes it: alone, in a list or by a name."""
    kind = argument.type.text(plain=True).partition("[")[0]
    return {"list": f"[{_FILE}]", "dict": f'{{"film": {_FILE}}}'}.get(kind, _FILE)


def pages_call(operations: Sequence[Operation]) -> str:
    """Return a call that goes through all pages, empty if none does."""
    for operation in operations:
        if pagination := operation.pagination:
            kept = [text for text in _placeholders(operation) if text.partition("=")[0] not in pagination.left_out]
            return f"client.{operation.iterator_name}({', '.join(kept)})"
    return ""


def stream_call(operations: Sequence[Operation]) -> str:
    """Return a call that reads a body in pieces, empty if none does."""
    for operation in operations:
        for stream in operation.streams[:1]:
            kept = [text for text in _placeholders(operation) if text.partition("=")[0] != stream.switch]
            return f"client.{operation.called(stream.method)}({', '.join(kept)})"
    return ""


def permitted_hosts(operations: Sequence[Operation]) -> list[str]:
    """Return the argument, if it is needed, that permits the client to use servers over plain http."""
    found = [re.match(r"http://(\[[^]]*]|[^/:]*)[^/]*", operation.server) for operation in operations]
    hosts = sorted({match[0] for match in found if match and not is_loopback(match[1])})
    return [f"trusted_hosts={python_literal(hosts)}"] if hosts else []


def _is_file(argument: Parameter | Field) -> bool:
    return _has_file(argument.type)


def _has_file(type_: Type) -> bool:
    # What has a name, and may contain itself, has no files.
    return type_ == Scalar("FileContent") or (not isinstance(type_, Named) and any(map(_has_file, parts(type_))))


def _placeholder(argument: Parameter | Field) -> str:
    """Return Python that stands for the value of an argument, `...` if it is not a simple one."""
    type_ = argument.type.resolved
    if isinstance(type_, Choice):
        return python_literal(type_.values[0])
    kind = type_.text(plain=True)
    return python_literal(f"<{argument.name}>") if kind == "str" else _PLACEHOLDERS.get(kind, "...")


def client_arguments(
    example: Example | None,
    options: Sequence[Parameter],
    prefix: str,
    *,
    sends_token: bool,
    needs_url: bool,
) -> list[str]:
    """Return the arguments with which the example makes its client, as Python.

    Args:
        example: The example.
        options: The parameters that are arguments of the client.
        prefix: Begins the names of environment variables.
        sends_token: Whether the client takes a token.
        needs_url: Whether the client has no default for its `base_url`.
    """
    # The example may need no token although the client takes one.
    operation = example.operation if example else None
    needs_token = sends_token and (operation is None or (operation.authenticated and not operation.may_send_token))
    arguments = [f'os.environ["{prefix}_TOKEN"]'] if needs_token else []
    arguments += ['base_url="https://api.example.com"'] if needs_url else []
    # One that is sent with a token is one of several ways, or declared beside it.
    credentials = example.operation.credentials if example and not needs_token else []
    sent = {parameter.name for parameter in credentials}
    for option in options:
        variable = f'os.environ["{prefix}_{option.name.upper()}"]'
        if option.name in sent and option.kind == "BasicAuth":
            arguments.append(f'{option.name}=(os.environ["{prefix}_USER"], os.environ["{prefix}_PASSWORD"])')
        elif option.name in sent:
            arguments.append(f"{option.name}={variable}")
        elif option.required:
            arguments.append(f"{option.name}={_placeholder(option)}")
    return arguments


def error_rows() -> list[tuple[str, str]]:
    """Return each status, or range of them, with the name of its error."""
    names = {status: errors.error_class(status).__name__ for status in range(400, 500)}
    single = [(str(status), name) for status, name in names.items() if name != errors.ApiError.__name__]
    return [*single, ("5XX", errors.ServerError.__name__), ("any other", errors.ApiError.__name__)]


def group_notes(notes: Sequence[Note]) -> tuple[list[NoteGroup], int]:
    """Return the notes by what they say, as many groups as a page may show, and the number of notes in the others."""
    places: dict[tuple[str, str], list[str]] = {}
    for note in notes:
        # An error shortens what it is made of.
        problem = str(SpecError("", note.problem))
        places.setdefault((problem, note.meaning), []).append(str(SpecError("", note.place)))
    groups = [NoteGroup(problem, meaning, tuple(found)) for (problem, meaning), found in places.items()]
    return groups[:_MOST_NOTES], sum(len(group.places) for group in groups[_MOST_NOTES:])
