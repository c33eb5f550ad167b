"""Which curve is explained, which way is up, and what a report owns up to."""

from __future__ import annotations

import dataclasses
from types import MappingProxyType

import numpy as np
import pytest

import descentry
from descentry.causes._cases import run, white
from descentry.core import catalog
from descentry.core.errors import NoCurveError, SeveralRunsError, UnknownNameError

FALL = 0.2 + 2.0 * np.exp(-4.0 * np.arange(200) / 200)


def test_the_training_loss_is_explained_among_other_columns():
    table = {
        "step": np.arange(200),
        "lr": np.full(200, 0.1),
        "accuracy": 1 - FALL / 3,
        "val_loss": FALL + 0.1,
        "loss": FALL,
    }
    assert descentry.explain(table).main.name == "loss"
    assert descentry.explain(table, metric="Accuracy").main.name == "accuracy"


def test_a_misspelt_metric_gets_the_nearest():
    with pytest.raises(UnknownNameError, match="Did you mean 'loss'"):
        descentry.explain({"loss": FALL, "lr": FALL}, metric="los")


def test_a_log_without_any_metric_says_what_it_holds():
    columns = {name: np.arange(50.0) for name in ("alpha", "bravo", "charlie", "delta")}
    with pytest.raises(NoCurveError, match="Found: alpha, bravo, charlie, delta"):
        descentry.explain(columns)


def test_a_nameless_share_that_rises_is_judged_so_and_says_so():
    report = descentry.explain({"mystery": 1 - FALL / 3})
    assert report.verdict == "healthy"
    assert report.higher_is_better
    assert any("mystery should rise" in note and "--lower-is-better" in note for note in report.not_examined)


NOISE = np.random.default_rng(4).standard_normal(400)


def test_a_bound_on_the_likelihood_is_judged_by_where_it_goes():
    rising = descentry.explain({"elbo": -100 - 20 * FALL})
    assert (rising.verdict, rising.higher_is_better) == ("healthy", True)
    assert any("elbo should rise" in note for note in rising.not_examined)
    falling = descentry.explain({"elbo": 100 + 20 * FALL})
    assert (falling.verdict, falling.higher_is_better) == ("healthy", False)


@pytest.mark.parametrize("name", ["loss_D", "train/gen_loss", "policy_loss", "critic_loss", "kl"])
def test_one_side_of_a_contest_is_no_measure_of_progress(name):
    for values in (0.6 + 0.1 * NOISE, 0.6 + 0.002 * np.arange(400) + 0.1 * NOISE):
        report = descentry.explain({"step": np.arange(400), name: values})
        assert report.verdict == "not examined"
        assert "does not tell how training goes" in report.headline
        assert any("metric that tells progress" in step for step in report.next_steps)
        assert report.convergence.status == "undetermined"


def test_one_side_of_a_contest_may_still_break():
    report = descentry.explain({"loss_G": [*(0.7 + 0.1 * NOISE), *[np.nan] * 20]})
    assert report.verdict == "failing"
    report = descentry.explain({"loss_G": [*(0.7 + 0.1 * NOISE[:100]), *np.geomspace(1, 1e12, 60)]})
    assert report.verdict == "attention"


def test_where_there_is_a_reward_it_is_explained():
    step = np.arange(400)
    rewards = 100 * (1 - np.exp(-step / 80)) + 10 * NOISE
    log = {"step": step, "loss": NOISE, "policy_loss": NOISE, "rollout/ep_rew_mean": rewards}
    report = descentry.explain(log)
    assert (report.main.name, report.verdict) == ("rollout/ep_rew_mean", "healthy")


def test_rewards_of_preferences_do_not_come_before_the_loss():
    log = {
        "loss": FALL,
        "rewards/chosen": -FALL,
        "rewards/rejected": FALL,
        "rewards/accuracies": 1 - FALL / 3,
    }
    assert descentry.explain(log).main.name == "loss"


def test_a_reward_that_swings_while_a_policy_explores_is_no_alarm():
    step = np.arange(600)
    values = 150 * (1 - np.exp(-step / 150)) + 40 * np.sin(step / 14)
    assert descentry.explain({"step": step, "episode_reward": values}).verdict == "healthy"
    assert descentry.explain({"step": step, "quality_loss": -values}).verdict == "attention"


