"""The loss of the same batch after the step: did the step help the very batch it was computed on?

## What it is

The loss of the batch at the new weights, and the decrease that the step brought beside the decrease that
the gradient promised. A step that raises the loss of its own batch has overshot.

## How it is measured

The batch is evaluated at the weights before and after the step, with the same dropout masks and buffers; g
is its gradient before the step, and Δw the step.

    decrease = L(w) − L(w + Δw)
    promised = −gᵀΔw
    ratio    = decrease / promised

On a quadratic with curvature λ along the step, plain gradient descent has the ratio 1 − ηλ/2: 1 for tiny
steps, ½ for the step that goes straight to the minimum, 0 for one that lands as high as it started, below 0
for overshooting. The error given is that of rounding: the two losses are told apart to a few units in their
last place only.

## Cost

A gradient and a forward pass, and a copy of the weights.

## How to read it

Ratios between ½ and 1 are steps that could be longer, as far as this batch goes. Around 0 and below, step
after step: the learning rate is at the edge of stability or beyond it. It is common and often harmless for
single steps, and for large rates early in the training.

## Limits

The ratio is not examined where the step goes uphill for this batch (momentum carries it, or the batch is
noisy): the promised decrease is not positive. Where gradients are accumulated, the batch is the last of
several. It concerns the loss as the loss function gives it; a penalty added elsewhere, and weight decay,
are not in it.

## Sources

The ratio of actual to predicted reduction: Conn, Gould and Toint 2000, *Trust-Region Methods*. Edge of
stability: Cohen et al. 2021.
"""

from __future__ import annotations

import torch

from descentry.instruments._entry import Cost, Instrument, Reading
from descentry.instruments._probe import Probe
from descentry.instruments._tensors import dot, gathered

ROUNDING = 4.0  # units in the last place by which a mean over a batch may be off


def measure(probe: Probe) -> list[Reading]:
    """The loss after the step under the empty name, the decrease, the one promised, and their ratio.

    Raises:
        RuntimeError: The loss of the batch cannot be computed again.
    """
    names = [n for n in probe.trainable if n in probe.before]
    if not probe.can_evaluate or not names:
        return []
    with torch.no_grad():
        after = probe.loss_at().detach().float()
    loss, gradient = probe.loss_and_gradient_at(probe.before)
    loss = loss.float()
    terms = [dot(gradient[n], probe.parameters[n].detach() - probe.before[n]) for n in names]
    promised = -gathered(terms).sum().to(loss.device)
    decrease = loss - after
    rounding = ROUNDING * torch.finfo(loss.dtype).eps * loss.abs()
    downhill = promised > 0
    return [
        Reading("", after, unit="loss"),
        Reading("decrease", decrease, rounding, unit="loss"),
        Reading("promised", promised, unit="loss"),
        Reading(
            "ratio",
            torch.where(downhill, decrease / promised, torch.nan),
            torch.where(downhill, rounding / promised, torch.nan),
        ),
    ]


INSTRUMENT = Instrument(
    id="after-step",
    title="the loss of the same batch after the step, and the decrease beside the promised one",
    unit="fraction",
    cost=Cost(gradients=4 / 3, passes=2),
    moment="after",
    needs=frozenset({"batch", "weights-before"}),
    how_often="sampled",
    measure=measure,
    information=3.0,
)
