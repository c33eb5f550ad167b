"""Where two remedies help in part, both are tried as one."""

from __future__ import annotations

import pytest
import torch
from tests.unit.trials._bits import bits
from tests.unit.trials._tasks import classes, cross_entropy, network, remedy, sgd

import descentry
from descentry.trials._combined import surpasses
from descentry.trials._effects import Effect

RAISE = remedy("raise-lr", lr_factor=3.0)
LIGHTEN = remedy("lower-weight-decay", weight_decay=0.0)


@pytest.fixture(autouse=True)
def _seeded():
    torch.set_num_threads(1)
    torch.manual_seed(0)


def trial(remedies=(RAISE, LIGHTEN), *, rate=0.1, decay=0.15, **more):
    model = network()
    optimizer = sgd(model, rate, weight_decay=decay)
    more = {"steps": 60, "seeds": 6, **more}
    return (
        model,
        optimizer,
        descentry.try_remedies(model, optimizer, classes(), cross_entropy, remedies, **more),
    )


def test_two_that_help_in_part_are_tried_as_one_and_win_where_both_are_needed():
    model, optimizer, found = trial()
    singles = [a for a in found.arms if a.outcome == "better" and "+" not in a.remedy]
    best = found.best
    assert best.remedy == "lower-weight-decay+raise-lr"
    assert best.title.startswith("lowering the weight decay to 0, and raising the rate to")
    assert best.loss.mean() < 0.6 * min(a.loss.mean() for a in singles)
    assert len(best.loss) == found.seeds
    assert found.headline.startswith("Lowering the weight decay to 0, and raising the rate")
    before = bits(model, optimizer)
    applied = found.apply(best.id)
    (group,) = optimizer.param_groups
    assert group["weight_decay"] == 0.0
    assert group["lr"] > 0.2
    applied.undo()
    assert bits(model, optimizer) == before


def test_what_changes_the_same_setting_is_not_tried_as_one():
    _, _, found = trial([RAISE, remedy("switch-to-adam", lr=0.01)])
    assert not [a.id for a in found.arms if "+" in a.remedy]


def test_a_budget_that_does_not_reach_for_both_is_kept_and_it_is_said():
    _, _, whole = trial()
    both = sum(a.gradients for a in whole.arms if "+" in a.remedy)
    _, _, found = trial(budget=int(whole.gradients - both / 2))
    assert found.gradients <= whole.gradients - both / 2
    assert found.seeds < whole.seeds or any("nothing to try both" in note for note in found.notes)


def test_an_arm_of_both_that_may_be_ahead_by_chance_does_not_come_first():
    def effect(*loss):
        return Effect(loss, (1.0,) * len(loss), None, None, "better")

    one = effect(0.30, 0.31, 0.29, 0.30)
    assert surpasses(effect(0.10, 0.11, 0.09, 0.10), one)
    assert not surpasses(effect(0.10, 0.50, 0.09, 0.40), one)
    assert not surpasses(effect(0.10, 0.11, float("inf"), 0.10), one)
    assert not surpasses(effect(0.29, 0.31, 0.29, 0.30), one)
