"""What must not change the story, and what must never bring it down."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import descentry


def story(values, **options):
    report = descentry.explain({"loss": values}, **options)
    return report, {f.behaviour for f in report.findings}


def healthy(n, seed, sigma=0.08):
    rng = np.random.default_rng(seed)
    return 0.3 + 2.0 * np.exp(-8.0 * np.arange(n) / n) + sigma * rng.standard_normal(n)


@settings(max_examples=40)
@given(st.integers(0, 10_000), st.sampled_from([60, 200, 1_000, 30_000]))
def test_no_seed_makes_mini_batch_noise_alarming(seed, n):
    report, seen = story(healthy(n, seed))
    assert report.verdict == "healthy", [f.sentence for f in report.findings]
    assert "noisy-decrease" in seen


@settings(max_examples=40)
@given(st.floats(1e-8, 1e8), st.floats(-1e3, 1e3), st.integers(0, 100))
def test_units_do_not_change_the_story(factor, shift, seed):
    values = healthy(300, seed)
    one, other = story(values)[1], story(factor * values + factor * shift)[1]
    assert one == other


@pytest.mark.parametrize("every", [2, 5, 20])
def test_logging_less_often_does_not_change_the_story(every):
    values = healthy(40_000, 3)
    report, seen = story(values[::every])
    full, all_seen = story(values)
    assert seen == all_seen
    assert report.convergence.status == full.convergence.status


def test_a_step_range_is_where_the_thing_was_done():
    rng = np.random.default_rng(0)
    values = 1.0 + 0.02 * rng.standard_normal(2_000)
    values[:200] += np.linspace(1.0, 0.0, 200)
    values[1_300:] -= 0.5
    report = descentry.explain({"step": np.arange(2_000) * 100, "loss": values})
    (drop,) = (f for f in report.findings if f.behaviour == "sudden-drop")
    assert 125_000 <= drop.start <= 130_000 <= drop.stop <= 135_000
    assert drop.size.low <= 0.5 <= drop.size.high


@settings(max_examples=150)
@given(st.lists(st.floats(allow_nan=True, allow_infinity=True, width=64), min_size=1, max_size=80))
@example([np.nan, 0.0, np.nan])
def test_any_numbers_have_a_report(values):
    report = descentry.explain({"loss": values})
    if not np.isfinite(values[-1]):
        assert report.verdict == "failing"
    assert str(report)


@pytest.mark.parametrize("n", [1, 2, 3, 5, 7])
def test_too_few_points_are_not_examined(n):
    report = descentry.explain({"loss": np.linspace(2.0, 1.0, n)})
    assert report.verdict == "not examined"
    assert report.convergence.status == "undetermined"
    assert "8" in report.headline


def test_a_spike_of_one_point_in_ten_million_is_seen():
    n = 10_000_000
    rng = np.random.default_rng(0)
    values = (0.3 + 2.0 * np.exp(-8.0 * np.arange(n) / n) + 0.05 * rng.standard_normal(n)).astype(float)
    values[7_654_321] = 9.0
    report = descentry.explain({"loss": values})
    (spike,) = (f for f in report.findings if f.behaviour == "spike")
    assert spike.start <= 7_654_321 <= spike.stop
    assert report.verdict == "healthy"


def test_ten_million_points_and_twenty_tell_the_same_story():
    n = 10_000_000
    values = 0.3 + 2.0 * np.exp(-8.0 * np.arange(n) / n)
    assert story(values)[1] == story(values[:: n // 20])[1]


def test_constant_to_the_last_digit_is_no_division_by_zero():
    report, seen = story(np.full(500, 0.6931471805599453))
    assert seen == {"stuck"}
    assert report.verdict != "healthy"


def test_the_same_loss_in_single_precision_jitter_is_constant():
    rng = np.random.default_rng(0)
    values = np.float32(2.302585) + rng.integers(-1, 2, 400) * np.spacing(np.float32(2.302585))
    assert story(values)[1] == {"stuck"}


def test_a_plateau_and_noise_are_no_failure():
    rng = np.random.default_rng(1)
    values = np.r_[
        np.linspace(2.0, 1.0, 200), np.full(300, 1.0), np.linspace(1.0, 0.4, 300), np.full(300, 0.4)
    ]
    report, seen = story(values + 0.03 * rng.standard_normal(len(values)))
    assert report.verdict == "healthy"
    assert "plateau" in seen


def test_convergence_promises_nothing():
    report, _ = story(healthy(3_000, 0))
    assert report.convergence.status == "converged"
    assert "no promise" in report.convergence.sentence
    assert "global optimum" in report.convergence.sentence


def test_training_longer_is_named_only_while_it_helps():
    power_law = 3.0 * (1.0 + np.arange(2_000)) ** -0.3
    assert story(power_law[:200])[0].convergence.status == "still-improving"


def test_a_run_that_explodes_has_not_converged():
    values = np.r_[healthy(300, 0), 0.3 * 1.5 ** np.arange(40)]
    report, seen = story(values)
    assert "divergence" in seen
    assert report.verdict == "failing"
    assert report.convergence.status == "not-converging"


def test_a_reward_that_rises_is_no_divergence():
    values = -healthy(500, 0)
    report = descentry.explain({"reward": values})
    assert report.verdict == "healthy"
    told = descentry.explain({"mystery": values}, higher_is_better=True)
    assert told.verdict == "healthy"
