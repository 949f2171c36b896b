"""Fault injection: how a queued fault changes the handling of a call."""

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


class FaultResponse(Exception):  # noqa: N818 - a response, not an error of the program
    """A fault replaces the response of the operation."""

    def __init__(self, response: Response) -> None:
        super().__init__()
        self.response = response


class FaultInjector:
    """Injects the fault that is queued for a call, if there is one.

    As a context manager it returns a fault that has not fired to the queue.
    """

    def __init__(self, state: State, operation: str, request: Request) -> None:
        self._state = state
        self._request = request
        self._generation = state.generation
        self._unfired = state.faults.take(operation)
        self._fault: Fault | None = None if self._unfired is None else self._unfired.fault

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._unfired is not None:
            self._state.faults.put_back(self._unfired)

    def _fire_at(self, stage: Stage) -> Fault | None:
        """Return the fault if it fires at this stage, and count it now rather than when the call ends."""
        if self._fault is None or self._fault.stage is not stage:
            return None
        if self._unfired is not None:
            self._state.faults.mark_fired(self._unfired)
            self._unfired = None
        return self._fault

    async def on_arrival(self) -> None:
        """Inject a fault before any check.

        Raises:
            FaultResponse: The fault replaces the response.
        """
        await self._interrupt(self._fire_at(Stage.ARRIVAL))
        self._require_same_generation()

    def read_body(self) -> AsyncGenerator[bytes, None]:
        """Yield the request body, and inject a fault while it is read.

        Raises:
            FaultResponse: The fault replaces the response.
        """
        return self._read_slowly(self._fault) if isinstance(self._fault, SlowRead) else self._read()

    async def _read_slowly(self, fault: SlowRead) -> AsyncGenerator[bytes, None]:
        with self._state.faults.hold() as hold:
            async for chunk in self._request.stream():
                start = 0
                while start < len(chunk):
                    self._fire_at(Stage.BODY)
                    stop = len(chunk) if hold.is_released else start + fault.bytes_per_read
                    yield chunk[start:stop]
                    start = stop
                    await hold.wait(fault.pause_s, self._state.sleep)

    async def _read(self) -> AsyncGenerator[bytes, None]:
        fires_in_body = self._fault is not None and self._fault.stage is Stage.BODY
        remaining = getattr(self._fault, "after_bytes", None) if fires_in_body else None
        if remaining == 0:
            await self._interrupt(self._fire_at(Stage.BODY))
        async for chunk in self._request.stream():
            if remaining and len(chunk) >= remaining:
                yield chunk[:remaining]
                await self._interrupt(self._fire_at(Stage.BODY))
                yield chunk[remaining:]
                remaining = None
            else:
                remaining = remaining and remaining - len(chunk)
                yield chunk

    async def on_read(self) -> None:
        """Inject a fault after the body was read.

        Raises:
            FaultResponse: The fault replaces the response.
        """
        await self._interrupt(self._fire_at(Stage.READ))
        self._require_same_generation()

    def _require_same_generation(self) -> None:
        if self._state.generation is not self._generation:
            # The state was reset during the call: a call from before the reset must not change it.
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
        """Inject a fault instead of carrying out a call that has passed all checks.

        Raises:
            FaultResponse: The fault replaces the response.
            ApiError: The fault is an error in Box's format.
        """
        match self._fire_at(Stage.CHECKED):
            case Accepted(retry_after_s=retry_after_s):
                raise FaultResponse(Response(status_code=202, headers={"Retry-After": str(retry_after_s)}))
            case LatePartsMismatch():
                raise ApiError("parts_mismatch", "No matching part found on server")
            case _:
                pass

    def on_success(self, response: Response, created: Mapping[str, object] | None) -> Response:
        """Return the response of a call that was carried out, or the response with which a fault replaces it.

        Args:
            response: The response of the operation.
            created: The session that the call has created, None if it has created none.
        """
        fault = self._fire_at(Stage.SUCCESS)
        match fault:
            case Failure():
                response = failure_response(fault, self._state, created)
            case LostResponse():
                response = ResetResponse()
            case Truncation():
                return TruncatedResponse(response, fault.sent_bytes)
            case _:
                return response
        # The response of a session conflict contains the session, so the client knows it.
        if created is not None and getattr(fault, "error_code", "") != "session_conflict":
            self._state.session_store.mark_unacknowledged(str(created["id"]))
        return response
