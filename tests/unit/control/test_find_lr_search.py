"""The search for a rate sees losses only: what it proposes, and what it makes of the answers."""

from __future__ import annotations

import math

import numpy as np
import pytest

from descentry.control._search import Search
from descentry.control._search_levels import clearly_worse, tail


class Valley:
    """Gradient descent on curvature 1 in one dimension: the best rate is 1, and it breaks above 2."""

    def __init__(self, *, noise: float = 0.0, best: float = 1.0, seed: int = 0):
        self.noise, self.best = noise, best
        self.random = np.random.default_rng(seed)
        self.w, self.kept = 1.0, {}

    def step(self, rate):
        loss = 0.5 * self.w**2 * (1 + self.noise * self.random.normal())
        self.w *= 1 - rate / self.best
        return loss


def drive(search, valley, most=1000):
    """Runs it to its end; the legs that were proposed."""
    legs = []
    while (leg := search.propose()) is not None:
        assert len(legs) < most
        legs.append(leg)
        if leg.origin == "start":
            valley.w = 1.0
        elif leg.origin == "arm":
            valley.w = valley.kept[leg.arm]
        losses = []
        for _ in range(leg.steps):
            losses.append(valley.step(leg.rate))
            if search.hopeless(losses[-1]):
                break
        valley.kept[leg.arm] = valley.w
        search.tell(losses)
    return legs


@pytest.mark.parametrize("resume", [False, True])
@pytest.mark.parametrize("best", [3e-5, 1e-2, 1.0, 7.0])
def test_it_finds_the_rate_of_a_parabola_wherever_it_is(best, resume):
    search = Search(budget=150, resume=resume)
    drive(search, Valley(best=best))
    assert search.found is not None
    assert abs(math.log10(search.found.rate / best)) <= 0.5
    assert search.found.low <= search.found.rate <= search.found.high < 4 * best


@pytest.mark.parametrize("budget", [40, 70, 100, 200])
@pytest.mark.parametrize("paired", [False, True])
def test_it_keeps_to_its_budget_and_counts_it(budget, paired):
    search = Search(budget=budget, paired=paired, resume=True)
    legs = drive(search, Valley(noise=0.3))
    assert search.spent <= budget
    assert sum(leg.steps for leg in legs) >= search.spent
    assert search.found is not None


def test_batches_of_their_own_for_each_trial_make_it_no_worse_than_half_a_decade():
    rates = []
    for seed in range(20):
        search = Search(budget=120, paired=False, resume=True)
        drive(search, Valley(noise=0.2, seed=seed))
        rates.append(search.found.rate)
    assert max(abs(math.log10(rate)) for rate in rates) <= 0.75


def test_the_ramp_rises_until_the_loss_breaks_and_only_its_first_step_begins_anew():
    search = Search(paired=False)
    legs = [leg for leg in drive(search, Valley()) if leg.arm == -1]
    rates = [leg.rate for leg in legs]
    assert rates == sorted(rates)
    assert all(leg.steps == 1 for leg in legs)
    assert [leg.origin for leg in legs] == ["start", *["here"] * (len(legs) - 1)]
    assert 2 < search.found.breaks < 100


def test_a_ramp_that_breaks_at_once_begins_again_lower():
    search = Search(low=50.0, high=1e3, resume=True)
    drive(search, Valley())
    assert abs(math.log10(search.found.rate)) <= 0.5


def test_a_budget_that_is_gone_with_the_ramp_is_told():
    search = Search(low=1e3, high=1e30, budget=12)
    drive(search, Valley(best=1e-9))
    assert search.found is None
    assert search.spent <= 12
    assert search.failure == "the budget was spent before any rate could be tried"


def test_paired_trials_are_judged_by_the_loss_before_training_on_the_same_batches():
    first = Search(paired=True).propose()
    assert (first.rate, first.origin, first.arm) == (0.0, "start", -2)
    assert Search(paired=False).propose().arm == -1


def test_without_any_gain_it_says_so_and_names_no_rate():
    search = Search(budget=100)
    while (leg := search.propose()) is not None:
        search.tell([1.0] * leg.steps)
    assert search.found is None
    assert search.failure == "no rate that was tried lowers the loss"


def test_a_loss_that_is_no_number_from_the_start_ends_it():
    search = Search(budget=100)
    while search.propose() is not None:
        search.tell([math.nan])
    assert search.found is None
    assert search.failure == "the loss is not finite before any step"


def test_the_same_answers_lead_to_the_same_search():
    legs = [drive(Search(resume=True), Valley(noise=0.1, seed=3)) for _ in range(2)]
    assert legs[0] == legs[1]


def test_more_cannot_be_told_than_was_asked():
    search = Search()
    drive(search, Valley())
    with pytest.raises(RuntimeError, match="the search is over"):
        search.tell([1.0])


