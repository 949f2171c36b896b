"""The control plane: faults, reset and journal over HTTP, for tests in other languages.

It lies outside the API's path space, asks for no token and is meant for the loopback interface only.
"""

import dataclasses
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import cast

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from box_uploads_mock.errors import Refusal
from box_uploads_mock.faults import BodyKind, Failure, RateLimit
from box_uploads_mock.rules import json_object
from box_uploads_mock.state import State

CONTROL_BASE = "/_mock/"

Handler = Callable[[State, Request], Awaitable[Response]]


async def answer(state: State, request: Request) -> Response:
    """Answers a request to the control plane; what is wrong with a request is told in `error`."""
    path: str = request.scope["path"]
    handlers = _ROUTES.get(path)
    if handlers is None:
        return _error(404, f"There is no {path}; there are {', '.join(_ROUTES)}.")
    handler = handlers.get(request.method)
    if handler is None:
        allow = ", ".join(sorted(handlers))
        return _error(405, f"{path} takes {allow}.", {"Allow": allow})
    try:
        return await handler(state, request)
    except Refusal as refusal:
        return _error(400, refusal.message)
    except ValueError as error:
        return _error(400, str(error))


def _error(status: int, message: str, headers: Mapping[str, str] | None = None) -> Response:
    return JSONResponse({"error": message}, status, headers)


async def _reset(state: State, request: Request) -> Response:
    state.reset()
    return Response(status_code=204)


async def _journal(state: State, request: Request) -> Response:
    return JSONResponse({"requests": [dataclasses.asdict(exchange) for exchange in state.journal]})


async def _pending(state: State, request: Request) -> Response:
    return _faults_response(state, 200)


async def _add(state: State, request: Request) -> Response:
    fields = json_object(await request.body())
    _check_keys("the body", fields, ("failures", "rate_limit"))
    if not fields:
        raise ValueError("the body is empty; give failures, rate_limit or both")
    items = fields.get("failures", [])
    if not isinstance(items, list):
        raise ValueError("failures: not a list; give a list of objects")  # noqa: TRY004 - about data
    # All are read before the first is queued: a refused request changes nothing.
    failures = [_failure(f"failures[{i}]", item) for i, item in enumerate(cast("list[object]", items))]
    limit = _limit(fields["rate_limit"]) if "rate_limit" in fields else None
    state.faults.add(*failures)
    if limit is not None:
        state.faults.limit_rate(limit)
    return _faults_response(state, 201)


def _faults_response(state: State, status: int) -> Response:
    unfired = [dataclasses.asdict(failure) for failure in state.faults.unfired]
    return JSONResponse({"unfired": unfired, "rate_limited_requests": state.faults.limited_requests}, status)


def _failure(place: str, value: object) -> Failure:
    fields = _object(place, value)
    _check_keys(place, fields, [field.name for field in dataclasses.fields(Failure)])
    try:
        return Failure(
            operation=_text(fields, "operation"),
            status=_number(fields, "status"),
            code=_text(fields, "code", ""),
            retry_after_s=None if fields.get("retry_after_s") is None else _number(fields, "retry_after_s"),
            body=cast("BodyKind", _text(fields, "body", "box")),
        )
    except ValueError as error:
        raise ValueError(f"{place}.{error}") from None


def _limit(value: object) -> RateLimit:
    fields = _object("rate_limit", value)
    _check_keys("rate_limit", fields, ("retry_after_s", "requests"))
    try:
        return RateLimit(retry_after_s=_number(fields, "retry_after_s"), requests=_number(fields, "requests", 1))
    except ValueError as error:
        raise ValueError(f"rate_limit.{error}") from None


def _object(place: str, value: object) -> Mapping[str, object]:
    if not isinstance(value, dict):
        raise ValueError(f"{place}: not an object; give names and values")  # noqa: TRY004 - about data
    return cast("dict[str, object]", value)


def _check_keys(place: str, fields: Mapping[str, object], known: Sequence[str]) -> None:
    for name in fields:
        if name not in known:
            raise ValueError(f"{place}: {name!a} is unknown; use {', '.join(known)}")


def _text(fields: Mapping[str, object], name: str, default: str | None = None) -> str:
    value = fields.get(name, default)
    if not isinstance(value, str) or not value.isascii():
        raise ValueError(f"{name}: missing or no ASCII string; give one")
    return value


def _number(fields: Mapping[str, object], name: str, default: int | None = None) -> int:
    value = fields.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueError(f"{name}: missing or no whole number; give one")  # noqa: TRY004 - about data
    return value


_ROUTES: Mapping[str, Mapping[str, Handler]] = {
    f"{CONTROL_BASE}reset": {"POST": _reset},
    f"{CONTROL_BASE}requests": {"GET": _journal},
    f"{CONTROL_BASE}faults": {"GET": _pending, "POST": _add},
}
