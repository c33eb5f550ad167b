"""Arms on this machine: together in one computation where that gives the same numbers, else in turn."""

from __future__ import annotations

import random
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
import torch

from descentry.instruments._undisturbed import random_state, set_random_state
from descentry.trials._fork import Fork
from descentry.trials._lanes import CONTROL, Lane
from descentry.trials._training import Cannot, Loss, Training, changed, judge, train
from descentry.trials.backends._stacked import CHECKED, NotStackable, Stack
from descentry.trials.snapshot import Snapshot

# Before the end, as shares of the steps: one look at an arm that swings says little of where it is.
LOOKS = (0.0, 0.05, 0.1, 0.15, 0.2)
THIRD = 1 / 3  # of a gradient: a loss without one
Tell = Callable[[int, str], None]


@dataclass(eq=False)
class Outcome:
    """What one arm did with one seed.

    Attributes:
        losses: Training loss before each step; shorter where it broke.
        held_back: Loss on each held back batch, at each look, by whose loss it is: ``""`` for the user's own,
            else the id of an arm.
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
        self.looks = {round(steps * (1 - share)) for share in LOOKS}
        self.apart: str = ""  # why arms were not computed together
        self._in_turn_only: set[str] = set()
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
                self._in_turn_only.add(group[0].forward)
        for lane in left:
            found[lane.id] = self._in_turn(lane, grounds, seed)
            tell(lane.cost * self.steps, lane.id)
        return {lane.id: found[lane.id] for lane in lanes}

    def _groups(self, lanes: Sequence[Lane]) -> list[list[Lane]]:
        groups: dict[str, list[Lane]] = {}
        for lane in lanes:
            if lane.cost == 1 and lane.forward not in self._in_turn_only:
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
                losses = self._losses(training, lane, grounds)
                outcome.losses = train(training, batches, self._looking(outcome, training, losses, seed))
                outcome.gradients += training.gradients
        except Cannot as why:
            outcome.failed = str(why)
        except Exception as error:  # noqa: BLE001 - one arm that fails must not end the others
            outcome.failed = (
                f"it failed: {type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}"
            )
        return outcome

    def _losses(self, training: Training, lane: Lane, grounds: Sequence[Lane]) -> dict[str, Loss]:
        """By what an arm is judged: the user's own loss, and those of arms with a ground of their own."""
        losses = {"": self.fork.compute_loss}
        for ground in grounds:
            if lane.id == CONTROL and ground.variant is not None:
                other = Training(self.fork.model, self.fork.optimizer, self.fork.compute_loss)
                ground.variant.install(other)
                losses[ground.id] = other.compute_loss
                other.undo()
            elif lane is ground:
                losses[ground.id] = training.compute_loss
        return losses

    def _looking(
        self, outcome: Outcome, training: Training, losses: dict[str, Loss], seed: int
    ) -> Callable[[int], None]:
        """Judges an arm at the looks, without a trace in its training."""

        def look(step: int) -> None:
            if step in self.looks:
                self._judge(outcome, training, losses, seed)

        return look

    def _judge(self, outcome: Outcome, training: Training, losses: dict[str, Loss], seed: int) -> None:
        kept = random_state({p.device for p in training.model.parameters()})
        batches = self.fork.batches.held_back
        for name, loss in losses.items():
            reseed(self._base + seed + 1)
            outcome.held_back.setdefault(name, []).extend(judge(training.model, loss, batches))
            outcome.gradients += THIRD * len(batches)
        set_random_state(kept)

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
            found = {lane.id: Outcome() for lane in group}
            judges = [self._losses(training, lane, grounds) for lane in group]

            def after(step: int) -> None:
                tell(len(group), "several arms at once")
                if step in self.looks:
                    for place, lane in enumerate(group):
                        stack.unload(place, training.model)
                        self._judge(found[lane.id], training, judges[place], seed)

            for lane, losses in zip(group, stack.train(training, after), strict=True):
                found[lane.id].losses = losses
                found[lane.id].gradients += len(losses) + CHECKED
        return found


def reseed(seed: int) -> None:
    """Every random stream that a step may draw from."""
    torch.manual_seed(seed)
    random.seed(seed)
    np.random.seed(seed % 2**32)  # noqa: NPY002 - the stream that a model may draw from is this one
