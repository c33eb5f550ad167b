"""What the instruments need of one step, taken while the model runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Self

import torch
from torch import Tensor, nn

from descentry.instruments._graph import parameters_behind
from descentry.instruments._last_operation import last_operation
from descentry.instruments._probe import Batch, Probe
from descentry.instruments._undisturbed import tensors
from descentry.web.flight._level import Problem


class Capture:
    """Hooks on a model while it runs once; use it in a ``with`` block around the call."""

    def __init__(self, model: nn.Module) -> None:
        self._model = model
        self._batch: Batch | None = None
        self._activations: dict[str, Tensor] = {}
        self._inputs: dict[str, Tensor] = {}
        self._handles: list[Any] = []

    def __enter__(self) -> Self:
        leaves = [(n, m) for n, m in self._model.named_modules() if not [*m.children()]]
        self._handles = [m.register_forward_hook(self._ran(n)) for n, m in leaves]
        self._handles.append(self._model.register_forward_pre_hook(self._begins, with_kwargs=True))
        return self

    def __exit__(self, *_: object) -> None:
        for handle in self._handles:
            handle.remove()

    def _begins(self, module: nn.Module, args: Any, kwargs: Any) -> None:
        self._batch = Batch.of(module, args, kwargs)

    def _ran(self, name: str) -> Callable[..., None]:
        def ran(_: nn.Module, inputs: Any, outputs: Any) -> None:
            for place, value in ((self._inputs, inputs), (self._activations, outputs)):
                first = next(tensors(value), None)
                if first is not None:
                    place[name] = first.detach()

        return ran

    def probe(
        self,
        step: int,
        problem: Problem,
        optimizer: torch.optim.Optimizer,
        parameters: Mapping[str, nn.Parameter],
        loss: Tensor,
        outputs: Tensor,
        targets: Tensor,
    ) -> Probe:
        """The step, once its gradients are in place."""
        return Probe(
            step,
            problem.model,
            optimizer,
            dict(parameters),
            loss.detach(),
            {n: p.grad for n, p in parameters.items() if p.grad is not None},
            {n: p.detach().clone() for n, p in parameters.items()},
            self._batch,
            outputs.detach(),
            last_operation(outputs),
            parameters_behind(outputs),
            targets,
            problem.loss_fn,
            self._activations,
            self._inputs,
        )
