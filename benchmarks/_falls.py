"""Recipes in which the loss goes down, fast or slowly, in much noise or little, and nothing else is done."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from benchmarks._lab import Lab
from benchmarks._nouns import Sketch
from benchmarks._tasks import Net


def full_batch(lab: Lab) -> Sketch:
    """Descent on all of the data at a moderate rate, long enough for most of the way."""
    steps = lab.length(120, 500)
    rate = 0.4 * min(lab.steps_to(lab.pick(0.9, 0.97)) * 2 / steps, 1.2)
    return Sketch(lab.train(steps, rate, 0), best=lab.best, floor=lab.floor)


def stopped_early(lab: Lab) -> Sketch:
    """Descent on all of the data, stopped while the loss falls clearly."""
    steps = lab.length(60, 400)
    rate = 0.4 * lab.steps_to(lab.pick(0.55, 0.65)) / steps
    return Sketch(lab.train(steps, rate, 0), best=lab.best, floor=lab.floor)


def small_batches(lab: Lab) -> Sketch:
    """Descent on small batches at a constant rate."""
    steps = lab.length(500, 5000)
    rate = min(0.4 * lab.steps_to(0.95) * lab.pick(1, 3) / steps, 0.12)
    return Sketch(lab.train(steps, rate, int(lab.pick(4, 8, 16))), best=lab.best, floor=lab.floor)


def small_batches_early(lab: Lab) -> Sketch:
    """Descent on small batches, stopped while the loss falls clearly."""
    steps = lab.length(400, 3000)
    return Sketch(
        lab.train(steps, 0.4 * lab.steps_to(0.55) / steps, int(lab.pick(8, 32))),
        best=lab.best,
        floor=lab.floor,
    )


def averaged(lab: Lab) -> Sketch:
    """Small batches, logged as means over an interval, with momentum; the rate decays to nothing."""
    every = int(lab.pick(5, 10, 25))
    steps = every * lab.length(30, 150)
    peak = min(0.4 * lab.steps_to(0.95) * 6 / steps, 0.3) * 0.1
    tape = lab.train(steps, lambda t: peak * (1 - t / steps), 16, every=every, average=True, momentum=0.9)
    return Sketch(tape, best=lab.best, floor=lab.floor)


def long_after(lab: Lab) -> Sketch:
    """Small batches far beyond convergence, the rate decaying to nothing over the second half."""
    steps = lab.length(1500, 6000)
    peak = min(0.4 * lab.steps_to(0.98) * 8 / steps, 0.15)
    return Sketch(
        lab.train(steps, lambda t: peak * min(1, 2 - 2 * t / steps), 8), best=lab.best, floor=lab.floor
    )


def adam(lab: Lab) -> Sketch:
    """Adam on small batches, its rate in its own units."""
    steps = lab.length(400, 2500)
    return Sketch(lab.train(steps, 0.01 / lab.unit, 16, adam=True), best=lab.best, floor=lab.floor)


def endless(lab: Lab) -> Sketch:
    """Twenty thousand logged points."""
    rate = min(0.4 * lab.steps_to(0.98) * 6 / 20000, 0.1)
    return Sketch(lab.train(20000, rate, 4), best=lab.best, floor=lab.floor)


def too_slow(lab: Lab) -> Sketch:
    """A rate far too small: only a small part of the way is covered."""
    steps = lab.length(80, 600)
    rate = 0.4 * lab.steps_to(lab.pick(0.05, 0.08)) / steps
    return Sketch(lab.train(steps, rate, 0), best=lab.best, floor=lab.floor, dress=False)


def too_slow_noisy(lab: Lab) -> Sketch:
    """A rate far too small, on batches."""
    steps = lab.length(800, 4000)
    rate = 0.4 * lab.steps_to(0.1) / steps
    return Sketch(lab.train(steps, rate, 64), best=lab.best, floor=lab.floor, dress=False)


def few_examples(lab: Lab) -> Sketch:
    """Few examples, some with wrong targets, and many steps: the net learns them by heart."""
    assert isinstance(lab.task, Net)
    x, y, vx, vy = lab.task.data
    n = int(lab.pick(24, 40, 60))
    y = y[:n].copy()
    wrong = lab.rng.permutation(n)[: n // 4]
    y[wrong] = y[np.roll(wrong, 1)]
    task = replace(lab.task, data=(x[:n], y, vx, vy))
    steps = lab.length(600, 2500)
    tape = lab.train(
        steps,
        lab.pick(0.1, 0.3),
        int(lab.pick(0, 8)),
        task=task,
        validate=max(steps // int(lab.pick(20, 60)), 1),
    )
    return Sketch(tape, best=0.0, metric="train_loss", dress=False)


def validated(lab: Lab) -> Sketch:
    """An ordinary training whose validation loss is logged too."""
    steps = lab.length(300, 1500)
    rate = min(0.4 * lab.steps_to(0.9) * 1.5 / steps, 0.15)
    tape = lab.train(steps, rate, int(lab.pick(0, 16)), validate=max(steps // 30, 1))
    return Sketch(tape, best=lab.best, metric="train_loss", dress=False)


def accuracy(lab: Lab) -> Sketch:
    """The accuracy of each batch instead of its loss."""
    steps = lab.length(300, 2000)
    rate = min(0.4 * lab.steps_to(0.95) * 2 / steps, 0.15)
    tape = lab.train(steps, rate, int(lab.pick(32, 128)), accuracy=True)
    return Sketch(
        tape,
        metric="train_accuracy",
        rising=True,
        end=None,
        best=lab.best,
        dress=False,
        unscored=frozenset({"slow-decrease"}),
    )
