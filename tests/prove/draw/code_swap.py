"""Gives existing functions the code of a changed source, so that nothing has to be imported again.

A module that is imported again makes new classes of its errors, and tests fail for that alone.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from inspect import CO_OPTIMIZED
from types import CodeType, FunctionType

_RUNS_AT_ONCE = frozenset({"<listcomp>", "<setcomp>", "<dictcomp>", "<genexpr>"})


class _DifferentShapeError(Exception):
    """The functions of two sources do not correspond to each other."""


def can_swap(before: str, after: str) -> bool:
    """Whether only functions change: what runs at import is the same."""
    try:
        pairs = list(_pairs(_compiled(before, "-"), _compiled(after, "-")))
    except _DifferentShapeError:
        return False
    return all(_shape(old) == _shape(new) for old, new, runs_at_import in pairs if runs_at_import)


def swap(filename: str, before: str, after: str) -> int:
    """Give the functions of a loaded module the code of a changed source, and return how many have changed.

    Args:
        filename: Where the module was loaded from.
        before: The source that it was loaded from.
        after: The changed source, for which `can_swap` is true.
    """
    changed = {
        (old.co_qualname, old.co_firstlineno): new
        for old, new, runs_at_import in _pairs(_compiled(before, filename), _compiled(after, filename))
        if not runs_at_import and _whole(old) != _whole(new)
    }
    # The worker has frozen its objects, which are not listed otherwise.
    gc.unfreeze()
    count = 0
    for found in gc.get_objects():
        if type(found) is FunctionType and found.__code__.co_filename == filename:
            code = changed.get((found.__code__.co_qualname, found.__code__.co_firstlineno))
            if code is not None:
                found.__code__ = code
                count += 1
    # Otherwise each garbage collection visits all objects again, and the tests take several times as long.
    gc.freeze()
    return count


def _compiled(source: str, filename: str) -> CodeType:
    code: CodeType = compile(source, filename, "exec", dont_inherit=True)
    return code


def _pairs(old: CodeType, new: CodeType, *, runs_at_import: bool = True) -> Iterator[tuple[CodeType, CodeType, bool]]:
    """Yield the corresponding code objects of two sources, and whether they run at import."""
    yield old, new, runs_at_import
    olds, news = _children(old), _children(new)
    if [code.co_name for code in olds] != [code.co_name for code in news]:
        raise _DifferentShapeError
    for inner, other in zip(olds, news, strict=True):
        if inner.co_freevars != other.co_freevars:
            raise _DifferentShapeError
        runs_at_once = not inner.co_flags & CO_OPTIMIZED or inner.co_name in _RUNS_AT_ONCE  # or a class body
        yield from _pairs(inner, other, runs_at_import=runs_at_import and runs_at_once)


def _children(code: CodeType) -> list[CodeType]:
    return [value for value in code.co_consts if isinstance(value, CodeType)]


def _shape(code: CodeType) -> tuple[object, ...]:
    """Return what a code object does, without inner ones and line numbers."""
    constants = tuple((type(value), repr(value)) for value in code.co_consts if not isinstance(value, CodeType))
    names = (code.co_names, code.co_varnames, code.co_freevars, code.co_cellvars)
    arguments = (code.co_argcount, code.co_posonlyargcount, code.co_kwonlyargcount, code.co_flags)
    return code.co_code, constants, names, arguments, code.co_exceptiontable


def _whole(code: CodeType) -> tuple[object, ...]:
    return _shape(code), tuple(map(_whole, _children(code)))
