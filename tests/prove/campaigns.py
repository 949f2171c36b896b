"""All campaigns, and which of them share their defects."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tests.prove.campaign import Campaign
from tests.prove.draw.campaign import DRAW_CAMPAIGNS
from tests.prove.gateway_defects import GatewayCampaign
from tests.prove.patches import PatchCampaign
from tests.prove.spec_campaigns import ClientFromMutant, MockAgainstMutant


def _modules(package: str, names: str) -> list[str]:
    return [f"tests.prove.{package}.{name}" for name in names.split()]


_MOCK = _modules(
    "mock_defects",
    "sessions creating ending parts lists commits admission answers lifetimes files planning sign_in small_files"
    " folders checks_and_downloads",
)
_CLIENT = _modules(
    "client_defects",
    "requests transfers arguments decoding statuses links files planning sign_in small_files folders"
    " checks_and_downloads",
)
_CONDUCT = _modules("client_defects", "retries tokens connections")
_UPLOADER = _modules("uploader_defects", "journals plans failures small_files versions side_by_side")
_AUTH = _modules("auth_defects", "sign_in")
_CLIENT_CONTRACT = ("tests/contract/test_client_requests.py", "tests/contract/test_client_responses.py")
_CLIENT_UNIT = ("tests/unit/client", "tests/unit/runtime")
_FLOWS = tuple(
    f"tests/flow/test_upload{name}.py"
    for name in (
        "",
        "_faults",
        "_ambiguous_commit",
        "_changes",
        "_silence",
        "_rate_limit",
        "_small",
        "_versions",
        "_group",
    )
)

# The contract's tests see a defect first, and the other tests what they miss. What no contract can say (retries,
# secrets, how a file is cut into parts) goes before the tests that say it.
PATCH_CAMPAIGNS: Mapping[str, Sequence[PatchCampaign]] = {
    "mock defects": (
        PatchCampaign("mock before the contract", _MOCK, "tests/contract/test_mock.py"),
        PatchCampaign("mock before its own tests", _MOCK, "tests/unit/mock"),
    ),
    "client defects": (
        PatchCampaign("client before the contract", _CLIENT, *_CLIENT_CONTRACT),
        PatchCampaign("client before its own tests", _CLIENT, *_CLIENT_UNIT),
    ),
    "conduct of the client": (PatchCampaign("conduct of the client", _CONDUCT, *_CLIENT_UNIT),),
    "sign-in defects": (PatchCampaign("sign-in before its own tests", _AUTH, "tests/unit/auth"),),
    "uploader defects": (
        PatchCampaign("uploader before its own tests", _UPLOADER, "tests/unit/upload"),
        PatchCampaign("uploader before the flows", _UPLOADER, *_FLOWS),
    ),
}
_GROUPS: Mapping[str, Sequence[Campaign]] = {
    "spec mutants": (ClientFromMutant(), MockAgainstMutant()),
    **PATCH_CAMPAIGNS,
    "gateway defects": (
        GatewayCampaign("gateway before the contract", *_CLIENT_CONTRACT),
        GatewayCampaign("gateway before its own tests", *_CLIENT_UNIT),
    ),
}
CAMPAIGNS: Mapping[str, Campaign] = {
    campaign.name: campaign for group in (*_GROUPS.values(), DRAW_CAMPAIGNS) for campaign in group
}
GROUPS: Mapping[str, Sequence[str]] = {name: [campaign.name for campaign in group] for name, group in _GROUPS.items()}
"""Campaigns with the same defects: a defect counts as detected when the tests of one of them detect it."""
