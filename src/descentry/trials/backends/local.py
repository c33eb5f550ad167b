"""Arms on this machine: together in one computation where that gives the same numbers, else in turn."""

from __future__ import annotations

import random
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch

from descentry.trials._fork import Fork
from descentry.trials._lanes import CONTROL, Lane
from descentry.trials._training import Cannot, Training, changed, judge, train
from descentry.trials.backends._stacked import CHECKED, NotStackable, Stack
from descentry.trials.snapshot import Snapshot

THIRD = 1 / 3  # of a gradient: a loss without one
Tell = Callable[[int, str], None]


@dataclass(eq=False)
class Outcome:
    """What one arm did with one seed.

    Attributes:
        losses: Training loss before each step; shorter where it broke.
        held_back: Loss on each held back batch, by whose loss it is: ``""`` for the user's own, else the id
            of an arm.
        gradients: What it cost.
        failed: Why it could not be run; empty where it could.
    """

    losses: list[float] = field(default_factory=list)
    held_back: dict[str, list[float]] = field(default_factory=dict)
    gradients: float = 0.0
    failed: str = ""


class Local:
    """Runs arms from a snapshot of the user's own model, in place, and leaves it in any state.

    Args:
        fork: The training.
        snapshot: Of it; the caller puts it back at the end.
        steps: How many each arm makes.
        zero: Whether the control arm sets gradients to zero.
        together: Whether arms may be computed together.
    """

    def __init__(self, fork: Fork, snapshot: Snapshot, steps: int, zero: bool, together: bool) -> None:
        self.fork = fork
        self.snapshot = snapshot
        self.steps = steps
        self.zero = zero
        self.together = together
        self.apart: str = ""  # why arms were not computed together
        self._base = zlib.crc32(torch.get_rng_state().numpy().tobytes()) & 0x3FFFFFFF

    def run(self, lanes: Sequence[Lane], seed: int, tell: Tell) -> dict[str, Outcome]:
        """Every arm with one seed, by id; cost: a gradient a batch, and a third of one a held back batch."""
        grounds = [lane for lane in lanes if lane.variant is not None and lane.variant.own_ground]
        left = list(lanes)
        found: dict[str, Outcome] = {}
        for group in self._groups(lanes) if self.together else []:
            try:
                found |= self._stacked(group, grounds, seed, tell)
                left = [lane for lane in left if lane not in group]
            except NotStackable as why:
                self.apart = str(why)
        for lane in left:
            found[lane.id] = self._in_turn(lane, grounds, seed)
            tell(lane.cost * self.steps, lane.id)
        return {lane.id: found[lane.id] for lane in lanes}

    def _groups(self, lanes: Sequence[Lane]) -> list[list[Lane]]:
        groups: dict[str, list[Lane]] = {}
        for lane in lanes:
            if lane.cost == 1:
                groups.setdefault(lane.forward, []).append(lane)
        return [group for group in groups.values() if len(group) > 1]

    def _begin(self, lane: Lane, seed: int) -> Training:
        self.snapshot.restore()
        reseed(self._base + seed)
        training = Training(self.fork.model, self.fork.optimizer, self.fork.compute_loss)
        training.zero = self.zero
        return training

    def _in_turn(self, lane: Lane, grounds: Sequence[Lane], seed: int) -> Outcome:
        outcome = Outcome()
        training = self._begin(lane, seed)
        try:
            with changed(training, lane.variant.install if lane.variant else None):
                reseed(self._base + seed)  # what installing drew must not part this arm from the others
                batches = self.fork.batches.order(seed, self.steps * lane.cost)
                outcome.losses = train(training, batches)
                outcome.gradients = float(len(outcome.losses) * lane.cost)
                self._judge(outcome, training, lane, grounds, seed)
        except Cannot as why:
            outcome.failed = str(why)
        except Exception as error:  # noqa: BLE001 - one arm that fails must not end the others
            outcome.failed = (
                f"it failed: {type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}"
            )
        return outcome

    def _judge(
        self, outcome: Outcome, training: Training, lane: Lane, grounds: Sequence[Lane], seed: int
    ) -> None:
        """The held back loss by the user's own loss, and by those of arms with a ground of their own."""
        batches = self.fork.batches.held_back
        losses: dict[str, Any] = {"": self.fork.compute_loss}
        for ground in grounds:
            if lane.id == CONTROL and ground.variant is not None:
                other = Training(self.fork.model, self.fork.optimizer, self.fork.compute_loss)
                ground.variant.install(other)
                losses[ground.id] = other.compute_loss
                other.undo()
            elif lane is ground:
                losses[ground.id] = training.compute_loss
        for name, loss in losses.items():
            reseed(self._base + seed + 1)
            outcome.held_back[name] = judge(training.model, loss, batches)
            outcome.gradients += THIRD * len(batches)

    def _stacked(
        self, group: Sequence[Lane], grounds: Sequence[Lane], seed: int, tell: Tell
    ) -> dict[str, Outcome]:
        batches = self.fork.batches.order(seed, self.steps)
        stack = Stack(self.fork, batches)
        for lane in group:
            training = self._begin(lane, seed)
            with changed(training, lane.variant.install if lane.variant else None):
                reseed(self._base + seed)
                stack.add(training)
        # What is done to the computation of the loss is the same for all of them.
        first = group[0]
        training = self._begin(first, seed)
        with changed(training, first.variant.install if first.variant else None):
            reseed(self._base + seed)
            losses = stack.train(training, lambda: tell(len(group), "several arms at once"))
            found = {}
            for place, lane in enumerate(group):
                outcome = found[lane.id] = Outcome(
                    losses[place], gradients=float(len(losses[place]) + CHECKED)
                )
                stack.unload(place, training.model)
                self._judge(outcome, training, lane, grounds, seed)
        return found


def reseed(seed: int) -> None:
    """Every random stream that a step may draw from."""
    torch.manual_seed(seed)
    random.seed(seed)
    np.random.seed(seed % 2**32)  # noqa: NPY002 - the stream that a model may draw from is this one
