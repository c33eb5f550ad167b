"""Sharpness and gradient noise of the loss before training: what they say of rates."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from math import inf, nan
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.attention import SDPBackend, sdpa_kernel

from descentry.core.learning_rate import Terrain
from descentry.instruments._lanczos import lanczos
from descentry.instruments._stepping import rates, uniform
from descentry.instruments._tensors import flat, split, values

PRODUCTS = 8  # four power iterations are wrong by up to a factor of ten; see docs/find-lr.md
BATCHES = 5
COST = 2 * PRODUCTS + 1 + BATCHES  # gradients


def terrain(
    model: nn.Module, optimizer: Any, batches: Sequence[Any], compute_loss: Callable[[Any, Any], Tensor]
) -> Terrain:
    """Measures both, by 8 Lanczos products on the first batch and the gradients of five batches.

    Buffers and random streams are not what they were after it. Sharpness is NaN where the loss cannot be
    differentiated twice. The edge is known for plain gradient descent and momentum: 2 over the sharpness in
    units of the optimizer's steps (Cohen et al. 2021); before its first step an adaptive one has none yet.
    """
    weights = [p for group in optimizer.param_groups for p in group["params"] if p.requires_grad]
    sharpness = _sharpness(weights, lambda: compute_loss(model, batches[0]))
    return Terrain(
        sharpness, _edge(optimizer, weights, sharpness), _noise(weights, model, batches, compute_loss)
    )


def _sharpness(weights: list[Tensor], loss: Callable[[], Tensor]) -> float:
    plain = (
        torch.backends.cudnn.flags(enabled=False) if torch.cuda.is_available() else contextlib.nullcontext()
    )
    if any(w.is_complex() for w in weights):
        return nan
    try:
        with sdpa_kernel(SDPBackend.MATH), plain, torch.enable_grad():
            gradients = torch.autograd.grad(loss(), weights, create_graph=True, allow_unused=True)
            inside = [
                (w, g) for w, g in zip(weights, gradients, strict=True) if g is not None and g.requires_grad
            ]
            if not inside:
                return 0.0
            moved = [w for w, _ in inside]

            def product(vector: Tensor) -> Tensor:
                parts = torch.autograd.grad(
                    [g for _, g in inside],
                    moved,
                    split(vector, moved),
                    retain_graph=True,
                    allow_unused=True,
                )
                pairs = zip(moved, parts, strict=True)
                return flat([torch.zeros_like(w) if p is None else p for w, p in pairs])

            size = flat([w.detach() for w in moved])
            start = torch.randn(size.shape, generator=torch.Generator().manual_seed(0)).to(size)
            return float(lanczos(product, start, PRODUCTS).values[-1])
    except RuntimeError:
        return nan


def _edge(optimizer: Any, weights: list[Tensor], sharpness: float) -> float | None:
    known = rates(optimizer, {str(i): w for i, w in enumerate(weights)})
    rate = None if known is None else uniform(known)
    if rate is None or not sharpness > 0:
        return None
    base = float(optimizer.param_groups[0]["lr"])
    return 2 * base / (rate * sharpness) if rate > 0 else None


def _noise(
    weights: list[Tensor],
    model: nn.Module,
    batches: Sequence[Any],
    compute_loss: Callable[[Any, Any], Tensor],
) -> float:
    """Unbiased |noise|² of a batch over |signal|² (McCandlish et al. 2018, appendix A); NaN for one batch."""
    count = min(BATCHES, len(batches))
    if count < 2:
        return nan
    total: list[Tensor] | None = None
    squares = 0.0
    for batch in batches[:count]:
        with torch.enable_grad():
            found = torch.autograd.grad(compute_loss(model, batch), weights, allow_unused=True)
        dense = [
            values((torch.zeros_like(w) if g is None else g).to_dense()).double()
            for w, g in zip(weights, found, strict=True)
        ]
        squares += sum(float(g.square().sum()) for g in dense)
        total = dense if total is None else [a + b for a, b in zip(total, dense, strict=True)]
    assert total is not None
    together = sum(float(t.square().sum()) for t in total)
    signal = (together - squares) / (count * (count - 1))
    noise = (squares - together / count) / (count - 1)
    return noise / signal if signal > 0 else inf
