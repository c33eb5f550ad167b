"""Who else flies on the same seed: nobody, the pilot, the best constant rate, the oracle, a rival."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import torch

from descentry.control.pilot import pilot
from descentry.core.data import Decision
from descentry.web.flight._level import Level
from descentry.web.flight.log import Log
from descentry.web.flight.oracle import race
from descentry.web.flight.schedules import Ghost, Schedule, flown, ghost_of
from descentry.web.flight.world import World, replayed

_CHUNK = 4  # steps until a flight that is steered meanwhile gets its turn


def company(level: Level, seed: int) -> Iterator[Ghost | None]:
    """Every ghost of a level and seed, those that are flown soonest first; None every few steps between.

    Cost: eight budgets of gradients.
    """
    held = Schedule("constant", level.lr)
    yield from flown(level, seed, held, "nothing", "hands off: the rate of the take-off", chunk=_CHUNK)
    yield from piloted(level, seed)
    for found in race(level, seed):
        if found is None:
            yield None
        else:
            yield found.constant
            yield replace(found.best, id="oracle")


def piloted(level: Level, seed: int) -> Iterator[Ghost | None]:
    """``descentry.pilot`` from the same take-off, on the same batches; it searches a rate and lands on zero.

    Its search is paid from the budget like every step. It decides by losses alone, so it can be repeated.
    """
    world = World(level, seed)
    losses: list[float] = []
    rates: list[float] = []

    def quiet(_: Decision) -> None:
        pass

    def note(optimizer: torch.optim.Optimizer, *_: Any) -> None:
        rates.append(float(optimizer.param_groups[0]["lr"]))

    with pilot(
        world.model,
        world.optimizer,
        total_steps=level.steps,
        search=True,
        overhead=0.0,
        run_dir=None,
        on_decision=quiet,
    ) as flying:
        # After the pilot's own hook: its rates are in force only while the optimizer makes its step.
        world.optimizer.register_step_pre_hook(note)
        for tick in range(level.steps):
            inputs, targets = world.examples(tick, level.batch)
            loss = world.problem.loss_fn(world.model(inputs), targets)
            world.optimizer.zero_grad()
            torch.autograd.backward(loss)
            losses.append(float(loss.detach()))
            world.optimizer.step()
            flying.step(losses[-1])
            if tick % _CHUNK == 0:
                yield None
    final = world.full_loss()
    yield Ghost(
        "pilot",
        "descentry's pilot",
        tuple(losses),
        tuple(rates),
        final if math.isfinite(final) else math.nan,
    )


def rival(name: str, log: Log) -> Iterator[Ghost | None]:
    """The flight of somebody else, flown again from its log."""
    world = None
    for world in replayed(log.level, log.seed, log.moves, log.ticks):
        if world.tick % _CHUNK == 0:
            yield None
    assert world is not None
    yield ghost_of(world, "rival", name)
