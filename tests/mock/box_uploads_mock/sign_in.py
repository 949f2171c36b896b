"""The operations of a sign-in, each from a call to its result."""

import re
from collections.abc import Mapping
from urllib.parse import parse_qsl, unquote_plus, urlencode

from box_uploads_mock import request_checks
from box_uploads_mock.calls import Call, CallResult
from box_uploads_mock.errors import SignInError, argument_error
from box_uploads_mock.rules import is_id

GRANT_TYPES = (
    *("authorization_code", "refresh_token", "client_credentials"),
    "urn:ietf:params:oauth:grant-type:jwt-bearer",
)
_OF_A_TOKEN = (
    *("grant_type", "client_id", "client_secret", "box_subject_type", "box_subject_id"),
    *("assertion", "code", "refresh_token"),
)
_OF_A_REVOCATION = ("client_id", "client_secret", "token")
# The page of a local program; a mock that sent a browser anywhere would be an open redirect.
_REDIRECT_URI = re.compile(r"http://(localhost|127\.0\.0\.1|\[::1\])(:[0-9]{1,5})?(/[!-~]*)?")
SECRET_FIELDS = frozenset({"client_secret", "assertion", "code", "refresh_token", "token"})
_FIELDS = re.compile(r"[a-z_]+(,[a-z_]+)*")
_STANDARD = ("name", "login", "space_amount", "space_used", "max_upload_size", "status")


async def authorize(call: Call) -> CallResult:
    """Be the page on which a user grants access: the user does so at once, and is sent back with a code."""
    await call.injector.on_read()
    query = call.query
    redirect_uri, app = query.get("redirect_uri", ""), call.state.find_app(query.get("client_id", ""))
    if app is None or not _REDIRECT_URI.fullmatch(redirect_uri):
        # A user must not be sent to where no known application has asked for it (RFC 6749, section 4.1.2.1).
        raise SignInError("invalid_request", "The client_id is unknown, or the redirect_uri is not on this machine.")
    state = {"state": query["state"]} if "state" in query else {}
    answer = {"error": "unsupported_response_type"}
    if query.get("response_type") == "code":
        answer = {"error": "access_denied"} if app.is_denied else {"code": call.state.authorize(app.client_id)}
    separator = "&" if "?" in redirect_uri else "?"
    return CallResult(status=302, headers={"Location": f"{redirect_uri}{separator}{urlencode({**answer, **state})}"})


async def request_token(call: Call) -> CallResult:
    """Exchange a grant for an access token."""
    form = _checked(await _form(call), _OF_A_TOKEN, ("grant_type",))
    if form["grant_type"] not in GRANT_TYPES:
        raise SignInError("unsupported_grant_type", "Unsupported grant type")
    if form.get("box_subject_type", "user") not in {"enterprise", "user"} or not is_id(form.get("box_subject_id", "0")):
        raise SignInError("invalid_request", "The subject is neither an enterprise nor a user.")
    return CallResult(status=200, body=call.state.exchange(form))


async def revoke_token(call: Call) -> CallResult:
    """Revoke a token."""
    call.state.revoke(_checked(await _form(call), _OF_A_REVOCATION, _OF_A_REVOCATION))
    return CallResult(status=200)


async def get_current_user(call: Call) -> CallResult:
    """Return the user whose token it is, or the one in `As-User`."""
    await call.injector.on_read()
    fields = call.query.get("fields")
    if fields is not None and not _FIELDS.fullmatch(fields):
        raise argument_error("invalid_parameter", "fields", "It is not a list of names, separated by commas.")
    user = call.state.caller(call.headers.get("authorization", ""), call.headers.get("as-user"))
    known: Mapping[str, object] = {
        "name": user.name,
        "login": user.login,
        "space_amount": call.state.quota_bytes,
        "space_used": call.state.used_bytes,
        "max_upload_size": call.state.max_file_size,
        "status": "active",
        "role": user.role,
        "enterprise": None
        if user.enterprise_id is None
        else {"type": "enterprise", "id": user.enterprise_id, "name": user.enterprise_name},
    }
    wanted = _STANDARD if fields is None else fields.split(",")
    body: dict[str, object] = {"type": "user", "id": user.id}
    return CallResult(status=200, body=body | {name: known[name] for name in wanted if name in known})


async def _form(call: Call) -> Mapping[str, str]:
    """Return the fields of the body.

    Raises:
        SignInError: The body is no form, or repeats a field.
    """
    body = await request_checks.read_body(call.request, call.injector.read_body(), "application/x-www-form-urlencoded")
    await call.injector.on_read()
    try:
        pairs = parse_qsl(
            body.decode("ascii"), keep_blank_values=True, strict_parsing=True, encoding="utf-8", errors="strict"
        )
    except ValueError:
        raise SignInError("invalid_request", "The request body is not a form.") from None
    form = dict(pairs)
    if len(form) < len(pairs):
        raise SignInError("invalid_request", "The request body repeats a field.")
    return form


def _checked(form: Mapping[str, str], known: tuple[str, ...], required: tuple[str, ...]) -> Mapping[str, str]:
    for name, value in form.items():
        if name not in known or not value:
            raise SignInError("invalid_request", "The request body has an unknown or an empty field.")
    if not set(required) <= set(form):
        raise SignInError("invalid_request", "Invalid grant_type parameter or parameter missing")
    return form


def hide_secrets(content: bytes) -> bytes:
    """Return the body of a sign-in as the request log may have it."""
    fields: list[str] = []
    for field in content.decode("latin-1").split("&"):
        name, equals, _ = field.partition("=")
        fields.append(f"{name}=***" if equals and unquote_plus(name).strip() in SECRET_FIELDS else field)
    return "&".join(fields).encode("latin-1") if _is_form(content) else b"***"


def _is_form(content: bytes) -> bool:
    # What is no form may have a secret anywhere.
    return re.fullmatch(rb"[A-Za-z0-9._~*+%=&:-]*", content) is not None