def test_a_trial_that_is_best_at_first_and_worse_later_does_not_win():
    """The largest rate is the fastest for ten steps, and rises from there on."""
    search = Search(low=1e-3, high=1e2, budget=150, paired=True)
    while (leg := search.propose()) is not None:
        if leg.rate > 1:
            search.tell([1.0, math.inf][: leg.steps])
            continue
        speed = leg.rate / (1 + 9 * leg.rate)
        late = 1.0 if leg.rate > 0.5 else 0.0
        search.tell([math.exp(-speed * t) + late * max(0, t - 10) / 20 for t in range(leg.steps)])
    assert search.found.rate == pytest.approx(10**-0.5)


def told(loss_of, **options):
    """The end of a search whose losses are a function of rate and step."""
    search = Search(low=1e-3, high=1e2, budget=150, **options)
    steps = {}
    while (leg := search.propose()) is not None:
        began = steps.get(leg.arm, 0) if leg.origin == "arm" else 0
        losses = []
        for t in range(began, began + leg.steps):
            losses.append(loss_of(leg.rate, t if leg.arm >= 0 else min(t, 1)))
            if search.hopeless(losses[-1]):
                break
        steps[leg.arm] = began + leg.steps
        search.tell(losses)
    return search


def ends(**levels):
    """Losses that fall from 1 within two steps: above 1.5 they break, below 0.2 they end at 0.9."""

    def loss(rate, t):
        if rate > 1.5:
            return 1.0 if t == 0 else math.inf
        end = levels["large"] if rate > 0.5 else levels["small"] if rate > 0.2 else 0.9
        return 1 + (end - 1) * min(t, 2) / 2 if rate else 1.0

    return told(loss).found


def test_of_equals_the_larger_rate_is_used():
    assert ends(large=0.5, small=0.5).rate == pytest.approx(1.0)
    assert ends(large=0.54, small=0.5).rate == pytest.approx(1.0)


def test_twice_the_loss_is_no_equal_however_high_the_loss_began():
    assert ends(large=0.07, small=0.03).rate == pytest.approx(10**-0.5)
    assert ends(large=0.05, small=0.03).rate == pytest.approx(1.0)


def breaking(last, **options):
    """A rate of 1 is best, and what is larger breaks after so many steps of a trial."""

    def loss(rate, t):
        if rate > 1.5 and (t >= last or rate > 4):
            return 1.0 if t == 0 else math.inf
        return 1 - 0.5 * min(rate, 1.0) * min(t, 10) / 10

    return told(loss, **options).found.rate


def test_with_caution_it_comes_down_the_more_the_sooner_the_next_larger_rate_broke():
    assert breaking(3) == pytest.approx(1.0)
    soon, late = breaking(3, cautious=True), breaking(30, cautious=True)
    assert 10**-0.25 <= soon < late < 1.0


def test_a_smaller_rate_that_is_clearly_better_is_used():
    assert ends(large=0.6, small=0.5).rate == pytest.approx(10**-0.5)


def test_a_larger_rate_that_is_behind_at_first_and_ahead_later_is_used():
    """Below 2.5 all rates fall alike at first, larger ones less; later the larger ones go on."""

    def loss(rate, t):
        if rate > 2.5:
            return 1.0 if t == 0 else math.inf
        return (
            max(0.0, 1 - 0.05 * min(t, 5) * (1 - 0.1 * rate) - 0.02 * rate * max(0, t - 5)) if rate else 1.0
        )

    search = told(loss)
    assert search.found.rate == max(arm.rate for arm in search.arms if not arm.broke)


def test_a_rate_that_ends_above_where_it_began_is_not_used_however_it_began():
    """As of units that die: the larger rate does as well as others for five steps, and then stays high."""

    def loss(rate, t):
        if rate > 10:
            return 1.0 if t == 0 else math.inf
        if rate > 0.5:
            return 0.99 if t < 6 else 1.3
        return 1 - rate * min(t, 40) / 40

    assert told(loss).found.rate < 0.5


def test_on_a_plateau_the_larger_rate_is_used_rather_than_the_luckiest():
    """Nothing has left it yet, and differences of thousandths are differences of nothing."""

    def loss(rate, t):
        if rate > 10:
            return 1.0 if t == 0 else math.inf
        return 1.0 - (0.001 if 1e-3 < rate < 1e-2 else 0.0005) * min(t, 5) / 5 if rate else 1.0

    assert told(loss).found.rate > 1


def test_the_level_of_a_trial_is_that_of_its_last_quarter():
    assert tail([9.0] * 30 + [1.0] * 10).mean == 1.0
    assert tail([5.0, 3.0, 2.0, 1.0]).mean == 2.0
    assert tail([4.0]).error == 0.0


def test_pairs_tell_differences_that_single_levels_do_not():
    batches = np.random.default_rng(0).normal(3.0, 1.0, 40)
    ours, theirs = batches + 0.05, batches
    assert clearly_worse(ours, theirs, 0.01, paired=True)
    assert not clearly_worse(ours, theirs, 0.01, paired=False)
    assert not clearly_worse(ours, theirs, 0.1, paired=True)
