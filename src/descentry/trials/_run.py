"""One trial while it runs: seed after seed, until every arm is told or nothing is left to spend."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Sequence

import numpy as np

from descentry.core.errors import DescentryError
from descentry.core.trial import Trial
from descentry.trials._combined import combined, pairs_of
from descentry.trials._effects import Effect, effects, mean
from descentry.trials._fork import BROKEN, MEND, Fork
from descentry.trials._lanes import CONTROL, Lane
from descentry.trials._told import told
from descentry.trials._training import Training, judge
from descentry.trials.backends._stacked import CHECKED
from descentry.trials.backends.local import LOOKS, THIRD, Local, Outcome
from descentry.trials.snapshot import Snapshot

FEWEST = 10  # steps; fewer tell nothing of a training
Progress = Callable[[int, int, str], None]


class Run:
    """One trial, while it runs.

    Args:
        fork: The training.
        snapshot: Of it; put back by the caller.
        lanes: The arms, without the control arm.
        untried: Remedies that cannot be tried, and why.
        zero: Whether the control arm sets gradients to zero.
        together: Whether arms may be computed together.
        progress: Told how far it is, in gradients.
    """

    def __init__(
        self,
        fork: Fork,
        snapshot: Snapshot,
        lanes: Sequence[Lane],
        untried: list[tuple[str, str]],
        zero: bool,
        together: bool,
        progress: Progress | None,
    ) -> None:
        self.fork = fork
        self.snapshot = snapshot
        self.control = Lane(CONTROL)
        self.lanes = {lane.id: lane for lane in lanes}
        self.untried = untried
        self.zero = zero
        self.together = together
        self.progress = progress
        self.grounds = {
            id: id if lane.variant is not None and lane.variant.own_ground else ""
            for id, lane in self.lanes.items()
        }
        self.done: dict[str, list[Outcome]] = {id: [] for id in [CONTROL, *self.lanes]}
        self.pairs: dict[str, list[tuple[float, float]]] = {id: [] for id in self.lanes}
        self.notes: list[str] = []
        self._leave_broken_batches()
        self.starts = self._starts()
        self.passed: set[str] = set()  # arms that another one of their remedy outdid
        self.joined: dict[str, str] = {}  # arms of two remedies, and the better one of them
        several = len({lane.remedy for lane in self.lanes.values()}) > 1
        self._shares = len(self.lanes) + 2 * several  # arms of two remedies may come

    def _leave_broken_batches(self) -> None:
        """Nothing can be judged by a batch whose loss is not finite before any step.

        Raises:
            DescentryError: None is left.
        """
        batches = self.fork.batches
        losses = judge(self.fork.model, self.fork.compute_loss, batches.held_back)
        self.snapshot.restore()
        good = tuple(b for b, loss in zip(batches.held_back, losses, strict=True) if math.isfinite(loss))
        if not good:
            raise DescentryError(BROKEN, where="try_remedies", how=MEND)
        if len(good) < len(losses):
            left = len(losses) - len(good)
            self.notes.append(f"{left} of the held back batches are not judged by: their loss is not finite.")
            self.fork.batches = dataclasses.replace(batches, held_back=good)

    def _starts(self) -> dict[str, float]:
        found = {}
        for id, lane in {"": self.control, **self.lanes}.items():
            if id and not self.grounds[id]:
                continue
            training = Training(self.fork.model, self.fork.optimizer, self.fork.compute_loss)
            if lane.variant is not None:
                lane.variant.install(training)
            loss = training.compute_loss
            training.undo()
            found[id] = float(np.mean(judge(self.fork.model, loss, self.fork.batches.held_back)))
            self.snapshot.restore()
        return found

    def go(self, steps: int, seeds: int, budget: int | None) -> Trial:
        """Runs it; with as many steps an arm, seeds, and gradients in all, at most.

        Raises:
            DescentryError: The control arm cannot be run.
        """
        each, once = self._cost(list(self.lanes.values()))
        if budget is not None and each * steps + once > budget:
            steps = max(FEWEST, int(budget - once) // each)
            self.notes.append(f"The budget of {budget:,} gradients made arms of {steps:,} steps.")
        local = Local(self.fork, self.snapshot, steps, self.zero, self.together)
        going, seed, stopped = list(self.lanes.values()), 0, ""
        while going and seed < seeds:
            each, once = self._cost(going)
            if budget is not None and seed and self.spent + each * steps + once > budget:
                stopped = f"The budget of {budget:,} gradients was spent."
                break
            self._once(local, going, seed, each * steps)
            seed += 1
            going = self._left(going, self._effects(), seed)
        self._join(local, seed, steps, budget)
        if local.apart and self.together:
            self.notes.append(f"Arms ran in turn: {local.apart}.")
        return told(self, self._effects(), steps, seed, stopped or self._stopped(going, seed))

    def _cost(self, lanes: Sequence[Lane]) -> tuple[int, float]:
        """Of these arms and the control arm: gradients a step, and what comes on top for each seed."""
        judging = len(LOOKS) * len(self.fork.batches.held_back) * THIRD + CHECKED
        return 1 + sum(lane.cost for lane in lanes), (1 + len(lanes)) * judging

    @property
    def spent(self) -> float:
        """Gradient evaluations so far."""
        return sum(o.gradients for outcomes in self.done.values() for o in outcomes)

    def _once(self, local: Local, going: Sequence[Lane], seed: int, cost: int) -> None:
        """One seed of the control arm and of all arms that go on.

        Raises:
            DescentryError: The control arm failed.
        """
        made = 0

        def tell(count: int, what: str) -> None:
            nonlocal made
            made += count
            if self.progress is not None:
                self.progress(min(made, cost), cost, f"seed {seed + 1}: {what}")

        new = seed == len(self.done[CONTROL])  # an arm that comes later is paired with what there is
        for id, outcome in local.run([*([self.control] if new else []), *going], seed, tell).items():
            self.done[id].append(outcome)
        control = self.done[CONTROL][seed]
        if control.failed:
            raise DescentryError(
                f"to train on as it is failed: {control.failed.removeprefix('it failed: ')}",
                where="try_remedies",
                how="A step is zero_grad(), compute_loss(model, batch), backward() and optimizer.step().",
            )
        for lane in going:
            outcome, ground = self.done[lane.id][-1], self.grounds[lane.id]
            if outcome.failed:
                continue
            start = self.starts[ground]
            values = [mean(o.held_back.get(ground, []), start) for o in (outcome, control)]
            self.pairs[lane.id].append((values[0], values[1]))

    def _effects(self) -> dict[str, Effect]:
        pairs = {id: found for id, found in self.pairs.items() if found}
        return effects(pairs, self.grounds, self.starts, self._exact(), self._shares)

    def _join(self, local: Local, seeds: int, steps: int, budget: int | None) -> None:
        """An arm of the two best remedies, with the seeds so far, where each of them helps in part."""
        found = self._effects()
        plain = [v for v in self.lanes.values() if not self.grounds[v.id] and v.id not in self.passed]
        for one, other in pairs_of(plain, found, self.starts[""]):
            lanes = combined(one, other, self.fork)
            self.snapshot.restore()
            if not lanes:
                continue
            each, once = lanes[0].cost * steps, self._cost(lanes[:1])[1]
            if budget is not None and self.spent + (seeds + len(lanes) - 1) * (each + once) > budget:
                self.notes.append(f"The budget left nothing to try both: {lanes[0].title}.")
                return
            for lane in lanes:
                self._add(lane, one)
            for seed in range(seeds):
                self._once(local, lanes, seed, each * len(lanes))
                best = min(
                    lanes, key=lambda lane: self.pairs[lane.id][0][0] if self.pairs[lane.id] else math.inf
                )
                self.passed |= {lane.id for lane in lanes if lane is not best}
                lanes = [best]
            return

    def _add(self, lane: Lane, best: Lane) -> None:
        self.lanes[lane.id], self.grounds[lane.id], self.joined[lane.id] = lane, "", best.id
        self.done[lane.id], self.pairs[lane.id] = [], []

    def _exact(self) -> set[str]:
        """Arms that are the same in every seed, as with one batch and no random numbers."""
        same = {
            id
            for id, outcomes in self.done.items()
            if len(outcomes) > 1 and outcomes[0].losses == outcomes[1].losses
        }
        return same if self.fork.batches.single and CONTROL in same else set()

    def _left(self, going: Sequence[Lane], found: dict[str, Effect], seed: int) -> list[Lane]:
        """Which arms get another seed: the best of each remedy, unless it is decided or outdone."""
        left = [lane for lane in going if lane.id in found and not found[lane.id].decided]
        if seed > 1:
            return [lane for lane in left if not self._outdone(lane, found)]
        best: dict[str, Lane] = {}
        for lane in going:
            if lane.id in found:
                rival = best.get(lane.remedy)
                if rival is None or found[lane.id].loss[0] < found[rival.id].loss[0]:
                    best[lane.remedy] = lane
        self.passed = {lane.id for lane in left if best[lane.remedy] is not lane}
        return [lane for lane in left if lane.id not in self.passed]

    def _outdone(self, lane: Lane, found: dict[str, Effect]) -> bool:
        """Whether an arm that is better for certain is ahead of it; it may help too, but less."""
        mine, ground = found[lane.id].estimate.value, self.grounds[lane.id]
        rivals = [e for id, e in found.items() if self.grounds[id] == ground and e.outcome == "better"]
        return any(rival.estimate.value < mine for rival in rivals)

    def _stopped(self, going: Sequence[Lane], seed: int) -> str:
        if not self.lanes:
            return "There was nothing that could be tried."
        if self._exact() >= {lane.id for lane in self.lanes.values()} - self.passed:
            return "Nothing in it is random: a second seed gave the same numbers."
        if going:
            return f"All {seed} seeds were used."
        return f"It was clear after {seed} seeds."
