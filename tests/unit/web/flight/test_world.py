"""The training that is steered: repeatable, fair, and honest about crashes."""

import dataclasses
import math

import pytest
import torch

from descentry.core.errors import DescentryError
from descentry.web.flight._level import level, levels
from descentry.web.flight.gauges import Panel
from descentry.web.flight.log import Log, Move, log_of
from descentry.web.flight.world import World, replay

torch.set_num_threads(1)


def losses(world):
    return [i.loss for i in world.flown]


def fly(world, ticks):
    for _ in range(ticks):
        world.advance()
    return world


def test_levels_lead_from_a_bowl_to_a_transformer_in_an_order_of_their_own():
    found = list(levels().values())
    assert (found[0].id, found[-1].id) == ("bowl", "zen")
    assert len(found) >= 8
    assert [one.order for one in found] == list(range(1, len(found) + 1))


@pytest.mark.parametrize("name", levels())
def test_each_level_takes_off_slowly_and_within_its_slider(name):
    one = levels()[name]
    world = fly(World(one, 3), 4)
    assert one.low <= one.lr <= one.high
    assert all(map(math.isfinite, losses(world)))
    assert not one.batches or one.batch in one.batches
    assert 25 <= one.steps / one.pace <= 120  # seconds of play


@pytest.mark.parametrize("name", levels())
def test_the_same_seed_and_moves_give_the_same_losses_to_the_bit(name):
    one = level(name)
    world = fly(World(one, 7), 5)
    world.apply("rate", one.lr * 4)
    if one.batches:
        world.apply("batch", one.batches[-1])
    fly(world, 4)
    world.apply("rollback")
    fly(world, 3)
    log = log_of(Log(one, 7, tuple(world.moves), world.tick).to_dict())
    again = replay(log.level, log.seed, log.moves, log.ticks)
    assert losses(again) == losses(world)
    assert again.full_loss() == world.full_loss()
    assert again.flown == world.flown
    other = fly(World(one, 8), 5)
    assert losses(other) != losses(world)[:5]


def test_instruments_do_not_touch_the_flight():
    one = dataclasses.replace(level("digits-gru"), look=3)
    assert losses(fly(World(one, 2, Panel(one)), 8)) == losses(fly(World(one, 2), 8))


def test_a_larger_batch_contains_the_smaller_and_costs_more():
    world = World(level("wine"), 4)
    small, large = world.rows(5, 8), world.rows(5, 64)
    assert large[:8].tolist() == small.tolist()
    world.apply("batch", 64)
    world.advance()
    assert world.spent == 64 / 32


def test_a_rate_beyond_the_slider_is_kept_within_it():
    world = World(level("bowl"), 1)
    world.apply("rate", 1e9)
    assert world.rate == world.level.high == world.moves[0].value


def test_a_batch_that_the_level_lacks_is_refused_in_words():
    with pytest.raises(DescentryError, match="no batches of 7") as caught:
        World(level("wine"), 1).apply("batch", 7)
    assert "8, 16, 32" in str(caught.value)


def test_a_crash_ends_the_flight_until_it_is_rolled_back():
    world = fly(World(level("bowl"), 1), 10)
    world.apply("rate", 10.0)
    while not world.crashed:
        world.advance()
    assert not math.isfinite(world.flown[-1].loss)
    with pytest.raises(RuntimeError, match="crashed"):
        world.advance()
    spent, before = world.spent, world.step
    world.apply("rollback")
    assert not world.crashed
    assert world.spent == spent + world.level.rollback_cost
    assert world.step < before
    world.apply("rate", 0.5)
    assert world.step <= 12  # and not on the way up
    fly(world, 5)
    assert math.isfinite(world.full_loss())
    assert world.full_loss() < world.initial


def test_a_rollback_returns_the_weights_of_its_checkpoint_to_the_bit():
    world = fly(World(level("noisy-digits"), 1), 40)
    world.apply("rollback")
    assert world.step == 35
    assert fly(world, 3).flown[-1].loss == world.flown[37].loss


def test_the_budget_ends_the_flight():
    world = World(level("bowl"), 1)
    while not world.over:
        world.advance()
    assert world.tick == world.level.steps
    with pytest.raises(RuntimeError, match="over"):
        world.advance()


def test_a_fork_leaves_the_flight_alone():
    world, alone = fly(World(level("zen"), 1), 3), fly(World(level("zen"), 1), 5)
    fork = world.fork()
    fork.rate = 0.5
    fly(fork, 2)
    assert losses(fly(world, 2)) == losses(alone)


@pytest.mark.parametrize(
    "change",
    [
        {"format": "else"},
        {"level": "nowhere"},
        {"seed": -1},
        {"seed": True},
        {"seed": 1.5},
        {"ticks": "9"},
        {"moves": "rate"},
        {"moves": [[1, "rate"]]},
        {"moves": [[1, "eval", 1.0]]},
        {"moves": [[-1, "rate", 1.0]]},
        {"moves": [[1, "rate", math.nan]]},
        {"moves": [[1, "rate", 1.0]] * 30_000},
    ],
)
def test_a_log_that_is_none_is_refused(change):
    good = Log(level("bowl"), 1, (Move(1, "rate", 0.5),), 3).to_dict()
    assert log_of(good).moves == (Move(1, "rate", 0.5),)
    with pytest.raises(DescentryError):
        log_of({**good, **change})
