"""A request that was admitted, and the content of its answer."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from starlette.datastructures import Headers, QueryParams
from starlette.requests import Request

from box_uploads_mock import request_checks
from box_uploads_mock.commit_rules import LogEvent
from box_uploads_mock.fault_injector import FaultInjector
from box_uploads_mock.state import State


@dataclass(slots=True, kw_only=True)
class Call:
    """A request that was admitted.

    Attributes:
        parameters: The parameters in the path, decoded.
        base_url: URL of the API as the client addressed it.
        injector: What a fault does to the call.
        event: The event that the call has logged, for the journal.
    """

    state: State
    request: Request
    parameters: Mapping[str, str]
    base_url: str
    injector: FaultInjector
    event: LogEvent | None = None

    @property
    def headers(self) -> Headers:
        """The headers; letter case does not count."""
        return self.request.headers

    @property
    def query(self) -> QueryParams:
        """The parameters in the query, decoded."""
        return self.request.query_params

    @property
    def session_id(self) -> str:
        """Id of the session that the path names."""
        return self.parameters["upload_session_id"]

    async def json_body(self, max_length: int = request_checks.MAX_BODY_LENGTH) -> bytes:
        """Returns the whole body, which is to be JSON.

        Raises:
            ApiError: The body is too long, of unknown length or not called JSON.
            FaultResponse: A fault strikes first.
        """
        body = await request_checks.read_json_body(self.request, self.injector.body(), max_length)
        await self.injector.on_read()
        return body


@dataclass(frozen=True, slots=True, kw_only=True)
class CallResult:
    """The content of a successful answer.

    Attributes:
        body: JSON, None for an empty body.
        created: The session that the call has created, if it has.
    """

    status: int
    body: Mapping[str, object] | None = None
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    created: Mapping[str, object] | None = None
