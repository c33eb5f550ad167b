"""How the end of a run is judged, where its noise leaves a choice."""

import numpy as np
import pytest

import descentry


def status(values):
    return descentry.explain({"loss": values.tolist()}).convergence


def noisy(n, noise, gain_at_the_end, seed):
    """A fall in a straight line that goes on to the end, in the noise of few points."""
    rng = np.random.default_rng(seed)
    early, last = n - n // 4, n // 4
    curve = np.concatenate(
        [np.linspace(2.0, 1.0 + gain_at_the_end, early), np.linspace(1.0 + gain_at_the_end, 1.0, last)]
    )
    return curve + noise * rng.normal(size=n)


def test_a_short_noisy_run_that_may_still_fall_is_seldom_said_to_have_converged():
    found = [status(noisy(24, 0.2, 0.22, seed)).status for seed in range(12)]
    assert found.count("converged") <= 2  # where the noise happens to look like rest


def test_where_the_noise_hides_the_end_that_is_said():
    found = [status(noisy(20, 0.25, 0.22, seed)) for seed in range(12)]
    hidden = [c for c in found if c.sentence.startswith("Undetermined: ")]
    assert hidden
    assert all("the noise of loss could hide that it still falls by" in c.sentence for c in hidden)


@pytest.mark.parametrize("n", [60, 200, 3000])
def test_a_run_at_rest_has_converged(n):
    rng = np.random.default_rng(n)
    values = 1.0 + 2.0 * np.exp(-np.arange(n) / (n / 12)) + 0.02 * rng.normal(size=n)
    assert status(values).status == "converged"
