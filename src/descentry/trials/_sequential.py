"""Intervals on paired differences that hold however often one looks, so that a trial may stop early.

The differences between an arm and the control arm, one a seed, are taken to be normal with unknown mean and
variance. With δ = mean / standard deviation under test given a normal prior of scale c, and the variance its
scale-invariant prior, the likelihood ratio against mean μ after n differences is

    E_n(μ) = (1 + n c²)^(−1/2) · ((1 + u) / (1 + u / (1 + n c²)))^(n/2),   u = n (mean − μ)² / ((n − 1) s²)

It is a martingale of mean 1 under μ, so P(E_n(μ) ≥ 1/α for any n) ≤ α by Ville's inequality (Lai 1976, "On
confidence sequences"; Wang and Ramdas 2024, "Anytime-valid t-tests and confidence sequences for Gaussian
means with unknown variance", arXiv 2310.03722). The interval is all μ with E_n(μ) < 1/α.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

# Remedies that matter move the loss by many times the spread between seeds. c weighs how soon such an effect
# is told against how soon a small one is; benchmarks/trials.py shows both.
SCALE = 10.0


def interval(differences: Sequence[float], alpha: float, scale: float = SCALE) -> tuple[float, float]:
    """Mean, and half the width of the interval; infinite until there are enough to tell.

    Args:
        differences: Finite paired differences, one a seed.
        alpha: The probability that the interval ever misses the true mean, over all n at once.
        scale: The prior's c.

    Returns:
        Mean and half-width. The half-width is 0 where all differences are equal.

    >>> mean, half = interval([-1.60, -1.62, -1.61, -1.60], 0.05)
    >>> round(mean, 4), round(half, 2)
    (-1.6075, 0.04)
    >>> interval([-1.0, -1.1], 0.01)[1]
    inf
    """
    n = len(differences)
    values = np.asarray(differences, dtype=np.float64)
    mean = float(values.mean()) if n else math.nan
    if n < 2:
        return mean, math.inf
    spread = float(values.std(ddof=1))
    wide = 1 + n * scale**2
    ratio = (math.sqrt(wide) / alpha) ** (2 / n)
    if ratio >= wide:
        return mean, math.inf
    u = (ratio - 1) / (1 - ratio / wide)
    return mean, spread * math.sqrt(u * (n - 1) / n)
