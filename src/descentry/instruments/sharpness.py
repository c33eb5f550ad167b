"""Sharpness: the largest eigenvalue of the Hessian, and how close the steps are to the edge of stability.

## What it is

The strongest curvature of this batch's loss at the present weights, λ; and `stability`, the product of
learning rate and sharpness, with momentum and preconditioning folded in so that the edge of stability is at
2.

## How it is measured

Lanczos: 10 Hessian-vector products, full reorthogonalisation, the tridiagonal matrix solved in float64. The
largest Ritz value θ is given with its residual ‖Hy − θy‖ as its error: an eigenvalue lies within it. After
the first reading the last Ritz vector, with some noise, is the start. `stability` is

| optimizer | |
|---|---|
| SGD | ηλ |
| SGD, momentum β | ηλ / (1 + β); Nesterov's: ηλ (1 + 2β) / (1 + β) |
| Adam, AdamW | η λ(P^-½ H P^-½) (1 − β₁) / (1 + β₁), P = √v̂ + ε; for β₁ = 0.9 the edge is at λ = 38/η |
| RMSprop, Adagrad | the same with their own P; RMSprop's momentum as SGD's |

and nothing for other optimizers. With a preconditioner, or several rates, the products are made with the
preconditioned Hessian, and the sharpness itself is then the largest Rayleigh quotient of H that they
contain: a lower bound, without an error.

## Cost

21 gradients, and memory for 10 copies of the weights (1 GiB at most) and the graph of one gradient. One
copy of the weights in half precision is kept for the next reading, where the model has no more than 16
million. The device is waited for once.

## How to read it

`stability` well below 2: the learning rate is limited by something else than curvature. Around 2: the edge
of stability, where full-batch training usually settles by itself, with a loss that falls in the long run
and not at every step. Well above 2 for many steps: the loss grows until the steps leave the sharp place, or
for good. With small batches, noise keeps the steps away from sharp places and `stability` below 2.

## Limits

A Ritz value is a lower bound on the sharpness of *this batch*; small batches are sharper than the full
data. Weight decay is not in it. The bias correction of Adam's first steps, and the step that is about to be
averaged into v̂, are not either. Not examined without the loss function, and for models spread over several
devices.

## Sources

Cohen, Kaur, Li, Kolter and Talwalkar 2021, *Gradient Descent on Neural Networks Typically Occurs at the
Edge of Stability*; Cohen et al. 2022, *Adaptive Gradient Methods at the Edge of Stability*. Lanczos:
Parlett 1980, *The Symmetric Eigenvalue Problem*. Hessian-vector products: Pearlmutter 1994.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from descentry.instruments._curvature import Product, hessian
from descentry.instruments._entry import Cost, Instrument, Reading
from descentry.instruments._lanczos import Ritz, lanczos
from descentry.instruments._probe import Probe
from descentry.instruments._stepping import Rate, rates, uniform
from descentry.instruments._tensors import flat

PRODUCTS = 10
KEPT = 1 << 24  # entries of the Ritz vector that starts the next reading
NOISE = 0.3  # of that vector's length, so that no direction is ever out of reach


def measure(probe: Probe) -> list[Reading]:
    """The sharpness under the empty name, and the stability where the optimizer's edge is known.

    Raises:
        RuntimeError: The loss of the batch cannot be computed again, or its curvature is not finite.
    """
    names = probe.trainable
    if not probe.can_evaluate or not names:
        return []
    known = rates(probe.optimizer, {n: probe.parameters[n] for n in names})
    with hessian(probe, names) as product:
        if known is None or (rate := uniform(known)) is not None:
            ritz = _largest(probe, product)
            top, error = float(ritz.values[-1]), float(ritz.residuals[-1])
            readings = [Reading("", top, error, "lower")]
            if known is not None and rate is not None:
                readings.append(Reading("stability", rate * top, rate * error, "lower", unit=""))
            return readings
        steps = _spread(probe, names, known)
        root = steps.sqrt()
        ritz = _largest(probe, lambda vector: root * product(root * vector))
    stability = Reading("stability", float(ritz.values[-1]), float(ritz.residuals[-1]), "lower", unit="")
    bound = _quotient(ritz, steps)
    return [stability] if bound is None else [Reading("", bound, bound="lower"), stability]


def _largest(probe: Probe, product: Product) -> Ritz:
    ritz = lanczos(product, _start(probe), PRODUCTS)
    vector = ritz.vector(-1)
    if vector is not None and len(vector) <= KEPT:
        probe.memory["vector"] = vector.to(torch.bfloat16)
    return ritz


def _start(probe: Probe) -> Tensor:
    like = [probe.parameters[n] for n in probe.trainable]
    vector = torch.zeros_like(flat(like))
    generator = torch.Generator(vector.device).manual_seed(0)
    vector.normal_(generator=generator)
    last = probe.memory.get("vector")
    if last is None or last.shape != vector.shape or last.device != vector.device:
        return vector
    noisy: Tensor = last.to(vector) + NOISE / vector.norm() * vector
    return noisy


def _spread(probe: Probe, names: Sequence[str], known: dict[str, Rate]) -> Tensor:
    parts = []
    for name in names:
        rate = known[name]
        like = probe.parameters[name].detach()
        parts.append(rate if isinstance(rate, Tensor) else torch.full_like(like, rate))
    return flat(parts)


def _quotient(ritz: Ritz, steps: Tensor) -> float | None:
    """The largest Rayleigh quotient of the Hessian itself among the Ritz vectors of the other one."""
    if ritz.basis is None:
        return None
    gram = ((ritz.basis * steps) @ ritz.basis.T).double().cpu().numpy()
    lengths = np.einsum("ij,ik,kj->j", ritz.coefficients, gram, ritz.coefficients)
    return float((ritz.values[lengths > 0] / lengths[lengths > 0]).max(initial=-np.inf))


INSTRUMENT = Instrument(
    id="sharpness",
    title="largest Hessian eigenvalue, and how close the steps are to the edge of stability",
    unit="curvature",
    cost=Cost(gradients=21, passes=100),
    moment="before",
    needs=frozenset({"batch"}),
    how_often="sampled",
    measure=measure,
    information=4.0,
    exempt={"waiting": "the small eigenproblem is solved on the CPU, once a reading"},
)
