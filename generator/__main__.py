"""`python -m generator`: generate the client from the document, or check that it is up to date."""

from __future__ import annotations

import argparse
import io
import keyword
import shlex
import sys
from os.path import normpath
from pathlib import Path

from .errors import GenerationError, SpecError
from .pipeline import HOME, Job, check, generate

_ROOT = HOME.parent
_SPEC = _ROOT / "spec" / "openapi.yaml"
_OUTPUT = _ROOT / "generated"
_PACKAGE = "box_uploads"


def main(arguments: list[str] | None = None) -> int:
    """Run the command and return its exit code: 0 done, 1 failed or different, 2 wrong usage."""
    description = "Generate a msgspec client from an OpenAPI document."
    parser = argparse.ArgumentParser(prog="python -m generator", description=description)
    parser.add_argument("--spec", type=Path, default=_SPEC, metavar="PATH", help="the document, YAML or JSON")
    parser.add_argument("--package", default=_PACKAGE, metavar="NAME", help="the package (default: %(default)s)")
    parser.add_argument("--output", type=Path, default=_OUTPUT, metavar="DIR", help="folder that gets the package")
    parser.add_argument("--check", action="store_true", help="write nothing; fail if the package is not up to date")
    options = parser.parse_args(arguments)
    package: str = options.package
    if not package.isidentifier() or keyword.iskeyword(package) or package in sys.stdlib_module_names:
        parser.error(f"--package {package!r} is not a valid name for a Python package")
    # Messages may have characters of the document that the terminal cannot encode.
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    job = _make_job(options.spec, package, options.output)
    try:
        if options.check:
            return _check_and_report(job)
        print(f"wrote {_shown(generate(job))}")
    except SpecError as error:
        print(f"{job.shown_spec}: {error}", file=sys.stderr)
        return 1
    except (GenerationError, OSError) as error:
        print(f"python -m generator: {error}", file=sys.stderr)
        return 1
    return 0


def _make_job(spec: Path, package: str, output: Path) -> Job:
    is_own_spec = spec.resolve() == _SPEC
    is_default = is_own_spec and package == _PACKAGE
    # Only the file's name, so that no absolute path gets into the package, and no line break into a comment.
    name = "".join(character if character.isprintable() else "?" for character in spec.name)
    shown = "spec/openapi.yaml" if is_own_spec else name
    command = "python -m generator"
    if not is_default:
        command += f" --spec {shlex.quote(shown)} --package {package}"
    lock = HOME / "lock.toml" if is_default and output.resolve() == _OUTPUT else None
    return Job(spec=spec, package=package, output=output, shown_spec=shown, command=command, lock=lock)


def _check_and_report(job: Job) -> int:
    lines = check(job).lines()
    for line in lines:
        kind, _, path = line.partition(": ")
        print(f"{kind}: {path if path.startswith('lock.toml') else _shown(Path(normpath(job.target / path)))}")
    if lines:
        problem = f"{len(lines)} differ from what {job.shown_spec} and generator/ generate"
        print(f"{problem}; run `{job.command}`", file=sys.stderr)
    return 1 if lines else 0


def _shown(path: Path) -> str:
    return str(path.relative_to(_ROOT)) if path.is_relative_to(_ROOT) else str(path)


if __name__ == "__main__":
    sys.exit(main())
