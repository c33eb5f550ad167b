"""Several arms in one computation: their weights lie on top of each other, their optimizers stay their own.

Loss and gradients of all arms come out of one call (``torch.func.vmap`` over stacked weights), and each arm's
own optimizer, a copy of the user's, then steps on its slice. What draws random numbers draws the same for
every arm, as it does for arms that run in turn from one seed. The first steps are also made in turn: unless
both agree, the arms run in turn.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.func import functional_call, grad_and_value, vmap

from descentry.instruments._undisturbed import eager
from descentry.trials._fork import Fork
from descentry.trials._training import Training, train

CHECKED = 2  # steps that are made both ways
NEAR = 1e-3  # relative: sums in another order, over a few steps
_HOOKS = ("_optimizer_step_pre_hooks", "_optimizer_step_post_hooks")
FAINT = 1e-3  # losses below it are compared as if they were this large


class NotStackable(Exception):  # noqa: N818 - it is an answer, not an error
    """These arms cannot be computed together; its text says why."""


class _Call(nn.Module):
    """Lets a loss that calls the model be called functionally."""

    def __init__(self, model: nn.Module, compute_loss: Callable[[Any, Any], Any]) -> None:
        super().__init__()
        self.model = model
        self._compute_loss = compute_loss

    def forward(self, batch: Any) -> Any:
        """The loss of a batch, without dimensions."""
        return self._compute_loss(self.model, batch).reshape(())


class Stack:
    """Arms whose losses are computed in the same way.

    Args:
        fork: The training.
        batches: What they train on, one batch a step.

    Raises:
        NotStackable: The model or the optimizer is not of the kind.
    """

    def __init__(self, fork: Fork, batches: Sequence[Any]) -> None:
        if fork.writes_buffers:
            raise NotStackable("the model writes to its buffers, as batch normalisation does")
        if isinstance(fork.optimizer, torch.optim.LBFGS):
            raise NotStackable("LBFGS evaluates the loss inside its step")
        self._batches = batches
        self._own: list[dict[str, nn.Parameter]] = []
        self._optimizers: list[Any] = []
        self._expected: list[tuple[list[float], dict[str, Tensor]]] = []
        self._moving: set[str] = set()
        self._broken: set[int] = set()

    def add(self, training: Training) -> None:
        """Takes weights and optimizer of an arm that is about to begin, and makes its first steps in turn.

        Cost: two gradients.

        Raises:
            NotStackable: It is unlike the others, or its optimizer cannot be copied.
        """
        named = dict(training.model.named_parameters())
        own = {n: nn.Parameter(p.detach().clone(), requires_grad=p.requires_grad) for n, p in named.items()}
        memo: dict[int, Any] = {id(p): own[n] for n, p in named.items()}
        if not training.zero:
            raise NotStackable("gradients are added up over steps")
        if any(id(p) not in memo for g in training.optimizer.param_groups for p in g["params"]):
            raise NotStackable("the optimizer holds parameters that the model does not have")
        try:
            optimizer = copy.deepcopy(training.optimizer, memo)
            for hooks in _HOOKS:  # which optimizers leave out of their copies
                setattr(optimizer, hooks, copy.deepcopy(getattr(training.optimizer, hooks), memo))
        except Exception as error:
            raise NotStackable("the optimizer cannot be copied") from error
        try:
            losses = train(training, self._batches[:CHECKED])
        except Exception as error:
            raise NotStackable("one of them failed") from error
        moving = {n for n, p in named.items() if p.grad is not None}
        if self._own and moving != self._moving:
            raise NotStackable("not the same parameters learn in every arm")
        self._moving = moving
        self._expected.append((losses, {n: p.detach().clone() for n, p in named.items()}))
        self._own.append(own)
        self._optimizers.append(optimizer)

    def train(self, training: Training, after: Callable[[int], None]) -> list[list[float]]:
        """Makes the steps of every arm; the loss before each, by arm, up to where it is not finite.

        Args:
            training: One of the arms, in place: what all do to the computation of the loss.
            after: Called after each step, with the number of steps made.

        Raises:
            NotStackable: It fails, or gives other numbers than in turn.
        """
        call = _Call(training.model, training.compute_loss)
        weights = {n: torch.stack([own[n].detach() for own in self._own]) for n in self._own[0]}
        for place, own in enumerate(self._own):
            for name, parameter in own.items():
                parameter.data = weights[name][place]  # what an optimizer writes, all arms are computed with
        learn = {f"model.{n}": w for n, w in weights.items() if n in self._moving}
        rest = {f"model.{n}": w for n, w in weights.items() if n not in self._moving}
        if not learn:
            raise NotStackable("no parameter has a gradient")
        losses: list[list[float]] = [[] for _ in self._own]
        for step, batch in enumerate(self._batches):

            def loss_of(learn: Any, rest: Any, batch: Any = batch) -> Any:
                return functional_call(call, {**learn, **rest}, (batch,))

            try:
                with eager():
                    gradients, values = vmap(grad_and_value(loss_of), randomness="same")(learn, rest)
            except Exception as error:
                raise NotStackable(f"torch.func cannot compute this loss: {type(error).__name__}") from error
            self._steps(values.tolist(), gradients, losses)
            if step == min(CHECKED, len(self._batches)) - 1:
                self._check(losses)
            after(step + 1)
            if len(self._broken) == len(self._own):
                break
        return losses

    def _steps(self, values: list[float], gradients: dict[str, Tensor], losses: list[list[float]]) -> None:
        for place, (own, optimizer) in enumerate(zip(self._own, self._optimizers, strict=True)):
            if place in self._broken:
                continue
            losses[place].append(values[place])
            for name in self._moving:
                own[name].grad = gradients[f"model.{name}"][place]
            optimizer.step()
            if not math.isfinite(values[place]) and not all(
                bool(torch.isfinite(p).all()) for p in own.values()
            ):
                self._broken.add(place)

    def _check(self, losses: list[list[float]]) -> None:
        for found, own, (expected, weights) in zip(losses, self._own, self._expected, strict=True):
            if not np.allclose(found, expected[: len(found)], rtol=NEAR, atol=NEAR * FAINT, equal_nan=True):
                raise NotStackable("computed together, the losses are others than in turn")
            for name, then in weights.items():
                near = NEAR * float(then.abs().nan_to_num(0.0, 0.0).max()) if then.numel() else 0.0
                if not torch.allclose(own[name].detach(), then, rtol=NEAR, atol=near, equal_nan=True):
                    raise NotStackable("computed together, the weights are others than in turn")

    def unload(self, place: int, model: nn.Module) -> None:
        """Puts the weights of one arm into the model."""
        with torch.no_grad():
            for name, parameter in model.named_parameters():
                parameter.copy_(self._own[place][name])
