"""The token appears in no error, traceback, pickle, repr or log record."""

from __future__ import annotations

import base64
import copy
import copyreg
import json
import logging
import pickle
import traceback
from contextlib import ExitStack
from importlib import import_module
from pathlib import Path
from typing import Any, Literal, cast
from urllib.parse import quote

import httpx2
import msgspec
import pytest

import generator.overlay._runtime.transport as transport_module
from generator.overlay._runtime.api_error import api_error
from generator.overlay._runtime.auth import Credentials, Secret
from generator.overlay._runtime.codecs import Json
from generator.overlay._runtime.errors import (
    ClientError,
    DecodeError,
    InvalidArgumentError,
    TransportError,
    UntrustedUrlError,
)
from generator.overlay._runtime.messages import Request
from generator.overlay._runtime.redaction import Redaction

from .conftest import BASE, Connect, Handler, Send

TOKEN = "s3cr3t-t0k3n"
POST = Request("op", "POST", BASE, "/things", content=b"{}")
OURS = str(Path(transport_module.__file__).parent)


def accept(_: httpx2.Request) -> httpx2.Response:
    return httpx2.Response(200)


def frames(error: BaseException) -> list[str]:
    """Return the texts of the local variables of our modules' frames."""
    found: list[str] = []
    for frame in traceback.StackSummary.extract(traceback.walk_tb(error.__traceback__), capture_locals=True):
        if frame.filename.startswith(OURS):
            found.extend((frame.locals or {}).values())
    return found


def parts(value: Any) -> list[Any]:
    """Return what hangs directly on a value."""
    if isinstance(value, BaseException):
        return [getattr(value, name, None) for name in ("args", "__cause__", "__context__", "__dict__", "__notes__")]
    if isinstance(value, dict):
        return [part for pair in cast("Any", value).items() for part in pair]
    if isinstance(value, (list, tuple, set)):
        return [*cast("Any", value)]
    if isinstance(value, (httpx2.Request, httpx2.Response, httpx2.Headers)) or type(value).__module__.startswith("gen"):
        return [getattr(value, "raw", None), getattr(value, "__dict__", None)]
    return []


def reachable(error: BaseException) -> str:
    """Return the text of all that hangs on an error, the frames of our modules included."""
    texts = ["".join(traceback.format_exception(error))]
    seen: dict[int, Any] = {}
    waiting: list[Any] = [error]
    while waiting:
        value = waiting.pop()
        if id(value) not in seen:
            seen[id(value)] = value
            texts.append(repr(value))
            waiting.extend(parts(value))
            texts.extend(frames(value) if isinstance(value, BaseException) else [])
    return "\n".join(texts)


def _read_error(request: httpx2.Request) -> httpx2.Response:
    raise httpx2.ReadError("gone", request=request)


def _header_in_text(request: httpx2.Request) -> httpx2.Response:
    raise httpx2.LocalProtocolError(f"Illegal header value {request.headers.raw}", request=request)


def _token_in_text(request: httpx2.Request) -> httpx2.Response:
    raise httpx2.LocalProtocolError(f"Illegal value {request.headers['authorization'].split()[1]!r}", request=request)


def _chained(request: httpx2.Request) -> httpx2.Response:
    try:
        int(request.headers["authorization"])
    except ValueError as error:
        raise httpx2.ConnectError("broken", request=request) from error
    return httpx2.Response(200)


class OwnError(httpx2.TransportError):
    """An error of a caller's transport, which keeps the request's headers."""

    def __init__(self, request: httpx2.Request) -> None:
        super().__init__("own", request=request)
        self.headers = dict(request.headers)


def _own_error(request: httpx2.Request) -> httpx2.Response:
    raise OwnError(request)


FAILURES: list[Handler] = [_read_error, _header_in_text, _token_in_text, _chained, _own_error]
TOKENS = pytest.mark.parametrize(
    "token", [TOKEN, lambda: TOKEN, httpx2.BasicAuth("user", TOKEN)], ids=["text", "callable", "auth"]
)


@pytest.mark.parametrize("handler", FAILURES, ids=lambda handler: handler.__name__)
@TOKENS
def test_no_failure_of_the_transport_reveals_the_token(send: Send, handler: Any, token: Any) -> None:
    encoded = base64.b64encode(f"user:{TOKEN}".encode()).decode()
    with pytest.raises(ClientError) as caught:
        send(POST, handler=handler, token=token)
    for text in (reachable(caught.value), reachable(copy.copy(caught.value)), str(pickle.dumps(caught.value))):
        assert TOKEN not in text
        assert encoded not in text


