"""Decoding a created session: the client's path beside the bare decoder and the official SDK."""

from __future__ import annotations

import msgspec
from box_sdk_gen import UploadSession
from box_sdk_gen.serialization.json import deserialize, json_to_serialized_data
from box_uploads import models
from box_uploads._runtime.headers import Headers
from box_uploads._runtime.messages import RawResponse
from box_uploads.api.upload_sessions import create_upload_session

from tests.bench.loopback import BODY
from tests.bench.measure import Row, medians, show, times, us

RAW = RawResponse(
    operation="create_upload_session",
    method="POST",
    status=201,
    headers=Headers([("content-type", "application/json"), ("content-length", str(len(BODY)))]),
    content=BODY,
)


def _bare(calls: int) -> None:
    decode = msgspec.json.Decoder(models.UploadSession).decode
    for _ in range(calls):
        decode(BODY)


def _client(calls: int) -> None:
    read = create_upload_session.read_response
    for _ in range(calls):
        read(RAW)


def _official(calls: int) -> None:
    text = BODY.decode()
    for _ in range(calls):
        deserialize(json_to_serialized_data(text), UploadSession)


def run() -> None:
    """Measure and show."""
    found = medians({"bare": _bare, "client": _client, "official": _official}, calls=1000, rounds=9)
    bare, client, official = found.values()
    show(
        f"Decoding an UploadSession of {len(BODY)} bytes",
        [
            Row("bare msgspec.json.Decoder", us(bare)),
            Row("box_uploads: read_response", us(client), times(client / bare), "at most 1.25 x of bare"),
            Row("boxsdk: deserialize", us(official), times(official / client), "at least 40 x of box_uploads"),
        ],
    )
