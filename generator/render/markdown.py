"""Text of the document as Markdown that shows it as it is: nothing of it becomes markup, and a row stays one row."""

from __future__ import annotations

import re

from generator.python.docstrings import split_items, visible

_MARKUP = re.compile(r"[\\`*\[\]|~$#]|(?<![^\W_])_|_(?![^\W_])")
_ENTITIES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})
_NUMBER = re.compile(r"\d{1,9}[.)](?=\s|\Z)")
_LIST_ITEM = re.compile(r"([-*+]|\d{1,3}[.)])\s+")


def markdown_text(text: str) -> str:
    """Return text as one line of Markdown that has no markup, for a cell of a table or anywhere else."""
    line = _MARKUP.sub(r"\\\g<0>", " ".join(visible(text).split()).translate(_ENTITIES))
    # What begins a list or a line below a heading does so at the start only.
    if _NUMBER.match(line):
        return re.sub(r"(?=[.)])", r"\\", line, count=1)
    return f"\\{line}" if line[:1] in {"-", "+", "="} else line


def markdown_prose(text: str) -> str:
    """Return text as Markdown in which only paragraphs and lists are markup, a line for each paragraph and item."""
    lines: list[str] = []
    kind = ""
    for paragraph in split_items(visible(text)):
        for item in paragraph:
            found = _LIST_ITEM.match(item)
            mark = "" if found is None else "-" if found[1] in {"-", "*", "+"} else "1."
            # Only items of one list follow each other without an empty line.
            lines += [""] if lines and not (mark and mark == kind) else []
            lines.append(f"{mark} {markdown_text(item[found.end() :])}" if found else markdown_text(item))
            kind = mark
        kind = ""
    return "\n".join(lines)


def cell_code(text: str) -> str:
    """Return text as code in a cell of a table, where a backslash before a bar belongs to the table."""
    line = " ".join(visible(text).split())
    if not line:
        return ""
    longest = max(map(len, re.findall("`+", line)), default=0)
    fence, space = "`" * (longest + 1), " " if line[:1] == "`" or line[-1:] == "`" else ""
    return f"{fence}{space}{line}{space}{fence}".replace("|", r"\|")
