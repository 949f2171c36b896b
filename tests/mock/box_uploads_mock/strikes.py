"""What a fault does to the call that it strikes."""

from collections.abc import AsyncGenerator, Mapping
from types import TracebackType
from typing import Self

from starlette.requests import Request
from starlette.responses import Response

from box_uploads_mock.answers import failure_response
from box_uploads_mock.connection import ResetResponse, TruncatedResponse
from box_uploads_mock.errors import Refusal
from box_uploads_mock.fault_kinds import (
    Accepted,
    Failure,
    Fault,
    LatePartsMismatch,
    LostAnswer,
    Reset,
    SlowRead,
    Stage,
    Stall,
    TokenExpiry,
    Truncation,
)
from box_uploads_mock.state import State


class Struck(Exception):  # noqa: N818 - an answer, not a fault of the program
    """A fault answers instead of the operation."""

    def __init__(self, response: Response) -> None:
        super().__init__()
        self.response = response


class Strike:
    """The fault that is meant for one call, if there is any; a context manager that accounts for it."""

    def __init__(self, state: State, operation: str, request: Request) -> None:
        self._state = state
        self._request = request
        self._queued = state.faults.take(operation)
        self._fault: Fault | None = None if self._queued is None else self._queued.fault
        self._fired = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._queued is not None:
            self._state.faults.settle(self._queued, fired=self._fired)

    def _at(self, stage: Stage) -> Fault | None:
        """Returns the fault if it strikes now, and takes note of it."""
        if self._fault is None or self._fault.stage is not stage:
            return None
        self._fired = True
        return self._fault

    async def on_arrival(self) -> None:
        """Lets a fault strike before anything is looked at.

        Raises:
            Struck: The fault answers.
        """
        await self._interrupt(self._at(Stage.ARRIVAL))

    async def body(self) -> AsyncGenerator[bytes, None]:
        """Yields the request body, with what the fault does to its reading.

        Raises:
            Struck: The fault answers.
        """
        fault = self._fault if self._fault is not None and self._fault.stage is Stage.BODY else None
        rest = getattr(fault, "after_bytes", None)
        if rest == 0:
            await self._interrupt(self._at(Stage.BODY))
        async for chunk in self._request.stream():
            if isinstance(fault, SlowRead) and chunk:
                self._fired = True
                for start in range(0, len(chunk), fault.bytes_per_read):
                    yield chunk[start : start + fault.bytes_per_read]
                    await self._state.sleep(fault.pause_s)
            elif rest and len(chunk) >= rest:
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
            Struck: The fault answers.
        """
        await self._interrupt(self._at(Stage.READ))

    async def _interrupt(self, fault: Fault | None) -> None:
        match fault:
            case Failure():
                raise Struck(failure_response(fault, self._state))
            case Reset():
                raise Struck(ResetResponse())
            case Stall():
                await self._state.faults.stall(fault.limit_s, self._state.sleep)
            case TokenExpiry():
                self._state.expire_token(self._request.headers.get("authorization", "").partition(" ")[2].strip())
                if fault.new_token:
                    self._state.add_token(fault.new_token)
            case _:
                pass

    def on_checked(self) -> None:
        """Lets a fault strike instead of carrying out a call that was found good.

        Raises:
            Struck: The fault answers.
            Refusal: The fault refuses.
        """
        match self._at(Stage.CHECKED):
            case Accepted(retry_after_s=retry_after_s):
                raise Struck(Response(b"", 202, {"Retry-After": str(retry_after_s)}))
            case LatePartsMismatch():
                raise Refusal("parts_mismatch", "No matching part found on server")
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
            case LostAnswer():
                response = ResetResponse()
            case Truncation():
                return TruncatedResponse(response, fault.sent_bytes)
            case _:
                return response
        # A session conflict has told the client of the session already.
        if created is not None and getattr(fault, "code", "") != "session_conflict":
            self._state.uploads.lose_answer(str(created["id"]))
        return response
