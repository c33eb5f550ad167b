"""Signs of the learning rate: how long the steps are, and what they do to the loss."""

from __future__ import annotations

import math

import numpy as np

from descentry.causes._entry import Sign
from descentry.causes._signs_curve import CALIBRATED, TINY
from descentry.facts import Facts

# What tutorials and papers start from, and PyTorch's own defaults where it has them.
USUAL = {"sgd": 0.03, "adam": 1e-3, "adamw": 1e-3, "rmsprop": 1e-3, "adagrad": 1e-2, "nadam": 2e-3}


def _rate(facts: Facts) -> float | None:
    """Decades above what is usual for the optimizer."""
    rate, usual = facts.peak_rate, USUAL.get(facts.optimizer)
    if rate is None or rate <= 0 or usual is None:
        return None
    if usual == USUAL["sgd"]:
        rate /= 1 - min(facts.number("momentum") or 0.0, 0.99)
    return math.log10(rate / usual)


RATE = Sign(
    "rate",
    "the learning rate beside what is usual for the optimizer",
    _rate,
    (-3.0, -1.6, -0.7, 0.8, 1.6, 2.5),
    (
        "The learning rate is {power} times what is usual for this optimizer, which is very small.",
        "The learning rate is {power} times what is usual for this optimizer.",
        "The learning rate is rather small for this optimizer.",
        "The learning rate is a usual one for this optimizer.",
        "The learning rate is rather large for this optimizer.",
        "The learning rate is {power} times what is usual for this optimizer.",
        "The learning rate is {power} times what is usual for this optimizer, which is very large.",
    ),
    "0.03 for SGD over 1 − momentum, 0.001 for Adam; there is no universal best",
    "PyTorch's defaults; Kingma and Ba 2015",
    "rate",
)


def _stability(facts: Facts) -> float | None:
    return facts.late("sharpness/stability")


STABILITY = Sign(
    "stability",
    "η times sharpness beside 2, late in the run",
    _stability,
    (0.003, 0.05, 0.4, 1.6, 2.6, 8.0),
    (
        "η·sharpness is {value}: the steps are hundreds of times shorter than the curvature allows.",
        "η·sharpness is {value}: the steps are far shorter than the curvature allows.",
        "η·sharpness is {value}, well below the edge of stability at 2.",
        "η·sharpness is {value}, below the edge of stability at 2.",
        "η·sharpness is {value}, at the edge of stability (2).",
        "η·sharpness is {value}, beyond the edge of stability (2).",
        "η·sharpness is {value}, far beyond the edge of stability (2).",
    ),
    "2, where gradient descent on a quadratic turns unstable",
    "Cohen et al. 2021, 2022",
    "watch",
)

STABILITY_START = Sign(
    "stability-at-start",
    "η times sharpness beside 2, in the first steps",
    lambda facts: facts.start("sharpness/stability"),
    (0.003, 0.05, 0.4, 2.0, 8.0, 50.0),
    (
        "η·sharpness begins at {value}: hundreds of times below the edge.",
        "η·sharpness begins at {value}, far below the edge of stability at 2.",
        "η·sharpness begins at {value}, well below the edge of stability at 2.",
        "η·sharpness begins at {value}, below the edge of stability at 2.",
        "η·sharpness begins at {value}, beyond the edge of stability (2).",
        "η·sharpness begins at {value}, far beyond the edge of stability (2).",
        "η·sharpness begins at {value}: no step of this length can be stable.",
    ),
    "2, where gradient descent on a quadratic turns unstable",
    "Cohen et al. 2021, 2022",
    "watch",
)

STEP_RATIO = Sign(
    "step-ratio",
    "how much of the promised decrease a step brings",
    lambda facts: facts.typical("after-step/ratio"),
    (-1.0, 0.0, 0.45, 0.9, 0.985),
    (
        "A step typically raises the loss of its own batch by more than it promised to lower it ({value}).",
        "A step typically raises the loss of its own batch ({value} of the promised decrease).",
        "A step brings {value} of the decrease it promises: it goes past the minimum along its way.",
        "A step brings {value} of the decrease it promises, as a good length does.",
        "A step brings {value} of the decrease it promises: it could be longer.",
        "A step brings {value} of the decrease it promises: the loss is straight over such short steps.",
    ),
    "½ leads to the minimum along the step, 1 is an infinitely short step, below 0 overshoots",
    "Conn, Gould and Toint 2000",
    "watch",
)


def _overshoots(facts: Facts) -> float | None:
    return facts.share("after-step/ratio", high=0.0)


OVERSHOOTS = Sign(
    "overshoots",
    "how often a step raises the loss of its own batch",
    _overshoots,
    (0.05, 0.3, 0.6),
    (
        "Hardly any step raises the loss of its own batch.",
        "{percent} of the measured steps raise the loss of their own batch.",
        "{percent} of the measured steps raise the loss of their own batch.",
        "Most steps ({percent}) raise the loss of the very batch they were computed on.",
    ),
    "0 for steps shorter than twice the way to the minimum",
    "Conn, Gould and Toint 2000",
    "watch",
)


