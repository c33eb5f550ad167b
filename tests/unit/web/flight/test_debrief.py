"""What there was to see and to gain."""

import dataclasses
import math

import pytest
import torch

from descentry import story
from descentry.web.flight import debrief, ghosts, oracle
from descentry.web.flight._level import level, levels
from descentry.web.flight.gauges import Panel, run_of
from descentry.web.flight.log import Log
from descentry.web.flight.schedules import SHAPES, Schedule, flown
from descentry.web.flight.scoring import regret, score, target
from descentry.web.flight.searched import SEED, known
from descentry.web.flight.world import World

torch.set_num_threads(1)


def flight(name, plan, seed=1):
    """A flight whose rate is set at some ticks; None lands."""
    one = level(name)
    panel = Panel(one)
    world = World(one, seed, panel)
    while not (world.over or world.crashed):
        if world.tick in plan:
            world.apply("rate", plan[world.tick])
        world.advance()
    return Log(one, seed, tuple(world.moves), world.tick), world, panel


def moments(name, plan):
    return [m for m in debrief.debrief(*flight(name, plan)) if m is not None]


@pytest.fixture(scope="module")
def timid():
    return moments("bowl", {})


def test_who_flies_too_slowly_is_told_to_raise_the_rate(timid):
    first = timid[0]
    assert first.tick == 0
    assert first.what == "the take-off"
    assert first.best == "ten times"
    assert first.gain > 0.1
    assert "ten times the rate (to 0.2)" in first.sentence
    assert set(first.arms) == {name for name, _ in debrief.ARMS}
    assert first.arms["hold"] == first.yours  # nothing was done, so that is what holding gives


def test_moments_are_in_order_and_look_ahead_within_the_flight(timid):
    ticks = [m.tick for m in timid]
    assert ticks == sorted(ticks)
    assert len(ticks) <= debrief.MOST
    assert all(m.tick + m.horizon <= level("bowl").steps for m in timid)


def test_a_crash_is_looked_at_before_it_happens():
    log, world, panel = flight("bowl", {20: 8.0})
    assert world.crashed
    told = {m.what: m for m in debrief.debrief(log, world, panel) if m is not None}
    crash = next(m for what, m in told.items() if "crash" in what)
    assert math.isnan(crash.yours)
    assert math.isinf(crash.gain)
    assert "kept you in the air" in crash.sentence
    raised = next(m for what, m in told.items() if "rate went from" in what)
    assert raised.tick == 20
    assert raised.what == "the rate went from 0.02 to 8"
    assert raised.rate == 0.02  # what was in force when it was raised
    assert raised.best in {"double", "triple", "ten times"}


def test_a_good_flight_is_not_found_fault_with():
    log, world, panel = flight("bowl", {0: 1.9})
    told = [m for m in debrief.debrief(log, world, panel) if m is not None]
    assert any(m.best == "yours" and "nothing that was tried did clearly better" in m.sentence for m in told)


def test_the_gauge_reads_the_edge_of_stability_exactly():
    panel = flight("bowl", {0: 1.5})[2]
    # The largest eigenvalue of the bowl is 1, and there is no momentum.
    assert panel.last("sharpness/stability") == pytest.approx(1.5, rel=1e-3)
    assert flight("ravine", {0: 1.9})[2].last("sharpness/stability") == pytest.approx(1.0, rel=1e-3)


def test_a_flight_is_explained_by_the_same_code_as_any_run():
    _, world, panel = flight("bowl", {30: 2.6})
    report = story.explain(run_of(world, panel))
    assert {f.behaviour for f in report.findings} & {"divergence", "non-finite"}
    causes = [d.cause for d in report.diagnoses if d.status == "supported"]
    assert causes
    assert causes[0] in {"lr-too-high", "overshooting", "exploding-gradients", "schedule-event"}
    early = story.explain(run_of(world, panel, until=25))
    assert early.verdict != "failing"


def test_regret_is_a_log_ratio_with_a_floor():
    assert regret(0.1, 0.1, 1.0) == 0.0
    assert regret(1.0, 0.1, 1e-9) == pytest.approx(1.0)
    assert regret(1e-12, 1e-9, 1.0) == pytest.approx(0.0, abs=1e-4)  # both below the floor
    assert regret(math.nan, 0.1, 1.0) == math.inf
    assert regret(0.05, 0.1, 1e-9) < 0


def test_a_score_says_who_was_beaten():
    one = level("noisy-digits")
    good = score(one, 0.55, 2.3, 0.53, {"constant": 0.6, "nothing": 1.6, "wreck": math.nan})
    assert good.passed
    assert good.against["constant"] < 0
    assert good.against["wreck"] == -math.inf
    assert not score(one, 1.6, 2.3, 0.53, {}).passed
    assert not score(one, math.nan, 2.3, 0.53, {}).passed
    reached = target(one, 0.53, 2.3)
    assert regret(reached, 0.53, 2.3) == pytest.approx(one.within)


def test_shapes_keep_to_their_peak_and_end_low():
    for shape in SHAPES:
        rates = [Schedule(shape, 0.5).at((i + 0.5) / 100) for i in range(100)]
        assert max(rates) == pytest.approx(0.5, rel=0.06)
        assert min(rates) >= 0
        assert shape == "constant" or rates[-1] <= 0.051


@pytest.mark.parametrize("name", levels())
def test_every_level_has_an_oracle_that_was_searched(name):
    one = level(name)
    stored = known(one)
    finals = [entry["final"] for entry in stored["schedules"]]
    assert finals == sorted(finals)
    assert finals[0] < 0.5 * stored["initial"]
    assert any(s.shape == "constant" for s in oracle.candidates(one))
    assert World(one, SEED).initial == pytest.approx(stored["initial"], rel=1e-3)


@pytest.mark.parametrize("name", ["bowl", "wine"])
def test_the_stored_oracle_is_what_flying_it_gives(name):
    one = level(name)
    best = known(one)["schedules"][0]
    ghost = list(flown(one, SEED, Schedule(best["shape"], best["rate"]), "o", "o"))[-1]
    assert ghost.final == pytest.approx(best["final"], rel=0.05)


def test_the_oracle_of_another_seed_is_raced_for():
    small = dataclasses.replace(level("bowl"), steps=40)
    found = list(oracle.race(small, 5))[-1]
    assert found.best.final <= found.constant.final
    assert found.best.title.startswith("the oracle: ")
    assert found.constant.title.startswith("the best constant rate: ")


def test_the_pilot_flies_along_and_always_alike():
    one = level("wine")
    first, second = (list(ghosts.piloted(one, 4))[-1] for _ in range(2))
    assert first == second
    assert first.id == "pilot"
    assert len(first.loss) == len(first.rate) == one.steps
    assert len(set(first.rate)) > 10
    assert first.final < World(one, 4).initial


def test_what_was_flown_tells_causes_as_much_as_a_watch_would():
    panel = flight("plateau", {})[2]
    assert {"activations", "regularisation", "weights"} <= {name.partition("/")[0] for name in panel.series}
