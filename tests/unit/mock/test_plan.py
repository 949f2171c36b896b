"""Asking which parts need not be uploaded, and naming them in the commit."""

import hashlib
from typing import Any

import pytest
from box_uploads_mock import State

from tests.unit.mock.in_process import Answer
from tests.unit.mock.uploading import DATA, Upload, small_state

KEEPING = ("memory", "disk")


@pytest.fixture
def state() -> State:
    return small_state()


def stored(state: State, data: bytes = DATA, name: str = "first") -> str:
    """Store a file, and return its id."""
    upload = Upload(state, data, file_name=name)
    upload.put_all()
    file_id: str = upload.commit().body["entries"][0]["id"]
    return file_id


def offsets(answer: Answer) -> tuple[list[int], list[int]]:
    """Return where the hits are, and the misses."""
    assert answer.status == 200, answer.content
    hits, misses = ([part["offset"] for part in answer.body[name]] for name in ("hits", "misses"))
    return hits, misses


def named(answer: Answer) -> list[dict[str, Any]]:
    """Return the hits as a commit names them: without a digest."""
    return [{name: hit[name] for name in ("part_id", "offset", "size")} for hit in answer.body["hits"]]


def test_nothing_is_a_hit_where_nothing_is_stored(state: State) -> None:
    upload = Upload(state)
    answer = upload.plan()
    assert answer.status == 200
    assert answer.body == {
        "upload_session_id": upload.id,
        "hits": [],
        "misses": [upload.wanted(index) for index in range(3)],
    }


@pytest.mark.parametrize("store", KEEPING)
def test_a_version_is_made_of_hits_alone_and_needs_no_digests(store: Any) -> None:
    state = small_state(store=store)
    file_id = stored(state)
    upload = Upload(state, file_id=file_id)
    answer = upload.plan()
    assert offsets(answer) == ([0, 4, 8], [])
    assert [{**hit, "part_id": ""} for hit in answer.body["hits"]] == [
        {**upload.wanted(index), "part_id": ""} for index in range(3)
    ]
    assert len({hit["part_id"] for hit in answer.body["hits"]}) == 3
    assert upload.commit(named(answer)).status == 201
    assert state.content(file_id) == DATA
    state.close()


@pytest.mark.parametrize("store", KEEPING)
@pytest.mark.parametrize("changed", [0, 1, 2])
def test_hits_and_uploaded_parts_make_one_file(store: Any, changed: int) -> None:
    state = small_state(store=store)
    stored(state)
    data = bytearray(DATA)
    data[4 * changed] ^= 1
    upload = Upload(state, bytes(data), file_name="second")
    answer = upload.plan()
    assert offsets(answer) == ([at for at in (0, 4, 8) if at != 4 * changed], [4 * changed])
    upload.put(changed)
    file_id = upload.commit([*upload.parts, *named(answer)]).body["entries"][0]["id"]
    assert state.content(file_id) == bytes(data)
    state.close()


def test_hits_go_by_content_wherever_it_stands(state: State) -> None:
    stored(state, b"aaaabbbbcc")
    upload = Upload(state, b"bbbbaaaacc")
    answer = upload.plan()
    assert offsets(answer) == ([0, 4, 8], [])
    file_id = upload.commit(named(answer)).body["entries"][0]["id"]
    assert state.content(file_id) == b"bbbbaaaacc"


def test_a_part_of_another_open_session_is_a_hit_and_outlives_it(state: State) -> None:
    other, upload = Upload(state, file_name="other"), Upload(state)
    other.put(1)
    answer = upload.plan()
    assert offsets(answer) == ([4], [0, 8])
    assert other.abort().status == 204
    upload.put(0)
    upload.put(2)
    file_id = upload.commit([*upload.parts, *named(answer)]).body["entries"][0]["id"]
    assert state.content(file_id) == DATA


def test_a_stored_part_of_the_session_is_a_hit_under_its_own_id(state: State) -> None:
    upload = Upload(state)
    upload.put(0)
    answer = upload.plan()
    assert offsets(answer) == ([0], [4, 8])
    assert answer.body["hits"][0]["part_id"] == upload.parts[0]["part_id"]


def test_a_range_that_is_stored_with_other_bytes_is_no_hit(state: State) -> None:
    stored(state)
    upload = Upload(state, b"xxxx456789")
    upload.put(0)
    wanted = upload.wanted(0, sha512=hashlib.sha512(DATA[:4]).hexdigest())
    assert offsets(upload.plan([wanted])) == ([], [0])


def test_asking_stores_nothing_and_gives_the_same_ids_again(state: State) -> None:
    stored(state)
    upload = Upload(state, file_name="second")
    first, second = upload.plan(), upload.plan()
    assert first.body == second.body
    assert upload.get().body["num_parts_processed"] == 0
    assert upload.get("/parts").body["total_count"] == 0
    upload.put_all()
    assert upload.commit().status == 201


