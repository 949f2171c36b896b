"""The events of an upload: each is a value that a program may write down and read again."""

from __future__ import annotations

import msgspec
import pytest
from box_uploads import models
from box_uploads.upload import (
    BytesSent,
    PartDone,
    PhaseChanged,
    ProgressEvent,
    Restarted,
    Resumed,
    Retried,
    SessionLeft,
    Started,
    Stored,
    Throttled,
)

EVENTS: list[ProgressEvent] = [
    Started(20_000_000, 8_388_608, 3),
    Resumed(2, 16_777_216),
    Restarted("the session has ended"),
    PhaseChanged("commit"),
    BytesSent(-5, 10, 20),
    PartDone(1, 8_388_608, 8_388_608, "a" * 40, 2, 3, was_held=True),
    Retried("part", 2, 1.5, "503", 8_388_608),
    Retried("commit", 2, 1.5, "503"),
    Throttled(100),
    SessionLeft(2, "Up to 2 unused sessions may stay open at Box until they expire."),
    Stored(models.File(type="file", id="7", sha1="a" * 40)),
]


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: type(event).__name__)
def test_an_event_is_immutable_and_names_its_type_in_json(event: ProgressEvent) -> None:
    encoded = msgspec.json.encode(event)
    assert msgspec.json.decode(encoded, type=ProgressEvent) == event
    assert msgspec.json.decode(encoded)["type"] == type(event).__name__
    name = event.__struct_fields__[0]
    with pytest.raises(AttributeError):
        setattr(event, name, getattr(event, name))
