"""Recipes: each trains a task and does one known thing to it. Rates are in units of 2/sharpness at the start."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from benchmarks._tasks import Array, Bandit, Batch, Function, Net, Params, Task, sharpness
from benchmarks._truth import FALLS, Event, Sketch, Tape, stands_out

Rate = Callable[[int], float]
Change = Callable[[Params, np.random.Generator], None]
Feed = Callable[[int, Batch, np.random.Generator], Batch]

# Where the curvature at the start says too little: it grows later, is tiny at the symmetric start, or is not defined.
_UNITS = {"deep-linear": 0.06, "text-trigram": 4.0, "bandit": 6.0, "dice": 0.5, "moons-mlp": 0.08, "diabetes-mlp": 0.3}


_REFERENCES: dict[str, Array] = {}


@dataclass
class Lab:
    """A task, and the random numbers of one training of it."""

    task: Task
    rng: np.random.Generator

    @functools.cached_property
    def unit(self) -> float:
        """The rate at which plain descent on all of the data stops being stable, roughly."""
        if self.task.name in _UNITS:
            return _UNITS[self.task.name]
        return 2 / sharpness(self.task, self.task.init(np.random.default_rng(0)))

    @functools.cached_property
    def reference(self) -> Array:
        """The loss of descent on all of the data at a good rate: what the task can reach, and in how many steps."""
        if self.task.name not in _REFERENCES:
            lab = Lab(self.task, np.random.default_rng(1))
            _REFERENCES[self.task.name] = lab.train(1500, 0.4, 0, points=1500).clean
        return _REFERENCES[self.task.name]

    @property
    def best(self) -> float:
        """The lowest loss of the reference."""
        return float(self.reference.min())

    def steps_to(self, share: float) -> float:
        """Steps of the reference after which this share of its fall was covered."""
        curve = np.minimum.accumulate(self.reference)
        done = (curve[0] - curve) / (curve[0] - curve[-1])
        return float(np.interp(share, done, np.arange(len(done))))

    def train(
        self,
        steps: int,
        rate: float | Rate,
        batch: int,
        *,
        every: int = 1,
        average: bool = False,
        momentum: float = 0.0,
        adam: bool = False,
        ordered: bool = False,
        changes: dict[int, Change] | None = None,
        feed: Feed | None = None,
        validate: int = 0,
        accuracy: bool = False,
        points: int = 72,
        task: Task | None = None,
    ) -> Tape:
        """Trains, and records the loss of each batch before its update, and now and then the loss on all of the data."""
        task = task or self.task
        params = task.init(self.rng)
        speed = [np.zeros_like(p) for p in params]
        scale = [np.zeros_like(p) for p in params]
        looks = set(np.linspace(0, steps - 1, min(points, steps)).astype(int).tolist())
        logged: list[float] = []
        recent: list[float] = []
        clean: list[tuple[int, float]] = []
        val: list[tuple[int, float]] = []
        with np.errstate(all="ignore"):
            for t in range(steps):
                if changes and t in changes:
                    changes[t](params, self.rng)
                chosen = task.sample(self.rng, batch, t, ordered)
                if feed is not None:
                    chosen = feed(t, chosen, self.rng)
                loss, grads = task.loss_grad(params, chosen)
                recent.append(task.accuracy(params, chosen) if accuracy and isinstance(task, Net) else loss)
                if t % every == every - 1 or every == 1:
                    logged.append(float(np.mean(recent)) if average else recent[-1])
                    recent.clear()
                if t in looks:
                    clean.append((t, task.full(params)))
                if validate and t % validate == 0 and isinstance(task, Net):
                    val.append((t, task.validate(params)))
                now = (rate(t) if callable(rate) else rate) * self.unit
                for p, g, v, s in zip(params, grads, speed, scale, strict=True):
                    v *= momentum
                    if adam:
                        v += 0.1 * (g - v)
                        s += 0.01 * (g * g - s)
                        p -= now * (v / (1 - 0.9 ** (t + 1))) / (np.sqrt(s / (1 - 0.99 ** (t + 1))) + 1e-8)
                    else:
                        v += g
                        p -= now * v
        at = np.arange(len(logged)) * every + (every - 1 if every > 1 else 0)
        c, v = np.array([pair for pair in clean if np.isfinite(pair[1])]), np.array(val).reshape(-1, 2)
        return Tape(at, np.array(logged), c[:, 0], c[:, 1], v[:, 0], v[:, 1])

    def pick(self, *options: float) -> float:
        """One of the options."""
        return float(self.rng.choice(options))

    def length(self, low: int, high: int) -> int:
        """A number of steps, evenly spread on a logarithmic scale."""
        return int(np.exp(self.rng.uniform(np.log(low), np.log(high))))

    @property
    def floor(self) -> float:
        """No loss lies below it: zero, but for the negative rewards of a bandit."""
        return -float(self.task.means.max()) if isinstance(self.task, Bandit) else 0.0


def _until(tape: Tape, start: int, level: float) -> int:
    """The first step from ``start`` on whose loss, and the two after it, are back at ``level``."""
    i = int(np.searchsorted(tape.step, start)) + 1
    low = tape.value <= level
    while i < len(low) - 3 and not low[i : i + 3].all():
        i += 1
    return int(tape.step[min(i, len(low) - 1)])


def _around(tape: Tape, step: int) -> Array:
    i = int(np.searchsorted(tape.step, step))
    return np.asarray(tape.value[max(i - 30, 0) : i])


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
    return Sketch(lab.train(steps, 0.4 * lab.steps_to(0.55) / steps, int(lab.pick(8, 32))), best=lab.best, floor=lab.floor)


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
    return Sketch(lab.train(steps, lambda t: peak * min(1, 2 - 2 * t / steps), 8), best=lab.best, floor=lab.floor)


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


def paused(lab: Lab) -> Sketch:
    """The rate is zero for a while in the middle."""
    steps = lab.length(400, 2500)
    rate = min(0.4 * lab.steps_to(0.9) * 2 / steps, 0.2)
    start = int(steps * lab.rng.uniform(0.12, 0.3))
    stop = start + int(steps * lab.rng.uniform(0.25, 0.4))
    tape = lab.train(steps, lambda t: 0 if start <= t < stop else rate, int(lab.pick(0, 32, 32)))
    return Sketch(tape, events=(Event("plateau", start, stop),), unscored=frozenset({"sudden-drop"}), best=lab.best, floor=lab.floor)


def rate_cut(lab: Lab) -> Sketch:
    """A high rate that rests on its noise, then cut by twenty."""
    steps = lab.length(800, 4000)
    cut = int(steps * lab.rng.uniform(0.45, 0.75))
    every = int(lab.pick(2, 6))
    event = Event("sudden-drop", cut, cut + max(int(0.02 * steps), 8))

    def attempt(high: float) -> Tape:
        return lab.train(steps, lambda t: high if t < cut else high / 20, 8, every=every, average=True)

    tape = _first(attempt, (2.0, 1.4, 1.0, 0.7, 0.5, 0.3), lambda tape: _rests(tape, cut) and stands_out(event, tape))
    return Sketch(tape, events=(event,), unscored=frozenset({"plateau"}), best=lab.best, floor=lab.floor)


def rate_raised(lab: Lab) -> Sketch:
    """The rate is raised tenfold or more at a known step, to where the loss rests on a higher noise floor."""
    steps = lab.length(600, 3000)
    at = int(steps * lab.rng.uniform(0.4, 0.7))
    low = min(0.4 * lab.steps_to(0.9) / (0.5 * at), 0.05)
    event = Event("jump-up", at, at + max(steps // 50, 4))

    def attempt(high: float) -> Tape:
        return lab.train(steps, lambda t: low if t < at else high, 8, every=3, average=True)

    tape = _first(attempt, (2.0, 1.4, 1.0, 0.7, 0.5), lambda tape: _rests(tape, steps) and stands_out(event, tape))
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

    tape = lab.train(steps, lambda t: rate if t < at else rate / 200, int(lab.pick(0, 16)), changes={at: reset})
    return Sketch(
        tape, events=(Event("jump-up", at, at + 1),), unscored=frozenset({"plateau"}), end=None, best=lab.best, floor=lab.floor
    )


def _mislabelled(lab: Lab, steps: int, rate: float, wrong: Callable[[int], bool]) -> Tape:
    """At some steps, a part of the targets is wrong: classes of other examples, or numbers with noise on them."""
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
    return Sketch(tape, events=(event,), unscored=frozenset({"plateau"}), end=None, best=lab.best, floor=lab.floor)


def labels_mended(lab: Lab) -> Sketch:
    """Many of the targets are wrong, until a known step."""
    steps = lab.length(600, 3000)
    at = int(steps * lab.rng.uniform(0.45, 0.75))
    tape = _mislabelled(lab, steps, min(0.4 * lab.steps_to(0.95) / (0.4 * at), 0.1), lambda t: t < at)
    event = Event("sudden-drop", at, at + 1)
    return Sketch(tape, events=(event,), unscored=frozenset({"plateau"}), end=None, best=lab.best, floor=lab.floor)


def _roughened(lab: Lab, steps: int, rate: float, amount: Callable[[int], float], batch: int) -> Tape:
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
    tape = _roughened(lab, steps, min(0.4 * lab.steps_to(0.9) / (0.4 * at), 0.05), lambda t: strong if t >= at else 0, 64)
    event = Event("jump-up", at, at + 1)
    return Sketch(tape, events=(event,), unscored=frozenset({"plateau"}), end=None, best=lab.best, floor=lab.floor)


def augmented_first(lab: Lab) -> Sketch:
    """Strong noise on the inputs, until a known step."""
    steps = lab.length(500, 3000)
    at = int(steps * lab.rng.uniform(0.5, 0.8))
    strong = lab.pick(1.0, 1.5)
    tape = _roughened(lab, steps, min(0.4 * lab.steps_to(0.95) / (0.3 * at), 0.05), lambda t: strong if t < at else 0, 64)
    event = Event("sudden-drop", at, at + 1)
    return Sketch(tape, events=(event,), unscored=frozenset({"plateau"}), end=None, best=lab.best, floor=lab.floor)


def alternating(lab: Lab) -> Sketch:
    """An easy and a hard source of data take turns, every so many steps."""
    period, cycles = int(lab.pick(20, 40, 80)), int(lab.pick(8, 15, 30))
    steps = period * cycles
    hard = lab.pick(0.5, 1.0)
    rate = min(0.4 * lab.steps_to(0.9) * 3 / steps, 0.05)
    tape = _roughened(lab, steps, rate, lambda t: hard * (t % period >= period // 2), 128)
    return _swinging(lab, tape, period)


def bad_batches(lab: Lab) -> Sketch:
    """One to three corrupted batches at known steps; the training recovers."""
    steps = lab.length(400, 3000)
    count = int(lab.pick(1, 1, 2, 3))
    slots = np.linspace(0.25, 0.9, count + 1)
    at = [int(steps * lab.rng.uniform(a, b - 0.06)) for a, b in zip(slots, slots[1:], strict=False)]
    batch = int(lab.pick(0, 16))
    rate = min(0.4 * lab.steps_to(0.9) * 2 / steps, 0.1 if batch else 0.4)

    def feed(t: int, batch: Batch, rng: np.random.Generator) -> Batch:
        if t not in at:
            return batch
        if isinstance(lab.task, Function):
            return batch + 2.0
        x, y = batch
        if isinstance(lab.task, Bandit):
            return x, y - 3 * float(np.ptp(lab.task.means))
        if lab.task.head == "mse":
            return x, y + 6 * y.std()
        return 4 * x[::-1], y

    tape = lab.train(steps, rate, batch, feed=feed)
    events = []
    for step in at:
        near = _around(tape, step)
        back = _until(tape, step, float(np.median(near)) + 3 * max(float(np.std(near)), 0.02 * abs(float(np.ptp(tape.clean)))))
        events.append(Event("spike", step, back - 1))
    late = any(e.stop - e.start > 0.05 * steps for e in events)
    taste = frozenset({"spike", "jump-up", "sudden-drop"}) if late else frozenset()
    return Sketch(tape, events=tuple(events), unscored=taste, best=lab.best, floor=lab.floor)


def cyclic_rate(lab: Lab) -> Sketch:
    """The rate swings between a high and a low one, and the loss with it."""
    every, cycles = 5, int(lab.pick(5, 8, 12))
    steps = every * cycles * int(lab.pick(30, 60))
    period = steps // every // cycles

    def attempt(high: float) -> Tape:
        return lab.train(steps, lambda t: 0.02 + high * np.sin(np.pi * cycles * t / steps) ** 2, 4, every=every, average=True)

    tape = _first(attempt, (2.0, 1.4, 1.0, 0.7, 0.5), lambda tape: _rests(tape, steps) and _periodic(tape, period) > 0.5)
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
        tape = lab.train(epoch * int(lab.pick(10, 20, 40)), lab.pick(0.05, 0.1), size, ordered=True, task=task)
    else:
        epoch = int(lab.pick(20, 40))
        tape = lab.train(epoch * 15, 0.05, epoch, ordered=True)
    return _swinging(lab, tape, epoch)


def momentum_swings(lab: Lab) -> Sketch:
    """Descent on all of the data with so much momentum that the loss swings."""
    steps = lab.length(200, 600)
    momentum = lab.pick(0.98, 0.99, 0.995)
    tape = _first(lambda rate: lab.train(steps, rate, 0, momentum=momentum), (0.02, 0.1, 0.3), lambda tape: bool(_bounces(tape)))
    return _swinging(lab, tape)


def edge(lab: Lab) -> Sketch:
    """Descent on all of the data beyond the edge of stability, where the loss bounces from step to step."""
    steps = lab.length(80, 300)
    rates = (1.1, 1.4, 1.8, 2.5, 3.5, 5.0, 8.0, 12.0)
    tape = _first(lambda rate: lab.train(steps, rate, 0), rates, lambda tape: bool(_bounces(tape)))
    return _swinging(lab, tape)


def _first(attempt: Callable[[float], Tape], rates: Sequence[float], good: Callable[[Tape], bool]) -> Tape:
    """The first attempt that shows what the recipe is about, or else the last."""
    tape = attempt(rates[0])
    for rate in rates[1:]:
        if good(tape):
            break
        tape = attempt(rate)
    return tape


def _rests(tape: Tape, until: int) -> bool:
    """The loss came down and stayed finite before a step."""
    if not np.isfinite(tape.value).all():
        return False
    before = tape.value[: max(int(np.searchsorted(tape.step, until)), 1)]
    top = float(np.max(before[: len(before) // 20 + 2]))
    return bool(np.median(before[-len(before) // 4 :]) < 0.6 * top + 0.4 * tape.clean.min())


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
    """From where to where a loss without noise swings by over a tenth of its range, eight times or more, for a fifth of the run."""
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
    """An oscillation, where it can be seen: of a known period in the noise, or of any in a loss without noise."""
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
    return Sketch(tape, falls=False, events=(event,), unscored=frozenset(taste), end="not-converging" if lasting else None)


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
    taste = frozenset({"jump-up", "oscillation", "spike", "plateau", "sudden-drop"} | (set() if falls and shown else FALLS))
    end = "not-converging" if shown else None
    return Sketch(tape, falls=falls, events=tuple(events), unscored=taste, end=end, dress=False, best=lab.best, floor=lab.floor)


_BEYOND = (1.05, 1.15, 1.3, 1.6, 2.0, 2.5, 3.2, 4.0, 8.0, 16.0, 40.0)


def _grown(tape: Tape, steps: int, times: float) -> Tape:
    """The tape up to where the loss has grown ``times`` its first value."""
    over = np.flatnonzero(~np.isfinite(tape.value) | (np.abs(tape.value) > times * abs(tape.value[0])))
    return _cut(tape, int(over[0]) if len(over) else steps)


def _explodes(tape: Tape) -> bool:
    return not np.isfinite(tape.value).all() or bool(np.max(tape.value) > 300 * abs(tape.value[0]))


def diverges(lab: Lab) -> Sketch:
    """A rate above the edge of stability from the start; stopped while the loss is finite."""
    batch = int(lab.pick(0, 16))
    tape = _first(lambda rate: lab.train(100, rate, batch), _BEYOND, _explodes)
    return _diverging(lab, _grown(tape, 100, lab.pick(30, 1e4, 1e12)), 0, falls=False)


def diverges_later(lab: Lab) -> Sketch:
    """The rate is raised above the edge of stability at a known step; stopped while the loss is finite."""
    steps = lab.length(150, 800)
    at = int(steps * lab.rng.uniform(0.4, 0.8))
    low = min(0.4 * lab.steps_to(0.9) * 1.5 / at, 0.3)
    batch = int(lab.pick(0, 32))
    tape = _first(lambda high: lab.train(steps, lambda t: low if t < at else high, batch), _BEYOND, _explodes)
    return _diverging(lab, _grown(tape, steps, 300), at, falls=True)


def _cut(tape: Tape, n: int) -> Tape:
    last = tape.step[min(n, len(tape.step)) - 1]
    keep, kept = tape.clean_step <= last, tape.val_step <= last
    return Tape(tape.step[:n], tape.value[:n], tape.clean_step[keep], tape.clean[keep], tape.val_step[kept], tape.val[kept])


def overflows(lab: Lab) -> Sketch:
    """A rate raised above the edge of stability, and on until nothing is finite."""
    steps = 2400
    at = int(lab.pick(0, 200, 400))
    batch = int(lab.pick(0, 32))

    def attempt(high: float) -> Tape:
        return lab.train(steps, lambda t: 0.1 if t < at else high, batch, points=400)

    tape = _first(attempt, _BEYOND, lambda tape: not np.isfinite(tape.value).all())
    bad = np.flatnonzero(~np.isfinite(tape.value))
    tape = _cut(tape, min(int(bad[0] * 1.3) + 20, steps) if len(bad) else steps)
    return _diverging(lab, tape, at, falls=at > 0)


def climbs(lab: Lab) -> Sketch:
    """From a known step on the sign is wrong: the loss is being climbed."""
    steps = lab.length(300, 1500)
    at = int(steps * lab.pick(0, 0.3, 0.5))
    rate = min(0.4 * lab.steps_to(0.8) * 2 / steps, 0.2)
    tape = lab.train(steps, lambda t: rate if t < at else -4 * rate, int(lab.pick(0, 16)))
    return _diverging(lab, _grown(tape, steps, 300), at, falls=at > 0)


def nan_batch(lab: Lab) -> Sketch:
    """A batch that holds a NaN at a known step; nothing is finite from then on."""
    steps = lab.length(200, 2000)
    at = int(steps * lab.rng.uniform(0.3, 0.95))
    rate = min(0.4 * lab.steps_to(0.9) * 2 / steps, 0.15)

    def poison(params: Params, rng: np.random.Generator) -> None:
        params[0].flat[0] = np.nan

    tape = lab.train(steps, rate, int(lab.pick(0, 8)), changes={at: poison})
    kept = _cut(tape, at)
    sketch = Sketch(tape, events=(Event("non-finite", at, steps - 1),), end="not-converging", best=lab.best, dress=False)
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

    x, y = lab.task.data[:2]
    share = np.bincount(y.astype(int)) / len(y) if lab.task.head == "softmax" else y.mean(0)

    def bias(params: Params, rng: np.random.Generator) -> None:
        kill(params, rng)
        params[-1][:] = np.log(share) if lab.task.head == "softmax" else share

    return _stuck(lab, lab.train(lab.length(300, 1500), 0.02, 32, changes={0: bias}))


def _stuck(lab: Lab, tape: Tape) -> Sketch:
    event = Event("stuck", int(tape.step[0]), int(tape.step[-1]))
    return Sketch(tape, falls=False, events=(event,), unscored=frozenset({"plateau"}), end="not-converging", floor=lab.floor)


def saddle(lab: Lab) -> Sketch:
    """A net that starts so small that nothing seems to happen, until it leaves the saddle."""
    assert isinstance(lab.task, Net)
    small = replace(lab.task, gain=lab.task.gain * lab.pick(0.02, 0.05))
    long = lab.train(3000, 0.3, 0, task=small, points=600)
    curve = np.interp(np.arange(3000), long.clean_step, np.minimum.accumulate(long.clean))
    done = (curve[0] - curve) / (curve[0] - curve[-1])
    leaves, left = int(np.argmax(done > 0.05)), int(np.argmax(done > 0.6))
    steps = int(np.clip(lab.pick(1.6, 2.5) * left, 40, 3000))
    tape = _cut(replace(long), steps)
    drop = Event("sudden-drop", leaves, left)
    plateau = Event("plateau", 0, int(np.argmax(done > 0.02)))
    quick = left - leaves < 0.15 * steps
    taste = FALLS | {"stuck"} | (set() if quick else {"sudden-drop"})
    return Sketch(tape, falls=False, events=(plateau, drop), unscored=frozenset(taste), best=lab.best, floor=lab.floor)


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
    tape = lab.train(steps, lab.pick(0.1, 0.3), int(lab.pick(0, 8)), task=task, validate=max(steps // int(lab.pick(20, 60)), 1))
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
    return Sketch(tape, metric="train_accuracy", rising=True, end=None, best=lab.best, dress=False, unscored=frozenset({"slow-decrease"}))


Recipe = Callable[[Lab], Sketch]
_ANY: Sequence[Recipe] = (
    full_batch, stopped_early, small_batches, small_batches_early, averaged, long_after, adam, too_slow, too_slow_noisy,
    paused, rate_cut, rate_raised, layer_reset, bad_batches, nan_batch, frozen,
)  # fmt: skip


def recipes(task: Task) -> Sequence[Recipe]:
    """What can be done to this task."""
    chosen = list(_ANY)
    if isinstance(task, Bandit):
        chosen.remove(nan_batch)
        return chosen
    chosen += [edge, momentum_swings, cyclic_rate, sorted_data, frozen_full, augmented_later, augmented_first]
    chosen += [alternating, alternating, bad_batches, paused, edge, too_slow, too_slow_noisy]
    if isinstance(task, Function):
        return [*chosen, diverges, diverges_later, overflows, endless]
    assert isinstance(task, Net)
    chosen += [labels_spoilt, labels_mended, labels_mended, validated]
    if task.head == "softmax":
        chosen += [climbs, accuracy, few_examples, climbs, few_examples]
    else:
        chosen += [diverges, diverges_later, overflows, diverges]
    if task.hidden:
        chosen += [dead_start, few_examples]
    if task.hidden and task.head == "mse":
        chosen += [saddle] * 4
    return chosen
