"""The world: the folders, files, users, tokens and limits that exist before the first request."""

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from box_uploads_mock.names import folder_name_error_code, name_error_code, name_key
from box_uploads_mock.rsa import read_public_key

ROOT_FOLDER_ID = "0"
DEFAULT_TOKEN = "mock-token"
DEFAULT_CLIENT_ID = "mock-client"
DEFAULT_CLIENT_SECRET = "mock-client-secret"
GIBIBYTE = 1024**3
LONG_AGO = "2012-12-12T10:53:43-08:00"

_SHA1 = re.compile(r"[0-9A-Fa-f]{40}")
_ID = re.compile(r"[0-9]{1,19}")
_CANONICAL_ID = re.compile(r"0|[1-9][0-9]{0,18}")


class WorldError(ValueError):
    """A world is invalid.

    Attributes:
        place: The place in the world, such as `files[2].folder`.
        problem: What is wrong there.
        hint: How to fix it.
    """

    def __init__(self, place: str, problem: str, hint: str) -> None:
        super().__init__(f"{place}: {problem}; {hint}")
        self.place = place
        self.problem = problem
        self.hint = hint


@dataclass(frozen=True, slots=True, kw_only=True)
class Folder:
    """A folder; every folder except the root folder (id `0`, which always exists) has a parent.

    The date is None for the root folder alone.
    """

    id: str
    name: str
    parent: str = ROOT_FOLDER_ID
    trashed: bool = False
    created_at: str | None = LONG_AGO


