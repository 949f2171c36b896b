"""OpenTelemetry, with its own instrumentation of httpx2, sees the calls of a client and no token."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import httpx2
import pytest
from box_uploads import AsyncClient, Client
from box_uploads.errors import NotFoundError
from box_uploads_mock import MockServer
from opentelemetry.instrumentation.httpx import HTTPX2ClientInstrumentor
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

UNKNOWN = "99999999999"


@pytest.fixture
def spans() -> Iterator[InMemorySpanExporter]:
    """What is traced while every client of httpx2 is instrumented, as a program does at its start."""
    found, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(found))
    instrumentor = HTTPX2ClientInstrumentor()
    instrumentor.instrument(tracer_provider=provider)
    yield found
    instrumentor.uninstrument()
    provider.shutdown()


def call(kind: str, mock: MockServer, http: bool) -> None:
    """Ask for a file that there is not."""

    async def awaited() -> None:
        client = httpx2.AsyncClient() if http else None
        async with AsyncClient(mock.token, base_url=mock.base_url, http=client) as box:
            with pytest.raises(NotFoundError):
                await box.get_file(UNKNOWN)
        if client:
            await client.aclose()

    if kind == "AsyncClient":
        return asyncio.run(awaited())
    client = httpx2.Client() if http else None
    with Client(mock.token, base_url=mock.base_url, http=client) as box, pytest.raises(NotFoundError):
        box.get_file(UNKNOWN)
    if client:
        client.close()
    return None


@pytest.mark.parametrize("kind", ["Client", "AsyncClient"])
@pytest.mark.parametrize("http", [False, True])
def test_a_call_is_a_span_without_the_token(
    kind: str, http: bool, mock: MockServer, spans: InMemorySpanExporter
) -> None:
    call(kind, mock, http)

    (span,) = spans.get_finished_spans()
    attributes = dict(span.attributes or {})
    assert attributes["http.method"] == "GET"
    assert attributes["http.url"] == f"{mock.base_url}/files/{UNKNOWN}"
    assert attributes["http.status_code"] == 404
    assert mock.token not in ReadableSpan.to_json(span)