def test_a_loss_that_falls_through_decades_has_not_converged():
    falling = 10.0 ** -np.linspace(0, 4, 400)
    report = descentry.explain({"loss": falling * (1 + 0.05 * NOISE)})
    assert (report.verdict, report.convergence.status) == ("healthy", "still-improving")
    at_rest = np.maximum(falling, 1e-3) * (1 + 0.05 * NOISE)
    assert descentry.explain({"loss": at_rest}).convergence.status == "converged"


def test_noise_about_a_small_floor_is_no_progress():
    report = descentry.explain({"loss": 2.0 * np.exp(-np.arange(400) / 20) + 1e-3 * np.exp(NOISE)})
    assert report.convergence.status == "converged"


def test_what_never_changes_is_said_to_be_always_the_same():
    assert "always the same" in descentry.explain({"loss": [0.6931] * 60}).headline


def test_nan_from_the_first_step_on_is_said_so():
    report = descentry.explain({"loss": [np.nan] * 30})
    assert report.verdict == "failing"
    assert report.headline.startswith("loss is NaN from the first step that was logged")


def test_too_few_points_are_counted_in_words_that_agree():
    assert descentry.explain({"loss": [1.0]}).headline.startswith("1 point of loss is too few")
    assert descentry.explain({"loss": [1.0, 0.9]}).headline.startswith("2 points of loss are too few")


def test_what_the_user_says_of_the_direction_holds():
    report = descentry.explain({"loss": -FALL}, higher_is_better=True)
    assert report.verdict == "healthy"
    assert not any("should rise" in note for note in report.not_examined)


def test_several_runs_are_named_and_one_can_be_chosen():
    table = {"run": ["a"] * 100 + ["b"] * 100, "step": [*range(100)] * 2, "loss": [*FALL[:100], *FALL[100:]]}
    with pytest.raises(SeveralRunsError) as caught:
        descentry.explain(table)
    name = caught.value.runs[1]
    assert descentry.explain(table, run=name).run.name == name
    assert [report.run.name for report in descentry.explain_all(table)] == list(caught.value.runs)


def test_a_behaviour_that_breaks_is_noted_and_the_rest_is_told(monkeypatch):
    entries = dict(catalog.entries("behaviours"))

    def broken(curve):
        raise RuntimeError("boom")

    entries["spike"] = dataclasses.replace(entries["spike"], find=broken)
    real = catalog.entries
    monkeypatch.setattr(
        catalog, "entries", lambda room: MappingProxyType(entries) if room == "behaviours" else real(room)
    )
    report = descentry.explain({"loss": FALL})
    assert any(f.behaviour == "smooth-decrease" for f in report.findings)
    assert any("spike" in note and "boom" in note for note in report.not_examined)


def test_causes_name_the_verdict_before_their_consequences():
    values = np.r_[FALL, 0.3 * 3.0 ** np.arange(30), [np.nan] * 5]
    report = descentry.explain({"loss": values})
    ran_away = next(f for f in report.findings if f.behaviour == "divergence").sentence
    assert report.headline.startswith(ran_away)


def test_a_cause_that_is_graver_than_its_curve_does_not_hide_what_the_curve_did():
    alike = {f"weights/alike/{i}.weight": 1.0 for i in (0, 2)}
    zero = {f"weights/zeros/{i}.weight": 1.0 for i in (0, 2)}
    readings = {**alike, **zero, "output-check/loss-over-guess": 1.0}
    report = descentry.explain(run(2.303 + white(300, 5e-3), readings))
    assert report.verdict == "failing"
    assert report.headline.startswith("loss stays at 2.3")
    assert "begin alike" in report.headline


def test_a_loss_that_touches_zero_at_its_end_is_told_as_any_other():
    values = np.r_[FALL, np.zeros(40), np.full(20, 1e-9)]
    assert descentry.explain({"loss": values}).convergence.status == "converged"


def test_a_run_without_a_loss_is_not_examined_and_it_is_said_how_to_name_the_metric():
    columns = {f"m{i}": FALL for i in range(9)}
    (report,) = descentry.explain_all(columns).reports
    assert report.verdict == "not examined"
    assert report.next_steps == ("Name the metric to explain: --metric NAME (metric= from Python)",)