def test_a_hit_is_a_part_of_its_own_session_alone(state: State) -> None:
    stored(state)
    first, second = Upload(state, file_name="a"), Upload(state, file_name="b")
    hits = named(first.plan())
    assert second.commit(hits).code == "parts_mismatch"
    assert first.commit([{**hits[0], "offset": 4}, *hits[1:]]).code == "parts_mismatch"
    assert first.commit([{**hits[0], "size": 3}, *hits[1:]]).code == "parts_mismatch"
    assert first.commit(hits).status == 201


@pytest.mark.parametrize("change", [
    {"offset": 1}, {"offset": 12}, {"size": 3}, {"size": 5}, {"sha512": "0" * 128},
])  # fmt: skip
def test_what_is_none_of_the_session_s_parts_is_a_miss(state: State, change: dict[str, object]) -> None:
    stored(state)
    upload = Upload(state, file_name="second")
    wanted = upload.wanted(0, **change)
    answer = upload.plan([wanted])
    assert (answer.body["hits"], answer.body["misses"]) == ([], [wanted])


def test_a_store_that_discards_has_no_hits() -> None:
    state = small_state(store="discard")
    stored(state)
    upload = Upload(state, file_name="second")
    upload.put(1)
    assert offsets(upload.plan()) == ([], [0, 4, 8])
    state.close()


def test_a_digest_in_capitals_is_the_same_digest(state: State) -> None:
    stored(state)
    upload = Upload(state, file_name="second")
    wanted = upload.wanted(0)
    answer = upload.plan([{**wanted, "sha512": str(wanted["sha512"]).upper(), "more": 1}])
    assert answer.body["hits"][0]["sha512"] == wanted["sha512"]


def test_nothing_is_hashed_a_second_time_before_it_is_asked_for(state: State, monkeypatch: pytest.MonkeyPatch) -> None:
    hashed: list[int] = []
    sha512 = hashlib.sha512

    def counted(*data: bytes) -> Any:
        # The mock hashes bit by bit, the test at once.
        hashed.extend([] if data else [1])
        return sha512(*data)

    monkeypatch.setattr(hashlib, "sha512", counted)
    stored(state)
    assert hashed == []
    upload = Upload(state, file_name="second")
    upload.plan([upload.wanted(0, sha512="0" * 128)])
    # Of the three parts, those of the size that was asked for.
    upload.plan([upload.wanted(0, sha512="1" * 128)])
    assert len(hashed) == 2


@pytest.mark.parametrize("is_hit", [False, True])
def test_a_commit_may_name_a_sha512_of_every_part(state: State, is_hit: bool) -> None:
    stored(state)
    upload = Upload(state, file_name="second")
    if is_hit:
        parts = [{**hit} for hit in upload.plan().body["hits"]]
    else:
        upload.put_all()
        parts = [{**part, **upload.wanted(index)} for index, part in enumerate(upload.parts)]
    wrong = [{**parts[0], "sha512": "0" * 128}, *parts[1:]]
    assert upload.commit(wrong).code == "parts_mismatch"
    assert upload.commit([{**one, "sha512": one["sha512"].upper()} for one in parts]).status == 201


@pytest.mark.parametrize("without", [0, 1, 2])
def test_a_commit_with_some_sha512_is_refused(state: State, without: int) -> None:
    upload = Upload(state)
    upload.put_all()
    parts = [{**part, **upload.wanted(index)} for index, part in enumerate(upload.parts)]
    del parts[without]["sha512"]
    answer = upload.commit(parts)
    assert (answer.status, answer.code) == (400, "bad_digest")


@pytest.mark.parametrize("change", [
    {"offset": -1}, {"offset": "0"}, {"offset": None}, {"size": 0}, {"size": 1.5}, {"size": True}, {"sha512": ""},
    {"sha512": None}, {"sha512": "0" * 127}, {"sha512": "0" * 129}, {"sha512": "g" * 128}, {"sha512": 1},
])  # fmt: skip
def test_a_malformed_part_is_refused(state: State, change: dict[str, object]) -> None:
    upload = Upload(state)
    answer = upload.plan([upload.wanted(1), upload.wanted(0, **change)])
    assert (answer.status, answer.code) == (400, "invalid_parameter")


@pytest.mark.parametrize("name", ["offset", "size", "sha512"])
def test_a_part_says_all_three(state: State, name: str) -> None:
    upload = Upload(state)
    part = upload.wanted(0)
    del part[name]
    assert upload.plan([part]).code == "invalid_parameter"


@pytest.mark.parametrize("body", [{}, {"parts": []}, {"parts": {}}, {"parts": [1]}, []])
def test_a_malformed_body_is_refused(state: State, body: object) -> None:
    assert Upload(state).plan(body=body).status == 400


def test_a_property_that_is_not_known_is_refused(state: State) -> None:
    upload = Upload(state)
    assert upload.plan(body={"parts": [upload.wanted(0)], "more": 1}).code == "bad_request"


def test_a_session_that_has_ended_cannot_be_planned(state: State) -> None:
    upload = Upload(state)
    upload.abort()
    assert upload.plan().code == "upload_session_not_found"


def test_a_mock_that_does_not_offer_it_has_no_such_call() -> None:
    upload = Upload(small_state(offers_plan=False))
    assert "plan" not in upload.session["session_endpoints"]
    answer = upload.plan()
    assert (answer.status, answer.code) == (404, "not_found")
