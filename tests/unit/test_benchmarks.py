"""The arithmetic of the scores, on cases small enough to do by hand."""

from __future__ import annotations

import dataclasses
import math
from pathlib import Path

import numpy as np
import pytest
from benchmarks import _score as score
from benchmarks._nouns import Event
from benchmarks._score import BEHAVIOURS, LABELS, Case


def case(
    labels: str,
    told: str = "",
    *,
    end: str = "",
    verdict: str = "healthy",
    unscored: str = "",
    events: str = "",
) -> Case:
    """A run of steps 0 to 1000; told behaviours and events are written ``behaviour=start-stop``."""
    return Case(
        "run",
        0,
        1000,
        frozenset(labels.split()),
        frozenset(unscored.split()),
        _events(events),
        _events(told),
        end,
        verdict,
    )


def _events(text: str) -> tuple[Event, ...]:
    found = []
    for word in text.split():
        behaviour, _, place = word.partition("=")
        start, stop = place.split("-") if place else ("0", "1000")
        found.append(Event(behaviour, int(start), int(stop)))
    return tuple(found)


def counts_of(label: str, *cases: Case) -> list[int]:
    return score.presence(cases).sum(0)[LABELS.index(label)].tolist()


def places_of(behaviour: str, *cases: Case) -> list[int]:
    return score.places(cases)[BEHAVIOURS.index(behaviour)].tolist()


def test_hits_alarms_and_misses_are_counted_for_each_label() -> None:
    cases = [
        case("spike", "spike"),
        case("spike"),
        case("", "spike"),
        case("spike", "spike=3-4 spike=8-9"),
        case(""),
    ]
    assert counts_of("spike", *cases) == [2, 1, 1]


def test_precision_recall_and_f1() -> None:
    assert score.ratio(2, 1) == pytest.approx(2 / 3)
    assert score.f1(2, 1, 3) == pytest.approx(2 * (2 / 3) * (2 / 5) / (2 / 3 + 2 / 5))
    assert math.isnan(score.f1(0, 0, 0))
    assert math.isnan(score.ratio(0, 0))


def test_smooth_taken_for_noisy_is_two_errors() -> None:
    mistaken = case("smooth-decrease", "noisy-decrease")
    assert counts_of("smooth-decrease", mistaken) == [0, 0, 1]
    assert counts_of("noisy-decrease", mistaken) == [0, 1, 0]


def test_what_is_unscored_counts_neither_for_nor_against() -> None:
    cases = [case("spike", unscored="spike"), case("", "spike", unscored="spike")]
    assert counts_of("spike", *cases) == [0, 0, 0]
    assert places_of("spike", *cases) == [0, 0, 0, 0]


def test_the_told_end_is_scored_as_two_labels() -> None:
    cases = [
        case("converged", end="converged"),
        case("converged", end="still-improving"),
        case("", end="not-converging"),
    ]
    assert counts_of("converged", *cases) == [1, 0, 1]
    assert counts_of("still-improving", *cases) == [0, 1, 0]


@pytest.mark.parametrize(
    ("item", "alarms"),
    [
        (case("converged", "plateau=600-990"), 0),
        (case("converged", "plateau=600-900"), 1),
        (case("still-improving", "plateau=600-1000"), 1),
        (case("stuck", "plateau=0-500"), 0),
        (case("divergence", "plateau=700-900", events="divergence=690-1000"), 0),
        (case("divergence", "plateau=300-900", events="divergence=690-1000"), 1),
    ],
)
def test_a_final_plateau_of_a_converged_run_and_one_within_a_failure_are_no_alarms(
    item: Case, alarms: int
) -> None:
    assert counts_of("plateau", item) == [0, alarms, 0]


def test_macro_f1_is_the_mean_over_the_labels_that_occur_and_micro_pools_them() -> None:
    cases = [case("spike", "spike"), case("jump-up", "spike"), case("", "stuck")]
    counts = score.presence(cases)
    # spike: one hit, one alarm; jump-up: one miss; stuck is told but never true: no part of the mean.
    assert score.macro(counts) == pytest.approx((2 / 3 + 0) / 2)
    assert score.micro(counts) == pytest.approx(2 / (2 + 2 + 1))


