"""Signs whose reading is more than a look-up."""

from __future__ import annotations

import numpy as np
import pytest

from descentry.causes import _signs_blow_up as blow_up
from descentry.causes import _signs_events as events
from descentry.causes import _signs_schedule as schedule
from descentry.causes import _signs_validation as validation
from descentry.causes._cases import descend, noisy, run, white
from descentry.diagnosis import diagnose
from descentry.story import explain, facts_of


def value(sign, *args, **more):
    return sign.value(facts_of(run(*args, **more)))


def early(reading: float) -> dict[str, list[float]]:
    """A reading for each of the first five of twenty places of a run; the rest was not looked at."""
    return {"examples/error": [reading] * 5 + [float("nan")] * 15}


def test_early_readings_tell_of_the_end_only_if_nothing_has_happened_since():
    rests, falls = np.full(400, 0.7) + white(400, 0.01), np.linspace(2.0, 0.2, 400)
    assert facts_of(run(rests, early(0.4))).closing("examples/error") == pytest.approx(0.4)
    assert facts_of(run(falls, early(0.4))).closing("examples/error") is None
    late = {"examples/error": np.linspace(1.0, 0.1, 20)}
    assert facts_of(run(falls, late)).closing("examples/error") == pytest.approx(0.24, abs=0.05)


def test_a_change_of_the_rate_is_found_though_the_loss_takes_a_while():
    before, rises = np.full(150, 0.3), 0.3 + 0.9 * (1 - np.exp(-np.arange(150) / 12))
    loss = np.concatenate([before, rises]) + white(300, 0.01)
    raised = {"lr": [0.01] * 150 + [0.1] * 150}
    assert value(schedule.RATE_CHANGE, loss, logged=raised) == pytest.approx(1.0)
    assert value(schedule.RAISED, loss, logged=raised) == pytest.approx(1.0)
    # Where the loss goes on as before, a change of the rate explains nothing.
    assert not value(schedule.RAISED, np.full(300, 0.3) + white(300, 0.01), logged=raised)
    # And a cut that lets the loss fall is no rise.
    falls = 1.5 - loss
    assert value(schedule.RAISED, falls, logged={"lr": [0.1] * 150 + [0.01] * 150}) == 0


def test_a_rate_on_its_way_up_is_seen_where_the_loss_runs_away():
    loss = [*(descend(200) + white(200, 0.02)), *np.geomspace(2, 1e12, 20), *[float("nan")] * 20]
    up, level = np.linspace(0.001, 0.6, 240), np.full(240, 0.3)
    assert value(schedule.RISING, loss, logged={"lr": up}) == pytest.approx(np.log10(2), abs=0.05)
    assert value(schedule.RISING, loss, logged={"lr": level}) == pytest.approx(0.0)
    assert value(schedule.RISING, descend(200), logged={"lr": np.linspace(0.001, 0.6, 200)}) is None


def test_a_steady_climb_is_told_from_a_value_out_of_nowhere():
    calm, gone = descend(200) + white(200, 0.02), [float("nan")] * 20
    assert value(blow_up.CLIMBED, [*calm, *np.geomspace(2, 1e12, 20), *gone]) >= 15
    assert value(blow_up.CLIMBED, [*calm, *gone]) == 0
    assert value(blow_up.CLIMBED, calm) is None


def test_noise_takes_nothing_back():
    calm = descend(120, start=2.0, floor=0.3) + white(120, 0.25)
    assert value(events.THROWN_BACK, calm) < 0.15
    anew = [*descend(120, start=2.0, floor=0.3), *descend(120, start=2.0, floor=0.3)]
    assert value(events.THROWN_BACK, anew) > 0.85


def test_the_validation_loss_is_compared_with_its_lowest():
    loss = descend(400, start=2.0, floor=0.01)
    risen = value(validation.RISEN, loss, logged={"val_loss": [2.0, 1.0, 0.8, 0.9, 1.2, 1.5, 1.6, 1.6]})
    assert risen == pytest.approx(2.0)
    assert value(validation.RISEN, loss, logged={"val_loss": np.linspace(2, 0.5, 40)}) < 1.15


def test_a_curve_that_fails_is_never_called_healthy():
    loss = [*(descend(200) + white(200, 0.02)), *np.geomspace(2, 1e12, 20), *[float("nan")] * 20]
    (healthy,) = (d for d in diagnose(facts_of(run(loss))) if d.cause == "healthy")
    assert healthy.probability == 0
    assert healthy.status == "refuted"


def test_what_is_recorded_beside_the_rate_is_not_taken_for_it():
    falls, decay = np.linspace(2.0, 1.0, 50), {"learning-rate/weight-decay": np.full(50, 1e-4)}
    assert facts_of(run(falls, decay)).rate is None
    assert facts_of(run(falls, {**decay, "opt/lr_0": np.full(50, 0.1)})).peak_rate == 0.1


def test_an_optimizer_that_begins_anew_is_seen_at_its_last_reading_alone():
    ages = np.array([1.0, 50.0, 99.0, 20.0])
    assert events.seams(facts_of(run(descend(200), {"restarts/age": ages}))) == [(179, 179)]
    skipping = np.array([1.0, 60.0, 120.0, 170.0])  # a step or more is left out between any two
    assert events.seams(facts_of(run(descend(200), {"restarts/age": skipping}))) == []


def test_a_run_in_which_nothing_can_learn_fails_and_one_that_is_fine_tuned_does_not():
    stuck = explain(run(4.9 + white(200, 0.8), {"update-ratio": 0.0, "wiring/frozen": 0.0}))
    assert stuck.verdict == "failing"
    assert any("model that computes the loss" in step for step in stuck.next_steps)
    tuned = explain(run(noisy(300), {"wiring/can-learn": 0.02, "wiring/frozen": 60.0, "update-ratio": 1e-3}))
    assert tuned.verdict != "failing"


def test_a_rate_that_ran_out_early_is_seen_and_the_end_of_a_schedule_is_not():
    steps = np.arange(400)
    high = 2.26 + 0.05 * np.exp(-steps / 8) + white(400, 0.03)
    halved = 0.1 * 0.5 ** (steps // 5)
    assert value(schedule.IDLE, high, logged={"lr": halved}) == pytest.approx(0.87, abs=0.02)
    cosine = 0.05 * (1 + np.cos(np.pi * steps / 400))
    assert value(schedule.IDLE, high, logged={"lr": cosine}) < 0.05
    assert value(schedule.IDLE, descend(400, rate=30.0), logged={"lr": halved}) == 0
    assert value(schedule.IDLE, high, lr=0.1) is None


def test_a_schedule_that_is_stepped_at_every_batch_draws_attention_and_is_to_be_stretched():
    steps = np.arange(400)
    stepped = explain(
        run(2.26 + 0.05 * np.exp(-steps / 8) + white(400, 0.03), logged={"lr": 0.1 * 0.5 ** (steps // 5)})
    )
    assert stepped.verdict == "attention"
    assert stepped.diagnoses[0].cause == "lr-too-low"
    assert "gone by step 50 of 399" in stepped.next_steps[0]
