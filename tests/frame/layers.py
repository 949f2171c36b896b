"""Who may import whom: the table of the layers, and a walk over import statements that holds modules to it."""

from __future__ import annotations

import ast
import io
import re
import sys
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from box_uploads import auth, upload

ROOT = Path(__file__).parents[2]

_IGNORE = re.compile(r"#\s*(?:type:\s*ignore|pyright:|mypy:|ruff:)")
_NOQA = re.compile(r"#\s*noqa\b(?P<codes>:\s*[A-Z]+\d+(?:,\s*[A-Z]+\d+)*)?(?P<reason>\s+[#-]\s*\S)?")

# A comment of its own gives the reason for the next lines.
_REACH = 3


@dataclass(frozen=True)
class Layer:
    """Modules with the same rights.

    Args:
        prefix: The layer is this module and those below it, apart from those of a layer with a longer prefix.
        allowed: What it may import, with all below it, beside the standard library and itself.
        is_dynamic: Whether it may import modules by names that are known only when it runs.
    """

    prefix: str
    allowed: tuple[str, ...] = ()
    is_dynamic: bool = False


# The stages of the generator, in their order.
_STAGES = ("document", "schema", "operation", "render")
_SHARED = ("errors", "overlay._runtime", "python")
_STAGE_IMPORTS = {
    "document": ("ruamel.yaml",),
    "schema": ("msgspec",),
    "render": ("packaging.version", "generator.render.upstream"),
}
_FACADE = tuple(f"box_uploads.{name}" for name in ("_runtime", "client", "errors", "models", "types"))
_COMMIT, _CREATE = (f"box_uploads.api.upload_sessions.{name}_upload_session" for name in ("commit", "create"))
_LOCK = tuple(f"box_uploads._runtime.file_lock.{name}" for name in ("HeldError", "lock_file"))
_BESIDE_PUBLIC_NAMES = ("source_factory.open_source",)
LAYERS = (
    Layer("box_uploads", _FACADE, is_dynamic=True),
    Layer("box_uploads._runtime", ("httpx2", "msgspec")),
    Layer(
        "box_uploads.models",
        ("msgspec", *(f"box_uploads._runtime.{name}" for name in ("formats", "hidden", "integers"))),
    ),
    Layer("box_uploads.types", ("msgspec", "box_uploads._runtime")),
    Layer(
        "box_uploads.errors",
        ("box_uploads._runtime", "box_uploads.auth.errors", "box_uploads.upload.errors"),
        is_dynamic=True,
    ),
    Layer("box_uploads.api", ("msgspec", "box_uploads.models", "box_uploads._runtime"), is_dynamic=True),
    Layer("box_uploads.client", ("httpx2", "msgspec", "box_uploads.api", "box_uploads.models", "box_uploads._runtime")),
    # The extra `jwt`, for those who sign in by it.
    Layer(
        "box_uploads.auth",
        ("msgspec", "httpx2", "cryptography", "jwt", *(f"box_uploads.{name}" for name in ("_runtime", "client"))),
    ),
    # fsspec is imported by its name, and only for the URL of a source. The request of a commit is built hours before it
    # is sent, to find what is wrong with it.
    Layer(
        "box_uploads.upload",
        ("msgspec", _COMMIT, *(f"box_uploads.{name}" for name in ("_runtime", "client", "models", "types"))),
        is_dynamic=True,
    ),
    # The public names that users have, too, with five exceptions: the root of the errors, whose public name contains
    # that of the package; how the uploader opens a source and checks a name, to report all problems before the first
    # byte; the lock of the state directory; and the private file that profiles are in.
    Layer(
        "box_uploads.cli",
        (
            *("click", "msgspec", "platformdirs", "rich", "box_uploads._runtime.errors.ClientError", _CREATE, *_LOCK),
            *(f"box_uploads.{name}" for name in ("Client", "__version__", "errors", "models")),
            *(f"box_uploads.upload.{name}" for name in (*_BESIDE_PUBLIC_NAMES, *upload.__all__)),
            *(f"box_uploads.auth.{name}" for name in ("private_file.PrivateFile", *auth.__all__)),
        ),
    ),
    Layer("box_uploads_mock", ("python_multipart", "starlette", "uvicorn", "yaml", "box_uploads_mock.tls")),
    Layer("box_uploads_mock.tls", ("trustme",)),
    Layer("box_uploads_mock.pytest_plugin", ("pytest", "box_uploads_mock")),
    # The stages of the generator import each other in one direction. They share the runtime's knowledge of formats,
    # errors and JSON types.
    Layer("generator", tuple(f"generator.{name}" for name in (*_STAGES, "errors"))),
    Layer("generator.errors"),
    Layer("generator.python"),
    *(
        Layer(
            f"generator.{name}",
            (*_STAGE_IMPORTS.get(name, ()), *(f"generator.{stage}" for stage in _SHARED + _STAGES[:index])),
        )
        for index, name in enumerate(_STAGES)
    ),
    Layer("generator.render.upstream", ("generator", "jinja2", "openapi_python_client", "pydantic")),
    # Looks at a generated package from inside, in a process of its own.
    Layer("generator.verify", ("msgspec",), is_dynamic=True),
    # Copied into the package as it is.
    Layer("generator.overlay", ("httpx2", "msgspec")),
    Layer("generator.overlay.auth", ("msgspec", "httpx2", "cryptography", "jwt", "generator.overlay")),
    Layer("generator.overlay.upload", ("msgspec", "generator.overlay"), is_dynamic=True),
    Layer("generator.overlay.cli", ("click", "msgspec", "platformdirs", "rich", "generator.overlay")),
)


