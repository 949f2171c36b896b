"""A stateful mock server for Box's upload sessions."""

__all__ = [
    "Accepted",
    "App",
    "Exchange",
    "Failure",
    "Fault",
    "File",
    "Folder",
    "LatePartsMismatch",
    "LogEvent",
    "LostResponse",
    "MockServer",
    "Part",
    "Reset",
    "SlowRead",
    "Stall",
    "State",
    "TokenExpiry",
    "Truncation",
    "UnfiredFaultsError",
    "User",
    "World",
    "WorldError",
    "WorldFileError",
    "constant_part_size",
    "create_app",
    "default_world",
    "load_world",
]

try:
    from box_uploads_mock.app import create_app
except ModuleNotFoundError as error:
    raise ModuleNotFoundError(f"{error.msg}; run pip install 'box-uploads[mock]'") from error
from box_uploads_mock.commit_rules import LogEvent
from box_uploads_mock.fault_kinds import (
    Accepted,
    Failure,
    Fault,
    LatePartsMismatch,
    LostResponse,
    Reset,
    SlowRead,
    Stall,
    TokenExpiry,
    Truncation,
)
from box_uploads_mock.faults import UnfiredFaultsError
from box_uploads_mock.part_store import Part
from box_uploads_mock.request_log import Exchange
from box_uploads_mock.server import MockServer
from box_uploads_mock.sessions import constant_part_size
from box_uploads_mock.state import State
from box_uploads_mock.world import App, File, Folder, User, World, WorldError, default_world
from box_uploads_mock.world_file import WorldFileError, load_world
