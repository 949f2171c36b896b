"""Descriptions of the document as text of docstrings."""

from __future__ import annotations

import re
import textwrap
import unicodedata

_LINE_WIDTH = 120
_QUOTES = 6
_INVISIBLE = {"Cc", "Cf", "Cs"}
_LIST_ITEM = re.compile(r"\n(?=\s*(?:[-*+]|\d{1,3}[.)]) )")


def docstring_text(text: str, indent: int = 0, hanging: int = 0, lead: str = "") -> str:
    """Return text of the document as lines of a docstring: wrapped, and escaped so that it cannot end the docstring.

    Args:
        text: The text, anything.
        indent: Columns before each line but the first.
        hanging: Columns before continuation lines, on top of `indent`.
        lead: Text before it on its first line.
    """
    lines: list[str] = []
    for paragraph in split_items(docstring_code(visible(text))):
        for number, item in enumerate(paragraph):
            lines += textwrap.wrap(
                " ".join(item.split()),
                _LINE_WIDTH - indent - hanging - _QUOTES,
                # Stands for the lead, which takes columns of the first line only.
                initial_indent="\0" * (0 if lines or number else max(0, len(lead) - hanging)),
                break_long_words=False,
                break_on_hyphens=False,
            )
        lines.append("")
    start = " " * (indent + hanging)
    first, *others = (line.replace("\0", "") for line in lines[:-1] or [""])
    return "\n".join([first, *(start + line if line else "" for line in others)])


def visible(text: str) -> str:
    """Return the text without what cannot be seen, and without space around it; line breaks stay."""
    if not text.isprintable():
        text = "".join(" " if char.isspace() and char != "\n" else char for char in text)
        text = "".join(char for char in text if char == "\n" or unicodedata.category(char) not in _INVISIBLE)
    return text.strip()


def split_items(text: str) -> list[list[str]]:
    """Return the paragraphs of a text, each as the items of the lists in it and what is before them."""
    return [_LIST_ITEM.split(paragraph) for paragraph in re.split(r"\n\s*\n", text)]


def docstring_code(text: str) -> str:
    """Escape printable text for a docstring, so that it cannot end it; its lines stay as they are."""
    return re.sub(r'"(?=""|\Z)', r"\"", text.replace("\\", "\\\\"))


def one_line(text: str) -> str:
    """Return the text as one line."""
    return " ".join(text.split())


def sentence(text: str) -> str:
    """Return the text with a full stop, unless it ends in another mark or is empty."""
    stripped = text.rstrip()
    return stripped if not stripped or stripped[-1] in ".!?:" else f"{stripped}."
