"""Plans: which parts need no upload, and how a commit names them."""

import hashlib
from typing import Any

import pytest
from box_uploads_mock import State

from tests.unit.mock.in_process import Response
from tests.unit.mock.uploading import DATA, Upload, complete, small_state

KEEPING = pytest.mark.parametrize("store", ["memory", "disk"])


@pytest.fixture
def state() -> State:
    return small_state()


def stored(state: State, data: bytes = DATA, name: str = "first") -> str:
    """Store a file, and return its id."""
    file_id: str = complete(state, data, file_name=name).stored()["id"]
    return file_id


def stored_content(upload: Upload, parts: list[dict[str, Any]]) -> bytes:
    """Commit these parts, and return the bytes of the file."""
    return upload.state.content(upload.commit(parts).body["entries"][0]["id"])


def offsets(response: Response) -> tuple[list[int], list[int]]:
    """Return the offsets of the hits and of the misses."""
    assert response.status == 200, response.content
    hits, misses = ([part["offset"] for part in response.body[name]] for name in ("hits", "misses"))
    return hits, misses


def named(response: Response) -> list[dict[str, Any]]:
    """Return the hits as a commit names them: without a digest."""
    return [{name: hit[name] for name in ("part_id", "offset", "size")} for hit in response.body["hits"]]


def _sha1(content: bytes) -> str:
    return hashlib.sha1(content, usedforsecurity=False).hexdigest()


def test_without_stored_parts_there_are_no_hits(state: State) -> None:
    upload = Upload(state)
    response = upload.plan()
    misses = [upload.wanted(index) for index in range(3)]
    assert (response.status, response.body) == (200, {"upload_session_id": upload.id, "hits": [], "misses": misses})


@KEEPING
def test_a_version_can_consist_of_hits_without_digests(store: Any) -> None:
    state = small_state(store=store)
    file_id = stored(state)
    upload = Upload(state, file_id=file_id, file_name="second")
    response = upload.plan()
    assert offsets(response) == ([0, 4, 8], [])
    assert [{**hit, "part_id": ""} for hit in response.body["hits"]] == [
        {**upload.wanted(index), "part_id": ""} for index in range(3)
    ]
    assert len({hit["part_id"] for hit in response.body["hits"]}) == 3
    assert upload.commit(named(response)).status == 201
    assert state.content(file_id) == DATA
    state.close()


def test_a_commit_may_name_hits_with_their_sha1(state: State) -> None:
    file_id = stored(state)
    upload = Upload(state, file_id=file_id, file_name="second")
    parts = [
        {**part, "sha1": _sha1(DATA[part["offset"] : part["offset"] + part["size"]])} for part in named(upload.plan())
    ]
    assert upload.commit([*parts[:2], {**parts[2], "sha1": "0" * 40}]).status == 400
    assert upload.commit(parts).status == 201


@KEEPING
@pytest.mark.parametrize("changed", [0, 1, 2])
def test_hits_and_uploaded_parts_make_one_file(store: Any, changed: int) -> None:
    state = small_state(store=store)
    stored(state)
    data = bytearray(DATA)
    data[4 * changed] ^= 1
    upload = Upload(state, bytes(data), file_name="second")
    response = upload.plan()
    assert offsets(response) == ([at for at in (0, 4, 8) if at != 4 * changed], [4 * changed])
    upload.put(changed)
    assert stored_content(upload, [*upload.parts, *named(response)]) == bytes(data)
    state.close()


def test_hits_depend_on_content_and_not_on_the_offset(state: State) -> None:
    stored(state, b"aaaabbbbcc")
    upload = Upload(state, b"bbbbaaaacc")
    response = upload.plan()
    assert offsets(response) == ([0, 4, 8], [])
    assert stored_content(upload, named(response)) == b"bbbbaaaacc"


def test_a_part_of_another_session_is_a_hit_after_that_session_is_aborted(state: State) -> None:
    other, upload = Upload(state, file_name="other"), Upload(state)
    other.put(1)
    response = upload.plan()
    assert offsets(response) == ([4], [0, 8])
    assert other.abort().status == 204
    upload.put(0)
    upload.put(2)
    assert stored_content(upload, [*upload.parts, *named(response)]) == DATA


def test_a_stored_part_of_the_session_is_a_hit_under_its_own_id(state: State) -> None:
    upload = Upload(state)
    upload.put(0)
    response = upload.plan()
    assert offsets(response) == ([0], [4, 8])
    assert response.body["hits"][0]["part_id"] == upload.parts[0]["part_id"]


def test_a_range_stored_with_other_bytes_is_a_miss(state: State) -> None:
    stored(state)
    upload = Upload(state, b"xxxx456789")
    upload.put(0)
    wanted = upload.wanted(0, sha512=hashlib.sha512(DATA[:4]).hexdigest())
    assert offsets(upload.plan([wanted])) == ([], [0])


