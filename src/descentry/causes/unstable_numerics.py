"""Unstable numerics: a formula that is right on paper gives infinity or NaN in floating point.

## What it is

A logarithm of zero, the exponential of a large number, a division by nothing or the root of zero, in a
training that otherwise goes well.

## How it shows

As a NaN or an infinity out of nowhere, at a loss and with weights and gradients of usual size; or as a
gradient that is NaN while the loss still is a number.

## Why it happens

exp overflows above 88 in float32 and above 11 in float16; a probability rounds to 0 or 1, and its logarithm
is infinite; the slope of a square root is infinite at zero, and infinity times zero is NaN.

## How to tell it apart

With *too high a rate* or *exploding gradients* loss, gradients or steps had grown before. A *bad batch* has
values in its inputs or targets that are no numbers, or are huge, and a rerun without it goes well.

## What to do

Use the losses that take logits (`cross_entropy`, `binary_cross_entropy_with_logits`) instead of a softmax
or sigmoid and a logarithm; `logsumexp` instead of log of a sum of exponentials; add ε inside roots and
denominators. In half precision: bfloat16, or a loss scaler. `torch.autograd.detect_anomaly` names the line.

## When it is fine

A scaler of mixed precision runs into overflows on purpose, and skips those steps.

## Limits

From a log alone it looks like a bad batch. What the model computes inside is not listened to; only the loss
is.

## Sources

Goodfellow, Bengio and Courville 2016, *Deep Learning*, section 4.1; Micikevicius et al. 2018; Higham 2002,
*Accuracy and Stability of Numerical Algorithms*; Blanchard, Higham and Higham 2021 on log-sum-exp.
"""

from __future__ import annotations

import numpy as np

from descentry.causes import _signs_blow_up as blow_up
from descentry.causes import _signs_curve as curve
from descentry.causes import _signs_gradients as gradients
from descentry.causes import _signs_rate as rate
from descentry.causes._cases import descend, noisy, run
from descentry.causes._entry import Case, Cause, Clue, Sign
from descentry.facts import Facts

NAN = float("nan")
HALF = 12.0  # bits: float16 has 11, bfloat16 has 8

LOG_OF_ZERO = Sign(
    "log-of-zero",
    "whether the loss takes logarithms by hand, and of what",
    lambda facts: facts.peak("output-check/log-of-zero"),
    (1e-12,),
    (
        "The loss takes a logarithm by hand; of nothing that was zero when it was looked at.",
        "The loss takes a logarithm of zero, or of less, by hand ({percent} of the entries).",
    ),
    "losses that take logits never do",
    "by definition",
    "watch",
)


def _precision(facts: Facts) -> float | None:
    bits = [*facts.values("loss-scale/weight-bits"), *facts.values("loss-scale/compute-bits")]
    return float(min(bits) < HALF) if bits else None


PRECISION = Sign(
    "half-precision",
    "whether the training computes in half precision",
    _precision,
    (0.5,),
    ("The training computes in single precision or better.", "The training computes in half precision."),
    "float32",
    "Micikevicius et al. 2018",
    "watch",
)


def _outputs(facts: Facts) -> float | None:
    """Decades of the size of what the last layer gives out, at its largest."""
    series = list(facts.layers("activations", "std").values())[-1:]
    value = series[0].value if series else np.empty(0)
    return float(gradients.decades(float(np.nanmax(value)))) if np.isfinite(value).any() else None


OUTPUTS = Sign(
    "output-size",
    "how large the outputs become",
    _outputs,
    (1.3, 1.9),
    (
        "The outputs are of a size that exponentials can take.",
        "The outputs are large ({power}); a softmax of them rounds to 0 and 1.",
        "The outputs are so large ({power}) that their exponential overflows.",
    ),
    "exp overflows at 88 in float32",
    "IEEE 754",
    "watch",
)

CAUSE = Cause(
    id="unstable-numerics",
    title="a formula is numerically unstable",
    concern="failing",
    clues=(
        Clue(curve.NON_FINITE, (-1.5, 0.8)),
        Clue(blow_up.RUN_UP, (1.0, 0.2, -1.0, -2.0)),
        Clue(blow_up.CLIMBED, (0.7, 0.3, -1.0, -1.5)),
        Clue(blow_up.BROKE_AT, (-0.5, 0.0, 0.2, 0.2)),
        Clue(curve.DIVERGENCE, (0.1, -1.2)),
        Clue(LOG_OF_ZERO, (0.5, 4.5)),
        Clue(gradients.BROKEN_GRADIENT, (-0.7, 0.0, 2.2)),
        Clue(gradients.GRADIENT_PEAK, (0.2, 0.0, -0.5, -1.0)),
        Clue(PRECISION, (-0.1, 0.8)),
        Clue(OUTPUTS, (-0.2, 0.3, 0.9)),
        Clue(rate.UPDATE, (0.1, 0.2, 0.2, 0.2, -0.7, -1.5)),
        Clue(rate.RATE, (0.3, 0.3, 0.3, 0.2, -0.3, -1.0, -1.5)),
    ),
    remedies=("use-stable-loss", "roll-back", "clip-gradients"),
    neighbours=("bad-batch", "lr-too-high", "exploding-gradients", "loss-mismatch"),
    seen_in=(
        Case(
            "a logarithm of a probability that became zero",
            lambda: run(
                [*descend(200), *[NAN] * 30],
                {
                    "output-check/log-of-zero": [*[0.0] * 8, 0.01, 0.3],
                    "update-ratio": 1e-3,
                    "gradient-norm": [1.0] * 8 + [NAN, NAN],
                },
            ),
        ),
        Case(
            "the gradient of a root at zero",
            lambda: run(
                [*descend(200), *[NAN] * 30],
                {
                    "gradient-norm": [1.0] * 8 + [NAN, NAN],
                    "gradient-norm/a.weight": [1.0] * 8 + [NAN, NAN],
                    "update-ratio": 1e-3,
                    "output-check/log-of-zero": [0.0] * 9 + [0.02],
                },
            ),
        ),
    ),
    quiet_on=(
        Case(
            "too high a rate",
            lambda: run(
                [2.3, 40.0, 9e3, 7e6, 1e12, 4e19, *[NAN] * 30],
                {"sharpness/stability": 60.0, "update-ratio": 0.6, "gradient-norm": [1.0, 1e6] + [NAN] * 8},
            ),
        ),
        Case("a value out of nowhere, from a log alone", lambda: run([*descend(300), *[NAN] * 30])),
        Case(
            "a loss written by hand that does well",
            lambda: run(noisy(400), {"output-check/log-of-zero": 0.0}),
        ),
        Case("a noisy fall", lambda: run(noisy(400))),
    ),
)
