"""Tries remedies on the user's own model: ``descentry.try_remedies``."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
from torch import nn

from descentry.core.data import Diagnosis, Floats, Remedy
from descentry.core.errors import DescentryError
from descentry.core.trial import Arm, Trial
from descentry.trials import _words
from descentry.trials._batches import draw, generators
from descentry.trials._effects import Effect, effects, mean
from descentry.trials._fork import Fork
from descentry.trials._lanes import CONTROL, Lane, lanes_of, remedies_of
from descentry.trials._training import Training, judge
from descentry.trials.applied import apply
from descentry.trials.backends.local import Local, Outcome
from descentry.trials.snapshot import Snapshot

FEWEST = 10  # steps; fewer tell nothing of a training
Progress = Callable[[int, int, str], None]


def try_remedies(
    model: nn.Module,
    optimizer: Any,
    batches: Iterable[Any],
    compute_loss: Callable[[Any, Any], Any],
    diagnoses: Iterable[Diagnosis | Remedy],
    *,
    steps: int = 200,
    budget: int | None = None,
    seeds: int = 5,
    most: int = 6,
    together: bool = True,
    progress: Progress | None = None,
) -> Trial:
    """Trains on in short arms, one for each remedy and one that changes nothing, and compares them in pairs.

    Every arm begins from the model and the optimizer as they are, and gets the same batches and the same
    random numbers. Each seed is another order of the batches. Arms are judged by ``compute_loss`` on batches
    that none of them trained on. An arm whose effect is clear, or clearly small, gets no more seeds, and the
    trial ends when all are told or the budget is spent; the intervals allow for that
    (:mod:`descentry.trials._sequential`). Afterwards model, optimizer, random streams and the generator of a
    loader are to the bit what they were.

    Cost: at most ``steps · seeds · (arms + 1)`` gradients, and the memory of one more copy of weights and
    optimizer state for each arm that is computed together with others.

    Args:
        model: The model, in the mode that it trains in.
        optimizer: Its optimizer, with the settings that are to be tried against.
        batches: A loader, a list, or an iterator (which loses what is taken).
        compute_loss: ``compute_loss(model, batch)``, the loss of one batch as a tensor with its graph.
        diagnoses: ``report.diagnoses``, of which the likely ones are used; or remedies out of them.
        steps: How many each arm makes.
        budget: Gradient evaluations, at most; arms are shortened where it is too small for all of them.
        seeds: At most; an arm is told from the control arm after three at the earliest.
        most: Remedies to try, at most; one may take several arms.
        together: Whether arms may be computed in one batched call, where that gives the same numbers.
        progress: Called as ``progress(done, total, what)``, in gradients.

    Raises:
        DescentryError: There is nothing to try, the loss cannot be computed or is not finite, or ``batches``
            holds none.
    """
    for name, value, least in (("steps", steps, FEWEST), ("seeds", seeds, 1), ("most", most, 1)):
        if not isinstance(value, int) or value < least:
            raise DescentryError(f"{name} should be {least} or more, not {value!r}", where="try_remedies")
    subjects = list(diagnoses)
    remedies = remedies_of(subjects, most)
    snapshot = Snapshot.take(model, optimizer, *generators(batches))
    with snapshot.kept():
        fork = Fork(model, optimizer, compute_loss, draw(batches, steps))
        fork.listen()
        snapshot.restore()
        lanes, untried = lanes_of(remedies, fork)
        zero = not any(
            isinstance(d, Diagnosis) and d.cause == "gradients-not-zeroed" and d.status == "supported"
            for d in subjects
        )
        return _Run(fork, snapshot, lanes, untried, zero, together, progress).go(steps, seeds, budget)


class _Run:
    """One trial, while it runs."""

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
        self.starts = self._starts()
        self.notes: list[str] = []

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
        each = 1 + sum(lane.cost for lane in self.lanes.values())
        if budget is not None and each * steps > budget:
            steps = max(FEWEST, budget // each)
            self.notes.append(f"The budget of {budget:,} gradients made arms of {steps:,} steps.")
        local = Local(self.fork, self.snapshot, steps, self.zero, self.together)
        going, seed, stopped = list(self.lanes.values()), 0, ""
        while going and seed < seeds:
            cost = steps * (1 + sum(lane.cost for lane in going))
            if budget is not None and seed and self.spent + cost > budget:
                stopped = f"The budget of {budget:,} gradients was spent."
                break
            self._once(local, going, seed, cost)
            seed += 1
            exact = seed > 1 and self._nothing_random()
            found = self._effects(exact)
            if exact:
                stopped = "Nothing in it is random: a second seed gave the same numbers."
                break
            going = self._left(going, found, seed)
        if not stopped:
            stopped = self._stopped(going, seed)
        found = self._effects(seed > 1 and self._nothing_random())
        if local.apart and self.together:
            self.notes.append(f"Arms ran in turn: {local.apart}.")
        return self._trial(found, steps, seed, stopped)

    @property
    def spent(self) -> float:
        return sum(o.gradients for outcomes in self.done.values() for o in outcomes)

    def _once(self, local: Local, going: Sequence[Lane], seed: int, cost: int) -> None:
        """One seed of the control arm and of all arms that go on."""
        made = 0

        def tell(count: int, what: str) -> None:
            nonlocal made
            made += count
            if self.progress is not None:
                self.progress(min(made, cost), cost, f"seed {seed + 1}: {what}")

        for id, outcome in local.run([self.control, *going], seed, tell).items():
            self.done[id].append(outcome)
        control = self.done[CONTROL][-1]
        for lane in going:
            outcome, ground = self.done[lane.id][-1], self.grounds[lane.id]
            if outcome.failed or control.failed:
                continue
            start = self.starts[ground]
            values = [mean(o.held_back.get(ground, []), start) for o in (outcome, control)]
            self.pairs[lane.id].append((values[0], values[1]))

    def _effects(self, exact: bool) -> dict[str, Effect]:
        return effects(
            {id: pairs for id, pairs in self.pairs.items() if pairs}, self.grounds, self.starts, exact
        )

    def _nothing_random(self) -> bool:
        first, second = self.done[CONTROL][:2]
        return self.fork.batches.single and first.losses == second.losses

    def _left(self, going: Sequence[Lane], found: dict[str, Effect], seed: int) -> list[Lane]:
        """Which arms get another seed: of each remedy the best variant, where it is not decided."""
        left = [lane for lane in going if lane.id in found and not found[lane.id].decided]
        if seed > 1:
            return left
        best: dict[str, Lane] = {}
        for lane in going:
            if lane.id in found:
                rival = best.get(lane.remedy)
                if rival is None or found[lane.id].loss[0] < found[rival.id].loss[0]:
                    best[lane.remedy] = lane
        return [lane for lane in left if best[lane.remedy] is lane]

    def _stopped(self, going: Sequence[Lane], seed: int) -> str:
        if not self.lanes:
            return "There was nothing that could be tried."
        if going:
            return f"All {seed} seeds were used."
        return f"It was clear after {seed} seeds."

    def _trial(self, found: dict[str, Effect], steps: int, seeds: int, stopped: str) -> Trial:
        arms = [self._arm(self.lanes[id], effect, steps, seeds) for id, effect in found.items()]
        order = ("better", "undetermined", "no gain", "worse")
        arms.sort(key=lambda a: (order.index(a.outcome), a.effect.value if a.effect else 0.0))
        for id, lane in self.lanes.items():
            if id not in found and self.done[id]:
                self.untried.append((lane.id, self.done[id][-1].failed))
        batches = self.fork.batches
        if not self.zero:
            self.notes.append("The control arm adds gradients up over steps, as the diagnosis has it.")
        if batches.taken:
            self.notes.append(
                f"{batches.taken:,} batches were taken from the iterator; it goes on after them."
            )
        if batches.single:
            self.notes.append("There is one batch only: arms were judged on what they trained on.")
        tried = len({lane.remedy for lane in self.lanes.values()})
        return Trial(
            headline=_words.headline(arms, tried),
            arms=(self._control(steps, seeds), *arms),
            steps=steps,
            seeds=seeds,
            batches=len(batches.training),
            held_back=0 if batches.single else len(batches.held_back),
            start=self.starts[""],
            gradients=self.spent,
            stopped=stopped,
            untried=tuple(self.untried),
            notes=tuple(self.notes),
            action=functools.partial(_applied, self.fork, {**self.lanes, CONTROL: self.control}),
        )

    def _control(self, steps: int, seeds: int) -> Arm:
        done = self.done[CONTROL]
        losses = [mean(o.held_back.get("", []), self.starts[""]) for o in done]
        title = "going on as it is"
        return Arm(
            CONTROL,
            title,
            "",
            _padded(losses, seeds),
            _padded(losses, seeds),
            _curve(done, steps),
            None,
            "control",
            f"{title}: loss after {steps:,} steps {_words.level(losses)}" if losses else title,
            sum(o.gradients for o in done),
        )

    def _arm(self, lane: Lane, effect: Effect, steps: int, seeds: int) -> Arm:
        assert lane.variant is not None
        done = self.done[lane.id]
        return Arm(
            lane.id,
            lane.variant.title,
            lane.remedy,
            _padded(effect.loss, seeds),
            _padded(effect.control, seeds),
            _curve(done, steps),
            effect.estimate,
            effect.outcome,
            _words.arm_sentence(lane.variant.title, effect, steps),
            sum(o.gradients for o in done),
            lane.variant.title if lane.variant.own_ground else "",
            lane.variant.by_hand,
        )


def _applied(fork: Fork, lanes: dict[str, Lane], id: str) -> Any:
    return apply(fork, lanes[id])


def _padded(values: Sequence[float], length: int) -> Floats:
    return np.array([*values, *[np.nan] * (length - len(values))])


def _curve(done: Sequence[Outcome], steps: int) -> Floats:
    rows = np.full((max(1, len(done)), steps), np.nan)
    for row, outcome in zip(rows, done, strict=False):
        row[: len(outcome.losses)] = outcome.losses[:steps]
    return np.asarray(rows.mean(0))