def layer_of(module: str) -> Layer:
    """Return the layer of a module: the one with the longest prefix."""
    return max((layer for layer in LAYERS if is_below(module, layer.prefix)), key=lambda layer: len(layer.prefix))


def is_below(module: str, prefix: str) -> bool:
    """Whether a module is another one, or below it."""
    return f"{module}.".startswith(f"{prefix}.")


def modules() -> dict[str, Path]:
    """Return the files of what is shipped and of what makes it, by the names of their modules."""
    roots = {"box_uploads": "generated", "box_uploads_mock": "tests/mock", "generator": "."}
    found: dict[str, Path] = {}
    for package, folder in roots.items():
        for path in sorted((ROOT / folder / package).rglob("*.py")):
            parts = path.relative_to(ROOT / folder).with_suffix("").parts
            found[".".join(parts)] = path
    return found


def violations(module: str, source: str) -> list[str]:
    """Return what is wrong with a module, one line each; `__init__` is the last part of a package's own name."""
    tree = ast.parse(source)
    lines = [f"{module}:{line}: {text}" for line, text in sorted(_wrong_imports(module, tree))]
    lines += [
        f"{module}:{node.lineno}: assert, which -O removes" for node in ast.walk(tree) if isinstance(node, ast.Assert)
    ]
    return lines + [f"{module}:{line}: {text}" for line, text in _wrong_comments(source)]


def _wrong_imports(module: str, tree: ast.Module) -> Iterator[tuple[int, str]]:
    layer = layer_of(module)
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            for name in _imported(module, node):
                if not _may_import(layer, name):
                    yield node.lineno, f"{layer.prefix} may not import {name}"
        if isinstance(node, ast.Name | ast.Attribute) and not layer.is_dynamic:
            name = node.id if isinstance(node, ast.Name) else node.attr
            if name in {"__import__", "import_module"}:
                yield node.lineno, f"{layer.prefix} may not import by name"


def _may_import(layer: Layer, name: str) -> bool:
    if name.partition(".")[0] in sys.stdlib_module_names:
        return True
    # A layer above may not be reached by way of the package that both are in.
    own = layer_of(name).prefix == layer.prefix if any(is_below(name, known.prefix) for known in LAYERS) else False
    return own or any(is_below(name, allowed) for allowed in layer.allowed)


def _imported(module: str, node: ast.Import | ast.ImportFrom) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    else:
        package = module.split(".")[: -node.level] if node.level else []
        base = ".".join([*package, *(node.module or "").split(".")]).rstrip(".")
        # What is imported may itself be a module of another layer.
        yield from (f"{base}.{alias.name}" for alias in node.names)


def _wrong_comments(source: str) -> Iterator[tuple[int, str]]:
    above = -_REACH
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type != tokenize.COMMENT:
            continue
        line = token.start[0]
        if _IGNORE.search(token.string):
            yield line, "a checker is told to look away"
        elif noqa := _NOQA.search(token.string):
            if not noqa["codes"]:
                yield line, "noqa without a code"
            elif not noqa["reason"] and line - above > _REACH:
                yield line, "noqa without a reason"
        if token.line.strip() == token.string:
            above = line
