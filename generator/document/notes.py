"""What a document says wrongly and a client can live without: noted with its place, or refused at once."""

from __future__ import annotations

from dataclasses import dataclass

from generator.errors import SpecError


@dataclass(frozen=True, order=True)
class Note:
    """A place that was taken with another meaning than it has.

    Attributes:
        place: JSON pointer into the document.
        problem: What is wrong there, and how to correct it.
        meaning: How it was taken: with the meaning that accepts every body that is valid.
    """

    place: str
    problem: str
    meaning: str

    def __str__(self) -> str:
        return f"{SpecError(self.place, self.problem)} ({self.meaning})"


@dataclass(frozen=True)
class Missing:
    """An operation that cannot be generated.

    Attributes:
        operation: Its HTTP method and path; the path alone if it is not known which operations that has.
        reason: Why, with the place.
    """

    operation: str
    reason: SpecError

    def __str__(self) -> str:
        return f"{self.operation}: {self.reason}"


class Notes:
    """The notes on one document, each once, in the order in which they are found, and the operations left out.

    Args:
        strict: Whether each of them is refused instead.
    """

    def __init__(self, *, strict: bool) -> None:
        self.strict = strict
        self._found: dict[Note, None] = {}
        self.missing: list[Missing] = []

    def add(self, place: str, problem: str, meaning: str = "ignored") -> None:
        """Note something.

        Raises:
            SpecError: The document is read strictly.
        """
        if self.strict:
            raise SpecError(place, problem)
        self._found[Note(place, problem, meaning)] = None

    def leave_out(self, operation: str, reason: SpecError) -> None:
        """Leave out an operation.

        Raises:
            SpecError: The document is read strictly.
        """
        if self.strict:
            raise reason
        self.missing.append(Missing(operation, reason))

    @property
    def found(self) -> tuple[Note, ...]:
        """All notes."""
        return tuple(self._found)
