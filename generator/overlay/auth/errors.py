"""The errors of a sign-in; none of them holds a token, a key or a client secret."""

from __future__ import annotations

from .._runtime.errors import ClientError

__all__ = ["AppConfigError", "SignInError", "SignInRefusedError", "SignInUnavailableError", "TokenStoreError"]


class SignInError(ClientError):
    """There is no token; the call that needed one was not sent.

    Attributes:
        hint: What to do about it, in one or more lines, which a traceback shows as well; empty if nothing is known.
    """

    def __init__(self, message: str, *, hint: str = "", retry_after_s: float | None = None) -> None:
        super().__init__(message, retry_safe=True, retry_after_s=retry_after_s)
        self.hint = hint
        if hint:
            self.add_note(hint)


class SignInRefusedError(SignInError):
    """Box has refused the sign-in; trying the same again does not help.

    Attributes:
        status: HTTP status.
        error: Box's code, such as `invalid_grant`.
        description: What Box says about it, or an empty string.
    """

    def __init__(self, status: int, error: str, description: str, *, hint: str = "") -> None:
        super().__init__(f"sign-in refused: {status} {error}" + (f": {description}" if description else ""), hint=hint)
        self.status = status
        self.error = error
        self.description = description


class SignInUnavailableError(SignInError):
    """Box has not answered the sign-in, or only with failures; the same may work later.

    Attributes:
        is_transient: True: an upload waits and tries again.
    """

    is_transient = True


class TokenStoreError(SignInError):
    """The store of the tokens is empty, cannot be read or written, or stays locked by another process."""


class AppConfigError(SignInError, ValueError):
    """The configuration of the application or its private key cannot be used."""
