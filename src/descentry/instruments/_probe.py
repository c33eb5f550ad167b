"""What an instrument sees of one step: captured by the watch, evaluated again without touching the model."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn
from torch.func import functional_call


@dataclass(eq=False)
class Batch:
    """One call of the model, as it was made, so that it can be made again.

    Attributes:
        args: Positional arguments of the model's forward.
        kwargs: Keyword arguments of it.
        random: State of the random generators when the forward began, by device.
        buffers: Copies of the buffers when the forward began (running means and the like).
        training: Whether the model was in training mode.
    """

    args: tuple[Any, ...]
    kwargs: Mapping[str, Any]
    random: Mapping[str, Tensor]
    buffers: Mapping[str, Tensor]
    training: bool


@dataclass(eq=False)
class Probe:
    """One step of one model and its optimizer.

    Attributes:
        step: Number of the optimizer update, from 0.
        model: The model; instruments read it and never write to it.
        optimizer: Its optimizer.
        parameters: The floating-point parameters by name, tied ones once, frozen ones too.
        loss: The loss of this step as the training computed it, detached; None before it is known.
        gradients: What the optimizer is about to use, by name (references; sparse ones too).
        before: Copies of the weights before the update, when an instrument needs them.
        batch: The call of the model, when an instrument needs it.
        outputs: What the model returned, detached, and what the loss function was given beside it.
        targets: The loss function's second argument, detached; None when it was not seen.
        loss_fn: The user's loss function, or None.
        compute_loss: Replaces ``loss_fn(model(*args), targets)`` when the user gave it.
        activations: Output of each leaf module by name, detached, when an instrument needs them.
        inputs: First input of each leaf module by name, detached, likewise.
        memory: What an instrument keeps from one step to the next; a dict of its own for each instrument.
    """

    step: int
    model: nn.Module
    optimizer: torch.optim.Optimizer
    parameters: Mapping[str, nn.Parameter]
    loss: Tensor | None = None
    gradients: Mapping[str, Tensor] = field(default_factory=dict)
    before: Mapping[str, Tensor] = field(default_factory=dict)
    batch: Batch | None = None
    outputs: Any = None
    targets: Any = None
    loss_fn: Callable[..., Any] | None = None
    activations: Mapping[str, Tensor] = field(default_factory=dict)
    inputs: Mapping[str, Tensor] = field(default_factory=dict)
    memory: dict[str, Any] = field(default_factory=dict)

    @property
    def can_evaluate(self) -> bool:
        """Whether the loss of this batch can be computed again."""
        return self.batch is not None and self.loss_fn is not None and self.targets is not None

    def loss_at(self, weights: Mapping[str, Tensor] | None = None, rows: slice | None = None) -> Tensor:
        """The loss of the same batch at other weights (or at the present ones), with the same random numbers.

        Buffers are copies, random streams are put back, and the module is called functionally, so the
        training sees nothing of it. Differentiable in ``weights``. Cost: a third of a gradient.

        Args:
            weights: By name, instead of the model's; the model's own, detached, where absent.
            rows: Which examples of the batch; all when None. Only for batches whose tensors share their
                first dimension.

        Raises:
            RuntimeError: The batch, the loss function or the targets were not captured.
        """
        if self.batch is None or self.loss_fn is None:
            raise RuntimeError("the batch of this step was not captured")
        own = {n: p.detach() for n, p in self.parameters.items()}
        state = {**own, **{n: b.clone() for n, b in self.batch.buffers.items()}, **(weights or {})}
        args, kwargs, targets = self.batch.args, self.batch.kwargs, self.targets
        if rows is not None:
            size = batch_size(args)
            args, kwargs, targets = (_rows(x, rows, size) for x in (args, dict(kwargs), targets))
        with as_it_was(self.batch.random), _mode(self.model, self.batch.training):
            outputs = functional_call(self.model, state, args, dict(kwargs), tie_weights=True)
            loss: Tensor = self.loss_fn(outputs, targets)
        return loss

    def gradient_at(
        self, weights: Mapping[str, Tensor] | None = None, rows: slice | None = None
    ) -> dict[str, Tensor]:
        """The gradient of :meth:`loss_at` in every parameter that requires one. Cost: one gradient."""
        names = [n for n, p in self.parameters.items() if p.requires_grad]
        at = {n: (weights or {}).get(n, self.parameters[n]).detach().requires_grad_() for n in names}
        with torch.enable_grad():
            loss = self.loss_at(at, rows)
            found = torch.autograd.grad(loss, list(at.values()), allow_unused=True)
        return {n: torch.zeros_like(at[n]) if g is None else g for n, g in zip(names, found, strict=True)}


def batch_size(value: Any) -> int | None:
    """First dimension of the first tensor found in nested arguments, or None."""
    if isinstance(value, Tensor):
        return value.shape[0] if value.ndim else None
    if isinstance(value, Mapping):
        value = list(value.values())
    if isinstance(value, (list, tuple)):
        for item in value:
            found = batch_size(item)
            if found is not None:
                return found
    return None


def _rows(value: Any, rows: slice, size: int | None) -> Any:
    if isinstance(value, Tensor):
        return value[rows] if value.ndim and value.shape[0] == size else value
    if isinstance(value, Mapping):
        return {k: _rows(v, rows, size) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(_rows(v, rows, size) for v in value)
    return value


@contextlib.contextmanager
def as_it_was(random: Mapping[str, Tensor]) -> Iterator[None]:
    """Random streams as they were at the captured moment, put back afterwards."""
    devices = [torch.device(d).index or 0 for d in random if d != "cpu"]
    with torch.random.fork_rng(devices=devices):
        for device, state in random.items():
            if device == "cpu":
                torch.set_rng_state(state)
            else:
                torch.cuda.set_rng_state(state, device)
        yield


@contextlib.contextmanager
def _mode(model: nn.Module, training: bool) -> Iterator[None]:
    """The model in the captured mode; each module's own mode is put back afterwards."""
    if model.training == training:
        yield
        return
    modes = [(m, m.training) for m in model.modules()]
    try:
        model.train(training)
        yield
    finally:
        for module, mode in modes:
            module.training = mode
