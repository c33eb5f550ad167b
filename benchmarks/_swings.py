"""Recipes after which the loss swings: rates that come and go, data in turns, momentum, the edge."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from benchmarks._events import rests, roughened
from benchmarks._lab import Lab, first
from benchmarks._nouns import FALLS, Event, Sketch, Tape
from benchmarks._tasks import Net


def cyclic_rate(lab: Lab) -> Sketch:
    """The rate swings between a high and a low one, and the loss with it."""
    every, cycles = 5, int(lab.pick(5, 8, 12))
    steps = every * cycles * int(lab.pick(30, 60))
    period = steps // every // cycles

    def attempt(high: float) -> Tape:
        return lab.train(
            steps,
            lambda t: 0.02 + high * np.sin(np.pi * cycles * t / steps) ** 2,
            4,
            every=every,
            average=True,
        )

    tape = first(
        attempt, (2.0, 1.4, 1.0, 0.7, 0.5), lambda tape: rests(tape, steps) and _periodic(tape, period) > 0.5
    )
    return _swinging(lab, tape, period)


def alternating(lab: Lab) -> Sketch:
    """An easy and a hard source of data take turns, every so many steps."""
    period, cycles = int(lab.pick(20, 40, 80)), int(lab.pick(8, 15, 30))
    steps = period * cycles
    hard = lab.pick(0.5, 1.0)
    rate = min(0.4 * lab.steps_to(0.9) * 3 / steps, 0.05)
    tape = roughened(lab, steps, rate, lambda t: hard * (t % period >= period // 2), 128)
    return _swinging(lab, tape, period)


def sorted_data(lab: Lab) -> Sketch:
    """The batches come in the order of the targets, epoch after epoch."""
    task = lab.task
    if isinstance(task, Net):
        x, y, vx, vy = task.data
        order = np.argsort(y[:, 0] if y.ndim > 1 else y, kind="stable")
        task = replace(task, data=(x[order], y[order], vx, vy))
        epoch = 24
        size = len(x) // epoch
        tape = lab.train(
            epoch * int(lab.pick(10, 20, 40)), lab.pick(0.05, 0.1), size, ordered=True, task=task
        )
    else:
        epoch = int(lab.pick(20, 40))
        tape = lab.train(epoch * 15, 0.05, epoch, ordered=True)
    return _swinging(lab, tape, epoch)


def momentum_swings(lab: Lab) -> Sketch:
    """Descent on all of the data with so much momentum that the loss swings."""
    steps = lab.length(200, 600)
    momentum = lab.pick(0.98, 0.99, 0.995)
    tape = first(
        lambda rate: lab.train(steps, rate, 0, momentum=momentum),
        (0.02, 0.1, 0.3),
        lambda tape: bool(_bounces(tape)),
    )
    return _swinging(lab, tape)


def edge(lab: Lab) -> Sketch:
    """Descent on all of the data beyond the edge of stability, where the loss bounces from step to step."""
    steps = lab.length(80, 300)
    rates = (1.1, 1.4, 1.8, 2.5, 3.5, 5.0, 8.0, 12.0)
    tape = first(lambda rate: lab.train(steps, rate, 0), rates, lambda tape: bool(_bounces(tape)))
    return _swinging(lab, tape)


def _periodic(tape: Tape, period: int) -> float:
    """Share of the variance about the trend that lies in the first three harmonics of a known period.

    Nothing where the swings are under a tenth of the range.
    """
    value = tape.value[2 * period :]
    if len(value) < 3 * period or not np.isfinite(value).all():
        return 0.0
    trend = np.convolve(value, np.ones(period) / period, mode="valid")
    swing = value[period // 2 :][: len(trend)] - trend
    t = np.arange(len(swing))
    waves = [wave(2 * np.pi * k * t / period) for k in (1, 2, 3) for wave in (np.sin, np.cos)]
    if float(np.ptp(np.percentile(swing, [5, 95]))) < 0.1 * float(np.ptp(np.percentile(tape.value, [2, 98]))):
        return 0.0
    fitted = np.linalg.lstsq(np.array(waves).T, swing, rcond=None)[1]
    return 1 - float(fitted[0]) / float((swing**2).sum()) if len(fitted) else 0.0


def _bounces(tape: Tape) -> tuple[int, int] | None:
    """Where a loss without noise swings by over a tenth of its range, eight times, for a fifth of the run."""
    value = tape.value
    if not np.isfinite(value).all() or value.max() > 3 * abs(value[0]) + 1:
        return None
    spread = float(np.ptp(np.percentile(value, [2, 98])))
    turns = np.flatnonzero(np.diff(np.sign(np.diff(value))) != 0) + 1
    large = turns[:-1][np.abs(np.diff(value[turns])) > 0.1 * spread]
    if len(large) < 8 or large[-1] - large[0] < 0.2 * len(value) or np.diff(large).max() > 0.15 * len(value):
        return None
    return int(large[0]), int(large[-1])


def _swinging(lab: Lab, tape: Tape, period: int = 0) -> Sketch:
    """An oscillation, where it can be seen: of a known period in noise, or of any in a loss without noise."""
    if period:
        span = (period, len(tape.value) - 1) if _periodic(tape, period) > 0.5 else None
    else:
        span = _bounces(tape)
    taste = FALLS | {"plateau", "sudden-drop", "spike", "jump-up", "slow-decrease"}
    if span is None:
        return Sketch(tape, falls=False, unscored=frozenset(taste | {"oscillation", "divergence"}), end=None)
    start, stop = span
    early, late = tape.value[start : (start + stop) // 2], tape.value[-len(tape.value) // 10 :]
    lasting = bool(stop > 0.9 * len(tape.value) and np.ptp(late) > 0.5 * np.ptp(early))
    event = Event("oscillation", int(tape.step[start]), int(tape.step[stop]))
    return Sketch(
        tape,
        falls=False,
        events=(event,),
        unscored=frozenset(taste),
        end="not-converging" if lasting else None,
    )
