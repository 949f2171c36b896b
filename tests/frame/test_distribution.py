"""What is shipped: the wheel, the source distribution, and both packages installed from the wheel."""

from __future__ import annotations

import email.message
import email.parser
import os
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
PACKAGES = [ROOT / "generated" / "box_uploads", ROOT / "tests" / "mock" / "box_uploads_mock"]
DEMO = ROOT / "tests" / "flow" / "demo.py"


def run(*command: str | Path, cwd: Path) -> str:
    # Settings of this Python must not leak into the other one.
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "COV"))}
    environment["SSL_CERT_FILE"] = environment.pop("SSL_CERT_FILE_FOR_PIP")
    if not environment["SSL_CERT_FILE"]:
        del environment["SSL_CERT_FILE"]
    result = subprocess.run(
        list(map(str, command)), cwd=cwd, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


def build(source: Path, output: Path, *options: str) -> Path:
    """Build with the hatchling of this environment."""
    run(sys.executable, "-m", "build", "--no-isolation", "--outdir", output, *options, source, cwd=output.parent)
    (built,) = output.iterdir()
    return built


def contents(wheel: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(wheel) as archive:
        return {name: archive.read(name) for name in archive.namelist() if ".dist-info/" not in name}


def metadata(wheel: Path) -> email.message.Message:
    with zipfile.ZipFile(wheel) as archive:
        (name,) = [name for name in archive.namelist() if name.endswith(".dist-info/METADATA")]
        return email.parser.BytesParser().parsebytes(archive.read(name))


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(ROOT, tmp_path_factory.mktemp("wheel") / "dist", "--wheel")


@pytest.fixture(scope="module")
def sdist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(ROOT, tmp_path_factory.mktemp("sdist") / "dist", "--sdist")


@dataclass(frozen=True)
class Installed:
    """A fresh environment that has the wheel and its dependencies, and nothing of this repository."""

    folder: Path

    def python(self, *arguments: str | Path) -> str:
        """Run its Python, with warnings as errors, away from the repository."""
        return run(self.folder / "bin" / "python", "-I", "-W", "error", *arguments, cwd=self.folder)


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    folder = tmp_path_factory.mktemp("installed")
    run(sys.executable, "-m", "venv", folder, cwd=folder)
    constraints = ROOT / ".ci" / "constraints.txt"
    pip: list[str | Path] = [folder / "bin" / "python", "-m", "pip", "--no-input", "--disable-pip-version-check"]
    run(*pip, "install", "--quiet", "--constraint", constraints, f"{wheel}[cli,mock]", cwd=folder)
    return Installed(folder)


def test_the_wheel_holds_the_two_packages_and_nothing_else(wheel: Path) -> None:
    expected = {
        f"{package.name}/{path.relative_to(package).as_posix()}": path.read_bytes()
        for package in PACKAGES
        for path in package.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }

    assert contents(wheel) == expected
    assert {"box_uploads/py.typed", "box_uploads_mock/py.typed"} <= expected.keys()


def test_the_metadata_has_the_licence_python_and_extras(wheel: Path) -> None:
    found = metadata(wheel)

    expected = {"Name": "box-uploads", "License-Expression": "MIT", "Requires-Python": ">=3.11"}
    expected |= {"Description-Content-Type": "text/markdown"}
    assert {name: found[name] for name in expected} == expected
    assert found.get_all("Provides-Extra") == ["cli", "jwt", "mock", "mock-tls"]
    needed = [line for line in found.get_all("Requires-Dist", []) if "extra ==" not in line]
    assert [name.partition("<")[0].partition(">")[0] for name in needed] == ["httpx2", "msgspec"]


def test_there_is_one_version(wheel: Path, installed: Installed) -> None:
    fragment = yaml.safe_load((ROOT / "spec" / "openapi.yaml").read_text(encoding="utf-8"))

    own = installed.python("-c", "import box_uploads; print(box_uploads.__version__)").strip()

    assert {PROJECT["version"], fragment["info"]["version"], metadata(wheel)["Version"]} == {own}


def test_a_wheel_made_from_the_sdist_is_the_same(wheel: Path, sdist: Path, tmp_path: Path) -> None:
    with tarfile.open(sdist) as archive:
        archive.extractall(tmp_path / "source", filter="data")
    (source,) = (tmp_path / "source").iterdir()

    again = build(source, tmp_path / "dist", "--wheel")

    assert again.name == wheel.name
    assert contents(again) == contents(wheel)


def test_the_sdist_holds_what_makes_and_tests_the_packages(sdist: Path) -> None:
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}

    assert {
        *(".ci/constraints.txt", ".ci/run", "Makefile", "README.md", "generator/pipeline.py", "pyproject.toml"),
        *("spec/README.md", "spec/openapi.yaml", "tests/frame/test_distribution.py"),
    } <= names
    assert not [name for name in names if name.endswith((".pyc", ".so")) or ".venv" in name]


def test_the_installed_packages_are_those_of_the_wheel(installed: Installed) -> None:
    where = installed.python("-c", "import box_uploads, box_uploads_mock as m; print(box_uploads.__file__, m.__file__)")

    assert all(Path(path).is_relative_to(installed.folder) for path in where.split())


def test_the_client_does_without_the_extras(installed: Installed) -> None:
    extras = ["click", "platformdirs", "rich", "starlette", "trustme", "uvicorn", "yaml"]
    installed.python("-c", f"import sys; sys.modules |= dict.fromkeys({extras}); import box_uploads.upload")


def test_the_core_of_the_demo_runs_on_the_installed_packages(installed: Installed) -> None:
    program = f"import runpy; runpy.run_path({str(DEMO)!r})['show'](print, calls=2)"

    assert installed.python("-c", program).endswith("Done: every response matched the contract.\n")


def test_the_installed_packages_have_command_lines(installed: Installed) -> None:
    assert "--port" in installed.python("-m", "box_uploads_mock", "--help")
    assert "upload" in installed.python("-m", "box_uploads.cli", "--help")
    version = run(installed.folder / "bin" / "box-uploads", "--version", cwd=installed.folder)
    assert version == f"box-uploads {PROJECT['version']}\n"
