"""What the mock holds when it is judged: what generated requests name exists, so that they get further than 404."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from box_uploads_mock import App, File, Folder, default_world

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
# Short ids and names exist, since those are the ones that are generated; links would not be followed otherwise.
FOLDERS = [Folder(id=digit, name=f"folder {digit}") for digit in "123456789"]
FILES = [
    File(id=str(int(f"{number}{folder}")), name=name, folder=folder, content=b"A file.")
    for folder in "0123456789"
    for number, name in enumerate("0ab")
]
# The application of the fragment's examples.
APP = App(client_id="ly1nj6n11vionaie65emwzk575hnnmrk", client_secret="hOzsTeFlT6ko0dme22uGbQal04SBPYc1")
# They and the file of the fragment's examples can be downloaded, whether or not the mock keeps what is uploaded.
KNOWN = [
    replace(file, size=0, sha1="", content=b"A contract.") if file.id == "12345" else file
    for file in default_world().files
]
# Nothing is uploaded as a version of this one.
DOWNLOADED_FILE = "9876543210"
KNOWN.append(File(id=DOWNLOADED_FILE, name="Download.txt", folder="200", content=b"Here to stay."))
WORLD = replace(
    default_world(),
    folders=[*default_world().folders, *FOLDERS],
    files=[*KNOWN, *FILES],
    apps=[*default_world().apps, APP],
)


def part_size_for(file_size: int) -> int:
    """Return the part size that lets a file of any size end with a part of one byte."""
    return file_size - 1
