"""A call of an operation, and its result."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from starlette.datastructures import Headers, QueryParams
from starlette.requests import Request

from box_uploads_mock import request_checks
from box_uploads_mock.commit_rules import LogEvent
from box_uploads_mock.errors import argument_error
from box_uploads_mock.fault_injector import FaultInjector
from box_uploads_mock.rules import is_id
from box_uploads_mock.state import State


@dataclass(slots=True, kw_only=True)
class Call:
    """A request that has passed the checks common to all operations.

    Attributes:
        parameters: The path parameters, decoded.
        base_url: URL of the API as the client addressed it.
        injector: Injects the fault that was queued for the call, if there is one.
        event: The event that the call has logged, for the request log.
    """

    state: State
    request: Request
    parameters: Mapping[str, str]
    base_url: str
    injector: FaultInjector
    event: LogEvent | None = None

    @property
    def headers(self) -> Headers:
        """The headers; names are case-insensitive."""
        return self.request.headers

    @property
    def query(self) -> QueryParams:
        """The query parameters, decoded."""
        return self.request.query_params

    @property
    def session_id(self) -> str:
        """Id of the session in the path."""
        return self.parameters["upload_session_id"]

    @property
    def file_id(self) -> str:
        """Id of the file in the path.

        Raises:
            ApiError: It is none.
        """
        file_id = self.parameters["file_id"]
        if not is_id(file_id):
            raise argument_error("invalid_parameter", "file_id", "The id of the file is not 1 to 19 decimal digits.")
        return file_id

    @property
    def folder_id(self) -> str:
        """Id of the folder in the path.

        Raises:
            ApiError: It is none.
        """
        folder_id = self.parameters["folder_id"]
        if not is_id(folder_id):
            raise argument_error(
                "invalid_parameter", "folder_id", "The id of the folder is not 1 to 19 decimal digits."
            )
        return folder_id

    def query_number(self, name: str, least: int, most: int, *, default: int) -> int:
        """Return a number of the query.

        Raises:
            ApiError: It is none, or out of its bounds.
        """
        text = self.query.get(name)
        if text is None:
            return default
        # In JSON Schema 1.0 is an integer too.
        match = re.fullmatch(r"([0-9]{1,19})(\.0+)?", text)
        if match is None or not least <= int(match[1]) <= most:
            raise argument_error("invalid_parameter", name, f"It is not a whole number from {least} to {most}.")
        return int(match[1])

    async def json_body(self, max_length: int = request_checks.MAX_BODY_LENGTH) -> bytes:
        """Return the whole JSON body, undecoded.

        Raises:
            ApiError: The body is too long, of unknown length or not declared as JSON.
            FaultResponse: A fault fires while the body is read.
        """
        body = await request_checks.read_json_body(self.request, self.injector.read_body(), max_length)
        await self.injector.on_read()
        return body


@dataclass(frozen=True, slots=True, kw_only=True)
class CallResult:
    """The content of a successful response.

    Attributes:
        body: The JSON body, None for an empty body.
        created: The session that the call has created, None if it has created none.
        chunks: The bytes of a body that is no JSON, None for any other.
        size: How many bytes the chunks have.
    """

    status: int
    body: Mapping[str, object] | None = None
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    created: Mapping[str, object] | None = None
    chunks: Iterator[bytes] | None = None
    size: int = 0
