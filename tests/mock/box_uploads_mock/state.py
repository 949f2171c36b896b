"""The state of the mock: what is stored, which sessions are open, who may call. Knows nothing of HTTP."""

import asyncio
import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from box_uploads_mock.blobs import BlobStore, StoreKind
from box_uploads_mock.commit_rules import LogEvent
from box_uploads_mock.errors import ApiError, invalid_token_error
from box_uploads_mock.faults import Faults, RateLimit, Sleep
from box_uploads_mock.file_store import FileStore
from box_uploads_mock.identifiers import Identifiers
from box_uploads_mock.rules import MIN_FILE_SIZE
from box_uploads_mock.session_store import SessionStore, Settings
from box_uploads_mock.sessions import Session, part_size_for
from box_uploads_mock.world import File, World, default_world

# More than any test looks at; a mock that serves for days must not grow without end.
REQUEST_LOG_LENGTH = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """One request to the API and the status of its answer; credentials and queries are not kept.

    The credentials in headers, and the tokens that the mock knows wherever they are, are replaced by `***`.

    Attributes:
        status: None if a fault has left the request without an answer.
        operation: None if the mock has no such operation.
        content_range: The range that a part was sent for.
        event: The event that was logged.
        headers: The headers by their names in lower case; the values of a repeated one are joined by commas.
        body_start: The first 256 bytes of the body as text, as far as the mock has read them: it refuses most wrong
            requests before it reads the body. Bytes that are not UTF-8 are hexadecimal.
    """

    method: str
    path: str
    status: int | None
    operation: str | None
    content_range: str | None = None
    event: LogEvent | None = None
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    body_start: str = ""


def utc_now() -> datetime:
    """Returns the real present time."""
    return datetime.now(UTC)


