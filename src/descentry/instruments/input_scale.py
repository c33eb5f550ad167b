r"""The scale of the features that the first layer is given: spread, offset and conditioning.

## What it is

How differently the input features are scaled, how far they lie from zero, and how much longer gradient
descent takes for it.

## How it is measured

Features are the inputs of the first layer with a weight matrix: the last dimension of a linear or recurrent
layer's, the channels of a convolution's, with all other dimensions as rows. Means, and the covariance
around them, run over the rows seen so far, in float64: up to 4,096 evenly spaced rows of a batch, until
there are 65,536; of more than 512 features, 512 evenly spaced ones. Features that do not vary are left out.

- `spread`: the largest standard deviation over the smallest.
- `offset`: the largest $\lvert\text{mean}\rvert / \text{standard deviation}$.
- `condition`: the largest eigenvalue of the covariance over the smallest that is not zero (above $d \cdot
  2^{-52}$ of the largest, $d$ features).
- `condition-standardised`: the same of the correlations, so what would be left after standardising each
  feature.
- `size`: the root mean square of all entries, those of constant features included.
- `features` and `rows`: what this rests on. The condition numbers need more than twice as many rows as
  features.

## Cost

One pass over a part of the input, a product of it with itself, and, whenever the rows have doubled, two
eigenvalue decompositions of 512 by 512 at most. 2 MiB are kept. On a GPU a decomposition waits for the
device.

## How to read it

Plain gradient descent on a linear model takes steps in proportion to the condition number. Where
`condition` is a thousand times `condition-standardised`, standardising the inputs makes it that much
faster; where both are large, the features repeat each other, which only decorrelating (or an optimizer with
momentum or second moments) helps. A `spread` above 100 or an `offset` above 10 is worth a standardisation
whatever the model. Images in [0, 1] have offsets of 1 to 3 and a harmless spread among channels. Initial
weights are made for a `size` of about 1: raw pixels, from 0 to 255, have one of about 100 and no spread to
speak of, and the first layer gives out a hundred times too much.

## Limits

The condition number of the covariance is that of the Hessian for linear regression with an intercept on
centred inputs; it is a lower bound on the trouble with uncentred ones, and only a hint for deep networks.
Sparse features that are rarely on have small standard deviations and make a large spread that is no
mistake. Where a normalisation comes first, the first layer is given normalised features. Estimated from few
rows, condition numbers come out too large.

## Sources

LeCun et al. 1998, *Efficient BackProp*, section 4.3; LeCun, Kanter and Solla 1991 on eigenvalues of the
input covariance.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.modules.conv import _ConvNd

from descentry.instruments._entry import Cost, Instrument, Reading
from descentry.instruments._probe import Probe

FEATURES = 512
ROWS_A_BATCH = 4_096
ROWS = 65_536
CONSTANT = 1e-7  # of the feature's size: what float32 leaves of a constant


def measure(probe: Probe) -> list[Reading]:
    """Spread, offset, size and conditioning; nothing without a first layer, or when the rows are many."""
    values = _first(probe)
    memory = probe.memory
    if values is None or memory.get("rows", 0) >= ROWS:
        return []
    _add(memory, values)
    rows = int(memory["rows"])
    if rows < 2:
        return []
    mean = memory["sum"] / rows
    covariance = memory["products"] / rows - torch.outer(mean, mean)
    std = covariance.diagonal().clamp_min(0).sqrt()
    mean = mean + memory["origin"]
    varies = std > CONSTANT * (mean.abs() + std)
    least = torch.where(varies, std, torch.inf).amin()
    # NaN inputs make all of it NaN: a feature that is not a number does not pass for a constant one.
    varies |= std.isnan()
    offsets = torch.where(varies, mean.abs() / std, 0.0)
    readings = [
        Reading("spread", torch.where(varies.any(), std.amax() / least, torch.nan), unit="ratio"),
        Reading("offset", torch.where(varies.any(), offsets.amax(), torch.nan), unit="ratio"),
        Reading("size", (covariance.diagonal() + mean.square()).mean().clamp_min(0).sqrt(), unit="input"),
        Reading("features", float(len(std)), unit="features"),
        Reading("rows", float(rows), unit="rows"),
    ]
    if rows > 2 * len(std) and rows >= 2 * memory.get("decomposed", 0):
        memory["decomposed"] = rows
        scale = torch.where(varies, 1 / std, 0.0)
        kept = varies.to(std.dtype)
        readings.append(Reading("condition", _condition(covariance * torch.outer(kept, kept)), unit="ratio"))
        correlation = covariance * torch.outer(scale, scale)
        readings.append(Reading("condition-standardised", _condition(correlation), unit="ratio"))
    return readings


def _first(probe: Probe) -> Tensor | None:
    """Rows by features of the first layer with a weight matrix, a bounded part of them."""
    modules = dict(probe.model.named_modules())
    for name, given in probe.inputs.items():
        module = modules.get(name)
        weight = getattr(module, "weight", None)
        matrix = isinstance(weight, Tensor) and weight.ndim > 1 and not isinstance(module, nn.LayerNorm)
        if (
            not (matrix or isinstance(module, nn.RNNBase))
            or not isinstance(given, Tensor)
            or not given.is_floating_point()
            or not given.numel()
        ):
            continue
        if given.layout != torch.strided or given.ndim < 2:
            return None
        values = given.detach()
        if isinstance(module, _ConvNd):
            channels = values.ndim - module.weight.ndim + 1  # an image without a batch has its channels first
            values = values.movedim(channels, -1)
        values = values.reshape(-1, values.shape[-1])
        across = values[:, :: -(-values.shape[1] // FEATURES)]
        return across[:: -(-len(across) // ROWS_A_BATCH)]
    return None


def _add(memory: dict[str, Any], values: Tensor) -> None:
    exact = values.double() if values.device.type != "mps" else values.cpu().double()
    if "sum" not in memory or memory["sum"].shape != exact.shape[1:] or memory["sum"].device != exact.device:
        memory.clear()
        # Sums around a point among the data, so that a large offset does not cancel the spread away.
        memory |= {"rows": 0, "origin": exact.mean(0), "sum": 0.0, "products": 0.0}
    exact = exact - memory["origin"]
    memory["rows"] += len(exact)
    memory["sum"] = memory["sum"] + exact.sum(0)
    memory["products"] = memory["products"] + exact.T @ exact


def _condition(matrix: Tensor) -> Tensor:
    finite = matrix.isfinite().all()
    values = torch.linalg.eigvalsh(torch.where(finite, matrix, 0.0))
    largest = values[-1]
    cutoff = largest * len(values) * torch.finfo(values.dtype).eps
    least = torch.where(values > cutoff, values, torch.inf).amin()
    return torch.where(finite & (largest > 0), largest / least, torch.nan)


INSTRUMENT = Instrument(
    id="input-scale",
    title="spread, offset, size and condition number of the features the first layer is given",
    unit="ratio",
    cost=Cost(gradients=0.1),
    moment="before",
    needs=frozenset({"activations"}),
    how_often="once",
    measure=measure,
    exempt={"waiting": "an eigenvalue decomposition waits; there are a few in a whole run"},
)
