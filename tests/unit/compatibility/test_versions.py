"""Which version may hold which changes, and what the command says of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.compatibility.__main__ import SPEC, last_release, main
from tests.compatibility.change import Breaks, Change, Place
from tests.compatibility.version import needed, parsed


@pytest.mark.parametrize(("released", "breaks", "least"), [
    ("0.1.0", [], "0.1.0"), ("0.1.0", [Breaks.NOBODY], "0.1.0"), ("0.1.7", [Breaks.CLIENTS], "0.2.0"),
    ("0.1.0", [Breaks.SERVERS, Breaks.NOBODY], "0.2.0"), ("1.2.3", [Breaks.SERVERS], "1.3.0"),
    ("1.2.3", [Breaks.CLIENTS], "2.0.0"), ("1.2.3", [Breaks.SERVERS, Breaks.BOTH], "2.0.0"),
])  # fmt: skip
def test_the_version_that_is_needed(released: str, breaks: list[Breaks], least: str) -> None:
    changes = [Change(Place(), "changed", broken) for broken in breaks]
    assert needed(parsed(released), changes) == parsed(least)


@pytest.mark.parametrize("text", ["1", "1.2", "v1.2.3", "1.2.3-rc1", "", "1.2.x"])
def test_a_version_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not a version such as"):
        parsed(text)


def test_the_fragment_follows_its_last_release() -> None:
    assert main([]) == 0


def test_a_release_is_named_after_its_version() -> None:
    for path in (SPEC / "released").iterdir():
        assert yaml.safe_load(path.read_text(encoding="utf-8"))["info"]["version"] == path.stem
    assert last_release().parent == SPEC / "released"


@pytest.mark.parametrize(("version", "code"), [("0.1.0", 1), ("0.1.9", 1), ("0.2.0", 0), ("1.0.0", 0)])
def test_a_breaking_change_needs_a_higher_version(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], version: str, code: int
) -> None:
    fragment: dict[str, Any] = yaml.safe_load((SPEC / "openapi.yaml").read_text(encoding="utf-8"))
    released, changed = tmp_path / "released.yaml", tmp_path / "changed.yaml"
    released.write_text(yaml.safe_dump({**fragment, "info": {"version": "0.1.0"}}), encoding="utf-8")
    fragment["components"]["schemas"]["FileSize"]["minimum"] += 1
    changed.write_text(yaml.safe_dump({**fragment, "info": {"version": version}}), encoding="utf-8")

    assert main(["--released", str(released), "--fragment", str(changed)]) == code

    printed = capsys.readouterr()
    line = "breaks clients: /components/schemas/FileSize/minimum: is 20000001 now, and was 20000000\n"
    assert printed.out.startswith(line)
    assert ("these changes need 0.2.0 or more" in printed.err) == bool(code)
