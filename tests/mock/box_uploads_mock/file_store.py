"""The folders and files that are stored, and what may be stored beside them. Not thread-safe: the state guards it."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from box_uploads_mock.commit_rules import Attributes
from box_uploads_mock.errors import ApiError, argument_error
from box_uploads_mock.identifiers import Identifiers
from box_uploads_mock.names import name_key
from box_uploads_mock.part_store import Content, StoredPart
from box_uploads_mock.rules import NewFile, NewVersion
from box_uploads_mock.world import ROOT_FOLDER_ID, File, Folder, World


class FileStore:
    """What is stored.

    Args:
        world: What is stored at first.
        identifiers: Gives new files their ids.
    """

    def __init__(self, world: World, identifiers: Identifiers) -> None:
        self._world = world
        self._identifiers = identifiers
        self._folders = {folder.id: folder for folder in world.folders}
        self._files = {file.id: file for file in world.files}
        self._contents: dict[str, Content] = {}
        self.conflicts_as_list = False

    @property
    def files(self) -> Mapping[str, File]:
        """The files by id."""
        return dict(self._files)

    def content(self, file_id: str) -> Content:
        """Returns the bytes of a file that was uploaded.

        Raises:
            LookupError: The file is unknown, or only its description is kept.
        """
        if file_id not in self._files:
            raise LookupError(f"There is no file {file_id}.")
        if file_id not in self._contents:
            raise LookupError(f"Of file {file_id} only the description is kept.")
        return self._contents[file_id]

    @property
    def stored_parts(self) -> Sequence[StoredPart]:
        """What is kept of all files, as the parts that it came as."""
        return [held for content in self._contents.values() for held in content.held]

    def require_target(self, request: NewFile | NewVersion, file_id: str | None) -> None:
        """Checks that a file or a new version can be stored where it is meant to go.

        Raises:
            ApiError: File or folder is unknown, the file is too large or its name is taken.
        """
        present = None if file_id is None else self.require_file(file_id)
        folder_id, name = _destination(request, present)
        self._require_folder(folder_id)
        self._require_space(request.file_size)
        self._require_free_name(folder_id, name, renamed=present)

    def require_file(self, file_id: str) -> File:
        """Returns a file.

        Raises:
            ApiError: The file is unknown or in the trash.
        """
        file = self._files.get(file_id)
        if file is None:
            raise argument_error("not_found", "file", f"Invalid value '{file_id}'.")
        if file.trashed:
            raise argument_error("trashed", "file", f"The file '{file_id}' is in the trash.")
        return file

    def put(
        self,
        request: NewFile | NewVersion,
        file_id: str | None,
        *,
        sha1: str,
        attributes: Attributes,
        content: Content | None,
    ) -> File:
        """Stores a file or a new version of one; a version keeps the id and counts up etag and sequence id."""
        present = None if file_id is None else self._files[file_id]
        folder_id, name = _destination(request, present)
        file = File(id=self._new_id(), name=name) if present is None else _next_version(present)
        file = replace(
            file,
            name=name,
            folder=folder_id,
            size=request.file_size,
            sha1=sha1,
            content_created_at=attributes.content_created_at or file.content_created_at,
            content_modified_at=attributes.content_modified_at or file.content_modified_at,
            description=file.description if attributes.description is None else attributes.description,
        )
        self._files[file.id] = file
        earlier = self._contents.pop(file.id, None)
        if earlier is not None:
            earlier.delete()
        if content is not None:
            self._contents[file.id] = content
        return file

    def clear_contents(self) -> None:
        """Forgets all uploaded bytes."""
        for content in self._contents.values():
            content.delete()
        self._contents.clear()

    def _new_id(self) -> str:
        while (file_id := self._identifiers.new_file_id()) in self._files:
            pass
        return file_id

    def _require_folder(self, folder_id: str) -> None:
        ancestor = folder_id
        while ancestor != ROOT_FOLDER_ID:
            folder = self._folders.get(ancestor)
            if folder is None:
                raise argument_error("not_found", "folder", f"Invalid value '{folder_id}'.")
            if folder.trashed:
                raise argument_error("trashed", "folder", f"The folder '{folder_id}' is in the trash.")
            ancestor = folder.parent

    def _require_space(self, file_size: int) -> None:
        if file_size > self._world.max_file_size:
            raise argument_error(
                "file_size_limit_exceeded", "file_size", "The file is larger than the account allows for one file."
            )
        if sum(file.size for file in self._files.values()) + file_size > self._world.quota_bytes:
            raise ApiError("storage_limit_exceeded", "Account storage limit reached")

    def _require_free_name(self, folder_id: str, name: str, *, renamed: File | None) -> None:
        # Files and folders share one space of names.
        items: list[File | Folder] = [file for file in self._files.values() if file.folder == folder_id]
        items += [folder for folder in self._folders.values() if folder.parent == folder_id]
        for item in items:
            if item is not renamed and not item.trashed and name_key(item.name) == name_key(name):
                conflict = _conflict_body(item)
                context = {"conflicts": [conflict] if self.conflicts_as_list else conflict}
                raise ApiError("item_name_in_use", "Item with the same name already exists", context=context)


def file_body(file: File) -> Mapping[str, object]:
    """Returns a file as Box describes it, as far as anything is known of it."""
    return {
        "type": "file",
        "id": file.id,
        "sequence_id": file.sequence_id,
        "etag": file.etag,
        "sha1": file.sha1,
        "name": file.name,
        "description": file.description,
        "size": file.size,
        "parent": {"type": "folder", "id": file.folder},
        "content_created_at": file.content_created_at,
        "content_modified_at": file.content_modified_at,
        "item_status": "trashed" if file.trashed else "active",
    }


def _destination(request: NewFile | NewVersion, present: File | None) -> tuple[str, str]:
    """Returns folder and name for a file; a version that names none stays where it is."""
    folder_id = request.folder_id or (present.folder if present else ROOT_FOLDER_ID)
    return folder_id, request.file_name or (present.name if present else "")


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