def test_a_real_failure_does_not_reveal_the_token(send: Send) -> None:
    with pytest.raises(ClientError) as caught:
        send(POST, token=TOKEN, base_url="http://127.0.0.1:9")
    assert TOKEN not in reachable(caught.value)


@pytest.mark.parametrize(
    "bad",
    [
        f"{TOKEN}\n",
        f"a {TOKEN}",
        f" {TOKEN}",
        f"{TOKEN}ä",
        f"\x00{TOKEN}",
        TOKEN.encode(),
        [TOKEN],
        "",
    ],
    ids=repr,
)
@pytest.mark.parametrize("fetched", [False, True])
def test_a_token_that_cannot_be_sent_is_refused_without_being_shown(send: Send, bad: Any, *, fetched: bool) -> None:
    with pytest.raises(InvalidArgumentError) as caught:
        send(POST, token=(lambda: bad) if fetched else bad, handler=accept)
    assert caught.value.argument == "token"
    assert str(caught.value) == "token: must be a non-empty string of visible ASCII characters without spaces"
    assert TOKEN not in reachable(caught.value)


def test_a_callable_that_returns_no_token_is_refused(send: Send) -> None:
    with pytest.raises(InvalidArgumentError):
        send(POST, token=lambda: None, handler=accept)


def test_a_refused_argument_does_not_reveal_the_token(send: Send) -> None:
    bad_header = msgspec.structs.replace(POST, headers=(("x", "ä"),))
    table: list[tuple[Request, dict[str, Any]]] = [
        *((POST, options) for options in ({"base_url": "ftp://h"}, {"timeout_s": -1}, {"http": object()})),
        (bad_header, {"handler": accept}),
    ]
    for request, options in table:
        with pytest.raises(InvalidArgumentError) as caught:
            send(request, token=TOKEN, **options)
        assert TOKEN not in reachable(caught.value)


def test_an_exception_of_the_caller_s_own_code_passes_without_the_token(send: Send) -> None:
    def handler(_: httpx2.Request) -> httpx2.Response:
        raise KeyError("mine")

    with pytest.raises(KeyError) as caught:
        send(POST, handler=handler, token=TOKEN)
    assert TOKEN not in reachable(caught.value)


def test_an_api_error_does_not_reveal_the_token(send: Send) -> None:
    (raw,) = send(POST, handler=lambda _: httpx2.Response(401, json={"message": "no"}), token=TOKEN)
    assert TOKEN not in reachable(api_error(raw, {}))


def echo(status: int, **body: Any) -> Handler:
    """Return a server that repeats the credential wherever it can."""

    def answer(request: httpx2.Request) -> httpx2.Response:
        header = request.headers["authorization"]
        bare = header.split()[1]
        texts = {
            "code": bare,
            "message": f"not {header}, {bare}",
            "request_id": bare,
            "help_url": f"https://h/?t={bare}",
        }
        context = {"conflicts": [{"type": "file", "id": bare, "name": bare}]}
        fields = {"x-request-id": bare, "location": f"https://{bare}/", "www-authenticate": f'Bearer realm="{bare}"'}
        return httpx2.Response(status, headers=fields, json={**texts, "context_info": context, "kind": bare, **body})

    return answer


# It has no types.
PICKLING: Any = import_module("tblib.pickling_support")


def kept(error: BaseException) -> str:
    """Return the text of all that a user, a log or a pickle may get of an error."""
    texts = [str(error), repr(error), repr(error.__dict__), repr(pickle.dumps(error))]
    known = dict(copyreg.dispatch_table)
    # As Dask does with each error that it sends to another machine, its context included.
    PICKLING.install(error)
    texts.append(repr(pickle.dumps(error)))
    copyreg.dispatch_table.clear()
    copyreg.dispatch_table.update(known)
    return "\n".join(texts + traceback.format_exception(error))


def credential(token: Any) -> str:
    return TOKEN if not isinstance(token, httpx2.Auth) else base64.b64encode(f"user:{TOKEN}".encode()).decode()


class Echoed(msgspec.Struct):
    """A body that is decoded as the contract types it."""

    code: str
    context_info: dict[str, Any]


