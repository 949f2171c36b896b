"""The state of the mock: files, sessions, tokens, faults and the request log. Independent of HTTP."""

import asyncio
import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from box_uploads_mock.blobs import BlobStore, StoreKind
from box_uploads_mock.commit_rules import Attributes
from box_uploads_mock.download_links import DownloadLinks
from box_uploads_mock.errors import ApiError, argument_error
from box_uploads_mock.faults import Faults, RateLimit, Sleep
from box_uploads_mock.file_store import FileStore, require_etag
from box_uploads_mock.identifiers import Identifiers
from box_uploads_mock.part_store import Content, Part, PartWriter, StoredPart
from box_uploads_mock.request_log import Exchange
from box_uploads_mock.rules import MIN_FILE_SIZE, NewFile, NewVersion
from box_uploads_mock.session_store import SessionSettings, SessionStore
from box_uploads_mock.sessions import Session, part_size_for
from box_uploads_mock.token_store import TOKEN_LIFETIME_S, TokenStore
from box_uploads_mock.user_limits import UserLimits
from box_uploads_mock.world import App, File, Folder, User, World, default_world

# More than any test needs; bounded, because a mock may serve for days.
REQUEST_LOG_LENGTH = 10_000
# Box documents 50 MB, and its own clients send up to this many bytes in one request.
MAX_SMALL_FILE_SIZE = 104_857_600


def utc_now() -> datetime:
    """Return the current time of the system clock."""
    return datetime.now(UTC)


