"""The training loop: what a training logs, and where it ends."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from benchmarks.zoo.losses import shortfall
from benchmarks.zoo.training import Training
from descentry.core.data import Gap, Run, Series

Floats = npt.NDArray[np.float64]
_LOOKED_AT = 512  # examples that outcomes are measured on


class Observer(Protocol):
    """What a training is watched by."""

    def step(self, loss: Tensor) -> None:
        """Called after each update, with the loss that led to it."""

    def log(self, **metrics: float) -> None:
        """Called with whatever else is logged."""

    def run(self) -> Run:
        """What was seen."""


Observe = Callable[[Training], Observer]


class Tape:
    """Notes what a script might log: loss, rate and gradient norm of each update, and metrics at times."""

    def __init__(self) -> None:
        self.loss: list[float] = []
        self.series: dict[str, tuple[list[int], list[float]]] = {}

    def add(self, step: int, **metrics: float) -> None:
        """Notes metrics of an update."""
        for name, value in metrics.items():
            steps, values = self.series.setdefault(name, ([], []))
            steps.append(step)
            values.append(value)

    def run(self, resumed: int | None = None) -> Run:
        """All of it, and where a script might have said that it went on from a checkpoint."""
        series = []
        for name, (steps, values) in self.series.items():
            split = "validation" if name.startswith("val") else "train"
            series.append(Series(name, split, np.array(steps), np.array(values)))
        gap = (
            () if resumed is None else (Gap("resume", f"resumed at step {resumed}", 1, "", resumed, resumed),)
        )
        return Run("log", "zoo", tuple(series), gaps=gap)


@dataclass(frozen=True)
class Outcome:
    """Where a training led; what labels are settled by.

    Attributes:
        loss: Loss of each update.
        finite: Loss and weights stayed finite.
        start: Shortfall on the training data before the first update (:func:`losses.shortfall`).
        end: The same after the last.
        val: The same on the validation data.
        val_best: The lowest of those on the way.
        dead: Share of the units of the deadest hidden layer that no example gives a gradient, at the end.
        first_to_last: Norm of the first weight matrix's gradient over that of the last, at the start.
        grad: Norm of the gradient at the start.
        event: The step at which something was done.
    """

    loss: Floats
    finite: bool
    start: float
    end: float
    val: float
    val_best: float
    dead: float
    first_to_last: float
    grad: float
    event: int | None = None


@dataclass(frozen=True, eq=False)
class Result:
    """What a training gave.

    Attributes:
        run: What the watch saw; None where nothing watched.
        log: What a script might have logged, of every update.
        outcome: Where it led.
    """

    run: Run | None
    log: Run
    outcome: Outcome


def train(training: Training, observe: Observe | None = None, steps: int | None = None) -> Result:
    """Trains to the end, or for so many steps.

    Args:
        training: A training that has not begun.
        observe: Makes what watches it.
        steps: Updates, where it is not to be trained to its end.
    """
    with warnings.catch_warnings():
        # Broadcast targets and the like are done on purpose here.
        warnings.simplefilter("ignore")
        return _train(training, observe, steps or training.spec.steps)


def _train(t: Training, observe: Observe | None, steps: int) -> Result:
    torch.manual_seed(t.spec.seed + 3)
    begun = _look(t)
    watch = observe(t) if observe else None
    tape, batches = Tape(), t.batches()
    losses, vals = [], []
    every = max(1, steps // 12)
    for step in range(steps):
        rate = t.scheduled(step)
        for group in t.optimizer.param_groups:
            group["lr"] = rate
        for act in t.before:
            act(step)
        value = _update(t, batches)
        if watch:
            watch.step(value)
        losses.append(float(value))
        tape.add(step, loss=losses[-1], lr=rate)
        if watch:  # what nobody keeps need not be computed
            tape.add(step, grad_norm=_gradient_norm(t))
        if step % every == every - 1 or step == 0:
            short, found = _validated(t)
            vals.append(short)
            tape.add(step, **found)
            if watch:
                watch.log(**found)
    weights = all(bool(torch.isfinite(p).all()) for p in t.model.parameters())
    ended = _look(t)
    loss = np.array(losses)
    outcome = Outcome(
        loss,
        bool(np.isfinite(loss).all()) and weights,
        begun.score,
        _score(t, t.data.x[:_LOOKED_AT], t.data.y[:_LOOKED_AT]),
        vals[-1],
        min(vals),
        ended.dead,
        begun.first_to_last,
        begun.norm,
        t.event,
    )
    return Result(watch.run() if watch else None, tape.run(t.event if t.seam else None), outcome)


def _gradient_norm(t: Training) -> float:
    norms = [
        p.grad.norm() for group in t.optimizer.param_groups for p in group["params"] if p.grad is not None
    ]
    return float(torch.stack(norms).norm()) if norms else 0.0


def _update(t: Training, batches: Iterator[tuple[Tensor, Tensor]]) -> Tensor:
    """One update; returns the loss that led to it, of the last batch where there are several."""
    if t.zeroes:
        t.optimizer.zero_grad()
    for _ in range(t.every):
        x, y = next(batches)
        loss = t.loss_fn(t.model(x), y)
        if t.penalty is not None:
            loss = loss + t.penalty()
        if t.forced:
            loss.requires_grad_()
        if t.backward:
            (loss / t.every if t.every > 1 else loss).backward()
    for act in t.graded:
        act()
    if t.spec.clip:
        nn.utils.clip_grad_norm_(t.model.parameters(), t.spec.clip)
    t.optimizer.step()
    return loss.detach()


@dataclass(frozen=True)
class _Look:
    score: float
    dead: float
    first_to_last: float
    norm: float


def _score(t: Training, x: Tensor, y: Tensor) -> float:
    return shortfall(_outputs(t, x), y, t.data.kind, t.reads)


def _outputs(t: Training, x: Tensor) -> Tensor:
    """What the model gives outside training, without a trace in it or in random streams."""
    training = t.model.training
    t.model.eval()
    with torch.no_grad(), torch.random.fork_rng():
        out = t.model(x)
    t.model.train(training)
    return out


def _validated(t: Training) -> tuple[float, dict[str, float]]:
    """Shortfall on the validation data; their loss, and for classes accuracy, as they are commonly logged."""
    y = t.data.y_val
    out = _outputs(t, t.data.x_val)
    found = {"val_loss": float(t.loss_fn(out, y))}
    if t.data.kind != "values" and t.reads != "index":
        middle = 0.5 if t.reads == "probabilities" else 0.0
        said = (out > middle).float() if t.data.kind == "binary" else out.argmax(-1)
        if said.shape == y.shape:
            found["val_accuracy"] = float((said == y).double().mean())
    return shortfall(out, y, t.data.kind, t.reads), found


def _look(t: Training) -> _Look:
    """Score and gradients on the training data, without a trace in model or random streams."""
    x, y = t.data.x[:_LOOKED_AT], t.data.y[:_LOOKED_AT]
    training = t.model.training
    t.model.eval()
    named = [(n, p) for n, p in t.model.named_parameters() if p.requires_grad and p.ndim > 1]
    with torch.random.fork_rng():
        out = t.model(x)
        loss = t.loss_fn(out, y)
        found: tuple[Tensor | None, ...] = (None,) * len(named)
        if loss.requires_grad and named:
            found = torch.autograd.grad(loss, [p for _, p in named], allow_unused=True)
    t.model.train(training)
    matrices = [g for g in found if g is not None]
    norms = [float(g.norm()) for g in matrices]
    dead = [float((g.flatten(1) == 0).all(1).double().mean()) for g in matrices[:-1]]
    return _Look(
        shortfall(out.detach(), y, t.data.kind, t.reads),
        max(dead, default=0.0),
        norms[0] / norms[-1] if norms and norms[-1] else 0.0,
        math.sqrt(sum(n * n for n in norms)),
    )