ROOT_FOLDER = Folder(id=ROOT_FOLDER_ID, name="All Files", parent="", created_at=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """A stored file; size in bytes.

    The attributes after `trashed` are those that a commit can set, as the client sent them. With `content`, the file
    can be downloaded, and `size` and `sha1` are derived.
    """

    id: str
    name: str
    folder: str = ROOT_FOLDER_ID
    size: int = 0
    sha1: str = ""
    sequence_id: str = "0"
    etag: str = "0"
    trashed: bool = False
    # Nullable in Box's documentation, but rclone could not read a null.
    content_created_at: str | None = LONG_AGO
    content_modified_at: str | None = LONG_AGO
    description: str = ""
    content: bytes | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        if self.content is not None:
            object.__setattr__(self, "size", self.size or len(self.content))
            own = hashlib.sha1(self.content, usedforsecurity=False).hexdigest()
            object.__setattr__(self, "sha1", (self.sha1 or own).lower())
        if not self.sha1:
            # There is no content to hash; the digest of the id is a valid SHA-1 and differs from file to file.
            digest = hashlib.sha1(self.id.encode(), usedforsecurity=False).hexdigest()
            object.__setattr__(self, "sha1", digest)
        elif _SHA1.fullmatch(self.sha1):
            object.__setattr__(self, "sha1", self.sha1.lower())

    @property
    def version_id(self) -> str:
        """Id of the newest version, in the format of Box's ids: 13 decimal digits."""
        digest = hashlib.sha256(f"{self.id}/{self.sequence_id}".encode()).hexdigest()
        return str(int(digest, 16) % (9 * 10**12) + 10**12)


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """A user; what is left out is derived from the id."""

    id: str
    name: str = ""
    login: str = ""
    role: str = "user"
    enterprise_id: str | None = None
    enterprise_name: str = "Mock Enterprise"

    def __post_init__(self) -> None:
        if not self.name:
            object.__setattr__(self, "name", f"User {self.id}")
        if not self.login:
            object.__setattr__(self, "login", f"user-{self.id}@example.com")


@dataclass(frozen=True, slots=True, kw_only=True)
class App:
    """An application that can sign in.

    Attributes:
        enterprise_id: The enterprise that it belongs to; a token for it is that of the app's service account.
        public_keys: PEM of each public key by its id, with which JWT assertions are checked.
        acts_for_users: Whether it may have tokens of users.
        is_authorized: Whether the enterprise's administrator has authorized it.
        is_denied: Whether its users deny it access on the sign-in page, rather than grant it.
    """

    client_id: str
    client_secret: str
    enterprise_id: str = "123456"
    public_keys: Mapping[str, str] = field(default_factory=dict[str, str])
    acts_for_users: bool = True
    is_authorized: bool = True
    is_denied: bool = False


def service_account(app: App) -> User:
    """Return the user that an application itself is."""
    number = int(hashlib.sha256(app.client_id.encode()).hexdigest(), 16) % 10**10 + 10**10
    login = f"AutomationUser_{number}@boxdevedition.com"
    return User(id=str(number), name=f"App {app.client_id}", login=login, enterprise_id=app.enterprise_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """The content before the first request; the root folder is implied.

    The first of the `tokens` is the one that `State.token` returns; all of them are the `owner`'s. Without `users`
    (each a `User`, or only an id) any well-formed user id is accepted in `As-User`. Sizes are bytes.

    Raises:
        WorldError: A reference is dangling, an id or a name is repeated, or a value is invalid.
    """

    folders: Sequence[Folder] = ()
    files: Sequence[File] = ()
    users: Sequence[str | User] = ()
    apps: Sequence[App] = ()
    owner: User = User(id="10001", name="Mock Owner", login="owner@example.com", role="admin", enterprise_id="123456")
    tokens: Sequence[str] = (DEFAULT_TOKEN,)
    # Box's largest limit for one file is some hundreds of gigabytes; the quota has room for several such files.
    quota_bytes: int = 8192 * GIBIBYTE
    max_file_size: int = 1024 * GIBIBYTE

    def __post_init__(self) -> None:
        _check_limits(self)
        _check_ids(self)
        _check_apps(self)
        _check_parents(self)
        _check_names(self)
        _check_contents(self)

    @property
    def known_users(self) -> tuple[User, ...]:
        """The owner and the users."""
        return (self.owner, *(User(id=user) if isinstance(user, str) else user for user in self.users))


def default_world() -> World:
    """Return the world of a mock that is given none."""
    return World(
        folders=(
            Folder(id="100", name="Footage"),
            Folder(id="101", name="Dailies", parent="100"),
            Folder(id="200", name="Contracts"),
            Folder(id="300", name="Old footage", trashed=True),
        ),
        files=(
            File(id="12345", name="Contract.pdf", size=24_000_000),
            File(id="12346", name="Report.docx", size=21_000_000),
            File(id="12347", name="Interview.mov", folder="100", size=734_003_200),
            File(id="12348", name="Draft.mov", folder="100", size=50_000_000, trashed=True),
        ),
        apps=(App(client_id=DEFAULT_CLIENT_ID, client_secret=DEFAULT_CLIENT_SECRET),),
    )


def _check_limits(world: World) -> None:
    for place, value in (("quota_bytes", world.quota_bytes), ("max_file_size", world.max_file_size)):
        if value < 0:
            raise WorldError(place, f"{value} is negative", "give a number of bytes")
    if not world.tokens:
        raise WorldError("tokens", "the list is empty", "list at least one token")
    for index, token in enumerate(world.tokens):
        if not re.fullmatch(r"[\x21-\x7e]+", token):
            hint = "use visible ASCII characters without spaces"
            raise WorldError(f"tokens[{index}]", "the token cannot be sent in a header", hint)


def _check_ids(world: World) -> None:
    for index, user in enumerate(world.users):
        user_id = user if isinstance(user, str) else user.id
        if not _ID.fullmatch(user_id):
            raise WorldError(f"users[{index}]", f"{user_id!r} is not an id", "use 1 to 19 decimal digits")
    for kind, ids in (("folders", [f.id for f in world.folders]), ("files", [f.id for f in world.files])):
        seen = {ROOT_FOLDER_ID: "the root folder"} if kind == "folders" else {}
        for index, item_id in enumerate(ids):
            place = f"{kind}[{index}].id"
            if not _CANONICAL_ID.fullmatch(item_id):
                raise WorldError(place, f"{item_id!r} is not an id", "use 1 to 19 decimal digits, no leading zeros")
            if item_id in seen:
                raise WorldError(place, f"{item_id!r} is already the id of {seen[item_id]}", "use another id")
            seen[item_id] = f"{kind}[{index}]"


def _check_parents(world: World) -> None:
    parents = {folder.id: folder.parent for folder in world.folders}
    known = {ROOT_FOLDER_ID, *parents}
    containers = [(f"folders[{i}].parent", folder.parent) for i, folder in enumerate(world.folders)]
    containers += [(f"files[{i}].folder", file.folder) for i, file in enumerate(world.files)]
    for place, container in containers:
        if container not in known:
            raise WorldError(place, f"folder {container!r} does not exist", "add that folder or use another")
    for index, folder in enumerate(world.folders):
        visited = {folder.id}
        parent = folder.parent
        while parent != ROOT_FOLDER_ID:
            if parent in visited:
                raise WorldError(f"folders[{index}].parent", "the folder contains itself", "use another parent")
            visited.add(parent)
            parent = parents[parent]


def _check_apps(world: World) -> None:
    seen: set[str] = set()
    for index, app in enumerate(world.apps):
        place = f"apps[{index}]"
        if not app.client_id or not app.client_secret:
            raise WorldError(place, "the client id or the client secret is empty", "give both")
        if app.client_id in seen:
            raise WorldError(f"{place}.client_id", f"{app.client_id!r} is another app's as well", "use another one")
        seen.add(app.client_id)
        if not _ID.fullmatch(app.enterprise_id):
            raise WorldError(f"{place}.enterprise_id", f"{app.enterprise_id!r} is not an id", "use decimal digits")
        for key_id, pem in app.public_keys.items():
            try:
                read_public_key(pem)
            except ValueError as error:
                hint = "give the PEM that `openssl rsa -pubout` writes"
                raise WorldError(f"{place}.public_keys[{key_id!r}]", str(error), hint) from None


def _check_names(world: World) -> None:
    seen: dict[tuple[str, str], str] = {}
    for place, container, item in _items(world):
        check = folder_name_error_code if isinstance(item, Folder) else name_error_code
        if check(item.name):
            hint = "use up to 255 characters, no slashes or control characters"
            hint += ", no space at the end" if isinstance(item, Folder) else ""
            raise WorldError(f"{place}.name", f"{item.name!r} is not a valid name", hint)
        key = (container, name_key(item.name))
        if item.trashed:
            continue
        if key in seen:
            hint = "use another name (case is ignored)"
            raise WorldError(f"{place}.name", f"{item.name!r} is already the name of {seen[key]}", hint)
        seen[key] = place


def _check_contents(world: World) -> None:
    for index, file in enumerate(world.files):
        if file.size < 0:
            raise WorldError(f"files[{index}].size", f"{file.size} is negative", "give a number of bytes")
        if not _SHA1.fullmatch(file.sha1):
            hint = "use 40 hexadecimal digits, or leave it out"
            raise WorldError(f"files[{index}].sha1", f"{file.sha1!r} is not a SHA-1", hint)
        if file.content is not None:
            derived = File(id=file.id, name=file.name, content=file.content)
            for name in ("size", "sha1"):
                if getattr(file, name) != getattr(derived, name):
                    problem = f"{getattr(file, name)!r} is not that of the content"
                    raise WorldError(f"files[{index}].{name}", problem, "leave it out")


def _items(world: World) -> Iterator[tuple[str, str, Folder | File]]:
    for index, folder in enumerate(world.folders):
        yield f"folders[{index}]", folder.parent, folder
    for index, file in enumerate(world.files):
        yield f"files[{index}]", file.folder, file
