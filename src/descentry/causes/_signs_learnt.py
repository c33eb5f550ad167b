"""Signs of what was learnt beside what was spent on learning it."""

from __future__ import annotations

import math

from descentry.causes._entry import Sign
from descentry.causes._signs_curve import CALIBRATED, DEFINITION
from descentry.causes._signs_gradients import matrices
from descentry.causes._signs_rate import NOISE
from descentry.facts import Facts

OFTEN = 0.1  # of the examples told wrong; of fewer the share is chance
MUCH = 0.3  # of the loss of a blind guess is left: more than a model leaves that fits its data
STILL_HIGH = 0.6  # of the loss of a blind guess is left
NOTHING = (0.85, 1.15)  # loss over that of a blind guess; batches scatter by about as much


def _idle(facts: Facts) -> float | None:
    """Decades of the way that the weights could have gone, where nothing was learnt on it."""
    guess, ratio = facts.closing("output-check/loss-over-guess"), facts.typical("update-ratio")
    if guess is None or ratio is None or facts.span <= 0 or not NOTHING[0] <= guess <= NOTHING[1]:
        return None
    return math.log10(max(ratio * facts.span, 1e-12))


IDLE = Sign(
    "idle-travel",
    "how far the weights could have gone while nothing was learnt",
    _idle,
    (-1.5, -0.5, 0.3),
    (
        "Nothing was learnt, and the weights hardly moved (ten to the {value} of their size).",
        "Nothing was learnt, and the weights moved by a part of their size at most.",
        "Nothing was learnt, though the steps together are as long as the weights.",
        "Nothing was learnt, though the steps together are ten to the {value} times as long as the weights.",
    ),
    "to learn, weights move by something like their own size; whoever went that far has looked",
    CALIBRATED,
    "watch",
)


def _sure(facts: Facts) -> float | None:
    """Errors where the model is sure beside all errors, where it has learnt something and errs often."""
    error, when_sure = facts.closing("examples/error"), facts.closing("examples/error-when-sure")
    guess = facts.closing("output-check/loss-over-guess")
    if error is None or when_sure is None or guess is None or guess > NOTHING[0] or error < OFTEN:
        return None
    return when_sure / error


SURE_ERRORS = Sign(
    "sure-errors",
    "errors where the model is sure, beside all errors",
    _sure,
    (0.3, 0.6, 0.8),
    (
        "The model errs where it is unsure, as with hard examples.",
        "The model errs less where it is sure ({value} of all errors' rate).",
        "The model errs nearly as often where it is sure ({value} of all errors' rate).",
        "The model errs as often where it is sure ({value} of all errors' rate): labels are wrong at random.",
    ),
    "1 for labels that are wrong at random, near 0 for hard examples",
    "Northcutt, Jiang and Chuang 2021",
    "watch",
)


def _straight(facts: Facts) -> float | None:
    """Weight matrices of a model that has not done better than a blind guess, or hardly."""
    guess, count = facts.closing("output-check/loss-over-guess"), len(matrices(facts))
    return float(count) if count and guess is not None and guess > STILL_HIGH else None


STRAIGHT = Sign(
    "straight",
    "how many layers a model has that has learnt little",
    _straight,
    (1.5, 2.5),
    (
        "Little was learnt, by a model of a single layer, which can draw straight lines only.",
        "Little was learnt, by a model with one hidden layer.",
        "Little was learnt, by a model of {value} layers.",
    ),
    "two at least, for what no straight line can tell apart",
    DEFINITION,
    "watch",
)


def _oversure(facts: Facts) -> float | None:
    """Mean probability of the likeliest class, less the share of right answers, at the end."""
    error, confidence = facts.closing("examples/error"), facts.closing("examples/confidence")
    return confidence - (1 - error) if error is not None and confidence is not None else None


OVERSURE = Sign(
    "oversure",
    "how much surer the model is than it is right",
    _oversure,
    (-0.15, -0.04, 0.04, 0.15),
    (
        "The model is far less sure than it is right (by {value}).",
        "The model is less sure than it is right (by {value}).",
        "The model is as sure as it is right.",
        "The model is surer than it is right, by {value}.",
        "The model is far surer than it is right, by {value}.",
    ),
    "0 for a calibrated model; below it while it still learns",
    "Guo et al. 2017, On Calibration of Modern Neural Networks",
    "watch",
)


def _left(facts: Facts) -> float | None:
    """Decades of noise over signal in the gradient of a batch, where much of the loss is left at the end."""
    guess = facts.closing("output-check/loss-over-guess")
    if guess is None or not MUCH <= guess <= NOTHING[1]:
        return None
    return NOISE.read(facts)


LEFT = Sign(
    "left-to-learn",
    "whether the gradient knows what to do about the loss that is left",
    _left,
    (-0.7, 0.3, 1.0, 1.7),
    (
        "Much of the loss is left, and the gradient says clearly how to lower it.",
        "Much of the loss is left, and the gradient still says how to lower it.",
        "Much of the loss is left, and the gradient is noise for the most part.",
        "Much of the loss is left, and the gradient is hardly more than noise: little remains to be learnt.",
        "Much of the loss is left, and the gradient is nothing but noise: what is left cannot be learnt.",
    ),
    "0, where half of the squared gradient is signal",
    "McCandlish et al. 2018",
    "watch",
)
