"""What quanta cost."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from alexa_local.scheduler import Costs
from alexa_local.scheduler.costs import KEPT, UNKNOWN_S


@given(st.lists(st.floats(0.0, 10.0), min_size=1, max_size=200), st.floats(0.0, 1.0))
def test_quantiles_are_those_of_the_last_quanta(seconds: list[float], share: float) -> None:
    costs = Costs()
    for one in seconds:
        costs.add("x", one)
    recent = np.sort(seconds[-KEPT:])
    assert costs.quantile("x", share) == recent[min(len(recent) - 1, int(share * len(recent)))]


def test_what_was_never_measured_is_guessed() -> None:
    assert Costs().expected("new") == UNKNOWN_S
