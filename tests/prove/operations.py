"""The operations of the API, and how the ids of generated tests name them."""

from __future__ import annotations

from collections.abc import Mapping

CREATE, VERSION, GET = "create_upload_session", "create_version_upload_session", "get_upload_session"
UPLOAD, LIST, PLAN = "upload_part", "list_parts", "plan_upload_parts"
COMMIT, ABORT, LOG = "commit_upload_session", "abort_upload_session", "log_upload_event"
FILE = "get_file"
SMALL_FILE, SMALL_VERSION = "upload_small_file", "upload_small_version"
NEW_FOLDER, FOLDER, ITEMS = "create_folder", "get_folder", "list_folder_items"
TOKEN, REVOKE, USER = "request_token", "revoke_token", "get_current_user"
CHECK, VERSION_CHECK, DOWNLOAD = "check_upload", "check_version_upload", "download_file"

LABELS: Mapping[str, str] = {
    CREATE: "[POST /files/upload_sessions]",
    VERSION: "[POST /files/{file_id}/upload_sessions]",
    GET: "[GET /files/upload_sessions/{upload_session_id}]",
    UPLOAD: "[PUT /files/upload_sessions/{upload_session_id}]",
    ABORT: "[DELETE /files/upload_sessions/{upload_session_id}]",
    LIST: "[GET /files/upload_sessions/{upload_session_id}/parts]",
    COMMIT: "[POST /files/upload_sessions/{upload_session_id}/commit]",
    LOG: "[POST /files/upload_sessions/{upload_session_id}/log]",
    PLAN: "[POST /files/upload_sessions/{upload_session_id}/plan]",
    FILE: "[GET /files/{file_id}]",
    SMALL_FILE: "[POST /files/content]",
    SMALL_VERSION: "[POST /files/{file_id}/content]",
    NEW_FOLDER: "[POST /folders]",
    FOLDER: "[GET /folders/{folder_id}]",
    ITEMS: "[GET /folders/{folder_id}/items]",
    TOKEN: "[POST /oauth2/token]",
    REVOKE: "[POST /oauth2/revoke]",
    USER: "[GET /users/me]",
    CHECK: "[OPTIONS /files/content]",
    VERSION_CHECK: "[OPTIONS /files/{file_id}/content]",
    DOWNLOAD: "[GET /files/{file_id}/content]",
}
