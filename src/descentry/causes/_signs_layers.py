"""Signs of the layers: what they give out, and the weights they begin with.

The last layer is left out: it may be saturated because the model is sure, and zeros are harmless in it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from descentry.causes._entry import Sign
from descentry.causes._signs_curve import CALIBRATED
from descentry.causes._signs_gradients import LAYERS, across, decades, matrices, middle
from descentry.core.data import Series
from descentry.core.ranks import median
from descentry.facts import START, Facts

EXAMPLES = 100.0  # below which a unit that responds to one example in thirty would pass for a dead one
ALIKE = 0.9  # of the rows of a matrix: chance makes none alike


def hidden(found: Mapping[str, Series]) -> list[Series]:
    """All but the last layer, in the order of the model."""
    return list(found.values())[:-1]


def _late(series: Series) -> float | None:
    value = series.value[np.isfinite(series.value)]
    return float(median(value[-max(START, len(value) // 3) :])) if len(value) else None


def _first(series: Series) -> float | None:
    return middle(series, first=True)


def _saturated(facts: Facts, when: Callable[[Series], float | None]) -> float | None:
    """The mean over the layers with a squashing function, but for the model's last layer."""
    found = facts.layers("activations", "saturated")
    last = list(facts.layers("activations", "mean"))[-1:]
    shares = [when(series) for name, series in found.items() if name not in last]
    known = [share for share in shares if share is not None]
    return float(np.mean(known)) if known else None


SATURATED = Sign(
    "saturated",
    "how many hidden units are saturated late in the run",
    lambda facts: _saturated(facts, _late),
    (0.1, 0.3, 0.5, 0.8),
    (
        "Hardly any hidden unit is saturated.",
        "Some hidden units are saturated ({percent}), as usual.",
        "{percent} of the hidden units are saturated.",
        "Most hidden units ({percent}) are saturated and pass hardly any gradient.",
        "Nearly all hidden units ({percent}) are saturated and pass hardly any gradient.",
    ),
    "well below one half",
    "Glorot and Bengio 2010",
    "watch",
)

SATURATED_START = Sign(
    "saturated-at-start",
    "how many hidden units are saturated at the start",
    lambda facts: _saturated(facts, _first),
    (0.1, 0.3, 0.5, 0.8),
    (
        "Hardly any hidden unit begins saturated.",
        "Some hidden units begin saturated ({percent}).",
        "{percent} of the hidden units begin saturated.",
        "Most hidden units ({percent}) begin saturated.",
        "Nearly all hidden units ({percent}) begin saturated.",
    ),
    "next to none before anything is learnt",
    "Glorot and Bengio 2010",
    "watch",
)


def _dead(facts: Facts, when: Callable[[Series], float | None]) -> float | None:
    """The largest share among the layers, where enough examples were seen."""
    found = facts.layers("dead-units")
    shares = []
    for name, series in found.items():
        seen = found.get(f"{name}/examples")
        if seen is not None and seen.value.max() >= EXAMPLES:
            enough = np.isin(series.step, seen.step[seen.value >= EXAMPLES])
            shares.append(when(Series(series.name, "", series.step[enough], series.value[enough])))
    known = [share for share in shares if share is not None]
    return max(known, default=None)


DEAD = Sign(
    "dead",
    "how many units are dead late in the run, in the layer that has most",
    lambda facts: _dead(facts, _late),
    (0.1, 0.3, 0.6, 0.9, 0.999),
    (
        "Hardly any unit is dead.",
        "Some units are dead (up to {percent} of a layer), as usual.",
        "Up to {percent} of the units of a layer are dead.",
        "In one layer most units ({percent}) are dead.",
        "In one layer nearly all units ({percent}) are dead.",
        "In one layer every unit is dead: nothing passes through it.",
    ),
    "a few percent, a quarter where few examples were seen",
    "Lu et al. 2020; the page of dead-units",
    "watch",
)


def _dying(facts: Facts) -> float | None:
    first, late = _dead(facts, _first), _dead(facts, _late)
    return late - first if first is not None and late is not None else None


DYING = Sign(
    "dying",
    "how many units died during the run",
    _dying,
    (-0.1, 0.1, 0.4),
    (
        "Units that looked dead at the start came to life.",
        "No more units are dead than at the start.",
        "More units are dead than at the start, by {percent} of a layer.",
        "Units died during the run, {percent} of a layer.",
    ),
    "0",
    "Lu et al. 2020",
    "watch",
)


