"""The state of the mock: what is stored, which sessions are open, who may call. Knows nothing of HTTP."""

import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from box_uploads_mock.errors import Refusal, argument_refusal, invalid_token
from box_uploads_mock.faults import Faults, RateLimit
from box_uploads_mock.identifiers import Identifiers
from box_uploads_mock.names import name_key
from box_uploads_mock.rules import NewFile, NewVersion
from box_uploads_mock.sessions import SESSION_LIFETIME, Session, part_size_for
from box_uploads_mock.world import ROOT_FOLDER_ID, File, Folder, World, default_world

CREATE_UPLOAD_SESSION = "create_upload_session"
CREATE_VERSION_UPLOAD_SESSION = "create_version_upload_session"
OPERATIONS: Sequence[str] = (CREATE_UPLOAD_SESSION, CREATE_VERSION_UPLOAD_SESSION)

# More than any test looks at; a mock that serves for days must not grow without end.
JOURNAL_LENGTH = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """One request to the API and the status of its answer; credentials and queries are not kept."""

    method: str
    path: str
    status: int
    operation: str | None


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
        conflicts_as_list: Whether a name conflict is told as a list, as Box's OpenAPI document has it, or as
            one object, as its older pages and its web uploader have it.
        offers_plan: Whether sessions have the `plan` endpoint, which newer sessions of Box have.
    """

    def __init__(
        self,
        world: World | None = None,
        *,
        token: str | None = None,
        seed: int = 0,
        clock: Callable[[], datetime] = utc_now,
        conflicts_as_list: bool = False,
        offers_plan: bool = False,
    ) -> None:
        world = default_world() if world is None else world
        self._world = world if token is None else replace(world, tokens=(token,))
        self._seed = seed
        self._clock = clock
        self._switches = (conflicts_as_list, offers_plan)
        self._lock = threading.RLock()
        self.faults = Faults(OPERATIONS)
        self.reset()

    def reset(self) -> None:
        """Returns to the beginning: world, ids, switches; no sessions, faults or journal."""
        with self._lock:
            self._folders = {folder.id: folder for folder in self._world.folders}
            self._files = {file.id: file for file in self._world.files}
            self._tokens = dict.fromkeys(self._world.tokens, True)
            self._sessions: dict[str, Session] = {}
            self._journal: deque[Exchange] = deque(maxlen=JOURNAL_LENGTH)
            self._identifiers = Identifiers(self._seed)
            self.conflicts_as_list, self.offers_plan = self._switches
            self.faults.clear()

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

    def request_id(self) -> str:
        """Returns the id of the next answer."""
        with self._lock:
            return self._identifiers.request_id()

    # Who may call

    def expire_token(self, token: str) -> None:
        """Lets a token expire, as Box's tokens do after an hour."""
        with self._lock:
            self._tokens[token] = False

    def add_token(self, token: str) -> None:
        """Accepts a token from now on."""
        with self._lock:
            self._tokens[token] = True

    def authenticate(self, token: str) -> None:
        """Checks a token.

        Raises:
            Refusal: The token is unknown or has expired.
        """
        with self._lock:
            alive = self._tokens.get(token)
        if alive is None:
            raise invalid_token("The access token provided is invalid.")
        if not alive:
            raise invalid_token("The access token provided has expired.")

    def impersonate(self, user_id: str) -> None:
        """Checks the user on whose behalf a request is made.

        Raises:
            Refusal: The world names its users, and this is none of them.
        """
        if self._world.users and user_id not in self._world.users:
            raise Refusal("access_denied_insufficient_permissions", "Access denied - insufficient permission")

    # What is stored

    @property
    def files(self) -> Mapping[str, File]:
        """The files by id."""
        with self._lock:
            return dict(self._files)

    @property
    def sessions(self) -> Mapping[str, Session]:
        """The sessions by id, in the order of their creation."""
        with self._lock:
            return dict(self._sessions)

    def open_file_session(self, request: NewFile) -> Session:
        """Creates the session in which a new file is uploaded.

        Raises:
            Refusal: The folder is unknown, the file is too large or its name is taken.
        """
        with self._lock:
            self._require_folder(request.folder_id)
            self._require_room(request.file_size)
            self._require_free_name(request.folder_id, request.file_name)
            return self._open(request, file_id=None)

    def open_version_session(self, file_id: str, request: NewVersion) -> Session:
        """Creates the session in which a new version of a file is uploaded.

        Raises:
            Refusal: The file or the folder is unknown, the version is too large or a new name is taken.
        """
        with self._lock:
            file = self._require_file(file_id)
            folder_id = file.folder if request.folder_id is None else request.folder_id
            self._require_folder(folder_id)
            self._require_room(request.file_size)
            file_name = file.name if request.file_name is None else request.file_name
            self._require_free_name(folder_id, file_name, renamed=file)
            return self._open(request, file_id=file.id)

    def _open(self, request: NewFile | NewVersion, *, file_id: str | None) -> Session:
        session = Session(
            id=self._identifiers.session_id(),
            target=request,
            file_id=file_id,
            expires_at=self.now() + SESSION_LIFETIME,
            part_size=part_size_for(request.file_size),
        )
        self._sessions[session.id] = session
        return session

    def _require_folder(self, folder_id: str) -> None:
        ancestor = folder_id
        while ancestor != ROOT_FOLDER_ID:
            folder = self._folders.get(ancestor)
            if folder is None:
                raise argument_refusal("not_found", "folder", f"Invalid value '{folder_id}'.")
            if folder.trashed:
                raise argument_refusal("trashed", "folder", f"The folder '{folder_id}' is in the trash.")
            ancestor = folder.parent

    def _require_file(self, file_id: str) -> File:
        file = self._files.get(file_id)
        if file is None:
            raise argument_refusal("not_found", "file", f"Invalid value '{file_id}'.")
        if file.trashed:
            raise argument_refusal("trashed", "file", f"The file '{file_id}' is in the trash.")
        return file

    def _require_room(self, file_size: int) -> None:
        if file_size > self._world.max_file_size:
            raise argument_refusal(
                "file_size_limit_exceeded", "file_size", "The file is larger than the account allows for one file."
            )
        if sum(file.size for file in self._files.values()) + file_size > self._world.quota_bytes:
            raise Refusal("storage_limit_exceeded", "Account storage limit reached")

    def _require_free_name(self, folder_id: str, name: str, *, renamed: File | None = None) -> None:
        # Files and folders share one space of names.
        items: list[File | Folder] = [file for file in self._files.values() if file.folder == folder_id]
        items += [folder for folder in self._folders.values() if folder.parent == folder_id]
        for item in items:
            if item is not renamed and not item.trashed and name_key(item.name) == name_key(name):
                conflict = _conflict(item)
                context = {"conflicts": [conflict] if self.conflicts_as_list else conflict}
                raise Refusal("item_name_in_use", "Item with the same name already exists", context=context)

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
            self._journal.append(exchange)

    @property
    def journal(self) -> tuple[Exchange, ...]:
        """The latest requests to the API, oldest first."""
        with self._lock:
            return tuple(self._journal)


def _conflict(item: File | Folder) -> dict[str, object]:
    if isinstance(item, Folder):
        return {"type": "folder", "id": item.id, "name": item.name, "sequence_id": "0", "etag": "0"}
    return {
        "type": "file",
        "id": item.id,
        "name": item.name,
        "sequence_id": item.sequence_id,
        "etag": item.etag,
        "sha1": item.sha1,
    }
