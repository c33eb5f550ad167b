"""What an instrument sees of one step: captured by the watch, evaluated again without touching the model."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn
from torch.func import functional_call

from descentry.instruments._undisturbed import (
    as_it_was,
    autocast_state,
    eager,
    mapped,
    precision,
    random_state,
    tensors,
    untouched,
)


@dataclass(eq=False)
class Batch:
    """One call of the model, as it was made, so that it can be made again.

    Attributes:
        args: Positional arguments of the model's forward, detached.
        kwargs: Keyword arguments of it, detached.
        random: State of the random generators when the forward began, by name (:func:`random_state`).
        buffers: Copies of the buffers when the forward began (running means and the like).
        training: Whether the model was in training mode.
        autocast: Precision of automatic mixed precision by device type, where it was on.
        versions: How often each tensor of the arguments had been written to; a batch that has been written to
            since cannot be evaluated again.
    """

    args: tuple[Any, ...]
    kwargs: Mapping[str, Any]
    random: Mapping[str, Any]
    buffers: Mapping[str, Tensor]
    training: bool
    autocast: Mapping[str, torch.dtype] = field(default_factory=dict)
    versions: tuple[int, ...] = ()

    @classmethod
    def of(cls, model: nn.Module, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Batch:
        """Captured at the moment when the forward begins, so from a pre-hook of the model."""
        devices = {t.device for t in tensors([args, dict(kwargs)])} | {p.device for p in model.parameters()}
        return cls(
            mapped(args, Tensor.detach),
            mapped(dict(kwargs), Tensor.detach),
            random_state(devices),
            {n: b.detach().clone() for n, b in model.named_buffers()},
            model.training,
            autocast_state(devices),
            _versions(args, kwargs),
        )


@dataclass(eq=False)
class Probe:
    """One step of one model and its optimizer.

    Attributes:
        step: Number of the optimizer update, from 0.
        model: The model, without DDP around it; instruments read it and never write to it.
        optimizer: Its optimizer.
        parameters: The floating-point parameters by name, tied ones once, frozen ones too.
        loss: The loss of this step as the training computed it, detached; None before it is known.
        gradients: What the optimizer is about to use, by name (references; sparse ones too). Names that have
            no gradient are absent.
        before: Copies of the weights before the update, when an instrument needs them.
        batch: The call of the model, when an instrument needs it.
        outputs: What the model returned, detached, and what the loss function was given beside it.
        made_by: What the model's last operation was (:func:`last_operation`, on the outputs before they are
            detached); empty where it is not known.
        behind: The parameters that the outputs depend on (:func:`parameters_behind`, before they are
            detached), whether the model owns them or not; None where it was not looked at.
        targets: The loss function's second argument, detached; None when it was not seen, ``()`` when
            there is none.
        loss_fn: ``loss_fn(outputs, targets)``, or None.
        activations: Output of each leaf module by name, detached, in the order of the calls, when an
            instrument needs them.
        inputs: First input of each leaf module by name, detached, likewise.
        memory: What an instrument keeps from one step to the next; a dict of its own for each instrument.
            Nothing in it may refer to the model or to a graph.
        scaler: The ``GradScaler`` of the training, when the watch saw one.
        max_norm: What the gradients were clipped to since the last step, when the watch saw it.
        left_over: Share of the gradient's entries that were added to those of the step before; None where
            no backward pass was seen.
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
    made_by: str = ""
    behind: tuple[nn.Parameter, ...] | None = None
    targets: Any = None
    loss_fn: Callable[..., Any] | None = None
    activations: Mapping[str, Tensor] = field(default_factory=dict)
    inputs: Mapping[str, Tensor] = field(default_factory=dict)
    memory: dict[str, Any] = field(default_factory=dict)
    scaler: Any = None
    max_norm: float | Tensor | None = None
    left_over: Tensor | None = None

    @property
    def can_evaluate(self) -> bool:
        """Whether the loss of this batch can be computed again."""
        return self.batch is not None and self.loss_fn is not None and self.targets is not None

    @property
    def trainable(self) -> list[str]:
        """Names of the parameters that require a gradient."""
        return [n for n, p in self.parameters.items() if p.requires_grad]

    @property
    def gradient_scale(self) -> Tensor | None:
        """By how much the gradients in place are too large: fused optimizers unscale inside their step."""
        scale = getattr(self.optimizer, "grad_scale", None)
        return scale if isinstance(scale, Tensor) else None

    def loss_at(self, weights: Mapping[str, Tensor] | None = None, rows: slice | None = None) -> Tensor:
        """The loss of the same batch at other weights (or at the present ones), with the same random numbers.

        Buffers are copies, random streams and attributes of modules are put back, hooks stay silent, and the
        module is called functionally, so the training sees nothing of it. Differentiable in ``weights``.
        Cost: a third of a gradient.

        Args:
            weights: By name, instead of the model's; the model's own, detached, where absent.
            rows: Which examples of the batch; all when None. Only for batches whose tensors share their
                first dimension. Each start has random numbers of its own, as examples do.

        Raises:
            RuntimeError: The batch, the loss function or the targets were not captured, the batch was written
                to since, or it cannot be cut.
        """
        batch = self.batch
        if batch is None or self.loss_fn is None or self.targets is None:
            raise RuntimeError("the batch of this step, or its loss function, was not captured")
        if batch.versions and batch.versions != _versions(batch.args, batch.kwargs):
            raise RuntimeError("the batch was written to in place, so its loss cannot be computed again")
        state = {n: p.detach() for n, p in self.parameters.items()}
        state |= {n: b.clone() for n, b in batch.buffers.items()}
        state |= dict(weights or {})
        args, kwargs, targets = self._cut(batch, rows)
        devices = {p.device for p in self.parameters.values()}
        stream = rows.start or 0 if rows is not None else 0
        with (
            untouched(self.model, self.loss_fn),
            as_it_was(batch.random, stream),
            precision(batch.autocast, devices),
            eager(),
        ):
            if self.model.training != batch.training:
                self.model.train(batch.training)
            outputs = functional_call(self.model, state, args, kwargs, tie_weights=True)
            loss: Tensor = self._loss_of(outputs, targets)
        return loss

    def loss_between(self, outputs: Any, targets: Any) -> Any:
        """What the loss function says to these outputs, without a gradient; it may write to what it is given.

        Random streams, attributes of modules and hooks are treated as in :meth:`loss_at`. The model does not
        run.
        """
        devices = {t.device for t in tensors([outputs, targets])}
        with (
            torch.no_grad(),
            untouched(self.model, self.loss_fn),
            as_it_was(random_state(devices)),
            precision({}, devices),
            eager(),
        ):
            return self._loss_of(outputs, targets)

    def _loss_of(self, outputs: Any, targets: Any) -> Any:
        if isinstance(self.loss_fn, nn.Module):
            state = {n: b.clone() for n, b in self.loss_fn.named_buffers()}
            return functional_call(self.loss_fn, state, (outputs, targets))
        assert self.loss_fn is not None
        return self.loss_fn(outputs, targets)

    def _cut(self, batch: Batch, rows: slice | None) -> tuple[tuple[Any, ...], dict[str, Any], Any]:
        if rows is None:
            return batch.args, dict(batch.kwargs), self.targets
        size = batch_size([batch.args, dict(batch.kwargs)])
        if size is None or batch_size(self.targets) not in (size, None):
            raise RuntimeError("the batch cannot be cut: inputs and targets differ in their first dimension")

        def cut(tensor: Tensor) -> Tensor:
            return tensor[rows] if tensor.ndim and tensor.shape[0] == size else tensor

        return mapped(batch.args, cut), mapped(dict(batch.kwargs), cut), mapped(self.targets, cut)

    def loss_and_gradient_at(
        self, weights: Mapping[str, Tensor] | None = None, rows: slice | None = None
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """:meth:`loss_at`, detached, and its gradient where parameters require one. Cost: one gradient.

        Raises:
            RuntimeError: As :meth:`loss_at`.
        """
        given = weights or {}
        at = {n: given.get(n, self.parameters[n]).detach().requires_grad_() for n in self.trainable}
        with torch.enable_grad():
            loss = self.loss_at({**given, **at}, rows)
            found = torch.autograd.grad(loss, list(at.values()), allow_unused=True)
        pairs = zip(at.items(), found, strict=True)
        return loss.detach(), {n: torch.zeros_like(w) if g is None else g for (n, w), g in pairs}

    def gradient_at(
        self, weights: Mapping[str, Tensor] | None = None, rows: slice | None = None
    ) -> dict[str, Tensor]:
        """The gradient of :meth:`loss_at` in every parameter that requires one. Cost: one gradient.

        Raises:
            RuntimeError: As :meth:`loss_at`.
        """
        return self.loss_and_gradient_at(weights, rows)[1]


def batch_size(value: Any) -> int | None:
    """First dimension of the first tensor found in nested arguments that has one, or None."""
    return next((t.shape[0] for t in tensors(value) if t.ndim), None)


def _versions(args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> tuple[int, ...]:
    # Tensors made in inference mode count no writes.
    return tuple(0 if t.is_inference() else t._version for t in tensors([args, dict(kwargs)]))
