"""The stored folders and files, and the checks for storing more. Not thread-safe: the state holds a lock."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from box_uploads_mock.blobs import MemoryBlob
from box_uploads_mock.commit_rules import Attributes
from box_uploads_mock.errors import ApiError, argument_error
from box_uploads_mock.identifiers import Identifiers
from box_uploads_mock.names import name_key
from box_uploads_mock.part_store import Content, Part, StoredPart
from box_uploads_mock.rules import NewFile, NewVersion
from box_uploads_mock.world import ROOT_FOLDER, ROOT_FOLDER_ID, File, Folder, World


class FileStore:
    """The stored folders and files.

    Args:
        world: The initial content.
        identifiers: The source of ids for new files.
    """

    def __init__(self, world: World, identifiers: Identifiers) -> None:
        self._world = world
        self._identifiers = identifiers
        self._folders = {folder.id: folder for folder in world.folders}
        self._files = {file.id: file for file in world.files}
        self._contents = {file.id: _given_content(file.content) for file in world.files if file.content is not None}
        self.conflicts_as_list = False

    @property
    def files(self) -> Mapping[str, File]:
        """The files by id."""
        return dict(self._files)

    @property
    def folders(self) -> Mapping[str, Folder]:
        """The folders by id, without the root folder."""
        return dict(self._folders)

    def content(self, file_id: str) -> Content:
        """Return the bytes of an uploaded file.

        Raises:
            LookupError: The file is unknown, or its bytes are not stored.
        """
        if file_id not in self._files:
            raise LookupError(f"File {file_id} does not exist.")
        if file_id not in self._contents:
            raise LookupError(
                f"The bytes of file {file_id} are not stored: it was not uploaded to this mock, or the store discards."
            )
        return self._contents[file_id]

    @property
    def stored_parts(self) -> Sequence[StoredPart]:
        """The stored parts of all uploaded files."""
        return [part for content in self._contents.values() for part in content.parts]

    def require_target(self, request: NewFile | NewVersion, file_id: str | None) -> None:
        """Check that a file or a new version can be stored at its destination.

        Raises:
            ApiError: The file or folder is unknown, the file is too large, or its name is taken.
        """
        existing = None if file_id is None else self.require_file(file_id)
        folder_id, name = _destination(request, existing)
        self.require_folder(folder_id)
        self._require_space(request.file_size)
        self._require_free_name(folder_id, name, renamed=existing, as_list=self.conflicts_as_list)

    def require_file(self, file_id: str) -> File:
        """Return a file.

        Raises:
            ApiError: The file is unknown or in the trash.
        """
        file = self._files.get(file_id)
        if file is None:
            raise argument_error("not_found", "file", f"Invalid value '{file_id}'.")
        if file.trashed:
            raise argument_error("trashed", "file", f"The file '{file_id}' is in the trash.")
        return file

    def changes(self, request: NewFile | NewVersion, file_id: str, sha1: str, attributes: Attributes) -> bool:
        """Return whether a new version would change anything of a file."""
        existing = self._files[file_id]
        present = (existing.folder, existing.name, existing.size, existing.sha1)
        wanted = (*_destination(request, existing), request.file_size, sha1)
        return present != wanted or attributes != Attributes()

    def require_folder(self, folder_id: str) -> Folder:
        """Return a folder.

        Raises:
            ApiError: The folder is unknown, or it or a folder that it is in is in the trash.
        """
        found = ancestor = self._folder(folder_id, folder_id)
        while ancestor.id != ROOT_FOLDER_ID:
            if ancestor.trashed:
                raise argument_error("trashed", "folder", f"The folder '{folder_id}' is in the trash.")
            ancestor = self._folder(ancestor.parent, folder_id)
        return found

    def _folder(self, folder_id: str, asked: str) -> Folder:
        folder = ROOT_FOLDER if folder_id == ROOT_FOLDER_ID else self._folders.get(folder_id)
        if folder is None:
            raise argument_error("not_found", "folder", f"Invalid value '{asked}'.")
        return folder

    def items(self, folder_id: str) -> Sequence[File | Folder]:
        """Return what is in a folder, without what is in the trash.

        Raises:
            ApiError: The folder is unknown or in the trash.
        """
        self.require_folder(folder_id)
        return [item for item in self._children(folder_id) if not item.trashed]

    def _children(self, folder_id: str) -> Iterator[File | Folder]:
        yield from (file for file in self._files.values() if file.folder == folder_id)
        yield from (folder for folder in self._folders.values() if folder.parent == folder_id)

    def create_folder(self, parent_id: str, name: str, created_at: str) -> Folder:
        """Create a folder.

        Raises:
            ApiError: The parent is unknown or in the trash, or the name is taken.
        """
        self.require_folder(parent_id)
        # Observed: unlike that of a file, this error always has a list.
        self._require_free_name(parent_id, name, renamed=None, as_list=True)
        while (folder_id := self._identifiers.new_folder_id()) in self._folders:
            pass
        folder = Folder(id=folder_id, name=name, parent=parent_id, created_at=created_at)
        self._folders[folder_id] = folder
        return folder

    def put(
        self,
        request: NewFile | NewVersion,
        file_id: str | None,
        *,
        sha1: str,
        attributes: Attributes,
        content: Content | None,
        uploaded_at: str,
    ) -> File:
        """Store a new file or a new version; a version keeps the id and increments etag and sequence id."""
        existing = None if file_id is None else self._files[file_id]
        folder_id, name = _destination(request, existing)
        created_at = uploaded_at if existing is None else existing.content_created_at
        file = File(id=self._new_id(), name=name) if existing is None else _next_version(existing)
        file = replace(
            file,
            name=name,
            folder=folder_id,
            size=request.file_size,
            sha1=sha1,
            content=None,
            # Documented: a time that is left out is that of the upload.
            content_created_at=attributes.content_created_at or created_at,
            content_modified_at=attributes.content_modified_at or uploaded_at,
            description=file.description if attributes.description is None else attributes.description,
        )
        self._files[file.id] = file
        previous = self._contents.pop(file.id, None)
        if previous is not None:
            previous.delete()
        if content is not None:
            self._contents[file.id] = content
        return file

    def clear_contents(self) -> None:
        """Delete all uploaded bytes."""
        for content in self._contents.values():
            content.delete()
        self._contents.clear()

    def _new_id(self) -> str:
        while (file_id := self._identifiers.new_file_id()) in self._files:
            pass
        return file_id

    def _require_space(self, file_size: int) -> None:
        if file_size > self._world.max_file_size:
            raise argument_error(
                "file_size_limit_exceeded", "file_size", "The file is larger than the account allows for one file."
            )
        if sum(file.size for file in self._files.values()) + file_size > self._world.quota_bytes:
            raise ApiError("storage_limit_exceeded", "Account storage limit reached")

    def _require_free_name(self, folder_id: str, name: str, *, renamed: File | None, as_list: bool) -> None:
        # Files and folders of a folder share one namespace.
        for item in self._children(folder_id):
            if item is not renamed and not item.trashed and name_key(item.name) == name_key(name):
                conflict = _conflict_body(item)
                context = {"conflicts": [conflict] if as_list else conflict}
                raise ApiError("item_name_in_use", "Item with the same name already exists", context=context)


def file_body(file: File) -> Mapping[str, object]:
    """Return a file in Box's format, with the fields that the mock has."""
    return {
        "type": "file",
        "id": file.id,
        "sequence_id": file.sequence_id,
        "etag": file.etag,
        "sha1": file.sha1,
        "file_version": {"type": "file_version", "id": file.version_id, "sha1": file.sha1},
        "name": file.name,
        "description": file.description,
        "size": file.size,
        "parent": {"type": "folder", "id": file.folder},
        "content_created_at": file.content_created_at,
        "content_modified_at": file.content_modified_at,
        "item_status": "trashed" if file.trashed else "active",
    }


