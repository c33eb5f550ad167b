"""How an optimizer turns a gradient into a step, and at which curvature that stops being stable.

On a quadratic, gradient descent is stable while the learning rate times the curvature stays below 2.
Momentum and preconditioning move that edge. Here they are folded into the rate, so that the edge is 2 for
every optimizer that is known:

- heavy-ball momentum β: rate η/(1+β), or η(1+2β)/(1+β) in Nesterov's form, each times 1−dampening (Cohen et
  al. 2021, appendix B)
- an averaged gradient, as in Adam: rate η(1−β₁)/(1+β₁), divided entry by entry by √v̂ + ε (Cohen et al.
  2022)
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

Rate = float | Tensor
_KNOWN = (torch.optim.SGD, torch.optim.Adam, torch.optim.AdamW, torch.optim.RMSprop, torch.optim.Adagrad)


def rates(optimizer: torch.optim.Optimizer, parameters: Mapping[str, Tensor]) -> dict[str, Rate] | None:
    """For each parameter a number, or a tensor of its shape; 0 where the optimizer does not move it.

    None where the optimizer is of a kind whose edge is not known, climbs, or has made no step yet that would
    tell its preconditioner.
    """
    if not isinstance(optimizer, _KNOWN) or any(g.get("maximize") for g in optimizer.param_groups):
        return None
    names = {id(p): n for n, p in parameters.items()}
    found: dict[str, Rate] = dict.fromkeys(parameters, 0.0)
    waiting = 0
    for group in optimizer.param_groups:
        for parameter in group["params"]:
            name, lr = names.get(id(parameter)), float(group["lr"])
            if name is None or lr == 0:
                continue
            rate = _rate(optimizer, group, optimizer.state.get(parameter, {}))
            if rate is None:
                waiting += 1
            else:
                found[name] = lr * rate
    nothing_known = all(isinstance(r, float) and r == 0 for r in found.values())
    return None if waiting and nothing_known else found


def _rate(
    optimizer: torch.optim.Optimizer, group: Mapping[str, Any], state: Mapping[str, Any]
) -> Rate | None:
    """For a learning rate of 1; None before the first step of a parameter that is preconditioned."""
    if isinstance(optimizer, torch.optim.SGD):
        return _heavy_ball(group)
    if isinstance(optimizer, torch.optim.RMSprop):
        return _rmsprop(group, state)
    if isinstance(optimizer, torch.optim.Adagrad):
        return _adagrad(group, state)
    return _adam(group, state)


def _heavy_ball(group: Mapping[str, Any]) -> float:
    beta = float(group["momentum"])
    if beta == 0:
        return 1.0
    if group["nesterov"]:
        return (1 + 2 * beta) / (1 + beta)
    return (1 - float(group["dampening"])) / (1 + beta)


def _adam(group: Mapping[str, Any], state: Mapping[str, Any]) -> Tensor | None:
    square: Tensor | None = state.get("max_exp_avg_sq" if group.get("amsgrad") else "exp_avg_sq")
    if square is None:
        return None
    first, second = (float(b) for b in group["betas"])
    corrected = square.detach() / (1 - second ** state["step"])
    return _over(corrected, group, (1 - first) / (1 + first))


def _rmsprop(group: Mapping[str, Any], state: Mapping[str, Any]) -> Tensor | None:
    if "square_avg" not in state:
        return None
    square = state["square_avg"].detach()
    if group["centered"]:
        square = (square - state["grad_avg"].detach().square()).clamp_min(0)
    return _over(square, group, 1 / (1 + float(group["momentum"])))


def _adagrad(group: Mapping[str, Any], state: Mapping[str, Any]) -> Tensor | None:
    steps = float(state.get("step", 0))
    if steps == 0:
        return None
    return _over(state["sum"].detach(), group, 1 / (1 + (steps - 1) * float(group["lr_decay"])))


def _over(square: Tensor, group: Mapping[str, Any], factor: float) -> Tensor:
    return factor / (square.sqrt() + float(group["eps"]))


def uniform(found: Mapping[str, Rate]) -> float | None:
    """The one rate of all parameters, or None where they differ."""
    numbers = [r for r in found.values() if isinstance(r, float)]
    if len(numbers) < len(found) or not all(math.isclose(r, numbers[0]) for r in numbers):
        return None
    return numbers[0]
