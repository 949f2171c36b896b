"""Gives functions that exist already the code of a changed source, so that nothing has to be imported anew.

A module that is imported a second time makes second classes of its errors, and tests fail for that alone.
"""

from __future__ import annotations

import gc
from inspect import CO_OPTIMIZED
from types import CodeType, FunctionType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["can_swap", "swap"]

_RUNS_AT_ONCE = frozenset({"<listcomp>", "<setcomp>", "<dictcomp>", "<genexpr>"})


class _DifferentShapeError(Exception):
    """The functions of two sources do not correspond to each other."""


def can_swap(before: str, after: str) -> bool:
    """Whether a change of a source is one of functions alone: what runs at import is the same.

    Raises:
        SyntaxError: A source cannot be compiled.
    """
    try:
        pairs = list(_pairs(_compiled(before, "-"), _compiled(after, "-")))
    except _DifferentShapeError:
        return False
    return all(_shape(old) == _shape(new) for old, new, runs_at_import in pairs if runs_at_import)


def swap(filename: str, before: str, after: str) -> int:
    """Give the functions of a loaded module the code of a changed source, and return how many got another one.

    Args:
        filename: Where the module was loaded from.
        before: The source that it was loaded from.
        after: The changed source; `can_swap` says yes to both.
    """
    changed = {
        (old.co_qualname, old.co_firstlineno): new
        for old, new, runs_at_import in _pairs(_compiled(before, filename), _compiled(after, filename))
        if not runs_at_import and _whole(old) != _whole(new)
    }
    # What was frozen for the sake of copies is not listed otherwise.
    gc.unfreeze()
    count = 0
    for found in gc.get_objects():
        if type(found) is FunctionType and found.__code__.co_filename == filename:
            code = changed.get((found.__code__.co_qualname, found.__code__.co_firstlineno))
            if code is not None:
                found.__code__ = code
                count += 1
    # Else each collection looks at all of it again, and the tests take several times as long.
    gc.freeze()
    return count


def _compiled(source: str, filename: str) -> CodeType:
    code: CodeType = compile(source, filename, "exec", dont_inherit=True)
    return code


def _pairs(old: CodeType, new: CodeType, *, runs_at_import: bool = True) -> Iterator[tuple[CodeType, CodeType, bool]]:
    """Yield the code objects of two sources that correspond, and whether they run at import."""
    yield old, new, runs_at_import
    olds, news = _children(old), _children(new)
    if [one.co_name for one in olds] != [one.co_name for one in news]:
        raise _DifferentShapeError
    for one, other in zip(olds, news, strict=True):
        if one.co_freevars != other.co_freevars:
            raise _DifferentShapeError
        is_body_of_class = not one.co_flags & CO_OPTIMIZED
        yield from _pairs(
            one, other, runs_at_import=runs_at_import and (is_body_of_class or one.co_name in _RUNS_AT_ONCE)
        )


def _children(code: CodeType) -> list[CodeType]:
    return [one for one in code.co_consts if isinstance(one, CodeType)]


def _shape(code: CodeType) -> tuple[object, ...]:
    """Return what a code object does, without its inner ones, and without numbers of lines."""
    constants = tuple((type(one), repr(one)) for one in code.co_consts if not isinstance(one, CodeType))
    names = (code.co_names, code.co_varnames, code.co_freevars, code.co_cellvars)
    arguments = (code.co_argcount, code.co_posonlyargcount, code.co_kwonlyargcount, code.co_flags)
    return code.co_code, constants, names, arguments, code.co_exceptiontable


def _whole(code: CodeType) -> tuple[object, ...]:
    return _shape(code), tuple(_whole(one) for one in _children(code))
