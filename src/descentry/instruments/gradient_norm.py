"""How large the gradient is, in all and layer by layer.

## What it is

The Euclidean norm of the gradient that the optimizer is about to use: of all parameters together, and of
each parameter.

## How it is measured

    ‖g‖ = √(Σ gᵢ²)

Accumulated in float32 at least, whatever the precision of the gradient. Sparse gradients count each index
once. Gradients that a fused optimizer has yet to unscale (AMP) are divided by their scale.

## Cost

One pass over the gradients, in a few fused kernels. Nothing is copied.

## How to read it

Together with its own history: a norm that grows tenfold within a few steps precedes many divergences, one
that falls to nothing while the loss is high is a flat region or vanishing gradients. Between layers, norms
that shrink by a steady factor from the output to the input are vanishing gradients, and norms that grow so
are exploding ones. A norm that is exactly the same at every step is a clipped one. NaN or infinity: a layer
overflowed, and the layer names say which.

## Limits

It is the gradient after clipping, where the training clips. It depends on how the model is parametrised: a
layer followed by a normalisation has gradients in inverse proportion to its weights. Compare it with the
weights in `update-ratio`.

## Sources

Bengio, Simard and Frasconi 1994; Glorot and Bengio 2010; Pascanu, Mikolov and Bengio 2013.
"""

from __future__ import annotations

from descentry.instruments._entry import Cost, Instrument, Reading
from descentry.instruments._probe import Probe
from descentry.instruments._tensors import norms, together


def measure(probe: Probe) -> list[Reading]:
    """The norm of all gradients under the empty name, then that of each; nothing where there are none."""
    if not probe.gradients:
        return []
    found = norms(probe.gradients)
    scale = probe.gradient_scale
    if scale is not None:
        found = {n: v / scale.to(v.device, non_blocking=True) for n, v in found.items()}
    return [Reading("", together(list(found.values()))), *(Reading(n, v) for n, v in found.items())]


INSTRUMENT = Instrument(
    id="gradient-norm",
    title="norm of the gradient, in all and per layer",
    unit="gradient",
    cost=Cost(passes=1),
    moment="before",
    needs=frozenset({"gradients"}),
    how_often="sampled",
    measure=measure,
)
