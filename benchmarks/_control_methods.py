"""Ways to train with one budget of gradients: descentry's, and what others offer, each at its defaults.

The rate finders of fastai, torch-lr-finder and Lightning are written here after their published rules, as the
packages bring a trainer or a plotting library along: a ramp of 100 steps, and where it is stopped, what of it
is read, and how. What they spend is taken from the budget, as it is for ours.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from benchmarks._control_stack import MOMENTUM, ends
from benchmarks._control_tasks import Task

GRADIENTS = 100  # beside the steps that are kept
EPOCH = 25  # steps between two looks of a plateau scheduler


class Run:
    """One training: its model, its batches in order, and how many gradients are left."""

    def __init__(self, task: Task, optimizer: str, steps: int, seed: int, start: float) -> None:
        self.task, self.name, self.seed = task, optimizer, seed
        self.left, self.start = steps, start
        self.spent = 0
        self.model = task.model(seed)
        data, rows = task.data(), task.rows(seed, steps + 100)
        self.batches = [(data.x[row], data.y[row]) for row in rows]
        self.at = 0
        self.optimizer: Any = self.plain(start)

    def plain(self, rate: float) -> Any:
        """The optimizer that is compared: SGD with momentum, or Adam."""
        decay = self.task.decay
        if self.name == "sgd":
            return torch.optim.SGD(self.model.parameters(), rate, momentum=MOMENTUM, weight_decay=decay)
        return torch.optim.Adam(self.model.parameters(), rate, weight_decay=decay)

    def loss(self, model: nn.Module, batch: tuple[Tensor, Tensor]) -> Tensor:
        return self.task.loss(model(batch[0]), batch[1])

    def rate(self, value: float) -> None:
        for group in self.optimizer.param_groups:
            group["lr"] = value

    def step(self, **closure: Any) -> float:
        self.optimizer.zero_grad()
        loss = self.loss(self.model, self.batches[self.at % len(self.batches)])
        loss.backward()
        self.optimizer.step(**({"loss": loss} if closure.get("loss") else {}))
        self.at += 1
        self.left -= 1
        return float(loss.detach())

    def scheduled(self, rate: float, share: Callable[[float], float]) -> None:
        """Trains until the budget is spent; the rate is multiplied by a function of how far it has come."""
        total = self.left
        for t in range(total):
            self.rate(rate * share(t / total))
            self.step()


def linear(t: float) -> float:
    return 1 - t


def cosine(t: float) -> float:
    return 0.5 * (1 + math.cos(math.pi * t))


def held(t: float) -> float:
    """As it is for the first half, and from there linearly to zero."""
    return min(1.0, 2 * (1 - t))


def constant(_: float) -> float:
    return 1.0


def descentry(run: Run, share: Callable[[float], float] = linear) -> None:
    """``find_lr``, the best trial kept, then linearly to zero."""
    from descentry.control.find_lr import find_lr
    from descentry.core.errors import DescentryError

    try:
        found = find_lr(run.model, run.optimizer, run.batches[:40], run.loss, budget=GRADIENTS, keep=True)
    except DescentryError:
        run.left -= GRADIENTS + 40
        run.spent = GRADIENTS
        run.scheduled(run.start, share)
        return
    run.left -= math.ceil(found.cost)
    run.spent = math.ceil(found.cost) - found.kept
    run.at = found.kept
    run.scheduled(found.lr, share)


def holding(run: Run) -> None:
    """The same, held for half of what is left, and linearly to zero from there."""
    descentry(run, held)


def as_found(run: Run) -> None:
    """``find_lr`` with 100 gradients that are thrown away, then linearly to zero."""
    from descentry.control.find_lr import find_lr
    from descentry.core.errors import DescentryError

    rate, run.spent = run.start, 100
    try:
        found = find_lr(run.model, run.optimizer, run.batches[:40], run.loss)
        rate, run.spent = found.lr, math.ceil(found.cost)
    except DescentryError:
        pass
    run.left -= run.spent
    run.scheduled(rate, linear)


def _pilot(run: Run, search: Any) -> None:
    import descentry as package

    pilot = package.pilot(
        run.model,
        run.optimizer,
        total_steps=run.left,
        search=search,
        run_dir=None,
        overhead=0.0,
        on_decision=lambda _: None,
    )
    while run.left > 0:
        pilot.step(run.step())
    pilot.close()


def piloted(run: Run) -> None:
    """``descentry.pilot``, which knows how many steps there are, and is asked to search."""
    _pilot(run, True)


def as_needed(run: Run) -> None:
    """The same without being asked: it searches where the starting rate does not work."""
    _pilot(run, "auto")


def ramp(run: Run, low: float, high: float, count: int, stop: float, smooth: Callable[..., float]) -> Any:
    """Rates and smoothed losses of an exponential ramp from the model as it is, which is put back."""
    kept = {k: v.clone() for k, v in run.model.state_dict().items()}
    rates, losses, mean, best = [], [], 0.0, math.inf
    for i in range(count):
        rate = low * (high / low) ** (i / (count - 1))
        run.rate(rate)
        loss = run.step()
        run.spent += 1
        mean, shown = smooth(mean, loss, i)
        rates.append(rate)
        losses.append(shown)
        if not math.isfinite(shown) or (i > 0 and shown > stop * best):
            break
        best = min(best, shown)
    run.model.load_state_dict(kept)
    run.optimizer = run.plain(run.start)
    return np.array(rates), np.array(losses)


def debiased(mean: float, loss: float, i: int) -> tuple[float, float]:
    mean = 0.98 * mean + 0.02 * loss
    return mean, mean / (1 - 0.98 ** (i + 1))


def lagging(mean: float, loss: float, i: int) -> tuple[float, float]:
    mean = loss if i == 0 else 0.05 * loss + 0.95 * mean
    return mean, mean


def steepest(rates: Any, losses: Any, head: int, tail: int, otherwise: float) -> float:
    rates, losses = rates[head:-tail], losses[head:-tail]
    whole = np.isfinite(losses)
    if whole.sum() < 2:
        return otherwise
    return float(rates[whole][np.gradient(losses[whole]).argmin()])


def torch_lr_finder(run: Run) -> None:
    """Steepest descent of a ramp from 1e-7 to 10, smoothed by 0.05, without 10 points before and 5 behind."""
    rates, losses = ramp(run, 1e-7, 10, 100, 5, lagging)
    run.scheduled(steepest(rates, losses, 10, 5, run.start), constant)


def lightning(run: Run) -> None:
    """Steepest descent of a ramp from 1e-8 to 1; without its first 10 points and its last."""
    rates, losses = ramp(run, 1e-8, 1, 100, 4, debiased)
    run.scheduled(steepest(rates, losses, 10, 1, run.start), constant)


def fastai_minimum(run: Run) -> None:
    """A tenth of the rate of the lowest loss of a ramp from 1e-7 to 10, and a cosine from there."""
    rates, losses = ramp(run, 1e-7, 10, 100, 4, debiased)
    rates, losses = rates[10:-5], losses[10:-5]
    whole = np.isfinite(losses)
    run.scheduled(float(rates[whole][losses[whole].argmin()]) / 10 if whole.any() else run.start, cosine)


def fastai_valley(run: Run) -> None:
    """Half of the way through the longest run of ever lower losses, not all adjacent; and a cosine."""
    rates, losses = ramp(run, 1e-7, 10, 100, 4, debiased)
    rates, losses = rates[10:-5], losses[10:-5]
    if not len(rates):
        run.scheduled(run.start, cosine)
        return
    length = [1] * len(losses)
    for i in range(len(losses)):
        length[i] = 1 + max((length[j] for j in range(i) if losses[i] < losses[j]), default=0)
    end = int(np.argmax(length))
    third = length[end] / 3
    place = max(0, end - length[end]) + int(third) + int(third / 2)
    run.scheduled(float(rates[place]), cosine)


def fixed(run: Run) -> None:
    """What is written in tutorials: 0.1 for SGD, 1e-3 for Adam, and a cosine."""
    run.scheduled(0.1 if run.name == "sgd" else 1e-3, cosine)


def clustered(run: Run) -> None:
    """2.2e-2 for Adam, and a cosine: the best single rate of the tasks that this began with."""
    run.scheduled(2.2e-2, cosine)


def plateau(run: Run) -> None:
    """ReduceLROnPlateau on the means of 25 steps, from the starting rate."""
    scheduler = torch.optim.lr_scheduler.ReduceLROnPlateau(run.optimizer)
    while run.left > 0:
        losses = [run.step() for _ in range(min(EPOCH, run.left))]
        mean = math.fsum(losses) / len(losses)
        scheduler.step(mean if math.isfinite(mean) else math.inf)


def prodigy(run: Run) -> None:
    """Prodigy at rate 1 and a cosine."""
    from prodigyopt import Prodigy

    run.optimizer = Prodigy(run.model.parameters(), lr=1.0, weight_decay=run.task.decay)
    run.scheduled(1.0, cosine)


def momo(run: Run) -> None:
    """MoMo, or MoMo-Adam, at their defaults."""
    from momo import Momo, MomoAdam

    made = Momo if run.name == "sgd" else MomoAdam
    run.optimizer = made(run.model.parameters(), weight_decay=run.task.decay)
    while run.left > 0:
        run.step(loss=True)


def schedule_free(run: Run) -> None:
    """Schedule-Free SGD, or AdamW, at their defaults."""
    import schedulefree

    made = schedulefree.SGDScheduleFree if run.name == "sgd" else schedulefree.AdamWScheduleFree
    run.optimizer = made(run.model.parameters(), weight_decay=run.task.decay)
    run.optimizer.train()
    while run.left > 0:
        run.step()
    run.optimizer.eval()


def d_adaptation(run: Run) -> None:
    """D-Adaptation at rate 1."""
    from dadaptation import DAdaptAdam, DAdaptSGD

    if run.name == "sgd":
        run.optimizer = DAdaptSGD(run.model.parameters(), momentum=MOMENTUM, weight_decay=run.task.decay)
    else:
        run.optimizer = DAdaptAdam(run.model.parameters(), weight_decay=run.task.decay)
    while run.left > 0:
        run.step()


@dataclass(frozen=True)
class Method:
    """A way to train; ``needs_start`` where the starting rate matters."""

    name: str
    run: Callable[[Run], None]
    needs_start: bool = False
    optimizers: tuple[str, ...] = ("sgd", "adam")


METHODS: dict[str, Method] = {
    m.name: m
    for m in (
        Method("find_lr, best trial kept, linear", descentry),
        Method("find_lr, best trial kept, held", holding),
        Method("find_lr, 100 gradients, linear", as_found),
        Method("pilot, asked to search", piloted),
        Method("pilot", as_needed, True),
        Method("torch-lr-finder", torch_lr_finder),
        Method("Lightning tuner", lightning),
        Method("fastai minimum, cosine", fastai_minimum),
        Method("fastai valley, cosine", fastai_valley),
        Method("tutorial rate, cosine", fixed),
        Method("2.2e-2, cosine", clustered, optimizers=("adam",)),
        Method("ReduceLROnPlateau", plateau, True),
        Method("Prodigy, cosine", prodigy, optimizers=("adam",)),
        Method("MoMo", momo),
        Method("Schedule-Free", schedule_free),
        Method("D-Adaptation", d_adaptation),
    )
}


def evaluated(task: Task, model: nn.Module) -> tuple[float, float]:
    """Training and held-out loss of a model; infinite where they are not finite."""
    data = task.data()
    with torch.no_grad():
        pairs = (ends(task), (data.held_x, data.held_y))
        losses = [float(task.loss(model(x), y)) for x, y in pairs]
    train, held = (x if math.isfinite(x) else math.inf for x in losses)
    return train, held


def train(name: str, task: Task, optimizer: str, steps: int, seed: int, start: float) -> dict[str, Any]:
    """One training by one method: its losses at the end, what was spent on finding a rate, and the time."""
    torch.manual_seed(seed)
    run = Run(task, optimizer, steps, seed, start)
    began = time.perf_counter()
    METHODS[name].run(run)
    seconds = time.perf_counter() - began
    loss, held = evaluated(task, run.model)
    return {"train": loss, "held": held, "spent": run.spent, "over": -run.left, "seconds": round(seconds, 2)}
