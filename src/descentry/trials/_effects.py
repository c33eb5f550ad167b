"""From losses of several seeds to paired effects, and to what they amount to."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass

import numpy as np

from descentry.core.data import Estimate
from descentry.core.trial import Outcome
from descentry.trials._sequential import interval

ALPHA = 0.05  # that any interval of a trial misses, at any time
CAP = 10.0  # a loss above this many times the first one has run away; by how far means nothing
# Of what the best arm gains, or of what is left of the control arm's loss, whichever is less; about what
# `descentry explain` calls a worthwhile gain (decision 6).
SMALL = 0.05


@dataclass(frozen=True, slots=True, eq=False)
class Effect:
    """One arm beside the control arm.

    Attributes:
        loss: Held back loss by seed, inf where it ran away.
        control: That of the control arm.
        estimate: Mean paired difference with its interval.
        ratio: Geometric mean of the paired quotients with its interval; None where losses are not positive.
        outcome: What it amounts to.
    """

    loss: tuple[float, ...]
    control: tuple[float, ...]
    estimate: Estimate
    ratio: Estimate | None
    outcome: Outcome

    @property
    def decided(self) -> bool:
        """Whether more seeds would change nothing."""
        return self.outcome in ("better", "worse", "no gain")


def mean(held_back: Sequence[float], start: float) -> float:
    """The loss on all held back batches; inf where it is not finite or has run away from ``start``."""
    value = float(np.mean(held_back)) if held_back else math.nan
    return value if value <= _ceiling(start) else math.inf


def _ceiling(start: float) -> float:
    return start + CAP * max(abs(start), 1e-12)


def effects(
    losses: Mapping[str, Sequence[tuple[float, float]]],
    grounds: Mapping[str, str],
    starts: Mapping[str, float],
    exact: Set[str] = frozenset(),
    shares: int = 1,
) -> dict[str, Effect]:
    """Effects of all arms, by id; the intervals hold for all of them together, at every look.

    Differences are what is asked for; quotients tell arms apart where the losses of an unstable arm go over
    decades. Where both mean something, each has half of the probability of an error.

    Args:
        losses: By arm, its loss and that of the control arm on the same ground, one pair a seed.
        grounds: By arm, whose loss that is.
        starts: By ground, the loss before any step.
        exact: Arms in which nothing is random, so that one seed tells all.
        shares: Among how many arms at least the probability of an error is shared, those to come included.
    """
    alpha = ALPHA / max(1, shares, len(losses))
    lowest = {
        ground: min([start, *(min(p) for id in losses if grounds[id] == ground for p in losses[id])])
        for ground, start in starts.items()
    }
    found = {}
    for id, pairs in losses.items():
        start = starts[grounds[id]]
        top = _ceiling(start)
        share = alpha / 2 if lowest[grounds[id]] > 0 else alpha
        middle, half = interval([min(a, top) - min(b, top) for a, b in pairs], share)
        if id in exact:
            half = 0.0
        estimate = Estimate(middle, middle - half, middle + half, "loss")
        ratio = None
        if lowest[grounds[id]] > 0:
            middle, half = interval([math.log(min(a, top) / min(b, top)) for a, b in pairs], share)
            half = 0.0 if id in exact else half
            ratio = Estimate(math.exp(middle), _exp(middle - half), _exp(middle + half), "fraction")
        left = abs(float(np.mean([min(b, top) for _, b in pairs])))
        sizes = (start - lowest[grounds[id]], left, abs(start))
        outcome = _outcome(estimate, ratio, SMALL * min([s for s in sizes if s > 0], default=0.0))
        found[id] = Effect(tuple(a for a, _ in pairs), tuple(b for _, b in pairs), estimate, ratio, outcome)
    return found


def _outcome(estimate: Estimate, ratio: Estimate | None, small: float) -> Outcome:
    low, high = (ratio.low, ratio.high) if ratio is not None else (0.0, math.inf)
    if (estimate.high < 0 or high < 1) and estimate.value < -small:
        return "better"
    if (estimate.low > 0 or low > 1) and estimate.value > small:
        return "worse"
    if -small <= estimate.low and estimate.high <= small:
        return "no gain"
    return "undetermined"


def _exp(power: float) -> float:
    return math.exp(power) if power < 700 else math.inf
