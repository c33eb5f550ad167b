"""The training that is being steered: the same level, seed and moves give the same losses, to the bit."""

from __future__ import annotations

import contextlib
import copy
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Protocol

import torch
from torch import Tensor

from descentry.core.errors import DescentryError
from descentry.instruments._probe import Probe
from descentry.web.flight._capture import Capture
from descentry.web.flight._level import Level
from descentry.web.flight.log import Kind, Move

_STRIDE = 1_000_003  # between the random streams of two seeds; no flight is as long
_BOUND = 2.0  # times the loss at take-off: what is above it is no place to return to
_ROUNDING = 1e-9  # of a step, in sums of what steps cost


@dataclass(frozen=True)
class Instant:
    """One step as it was flown.

    Attributes:
        tick: Steps flown before it, those included that a rollback undid.
        step: Updates behind the weights that it started from.
        spent: Of the budget, this step included.
        loss: Of its batch, before the update; NaN or infinite at a crash.
        norm: Of the gradient.
        rate: The learning rate.
        batch: Examples in the batch.
    """

    tick: int
    step: int
    spent: float
    loss: float
    norm: float
    rate: float
    batch: int


@dataclass(frozen=True, eq=False)
class Saved:
    """All that a flight depends on at one moment, apart."""

    step: int
    weights: dict[str, Tensor]
    optimizer: dict[str, Any]


class Observer(Protocol):
    """Reads instruments during a step."""

    def wants(self, tick: int) -> bool:
        """Whether it reads at this step."""

    def before(self, probe: Probe, tick: int) -> None:
        """Gradients are in place, the weights not yet changed."""

    def after(self, probe: Probe, tick: int) -> None:
        """The weights are changed."""


