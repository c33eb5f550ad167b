"""Many constant rates at once: copies of one model, stacked, each with its own rate and seed."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.func import functional_call, stack_module_state, vmap

from benchmarks._control_tasks import Task

MOMENTUM = 0.9
BETAS, EPS = (0.9, 0.999), 1e-8


def final_losses(
    task: Task,
    optimizer: str,
    rates: Sequence[float],
    seeds: Sequence[int],
    steps: int,
    *,
    decay: bool = False,
) -> tuple[Tensor, Tensor]:
    """Training and held-out losses at the end, each float64[rates, seeds]; infinite where not finite.

    What SGD with momentum 0.9, or Adam, of PyTorch comes to with these rates, up to rounding: constant, or
    with ``decay`` falling linearly to zero.
    """
    data = task.data()
    pairs = [(rate, seed) for rate in rates for seed in seeds]
    made = [task.model(seed) for _, seed in pairs]
    base = made[0]
    weights, buffers = stack_module_state(made)
    weights = {k: v.detach().requires_grad_() for k, v in weights.items()}
    column = torch.tensor([rate for rate, _ in pairs])

    def call(w: dict[str, Tensor], b: dict[str, Tensor], x: Tensor, y: Tensor) -> Tensor:
        return task.loss(functional_call(base, (w, b), (x,)), y)

    each = vmap(call, randomness="error")
    shared = vmap(call, in_dims=(0, 0, None, None))
    rows = torch.stack([task.rows(seed, steps) for seed in seeds], 1)
    rows = rows.repeat(1, len(rates), 1)
    first = {k: torch.zeros_like(v) for k, v in weights.items()}
    second = {k: torch.zeros_like(v) for k, v in weights.items()}
    for t, row in enumerate(rows, 1):
        losses = each(weights, buffers, data.x[row], data.y[row])
        gradients = torch.autograd.grad(losses.sum(), list(weights.values()))
        with torch.no_grad():
            for (k, w), g in zip(weights.items(), gradients, strict=True):
                rate = column.view(-1, *[1] * (w.ndim - 1)) * ((1 - (t - 1) / steps) if decay else 1)
                if task.decay:
                    g = g + task.decay * w
                if optimizer == "sgd":
                    first[k].mul_(MOMENTUM).add_(g)
                    w -= rate * first[k]
                else:
                    first[k].lerp_(g, 1 - BETAS[0])
                    second[k].mul_(BETAS[1]).addcmul_(g, g, value=1 - BETAS[1])
                    root = (second[k] / (1 - BETAS[1] ** t)).sqrt_().add_(EPS)
                    w -= rate / (1 - BETAS[0] ** t) * first[k] / root
    with torch.no_grad():
        found = []
        for x, y in (ends(task), (data.held_x, data.held_y)):
            value = shared(weights, buffers, x, y).double().view(len(rates), len(seeds))
            found.append(torch.where(value.isfinite(), value, torch.inf))
    return found[0], found[1]


def ends(task: Task) -> tuple[Tensor, Tensor]:
    """What the training loss is evaluated on: all of the data, or 300 examples of it."""
    data = task.data()
    if len(data.held_x) == 1:  # a function: its value without noise
        return data.held_x, data.held_y
    return data.x[:300], data.y[:300]
