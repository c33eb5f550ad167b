"""The budget: what is promised of it, and who is read when."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from descentry.instruments._entry import Cost, Instrument
from descentry.live._account import Rates
from descentry.live._crowd import MOST, Crowd
from descentry.live._schedule import ADVANCE, Schedule

RATES = Rates(gradient=1e-3, elementwise=2e-5)


def instrument(id, gradients=0.1, information=1.0, how_often="sampled", consecutive=1, needs=()):
    return Instrument(
        id,
        id,
        "",
        Cost(gradients),
        "before",
        frozenset(needs),
        how_often,
        lambda _: (),
        information,
        consecutive,
    )


def declared(account):
    return 1e-4 + account.instrument.cost.gradients * RATES.gradient


def simulated(schedule, steps, seconds_a_step=2e-3, true_cost=declared):
    """At which steps each was read; time passes by the training and by readings."""
    now, read, look_step, look_time = 0.0, {name: [] for name in schedule.accounts}, 0, 0.0
    for step in range(steps):
        now += seconds_a_step
        if step < look_step and now < look_time:
            continue
        chosen = schedule.choose(step, now, RATES)
        for account in chosen:
            if schedule.can_pay(account, now, RATES):
                seconds = true_cost(account)
                schedule.took(account, seconds)
                now += seconds
                read[account.instrument.id].append(step)
        schedule.settle()
        assert schedule.spent <= schedule.allowed(now) * (1 + 1e-9)
        if not chosen:
            look_step, look_time = schedule.next_look(step, now, RATES)
        else:
            look_step = look_time = 0
    return read, now


KINDS = [
    instrument("norm"),
    instrument("dear", 21, 4.0),
    instrument("middling", 1.3, 3.0),
    instrument("pair", 0.0, 1.5, consecutive=2),
    instrument("start", 1.0, 5.0, "once", consecutive=2),
]


@pytest.mark.parametrize("overhead", [0.002, 0.02, 0.2])
@pytest.mark.parametrize("seconds", [2e-4, 2e-3, 0.05])
def test_the_promise_is_kept_at_every_moment_and_the_budget_is_used(overhead, seconds):
    schedule = Schedule(KINDS, overhead)
    _, elapsed = simulated(schedule, 6000, seconds)
    assert schedule.spent >= 0.6 * min(schedule.allowed(elapsed), overhead * elapsed + 0.6 * ADVANCE)


def test_in_a_short_run_everything_is_read_early_and_then_ever_more_seldom():
    read, _ = simulated(Schedule(KINDS, 0.02), 2000)
    assert all(steps[0] == 0 for name, steps in read.items() if name != "dear")
    assert read["dear"][0] == 1
    assert all(len(steps) >= 3 for steps in read.values())
    early, late = (sum(low <= s < low + 100 for s in read["norm"]) for low in (0, 1500))
    assert early >= 10 * late
    assert read["start"] == [0, 1, 2, 3]


def test_in_a_long_run_readings_are_spread_evenly():
    read, _ = simulated(Schedule(KINDS, 0.02), 200_000)
    for name in ("norm", "middling", "dear"):
        gaps = np.diff([s for s in read[name] if s > 50_000])
        assert len(gaps) > 3
        assert gaps.max() < 6 * gaps.mean()


def test_what_costs_more_is_read_more_seldom_by_the_root_of_it():
    schedule = Schedule([instrument("cheap", 1), instrument("dear", 100)], 0.02)
    read, _ = simulated(schedule, 400_000)
    late = {name: sum(s > 100_000 for s in steps) for name, steps in read.items()}
    assert late["cheap"] / late["dear"] == pytest.approx(10, rel=0.35)


def test_steps_in_a_row_are_read_in_a_row():
    read, _ = simulated(Schedule([instrument("pair", 5, consecutive=2), instrument("norm")], 0.02), 20_000)
    runs = [[*g] for _, g in itertools.groupby(enumerate(read["pair"]), lambda p: p[1] - p[0])]
    assert all(len(g) >= 2 for g in runs)


def test_what_cannot_be_paid_yet_is_read_when_it_can():
    schedule = Schedule([instrument("dear", 500), instrument("norm")], 0.02)
    read, _ = simulated(schedule, 60_000)
    assert len(read["dear"]) >= 1
    assert read["dear"][0] * 2e-3 > 500e-3 / 0.02
    assert read["norm"][0] == 0


def test_costs_are_learnt_where_the_declared_one_is_wrong():
    schedule = Schedule([instrument("liar", 0.01), instrument("norm")], 0.02)
    dear = {"liar": 20e-3, "norm": 1e-4}
    now = spent_at_twelve = 0.0
    for step in range(20_000):
        now += 2e-3
        for account in schedule.choose(step, now, RATES):
            if schedule.can_pay(account, now, RATES):
                schedule.took(account, dear[account.instrument.id])
        schedule.settle()
        over = schedule.spent - schedule.allowed(now)
        assert over <= dear["liar"]  # the one reading that nobody knew the cost of
        if 12.5 < now < 12.51:
            spent_at_twelve = schedule.spent
    assert spent_at_twelve <= 0.02 * 12.51
    assert schedule.spent <= 0.02 * now


def test_with_no_overhead_nothing_is_read_and_nobody_asks_again():
    schedule = Schedule(KINDS, 0.0)
    assert schedule.choose(0, 10.0, RATES) == []
    assert schedule.next_look(0, 10.0, RATES) == (float("inf"), float("inf"))


def test_what_a_step_has_in_common_is_shared_out():
    schedule = Schedule([instrument("a"), instrument("b")], 0.02)
    a, b = schedule.accounts.values()
    schedule.took(a, 0.01)
    schedule.took(b, 0.03)
    schedule.pending = 0.02
    assert schedule.spent == pytest.approx(0.06)
    schedule.settle()
    assert (a.spent, b.spent, schedule.other) == (pytest.approx(0.02), pytest.approx(0.04), 0.0)
    schedule.pending = 0.5
    schedule.settle()
    assert schedule.other == 0.5


def test_a_first_reading_that_is_dear_is_saved_for():
    schedule = Schedule([instrument("dear", 250), instrument("norm")], 0.02)
    read, _ = simulated(schedule, 20_000)
    assert read["dear"][0] * 2e-3 < (ADVANCE + 0.4) / 0.02


def test_one_dear_reading_does_not_use_up_what_the_first_readings_of_all_others_need():
    cheap = [instrument(f"cheap-{i}") for i in range(8)]
    schedule = Schedule([instrument("liar", 30, information=1000.0), *cheap], 0.02)
    true = {"liar": 5.0}
    read = {name: [] for name in schedule.accounts}
    for step in range(20):
        for account in schedule.choose(step, 0.05 * step, RATES):
            if schedule.can_pay(account, 0.05 * step, RATES):
                schedule.took(account, true.get(account.instrument.id, 1e-4))
                read[account.instrument.id].append(step)
        schedule.settle()
    assert read["liar"] == [1]
    assert all(read[c.id][0] == 0 for c in cheap)


def test_before_it_is_known_how_long_a_gradient_takes_nothing_is_read_that_takes_many():
    schedule = Schedule([instrument("curvature", 20), instrument("norm"), instrument("outputs")], 0.02)
    chosen = {a.instrument.id for a in schedule.choose(0, 0.0, Rates(0.0, 2e-5))}
    assert chosen == {"norm", "outputs"}


def test_steps_in_a_row_that_were_begun_are_finished():
    schedule = Schedule([instrument("pair", 0.1, consecutive=2), instrument("liar", 0.1)], 0.02)
    pair = schedule.accounts["pair"]
    for account in schedule.choose(0, 0.0, RATES):
        schedule.took(account, 1e-4 if account is pair else 5.0)
    schedule.settle()
    assert [a.instrument.id for a in schedule.choose(1, 0.0, RATES)] == ["pair"]
    assert schedule.can_pay(pair, 0.0, RATES)


def test_what_adds_little_is_read_along():
    along = instrument("along", 0.0, needs=("outputs",))
    other = instrument("other", 0.0, needs=("activations",))
    schedule = Schedule([instrument("norm", 30, needs=("outputs", "batch")), along, other], 0.02)
    for name in ("along", "other"):  # they have had their share
        schedule.accounts[name].paid(1e-4)
        schedule.accounts[name].spent = 1.0
    chosen = [a.instrument.id for a in schedule.choose(10, 200.0, RATES)]
    assert chosen == ["norm", "along"]


def test_on_a_crowded_machine_the_advance_is_one_of_work():
    alone, crowded = Schedule(KINDS, 0.02), Schedule(KINDS, 0.02)
    for schedule, times in ((alone, 1), (crowded, 8)):
        simulated(schedule, 500, 2e-3 * times, lambda a, t=times: t * declared(a))
    assert crowded.advance == alone.advance == ADVANCE  # nobody told
    stretched = Schedule(KINDS, 0.02)
    stretched.crowd.met(passed=4.0, worked=1.0)
    read, now = simulated(stretched, 500, 8e-3, lambda a: 4 * declared(a))
    assert stretched.advance == pytest.approx(4 * ADVANCE, rel=0.1)
    assert stretched.spent <= stretched.allowed(now)
    assert all(len(steps) > 1 for steps in read.values())


def test_a_crowd_is_believed_in_slowly_and_not_without_end():
    crowd = Crowd()
    assert crowd.stretch == 1
    crowd.met(passed=0.001, worked=0.0)  # a clock that ticks coarsely
    assert crowd.stretch < 1.1
    crowd.met(passed=0.1, worked=0.2)  # several threads
    assert crowd.stretch == pytest.approx(1, abs=0.1)
    crowd.met(passed=1000.0, worked=1.0)
    assert crowd.stretch == MOST


def test_first_readings_leave_something_for_later_ones():
    kinds = [instrument(f"dear{i}", gradients=45) for i in range(6)] + [instrument("cheap", gradients=0.5)]
    schedule = Schedule(kinds, 0.02)
    read, _ = simulated(schedule, 800, 1e-3)
    assert sum(len(steps) for name, steps in read.items() if name.startswith("dear")) >= 3
    assert max(read["cheap"]) > 300
