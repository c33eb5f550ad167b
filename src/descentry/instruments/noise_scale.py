"""The gradient noise scale: how many examples it takes until the gradient says more than its noise.

## What it is

The trace of the covariance of single examples' gradients over the squared norm of the mean gradient: a
number of examples. At a batch of that size, half of the squared gradient is signal.

## How it is measured

The simple noise scale B = tr Σ / |G|², from m equal parts of the batch, b examples each, with gradients gᵢ
and their mean ḡ. Both parts of the ratio are estimated without bias:

    signal |G|² = Σ over i ≠ j of gᵢᵀgⱼ / (m (m − 1))
    noise  tr Σ = b · Σ |gᵢ − ḡ|² / (m − 1)

Standard errors are a jackknife over the parts. `signal` and `noise` are the two estimates. The ratio itself
is given only where the signal is told from zero by two standard errors; `at-least` is a lower bound on it,
which is always given.

## Cost

One gradient, a part at a time, and memory for the gradients of all parts: 8 of them, or as many as fit into
2 GiB.

## How to read it

Far above the batch size: the gradient is mostly noise; a larger batch, or a smaller learning rate, gives
steadier progress for each step. Far below it: the batch could be smaller for the same progress. It grows
while the loss falls, so large values late in a training are normal. The readings of single batches scatter:
average `signal` and `noise` over many readings first, and divide then.

## Limits

Assumes a loss that averages over independent examples, which are the rows of the first dimension; tokens of
one sequence are not independent. With batch normalisation the parts are normalised on their own, which adds
noise of its own. With a summed loss the ratio is the same, and `signal` and `noise` are those of a part.
Batches of one example cannot be cut, and parts hold two examples where the batch allows it; with two parts
there are no standard errors.

## Sources

McCandlish, Kaplan, Amodei et al. 2018, *An Empirical Model of Large-Batch Training*, section 2.2 and
appendix A. The jackknife: Efron 1982.
"""

from __future__ import annotations

import torch
from torch import Tensor

from descentry.instruments._entry import Cost, Instrument, Reading
from descentry.instruments._probe import Probe, batch_size
from descentry.instruments._tensors import flat

PARTS = 8
MEMORY = 2 << 30  # bytes
RESOLVED = 2.0  # standard errors by which the signal must differ from zero


def measure(probe: Probe) -> list[Reading]:
    """The noise scale, a lower bound on it, and its two parts; nothing for batches that cannot be cut.

    Raises:
        RuntimeError: Inputs and targets have different numbers of rows, or two gradients would not fit.
    """
    if not probe.can_evaluate or probe.batch is None or not probe.trainable:
        return []
    size = batch_size([probe.batch.args, dict(probe.batch.kwargs)])
    if size is None or size < 2:
        return []
    entries = sum(probe.parameters[n].numel() for n in probe.trainable)
    parts = min(PARTS, max(2, size // 2), MEMORY // (4 * max(1, entries)))
    if parts < 2:
        raise RuntimeError("two gradients of this model take more memory than the noise scale may have")
    products = _inner_products(probe, parts, size // parts)
    signal, noise = _estimates(products, size // parts)
    if parts < 3:
        error_signal = error_noise = error_ratio = None
        resolved, most = signal > 0, products.mean()
        least = noise / most
    else:
        parted = torch.stack([_estimates(_without(products, i), size // parts) for i in range(parts)])
        error_signal, error_noise = _jackknife(parted[:, 0]), _jackknife(parted[:, 1])
        error_ratio = _jackknife((parted[:, 1] - noise / signal * parted[:, 0]) / signal)
        resolved = signal > RESOLVED * error_signal
        most = signal.clamp_min(0) + RESOLVED * error_signal
        least = (noise - RESOLVED * error_noise).clamp_min(0) / most
        error_ratio = torch.where(resolved, error_ratio, torch.nan)
    return [
        Reading("", torch.where(resolved, noise / signal, torch.nan), error_ratio),
        Reading("at-least", least, bound="lower"),
        Reading("signal", signal, error_signal, unit="gradient²"),
        Reading("noise", noise, error_noise, unit="gradient² × examples"),
    ]


def _inner_products(probe: Probe, parts: int, rows: int) -> Tensor:
    """Of the gradients of the parts with each other; the rest of the division is left out."""
    gradients = None
    for i in range(parts):
        found = flat(list(probe.gradient_at(rows=slice(i * rows, (i + 1) * rows)).values()))
        if gradients is None:
            gradients = found.new_empty(parts, len(found))
        gradients[i] = found
    assert gradients is not None
    return gradients @ gradients.T


def _estimates(products: Tensor, rows: int) -> Tensor:
    """Unbiased |G|² and tr Σ, the latter for single examples."""
    parts = len(products)
    own, everything = products.diagonal().sum(), products.sum()
    signal = (everything - own) / (parts * (parts - 1))
    noise = rows / (parts - 1) * (own - everything / parts)
    return torch.stack([signal, noise])


def _without(products: Tensor, index: int) -> Tensor:
    keep = [i for i in range(len(products)) if i != index]
    return products[keep][:, keep]


def _jackknife(left_out: Tensor) -> Tensor:
    parts = len(left_out)
    return ((parts - 1) / parts * (left_out - left_out.mean()).square().sum()).sqrt()


INSTRUMENT = Instrument(
    id="noise-scale",
    title="gradient noise scale: the batch size at which signal and noise are equal",
    unit="examples",
    cost=Cost(gradients=1, passes=18),
    moment="before",
    needs=frozenset({"batch"}),
    how_often="sampled",
    measure=measure,
    information=2.0,
)