class State:
    """Everything that the mock remembers; thread-safe.

    Args:
        world: What exists at first, by default `default_world()`.
        token: The one token to accept, instead of the world's tokens.
        seed: Decides all ids.
        clock: Returns the present time, with its offset from UTC.
        store: Where uploaded bytes are kept: in `memory`, on `disk` (in a temporary directory, until `close`) or not
            at all, beyond their digests (`discard`).
        part_size_for: Returns the part size for a file size, both in bytes.
        min_file_size: Size in bytes of the smallest file that gets a session; tests may want less than Box does.
        sleep: Waits for a number of seconds: the pauses of slow reads, the limits of stalls.
        pending_commits: How many good commits of each session are answered with 202 before one succeeds.
        commit_retry_after_s: Value of `Retry-After` in those answers, in seconds.
        conflicts_as_list: Whether a name conflict is told as a list, as Box's OpenAPI document has it, or as
            one object, as its older pages and its web uploader have it.
        offers_plan: Whether sessions have the `plan` endpoint, which older sessions of Box had not; without it, the
            call is answered with 404. A store that discards holds nothing that could be a hit.
        bare_responses: Whether parts and committed files are answered bare, as Box's guides show them, rather than
            in `part` and in a list of files, as its OpenAPI document and its SDKs have them.

    Raises:
        ValueError: The store is of an unknown kind, or the smallest file has no bytes.
    """

    def __init__(
        self,
        world: World | None = None,
        *,
        token: str | None = None,
        seed: int = 0,
        clock: Callable[[], datetime] = utc_now,
        store: StoreKind = "memory",
        part_size_for: Callable[[int], int] = part_size_for,
        min_file_size: int = MIN_FILE_SIZE,
        sleep: Sleep = asyncio.sleep,
        pending_commits: int = 0,
        commit_retry_after_s: int = 1,
        conflicts_as_list: bool = False,
        offers_plan: bool = True,
        bare_responses: bool = False,
    ) -> None:
        world = default_world() if world is None else world
        self._world = world if token is None else replace(world, tokens=(token,))
        self._seed = seed
        self._clock = clock
        self._settings = Settings(part_size_for=part_size_for, now=self.now)
        self._defaults = {
            "pending_commits": pending_commits,
            "commit_retry_after_s": commit_retry_after_s,
            "conflicts_as_list": conflicts_as_list,
            "offers_plan": offers_plan,
            "bare_responses": bare_responses,
        }
        if min_file_size < 1:
            raise ValueError(f"min_file_size: {min_file_size} is too small; a session has at least one byte")
        self.min_file_size = min_file_size
        self.sleep = sleep
        self.store = BlobStore(store)
        self._lock = threading.RLock()
        self.faults = Faults()
        self._initialize()

    def _initialize(self) -> None:
        self._generation = object()
        self._identifiers = Identifiers(self._seed)
        self._file_store = FileStore(self._world, self._identifiers)
        self.session_store = SessionStore(self._lock, self._settings, self._file_store, self._identifiers, self.store)
        self._tokens = dict.fromkeys(self._world.tokens, True)
        self._request_log: deque[Exchange] = deque(maxlen=REQUEST_LOG_LENGTH)
        defaults = self._defaults
        self.pending_commits = int(defaults["pending_commits"])
        self.commit_retry_after_s = int(defaults["commit_retry_after_s"])
        self.conflicts_as_list = bool(defaults["conflicts_as_list"])
        self.offers_plan = bool(defaults["offers_plan"])
        self.bare_responses = bool(defaults["bare_responses"])

    def reset(self) -> None:
        """Returns to the beginning: world, ids, defaults; no sessions, uploaded bytes, faults or journal.

        Calls that have begun before are left without an answer and change nothing.
        """
        with self._lock:
            self.faults.clear()
            self.session_store.clear()
            self._file_store.clear_contents()
            self._initialize()

    @property
    def generation(self) -> object:
        """Is another object after each `reset`, so that a call can tell whether it has begun before."""
        with self._lock:
            return self._generation

    def close(self) -> None:
        """Lets calls that are held up go on and removes what is on the disk: uploaded bytes and their sessions."""
        self.faults.release()
        if self.store.kind != "memory":
            with self._lock:
                self.session_store.clear()
                self._file_store.clear_contents()
            self.store.close()

    @property
    def conflicts_as_list(self) -> bool:
        """Whether a name conflict is told as a list."""
        return self._file_store.conflicts_as_list

    @conflicts_as_list.setter
    def conflicts_as_list(self, value: bool) -> None:
        self._file_store.conflicts_as_list = value

    @property
    def pending_commits(self) -> int:
        """How many good commits of each session to come are answered with 202."""
        return self.session_store.pending_commits

    @pending_commits.setter
    def pending_commits(self, value: int) -> None:
        self.session_store.pending_commits = value

    @property
    def token(self) -> str:
        """The token to call the mock with."""
        return self._world.tokens[0]

    def now(self) -> datetime:
        """Returns the present time of the clock.

        Raises:
            ValueError: The clock tells no offset from UTC.
        """
        now = self._clock()
        if now.tzinfo is None:
            raise ValueError("The clock tells no offset from UTC; let it return an aware datetime.")
        return now

    def new_request_id(self) -> str:
        """Returns the id of the next answer."""
        with self._lock:
            return self._identifiers.new_request_id()

    # Who may call

    def expire_token(self, token: str) -> None:
        """Lets a token expire, as Box's tokens do after an hour."""
        with self._lock:
            self._tokens[token] = False

    @property
    def tokens(self) -> tuple[str, ...]:
        """The tokens that are known: those that are accepted, and those that have expired."""
        with self._lock:
            return tuple(self._tokens)

    def add_token(self, token: str) -> None:
        """Accepts a token from now on."""
        with self._lock:
            self._tokens[token] = True

    def authenticate(self, token: str) -> None:
        """Checks a token.

        Raises:
            ApiError: The token is unknown or has expired.
        """
        with self._lock:
            alive = self._tokens.get(token)
        if alive is None:
            raise invalid_token_error("The access token provided is invalid.")
        if not alive:
            raise invalid_token_error("The access token provided has expired.")

    def check_as_user(self, user_id: str) -> None:
        """Checks the user on whose behalf a request is made.

        Raises:
            ApiError: The world names its users, and this is none of them.
        """
        if self._world.users and user_id not in self._world.users:
            raise ApiError("access_denied_insufficient_permissions", "Access denied - insufficient permission")

    # What is stored

    @property
    def files(self) -> Mapping[str, File]:
        """The files by id."""
        with self._lock:
            return self._file_store.files

    def find_file(self, file_id: str) -> File:
        """Returns a file.

        Raises:
            ApiError: The file is unknown or in the trash.
        """
        with self._lock:
            return self._file_store.require_file(file_id)

    @property
    def sessions(self) -> Mapping[str, Session]:
        """The sessions that were neither committed nor aborted, by id, in the order of their creation."""
        return self.session_store.sessions

    def content(self, file_id: str) -> bytes:
        """Returns the bytes of a file that was uploaded.

        Raises:
            LookupError: The file is unknown, or only its description is kept.
        """
        return b"".join(self.content_chunks(file_id))

    def content_chunks(self, file_id: str) -> Iterator[bytes]:
        """Returns the bytes of a file that was uploaded, piece by piece.

        Raises:
            LookupError: The file is unknown, or only its description is kept.
        """
        with self._lock:
            return self._file_store.content(file_id).chunks()

    # What happened

    def rate_limit(self, *, retry_after_s: int, requests: int = 1) -> None:
        """Answers the next requests to the API with 429 and `Retry-After`.

        Raises:
            ValueError: A number is negative.
        """
        self.faults.limit_rate(RateLimit(retry_after_s=retry_after_s, requests=requests))

    def record(self, exchange: Exchange) -> None:
        """Adds a request and its answer to the journal."""
        with self._lock:
            self._request_log.append(exchange)

    @property
    def request_log(self) -> tuple[Exchange, ...]:
        """The latest requests to the API, oldest first."""
        with self._lock:
            return tuple(self._request_log)