def _uphill(facts: Facts) -> float | None:
    return facts.share("after-step/promised", high=0.0)


UPHILL = Sign(
    "uphill",
    "how often a step goes uphill",
    _uphill,
    (0.2, 0.6, 0.95),
    (
        "The steps go downhill.",
        "{percent} of the measured steps go uphill on their own batch, as momentum or noise may have it.",
        "{percent} of the measured steps go uphill on their own batch.",
        "Every measured step goes uphill on its own batch: the loss is being climbed.",
    ),
    "0: the negative gradient goes downhill",
    "by definition",
    "watch",
)


def _promise(facts: Facts) -> float | None:
    """What all steps together promise, beside the loss: decades."""
    step, loss = facts.typical("after-step/promised"), facts.start("batch-loss")
    if loss is None and len(facts.curve.level):
        loss = abs(facts.curve.trend.start)
    if step is None or not loss or facts.span <= 0:
        return None
    return math.log10(max(step, TINY) * facts.span / abs(loss)) if step > 0 else None


PROMISE = Sign(
    "promise",
    "how far all steps together could bring the loss down",
    _promise,
    (-2.0, -0.7, 0.3, 1.5),
    (
        "All steps together promise next to nothing ({power} times the loss).",
        "All steps together promise a small part of the loss ({power} times it).",
        "All steps together promise about what there is to gain.",
        "All steps together promise more than there is to gain.",
        "All steps together promise far more than there is to gain.",
    ),
    "the loss at the start; −gᵀΔw summed over the run",
    CALIBRATED,
    "watch",
)

AGREEMENT = Sign(
    "agreement",
    "whether gradients of successive steps point the same way",
    lambda facts: facts.late("gradient-agreement"),
    (-0.5, -0.1, 0.2, 0.7, 0.97),
    (
        "Gradients of successive steps point against each other (cosine {value}): the steps bounce.",
        "Gradients of successive steps tend to point against each other (cosine {value}).",
        "Gradients of successive steps have little to do with each other (cosine {value}), as noise has it.",
        "Gradients of successive steps point roughly the same way (cosine {value}).",
        "Gradients of successive steps point the same way (cosine {value}): a slope is being followed.",
        "Gradients of successive steps are the same (cosine {value}): the steps do not change anything.",
    ),
    "0 for pure noise, +1 along a slope, −1 between two walls",
    "Jacobs 1988; Xing et al. 2018",
    "watch",
)


def _update(facts: Facts) -> float | None:
    ratio = facts.typical("update-ratio")
    return math.log10(max(ratio, 1e-12)) if ratio is not None else None


UPDATE = Sign(
    "update",
    "how far a step moves the weights",
    _update,
    (-6.0, -4.7, -3.7, -1.7, -0.8),
    (
        "A step moves the weights by {power} of their size: next to nothing.",
        "A step moves the weights by {power} of their size, which is very little.",
        "A step moves the weights by {power} of their size, which is little.",
        "A step moves the weights by {power} of their size, as usual.",
        "A step moves the weights by {power} of their size, which is much.",
        "A step moves the weights by {power} of their size: they are thrown about.",
    ),
    "about 0.001",
    "Karpathy, CS231n notes",
    "watch",
)


def _travel(facts: Facts) -> float | None:
    ratio = facts.typical("update-ratio")
    return math.log10(max(ratio * facts.span, 1e-12)) if ratio is not None and facts.span > 0 else None


TRAVEL = Sign(
    "travel",
    "how far all steps together could move the weights",
    _travel,
    (-2.0, -1.0, 0.0, 1.5),
    (
        "All steps together could move the weights by {power} of their size: nowhere.",
        "All steps together could move the weights by {power} of their size.",
        "All steps together could move the weights by less than their size.",
        "All steps together could move the weights by several times their size.",
        "All steps together could move the weights by {power} times their size.",
    ),
    "about 1: to learn, weights move by something like their own size",
    CALIBRATED,
    "watch",
)


def _noise_over_batch(facts: Facts) -> float | None:
    """Decades of noise scale over batch size, of averaged signal and noise (McCandlish et al. 2018)."""
    signal, noise = facts.values("noise-scale/signal"), facts.values("noise-scale/noise")
    size = facts.batch_size
    if not len(signal) or not len(noise) or not size:
        return None
    third = -max(3, len(signal) // 3)
    up, down = float(np.mean(noise[third:])), float(np.mean(signal[third:]))
    if up <= 0:
        return -3.0
    return math.log10(up / down / size) if down > 0 else 4.0


NOISE = Sign(
    "noise-over-batch",
    "the gradient noise scale beside the batch size",
    _noise_over_batch,
    (-1.0, 0.0, 1.0, 2.0),
    (
        "The gradient is hardly noisy at this batch size.",
        "The noise scale is below the batch size: most of the gradient is signal.",
        "The noise scale is above the batch size: much of the gradient is noise, which is normal.",
        "The noise scale is ten times the batch size and more: most of the gradient is noise.",
        "The noise scale is a hundred times the batch size and more: the gradient is nearly all noise.",
    ),
    "the batch size, where half of the squared gradient is signal",
    "McCandlish et al. 2018",
    "watch",
)
