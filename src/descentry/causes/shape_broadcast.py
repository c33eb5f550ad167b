"""Outputs and targets differ in shape, and every target is compared with every output.

## What it is

PyTorch stretches tensors whose shapes differ until they fit. Outputs (n, 1) beside targets (n,) become n ×
n differences: each output is compared with the targets of all examples.

## How it shows

The loss falls to the variance of the targets and stays there. The model ends up predicting the mean for
every example, and everything about the run looks orderly.

## Why it happens

The best answer to the targets of all examples at once is their mean. The last layer of a regression gives
(n, 1), while targets read from a table are (n,).

## How to tell it apart

*Data without signal* and a model *too small* end at the same level with equal shapes. With a *mismatched
loss* the shapes fit and the meaning does not. *Unscaled targets* have a far larger loss.

## What to do

Give both one shape: `outputs.squeeze(1)` or `targets.unsqueeze(1)`. Do not silence the warning that
`mse_loss` prints about it.

## When it is fine

Where one target is meant for several outputs (ensembles, samples, several crops of one image), or one
number for all.

## Limits

Differences written by hand are heard where targets are subtracted from outputs.

## Sources

PyTorch documentation, *Broadcasting semantics*, and the warning of `mse_loss`.
"""

from __future__ import annotations

from descentry.causes import _signs_curve as curve
from descentry.causes import _signs_outputs as outputs
from descentry.causes import _signs_wiring as wiring
from descentry.causes._cases import descend, noisy, run
from descentry.causes._entry import Case, Cause, Clue

CAUSE = Cause(
    id="shape-broadcast",
    title="targets are broadcast against the outputs",
    concern="failing",
    clues=(
        Clue(outputs.BROADCAST, (-4.5, 3.0, 7.5)),
        Clue(outputs.VARYING, (0.3, 0.5, 0.5, -0.1)),
        Clue(outputs.CLASS_INDICES, (0.0, -0.3, -0.5)),
        Clue(curve.FALL, (0.1, 0.4, 0.4, 0.2, -0.2, -0.6)),
        Clue(curve.NON_FINITE, (0.1, -0.7)),
        Clue(curve.DIVERGENCE, (0.1, -0.7)),
        Clue(wiring.CAN_LEARN, (-1.5, -0.5, 0.0, 0.0, 0.1)),
    ),
    remedies=("match-shapes",),
    neighbours=("capacity-or-data", "loss-mismatch", "target-scaling", "loss-reduction"),
    seen_in=(
        Case(
            "outputs (64, 1), targets (64,)",
            lambda: run(
                descend(300, start=1.4, floor=1.0),
                {"output-check/broadcast": 64.0, "examples/varying": 0.02, "wiring/can-learn": 1.0},
            ),
        ),
        Case(
            "large batches that fall far first",
            lambda: run(
                descend(300, start=300.0, floor=25.0), {"output-check/broadcast": 256.0}, optimizer="Adam"
            ),
        ),
    ),
    quiet_on=(
        Case(
            "data without a signal, in equal shapes",
            lambda: run(
                descend(300, start=1.4, floor=1.0),
                {
                    "output-check/broadcast": 0.0,
                    "examples/varying": 0.05,
                    "output-check/loss-over-guess": 1.0,
                },
            ),
        ),
        Case(
            "a squared error on class numbers",
            lambda: run(
                descend(300, start=28.0, floor=4.0),
                {"output-check/broadcast": 0.0, "output-check/class-indices": 10.0},
            ),
        ),
        Case("a noisy fall", lambda: run(noisy(400), {"output-check/broadcast": 0.0})),
        Case("a log without measurements", lambda: run(descend(300, start=1.4, floor=1.0))),
    ),
)
