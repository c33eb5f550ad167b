"""Where a pilot does harm by acting, it stands down: contests, and rises that no rate cures."""

from __future__ import annotations

import pytest
from tests.unit.control._pilot_loops import Loop

from descentry.control import journal
from descentry.control._beside import Beside
from descentry.control._controller import Controller
from descentry.control._orders import Settings
from descentry.control.replay import replay


def contest(steps):
    beside = Beside()
    return any(beside.contest(who, loss) for who, loss in steps)


def test_optimizers_that_take_turns_with_losses_of_their_own_are_in_a_contest():
    rounds = range(8)
    assert contest([(who, 1.0 + t + 0.3 * (who == "critic")) for t in rounds for who in ("actor", "critic")])
    several = ["critic", "critic", "critic", "actor"]
    assert contest([(who, 0.1 * i) for i, who in enumerate(several * 8)])


def test_optimizers_of_one_model_and_trainings_one_after_another_are_not():
    assert not contest([(who, 3.0 - t / 9) for t in range(20) for who in ("body", "head")])
    assert not contest([(f"net {i}", 3.0 - t / 9 + i) for i in range(12) for t in range(20)])
    assert not contest([("net", 1.0 / (t + 1)) for t in range(50)])


def test_a_pilot_that_stands_down_only_watches_says_why_and_replays_to_that_point(tmp_path):
    alone = Loop(rate=30.0, watched=False).train(90)
    loop = Loop(rate=30.0, run_dir=tmp_path, name="a").train(10)
    loop.pilot.stand_down("two losses meet")
    loop.train(80)
    assert loop.losses == pytest.approx(alone.losses, nan_ok=True)
    assert loop.policies() == []
    gaps = loop.pilot.explain().run.gaps
    assert any("only watched from step 10 on, because two losses meet" in g.what for g in gaps)
    loop.pilot.close()
    assert journal.read(tmp_path / "a").until == 10
    (again,) = replay(tmp_path / "a")
    assert again.same


def test_a_rise_that_comes_back_at_every_rate_is_handed_over_at_the_rate_that_was_given():
    controller = Controller(Settings(rate=0.1, room=64))
    controller.begin()
    step = 0

    def see(losses):
        nonlocal step
        for loss in losses:
            orders = controller.see(step, loss)
            step += 1
            if orders.decision is not None:
                return orders.decision
        return None

    assert see([2.0 * 0.98**t for t in range(160)]) is None
    decided = []
    while not controller.handed_over:
        decided.append(see([0.1] * 6 + [0.1 * 2.0**t for t in range(30)]))
    assert [d.policy for d in decided] == ["roll-back"] * 4 + ["hand-over"]
    assert "it is not the rate" in decided[-1].because
    assert controller.rate.factor == pytest.approx(1.0)
