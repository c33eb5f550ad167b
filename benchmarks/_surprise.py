"""How unlikely what is true of each run was held to be, beside all else that could have been said of it.

A run has one of these: nothing wrong with it, one cause, two causes, or something that is on no list. The
log of how likely each is, up to a constant, is a sum (``causes/_worlds.py`` computes the probabilities):

    nothing wrong      z of ``healthy``
    one cause          z of the cause
    two causes         the sum of both, and a number for having two
    none on the list   a number

Of a run whose labels allow a cause without having been given it (an acceptable second name for what was
done), what would be that second name alone is left out of the sum that P is a share of.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks._encoding import Floats, Mask, Sample
from descentry.causes._worlds import HEALTHY, LARGEST


@dataclass(frozen=True)
class Truth:
    """What may be said of each run: masks [runs, causes] over the causes but ``healthy``, which has its own.

    Attributes:
        given: What was done.
        allowed: What was done, or is an acceptable second name for it.
        well: Nothing was done [runs].
        may_be_well: That may be said [runs].
    """

    given: Mask
    allowed: Mask
    well: Mask
    may_be_well: Mask

    @classmethod
    def of(cls, causes: Sequence[str], samples: Sequence[Sample]) -> Truth:
        faults = [c for c in causes if c != HEALTHY]
        given = np.array([[c in s.given for c in faults] for s in samples])
        allowed = np.array([[c in s.allowed | s.given for c in faults] for s in samples])
        well = np.array([HEALTHY in s.given for s in samples])
        return cls(given, allowed, well, np.array([HEALTHY in s.allowed | s.given for s in samples]))

    def __getitem__(self, rows: Mask | NDArray[np.int64]) -> Truth:
        return Truth(self.given[rows], self.allowed[rows], self.well[rows], self.may_be_well[rows])


@dataclass(frozen=True)
class Extra:
    """Logs of what having two causes, and one on no list, is worth."""

    two: float = -3.0
    unlisted: float = -math.inf


def surprise(
    faults: Floats, healthy: Floats, truth: Truth, extra: Extra
) -> tuple[Floats, Floats, Floats, Floats]:
    """−log P of what is true of each run, and its slopes.

    Args:
        faults: z of each cause but ``healthy`` [runs, causes].
        healthy: z of that [runs].
        truth: What is true.
        extra: The two numbers.

    Returns:
        Values [runs]; slopes by ``faults`` [runs, causes], by ``healthy`` and by ``extra.two`` [runs].
    """
    e, h = np.exp(np.clip(faults, -LARGEST, LARGEST)), np.exp(np.clip(healthy, -LARGEST, LARGEST))
    k, unlisted = math.exp(extra.two), math.exp(extra.unlisted)
    inside, outside, own = e * truth.allowed, e * ~truth.allowed, e * truth.given
    a, r, g = inside.sum(1), outside.sum(1), own.sum(1)
    single = truth.given.sum(1) == 1
    # What counts as right: that cause, alone or beside an acceptable one; both of two; nothing.
    pairs = np.where(single, g * (a - g), (g**2 - (own**2).sum(1)) / 2)
    right = np.where(truth.well, h, np.where(single, g, 0.0) + k * pairs)
    by_right = (
        np.where(
            single[:, None],
            own * (1 + k * (a - g)[:, None]) + k * g[:, None] * (inside - own),
            k * own * (g[:, None] - own),
        )
        * ~truth.well[:, None]
    )
    # What is wrong: everything with a cause that must not be named; being well where that is not so.
    twice = (r**2 - (outside**2).sum(1)) / 2 + r * a
    wrong = np.where(truth.may_be_well, 0.0, h) + r + k * twice + unlisted
    by_wrong = outside * (1 + k * ((r + a)[:, None] - outside)) + k * inside * r[:, None]
    whole = right + wrong
    slopes = (by_right + by_wrong) / whole[:, None] - by_right / right[:, None]
    well = (np.where(truth.well | ~truth.may_be_well, h, 0.0)) / whole - truth.well
    two = k * (np.where(truth.well, 0.0, pairs) + twice) / whole - np.where(
        truth.well, 0.0, k * pairs / right
    )
    return np.log(whole) - np.log(right), slopes, well, two
