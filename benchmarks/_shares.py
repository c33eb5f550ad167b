"""Shares of right answers, their intervals, and how far probabilities are from them."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from benchmarks._encoding import Floats, Sample


def first_right(causes: Sequence[str], samples: Sequence[Sample], z: Floats) -> float:
    """The share of runs whose likeliest cause is one that may be named."""
    top = z.argmax(1)
    return float(np.mean([causes[c] in s.allowed | s.given for c, s in zip(top, samples, strict=True)]))


def calibration_error(probability: Floats, true: NDArray[np.bool_], bins: int = 10) -> float:
    """Expected calibration error: the mean gap between what was said and what was true, over equal bins."""
    edges = np.minimum((probability * bins).astype(int), bins - 1)
    gap = 0.0
    for b in range(bins):
        inside = edges == b
        if inside.any():
            gap += inside.mean() * abs(probability[inside].mean() - true[inside].mean())
    return float(gap)


def wilson(hits: int, total: int) -> tuple[float, float]:
    """The 95% interval of a share (Wilson 1927)."""
    if total == 0:
        return 0.0, 1.0
    z, p = 1.96, hits / total
    middle = (p + z * z / (2 * total)) / (1 + z * z / total)
    half = z * math.sqrt(p * (1 - p) / total + z * z / (4 * total * total)) / (1 + z * z / total)
    return max(0.0, middle - half), min(1.0, middle + half)


def share(hits: int, total: int) -> str:
    """A share with its 95% interval."""
    if not total:
        return "none"
    low, high = wilson(hits, total)
    return f"{hits / total:.1%} ({low:.1%} to {high:.1%}) of {total}"