def _signal(facts: Facts) -> float | None:
    """Decades by which the spread of what weight layers give out grows over the depth, at the start."""
    found = facts.layers("activations", "std")
    owners = {name.rpartition(".")[0] for name in matrices(facts)}
    spreads = [_first(series) for series in hidden({n: s for n, s in found.items() if n in owners})]
    known = [spread for spread in spreads if spread is not None]
    if len(known) < LAYERS:
        return None
    logs = [decades(spread) for spread in known]
    return across([max(log, max(logs) - 12.0) for log in logs])


SIGNAL = Sign(
    "signal",
    "how signals grow or shrink over the hidden layers at the start",
    _signal,
    (-3.0, -1.3, 1.0, 2.0, 4.0),
    (
        "Signals die out over the layers: they shrink to {power} of their size.",
        "Signals shrink to {power} of their size over the layers.",
        "Signals keep their size over the layers, more or less.",
        "Signals grow {power}-fold over the layers.",
        "Signals grow {power}-fold over the layers.",
        "Signals explode over the layers, {power}-fold.",
    ),
    "0: each layer keeps signals at their size",
    "Glorot and Bengio 2010; He et al. 2015",
    "watch",
)


def _scale(facts: Facts) -> float | None:
    sizes = [_first(series) for series in hidden(facts.named("weights", "scale"))]
    known = [size for size in sizes if size is not None]
    return float(median(known)) if known else None


WEIGHT_SCALE = Sign(
    "weight-scale",
    "the size of the initial weights beside what keeps signals at their size",
    _scale,
    (0.03, 0.1, 2.5, 5.0, 15.0),
    (
        "The initial weights are far too small: a layer multiplies signals by about {value}.",
        "The initial weights are small: a layer multiplies signals by about {value}.",
        "The initial weights have a usual scale.",
        "The initial weights are large: a layer multiplies signals by about {value}.",
        "The initial weights are too large: a layer multiplies signals by about {value}.",
        "The initial weights are far too large: a layer multiplies signals by about {value}.",
    ),
    "√2 as He has it, 1 as Glorot has it, 0.58 as PyTorch has it",
    "He et al. 2015; Glorot and Bengio 2010",
    "watch",
)


def _share(facts: Facts, reading: str) -> float | None:
    """Of the hidden weight matrices, by how many this reading is nearly one."""
    values = [_first(series) for series in hidden(facts.named("weights", reading))]
    known = [value for value in values if value is not None]
    return float(np.mean([value >= ALIKE for value in known])) if known else None


SYMMETRIC = Sign(
    "symmetric",
    "in how many hidden layers all units begin alike",
    lambda facts: _share(facts, "alike"),
    (0.01, 0.4),
    (
        "The units of every hidden layer begin different from each other.",
        "In {percent} of the hidden layers all units begin with the same weights.",
        "In most hidden layers ({percent} of them) all units begin with the same weights.",
    ),
    "none; branches that begin as nothing are meant to",
    "Goodfellow, Bengio and Courville 2016, section 8.4",
    "watch",
)


START_GUESS = Sign(
    "loss-over-guess-at-start",
    "the loss at the start beside that of a blind guess",
    lambda facts: facts.start("output-check/loss-over-guess"),
    (0.8, 1.6, 4.0, 20.0),
    (
        "The loss begins below that of a blind guess: the model knows something already.",
        "The loss begins at about that of a blind guess, as it should.",
        "The loss begins at {value} times that of a blind guess.",
        "The loss begins at {value} times that of a blind guess: the model is sure, and wrong.",
        "The loss begins at {value} times that of a blind guess: the model is very sure, and wrong.",
    ),
    "1 for a fresh network",
    "Karpathy 2019, A Recipe for Training Neural Networks",
    "watch",
)

END_GUESS = Sign(
    "loss-over-guess-at-end",
    "the loss late in the run beside that of a blind guess",
    lambda facts: facts.closing("output-check/loss-over-guess"),
    (0.5, 0.9, 1.1, 2.0),
    (
        "The model does far better than a blind guess.",
        "The model does better than a blind guess (the loss is {value} of that).",
        "The model does no better than a blind guess: nothing has been learnt.",
        "The model does worse than a blind guess (the loss is {value} times that).",
        "The model does far worse than a blind guess (the loss is {value} times that).",
    ),
    "1, where nothing is known of the inputs",
    CALIBRATED,
    "watch",
)
