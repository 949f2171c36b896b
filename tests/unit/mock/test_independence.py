"""The mock shares no code with the client and does not read the contract."""

import ast
import sys
from pathlib import Path

import box_uploads_mock

PACKAGE = Path(box_uploads_mock.__file__).parent
ALLOWED = {*sys.stdlib_module_names, "box_uploads_mock", "python_multipart", "starlette", "uvicorn", "yaml"}
# Only the fixtures need pytest, and only TLS needs trustme.
FURTHER = {"pytest_plugin.py": {"pytest"}, "tls.py": {"trustme"}}


def imported(module: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(module.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module.name} imports relatively"
            names.add((node.module or "").partition(".")[0])
    return names


def test_the_mock_imports_only_the_standard_library_and_its_server() -> None:
    for module in PACKAGE.glob("*.py"):
        allowed = ALLOWED | FURTHER.get(module.name, set())
        assert imported(module) <= allowed, module.name


def test_the_mock_reads_no_specification() -> None:
    for module in PACKAGE.glob("*.py"):
        assert "openapi.yaml" not in module.read_text("utf-8"), module.name


def test_the_package_is_typed_and_names_what_it_offers() -> None:
    assert (PACKAGE / "py.typed").exists()
    for name in box_uploads_mock.__all__:
        assert hasattr(box_uploads_mock, name)
