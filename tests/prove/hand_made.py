"""The defects that are written by hand, and the tests that have to notice them.

What a contract can say is shown to the contract's tests first, and what they miss to the others. What no contract can
say (retries, secrets, how a file is cut) is only shown to the tests that say it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.prove.planting import HandMade

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["HAND_MADE"]


def _modules(package: str, *names: str) -> list[str]:
    return [f"tests.prove.{package}.{one}" for one in names]


_MOCK = _modules(
    "mock_defects",
    "sessions",
    "creating",
    "ending",
    "parts",
    "lists",
    "commits",
    "admission",
    "answers",
    "lifetimes",
    "files",
    "planning",
)
_CLIENT = _modules(
    "client_defects", "requests", "transfers", "arguments", "decoding", "statuses", "links", "files", "planning"
)
_CONDUCT = _modules("client_defects", "retries", "tokens", "connections")
_UPLOADER = _modules("uploader_defects", "journals", "plans", "failures")

HAND_MADE: Mapping[str, Sequence[HandMade]] = {
    "mock defects": (
        HandMade("mock before the contract", _MOCK, "tests/contract/test_mock.py"),
        HandMade("mock before its own tests", _MOCK, "tests/unit/mock"),
    ),
    "client defects": (
        HandMade(
            "client before the contract",
            _CLIENT,
            "tests/contract/test_client_requests.py",
            "tests/contract/test_client_responses.py",
        ),
        HandMade("client before its own tests", _CLIENT, "tests/unit/client", "tests/unit/runtime"),
    ),
    "conduct of the client": (HandMade("conduct of the client", _CONDUCT, "tests/unit/client", "tests/unit/runtime"),),
    "uploader defects": (
        HandMade("uploader before its own tests", _UPLOADER, "tests/unit/upload"),
        HandMade(
            "uploader before the flows",
            _UPLOADER,
            "tests/flow/test_upload.py",
            "tests/flow/test_upload_faults.py",
            "tests/flow/test_upload_doubt.py",
            "tests/flow/test_upload_changes.py",
            "tests/flow/test_upload_silence.py",
        ),
    ),
}
