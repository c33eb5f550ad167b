"""The intervals keep their promise under peeking, and find effects that are there."""

import math

import numpy as np
import pytest
from scipy import stats

from descentry.trials._sequential import interval


def likelihood_ratio(values, mu, scale):
    """The same by integrating over effect size and variance by hand (Jeffreys' prior on the variance)."""
    n, x = len(values), np.asarray(values) - mu
    deltas = np.linspace(-8 * scale, 8 * scale, 1201)
    logs = np.linspace(-6, 6, 601)
    weights = stats.norm.pdf(deltas, 0, scale) * (deltas[1] - deltas[0])
    sigma = np.exp(logs)

    def density(delta):
        z = (x[:, None, None] - delta * sigma) / sigma
        return np.exp(-0.5 * (z**2).sum(0)) / sigma**n

    above = (density(deltas[:, None]) * weights[:, None]).sum(0)
    below = density(np.zeros((1, 1)))[0]
    return np.trapezoid(above, logs) / np.trapezoid(below, logs)


def test_the_bounds_are_where_the_likelihood_ratio_is_one_over_alpha():
    values = [0.3, 1.1, 0.7, 0.2, 0.9]
    for scale, alpha in ((1.0, 0.2), (2.0, 0.05)):
        middle, half = interval(values, alpha, scale)
        for bound in (middle - half, middle + half):
            assert likelihood_ratio(values, bound, scale) == pytest.approx(1 / alpha, rel=0.02)


def test_the_true_mean_is_missed_at_any_of_many_looks_no_more_often_than_promised():
    stream = np.random.default_rng(0)
    missed = 0
    for _ in range(400):
        values = stream.normal(size=20)
        looks = (interval(values[:n], 0.05) for n in range(2, 21))
        missed += any(abs(middle) > half for middle, half in looks)
    assert missed <= 0.05 * 400 + 2 * math.sqrt(0.05 * 0.95 * 400)


def test_a_large_effect_is_told_after_three_seeds_and_a_constant_one_exactly():
    middle, half = interval([-1.0, -1.02, -0.99], 0.01)
    assert middle + half < 0
    assert interval([0.5, 0.5, 0.5], 0.01) == (0.5, 0.0)
    assert interval([0.5], 0.05) == (0.5, math.inf)
    assert math.isnan(interval([], 0.05)[0])