@pytest.mark.parametrize("status", [299, 302, 400, 401, 409, 429, 503, 999])
@TOKENS
@pytest.mark.parametrize(
    "bodies", [{}, {"default": Json[Any](Echoed)}, {"default": Json[Any](int)}], ids=["untyped", "fits", "misfits"]
)
def test_an_api_error_does_not_repeat_the_token_that_the_server_repeats(
    send: Send, status: int, token: Any, bodies: Any
) -> None:
    (raw,) = send(POST, handler=echo(status), token=token)
    error = api_error(raw, bodies)
    assert error.status == status
    assert (error.code, error.request_id, error.headers["x-request-id"]) == ("[secure]",) * 3
    assert credential(token) not in kept(error)


@TOKENS
def test_a_decode_error_does_not_repeat_the_token_that_the_server_repeats(send: Send, token: Any) -> None:
    class Kind(msgspec.Struct, tag_field="kind", tag="known"):
        pass

    class Of(msgspec.Struct):
        kind: Literal["known"]

    for type_ in (int, Kind, Of):
        (raw,) = send(POST, handler=echo(200), token=token)
        with pytest.raises(DecodeError) as caught:
            Json[Any](type_).decode(raw)
        assert b"[secure]" in caught.value.content
        assert credential(token) not in kept(caught.value)


@pytest.mark.parametrize(
    "write",
    [
        lambda token: token.replace("/", "\\/"),
        lambda token: "".join(f"\\u{ord(character):04x}" for character in token),
        lambda token: "".join(f"\\u{ord(character):04X}" for character in token),
        lambda token: quote(token, safe=""),
        lambda token: quote(token, safe="").lower().replace("abcdef12", "abCDef12").replace("ghijkl34", "ghIJkl34"),
    ],
    ids=["slashes", "escapes", "capitals", "url", "small url"],
)
def test_a_token_is_taken_out_however_it_is_written(send: Send, write: Any) -> None:
    token = "abCDef12/ghIJkl34+mnop=="
    text = write(token)
    body = f'{{"code": "bad", "message": "no {text}, no"}}'.encode()
    (raw,) = send(POST, handler=lambda _: httpx2.Response(403, content=body), token=token)
    error = api_error(raw, {})
    assert error.content == b'{"code": "bad", "message": "no [secure], no"}'
    assert error.message == "no [secure], no"


def test_a_successful_response_is_left_as_it_is(send: Send) -> None:
    (raw,) = send(POST, handler=echo(200), token=TOKEN)
    assert json.loads(raw.content)["code"] == raw.headers["x-request-id"] == TOKEN


def test_a_response_is_pickled_without_the_token_and_is_the_same_after_it(send: Send) -> None:
    (raw,) = send(POST, handler=lambda _: httpx2.Response(200, json={}), token=TOKEN)
    assert TOKEN not in repr(raw) + repr(raw.redaction) + repr(pickle.dumps(raw))
    other = pickle.loads(pickle.dumps(raw))  # noqa: S301  # our own
    assert (other, hash(other)) == (raw, hash(raw))


def test_after_a_renewal_it_is_the_token_of_the_last_attempt_that_is_taken_out(send: Send) -> None:
    tokens = iter(["stale-t0k3n-1", "fresh-t0k3n-2"])
    (raw,) = send(POST, handler=echo(401), token=lambda: next(tokens))
    assert "fresh-t0k3n-2" not in kept(api_error(raw, {}))


def test_a_refused_url_is_shown_without_the_token(send: Send) -> None:
    for url in (f"https://evil.example/things?access_token={TOKEN}", f"ftp://{TOKEN}/"):
        with pytest.raises(UntrustedUrlError) as caught:
            send(msgspec.structs.replace(POST, url=url), token=TOKEN, handler=accept)
        assert TOKEN not in kept(caught.value)


@pytest.mark.parametrize("token", ["t", "ed", "service"])
def test_a_short_token_garbles_no_message(send: Send, token: str) -> None:
    def broken(request: httpx2.Request) -> httpx2.Response:
        raise httpx2.ConnectError("service disconnected", request=request)

    with pytest.raises(TransportError, match=r"^op: ConnectError: service disconnected$"):
        send(POST, handler=broken, token=token)
    (raw,) = send(POST, handler=lambda _: httpx2.Response(400, json={"message": "service edited"}), token=token)
    assert api_error(raw, {}).message == "service edited"


