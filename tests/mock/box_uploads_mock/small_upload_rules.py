"""Validation of the attributes of a small upload: JSON in, typed requests or Box's error codes out."""

from dataclasses import dataclass

from box_uploads_mock.commit_rules import MAX_DESCRIPTION_LENGTH, Attributes, date_time, text
from box_uploads_mock.rules import (
    NewFile,
    NewVersion,
    parse_json_object,
    parse_name,
    parse_optional_name,
    parse_parent_id,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SmallUpload:
    """What the attributes of a small upload say.

    Attributes:
        name: Name of the file, None to keep that of an existing one.
        folder_id: Folder of a new file, None for a version.
        attributes: The times of the content, and the description.
    """

    name: str | None
    folder_id: str | None
    attributes: Attributes

    def request(self, size: int) -> NewFile | NewVersion:
        """Return the request to store the file, once its size in bytes is known."""
        if self.folder_id is None or self.name is None:
            return NewVersion(file_size=size, file_name=self.name)
        return NewFile(folder_id=self.folder_id, file_name=self.name, file_size=size)


def parse_new_file(content: bytes) -> SmallUpload:
    """Return what the attributes of a new file say; as at Box, unknown ones are ignored.

    Raises:
        ApiError: They break a rule.
    """
    fields = parse_json_object(content)
    folder_id, name = parse_parent_id(fields), parse_name(fields)
    attributes = Attributes(
        content_created_at=date_time(fields, "content_created_at"),
        content_modified_at=date_time(fields, "content_modified_at"),
        description=text(fields, "description", MAX_DESCRIPTION_LENGTH),
    )
    return SmallUpload(name=name, folder_id=folder_id, attributes=attributes)


def parse_new_version(content: bytes) -> SmallUpload:
    """Return what the attributes of a new version say; as at Box, others are ignored, such as a folder.

    Raises:
        ApiError: They break a rule.
    """
    fields = parse_json_object(content)
    attributes = Attributes(
        content_created_at=date_time(fields, "content_created_at"),
        content_modified_at=date_time(fields, "content_modified_at"),
    )
    return SmallUpload(name=parse_optional_name(fields), folder_id=None, attributes=attributes)
