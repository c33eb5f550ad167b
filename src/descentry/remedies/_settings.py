"""What a run is set to, as far as its log or the watch knows; sizes of remedies start from it."""

from __future__ import annotations

import numpy as np

from descentry.core.data import Floats
from descentry.facts import Facts

TROUBLE = ("divergence", "non-finite", "spike", "jump-up")


def trouble(facts: Facts) -> int | None:
    """The step at which the first trouble began; None where there was none."""
    return min((f.start for f in facts.found(*TROUBLE)), default=None)


def norms(facts: Facts) -> Floats:
    """Finite norms of the gradient, up to the first trouble."""
    series, first = facts.norm, trouble(facts)
    if series is None:
        return np.empty(0)
    before = series.value if first is None else series.value[series.step < first]
    return before[np.isfinite(before)]


def decay(facts: Facts) -> float | None:
    """The largest weight decay."""
    found = facts.peak("learning-rate/weight-decay")
    return found if found is not None else facts.number("weight_decay", "weight-decay", "wd")
