"""What a type checker must flag before it runs: each line marked `wrong`, and no other."""

from box_uploads import AsyncClient, Client, Stream, errors, models


def wrong_arguments(box: Client) -> None:
    box.create_upload_session("0", "Project.mov", 104_857_600)  # wrong: by keyword only
    box.create_upload_session(folder_id="0", file_name="Project.mov")  # wrong: the size is missing
    box.create_upload_session(folder_id=0, file_name="Project.mov", file_size=104_857_600)  # wrong: an id is a string
    box.create_upload_session(folder_id="0", file_name="Project.mov", file_size="1")  # wrong: a size is a number
    box.create_upload_session(folder_id="0", file_name=None, file_size=104_857_600)  # wrong: null is no name
    box.create_upload_session(folder_id="0", name="Project.mov", file_size=104_857_600)  # wrong: no such argument
    box.create_version_upload_session(file_size=104_857_600)  # wrong: the file is missing
    box.create_version_upload_session("12345", file_size=104_857_600, file_name=None)  # wrong: unset is not null
    box.delete_upload_session("12345")  # wrong: no such operation


def wrong_bodies(box: Client, session: models.UploadSession) -> None:
    box.upload_part(session, body="text", digest="", content_range="")  # wrong: text is not bytes
    box.upload_part(session, body=[b"bytes"], digest="", content_range="")  # wrong: pieces need a Stream
    Stream(5, lambda: ["text"])  # wrong: text is not bytes
    Stream.of_file(5)  # wrong: no path


def wrong_downloads(box: Client) -> None:
    box.check_upload(name="a", size=11)  # wrong: the folder is missing
    box.check_upload(name="a", parent="0")  # wrong: a folder is a FolderReference
    box.check_version_upload("12345", parent=None)  # wrong: no such argument
    box.download_file("12345", range=(0, 1024))  # wrong: a range is text
    box.download_file("12345").decode()  # wrong: may not be ready
    box.stream_download_file("12345").read()  # wrong: not entered


def wrong_results(session: models.UploadSession) -> None:
    session.part_sizes  # wrong: no such field
    session.total_parts.upper()  # wrong: a number
    session.session_endpoints["commit"]  # wrong: an object, not a mapping
    session.session_endpoints.plan.upper()  # wrong: may be unset
    session.type = "file"  # wrong: always upload_session


def wrong_pages(box: Client, session: models.UploadSession) -> None:
    box.iter_parts(session, offset=5)  # wrong: begins with the first
    box.iter_parts(session)[0]  # wrong: an iterator


def wrong_folders(box: Client) -> None:
    box.create_folder(name="Takes", parent="0")  # wrong: a reference is an object
    box.create_folder(name="Takes")  # wrong: the parent is missing
    box.list_folder_items("0", usemarker=False)  # wrong: always true
    box.iter_folder_items("0", marker="a")  # wrong: begins with the first
    [item.size for item in box.iter_folder_items("0")]  # wrong: a folder has none


async def wrong_await(box: AsyncClient) -> None:
    later = box.create_version_upload_session("12345", file_size=104_857_600)
    later.part_size  # wrong: not awaited
    async with Client("token"):  # wrong: not the asynchronous client
        pass


def wrong_models() -> None:
    models.UploadSession()  # wrong: fields are missing
    models.CreateVersionUploadSessionRequest(104_857_600)  # wrong: by keyword only


def wrong_clients() -> None:
    Client(5)  # wrong: a number is no token
    Client("token", timeout=10)  # wrong: units are in the name
    Client("token", retry=3)  # wrong: a policy


def wrong_errors(error: errors.ApiError) -> None:
    error.code.upper()  # wrong: may be absent
    error.conflicts  # wrong: conflicting_items(error) reads them
