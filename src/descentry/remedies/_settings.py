"""What a run is set to, as far as its log or the watch knows; sizes of remedies start from it."""

from __future__ import annotations

import numpy as np

from descentry.core.data import Floats
from descentry.facts import Facts

TROUBLE = ("divergence", "non-finite", "spike", "jump-up")
ADAPTIVE = {"adam", "adamw", "nadam", "radam", "adamax", "rmsprop", "adagrad", "adadelta"}


def rate(facts: Facts) -> float | None:
    """The largest learning rate of the run."""
    series = facts.rate
    known = series.value[np.isfinite(series.value)] if series is not None else np.empty(0)
    return float(known.max()) if len(known) else facts.number("lr", "learning_rate")


def optimizer(facts: Facts) -> str:
    """Its name in lower case; empty where it is not known."""
    return str(facts.config.get("optimizer", "")).casefold()


def adaptive(facts: Facts) -> bool:
    """Whether the optimizer divides by the size of the gradient."""
    return optimizer(facts) in ADAPTIVE


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


def batch(facts: Facts) -> float | None:
    """Examples in a batch."""
    return facts.late("batch-size") or facts.number("batch_size", "batch-size")