def test_no_log_record_reveals_the_token(send: Send, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    send(POST, handler=accept, token=TOKEN)
    with pytest.raises(ClientError):
        send(POST, token=TOKEN, base_url="http://127.0.0.1:9")
    assert "http://127.0.0.1:9" in caplog.text
    assert TOKEN not in caplog.text


@pytest.mark.parametrize("keeper", [Secret(TOKEN), Credentials(TOKEN)])
def test_what_keeps_the_token_neither_shows_nor_pickles_it(keeper: object) -> None:
    assert TOKEN not in f"{keeper!r} {keeper!s} {keeper}"
    assert repr(keeper) == f"{type(keeper).__name__}(…)"
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        with pytest.raises(TypeError, match=r"^(a token is|credentials are) not pickled$"):
            pickle.dumps(keeper, protocol)


def test_a_transport_neither_shows_nor_pickles_its_token(connect: Connect) -> None:
    transport = connect(accept, token=TOKEN).transport
    assert TOKEN not in repr(transport) + repr(vars(transport))
    with pytest.raises(TypeError):
        pickle.dumps(transport)


def test_a_client_in_another_process_gets_the_same_token_or_callable_or_none() -> None:
    def fetch() -> str:
        return "t0ken"

    sources = [Credentials(token).token_source() for token in ("t0ken", fetch, None)]
    assert sources == ["t0ken", fetch, None]


KEY, PASSWORD = "api/key-12345", "pass word+12345"


def test_other_credentials_are_taken_out_as_the_token_is() -> None:
    redaction = Redaction(f"Bearer {TOKEN}", (KEY, ("user-name", PASSWORD), msgspec.UNSET))
    assert redaction(f"{KEY}, {PASSWORD}, {TOKEN}!") == "[secure], [secure], [secure]!"
    assert redaction(f"{KEY}, {PASSWORD}, {TOKEN}!".encode()) == b"[secure], [secure], [secure]!"
    assert redaction(quote(KEY, safe="") + " " + KEY.replace("/", "\\/")) == "[secure] [secure]"
    assert redaction("user-name") == "user-name"


@pytest.mark.parametrize("secrets", [(), ("",), ("1234567",), (("name", "1234567"),), (msgspec.UNSET,), ((),)])
def test_without_long_credentials_nothing_is_taken_out(secrets: tuple[Any, ...]) -> None:
    assert Redaction("", secrets)("name 1234567 UNSET") == "name 1234567 UNSET"


def test_what_takes_out_credentials_shows_none() -> None:
    redaction = Redaction("", (KEY, ("user", PASSWORD)))
    assert KEY not in f"{redaction!r}{redaction!s}{pickle.dumps(redaction)!r}"
    assert PASSWORD not in f"{redaction!r}{redaction!s}{pickle.dumps(redaction)!r}"
    assert (redaction, hash(redaction)) == (Redaction(), hash(Redaction()))


def test_credentials_of_a_request_that_the_server_repeats_are_in_no_error(send: Send) -> None:
    def answer(request: httpx2.Request) -> httpx2.Response:
        login = request.headers["authorization"].split()[1]
        text = f"{request.headers['x-key']} {request.url.params['key']} {login} {PASSWORD}"
        return httpx2.Response(400, headers={"x-request-id": KEY}, json={"message": text, "code": PASSWORD})

    login = base64.b64encode(f"user:{PASSWORD}".encode()).decode()
    request = msgspec.structs.replace(
        POST,
        query=(("key", KEY),),
        headers=(("x-key", KEY), ("authorization", f"Basic {login}")),
        authenticated=False,
        secrets=(KEY, ("user", PASSWORD), msgspec.UNSET),
    )
    (raw,) = send(request, handler=answer)
    error = api_error(raw, {"default": Json[Any](Echoed)})
    assert (error.code, error.headers["x-request-id"]) == ("[secure]", "[secure]")
    assert error.message == "[secure] [secure] [secure] [secure]"
    for secret in (KEY, PASSWORD, login):
        assert secret not in kept(error)
        assert secret not in repr(request)


def test_an_error_keeps_the_context_that_belongs_to_it() -> None:
    def fail() -> None:
        raise InvalidArgumentError("size", "must be a number")

    def fail_while_failing() -> None:
        with ExitStack() as stack:
            stack.callback(fail)
            raise KeyError("first")

    with pytest.raises(InvalidArgumentError) as caught:
        fail_while_failing()
    assert isinstance(caught.value.__context__, KeyError)
