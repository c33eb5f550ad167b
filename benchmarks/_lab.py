"""Where a task is trained: rates in units of the edge of stability, the loss on all data recorded beside."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks._nouns import Array, Ints, Tape
from benchmarks._tasks import Bandit, Batch, Net, Params, Task, sharpness

Rate = Callable[[int], float]
Change = Callable[[Params, np.random.Generator], None]
Feed = Callable[[int, Batch, np.random.Generator], Batch]

# Where the curvature at the start says too little: it grows later, is tiny there, or is not defined.
_UNITS = {
    "deep-linear": 0.06,
    "text-trigram": 4.0,
    "bandit": 6.0,
    "dice": 0.5,
    "moons-mlp": 0.08,
    "diabetes-mlp": 0.3,
}


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
        """The loss of descent on all of the data at a good rate: how low the task can get, and how soon."""
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
        """Trains; records the loss of each batch before its update, and at times that on all of the data."""
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
        clean = [pair for pair in clean if np.isfinite(pair[1])]
        return Tape(at, np.array(logged), *_columns(clean), *_columns(val))

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


def _columns(pairs: list[tuple[int, float]]) -> tuple[Ints, Array]:
    return np.array([step for step, _ in pairs], dtype=np.int64), np.array([value for _, value in pairs])


def cut(tape: Tape, n: int) -> Tape:
    last = tape.step[min(n, len(tape.step)) - 1]
    keep, kept = tape.clean_step <= last, tape.val_step <= last
    return Tape(
        tape.step[:n],
        tape.value[:n],
        tape.clean_step[keep],
        tape.clean[keep],
        tape.val_step[kept],
        tape.val[kept],
    )


def first(attempt: Callable[[float], Tape], rates: Sequence[float], good: Callable[[Tape], bool]) -> Tape:
    """The first attempt that shows what the recipe is about, or else the last."""
    tape = attempt(rates[0])
    for rate in rates[1:]:
        if good(tape):
            break
        tape = attempt(rate)
    return tape


def until(tape: Tape, start: int, level: float) -> int:
    """The first step from ``start`` on whose loss, and the two after it, are back at ``level``."""
    i = int(np.searchsorted(tape.step, start)) + 1
    low = tape.value <= level
    while i < len(low) - 3 and not low[i : i + 3].all():
        i += 1
    return int(tape.step[min(i, len(low) - 1)])


def around(tape: Tape, step: int) -> Array:
    i = int(np.searchsorted(tape.step, step))
    return np.asarray(tape.value[max(i - 30, 0) : i])
