"""Small trainings with one instrument laid on: each step is captured as a watch captures it, and measured."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from descentry.instruments._entry import Instrument, Reading
from descentry.instruments._graph import parameters_behind
from descentry.instruments._probe import Batch, Probe
from descentry.instruments._undisturbed import mapped, tensors

# The models are tiny, and the tests run beside each other: threads would only wait for one another.
torch.set_num_threads(1)


@dataclass
class Training:
    """A model with everything it takes to train it.

    Attributes:
        model: The model.
        optimizer: Its optimizer.
        loss_fn: ``loss_fn(outputs, targets)``.
        args: What the model is called with.
        targets: What the loss function is given beside the outputs.
        context: Entered around forward pass and loss (autocast).
        closure: Whether the optimizer is given a closure.
        scaler: A ``GradScaler``.
        zero: Whether gradients are set to zero before the backward pass.
        change: Called with the model after the backward pass, before the step (clipping).
    """

    model: nn.Module
    optimizer: torch.optim.Optimizer
    loss_fn: Callable[..., Any]
    args: tuple[Any, ...]
    targets: Any
    context: Callable[[], Any] | None = None
    closure: bool = False
    scaler: Any = None
    zero: bool = True
    change: Callable[[nn.Module], Any] | None = None
    steps: int = 0
    captured: dict[str, Any] = field(default_factory=dict)

    def step(
        self, instrument: Instrument | None = None, memory: dict[str, Any] | None = None
    ) -> list[Reading]:
        """One update; what the instrument read at it."""
        hooks = self._hooks() if instrument is not None else []
        loss = self._gradients()
        for hook in hooks:
            hook.remove()
        readings = []
        if instrument is not None:
            probe = self.probe(loss, memory)
            if instrument.moment == "before":
                readings += instrument.measure(probe)
        self._update()
        if instrument is not None and instrument.moment == "after":
            readings += instrument.measure(probe)
        self.steps += 1
        self.captured.clear()
        return readings

    def probe(self, loss: Tensor, memory: dict[str, Any] | None = None) -> Probe:
        """Everything that any instrument may need, as it is before the update."""
        parameters = {n: p for n, p in self.model.named_parameters() if p.is_floating_point()}
        return Probe(
            self.steps,
            self.model,
            self.optimizer,
            parameters,
            loss=loss.detach(),
            gradients={n: p.grad for n, p in self.model.named_parameters() if p.grad is not None},
            before={n: p.detach().clone() for n, p in parameters.items()},
            batch=self.captured.get("batch"),
            outputs=self.captured.get("outputs"),
            behind=self.captured.get("behind"),
            targets=mapped(self.targets, Tensor.detach),
            loss_fn=self.loss_fn,
            activations=dict(self.captured.get("activations", {})),
            inputs=dict(self.captured.get("inputs", {})),
            memory={} if memory is None else memory,
            scaler=self.scaler,
        )

    def _gradients(self) -> Tensor:
        if self.zero:
            self.optimizer.zero_grad()
        if self.context is None:
            loss = self.loss_fn(self.model(*self.args), self.targets)
        else:
            with self.context():
                loss = self.loss_fn(self.model(*self.args), self.targets)
        (loss if self.scaler is None else self.scaler.scale(loss)).backward()
        if self.scaler is not None:
            self.scaler.unscale_(self.optimizer)
        if self.change is not None:
            self.change(self.model)
        return loss

    def _update(self) -> None:
        if self.scaler is not None:
            self.scaler.step(self.optimizer)
            self.scaler.update()
        elif self.closure:
            self.optimizer.step(self._gradients)
        else:
            self.optimizer.step()

    def _hooks(self) -> list[Any]:
        found = self.captured
        found.update(activations={}, inputs={})

        def begins(module: nn.Module, args: Any, kwargs: Any) -> None:
            found["batch"] = Batch.of(module, args, kwargs)

        def ends(_: nn.Module, __: Any, outputs: Any) -> None:
            found["outputs"] = mapped(outputs, Tensor.detach)
            found["behind"] = parameters_behind(outputs)

        def leaf(name: str) -> Callable[..., None]:
            def ran(_: nn.Module, inputs: Any, outputs: Any) -> None:
                for kind, value in (("inputs", inputs), ("activations", outputs)):
                    first = next(tensors(value), None)
                    if first is not None:
                        found[kind][name] = first.detach()

            return ran

        hooks = [
            self.model.register_forward_pre_hook(begins, with_kwargs=True),
            self.model.register_forward_hook(ends),
        ]
        leaves = [(n, m) for n, m in self.model.named_modules() if not [*m.children()]]
        return hooks + [m.register_forward_hook(leaf(n)) for n, m in leaves]


def measured(instrument: Instrument, training: Training, steps: int = 1) -> dict[str, Reading]:
    """What the instrument read at the last of some steps, by name."""
    memory: dict[str, Any] = {}
    readings: list[Reading] = []
    for _ in range(steps):
        readings = training.step(instrument, memory)
    return {r.name: r for r in readings}


def values(readings: dict[str, Reading]) -> dict[str, float]:
    """Plain numbers."""
    return {name: float(r.value) for name, r in readings.items()}


def state(training: Training) -> list[Any]:
    """Everything that a training consists of, to the bit: two trainings in equal states go on alike."""
    modules = [*training.model.modules()]
    name, keys, *position = np.random.get_state()  # noqa: NPY002 - the stream that a model may draw from
    found: list[Any] = [random.getstate(), name, keys.tobytes(), position]
    found.append(torch.get_rng_state().numpy().tobytes())
    found += [m.training for m in modules]
    found += [sorted(m.__dict__) for m in modules]
    found += [[len(h) for h in (m._forward_hooks, m._forward_pre_hooks)] for m in modules]
    found += [getattr(m, "calls", None) for m in modules]
    found += [_bits(t) for _, t in sorted(training.model.state_dict(keep_vars=True).items())]
    found += [_bits(p.grad) if p.grad is not None else None for p in training.model.parameters()]
    found += [p.requires_grad for p in training.model.parameters()]
    found += [_bits(t) for t in tensors([list(s.values()) for s in training.optimizer.state.values()])]
    found += [_bits(t) for t in tensors([training.args, training.targets])]
    return found


def _bits(tensor: Tensor) -> tuple[str, bytes]:
    tensor = tensor.detach()
    if tensor.layout == torch.sparse_coo:
        return "sparse", _bits(tensor._indices())[1] + _bits(tensor._values())[1]
    return str(tensor.dtype), tensor.contiguous().reshape(-1).view(torch.uint8).numpy().tobytes()
