"""What users of other uploaders have complained about, and which test shows that it does not happen here.

The numbers are those of the collection that this uploader was designed by; each line names the thread.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TESTS = {
    "box-python-sdk 870: over 2 GB, the thread pool hangs": "test_a_file_over_2_gib_gets_all_its_parts_and_its_commit",
    "box-python-sdk 495: digest fed twice on resuming": "test_an_interrupted_upload_goes_on_where_it_was",
    "box-python-sdk 839: threads leak on resuming": "test_a_resumed_upload_leaves_no_thread_behind",
    "box-python-sdk 685: 202 is handed back instead of waited for": "test_a_202_is_waited_for_as_long_as_it_asks",
    "box-python-sdk 715: 202 raises": "test_a_202_is_waited_for_as_long_as_it_asks",
    "box-python-sdk 671: a closed file is read": "test_a_file_object_is_read_from_where_it_stands_and_left_open",
    "box-python-sdk 766: connection lost at part 112": "test_a_passing_fault_ends_in_the_right_file_once",
    "box-python-sdk-gen 413: disconnects in long uploads": "test_a_passing_fault_ends_in_the_right_file_once",
    "box-python-sdk-gen 523: the token is printed": ("test_no_error_and_no_event_of_a_failed_upload_shows_the_token"),
    "box-python-sdk 84: the whole file is read into memory": "test_a_large_file_takes_the_memory_of_a_few_parts",
    "box-java-sdk 541: unbounded queue of parts": "test_a_large_file_takes_the_memory_of_a_few_parts",
    "box-java-sdk 530: int overflow over 2 GB": "test_a_file_over_2_gib_gets_all_its_parts_and_its_commit",
    "box-java-sdk 701, 718: stream read partly": "test_a_stream_of_a_declared_size_is_uploaded_without_spooling",
    "box-java-sdk 421: no timeout": "test_a_server_that_does_not_answer_is_given_up_after_the_timeout",
    "box-java-sdk 781: 500, yet stored": "test_a_part_that_was_stored_without_an_answer_is_not_sent_again",
    "box-java-sdk 782: 409 discovered late": "test_a_taken_name_is_reported_before_a_byte_is_sent",
    "box-java-sdk 1499: a retry leaves an empty file": "test_a_refused_part_is_sent_again_without_looking_for_it",
    "box-node-sdk 207: last chunk of a stream": "test_a_stream_of_a_declared_size_is_uploaded_without_spooling",
    "box-javascript-sdk 31: no commit over 3 GB": "test_a_file_over_2_gib_gets_all_its_parts_and_its_commit",
    "boxcli 102: empty part after an exact multiple": "test_an_exact_multiple_has_no_empty_last_part",
    "boxcli 296: killed for memory at 4 GB": "test_a_large_file_takes_the_memory_of_a_few_parts",
    "boxcli 343: timeouts, then 500s": "test_a_passing_fault_ends_in_the_right_file_once",
    "box-windows-sdk-v2 463, 266: closed stream on a retry": "test_a_refused_part_is_sent_again_without_looking_for_it",
    "box-windows-sdk-v2 352: refresh re-sends a consumed stream": "test_a_token_that_expires_meanwhile_is_fetched_once",
    "box-windows-sdk-v2 733: all in memory": "test_a_large_file_takes_the_memory_of_a_few_parts",
    "box-windows-sdk-v2 767: digest_mismatch without cause": "test_an_error_says_what_ended_the_commit",
    "box-windows-sdk-v2 21, box-ios-sdk 692: no progress": "test_the_progress_adds_up",
    "box-android-sdk 441: no retry per part": "test_a_passing_fault_ends_in_the_right_file_once",
    "rclone 2054: commit not ready, overlap after a retry": "test_an_overlap_that_is_not_listed_was_not_persisted",
    "rclone 97: late parts_mismatch": "test_a_transient_failure_is_retried",
    "rclone 7214: token not refreshed in a long upload": "test_a_token_that_expires_meanwhile_is_fetched_once",
    "rclone 4403: streams with a size hint": "test_a_stream_of_a_declared_size_is_uploaded_without_spooling",
    "boxr 121: 202 is an error": "test_a_202_is_waited_for_as_long_as_it_asks",
    "demisto/content 35791: 202 is an error": "test_a_202_is_waited_for_as_long_as_it_asks",
    "s3transfer 366: size hint": "test_a_stream_of_unknown_size_is_read_to_its_end_first",
    "s3transfer 417: the caller's file is closed": "test_a_file_object_is_read_from_where_it_stands_and_left_open",
    "aioboto3 209: no abort when reading fails": "test_a_source_that_cannot_be_read_ends_its_session",
    "azure-cli 1105: all chunks in memory": "test_a_large_file_takes_the_memory_of_a_few_parts",
    "google-cloud-python 5042, google-cloud-swift 721: data lost on the retry of a stream": (
        "test_a_stream_of_a_declared_size_is_uploaded_without_spooling"
    ),
    "google-cloud-swift 105: checksum lost on resuming": "test_an_interrupted_upload_goes_on_where_it_was",
    "tus-py-client 47: the whole file is one chunk": "test_a_large_file_takes_the_memory_of_a_few_parts",
    "tusd 1054: resuming is not on by default": "test_a_killed_upload_is_done_once_by_the_same_command",
}
WHY_NOT = {
    "box-node-sdk 497: 100% CPU above 200 MB": "its own busy loop; the engine blocks on a queue, with no load to test",
    "support.box.com 360049143154: quota, part size": "a question to Box: only the server chooses part sizes",
}


@pytest.mark.parametrize("name", sorted(set(TESTS.values())))
def test_each_complaint_has_a_test(name: str) -> None:
    texts = [path.read_text(encoding="utf-8") for path in ROOT.rglob("test_*.py")]
    assert any(re.search(rf"^def {name}\(", text, re.MULTILINE) for text in texts)


def test_what_has_no_test_has_a_reason() -> None:
    assert all(WHY_NOT.values())
    assert not set(WHY_NOT) & set(TESTS)
