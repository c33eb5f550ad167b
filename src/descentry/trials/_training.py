"""One arm's training: model, optimizer and loss, what a change has done to them, and how to undo it."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import torch
from torch import Tensor, nn

Loss = Callable[[Any, Any], Any]


class Cannot(Exception):  # noqa: N818 - it is an answer, not an error
    """A remedy cannot be tried here; its text says why."""


class Training:
    """What a change works on. Everything is done through it, so that everything is undone.

    Attributes:
        model: The user's model; changes add hooks to it, or exchange modules in it.
        optimizer: The user's optimizer, or another one in its place.
        compute_loss: ``compute_loss(model, batch)``; what is trained on.
        accumulate: How many batches make one step.
        zero: Whether gradients are set to zero before each step.
        gradients: How many were computed.
        touched: Names of the optimizer's settings that were changed.
    """

    def __init__(self, model: nn.Module, optimizer: Any, compute_loss: Loss) -> None:
        self.model = model
        self.optimizer = optimizer
        self.compute_loss = compute_loss
        self.accumulate = 1
        self.zero = True
        self.gradients = 0
        self.touched: set[str] = set()
        self._undo: list[Callable[[], None]] = []

    def undo(self) -> None:
        """Takes back what was changed, last things first; not the steps that were made."""
        while self._undo:
            self._undo.pop()()

    def on_undo(self, action: Callable[[], None]) -> None:
        """Says how to take back what was just done."""
        self._undo.append(action)

    def set(self, settings: dict[str, Any], group: dict[str, Any]) -> None:
        """Changes settings of one group of parameters."""
        before = {key: group[key] for key in settings}
        self.touched |= settings.keys()
        for key, value in settings.items():
            group[key] = torch.full_like(before[key], value) if isinstance(before[key], Tensor) else value
        self.on_undo(lambda: group.update(before))

    def scale_rate(self, factor: float) -> None:
        """Multiplies the learning rate of every group."""
        for group in self.optimizer.param_groups:
            self.set({"lr": float(group["lr"]) * factor}, group)

    def before_step(self, hook: Callable[..., None]) -> None:
        """Calls ``hook(optimizer, args, kwargs)`` before each step of the optimizer.

        Raises:
            Cannot: The optimizer has no such hooks, or evaluates the loss inside its step.
        """
        if isinstance(self.optimizer, torch.optim.LBFGS):
            raise Cannot("LBFGS computes its gradients inside the step, where they cannot be changed")
        if not hasattr(self.optimizer, "register_step_pre_hook"):
            raise Cannot(f"{type(self.optimizer).__name__} has no hooks before its steps")
        self.on_undo(self.optimizer.register_step_pre_hook(hook).remove)

    def before_forward(self, hook: Callable[..., Any]) -> None:
        """Calls ``hook(module, args)`` before the model, which may return other arguments."""
        self.on_undo(self.model.register_forward_pre_hook(hook).remove)

    def after_forward(self, hook: Callable[..., Any]) -> None:
        """Calls ``hook(module, args, output)`` after the model, which may return another output."""
        self.on_undo(self.model.register_forward_hook(hook).remove)

    def exchange(self, parent: nn.Module, name: str, module: nn.Module) -> None:
        """Puts another module in the place of one."""
        before = getattr(parent, name)
        module.train(before.training)
        setattr(parent, name, module)
        self.on_undo(lambda: setattr(parent, name, before))


def train(
    training: Training, batches: Sequence[Any], after: Callable[[int], None] = lambda step: None
) -> list[float]:
    """Makes steps until the batches are used up or the weights are not finite; cost: one gradient a batch.

    Args:
        training: The arm.
        batches: In order; ``training.accumulate`` of them make a step.
        after: Called after each step, with the number of steps made.

    Returns:
        The loss of each step before its update.
    """
    losses: list[float] = []
    optimizer, count = training.optimizer, training.accumulate
    for start in range(0, len(batches) - count + 1, count):
        part = batches[start : start + count]

        def closure(part: Sequence[Any] = part) -> Any:
            if training.zero:
                optimizer.zero_grad()
            return sum(_backward(training, batch, count) for batch in part)

        if isinstance(optimizer, torch.optim.LBFGS):
            losses.append(float(optimizer.step(closure)))  # type: ignore[no-untyped-call]
        else:
            losses.append(float(closure()))
            optimizer.step()
        after(len(losses))
        if not math.isfinite(losses[-1]) and not _finite(training.optimizer):
            break
    return losses


def _finite(optimizer: Any) -> bool:
    return all(bool(torch.isfinite(p).all()) for g in optimizer.param_groups for p in g["params"])


def _backward(training: Training, batch: Any, count: int) -> float:
    with torch.enable_grad():
        loss = training.compute_loss(training.model, batch) / count
        if loss.requires_grad:  # where nothing learns, the arm stands still
            loss.backward()
            training.gradients += 1
    return float(loss.detach())


def judge(model: nn.Module, compute_loss: Loss, batches: Sequence[Any]) -> list[float]:
    """The loss on each of these batches, in the mode that the model is in; cost: a third of a gradient each.

    Buffers are put back; random streams are drawn from.
    """
    buffers = {name: buffer.clone() for name, buffer in model.named_buffers()}
    with torch.no_grad():
        losses = [float(compute_loss(model, batch)) for batch in batches]
        for name, buffer in model.named_buffers():
            if name in buffers:
                buffer.copy_(buffers[name])
    return losses


@contextlib.contextmanager
def changed(training: Training, install: Callable[[Training], None] | None) -> Iterator[Training]:
    """A block in which a change is in place."""
    try:
        if install is not None:
            install(training)
        yield training
    finally:
        training.undo()
