"""Over-regularised: weight decay, a penalty or dropout holds the model back from what the data ask for.

## What it is

Regularisation is so strong that even the training loss stays high: the weights are drawn to zero faster
than the gradient can build them, or dropout lets hardly anything through.

## How it shows

As a loss that falls for a moment, or not at all, and rests near that of a blind guess; training and
validation loss end together.

## Why it happens

With decay λ the weights settle where the gradient balances λw; for a large λ that is near zero. Dropout
with probability p leaves 1 − p of the signal and multiplies its variance by 1/(1 − p).

## How to tell it apart

A model with too little *capacity* is not pulled to zero. With *too low a rate* the weights hardly move;
here they shrink. An *overfitted* model is the opposite.

## What to do

Lower the decay tenfold, or switch it off until the training loss falls; lower dropout to 0.1 to 0.3. Add
regularisation back when training and validation loss part.

## When it is fine

If the validation loss is better with it than without. Near the end of a long training decay and gradient
balance by themselves.

## Limits

Penalties that the training adds to the loss by hand are seen only as a part of the loss that the loss
function does not explain. In layers followed by a normalisation decay sets the pace and not the size.

## Sources

Krogh and Hertz 1991; Loshchilov and Hutter 2019; Srivastava et al. 2014; Goodfellow, Bengio and Courville
2016, chapter 7.
"""

from __future__ import annotations

import numpy as np

from descentry.causes import _signs_curve as curve
from descentry.causes import _signs_layers as layers
from descentry.causes import _signs_validation as validation
from descentry.causes._cases import noisy, run, white
from descentry.causes._entry import Case, Cause, Clue, Sign
from descentry.facts import Facts

PULL = Sign(
    "pull",
    "the pull of weight decay beside that of the data",
    lambda facts: facts.typical("regularisation/pull"),
    (0.02, 0.2, 0.7, 1.5),
    (
        "There is next to no pull of weight decay.",
        "The pull of weight decay is small beside that of the data ({value} of it).",
        "Weight decay pulls noticeably ({value} of what the data do).",
        "Weight decay pulls about as hard as the data ({value} times).",
        "Weight decay pulls harder than the data ({value} times).",
    ),
    "well below 1; 1 is the balance that a long training ends in",
    "Loshchilov and Hutter 2019",
    "watch",
)

SHRUNK = Sign(
    "shrunk",
    "how much smaller the weights became",
    lambda facts: facts.closing("regularisation/shrunk"),
    (0.1, 0.4, 0.8),
    (
        "The weights have shrunk to next to nothing ({value} of what they were).",
        "The weights have shrunk to {value} of what they were.",
        "The weights have become a little smaller.",
        "The weights have not shrunk.",
    ),
    "1 and more: weights grow as a model learns",
    "by definition",
    "watch",
)


def _dropout(facts: Facts) -> float | None:
    """Zero where the modules were looked at and there was none."""
    looked = any(name.startswith("regularisation/") for name in facts.measured)
    share = facts.typical("regularisation/dropout")
    return 0.0 if share is None and looked else share


DROPOUT = Sign(
    "dropout",
    "the largest share that dropout zeroes",
    _dropout,
    (0.55, 0.75, 0.88),
    (
        "Dropout zeroes no more than is usual.",
        "Dropout zeroes much ({percent}).",
        "Dropout zeroes very much ({percent}).",
        "Dropout zeroes nearly everything ({percent}).",
    ),
    "0.1 to 0.5",
    "Srivastava et al. 2014",
    "watch",
)


def _decay(facts: Facts) -> float | None:
    decay = facts.peak("learning-rate/weight-decay")
    return decay if decay is not None else facts.number("weight_decay", "weight-decay", "wd")


DECAY = Sign(
    "decay",
    "how large the weight decay is",
    _decay,
    (0.02, 0.15, 0.6),
    (
        "The weight decay is a usual one ({value}).",
        "The weight decay is rather large ({value}).",
        "The weight decay is large ({value}).",
        "The weight decay is very large ({value}).",
    ),
    "0.0001 to 0.001 in SGD, 0.01 to 0.1 in AdamW",
    "PyTorch's defaults; Loshchilov and Hutter 2019",
    "rate",
)

PENALTY = Sign(
    "penalty",
    "the loss of the training beside that of the loss function",
    lambda facts: facts.start("loss-reduction/factor"),
    (1.1, 2.0),
    (
        "Nothing is added to what the loss function gives.",
        "The loss of the training is {value} times what the loss function gives: something is added.",
        "Most of the loss is not what the loss function gives ({value} times that): a penalty, or a factor.",
    ),
    "1",
    "by definition",
    "watch",
)

CAUSE = Cause(
    id="over-regularised",
    title="regularisation holds the model back",
    concern="attention",
    clues=(
        Clue(PULL, (-0.7, -0.8, 0.2, 1.2, 2.2)),
        Clue(SHRUNK, (1.7, 1.0, 0.1, -0.8)),
        Clue(DROPOUT, (-0.6, 0.7, 2.7, 4.3)),
        Clue(DECAY, (-0.4, -0.1, 0.8, 1.7)),
        Clue(PENALTY, (-0.3, 0.5, 1.3)),
        Clue(layers.END_GUESS, (-1.5, 0.0, 0.8, 0.4, 0.2)),
        Clue(curve.STUCK, (-0.1, 0.4)),
        Clue(curve.FALL, (0.2, 0.5, 0.5, 0.3, -0.5, -1.5)),
        Clue(curve.DIVERGENCE, (0.1, -1.5)),
        Clue(curve.NON_FINITE, (0.1, -1.5)),
        Clue(validation.GAP, (0.8, 0.2, -0.3, -1.0, -1.5, -2.0)),
        Clue(validation.OVERFITTING, (0.1, -1.5)),
    ),
    remedies=("lower-weight-decay", "lower-dropout"),
    neighbours=("capacity-or-data", "lr-too-low", "flat-region"),
    seen_in=(
        Case(
            "a decay of 1 in SGD",
            lambda: run(
                2.303 + white(300, 5e-3),
                {
                    "regularisation/pull": 3.0,
                    "regularisation/shrunk": np.linspace(1.0, 0.02, 10),
                    "learning-rate/weight-decay": 1.0,
                    "output-check/loss-over-guess": 1.0,
                },
            ),
        ),
        Case(
            "a dropout of 0.95",
            lambda: run(
                noisy(300, level=2.2, sigma=0.1),
                {
                    "regularisation/pull": 0.0,
                    "regularisation/shrunk": 1.2,
                    "regularisation/dropout": 0.95,
                    "output-check/loss-over-guess": 0.98,
                },
            ),
        ),
    ),
    quiet_on=(
        Case(
            "AdamW as it comes",
            lambda: run(
                noisy(300),
                {
                    "regularisation/pull": 0.03,
                    "regularisation/shrunk": 1.3,
                    "regularisation/dropout": 0.5,
                    "learning-rate/weight-decay": 0.01,
                },
            ),
        ),
        Case(
            "a long run in balance",
            lambda: run(
                noisy(300),
                {
                    "regularisation/pull": [*[0.1] * 4, *[1.0] * 6],
                    "regularisation/shrunk": 0.7,
                    "learning-rate/weight-decay": 5e-4,
                    "output-check/loss-over-guess": 0.1,
                },
            ),
        ),
        Case(
            "too small a model",
            lambda: run(
                noisy(300, level=1.8, sigma=0.05), {"regularisation/pull": 0.0, "regularisation/shrunk": 1.5}
            ),
        ),
        Case("a noisy fall", lambda: run(noisy(300))),
    ),
)