class State:
    """The state of a mock; thread-safe.

    Args:
        world: The initial content, by default `default_world()`.
        token: The only token to accept, instead of the world's tokens.
        seed: The seed of all ids.
        clock: Returns the current time, with its offset from UTC.
        store: Where to keep uploaded bytes: in `memory`, on `disk` (in a temporary directory, until `close`) or
            nowhere, so that only their digests are computed (`discard`).
        part_size_for: Returns the part size for a file size, both in bytes.
        min_file_size: Size in bytes of the smallest file that gets a session; tests may need less than Box's minimum.
        max_small_file_size: Size in bytes of the largest file that is taken in one request.
        sleep: Waits for a number of seconds, in slow reads and stalls.
        pending_commits: How many valid commits of each session get 202 before one succeeds.
        commit_retry_after_s: Value of `Retry-After` in those responses, in seconds.
        conflicts_as_list: Whether `conflicts` of a name conflict is a list, as in Box's OpenAPI document, or one
            object, as in its older pages and its web uploader; for a new folder it always is a list.
        offers_plan: Whether sessions have the `plan` endpoint, which Box's older sessions lack; without it, the
            operation gets 404. With `store="discard"` a plan has no hits.
        bare_responses: Whether uploaded parts and committed files are returned bare, as in Box's guides, or inside
            `part` and a list of files, as in its OpenAPI document and its SDKs.
        token_lifetime_s: Seconds after which the access tokens expire that `request_token` returns.
        calls_per_minute: How many calls of each user are answered in a minute, by the clock; others get 429. None is no
            limit; Box has about 1,000.
        uploads_per_minute: The same for calls that begin an upload; Box has 240.

    Raises:
        ValueError: The kind of store is unknown, or `min_file_size` or a limit is below 1.
    """

    commit_retry_after_s: int
    offers_plan: bool
    bare_responses: bool
    max_small_file_size: int

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
        max_small_file_size: int = MAX_SMALL_FILE_SIZE,
        sleep: Sleep = asyncio.sleep,
        pending_commits: int = 0,
        commit_retry_after_s: int = 1,
        conflicts_as_list: bool = False,
        offers_plan: bool = True,
        bare_responses: bool = False,
        token_lifetime_s: int = TOKEN_LIFETIME_S,
        calls_per_minute: int | None = None,
        uploads_per_minute: int | None = None,
    ) -> None:
        world = default_world() if world is None else world
        self._world = world if token is None else replace(world, tokens=(token,))
        self._seed = seed
        self._clock = clock
        self._settings = SessionSettings(part_size_for=part_size_for, now=self.now)
        self._defaults: dict[str, Any] = {
            "pending_commits": pending_commits,
            "commit_retry_after_s": commit_retry_after_s,
            "conflicts_as_list": conflicts_as_list,
            "offers_plan": offers_plan,
            "bare_responses": bare_responses,
            "max_small_file_size": max_small_file_size,
            "token_lifetime_s": token_lifetime_s,
            "calls_per_minute": calls_per_minute,
            "uploads_per_minute": uploads_per_minute,
        }
        if min_file_size < 1:
            raise ValueError(f"min_file_size: {min_file_size} is too small; use at least 1 byte")
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
        self._token_store = TokenStore(self._world, self._identifiers, self.now)
        self.download_links = DownloadLinks(self.now)
        self._request_log: deque[Exchange] = deque(maxlen=REQUEST_LOG_LENGTH)
        self._user_limits = UserLimits()
        for name, value in self._defaults.items():
            setattr(self, name, value)

    def reset(self) -> None:
        """Restore the initial state: the world, the ids and the options; no sessions, uploads, faults or request log.

        Calls in progress change nothing, and their connections are reset.
        """
        with self._lock:
            self.faults.clear()
            self.session_store.clear()
            self._file_store.clear_contents()
            self._initialize()

    @property
    def generation(self) -> object:
        """An object that each `reset` replaces, so that a call notices a reset while it is handled."""
        with self._lock:
            return self._generation

    def close(self) -> None:
        """Release waiting calls; with a store that uses the disk, delete uploaded bytes and their sessions."""
        self.faults.release()
        if self.store.kind != "memory":
            with self._lock:
                self.session_store.clear()
                self._file_store.clear_contents()
            self.store.close()

    @property
    def conflicts_as_list(self) -> bool:
        """Whether `conflicts` of a name conflict is a list."""
        return self._file_store.conflicts_as_list

    @conflicts_as_list.setter
    def conflicts_as_list(self, value: bool) -> None:
        self._file_store.conflicts_as_list = value

    @property
    def pending_commits(self) -> int:
        """How many valid commits of each session created from now on get 202."""
        return self.session_store.pending_commits

    @pending_commits.setter
    def pending_commits(self, value: int) -> None:
        self.session_store.pending_commits = value

    @property
    def token(self) -> str:
        """A token that the mock accepts."""
        return self._world.tokens[0]

    def now(self) -> datetime:
        """Return the current time of the clock.

        Raises:
            ValueError: The clock returns a time without an offset from UTC.
        """
        now = self._clock()
        if now.tzinfo is None:
            raise ValueError("The clock returned a naive datetime; return one with a time zone, such as UTC.")
        return now

    def new_request_id(self) -> str:
        """Return a new request id."""
        with self._lock:
            return self._identifiers.new_request_id()

    # Tokens and users

    @property
    def token_lifetime_s(self) -> int:
        """Seconds after which the access tokens expire that are given from now on."""
        return self._token_store.lifetime_s

    @token_lifetime_s.setter
    def token_lifetime_s(self, value: int) -> None:
        self._token_store.lifetime_s = value

    def expire_token(self, token: str) -> None:
        """Expire a token, as Box does after an hour."""
        with self._lock:
            self._token_store.expire(token)

    @property
    def secrets(self) -> tuple[str, ...]:
        """All known tokens, accepted or expired, authorization codes and client secrets."""
        with self._lock:
            return tuple(self._token_store.secrets())

    def add_token(self, token: str) -> None:
        """Accept an additional token."""
        with self._lock:
            self._token_store.add(token)

    def authenticate(self, token: str) -> User:
        """Return the user whose token it is.

        Raises:
            ApiError: The token is unknown, has expired or is revoked.
        """
        with self._lock:
            return self._token_store.owner_of(token)

    def caller(self, authorization: str, as_user: str | None) -> User:
        """Return the user for whom a call acts.

        Raises:
            ApiError: The token is unknown, has expired or is revoked.
        """
        owner = self.authenticate(authorization.partition(" ")[2].strip())
        with self._lock:
            return owner if as_user is None else self._token_store.user(as_user)

    def authorize(self, client_id: str, user_id: str | None = None) -> str:
        """Return an authorization code, as an application gets it when a user signs in; valid for 30 seconds, once."""
        with self._lock:
            return self._token_store.authorize(client_id, user_id)

    def find_app(self, client_id: str) -> App | None:
        """Return the application with a client id, or None if there is none."""
        return next((app for app in self._world.apps if app.client_id == client_id), None)

    def add_refresh_token(self, client_id: str, user_id: str | None = None) -> str:
        """Return a refresh token, as an application has it from an earlier sign-in."""
        with self._lock:
            return self._token_store.add_refresh_token(client_id, user_id)

    def exchange(self, form: Mapping[str, str]) -> Mapping[str, object]:
        """Exchange a grant for a token, and return the body of the response.

        Raises:
            SignInError: The grant or the application is not accepted.
        """
        with self._lock:
            return self._token_store.exchange(form)

    def revoke(self, form: Mapping[str, str]) -> None:
        """End the sign-in to which the `token` of an application belongs.

        Raises:
            SignInError: The application is not known.
        """
        with self._lock:
            self._token_store.revoke(form)

    def check_as_user(self, user_id: str) -> None:
        """Check the user in `As-User`.

        Raises:
            ApiError: The world lists its users, and this user is not among them.
        """
        if self._world.users and user_id not in {user.id for user in self._world.known_users}:
            raise ApiError("access_denied_insufficient_permissions", "Access denied - insufficient permission")

    # Files and sessions

    @property
    def quota_bytes(self) -> int:
        """Storage of the account, in bytes."""
        return self._world.quota_bytes

    @property
    def max_file_size(self) -> int:
        """Size of the largest file that may be uploaded, in bytes."""
        return self._world.max_file_size

    @property
    def used_bytes(self) -> int:
        """Storage in use, in bytes."""
        with self._lock:
            return sum(file.size for file in self._file_store.files.values())

    @property
    def files(self) -> Mapping[str, File]:
        """The files by id."""
        with self._lock:
            return self._file_store.files

    def find_file(self, file_id: str) -> File:
        """Return a file.

        Raises:
            ApiError: The file is unknown or in the trash.
        """
        with self._lock:
            return self._file_store.require_file(file_id)

    def stored_version(self, file_id: str, version_id: str | None = None) -> tuple[File, Content]:
        """Return a file and its bytes, if its version is the newest one: the bytes of earlier ones are not kept.

        Raises:
            ApiError: The file or the version is unknown, or the bytes are not stored.
        """
        with self._lock:
            file = self._file_store.require_file(file_id)
            if version_id not in {None, file.version_id}:
                raise argument_error("not_found", "version", f"Invalid value '{version_id}'.")
            try:
                return file, self._file_store.content(file_id)
            except LookupError as error:
                raise ApiError("not_found", str(error.args[0])) from None

    def store_file(
        self,
        request: NewFile | NewVersion,
        file_id: str | None,
        writer: PartWriter,
        attributes: Attributes,
        if_match: str | None,
    ) -> File:
        """Store a file, or a new version of one, that was received in one request.

        Raises:
            ApiError: A condition fails, or the file cannot be stored.
        """
        writer.close()
        with self._lock:
            files = self._file_store
            if file_id is not None:
                require_etag(files.require_file(file_id), if_match)
            files.require_target(request, file_id)
            part = Part(part_id="", offset=0, size=writer.size, sha1=writer.digest.hex())
            parts = [] if writer.blob is None else [StoredPart(part, writer.blob)]
            content = Content(parts) if self.store.keeps_content else None
            return files.put(
                request, file_id, sha1=part.sha1, attributes=attributes, content=content, uploaded_at=self._date_time()
            )

    @property
    def folders(self) -> Mapping[str, Folder]:
        """The folders by id, without the root folder."""
        with self._lock:
            return self._file_store.folders

    def create_folder(self, parent_id: str, name: str) -> Folder:
        """Create a folder.

        Raises:
            ApiError: The parent is unknown or in the trash, or the name is taken.
        """
        with self._lock:
            return self._file_store.create_folder(parent_id, name, self._date_time())

    def _date_time(self) -> str:
        return self.now().isoformat(timespec="seconds")

    def find_folder(self, folder_id: str) -> Folder:
        """Return a folder; `0` is the root folder.

        Raises:
            ApiError: The folder is unknown or in the trash.
        """
        with self._lock:
            return self._file_store.require_folder(folder_id)

    def folder_items(self, folder_id: str) -> Sequence[File | Folder]:
        """Return what is in a folder, without what is in the trash, in no particular order.

        Raises:
            ApiError: The folder is unknown or in the trash.
        """
        with self._lock:
            return self._file_store.items(folder_id)

    @property
    def sessions(self) -> Mapping[str, Session]:
        """The sessions that are neither committed nor aborted, by id, in the order of their creation."""
        return self.session_store.sessions

    def content(self, file_id: str) -> bytes:
        """Return the bytes of an uploaded file.

        Raises:
            LookupError: The file is unknown, or its bytes are not stored.
        """
        return b"".join(self.content_chunks(file_id))

    def content_chunks(self, file_id: str) -> Iterator[bytes]:
        """Return the bytes of an uploaded file, chunk by chunk.

        Raises:
            LookupError: The file is unknown, or its bytes are not stored.
        """
        with self._lock:
            return self._file_store.content(file_id).chunks()

    # Rate limits and request log

    @property
    def calls_per_minute(self) -> int | None:
        """How many calls of each user are answered in a minute, None without a limit."""
        return self._user_limits.limit("calls")

    @calls_per_minute.setter
    def calls_per_minute(self, value: int | None) -> None:
        self._user_limits.set_limit("calls", value)

    @property
    def uploads_per_minute(self) -> int | None:
        """How many uploads each user may begin in a minute, None without a limit."""
        return self._user_limits.limit("uploads")

    @uploads_per_minute.setter
    def uploads_per_minute(self, value: int | None) -> None:
        self._user_limits.set_limit("uploads", value)

    def take_call(self, operation: str, authorization: str, as_user: str | None) -> int | None:
        """Count a call against the limits of its user; return its `Retry-After` in seconds, None if it is within them.

        Raises:
            ApiError: The token is unknown, has expired or is revoked.
        """
        return self._user_limits.take(self.caller(authorization, as_user).id, operation, self.now())

    def rate_limit(self, *, retry_after_s: int, requests: int = 1) -> None:
        """Respond to the next requests to the API with 429 and `Retry-After`.

        Raises:
            ValueError: A number is negative.
        """
        self.faults.limit_rate(RateLimit(retry_after_s=retry_after_s, requests=requests))

    def record(self, exchange: Exchange) -> None:
        """Add a request and its response to the request log."""
        with self._lock:
            self._request_log.append(exchange)

    @property
    def request_log(self) -> tuple[Exchange, ...]:
        """The latest requests to the API, oldest first."""
        with self._lock:
            return tuple(self._request_log)
