"""Recipes that do one thing at a known step: pause, cut or raise the rate, spoil or mend the data."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from benchmarks._lab import Lab, around, cut, first, until
from benchmarks._nouns import FALLS, Event, Sketch, Tape
from benchmarks._tasks import Bandit, Batch, Function, Net, Params
from benchmarks._truth import stands_out


def paused(lab: Lab) -> Sketch:
    """The rate is zero for a while in the middle."""
    steps = lab.length(400, 2500)
    rate = min(0.4 * lab.steps_to(0.9) * 2 / steps, 0.2)
    start = int(steps * lab.rng.uniform(0.12, 0.3))
    stop = start + int(steps * lab.rng.uniform(0.25, 0.4))
    tape = lab.train(steps, lambda t: 0 if start <= t < stop else rate, int(lab.pick(0, 32, 32)))
    return Sketch(
        tape,
        events=(Event("plateau", start, stop),),
        unscored=frozenset({"sudden-drop"}),
        best=lab.best,
        floor=lab.floor,
    )


def rests(tape: Tape, until: int) -> bool:
    """The loss came down and stayed finite before a step."""
    if not np.isfinite(tape.value).all():
        return False
    before = tape.value[: max(int(np.searchsorted(tape.step, until)), 1)]
    top = float(np.max(before[: len(before) // 20 + 2]))
    return bool(np.median(before[-len(before) // 4 :]) < 0.6 * top + 0.4 * tape.clean.min())


def rate_cut(lab: Lab) -> Sketch:
    """A high rate that rests on its noise, then cut by twenty."""
    steps = lab.length(800, 4000)
    cut = int(steps * lab.rng.uniform(0.45, 0.75))
    every = int(lab.pick(2, 6))
    event = Event("sudden-drop", cut, cut + max(int(0.02 * steps), 8))

    def attempt(high: float) -> Tape:
        return lab.train(steps, lambda t: high if t < cut else high / 20, 8, every=every, average=True)

    tape = first(
        attempt, (2.0, 1.4, 1.0, 0.7, 0.5, 0.3), lambda tape: rests(tape, cut) and stands_out(event, tape)
    )
    return Sketch(tape, events=(event,), unscored=frozenset({"plateau"}), best=lab.best, floor=lab.floor)


def rate_raised(lab: Lab) -> Sketch:
    """The rate is raised tenfold or more at a known step, to where the loss rests on a higher noise floor."""
    steps = lab.length(600, 3000)
    at = int(steps * lab.rng.uniform(0.4, 0.7))
    low = min(0.4 * lab.steps_to(0.9) / (0.5 * at), 0.05)
    event = Event("jump-up", at, at + max(steps // 50, 4))

    def attempt(high: float) -> Tape:
        return lab.train(steps, lambda t: low if t < at else high, 8, every=3, average=True)

    tape = first(
        attempt, (2.0, 1.4, 1.0, 0.7, 0.5), lambda tape: rests(tape, steps) and stands_out(event, tape)
    )
    taste = frozenset({"plateau", "oscillation", "spike"})
    return Sketch(tape, events=(event,), unscored=taste, end=None, best=lab.best, floor=lab.floor)


def layer_reset(lab: Lab) -> Sketch:
    """All parameters are replaced by fresh ones at a known step, and the rate is nearly zero from then on."""
    steps = lab.length(300, 2000)
    at = int(steps * lab.rng.uniform(0.35, 0.7))
    rate = min(0.4 * lab.steps_to(0.9) / (0.6 * at), 0.25)

    def reset(params: Params, rng: np.random.Generator) -> None:
        for p, fresh in zip(params, lab.task.init(rng), strict=True):
            p[:] = 0.3 * p + 0.7 * fresh

    tape = lab.train(
        steps, lambda t: rate if t < at else rate / 200, int(lab.pick(0, 16)), changes={at: reset}
    )
    return Sketch(
        tape,
        events=(Event("jump-up", at, at + 1),),
        unscored=frozenset({"plateau"}),
        end=None,
        best=lab.best,
        floor=lab.floor,
    )


def _mislabelled(lab: Lab, steps: int, rate: float, wrong: Callable[[int], bool]) -> Tape:
    """At some steps a part of the targets is wrong: classes of other examples, or numbers with noise."""
    assert isinstance(lab.task, Net)
    head = lab.task.head

    def feed(t: int, batch: Batch, rng: np.random.Generator) -> Batch:
        if not wrong(t):
            return batch
        x, y = batch
        if head == "mse":
            return x, y + 1.5 * y.std() * rng.normal(size=y.shape)
        y = y.copy()
        rows = rng.permutation(len(y))[: len(y) // 2]
        y[rows] = y[rng.permutation(rows)]
        return x, y

    return lab.train(steps, rate, 32, feed=feed)


def labels_spoilt(lab: Lab) -> Sketch:
    """From a known step on, many of the targets are wrong."""
    steps = lab.length(600, 3000)
    at = int(steps * lab.rng.uniform(0.35, 0.7))
    tape = _mislabelled(lab, steps, min(0.4 * lab.steps_to(0.9) / (0.5 * at), 0.1), lambda t: t >= at)
    event = Event("jump-up", at, at + 1)
    return Sketch(
        tape, events=(event,), unscored=frozenset({"plateau"}), end=None, best=lab.best, floor=lab.floor
    )


def labels_mended(lab: Lab) -> Sketch:
    """Many of the targets are wrong, until a known step."""
    steps = lab.length(600, 3000)
    at = int(steps * lab.rng.uniform(0.45, 0.75))
    tape = _mislabelled(lab, steps, min(0.4 * lab.steps_to(0.95) / (0.4 * at), 0.1), lambda t: t < at)
    event = Event("sudden-drop", at, at + 1)
    return Sketch(
        tape, events=(event,), unscored=frozenset({"plateau"}), end=None, best=lab.best, floor=lab.floor
    )


def roughened(lab: Lab, steps: int, rate: float, amount: Callable[[int], float], batch: int) -> Tape:
    """Noise is added to the inputs, more at some steps than at others."""

    def feed(t: int, batch: Batch, rng: np.random.Generator) -> Batch:
        if not isinstance(lab.task, Net):
            return batch + 0.5 * amount(t) * rng.normal(size=batch.shape)
        x, y = batch
        return x + amount(t) * x.std() * rng.normal(size=x.shape), y

    return lab.train(steps, rate, batch, feed=feed)


def augmented_later(lab: Lab) -> Sketch:
    """From a known step on, the inputs are augmented with strong noise."""
    steps = lab.length(500, 3000)
    at = int(steps * lab.rng.uniform(0.4, 0.7))
    strong = lab.pick(1.0, 2.0)
    tape = roughened(
        lab, steps, min(0.4 * lab.steps_to(0.9) / (0.4 * at), 0.05), lambda t: strong if t >= at else 0, 64
    )
    event = Event("jump-up", at, at + 1)
    return Sketch(
        tape, events=(event,), unscored=frozenset({"plateau"}), end=None, best=lab.best, floor=lab.floor
    )


def augmented_first(lab: Lab) -> Sketch:
    """Strong noise on the inputs, until a known step."""
    steps = lab.length(500, 3000)
    at = int(steps * lab.rng.uniform(0.5, 0.8))
    strong = lab.pick(1.0, 1.5)
    tape = roughened(
        lab, steps, min(0.4 * lab.steps_to(0.95) / (0.3 * at), 0.05), lambda t: strong if t < at else 0, 64
    )
    event = Event("sudden-drop", at, at + 1)
    return Sketch(
        tape, events=(event,), unscored=frozenset({"plateau"}), end=None, best=lab.best, floor=lab.floor
    )


def bad_batches(lab: Lab) -> Sketch:
    """One to three corrupted batches at known steps; the training recovers."""
    steps = lab.length(400, 3000)
    task, count = lab.task, int(lab.pick(1, 1, 2, 3))
    slots = np.linspace(0.25, 0.9, count + 1)
    at = [int(steps * lab.rng.uniform(a, b - 0.06)) for a, b in itertools.pairwise(slots)]
    batch = int(lab.pick(0, 16))
    rate = min(0.4 * lab.steps_to(0.9) * 2 / steps, 0.1 if batch else 0.4)

    def feed(t: int, batch: Batch, rng: np.random.Generator) -> Batch:
        if t not in at:
            return batch
        if isinstance(task, Function):
            return batch + 2.0
        x, y = batch
        if isinstance(task, Bandit):
            return x, y - 3 * float(np.ptp(task.means))
        if isinstance(task, Net) and task.head == "mse":
            return x, y + 6 * y.std()
        return 4 * x[::-1], y

    tape = lab.train(steps, rate, batch, feed=feed)
    events = []
    for step in at:
        near = around(tape, step)
        back = until(
            tape,
            step,
            float(np.median(near)) + 3 * max(float(np.std(near)), 0.02 * abs(float(np.ptp(tape.clean)))),
        )
        events.append(Event("spike", step, back - 1))
    late = any(e.stop - e.start > 0.05 * steps for e in events)
    taste = frozenset({"spike", "jump-up", "sudden-drop"}) if late else frozenset()
    return Sketch(tape, events=tuple(events), unscored=taste, best=lab.best, floor=lab.floor)


def saddle(lab: Lab) -> Sketch:
    """A net that starts so small that nothing seems to happen, until it leaves the saddle."""
    assert isinstance(lab.task, Net)
    small = replace(lab.task, gain=lab.task.gain * lab.pick(0.02, 0.05))
    long = lab.train(3000, 0.3, 0, task=small, points=600)
    curve = np.interp(np.arange(3000), long.clean_step, np.minimum.accumulate(long.clean))
    done = (curve[0] - curve) / (curve[0] - curve[-1])
    leaves, left = int(np.argmax(done > 0.05)), int(np.argmax(done > 0.6))
    steps = int(np.clip(lab.pick(1.6, 2.5) * left, 40, 3000))
    tape = cut(replace(long), steps)
    drop = Event("sudden-drop", leaves, left)
    plateau = Event("plateau", 0, int(np.argmax(done > 0.02)))
    quick = left - leaves < 0.15 * steps
    taste = FALLS | {"stuck"} | (set() if quick else {"sudden-drop"})
    return Sketch(
        tape, falls=False, events=(plateau, drop), unscored=frozenset(taste), best=lab.best, floor=lab.floor
    )
