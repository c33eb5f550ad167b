"""Levels at the end of short trials, and whether one is clearly above another."""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt
from typing import NamedTuple

TIES = 0.1  # of the fall: a difference below it is none,
FAINT = 0.01  # nor one below such a part of the loss before training, on a plateau that nothing leaves yet
ERRORS = 2.0  # standard errors within which two levels are equal


class Level(NamedTuple):
    """A mean of losses with its standard error."""

    mean: float
    error: float


def level(losses: Sequence[float]) -> Level:
    """Mean and standard error of values taken as independent."""
    n = len(losses)
    mean = sum(losses) / n
    if n < 2:
        return Level(mean, 0.0)
    return Level(mean, sqrt(sum((x - mean) ** 2 for x in losses) / (n * (n - 1))))


def tail(losses: Sequence[float], steps: int | None = None) -> Level:
    """The level of the last quarter of a trial, three losses at least."""
    kept = losses[:steps]
    return level(kept[-_last(len(kept)) :])


def _last(n: int) -> int:
    return max(3, n // 4)


def clearly_worse(losses: Sequence[float], best: Sequence[float], least: float, *, paired: bool) -> bool:
    """Whether the first trial ends above the second by more than noise and some least difference.

    Args:
        losses: Of the trial in question.
        best: Of the trial it is compared with.
        least: A difference below this is none.
        paired: Whether both saw the same batches, so that the batches' own differences cancel.
    """
    n = min(len(losses), len(best))
    ours, theirs = tail(losses, n), tail(best, n)
    difference = ours.mean - theirs.mean
    if paired:
        error = _error_of_differences([a - b for a, b in zip(losses[:n], best[:n], strict=True)])
    else:
        error = sqrt(ours.error**2 + theirs.error**2)
    return not difference <= max(least, ERRORS * error)


def _error_of_differences(differences: Sequence[float]) -> float:
    """Standard error of the mean of their last quarter; from second differences, as they have a trend."""
    last = _last(len(differences))
    kept = differences[-max(5, 2 * last) :]
    bends = [a - 2 * b + c for a, b, c in zip(kept, kept[1:], kept[2:], strict=False)]
    return sqrt(sum(x * x for x in bends) / (6 * len(bends) * last)) if bends else 0.0
