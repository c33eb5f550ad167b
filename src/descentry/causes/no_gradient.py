"""A part of the model cannot learn: frozen, cut off from the loss, or not in the optimizer.

## What it is

A parameter is changed when it requires a gradient, gets one, and is held by the optimizer that steps. Where
one of the three is missing, it stays as it was initialised.

## How it shows

As a loss that does not move at all, when nothing can learn. When some layers still can, as a loss that
falls less far than it could: a model of the remaining layers on random features.

## Why it happens

`detach()`, `.data`, `.item()`, `.numpy()`, an `argmax` or a rounding cut the graph; so does
`torch.no_grad()` around too much. Layers in a plain list are not registered, so `parameters()` does not
list them. An optimizer made before the model was replaced, moved or extended holds the old parameters. A
call of `zero_grad()` between `backward()` and `step()` takes the gradient away; `backward()` may be missing
altogether.

## How to tell it apart

In a *flat region* and with *vanishing gradients* there is a gradient, if a small one. With *too low a rate*
all weights move a little. *Dead units* have gradients of exactly zero, and outputs of exactly zero. A run
that has *converged* fell before.

## What to do

Find where the gradient ends: after `backward()`, list the parameters whose `grad` is `None`. Keep tensors
in the graph up to the loss, put layers in `nn.ModuleList`, and make the optimizer last, from
`model.parameters()`.

## When it is fine

Freezing is how fine-tuning, adapters and linear probes are meant to work. Each part of a GAN is trained by
an optimizer of its own.

## Limits

Experts and branches that no measured batch used have no gradient either. What compiled code hides is not
found.

## Sources

PyTorch documentation, *Autograd mechanics*, and of `nn.ModuleList`; Yosinski et al. 2014 on frozen layers.
"""

from __future__ import annotations

from descentry.causes import _signs_curve as curve
from descentry.causes import _signs_gradients as gradients
from descentry.causes import _signs_layers as layers
from descentry.causes import _signs_outputs as outputs
from descentry.causes import _signs_wiring as wiring
from descentry.causes._cases import descend, noisy, run, white
from descentry.causes._entry import Case, Cause, Clue

WIRED = {
    "wiring/can-learn": 1.0,
    "wiring/out-of-reach": 0.0,
    "wiring/without-gradient": 0.0,
    "wiring/frozen": 0.0,
    "wiring/not-in-model": 0.0,
}

CAUSE = Cause(
    id="no-gradient",
    title="a part of the model cannot learn",
    concern="attention",
    worse=lambda facts: "failing" if wiring.nothing_can_learn(facts) else None,
    clues=(
        Clue(wiring.CAN_LEARN, (8.0, 4.2, 2.0, -1.0, -3.0)),
        Clue(wiring.OUT_OF_REACH, (-0.5, 2.0, 2.5)),
        Clue(wiring.WITHOUT_GRADIENT, (-0.5, 3.0)),
        Clue(wiring.FROZEN, (-0.2, 1.5)),
        Clue(wiring.STRANGERS, (-0.2, 2.0)),
        Clue(wiring.STILL, (-0.7, 1.0, 2.0, 3.0)),
        Clue(gradients.ZERO_GRADIENTS, (-0.2, 0.3, 0.7)),
        Clue(curve.STUCK, (-0.2, 0.6)),
        Clue(curve.FALL, (0.2, 0.8, 0.4, 0.0, -0.8, -1.2)),
        Clue(curve.DIVERGENCE, (0.1, -2.5)),
        Clue(curve.NON_FINITE, (0.1, -2.5)),
        Clue(layers.END_GUESS, (-1.5, -0.3, 0.6, 0.4, 0.3)),
        Clue(layers.DEAD, (0.1, 0.0, 0.0, -0.5, -1.0, -1.5)),
        Clue(outputs.MISFIT, (0.1, -2.5, 0.0, 0.0, -0.3, -0.3)),
    ),
    longer="More epochs do not train what cannot learn: expected gain {gain}.",
    remedies=("register-parameters", "keep-graph", "unfreeze"),
    neighbours=("lr-too-low", "flat-region", "vanishing-gradients", "dead-units", "healthy"),
    seen_in=(
        Case(
            "an optimizer of another model",
            lambda: run(
                2.31 + white(200, 0.02),
                {
                    "wiring/can-learn": 0.0,
                    "wiring/out-of-reach": 1.0,
                    "wiring/without-gradient": 0.0,
                    "wiring/frozen": 0.0,
                    "wiring/not-in-model": 4.0,
                    "update-ratio": 0.0,
                    "update-ratio/0.weight": 0.0,
                    "output-check/loss-over-guess": 1.01,
                },
            ),
        ),
        Case(
            "layers behind a detach",
            lambda: run(
                descend(300, start=2.3, floor=1.5),
                {
                    **WIRED,
                    "wiring/can-learn": 0.08,
                    "wiring/without-gradient": 4.0,
                    "output-check/loss-over-guess": 0.7,
                },
            ),
        ),
        Case(
            "layers in a plain list",
            lambda: run(
                descend(300, start=2.3, floor=1.2),
                {**WIRED, "wiring/can-learn": 0.1, "wiring/out-of-reach": 0.9, "update-ratio": 1e-3},
            ),
        ),
        Case(
            "an optimizer of a model that is never called",
            lambda: run(
                4.9 + white(200, 0.8),
                {"update-ratio": 0.0, "update-ratio/0.weight": 0.0, "wiring/frozen": 0.0},
            ),
        ),
        Case(
            "nothing moves",
            lambda: run([0.69] * 200, {"update-ratio": 0.0, "wiring/can-learn": 0.0}),
        ),
    ),
    quiet_on=(
        Case(
            "too low a rate",
            lambda: run(
                2.3 + white(300, 0.01), {**WIRED, "update-ratio": 1e-8, "update-ratio/0.weight": 1e-8}
            ),
        ),
        Case(
            "a flat region",
            lambda: run(
                0.693 + white(300, 1e-4),
                {**WIRED, "gradient-norm": 1e-6, "output-check/loss-over-guess": 1.0},
            ),
        ),
        Case(
            "fine-tuning of a head, as meant",
            lambda: run(
                noisy(300),
                {
                    **WIRED,
                    "wiring/can-learn": 0.02,
                    "wiring/frozen": 60.0,
                    "output-check/loss-over-guess": 0.1,
                },
            ),
        ),
        Case(
            "a run that has converged",
            lambda: run(descend(400, rate=30.0), {**WIRED, "update-ratio": 1e-7}),
        ),
        Case("a noisy fall", lambda: run(noisy(400), {**WIRED, "update-ratio": 2e-3})),
    ),
)
