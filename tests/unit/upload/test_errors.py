"""The errors of uploads, where users look for them."""

from __future__ import annotations

import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from box_uploads import errors, upload
from box_uploads.upload import errors as own

GENERATED = Path(upload.__file__).parents[2]
KINDS: list[Any] = [getattr(own, name) for name in own.__all__]


@pytest.mark.parametrize("kind", KINDS)
def test_an_error_is_in_both_facades_and_has_the_one_root(kind: Any) -> None:
    assert getattr(errors, kind.__name__) is getattr(upload, kind.__name__) is kind
    assert kind.__name__ in errors.__all__
    assert kind.__name__ in upload.__all__
    assert issubclass(kind, own.UploadError)
    assert issubclass(kind, errors.BoxUploadsError)


@pytest.mark.parametrize("kind", KINDS)
def test_an_error_survives_pickling_with_its_attributes(kind: Any) -> None:
    error = kind("one line")
    again = pickle.loads(pickle.dumps(error))  # noqa: S301  # our own
    assert (type(again), str(again), vars(again)) == (kind, str(error), vars(error))


def test_a_lost_session_keeps_in_a_pickle_what_it_knows_of_the_commit() -> None:
    again = pickle.loads(pickle.dumps(own.SessionLostError("x", retry_safe=True)))  # noqa: S301  # our own
    assert again.retry_safe


def test_an_unknown_error_is_no_attribute() -> None:
    with pytest.raises(AttributeError, match=r"^module 'box_uploads\.errors' has no attribute 'NoError'$"):
        _ = errors.NoError  # type: ignore[attr-defined]


def test_the_errors_of_calls_do_not_import_the_uploader() -> None:
    code = (
        "import sys; from box_uploads import errors; errors.ApiError; before = 'box_uploads.upload' in sys.modules;"
        "errors.UploadError; print(before, 'box_uploads.upload' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=GENERATED, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "True"]
