"""What a program pays before its first session: imports, and imports with the first call, in fresh processes."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable

from tests.bench.loopback import loopback_server
from tests.bench.measure import Row, medians, ms, show, times

_CALL = """
import sys
from box_uploads import Client
with Client("token", base_url=sys.argv[1] + "/api/2.0") as box:
    box.create_upload_session(folder_id="0", file_name="Project.mov", file_size=104_857_600)
"""
_OFFICIAL_CALL = """
import sys
from box_sdk_gen import BaseUrls, BoxClient, BoxDeveloperTokenAuth, NetworkSession
session = NetworkSession(base_urls=BaseUrls(upload_url=sys.argv[1] + "/api"))
box = BoxClient(BoxDeveloperTokenAuth(token="token"), network_session=session)
box.chunked_uploads.create_file_upload_session("0", 104_857_600, "Project.mov")
"""


def run() -> None:
    """Measure and show."""
    programs = {
        "bare": "pass",
        "msgspec": "import msgspec.json",
        "import": "import box_uploads",
        "call": _CALL,
        "official": "import box_sdk_gen",
        "official call": _OFFICIAL_CALL,
    }
    with loopback_server() as origin:

        def starter(program: str) -> Callable[[int], object]:
            command = [sys.executable, "-I", "-c", program, origin]
            return lambda _: subprocess.run(command, check=True, stdin=subprocess.DEVNULL)

        found = medians({name: starter(program) for name, program in programs.items()}, calls=1, rounds=11)
    bare = found.pop("bare")
    msgspec, imported, call, official, official_call = (value - bare for value in found.values())
    show(
        f"Start of a program, over the bare interpreter's {ms(bare)}",
        [
            Row("import msgspec", ms(msgspec)),
            Row("import box_uploads", ms(imported), ms(imported), "at most 60 ms"),
            Row("import box_sdk_gen", ms(official), times(official / imported)),
            Row("box_uploads: import, first call", ms(call)),
            Row(
                "boxsdk: import, first call",
                ms(official_call),
                times(official_call / call),
                "at least 2.5 x of box_uploads",
            ),
        ],
    )
