"""What a run of a trial has come to, as data."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from descentry.core.data import Floats
from descentry.core.trial import Arm, Trial
from descentry.core.trial import Outcome as Told
from descentry.trials import _words
from descentry.trials._batches import Batches
from descentry.trials._combined import surpasses
from descentry.trials._effects import Effect, mean
from descentry.trials._fork import Fork
from descentry.trials._lanes import CONTROL, Lane
from descentry.trials.applied import apply
from descentry.trials.backends.local import Outcome

if TYPE_CHECKING:
    from descentry.trials._run import Run


def told(run: Run, found: dict[str, Effect], steps: int, seeds: int, stopped: str) -> Trial:
    """The trial as data, the best arms first."""
    arms = [
        _arm(run, run.lanes[id], effect, steps, seeds, found.get(run.joined.get(id, "")))
        for id, effect in found.items()
    ]
    order: tuple[Told, ...] = ("better", "undetermined", "no gain", "worse", "passed over")
    # An arm of two remedies comes first only where it is ahead of the better of them for certain.
    behind = {id for id, best in run.joined.items() if id in found and not surpasses(found[id], found[best])}
    arms.sort(
        key=lambda a: (order.index(a.outcome), a.id in behind, a.effect.value if a.effect else 0.0),
    )
    for id, lane in run.lanes.items():
        if id not in found and run.done[id]:
            run.untried.append((lane.id, run.done[id][-1].failed))
    batches = run.fork.batches
    if not run.zero:
        run.notes.append("The control arm adds gradients up over steps, as the diagnosis has it.")
    if batches.taken:
        run.notes.append(f"{batches.taken:,} batches were taken from the iterator; it goes on after them.")
    if batches.single:
        run.notes.append("There is one batch only: arms were judged on what they trained on.")
    tried = len({lane.remedy for id, lane in run.lanes.items() if id not in run.joined})
    return Trial(
        headline=_words.headline(arms, tried),
        arms=(_control(run, steps, seeds), *arms),
        steps=steps,
        seeds=seeds,
        batches=len(batches.training),
        held_back=0 if batches.single else len(batches.held_back),
        start=run.starts[""],
        gradients=run.spent,
        stopped=stopped,
        untried=tuple(run.untried),
        notes=tuple(run.notes),
        action=functools.partial(_applied, _slim(run.fork), {**run.lanes, CONTROL: run.control}),
    )


def _control(run: Run, steps: int, seeds: int) -> Arm:
    done = run.done[CONTROL]
    losses = [mean(o.held_back.get("", []), run.starts[""]) for o in done]
    title = "going on as it is"
    return Arm(
        CONTROL,
        title,
        "",
        _padded(losses, seeds),
        _padded(losses, seeds),
        _curve(done, steps),
        None,
        None,
        "control",
        f"{title}: loss after {steps:,} steps {_words.level(losses)}" if losses else title,
        sum(o.gradients for o in done),
    )


def _arm(run: Run, lane: Lane, effect: Effect, steps: int, seeds: int, best: Effect | None) -> Arm:
    assert lane.variant is not None
    beside = ""
    if best is not None and not surpasses(effect, best):
        beside = "; no better for certain than the better of the two alone"
    done = run.done[lane.id]
    return Arm(
        lane.id,
        lane.variant.title,
        lane.remedy,
        _padded(effect.loss, seeds),
        _padded(effect.control, seeds),
        _curve(done, steps),
        effect.estimate,
        effect.ratio,
        "passed over" if lane.id in run.passed else effect.outcome,
        _words.arm_sentence(lane.variant.title, effect, steps) + beside,
        sum(o.gradients for o in done),
        lane.variant.title if lane.variant.own_ground else "",
        lane.variant.by_hand,
    )


def _slim(fork: Fork) -> Fork:
    """What applying needs; batches may take a gibibyte."""
    return Fork(fork.model, fork.optimizer, fork.compute_loss, Batches((), ()))


def _applied(fork: Fork, lanes: dict[str, Lane], id: str) -> Any:
    return apply(fork, lanes[id])


def _padded(values: Sequence[float], length: int) -> Floats:
    return np.array([*values, *[np.nan] * (length - len(values))])


def _curve(done: Sequence[Outcome], steps: int) -> Floats:
    rows = np.full((max(1, len(done)), steps), np.nan)
    for row, outcome in zip(rows, done, strict=False):
        row[: len(outcome.losses)] = outcome.losses[:steps]
    return np.asarray(rows.mean(0))
