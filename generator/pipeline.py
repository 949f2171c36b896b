"""The steps from the document to the package: load, read, render, stamp, format, copy the overlay, verify, replace."""

from __future__ import annotations

import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from .compare import Differences, compare, compare_file, list_files
from .document.document import Document
from .document.notes import Notes
from .errors import SpecError
from .lock import lock_difference, lock_text
from .operation.names import BY_SIZE, Naming
from .operation.reader import OperationReader
from .output_folder import MARKER, PROJECT, refuse_foreign_files, refuse_foreign_project, replace_package
from .overlay_files import copy_overlay_files, overlay_errors, overlay_pages, select_overlay_files
from .package_checks import check_syntax, format_package, verify_package
from .render.package import hash_upstream_templates, render_package
from .render.project import project_name
from .render.upstream import validate
from .schema.schemas import SchemaReader
from .stamp import find_packages, stamp_file

HOME = Path(__file__).parent


@dataclass(frozen=True)
class Job:
    """What to generate.

    Args:
        spec: The document.
        package: Name of the package.
        output: Folder that gets the package.
        shown_spec: How the document is called in the generated files.
        command: The command that makes the package, for the generated files.
        lock: File that records what the package was made from, or None.
        strict: Whether contradictions of the document are refused, rather than noted.
        tolerant: Whether the client keeps what a server sends beyond the document.
        project: Whether the output folder becomes a project that pip installs.
        naming: How the methods of the client are named.
    """

    spec: Path
    package: str
    output: Path
    shown_spec: str
    command: str
    lock: Path | None
    strict: bool = True
    tolerant: bool = False
    project: bool = False
    naming: Naming = BY_SIZE

    @property
    def target(self) -> Path:
        """The folder of the package."""
        return self.output / self.package


def generate(job: Job) -> Notes:
    """Write the package, and return the notes on the document; a failure leaves everything as it was.

    Raises:
        SpecError: The document cannot be generated.
        GenerationError: The package cannot be written.
    """
    refuse_foreign_files(job.target)
    if job.project:
        refuse_foreign_project(job.output / PROJECT, project_name(job.package))
    with _build_package(job) as (package, notes):
        lock = _lock_text(job)
        job.output.mkdir(parents=True, exist_ok=True)
        replace_package(package, job.target, package.with_name(PROJECT) if job.project else None)
    if job.lock:
        job.lock.write_text(lock, encoding="utf-8")
    return notes


def check(job: Job) -> tuple[Differences, Notes]:
    """Compare the package with what would be generated; also return what is wrong with the document.

    Raises:
        SpecError: The document cannot be generated.
        GenerationError: The package cannot be made.
    """
    with _build_package(job) as (package, notes):
        differences = compare(package, job.target)
        if job.project:
            differences = compare_file(package.with_name(PROJECT), job.output / PROJECT, differences, f"../{PROJECT}")
    # The same command may have made a package under an earlier name.
    renamed = [name for name in find_packages(job.output, job.command, job.shown_spec) if name != job.package]
    differences = replace(differences, stray=(*differences.stray, *(f"../{name}" for name in renamed)))
    if job.lock and (difference := lock_difference(job.lock, _lock_text(job))):
        differences = replace(differences, changed=(*differences.changed, difference))
    return differences, notes


@contextmanager
def _build_package(job: Job) -> Generator[tuple[Path, Notes]]:
    """Make the package in a temporary folder, which is removed on exit."""
    with tempfile.TemporaryDirectory(prefix="generating-") as name:
        package = Path(name) / job.package
        try:
            document = Document.load(job.spec, job.shown_spec, strict=job.strict, tolerant=job.tolerant)
            project = package.with_name(PROJECT) if job.project else None
            overlay_paths = render(document, package, project, job.naming)
        except RecursionError:
            raise SpecError("", "is nested too deeply; name the inner schemas under components/schemas") from None
        for path in list_files(package):
            stamp_file(package / path, job.command, job.shown_spec)
        if project:
            stamp_file(project, job.command, job.shown_spec)
        check_syntax(package)
        format_package(package, HOME / "output.toml")
        # After formatting: a copy differs from its source by nothing but its stamp.
        add_overlay(package, overlay_paths, job.command)
        (package / MARKER).touch()
        verify_package(package, HOME / "verify.py")
        yield package, document.notes


def render(document: Document, package: Path, project: Path | None = None, naming: Naming = BY_SIZE) -> set[str]:
    """Read the document and render the templates, without formatting.

    Args:
        document: The document.
        package: Folder that becomes the package; it has its name, and must not exist.
        project: File that becomes the `pyproject.toml` of the package, or None.
        naming: How the methods of the client are named.

    Returns:
        The paths of the overlay that belong to the package.

    Raises:
        SpecError: The document cannot be generated.
        GenerationError: A template fails.
    """
    try:
        validate(document)
    except SpecError as error:
        # What is wrong there costs what needs it, not the document.
        document.notes.add(error.place, error.problem, "read nevertheless")
    schemas = SchemaReader(document)
    schemas.read_components()
    operations = OperationReader(document, schemas, naming).read()
    schemas.settle()
    # What the overlay calls are methods of the client itself.
    methods = {operation.name for operation in operations if not operation.group}
    overlay_paths = select_overlay_files(HOME / "overlay", methods)
    render_package(
        document,
        schemas,
        operations,
        templates=HOME / "templates",
        config=HOME / "config.yaml",
        package=package,
        overlay_errors=overlay_errors(HOME / "overlay", overlay_paths),
        overlay_pages=overlay_pages(HOME / "overlay", overlay_paths, package.name),
        project=project,
    )
    return overlay_paths


def add_overlay(package: Path, paths: set[str], command: str) -> None:
    """Copy files of the overlay into the package and stamp them.

    Raises:
        GenerationError: A file would replace a rendered one.
    """
    copy_overlay_files(HOME / "overlay", paths, package)
    for path in paths:
        stamp_file(package / path, command, f"generator/overlay/{path}")


def _lock_text(job: Job) -> str:
    return lock_text(job.spec, hash_upstream_templates(HOME / "templates"))
