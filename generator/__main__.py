"""`python -m generator`: generate the client from the document, or check that it is up to date."""

from __future__ import annotations

import argparse
import io
import keyword
import shlex
import sys
from collections.abc import Sized
from os.path import normpath
from pathlib import Path

from .document.notes import Notes
from .errors import GenerationError, SpecError
from .operation.names import MOST_FLAT, Naming
from .output_folder import PROJECT
from .pipeline import HOME, Job, check, generate
from .render.project import project_name

_ROOT = HOME.parent
_SPEC = _ROOT / "spec" / "openapi.yaml"
_OWN = "spec/openapi.yaml"
_OUTPUT = _ROOT / "generated"
_PACKAGE = "box_uploads"
_MOST_NOTES = 20
# A package of one of these names would import itself in their place.
_IMPORTED = frozenset({"httpx2", "msgspec"})


def main(arguments: list[str] | None = None) -> int:
    """Run the command and return its exit code.

    0 done, 1 failed or different, 2 wrong usage, 3 done, but without the operations that are named.
    """
    description = "Generate a msgspec client from an OpenAPI document."
    parser = argparse.ArgumentParser(prog="python -m generator", description=description)
    parser.add_argument("--spec", type=Path, default=_SPEC, metavar="PATH", help="the document, YAML or JSON")
    parser.add_argument("--package", default=_PACKAGE, metavar="NAME", help="the package (default: %(default)s)")
    parser.add_argument("--output", type=Path, default=_OUTPUT, metavar="DIR", help="folder that gets the package")
    parser.add_argument("--check", action="store_true", help="write nothing; fail if the package is not up to date")
    parser.add_argument(
        "--responses", choices=("strict", "tolerant"), help="whether what a server adds is an error (default: tolerant)"
    )
    parser.add_argument(
        "--layout",
        choices=("flat", "grouped"),
        help=f"methods of the client, or of its groups by tag (default: grouped if more than {MOST_FLAT})",
    )
    parser.add_argument("--names", type=Path, metavar="FILE", help="names of methods by operationId, YAML or JSON")
    parser.add_argument("--strict", action="store_true", help="refuse a document that contradicts itself")
    parser.add_argument("--notes", type=Path, metavar="FILE", help="write all notes on the document to a file")
    parser.add_argument("--allow-missing", action="store_true", help="succeed although operations are left out")
    parser.add_argument("--project", action="store_true", help="make DIR a project that pip installs: a pyproject.toml")
    options = parser.parse_args(arguments)
    package: str = options.package
    if not package.isidentifier() or keyword.iskeyword(package) or package in sys.stdlib_module_names | _IMPORTED:
        parser.error(f"--package {package!r} is not a valid name for a Python package")
    if options.project and not project_name(package):
        parser.error(f"--package {package!r} cannot name a project; use ASCII letters")
    # Messages may have characters of the document that the terminal cannot encode.
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        job = _make_job(options, package)
        if options.check:
            given = sys.argv[1:] if arguments is None else arguments
            # Unlike the command in the generated files, this one is for the folders of this machine.
            command = ["python", "-m", "generator", *(argument for argument in given if argument != "--check")]
            return _check_and_report(job, shlex.join(command), allows_missing=options.allow_missing)
        notes = generate(job)
        print(f"wrote {_shown(job.target)}")
        if job.project:
            print(f"wrote {_shown(job.target.with_name(PROJECT))}")
        if options.notes:
            options.notes.write_text("".join(f"{line}\n" for line in (*notes.missing, *notes.found)), encoding="utf-8")
        return _report(job, notes, whole=bool(options.notes), allows_missing=options.allow_missing)
    except SpecError as error:
        print(f"{_shown_spec(options.spec)}: {error}", file=sys.stderr)
        return 1
    except (GenerationError, OSError) as error:
        print(f"python -m generator: {error}", file=sys.stderr)
        return 1


def _report(job: Job, notes: Notes, *, whole: bool, allows_missing: bool) -> int:
    """Print what is wrong with the document, and return the exit code."""
    _report_missing(job, notes)
    shown = notes.found[:_MOST_NOTES]
    for note in shown:
        print(f"{job.shown_spec}: {note}", file=sys.stderr)
    more = len(notes.found) - len(shown)
    if more and not whole:
        print(f"{job.shown_spec}: {more} more; --notes FILE writes all of them", file=sys.stderr)
    if notes.found or notes.missing:
        print(f"{_count(notes.missing, 'operation')} left out, {_count(notes.found, 'note')}", file=sys.stderr)
    return 3 if notes.missing and not allows_missing else 0


def _report_missing(job: Job, notes: Notes) -> None:
    for missing in notes.missing:
        print(f"{job.shown_spec}: left out {missing}", file=sys.stderr)


def _count(found: Sized, word: str) -> str:
    return f"1 {word}" if len(found) == 1 else f"{len(found)} {word}s"


def _make_job(options: argparse.Namespace, package: str) -> Job:
    spec: Path = options.spec
    output: Path = options.output
    responses: str | None = options.responses
    shown = _shown_spec(spec)
    is_own_spec = shown == _OWN
    is_default = is_own_spec and package == _PACKAGE
    command = "python -m generator"
    if not is_default:
        command += f" --spec {shlex.quote(shown)} --package {package}"
    if responses:
        command += f" --responses {responses}"
    if options.layout:
        command += f" --layout {options.layout}"
    if options.names:
        command += f" --names {shlex.quote(_printable(options.names.name))}"
    if options.project:
        command += " --project"
    # Our own contract is proven, others' may be old.
    responses = responses or ("strict" if is_own_spec else "tolerant")
    lock = HOME / "lock.toml" if is_default and output.resolve() == _OUTPUT else None
    return Job(
        spec=spec,
        package=package,
        output=output,
        shown_spec=shown,
        command=command,
        lock=lock,
        strict=options.strict,
        tolerant=responses == "tolerant",
        project=options.project,
        naming=Naming.load(options.layout, options.names),
    )


def _shown_spec(spec: Path) -> str:
    return _OWN if spec.resolve() == _SPEC else _printable(spec.name)


def _printable(name: str) -> str:
    """Return the name of a file as it may stand in a comment: without its folder, and in one line."""
    return "".join(character if character.isprintable() else "?" for character in name)


def _check_and_report(job: Job, cure: str, *, allows_missing: bool) -> int:
    differences, notes = check(job)
    lines = differences.lines()
    for line in lines:
        kind, _, path = line.partition(": ")
        print(f"{kind}: {path if path.startswith('lock.toml') else _shown(Path(normpath(job.target / path)))}")
    if lines:
        problem = f"{len(lines)} differ from what {job.shown_spec} and generator/ generate"
        print(f"{problem}; run `{cure}`", file=sys.stderr)
        return 1
    if notes.missing and not allows_missing:
        _report_missing(job, notes)
        return 3
    return 0


def _shown(path: Path) -> str:
    return str(path.relative_to(_ROOT)) if path.is_relative_to(_ROOT) else str(path)


if __name__ == "__main__":
    sys.exit(main())
