"""A stateful mock of Box's upload sessions, to test clients against without Box."""

__all__ = [
    "Exchange",
    "Failure",
    "File",
    "Folder",
    "MockServer",
    "State",
    "World",
    "WorldError",
    "WorldFileError",
    "create_app",
    "default_world",
    "load_world",
]

from box_uploads_mock.app import create_app
from box_uploads_mock.faults import Failure
from box_uploads_mock.server import MockServer
from box_uploads_mock.state import Exchange, State
from box_uploads_mock.world import File, Folder, World, WorldError, default_world
from box_uploads_mock.world_file import WorldFileError, load_world