class World:
    """One flight.

    Attributes:
        level: What is flown.
        seed: Decides the first weights and every batch. A batch depends on the seed and the number of updates
            alone, and a larger one contains the smaller: who flies the same seed meets the same examples.
        moves: What the pilot did.
        flown: The steps so far.
        tick: Their number.
        step: Updates behind the present weights; falls at a rollback.
        spent: Of the budget.
        rate: The present learning rate.
        batch: The present batch size; 0 is all of the data.
        crashed: Whether the last loss or gradient was not finite. Nothing but a rollback helps.
        initial: Loss on all of the data at take-off.
    """

    def __init__(self, level: Level, seed: int, observer: Observer | None = None) -> None:
        self.level, self.seed, self.observer = level, seed, observer
        self.problem = level.problem(seed)
        self.model = self.problem.model
        self.optimizer = level.optimizer(list(self.model.parameters()), level.lr)
        self.parameters = {n: p for n, p in self.model.named_parameters() if p.requires_grad}
        self.moves: list[Move] = []
        self.flown: list[Instant] = []
        self.tick = self.step = 0
        self.spent = 0.0
        self.rate, self.batch = level.lr, level.batch
        self.crashed = False
        self.initial = self.full_loss()
        self._first = self.save()
        self._checkpoints: list[Saved] = []

    # What the pilot does

    def apply(self, kind: Kind, value: float = 0.0) -> Move:
        """Moves a control now, and writes it into the log.

        Args:
            kind: ``rate``, ``batch`` or ``rollback``.
            value: The rate (kept within the level's ends) or one of the level's batch sizes.

        Raises:
            DescentryError: The level has no such batch size, or no such control.
        """
        if kind == "rate":
            self.rate = value = self.level.clamped(value)
        elif kind == "batch":
            if value not in self.level.batches:
                raise DescentryError(
                    f"no batches of {value:g} in this level",
                    where=self.level.id,
                    how=f"There are: {', '.join(map(str, self.level.batches)) or 'none but the whole data'}",
                )
            self.batch = int(value)
        elif kind == "rollback":
            value = self._rollback()
        else:
            raise DescentryError(f"there is no control called {kind!r}", where=self.level.id)
        move = Move(self.tick, kind, value)
        last = self.moves[-1] if self.moves else None
        if kind != "rollback" and last and (last.tick, last.kind) == (self.tick, kind):
            self.moves.pop()  # only the last counts; a slider sends dozens
        self.moves.append(move)
        return move

    def _rollback(self) -> float:
        """To the last checkpoint, at a cost; a second one soon after goes to the one before. Its step."""
        saved = self._checkpoints.pop() if self._checkpoints else self._first
        self.restore(saved)
        self.crashed = False
        self.spent += self.level.rollback_cost
        return float(saved.step)

    # What the training does

    @property
    def over(self) -> bool:
        """Whether the budget is used up."""
        return self.spent + self.level.cost(self.batch) > self.level.steps + _ROUNDING

    @property
    def checkpoint(self) -> int:
        """The step that a rollback would return to."""
        return self._checkpoints[-1].step if self._checkpoints else 0

    def rows(self, step: int, batch: int) -> Tensor | None:
        """Which examples step number ``step`` sees; None for all of them."""
        if not batch:
            return None
        generator = torch.Generator().manual_seed(self.seed * _STRIDE + step)
        return torch.randperm(len(self.problem.inputs), generator=generator)[:batch]

    def advance(self) -> Instant:
        """Makes one step. Cost: one gradient, and what the observer reads.

        Raises:
            RuntimeError: The flight has crashed, or its budget is used up.
        """
        if self.crashed or self.over:
            raise RuntimeError("the flight is over" if self.over else "the flight has crashed")
        self._maybe_save()
        inputs, targets = self.examples(self.step, self.batch)
        observer = self.observer if self.observer is not None and self.observer.wants(self.tick) else None
        seen = Capture(self.model) if observer else None
        with seen or contextlib.nullcontext():
            outputs = self.model(inputs)
        loss = self.problem.loss_fn(outputs, targets)
        self.optimizer.zero_grad()
        torch.autograd.backward(loss)
        norm = torch.stack([p.grad.norm() for p in self.parameters.values() if p.grad is not None]).norm()
        self.spent += self.level.cost(self.batch)
        instant = Instant(
            self.tick, self.step, self.spent, float(loss.detach()), float(norm), self.rate, len(inputs)
        )
        self.crashed = not (math.isfinite(instant.loss) and math.isfinite(instant.norm))
        if not self.crashed:
            for group in self.optimizer.param_groups:
                group["lr"] = self.rate
            if observer and seen:
                probe = seen.probe(
                    self.tick, self.problem, self.optimizer, self.parameters, loss, outputs, targets
                )
                observer.before(probe, self.tick)
                self.optimizer.step()
                observer.after(probe, self.tick)
            else:
                self.optimizer.step()
            self.step += 1
        self.tick += 1
        self.flown.append(instant)
        return instant

    def _maybe_save(self) -> None:
        """A checkpoint, where one is due; not while the loss is out of bounds: nobody wants to go there."""
        due = self.step and self.step % self.level.checkpoint == 0 and self.checkpoint < self.step
        if due and self.flown and self.flown[-1].loss <= _BOUND * self.initial:
            self._checkpoints.append(self.save())

    def full_loss(self) -> float:
        """The loss on all of the data. Cost: one forward pass over it."""
        with torch.no_grad():
            return float(self.problem.loss_fn(self.model(self.problem.inputs), self.problem.targets))

    def examples(self, step: int, batch: int) -> tuple[Tensor, Tensor]:
        """The inputs and targets that step number ``step`` sees."""
        rows = self.rows(step, batch)
        if rows is None:
            return self.problem.inputs, self.problem.targets
        return self.problem.inputs[rows], self.problem.targets[rows]

    # Forks

    def fork(self) -> World:
        """Another world in the same state, without a past: no log, no checkpoints, nobody observing."""
        shared = {
            id(self.problem.inputs): self.problem.inputs,
            id(self.problem.targets): self.problem.targets,
        }
        empty: dict[int, Any] = {id(part): [] for part in (self.moves, self.flown, self._checkpoints)}
        return copy.deepcopy(self, {**shared, **empty, id(self.level): self.level, id(self.observer): None})

    def save(self) -> Saved:
        """A copy of weights and optimizer."""
        weights = {n: p.detach().clone() for n, p in self.parameters.items()}
        return Saved(self.step, weights, copy.deepcopy(self.optimizer.state_dict()))

    def restore(self, saved: Saved) -> None:
        """Puts a copy back, in place."""
        with torch.no_grad():
            for name, parameter in self.parameters.items():
                parameter.copy_(saved.weights[name])
        self.optimizer.load_state_dict(copy.deepcopy(saved.optimizer))
        self.step = saved.step


def replayed(
    level: Level, seed: int, moves: Iterable[Move], until: int | None = None, observer: Observer | None = None
) -> Iterator[World]:
    """Flies a log of moves again: the world before the moves of each tick, at last after the last.

    Ends at the tick ``until``, at the end of the budget, or with a crash that nobody answered.

    Raises:
        DescentryError: A move is none of this level.
    """
    world = World(level, seed, observer)
    waiting = sorted(moves, key=lambda m: m.tick)
    while True:
        yield world
        while waiting and waiting[0].tick <= world.tick and not world.over:
            move = waiting.pop(0)
            world.apply(move.kind, move.value)
        if world.crashed or world.over or (until is not None and world.tick >= until):
            yield world
            return
        world.advance()


def replay(
    level: Level, seed: int, moves: Iterable[Move], until: int | None = None, observer: Observer | None = None
) -> World:
    """The world at the end of :func:`replayed`.

    Raises:
        DescentryError: A move is none of this level.
    """
    return list(replayed(level, seed, moves, until, observer))[-1]
