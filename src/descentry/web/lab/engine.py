"""Gradient descent for a table of runs at once: each row has its own learning rate, and all step together.

The steps are those of ``torch.optim``, to rounding: a script that trains one of the rows alone gets the
same losses, and the tests hold every scene to that.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from descentry.core.data import Floats
from descentry.web.lab.optimizers import Optimizer
from descentry.web.lab.problems import Network, Problem, Tilted

FIRST = 0.02  # seconds to the first picture, so that it is seen within 100 ms of moving a slider
THEN = 0.1  # and between those that follow
LARGEST_HESSIAN = 400  # parameters; the exact Hessian takes d² numbers


@dataclass(frozen=True)
class Descent:
    """What happened in ``k`` runs of ``n`` steps.

    Attributes:
        rates: float64[k].
        loss: float64[n, k]: the loss of every step's batch, before the update; NaN and infinities stay.
        path: float64[n + 1, k, d] where all paths were kept, else [n + 1, 1, d] of the row asked for.
        kept: The row whose path was kept; None where all were.
        end: float64[k, d].
        whole: Whether it ran to its end; a picture taken on the way is cut after ``n`` steps.
    """

    rates: Floats
    loss: Floats
    path: Floats
    kept: int | None
    end: Floats
    whole: bool


def descend(
    problem: Problem,
    optimizer: Optimizer,
    rates: Floats,
    steps: int,
    *,
    start: Tensor | None = None,
    keep: int | None = None,
    batches: Callable[[int], Tensor | None] | None = None,
    factor: Callable[[int], float] | None = None,
    check: Callable[[], None] = lambda: None,
) -> Iterator[Descent]:
    """Runs them all, yielding pictures on the way and the whole at the end.

    Costs ``steps`` gradients of ``k`` rows; some 0.3 ms each for tens of rows.

    Args:
        problem: What is descended.
        optimizer: How.
        rates: float64[k] learning rates, a row each.
        steps: How many updates.
        start: float64[d] or [k, d]; the problem's own when not given.
        keep: The row whose path is kept; all when not given, which takes ``steps · k · d`` numbers.
        batches: The examples of step ``t``; all of them when not given.
        factor: What the rates are multiplied by at step ``t``.
        check: Called at every step; raises to stop.
    """
    rate = torch.as_tensor(rates, dtype=torch.float64)[:, None]
    begin = problem.start if start is None else start
    at = begin.to(torch.float64).expand(len(rate), -1).clone().requires_grad_(True)
    stepper = getattr(torch.optim, optimizer.torch_name)([at], lr=1.0, **optimizer.options)
    loss = torch.empty(steps, len(rate), dtype=torch.float64)
    kept = slice(None) if keep is None else slice(keep, keep + 1)
    path = torch.empty(steps + 1, *at[kept].shape, dtype=torch.float64)
    path[0] = at[kept].detach()
    due = time.perf_counter() + FIRST
    for t in range(steps):
        check()
        losses = problem.losses(at, None if batches is None else batches(t))
        (at.grad,) = torch.autograd.grad(losses.sum(), at)
        before = at.detach().clone()
        stepper.step()
        with torch.no_grad():
            # Written as one sum, so that a row that has left all bounds stays there and disturbs no other.
            at.sub_(before).mul_(rate if factor is None else rate * factor(t)).add_(before)
        loss[t] = losses.detach()
        path[t + 1] = at[kept].detach()
        if time.perf_counter() > due and t + 1 < steps:
            yield _taken(rates, loss, path, keep, at, t + 1, whole=False)
            due = time.perf_counter() + THEN
    yield _taken(rates, loss, path, keep, at, steps, whole=True)


def _taken(
    rates: Floats, loss: Tensor, path: Tensor, keep: int | None, at: Tensor, steps: int, *, whole: bool
) -> Descent:
    return Descent(
        np.asarray(rates, dtype=np.float64),
        loss[:steps].numpy().copy(),
        path[: steps + 1].numpy().copy(),
        keep,
        at.detach().numpy().copy(),
        whole,
    )


def hessian(problem: Problem, at: Tensor, rows: Tensor | None = None) -> Tensor:
    """float64[d, d]: the exact Hessian of the loss at float64[d]; one gradient of a gradient of ``d`` rows.

    The point is repeated ``d`` times, and row i is asked for the gradient of its own i-th partial derivative.

    Raises:
        ValueError: There are more than ``LARGEST_HESSIAN`` parameters.
    """
    d = len(at)
    if d > LARGEST_HESSIAN:
        raise ValueError(f"{d} parameters are too many for an exact Hessian")
    table = at.detach().expand(d, d).clone().requires_grad_(True)
    (gradient,) = torch.autograd.grad(problem.losses(table, rows).sum(), table, create_graph=True)
    if gradient.grad_fn is None:  # a loss that is straight everywhere
        return torch.zeros(d, d, dtype=torch.float64)
    (found,) = torch.autograd.grad(gradient.diagonal().sum(), table, allow_unused=True)
    return torch.zeros(d, d, dtype=torch.float64) if found is None else found


def sharpness(problem: Problem, at: Tensor, rows: Tensor | None = None) -> float:
    """The largest eigenvalue of the Hessian; NaN where it is not finite."""
    found = hessian(problem, at, rows)
    if not bool(torch.isfinite(found).all()):
        return float("nan")
    return float(torch.linalg.eigvalsh((found + found.T) / 2)[-1])


def gradients(problem: Problem, points: Floats, rows: Tensor | None = None) -> Floats:
    """float64[m, d]: the gradient at each of float64[m, d] points."""
    table = torch.as_tensor(points, dtype=torch.float64).clone().requires_grad_(True)
    (found,) = torch.autograd.grad(problem.losses(table, rows).sum(), table)
    return np.asarray(found.numpy(), dtype=np.float64)


def example_gradients(problem: Network | Tilted, at: Tensor) -> Floats:
    """float64[n, d]: the gradient of every example at float64[d], as ``n`` runs with a batch of one each."""
    n = len(problem.x)
    table = at.detach().expand(n, -1).clone().requires_grad_(True)
    (found,) = torch.autograd.grad(problem.losses(table, torch.arange(n)[:, None]).sum(), table)
    return np.asarray(found.numpy(), dtype=np.float64)


def losses_at(problem: Problem, points: Floats, rows: Tensor | None = None) -> Floats:
    """float64[m]: the loss at each of float64[m, d] points, some hundred at a time."""
    with torch.no_grad():
        parts = [
            problem.losses(part, rows)
            for part in torch.split(torch.as_tensor(points, dtype=torch.float64), 512)
        ]
    return np.asarray(torch.cat(parts).numpy(), dtype=np.float64)
