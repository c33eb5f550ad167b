"""The loss of the batch, as the training computed it.

## What it is

The loss that the step started from: one number a step, at the weights before the update.

## How it is measured

L(w), taken from the training itself as it stands. Nothing is computed again.

## Cost

Nothing but keeping it. It stays on its device until the next flush.

## How to read it

It is noisy by the noise of the batches, so single values say little; the level and its slope over many
steps tell. The loss at the start has a natural size: log C for the cross-entropy of C classes, the variance
of the targets for the squared error. NaN or infinity means that the step was of no use, whatever follows.

## Limits

It is the loss of this batch and not of the data. Where gradients are accumulated over several batches it is
the loss that was handed over, and where it was divided or scaled before, so is this.

## Sources

None: it is read off.
"""

from __future__ import annotations

from descentry.instruments._entry import Cost, Instrument, Reading
from descentry.instruments._probe import Probe


def measure(probe: Probe) -> list[Reading]:
    """The loss; nothing where it is not known."""
    if probe.loss is None:
        return []
    loss = probe.loss.detach()
    return [Reading("", loss if loss.numel() == 1 else loss.float().mean())]


INSTRUMENT = Instrument(
    id="batch-loss",
    title="the loss of the batch, before the step",
    unit="loss",
    cost=Cost(),
    moment="before",
    needs=frozenset({"loss"}),
    how_often="every-step",
    measure=measure,
)
