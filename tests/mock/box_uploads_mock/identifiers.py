"""Identifiers from a seed, so that runs are reproducible."""

import random
import string

_LETTERS = string.ascii_letters + string.digits


class Identifiers:
    """A source of identifiers; the same seed gives the same identifiers in the same order.

    Each kind has a random generator of its own, so that an additional failed request does not change the ids of later
    sessions, nor an additional part those of later files. Not thread-safe: the state holds a lock.
    """

    def __init__(self, seed: int) -> None:
        # Predictable on purpose: these ids need no secrecy.
        self._sessions = random.Random(f"sessions {seed}")
        self._requests = random.Random(f"requests {seed}")
        self._parts = random.Random(f"parts {seed}")
        self._files = random.Random(f"files {seed}")
        self._tokens = random.Random(f"tokens {seed}")
        self._folders = random.Random(f"folders {seed}")

    def new_session_id(self) -> str:
        """Return an id in the format of Box's session ids: 32 upper-case hexadecimal digits."""
        return f"{self._sessions.getrandbits(128):032X}"

    def new_request_id(self) -> str:
        """Return an id in the format of Box's request ids, as observed: 32 lower-case hexadecimal digits."""
        return f"{self._requests.getrandbits(128):032x}"

    def new_part_id(self) -> str:
        """Return an id in the format of Box's part ids: 8 upper-case hexadecimal digits."""
        return f"{self._parts.getrandbits(32):08X}"

    def new_file_id(self) -> str:
        """Return an id in the format of Box's file ids: 13 decimal digits."""
        return str(self._files.randrange(10**12, 10**13))

    def new_folder_id(self) -> str:
        """Return an id in the format of Box's folder ids: 12 decimal digits."""
        return str(self._folders.randrange(10**11, 10**12))

    def new_token(self) -> str:
        """Return a token in the format of Box's access tokens: 32 letters and digits."""
        return "".join(self._tokens.choices(_LETTERS, k=32))
