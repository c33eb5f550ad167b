"""Recipes that fail: divergence, numbers that are not finite, and nets that never move."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from benchmarks._lab import Lab, cut, first
from benchmarks._nouns import FALLS, Event, Sketch, Tape
from benchmarks._tasks import Net, Params
from benchmarks._truth import stands_out
from descentry.core.data import ConvergenceStatus


def diverges(lab: Lab) -> Sketch:
    """A rate above the edge of stability from the start; stopped while the loss is finite."""
    batch = int(lab.pick(0, 16))
    tape = first(lambda rate: lab.train(100, rate, batch), _BEYOND, _explodes)
    return _diverging(lab, _grown(tape, 100, lab.pick(30, 1e4, 1e12)), 0, falls=False)


def diverges_later(lab: Lab) -> Sketch:
    """The rate is raised above the edge of stability at a known step; stopped while the loss is finite."""
    steps = lab.length(150, 800)
    at = int(steps * lab.rng.uniform(0.4, 0.8))
    low = min(0.4 * lab.steps_to(0.9) * 1.5 / at, 0.3)
    batch = int(lab.pick(0, 32))
    tape = first(lambda high: lab.train(steps, lambda t: low if t < at else high, batch), _BEYOND, _explodes)
    return _diverging(lab, _grown(tape, steps, 300), at, falls=True)


def overflows(lab: Lab) -> Sketch:
    """A rate raised above the edge of stability, and on until nothing is finite."""
    steps = 2400
    at = int(lab.pick(0, 200, 400))
    batch = int(lab.pick(0, 32))

    def attempt(high: float) -> Tape:
        return lab.train(steps, lambda t: 0.1 if t < at else high, batch, points=400)

    tape = first(attempt, _BEYOND, lambda tape: not np.isfinite(tape.value).all())
    bad = np.flatnonzero(~np.isfinite(tape.value))
    tape = cut(tape, min(int(bad[0] * 1.3) + 20, steps) if len(bad) else steps)
    return _diverging(lab, tape, at, falls=at > 0)


def climbs(lab: Lab) -> Sketch:
    """From a known step on the sign is wrong: the loss is being climbed."""
    steps = lab.length(300, 1500)
    at = int(steps * lab.pick(0, 0.3, 0.5))
    rate = min(0.4 * lab.steps_to(0.8) * 2 / steps, 0.2)
    tape = lab.train(steps, lambda t: rate if t < at else -4 * rate, int(lab.pick(0, 16)))
    return _diverging(lab, _grown(tape, steps, 300), at, falls=at > 0)


_BEYOND = (1.05, 1.15, 1.3, 1.6, 2.0, 2.5, 3.2, 4.0, 8.0, 16.0, 40.0)


def _diverging(lab: Lab, tape: Tape, at: int, *, falls: bool) -> Sketch:
    bad = np.flatnonzero(~np.isfinite(tape.value))
    events = []
    grown = int(np.searchsorted(tape.step, at))
    last = int(bad[0]) - 1 if len(bad) else len(tape.value) - 1
    if last > grown:
        events.append(Event("divergence", at, int(tape.step[last])))
    if len(bad):
        events.append(Event("non-finite", int(tape.step[bad[0]]), int(tape.step[-1])))
    shown = any(stands_out(event, tape) for event in events)
    fell = falls and shown and grown >= 0.2 * len(tape.value)
    taste = frozenset(
        {"jump-up", "oscillation", "spike", "plateau", "sudden-drop"} | (set() if fell else FALLS)
    )
    end: ConvergenceStatus | None = "not-converging" if shown else None
    return Sketch(
        tape,
        falls=falls,
        events=tuple(events),
        unscored=taste,
        end=end,
        dress=False,
        best=lab.best,
        floor=lab.floor,
    )


def _grown(tape: Tape, steps: int, times: float) -> Tape:
    """The tape up to where the loss has grown ``times`` its first value."""
    over = np.flatnonzero(~np.isfinite(tape.value) | (np.abs(tape.value) > times * abs(tape.value[0])))
    return cut(tape, int(over[0]) if len(over) else steps)


def _explodes(tape: Tape) -> bool:
    return not np.isfinite(tape.value).all() or bool(np.max(tape.value) > 300 * abs(tape.value[0]))


def nan_batch(lab: Lab) -> Sketch:
    """A batch that holds a NaN at a known step; nothing is finite from then on."""
    steps = lab.length(200, 2000)
    at = int(steps * lab.rng.uniform(0.3, 0.95))
    rate = min(0.4 * lab.steps_to(0.9) * 2 / steps, 0.15)

    def poison(params: Params, rng: np.random.Generator) -> None:
        params[0].flat[0] = np.nan

    tape = lab.train(steps, rate, int(lab.pick(0, 8)), changes={at: poison})
    kept = cut(tape, at)
    sketch = Sketch(
        tape, events=(Event("non-finite", at, steps - 1),), end="not-converging", best=lab.best, dress=False
    )
    return replace(sketch, tape=replace(tape, clean_step=kept.clean_step, clean=kept.clean))


def frozen(lab: Lab) -> Sketch:
    """Nothing is trained: the rate is zero, or the optimizer holds no parameters; the batches still vary."""
    steps = lab.length(100, 3000)
    return _stuck(lab, lab.train(steps, 0.0, int(lab.pick(8, 32, 64))))


def frozen_full(lab: Lab) -> Sketch:
    """Nothing is trained on all of the data: each logged loss is the same number."""
    return _stuck(lab, lab.train(lab.length(20, 300), 0.0, 0))


def dead_start(lab: Lab) -> Sketch:
    """All weights start at zero (no hidden unit ever moves), or all units start dead."""
    assert isinstance(lab.task, Net)
    relu = lab.task.act == "relu"

    def kill(params: Params, rng: np.random.Generator) -> None:
        for p in params[:-2]:
            p[:] = -8.0 if p.ndim == 1 and relu else p if relu else 0.0
        params[-2][:] = 0.0

    y, classes = lab.task.data[1], lab.task.head == "softmax"
    share = np.bincount(y.astype(int)) / len(y) if classes else y.mean(0)

    def bias(params: Params, rng: np.random.Generator) -> None:
        kill(params, rng)
        params[-1][:] = np.log(share) if classes else share

    return _stuck(lab, lab.train(lab.length(300, 1500), 0.02, 32, changes={0: bias}))


def _stuck(lab: Lab, tape: Tape) -> Sketch:
    event = Event("stuck", int(tape.step[0]), int(tape.step[-1]))
    return Sketch(
        tape,
        falls=False,
        events=(event,),
        unscored=frozenset({"plateau"}),
        end="not-converging",
        floor=lab.floor,
    )
