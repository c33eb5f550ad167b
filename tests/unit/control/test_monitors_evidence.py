"""The e-processes that the monitors rest on, against what can be counted."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from descentry.control import monitors
from descentry.control.monitors._ranks import BLOCKS, Ranks, payoffs
from descentry.control.monitors._runs import WINDOW, Runs
from descentry.control.monitors._spending import log_price
from descentry.core.errors import UnknownNameError


def test_all_shares_of_alpha_together_are_at_most_one() -> None:
    known = sum(math.exp(-log_price(j)) for j in range(200_000))
    beyond = 1.0 / (1.19 * math.log(200_002.0))
    assert known + beyond <= 1.0
    assert known + beyond > 0.85  # nor is much of it wasted


@pytest.mark.parametrize("m", [1, 2, 7, BLOCKS])
def test_every_bet_on_a_rank_is_fair_and_pays_more_for_higher_ranks(m: int) -> None:
    pays = np.array(payoffs(m))
    assert pays.mean(0) == pytest.approx(1.0)
    assert (np.diff(pays, axis=0) > 0).all()


def test_rank_evidence_has_mean_one_over_all_orders() -> None:
    def value(order: tuple[int, ...]) -> float:
        ranks = Ranks()
        return [ranks.add(float(v)) for v in order][-1]

    every = [value(order) for order in itertools.permutations(range(6))]
    assert np.mean(every) == pytest.approx(1.0)
    assert max(every) == value(tuple(range(6)))


def test_adding_a_fall_never_adds_evidence() -> None:
    rng = np.random.default_rng(0)
    for _ in range(50):
        noise, fall = rng.standard_t(1.5, BLOCKS), -np.sort(rng.exponential(size=BLOCKS))
        level, falling = Ranks(), Ranks()
        for x, f in zip(noise, fall, strict=True):
            assert falling.add(x + f) <= level.add(x)


def test_run_evidence_is_the_number_of_ways_to_choose_the_largest() -> None:
    runs = Runs()
    for t in range(WINDOW):
        runs.add(t, float(t % 2))
    heights = [9.0, 8.0, 7.0]  # above all before them, but no records
    for t, height in enumerate(heights):
        assert runs.add(WINDOW + t, height)
    assert runs.refs == WINDOW
    assert runs.begun == WINDOW
    assert runs.evidence == pytest.approx(math.log(math.comb(WINDOW + 3, 3) / 2))
    assert not runs.add(WINDOW + 3, 0.5)
    assert runs.evidence == -math.inf


def test_leaps_are_told_by_how_high_they_are_and_only_beside_a_full_window() -> None:
    runs = Runs()
    for t in range(WINDOW - 1):
        runs.add(t, 2.0 + t % 2)
    runs.add(WINDOW - 1, 32.0)
    assert runs.leapt(2.0) == -math.inf  # too few before it
    runs = Runs()
    for t in range(WINDOW):
        runs.add(t, 2.0 + t % 2)
    runs.add(WINDOW, 42.0)
    runs.add(WINDOW + 1, 32.0)
    # Both are the largest of 66, and at least 30 times as far above 2 as the largest before: 30⁻² each.
    assert runs.leapt(2.0) == pytest.approx(math.log(math.comb(WINDOW + 2, 2) * 30.0**4 / 4))
    assert runs.leapt(3.0) == -math.inf


@pytest.mark.parametrize(
    ("after", "alarms"), [([30.0, 200.0], True), ([200.0, 30.0], False), ([200.0, 0.1], False)]
)
def test_two_losses_that_leap_are_enough_unless_they_come_down(after: list[float], alarms: bool) -> None:
    rng = np.random.default_rng(0)
    quiet = 3.0 * (1.0 + np.arange(400) / 20.0) ** -0.5 * (1.0 + 0.03 * rng.standard_normal(400))
    watch = monitors.start("diverging")
    told = [watch.update(t, v) for t, v in enumerate([*quiet.tolist(), *after])]
    assert [t for t, alarm in enumerate(told) if alarm] == ([401] if alarms else [])


def test_run_evidence_has_mean_at_most_one_over_all_orders() -> None:
    def value(order: tuple[int, ...]) -> float:
        runs = Runs()
        for t, v in enumerate(order):
            runs.add(t, float(v))
        return math.exp(runs.evidence) if runs.length and runs.start == 4 else 0.0

    assert np.mean([value(order) for order in itertools.permutations(range(7))]) <= 1.0


def test_a_watch_is_started_and_restored_by_name() -> None:
    watch = monitors.start("diverging", alpha=0.05)
    watch.update(0, 1.0)
    assert monitors.restore("diverging", watch.to_dict()).to_dict() == watch.to_dict()
    with pytest.raises(UnknownNameError, match="divergin"):
        monitors.start("divergin")


def test_a_stricter_alpha_alarms_later() -> None:
    values = [0.7] * 2000

    def first(alpha: float) -> int:
        watch = monitors.start("no-longer-improving", alpha)
        return next(t for t, v in enumerate(values) if watch.update(t, v))

    assert first(0.1) < first(1e-6)
