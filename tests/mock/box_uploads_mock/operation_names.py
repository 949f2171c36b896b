"""The names of the operations, as faults and the request log use them."""

from collections.abc import Sequence

CREATE_UPLOAD_SESSION = "create_upload_session"
CREATE_VERSION_UPLOAD_SESSION = "create_version_upload_session"
GET_UPLOAD_SESSION = "get_upload_session"
UPLOAD_PART = "upload_part"
LIST_PARTS = "list_parts"
COMMIT_UPLOAD_SESSION = "commit_upload_session"
ABORT_UPLOAD_SESSION = "abort_upload_session"
LOG_UPLOAD_EVENT = "log_upload_event"
PLAN_UPLOAD_PARTS = "plan_upload_parts"
GET_FILE = "get_file"
UPLOAD_SMALL_FILE = "upload_small_file"
UPLOAD_SMALL_VERSION = "upload_small_version"
CREATE_FOLDER = "create_folder"
GET_FOLDER = "get_folder"
LIST_FOLDER_ITEMS = "list_folder_items"
REQUEST_TOKEN = "request_token"
REVOKE_TOKEN = "revoke_token"
GET_CURRENT_USER = "get_current_user"
CHECK_UPLOAD = "check_upload"
CHECK_VERSION_UPLOAD = "check_version_upload"
DOWNLOAD_FILE = "download_file"
# Where `download_file` redirects to; at Box, it is at another host and no operation of the API.
DOWNLOAD_CONTENT = "download_content"
AUTHORIZE = "authorize"

OPERATIONS: Sequence[str] = (
    CREATE_UPLOAD_SESSION,
    CREATE_VERSION_UPLOAD_SESSION,
    GET_UPLOAD_SESSION,
    UPLOAD_PART,
    LIST_PARTS,
    COMMIT_UPLOAD_SESSION,
    ABORT_UPLOAD_SESSION,
    LOG_UPLOAD_EVENT,
    PLAN_UPLOAD_PARTS,
    GET_FILE,
    UPLOAD_SMALL_FILE,
    UPLOAD_SMALL_VERSION,
    CREATE_FOLDER,
    GET_FOLDER,
    LIST_FOLDER_ITEMS,
    REQUEST_TOKEN,
    REVOKE_TOKEN,
    GET_CURRENT_USER,
    AUTHORIZE,
    CHECK_UPLOAD,
    CHECK_VERSION_UPLOAD,
    DOWNLOAD_FILE,
    DOWNLOAD_CONTENT,
)

# They need no token, and have errors of their own form.
SIGN_IN = frozenset({AUTHORIZE, REQUEST_TOKEN, REVOKE_TOKEN})
WITHOUT_TOKEN = SIGN_IN | {DOWNLOAD_CONTENT}
