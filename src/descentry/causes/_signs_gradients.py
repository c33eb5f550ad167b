"""Signs of the gradient: how large it is, how it grows, and how it is spread over the layers."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

import numpy as np

from descentry.causes._entry import Sign
from descentry.causes._signs_curve import CALIBRATED, TINY
from descentry.core.data import Series
from descentry.core.ranks import median
from descentry.facts import START, Facts

NOTHING = -30.0  # decades; below all that is measured
LAYERS = 3  # with fewer, a profile over the depth has no direction


def matrices(facts: Facts) -> list[str]:
    """Names of the weight matrices in the order of the model; embeddings are looked up and not among them."""
    scaled = list(facts.named("weights", "scale"))
    return scaled or [name for name in facts.layers("gradient-norm") if name.endswith("weight")]


def middle(series: Series, first: bool = False) -> float | None:
    """The median of the finite readings, or of the first few of them."""
    value = series.value[np.isfinite(series.value)]
    value = value[:START] if first else value
    return float(median(value)) if len(value) else None


def across(values: Sequence[float]) -> float:
    """What a straight line through the values rises by, end to end; the median slope of all pairs.

    One layer that is out of line (the last one often is) does not turn it.
    """
    slopes = [(b - a) / (j - i) for (i, a), (j, b) in itertools.combinations(enumerate(values), 2)]
    return float(median(slopes)) * (len(values) - 1)


def decades(value: float) -> float:
    """The power of ten; zero is far down."""
    return math.log10(max(value, TINY))


def _size(facts: Facts) -> float | None:
    """Decades of the norm over the loss of the same step, typically."""
    norm, loss = facts.norm, facts.curve.series
    if norm is None or facts.curve.rising or not len(loss):
        return None
    at = np.clip(np.searchsorted(loss.step, norm.step), 0, len(loss) - 1)
    pairs = zip(norm.value, np.abs(loss.value[at]), strict=True)
    sizes = [decades(g) - decades(v) for g, v in pairs if math.isfinite(g) and math.isfinite(v) and v > 0]
    return max(float(median(np.array(sizes))), NOTHING) if sizes else None


GRADIENT_SIZE = Sign(
    "gradient-size",
    "how large the gradient is beside the loss",
    _size,
    (-5.0, -3.0, -1.5, 1.5, 3.0),
    (
        "The gradient is next to nothing while there is a loss ({power} of it).",
        "The gradient is very small beside the loss ({power} of it).",
        "The gradient is rather small beside the loss ({power} of it).",
        "The gradient has a usual size beside the loss.",
        "The gradient is large beside the loss ({power} times it).",
        "The gradient is huge beside the loss ({power} times it).",
    ),
    "about as large as the loss, within a factor of thirty",
    CALIBRATED,
    "gradient-norm",
)


def _growth(facts: Facts) -> float | None:
    norm = facts.norm
    value = norm.value[np.isfinite(norm.value)] if norm is not None else np.empty(0)
    if len(value) < 2 * START:
        return None
    first, last = median(value[:START]), median(value[-max(START, len(value) // 10) :])
    return max(NOTHING, decades(float(last)) - decades(float(first))) if first > 0 else None


GRADIENT_GROWTH = Sign(
    "gradient-growth",
    "how the gradient at the end compares with that at the start",
    _growth,
    (-3.0, -1.0, 1.0, 3.0),
    (
        "The gradient fell to {power} of what it was at the start.",
        "The gradient fell by more than ten.",
        "The gradient stayed within a factor of ten of its size at the start.",
        "The gradient grew {power}-fold.",
        "The gradient exploded: it grew {power}-fold.",
    ),
    "0, or a slow fall as the loss falls",
    "Pascanu, Mikolov and Bengio 2013",
    "gradient-norm",
)


def _peak(facts: Facts) -> float | None:
    norm = facts.norm
    value = norm.value[np.isfinite(norm.value)] if norm is not None else np.empty(0)
    typical = float(median(value)) if len(value) >= 2 * START else 0.0
    return decades(float(value.max())) - decades(typical) if typical > 0 else None


GRADIENT_PEAK = Sign(
    "gradient-peak",
    "the largest gradient beside the typical one",
    _peak,
    (1.0, 2.0, 4.0),
    (
        "No gradient is far larger than the typical one.",
        "The largest gradient is more than ten times the typical one, as happens.",
        "The largest gradient is {power} times the typical one.",
        "The largest gradient is {power} times the typical one: it goes off like a cliff.",
    ),
    "within ten times the median",
    "Pascanu, Mikolov and Bengio 2013",
    "gradient-norm",
)


def _profile(facts: Facts) -> float | None:
    """Decades from the last weight matrix to the first, at the start."""
    found = facts.layers("gradient-norm")
    sizes = [middle(found[name], first=True) for name in matrices(facts) if name in found]
    # Exactly zero is a wire that was cut, or a dead layer: nothing has shrunk on its way there.
    logs = [decades(size) for size in sizes if size]
    return -across(logs) if len(logs) >= LAYERS else None


PROFILE = Sign(
    "gradient-profile",
    "how the gradient changes from the last layer to the first",
    _profile,
    (-4.0, -2.0, -1.0, 1.0, 2.0, 4.0),
    (
        "The gradient vanishes on its way: that of the first layers is {power} of the last's.",
        "The gradient shrinks to {power} from the last layers to the first.",
        "The gradient shrinks somewhat towards the first layers ({power}).",
        "The gradient has about the same size in the first and in the last layers.",
        "The gradient grows somewhat towards the first layers ({power}).",
        "The gradient grows {power}-fold from the last layers to the first.",
        "The gradient explodes on its way: that of the first layers is {power} times the last's.",
    ),
    "0: signals and gradients keep their size from layer to layer",
    "Glorot and Bengio 2010; He et al. 2015",
    "watch",
)


def _zero(facts: Facts) -> float | None:
    """The share of weight matrices whose gradient is exactly zero at most readings."""
    found = facts.layers("gradient-norm")
    sizes = [middle(found[name]) for name in matrices(facts) if name in found]
    known = [size for size in sizes if size is not None]
    return float(np.mean([size == 0 for size in known])) if known else None


ZERO_GRADIENTS = Sign(
    "zero-gradients",
    "how many weight matrices have a gradient of exactly zero",
    _zero,
    (0.01, 0.6),
    (
        "Every weight matrix has a gradient.",
        "The gradient of {percent} of the weight matrices is exactly zero.",
        "The gradient of most weight matrices ({percent}) is exactly zero: they cannot learn.",
    ),
    "none",
    "by definition",
    "watch",
)


def _broken(facts: Facts) -> float | None:
    """2 where a gradient was the first thing that was no number, 1 where the loss was, 0 where neither."""
    norm = facts.measured.get("gradient-norm")
    if norm is None:
        return None
    bad = np.flatnonzero(~np.isfinite(norm.value))
    # Mixed precision tries out scales that overflow, and skips those steps: finite gradients follow.
    if not len(bad) or np.isfinite(norm.value[-1]):
        return 0.0
    series = facts.curve.series
    upto = series.value[series.step <= norm.step[bad[0]]]
    return 2.0 if len(upto) and np.isfinite(upto).all() else 1.0


BROKEN_GRADIENT = Sign(
    "broken-gradient",
    "whether the gradient or the loss was NaN first",
    _broken,
    (0.5, 1.5),
    (
        "The gradient stays finite.",
        "The gradient is not finite once the loss is not.",
        "The gradient is NaN or infinite while the loss still is a number.",
    ),
    "finite throughout",
    "by definition",
    "watch",
)
