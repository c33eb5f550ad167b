"""From a spec to a training that can begin: data, model, loss, optimizer, and what was done to them."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import torch
from torch import Tensor, nn

from benchmarks.zoo import sequences, tables
from benchmarks.zoo.data import Data, load
from benchmarks.zoo.losses import Loss, end_for, loss_for
from benchmarks.zoo.models import plain, start
from benchmarks.zoo.recurrent import sequence
from benchmarks.zoo.spec import Spec

_FILLED = (sequences, tables)  # which put their tasks into TASKS

_SEQUENCE = frozenset({"rnn", "gru", "lstm", "transformer", "window"})


@dataclass
class Training:
    """Everything that a training loop needs; what is done to a training changes it here.

    Attributes:
        spec: What it was made from, with the settings that faults changed.
        data: What it learns from.
        model: The model.
        loss_fn: Of outputs and targets.
        reads: What the outputs are: ``logits``, ``probabilities``, ``values`` or ``index``.
        rng: For what faults draw.
        optimizer: The optimizer.
        learns: The parameters that the optimizer is given; all of the model's where None.
        penalty: A further term of the loss.
        batch_of: Changes a batch, by the number of its step.
        before: Called before a step is made.
        graded: Called when the gradients are there.
        scheduled: The rate at a step, before ``before`` is called.
        zeroes: Gradients are zeroed before each step.
        backward: Gradients are computed at all.
        forced: The loss is made to require a gradient, which it would not by itself.
        every: Updates happen at every so many batches; gradients add up until then.
        event: The step at which something happens, where it is one step.
        seam: The log says that the run was resumed there.
    """

    spec: Spec
    data: Data
    model: nn.Module
    loss_fn: Loss
    reads: str
    rng: torch.Generator
    optimizer: torch.optim.Optimizer = field(init=False)
    learns: list[nn.Parameter] | None = None
    penalty: Callable[[], Tensor] | None = None
    batch_of: list[Callable[[int, Tensor, Tensor], tuple[Tensor, Tensor]]] = field(default_factory=list)
    before: list[Callable[[int], None]] = field(default_factory=list)
    graded: list[Callable[[], None]] = field(default_factory=list)
    scheduled: Callable[[int], float] = field(init=False)
    zeroes: bool = True
    backward: bool = True
    forced: bool = False
    every: int = 1
    event: int | None = None
    seam: bool = False

    def batches(self) -> Iterator[tuple[Tensor, Tensor]]:
        """Batches without end, the same on each call."""
        order = torch.Generator().manual_seed(self.spec.seed + 1)
        n = len(self.data)
        size = min(self.spec.batch or n, n)
        step = 0
        while True:
            rows = torch.randperm(n, generator=order) if size < n else torch.arange(n)
            for i in range(0, n - size + 1, size):
                chosen = (
                    torch.randint(n, (size,), generator=order) if self.spec.replace else rows[i : i + size]
                )
                x, y = self.data.x[chosen], self.data.y[chosen]
                for change in self.batch_of:
                    x, y = change(step, x, y)
                yield x, y
                step += 1


def model_for(spec: Spec, data: Data) -> nn.Module:
    """The model of a spec, initialised; random numbers come from torch's own stream."""
    make = sequence if spec.model.family in _SEQUENCE else plain
    model = make(spec.model, data)
    start(model, spec.model.init)
    return model


def build(spec: Spec) -> Training:
    """A training that can begin, the same to the bit each time.

    Raises:
        KeyError: There is no such task, optimizer or kind of fault.
    """
    from benchmarks.zoo.faults import KINDS  # which need the noun above

    done = [(KINDS[fault.kind], fault.strength) for fault in spec.faults]
    whole = spec
    rng = torch.Generator().manual_seed(spec.seed + 2)
    for kind, strength in done:
        if kind.setting:
            whole = kind.setting(whole, strength)
    data = load(whole.task)
    for kind, strength in done:
        if kind.data:
            data = kind.data(data, strength, rng)
    torch.manual_seed(whole.seed)
    model, reads = end_for(model_for(whole, data), data, whole.loss)
    training = Training(whole, data, model, loss_for(data, whole.loss), reads, rng)
    for kind, strength in done:
        if kind.model:
            kind.model(training, strength)
    training.optimizer = optimizer_for(whole, training.learns or list(training.model.parameters()))
    training.scheduled = schedule(whole)
    for kind, strength in done:
        if kind.loop:
            kind.loop(training, strength)
    return training


def optimizer_for(spec: Spec, parameters: list[nn.Parameter]) -> torch.optim.Optimizer:
    """The optimizer of a spec."""
    ways: dict[str, Callable[..., torch.optim.Optimizer]] = {
        "sgd": torch.optim.SGD,
        "momentum": lambda p, **more: torch.optim.SGD(p, momentum=0.9, **more),
        "nesterov": lambda p, **more: torch.optim.SGD(p, momentum=0.9, nesterov=True, **more),
        "adam": torch.optim.Adam,
        "adamw": torch.optim.AdamW,
        "rmsprop": torch.optim.RMSprop,
        "adagrad": torch.optim.Adagrad,
    }
    return ways[spec.optimizer](parameters, lr=spec.rate, weight_decay=spec.decay)


def schedule(spec: Spec) -> Callable[[int], float]:
    """The learning rate at each step."""
    n, rate = spec.steps, spec.rate
    ways: dict[str, Callable[[int], float]] = {
        "constant": lambda t: rate,
        "step": lambda t: rate * 0.3 ** ((t >= 0.5 * n) + (t >= 0.8 * n)),
        "cosine": lambda t: rate * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * t / n))),
        "warmup": lambda t: rate * min((t + 1) / (0.1 * n), 1 - 0.95 * max(0, t - 0.1 * n) / (0.9 * n)),
    }
    return ways[spec.schedule]


def in_steps(data: Data, **changes: Any) -> Data:
    """The data with other fields."""
    return replace(data, **changes)
