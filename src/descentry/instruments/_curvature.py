"""Products of a vector with the Hessian of the loss of one batch."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence

import torch
from torch import Tensor, nn
from torch.nn.attention import SDPBackend, sdpa_kernel

from descentry.instruments._probe import Probe
from descentry.instruments._tensors import flat, split

Product = Callable[[Tensor], Tensor]


@contextlib.contextmanager
def hessian(probe: Probe, names: Sequence[str]) -> Iterator[Product]:
    """Multiplies vectors with the Hessian in these parameters, all in one vector.

    Exact, by differentiating the gradient, whose graph is kept until the end. Where an operation cannot be
    differentiated twice, by central differences of the gradient. Cost: one gradient, and two a product.

    Raises:
        RuntimeError: The loss of the batch cannot be computed again.
    """
    weights = {n: probe.parameters[n].detach().requires_grad_() for n in names}
    with _twice_differentiable(probe.model), torch.enable_grad():
        gradient = torch.autograd.grad(
            probe.loss_at(weights), list(weights.values()), create_graph=True, allow_unused=True
        )
        inside = [(n, g) for n, g in zip(names, gradient, strict=True) if g is not None and g.requires_grad]
        exact = all(g.layout == torch.strided for _, g in inside)
        differences = _differences(probe, names)

        def product(vector: Tensor) -> Tensor:
            nonlocal exact
            if exact:
                try:
                    return _differentiated(inside, weights, vector)
                except torch.OutOfMemoryError:
                    raise
                except RuntimeError:
                    exact = False
                    inside.clear()  # frees the graph
            return differences(vector)

        try:
            yield product
        finally:
            inside.clear()


def _differentiated(
    inside: Sequence[tuple[str, Tensor]], weights: dict[str, Tensor], vector: Tensor
) -> Tensor:
    directions = dict(zip(weights, split(vector, list(weights.values())), strict=True))
    if not inside:
        return torch.zeros_like(vector)
    found = torch.autograd.grad(
        [g for _, g in inside],
        list(weights.values()),
        [directions[n] for n, _ in inside],
        retain_graph=True,
        allow_unused=True,
    )
    pairs = zip(weights.values(), found, strict=True)
    return flat([torch.zeros_like(w) if f is None else f for w, f in pairs])


def _differences(probe: Probe, names: Sequence[str]) -> Product:
    present = [probe.parameters[n].detach() for n in names]

    def product(vector: Tensor) -> Tensor:
        here = flat(present)
        # The cube root of the precision balances rounding against the third derivative.
        length = vector.norm().clamp_min(torch.finfo(vector.dtype).tiny)
        reach = torch.finfo(here.dtype).eps ** (1 / 3) * here.norm().clamp_min(1.0) / length
        sides = []
        for sign in (1.0, -1.0):
            moved = split(here + sign * reach * vector, present)
            found = probe.gradient_at(dict(zip(names, moved, strict=True)))
            sides.append(flat([found[n] for n in names]))
        difference: Tensor = (sides[0] - sides[1]) / (2 * reach)
        return difference

    return product


@contextlib.contextmanager
def _twice_differentiable(model: nn.Module) -> Iterator[None]:
    """Fused attention, and cuDNN's recurrent layers, have no second derivative; their plain forms have."""
    recurrent = any(isinstance(m, nn.RNNBase) for m in model.modules())
    plain = torch.backends.cudnn.flags(enabled=False) if recurrent else contextlib.nullcontext()
    with sdpa_kernel(SDPBackend.MATH), plain:
        yield
