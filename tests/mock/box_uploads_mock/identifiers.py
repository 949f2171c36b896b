"""Identifiers from a seed, so that a run repeats exactly."""

import random


class Identifiers:
    """A source of identifiers; the same seed gives the same identifiers in the same order.

    Each kind draws from a source of its own, so that an additional refused request does not change the ids of later
    sessions, nor an additional part those of later files. Not thread-safe: the state guards it.
    """

    def __init__(self, seed: int) -> None:
        # Predictable on purpose: these ids protect nothing.
        self._sessions = random.Random(f"sessions {seed}")
        self._requests = random.Random(f"requests {seed}")
        self._parts = random.Random(f"parts {seed}")
        self._files = random.Random(f"files {seed}")

    def new_session_id(self) -> str:
        """Returns an id in the form of Box's session ids: 32 upper-case hexadecimal digits."""
        return f"{self._sessions.getrandbits(128):032X}"

    def new_request_id(self) -> str:
        """Returns an id in the form of the request ids seen at Box: 32 lower-case hexadecimal digits."""
        return f"{self._requests.getrandbits(128):032x}"

    def new_part_id(self) -> str:
        """Returns an id in the form of Box's part ids: 8 upper-case hexadecimal digits."""
        return f"{self._parts.getrandbits(32):08X}"

    def new_file_id(self) -> str:
        """Returns an id in the form of Box's file ids: 13 decimal digits."""
        return str(self._files.randrange(10**12, 10**13))