def test_the_interval_of_perfect_stories_is_a_point_and_that_of_mixed_ones_holds_the_score() -> None:
    perfect = score.presence([case("spike", "spike")] * 20)
    assert score.interval(perfect, times=50) == (1.0, 1.0)
    mixed = score.presence([case("spike", "spike")] * 30 + [case("spike")] * 10)
    low, high = score.interval(mixed, times=200)
    assert low < score.macro(mixed) < high
    assert score.interval(mixed, times=200) == (low, high)


@pytest.mark.parametrize(
    ("told", "matched"),
    [
        ("spike=150-160", True),
        ("spike=90-110", True),
        ("spike=225-230", False),
        ("spike=220-230", True),
        ("jump-up=150-160", False),
    ],
)
def test_events_match_when_they_overlap_or_nearly_touch(told: str, matched: bool) -> None:
    assert score.matches(Event("spike", 100, 200), _events(told)[0], near=20) is matched


def test_places_count_events_found_and_findings_right() -> None:
    item = case("spike", "spike=100-101 spike=102-103 spike=700-701", events="spike=100-110 spike=400-410")
    assert places_of("spike", item) == [1, 1, 2, 1]


def test_a_behaviour_without_a_known_place_is_left_out_of_the_places_and_a_false_one_is_not() -> None:
    assert places_of("spike", case("spike", "spike=5-6")) == [0, 0, 0, 0]
    assert places_of("spike", case("", "spike=5-6")) == [0, 0, 0, 1]


def test_only_healthy_runs_can_be_wrongly_called_failing() -> None:
    cases = [
        case("noisy-decrease", verdict="failing"),
        case("noisy-decrease"),
        case("divergence", verdict="failing"),
        case("", unscored="oscillation", verdict="failing"),
    ]
    assert score.false_failures(cases) == (["run"], 2)


def test_counts_have_a_row_for_each_run_and_label() -> None:
    counts = score.presence([case("spike"), case("stuck", "stuck")])
    assert counts.shape == (2, len(LABELS), 3)
    assert np.all(counts.sum(2) <= 1)


@pytest.mark.parametrize(
    ("recipe", "labels", "end"),
    [
        ("frozen", {"stuck"}, "not-converging"),
        ("nan_batch", {"noisy-decrease", "non-finite"}, "not-converging"),
    ],
)
def test_a_training_holds_what_was_done_to_it_and_is_the_same_each_time(
    recipe: str, labels: set[str], end: str
) -> None:
    pytest.importorskip("sklearn", reason="the trainings use scikit-learn's data sets")
    from benchmarks import _failures, trainings
    from benchmarks._families import tasks

    task = tasks()["dev"]["diabetes-linear"]
    first, again = (trainings.make(task, getattr(_failures, recipe)) for _ in range(2))
    assert (first.labels, first.convergence) == (frozenset(labels), end)
    assert np.array_equal(first.run.series[0].value, again.run.series[0].value, equal_nan=True)
    value, step = first.run.series[0].value, first.run.series[0].step
    for event in first.events:
        inside = (step >= event.start) & (step <= event.stop)
        assert np.isfinite(value[inside]).any() == (event.behaviour != "non-finite")
        assert np.isfinite(value[~inside]).all()


def test_trainings_come_back_from_the_cache_as_they_were_written(tmp_path: Path) -> None:
    pytest.importorskip("sklearn", reason="the trainings use scikit-learn's data sets")
    from benchmarks import _failures, trainings
    from benchmarks._families import tasks

    made = [trainings.make(tasks()["dev"]["diabetes-linear"], _failures.nan_batch)]
    trainings._write(tmp_path / "set.npz", made)
    (read,) = trainings._read(tmp_path / "set.npz")
    assert (read.labels, read.events, read.unscored) == (made[0].labels, made[0].events, made[0].unscored)
    assert np.array_equal(read.run.series[0].value, made[0].run.series[0].value, equal_nan=True)
    assert [path.name for path in tmp_path.iterdir()] == ["set.npz"]


def test_reliability_compares_what_was_said_with_what_was_true() -> None:
    cases = [
        dataclasses.replace(case("spike", "spike"), sure={"spike": 0.9}),
        dataclasses.replace(case("", "spike"), sure={"spike": 0.8}),
        dataclasses.replace(case("stuck", "stuck"), sure={"stuck": 0.5}),
    ]
    low, high = score.reliability(cases, (0.0, 0.7, 1.0))
    assert low == (1, 0.5, 1.0)
    assert high == (2, pytest.approx(0.85), 0.5)