def test_a_plan_stores_nothing_and_can_be_repeated(state: State) -> None:
    stored(state)
    upload = Upload(state, file_name="second")
    first, second = upload.plan(), upload.plan()
    assert first.body == second.body
    assert upload.get().body["num_parts_processed"] == 0
    assert upload.get("/parts").body["total_count"] == 0
    upload.put_all()
    assert upload.commit().status == 201


def test_a_hit_is_valid_only_in_its_session(state: State) -> None:
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
def test_ranges_that_are_not_parts_are_misses(state: State, change: dict[str, object]) -> None:
    stored(state)
    upload = Upload(state, file_name="second")
    wanted = upload.wanted(0, **change)
    response = upload.plan([wanted])
    assert (response.body["hits"], response.body["misses"]) == ([], [wanted])


def test_a_store_that_discards_has_no_hits() -> None:
    state = small_state(store="discard")
    stored(state)
    upload = Upload(state, file_name="second")
    upload.put(1)
    assert offsets(upload.plan()) == ([], [0, 4, 8])
    state.close()


def test_digests_are_case_insensitive(state: State) -> None:
    stored(state)
    upload = Upload(state, file_name="second")
    wanted = upload.wanted(0)
    response = upload.plan([{**wanted, "sha512": str(wanted["sha512"]).upper(), "more": 1}])
    assert response.body["hits"][0]["sha512"] == wanted["sha512"]


def test_sha512_is_computed_only_on_demand(state: State, monkeypatch: pytest.MonkeyPatch) -> None:
    hashed: list[int] = []
    sha512 = hashlib.sha512

    def counted(*data: bytes) -> Any:
        # The mock passes no data to the constructor, the test does.
        hashed.extend([] if data else [1])
        return sha512(*data)

    monkeypatch.setattr(hashlib, "sha512", counted)
    stored(state)
    assert hashed == []
    upload = Upload(state, file_name="second")
    upload.plan([upload.wanted(0, sha512="0" * 128)])
    # Only the two stored parts of the wanted size are hashed.
    upload.plan([upload.wanted(0, sha512="1" * 128)])
    assert len(hashed) == 2


@pytest.mark.parametrize("is_hit", [False, True])
def test_a_commit_may_name_a_sha512_of_every_part(state: State, is_hit: bool) -> None:
    stored(state)
    upload = Upload(state, file_name="second")
    if is_hit:
        parts = upload.plan().body["hits"]
    else:
        upload.put_all()
        parts = [{**part, **upload.wanted(index)} for index, part in enumerate(upload.parts)]
    wrong = [{**parts[0], "sha512": "0" * 128}, *parts[1:]]
    assert upload.commit(wrong).code == "parts_mismatch"
    assert upload.commit([{**part, "sha512": part["sha512"].upper()} for part in parts]).status == 201


@pytest.mark.parametrize("without", [0, 1, 2])
def test_a_commit_with_sha512_for_some_parts_gets_400(state: State, without: int) -> None:
    upload = complete(state)
    parts = [{**part, **upload.wanted(index)} for index, part in enumerate(upload.parts)]
    del parts[without]["sha512"]
    response = upload.commit(parts)
    assert (response.status, response.code) == (400, "bad_digest")


WRONG_SHA512 = ["", None, 1, "0" * 127, "0" * 129, "g" * 128]
CHANGES = [
    *({"offset": value} for value in (-1, "0", None)),
    *({"size": value} for value in (0, 1.5, True)),
    *({"sha512": value} for value in WRONG_SHA512),
]


@pytest.mark.parametrize("change", CHANGES)
def test_a_malformed_part_gets_400(state: State, change: dict[str, object]) -> None:
    upload = Upload(state)
    response = upload.plan([upload.wanted(1), upload.wanted(0, **change)])
    assert (response.status, response.code) == (400, "invalid_parameter")


@pytest.mark.parametrize("name", ["offset", "size", "sha512"])
def test_a_part_needs_offset_size_and_sha512(state: State, name: str) -> None:
    upload = Upload(state)
    part = upload.wanted(0)
    del part[name]
    assert upload.plan([part]).code == "invalid_parameter"


@pytest.mark.parametrize("body", [{}, {"parts": []}, {"parts": {}}, {"parts": [1]}, []])
def test_a_malformed_plan_gets_400(state: State, body: object) -> None:
    upload = Upload(state)
    assert upload.plan(body=body).status == 400
    assert upload.plan(body={"parts": [upload.wanted(0)], "more": 1}).code == "bad_request"


def test_without_plan_endpoint_a_plan_gets_404() -> None:
    upload = Upload(small_state(offers_plan=False))
    assert "plan" not in upload.session["session_endpoints"]
    response = upload.plan()
    assert (response.status, response.code) == (404, "not_found")
