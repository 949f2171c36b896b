"""What a fault does to the call that it strikes."""

from collections.abc import AsyncGenerator, Mapping
from types import TracebackType
from typing import Self

from starlette.requests import Request
from starlette.responses import Response

from box_uploads_mock.connection import ResetResponse, TruncatedResponse
from box_uploads_mock.error_responses import failure_response
from box_uploads_mock.errors import ApiError
from box_uploads_mock.fault_kinds import (
    Accepted,
    Failure,
    Fault,
    LatePartsMismatch,
    LostResponse,
    Reset,
    SlowRead,
    Stage,
    Stall,
    TokenExpiry,
    Truncation,
)
from box_uploads_mock.state import State


class FaultResponse(Exception):  # noqa: N818 - an answer, not a fault of the program
    """A fault answers instead of the operation."""

    def __init__(self, response: Response) -> None:
        super().__init__()
        self.response = response


class FaultInjector:
    """The fault that is meant for one call, if there is any; a context manager that accounts for it."""

    def __init__(self, state: State, operation: str, request: Request) -> None:
        self._state = state
        self._request = request
        self._generation = state.generation
        self._waiting = state.faults.take(operation)
        self._fault: Fault | None = None if self._waiting is None else self._waiting.fault

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._waiting is not None:
            self._state.faults.put_back(self._waiting)

    def _at(self, stage: Stage) -> Fault | None:
        """Returns the fault if it strikes now, which counts from now on, not only when the call ends."""
        if self._fault is None or self._fault.stage is not stage:
            return None
        if self._waiting is not None:
            self._state.faults.mark_fired(self._waiting)
            self._waiting = None
        return self._fault

    async def on_arrival(self) -> None:
        """Lets a fault strike before anything is looked at.

        Raises:
            FaultResponse: The fault answers.
        """
        await self._interrupt(self._at(Stage.ARRIVAL))
        self._require_present()

    def body(self) -> AsyncGenerator[bytes, None]:
        """Yields the request body, with what the fault does to its reading.

        Raises:
            FaultResponse: The fault answers.
        """
        return self._read_slowly(self._fault) if isinstance(self._fault, SlowRead) else self._read()

    async def _read_slowly(self, fault: SlowRead) -> AsyncGenerator[bytes, None]:
        with self._state.faults.hold() as hold:
            async for chunk in self._request.stream():
                start = 0
                while start < len(chunk):
                    self._at(Stage.BODY)
                    stop = len(chunk) if hold.is_released else start + fault.bytes_per_read
                    yield chunk[start:stop]
                    start = stop
                    await hold.wait(fault.pause_s, self._state.sleep)

    async def _read(self) -> AsyncGenerator[bytes, None]:
        is_struck_here = self._fault is not None and self._fault.stage is Stage.BODY
        rest = getattr(self._fault, "after_bytes", None) if is_struck_here else None
        if rest == 0:
            await self._interrupt(self._at(Stage.BODY))
        async for chunk in self._request.stream():
            if rest and len(chunk) >= rest:
                yield chunk[:rest]
                await self._interrupt(self._at(Stage.BODY))
                yield chunk[rest:]
                rest = None
            else:
                rest = rest and rest - len(chunk)
                yield chunk

    async def on_read(self) -> None:
        """Lets a fault strike after the body was read.

        Raises:
            FaultResponse: The fault answers.
        """
        await self._interrupt(self._at(Stage.READ))
        self._require_present()

    def _require_present(self) -> None:
        if self._state.generation is not self._generation:
            # The state was reset meanwhile, and must not learn of what began before.
            raise FaultResponse(ResetResponse())

    async def _interrupt(self, fault: Fault | None) -> None:
        match fault:
            case Failure():
                raise FaultResponse(failure_response(fault, self._state))
            case Reset():
                raise FaultResponse(ResetResponse())
            case Stall():
                with self._state.faults.hold() as hold:
                    await hold.wait(fault.limit_s, self._state.sleep)
            case TokenExpiry():
                self._state.expire_token(self._request.headers.get("authorization", "").partition(" ")[2].strip())
                if fault.new_token:
                    self._state.add_token(fault.new_token)
            case _:
                pass

    def on_checked(self) -> None:
        """Lets a fault strike instead of carrying out a call that was found good.

        Raises:
            FaultResponse: The fault answers.
            ApiError: The fault refuses.
        """
        match self._at(Stage.CHECKED):
            case Accepted(retry_after_s=retry_after_s):
                raise FaultResponse(Response(status_code=202, headers={"Retry-After": str(retry_after_s)}))
            case LatePartsMismatch():
                raise ApiError("parts_mismatch", "No matching part found on server")
            case _:
                pass

    def on_success(self, response: Response, created: Mapping[str, object] | None) -> Response:
        """Returns the answer of a call that was carried out, or what the fault makes of it.

        Args:
            response: The answer as it should be.
            created: The session that the call has created, if it has.
        """
        fault = self._at(Stage.SUCCESS)
        match fault:
            case Failure():
                response = failure_response(fault, self._state, created)
            case LostResponse():
                response = ResetResponse()
            case Truncation():
                return TruncatedResponse(response, fault.sent_bytes)
            case _:
                return response
        # A session conflict has told the client of the session already.
        if created is not None and getattr(fault, "error_code", "") != "session_conflict":
            self._state.session_store.mark_unacknowledged(str(created["id"]))
        return response