def require_etag(existing: File | None, if_match: str | None, if_none_match: str | None = None) -> None:
    """Check the conditions of a request, None for no condition.

    Args:
        existing: The file that gets a new version, None for a new file.
        if_match: Etag that the file must have.
        if_none_match: Etag that the file must not have.

    Raises:
        ApiError: One of them fails.
    """
    etag = None if existing is None else existing.etag
    fails_match = if_match is not None and (etag is None or if_match not in {etag, "*"})
    fails_none_match = if_none_match is not None and etag is not None and if_none_match in {etag, "*"}
    if fails_match or fails_none_match:
        raise ApiError("precondition_failed", "The resource has been modified. Please retrieve the resource again.")


def _destination(request: NewFile | NewVersion, existing: File | None) -> tuple[str, str]:
    """Return the folder and the name for a file; a version keeps what the request leaves out."""
    folder_id = request.folder_id or (existing.folder if existing else ROOT_FOLDER_ID)
    return folder_id, request.file_name or (existing.name if existing else "")


def _given_content(content: bytes) -> Content:
    """Return the bytes of a file of the world, which are in memory wherever uploaded ones are kept."""
    blob = MemoryBlob()
    blob.write(content)
    return Content([StoredPart(Part(part_id="", offset=0, size=len(content), sha1=""), blob)])


def _next_version(file: File) -> File:
    return replace(file, etag=_increment(file.etag), sequence_id=_increment(file.sequence_id))


def _increment(counter: str) -> str:
    return str(int(counter) + 1) if counter.isdecimal() else "1"


def _conflict_body(item: File | Folder) -> dict[str, object]:
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
