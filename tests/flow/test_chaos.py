"""A sample of the uploads through a proxy that breaks connections; `python -m tests.flow.chaos` makes more."""

from __future__ import annotations

from tests.flow.chaos import Chaos


def test_uploads_through_a_broken_network_end_whole_or_in_an_error_that_tells_the_truth() -> None:
    chaos = Chaos(seed=1)
    chaos.run(20)

    assert chaos.failures == []
    # A proxy that breaks nothing would be green as well. Which outcomes so few uploads have depends on the machine's
    # pace; of 200, the program wants each kind.
    assert sum(chaos.kinds.values()) > chaos.kinds["nothing"]
