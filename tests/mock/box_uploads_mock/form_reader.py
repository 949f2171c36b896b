"""Reads the form of a small upload while it arrives: the attributes, and then the bytes of the file."""

from collections.abc import Callable

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from box_uploads_mock.errors import ApiError

MAX_ATTRIBUTES_LENGTH = 64 * 1024
ATTRIBUTES = "attributes"


class FormReader:
    """Reads one form, and keeps nothing of the file.

    Args:
        content_type: The header field, which names the boundary.
        write: Gets the bytes of the file, piece by piece.

    Attributes:
        attributes: The attributes, undecoded.

    Raises:
        ApiError: The header names no boundary.
    """

    def __init__(self, content_type: str, write: Callable[[bytes], object]) -> None:
        _, options = parse_options_header(content_type)
        boundary = options.get(b"boundary", b"")
        if not boundary:
            raise ApiError("bad_request", "The Content-Type names no boundary of the form.")
        self._write = write
        self._parser = MultipartParser(
            boundary,
            {
                "on_part_begin": self._begin_part,
                "on_header_field": self._add_header_name,
                "on_header_value": self._add_header_value,
                "on_header_end": self._end_header,
                "on_headers_finished": self._start_content,
                "on_part_data": self._add_content,
                "on_end": self._end,
            },
        )
        self.attributes = b""
        self._parts: list[str] = []
        self._is_complete = False
        self._name, self._header_name, self._header_value = "", b"", b""

    def feed(self, chunk: bytes) -> None:
        """Read the next bytes of the body.

        Raises:
            ApiError: It is not such a form.
        """
        try:
            self._parser.write(chunk)
        except FormParserError as error:
            raise ApiError("bad_request", f"The request body is not a form: {error}") from None

    def close(self) -> None:
        """Check that the form is complete.

        Raises:
            ApiError: It is not, or has no file.
        """
        if not self._is_complete:
            raise ApiError("bad_request", "The form ends before its last boundary.")
        if len(self._parts) < 2:
            raise ApiError("bad_request", "The form has no file.")

    def _begin_part(self) -> None:
        self._name = ""

    def _add_header_name(self, data: bytes, start: int, end: int) -> None:
        self._header_name += data[start:end]

    def _add_header_value(self, data: bytes, start: int, end: int) -> None:
        self._header_value += data[start:end]

    def _end_header(self) -> None:
        if self._header_name.lower() == b"content-disposition":
            _, options = parse_options_header(self._header_value)
            self._name = options.get(b"name", b"").decode("utf-8", "replace")
        self._header_name = self._header_value = b""

    def _start_content(self) -> None:
        # Box looks at the name of the first part alone: clients call the second one `file` or `contents`.
        if not self._parts and self._name != ATTRIBUTES:
            raise ApiError("metadata_after_file_contents", "The attributes of the file have to come first.")
        if len(self._parts) == 2:
            raise ApiError("bad_request", "The form has more parts than the attributes and a file.")
        self._parts.append(self._name)

    def _add_content(self, data: bytes, start: int, end: int) -> None:
        if len(self._parts) == 2:
            self._write(data[start:end])
            return
        self.attributes += data[start:end]
        if len(self.attributes) > MAX_ATTRIBUTES_LENGTH:
            raise ApiError("bad_request", f"The attributes have more than {MAX_ATTRIBUTES_LENGTH} bytes.")

    def _end(self) -> None:
        self._is_complete = True
