"""Defects of the client: where and as what it sends."""

from __future__ import annotations

import unicodedata
from typing import Any

import msgspec

from tests.prove.client_defects.building import BUILD, with_body, with_headers, with_request
from tests.prove.planting import Catalogue

__all__ = ["DEFECTS"]

DEFECTS = Catalogue()
CREATE, VERSION, GET = "create_upload_session", "create_version_upload_session", "get_upload_session"
ABORT, LOG = "abort_upload_session", "log_upload_event"


@DEFECTS.defect(BUILD(CREATE), CREATE)
def a_session_is_created_elsewhere(original: Any) -> Any:
    """The path of the request has a slash at its end."""
    return with_request(original, path=lambda path: f"{path}/")


@DEFECTS.defect(BUILD(CREATE), CREATE)
def a_session_is_put(original: Any) -> Any:
    """The method is PUT."""
    return with_request(original, method=lambda _: "PUT")


@DEFECTS.defect(BUILD(CREATE), CREATE)
def a_folder_is_not_sent(original: Any) -> Any:
    """`folder_id` is not in the body."""
    return with_body(original, lambda body: body.pop("folder_id"))


@DEFECTS.defect(BUILD(CREATE), CREATE)
def a_folder_is_sent_as_a_number(original: Any) -> Any:
    """`folder_id` is a number in the body."""
    return with_body(original, lambda body: body.update(folder_id=int(body["folder_id"])))


@DEFECTS.defect(BUILD(CREATE), CREATE)
def a_size_is_sent_as_a_text(original: Any) -> Any:
    """`file_size` is a string in the body."""
    return with_body(original, lambda body: body.update(file_size=str(body["file_size"])))


@DEFECTS.defect(BUILD(CREATE), CREATE)
def a_name_is_sent_in_camel_case(original: Any) -> Any:
    """`file_name` is called `fileName`."""
    return with_body(original, lambda body: body.update(fileName=body.pop("file_name")))


@DEFECTS.defect(BUILD(CREATE), CREATE)
def a_sent_name_is_trimmed(original: Any) -> Any:
    """Blanks around a name are not sent."""
    return with_body(original, lambda body: body.update(file_name=body["file_name"].strip()))


@DEFECTS.defect(BUILD(CREATE), CREATE)
def a_sent_name_is_normalised(original: Any) -> Any:
    """A name is sent in another normal form of Unicode."""
    return with_body(original, lambda body: body.update(file_name=unicodedata.normalize("NFKC", body["file_name"])))


@DEFECTS.defect(BUILD(CREATE), CREATE)
def json_is_sent_as_text(original: Any) -> Any:
    """The body is called `text/plain`."""
    return with_headers(original, lambda name, value: (name, "text/plain" if name == "content-type" else value))


@DEFECTS.defect(BUILD(VERSION), VERSION)
def an_absent_name_is_sent_as_null(original: Any) -> Any:
    """What is not given is null in the body."""
    return with_body(original, lambda body: [body.setdefault(name, None) for name in ("file_name", "folder_id")])


@DEFECTS.defect(BUILD(VERSION), VERSION)
def a_version_is_not_moved(original: Any) -> Any:
    """`folder_id` of a version is not sent."""
    return with_body(original, lambda body: body.pop("folder_id", None))


@DEFECTS.defect(BUILD(VERSION), VERSION)
def a_version_is_of_a_number(original: Any) -> Any:
    """Leading zeros of the file's id are dropped."""

    def changed(path: str) -> str:
        first, file_id, last = path.rsplit("/", 2)
        return f"{first}/{int(file_id)}/{last}"

    return with_request(original, path=changed)


@DEFECTS.defect("box_uploads._runtime.parameter.Parameter.in_path", VERSION)
def an_id_in_a_path_is_not_checked(original: Any) -> Any:
    """What is part of a path is written as it is."""
    return lambda parameter, value: str(value)


@DEFECTS.defect("box_uploads._runtime.parameter.query_text", VERSION)
def a_path_is_not_percent_encoded(original: Any) -> Any:
    """Reserved characters are sent as they are."""
    return lambda text, argument: text


@DEFECTS.defect("box_uploads._runtime.parameter._DOTS", VERSION)
def dots_in_a_path_are_not_encoded(original: Any) -> Any:
    """A segment of dots is sent as it is, and leads elsewhere."""
    return {}


@DEFECTS.defect(BUILD(GET), GET)
def a_session_is_read_by_its_parts(original: Any) -> Any:
    """The request goes to the `list_parts` endpoint."""
    return lambda session, **rest: msgspec.structs.replace(
        original(session, **rest), url=session.session_endpoints.list_parts, path=f"{original(session).path}/parts"
    )


@DEFECTS.defect(BUILD(ABORT), ABORT)
def a_session_is_read_instead_of_aborted(original: Any) -> Any:
    """The method is GET."""
    return with_request(original, method=lambda _: "GET")


@DEFECTS.defect(BUILD(ABORT), ABORT)
def an_abort_has_a_body(original: Any) -> Any:
    """An abort sends an empty object."""
    return with_request(original, content=lambda _: b"{}")


@DEFECTS.defect(BUILD(LOG), LOG)
def the_details_of_an_event_are_dropped(original: Any) -> Any:
    """`event_info` is not sent."""
    return with_body(original, lambda body: body.pop("event_info", None))


@DEFECTS.defect(BUILD(LOG), LOG)
def an_event_has_another_property(original: Any) -> Any:
    """`event_type` is called `type`."""
    return with_body(original, lambda body: body.update(type=body.pop("event_type")))


@DEFECTS.defect(BUILD(LOG), LOG)
def an_event_is_sent_without_a_media_type(original: Any) -> Any:
    """The body is not called anything."""
    return with_headers(original, lambda name, value: None if name == "content-type" else (name, value))
