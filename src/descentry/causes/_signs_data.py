"""Signs of the data: the scale of inputs and targets, and how even the labels are."""

from __future__ import annotations

import math

from descentry.causes._entry import Sign
from descentry.causes._signs_curve import CALIBRATED, DEFINITION
from descentry.facts import Facts


def log10(value: float | None) -> float | None:
    """The power of ten, -12 at least; None for what was not read."""
    return None if value is None else math.log10(max(value, 1e-12))


INPUT_SPREAD = Sign(
    "input-spread",
    "how far the features' spreads lie apart",
    lambda facts: log10(facts.late("input-scale/spread")),
    (0.7, 1.3, 2.0, 3.5),
    (
        "All features have about the same spread.",
        "The spreads of the features differ by up to twenty.",
        "The largest spread of a feature is {power} times the smallest.",
        "The features differ by {power} in their spread: they are not scaled.",
        "The features differ by {power} in their spread: they are far from scaled.",
    ),
    "0 for standardised features; below 2 is harmless for most models",
    "LeCun et al. 1998, Efficient BackProp, section 4.3",
    "watch",
)

INPUT_OFFSET = Sign(
    "input-offset",
    "how far a feature lies from zero beside its spread",
    lambda facts: facts.late("input-scale/offset"),
    (4.0, 10.0, 50.0),
    (
        "The features lie around zero, or not far from it.",
        "A feature lies {value} of its spreads from zero.",
        "A feature lies {value} of its spreads from zero: it is not centred.",
        "A feature lies {value} of its spreads from zero: it is far from centred.",
    ),
    "0 for standardised features, 1 to 3 for images in [0, 1]",
    "LeCun et al. 1998, Efficient BackProp, section 4.3; the page of input-scale",
    "watch",
)

INPUT_SIZE = Sign(
    "input-size",
    "how large the inputs are",
    lambda facts: log10(facts.late("input-scale/size")),
    (-2.5, -1.3, 0.8, 1.5, 2.5),
    (
        "The inputs are tiny ({power}).",
        "The inputs are small ({power}).",
        "The inputs have a usual size.",
        "The inputs are large ({power}): initial weights are made for a size of 1.",
        "The inputs are very large ({power}): initial weights are made for a size of 1.",
        "The inputs are huge ({power}): initial weights are made for a size of 1.",
    ),
    "0, the size of standardised features; 2.1 for pixels from 0 to 255",
    "Glorot and Bengio 2010; He et al. 2015",
    "watch",
)


def _gain(facts: Facts) -> float | None:
    """Decades that the condition number loses by standardising."""
    raw, scaled = facts.late("input-scale/condition"), facts.late("input-scale/condition-standardised")
    if raw is None or scaled is None or scaled <= 0:
        return None
    return math.log10(max(raw / scaled, 1e-12))


CONDITION = Sign(
    "condition-gain",
    "how much better conditioned the inputs would be if standardised",
    _gain,
    (1.0, 2.5, 5.0),
    (
        "Standardising the inputs would change little.",
        "Standardised, the inputs would be {power} times better conditioned.",
        "Standardised, the inputs would be {power} times better conditioned.",
        "Standardised, the inputs would be {power} times better conditioned.",
    ),
    "0; gradient descent takes steps in proportion to the condition number",
    "LeCun, Kanter and Solla 1991",
    "watch",
)


def predicts_values(facts: Facts) -> bool | None:
    """Whether the loss is an error of values, as far as can be told; only then targets have a scale."""
    if "output-check/class-indices" in facts.measured:
        return True
    if "examples/error" in facts.measured or "target-scale/integers" not in facts.measured:
        return None
    whole = facts.typical("target-scale/integers")
    return whole is not None and whole < 0.5


def target_size(facts: Facts) -> float | None:
    """Root mean square of the targets, where they are values."""
    mean, std = facts.typical("target-scale/mean"), facts.typical("target-scale/std")
    if not predicts_values(facts) or mean is None or std is None:
        return None
    return math.hypot(mean, std)


TARGET_SIZE = Sign(
    "target-size",
    "how large the values to predict are",
    lambda facts: log10(target_size(facts)),
    (-2.5, -1.3, 0.8, 1.5, 2.5, 4.0),
    (
        "The values to predict are tiny ({power}).",
        "The values to predict are small ({power}).",
        "The values to predict have a usual size.",
        "The values to predict are large ({power}).",
        "The values to predict are very large ({power}); a fresh network gives about 0.",
        "The values to predict are huge ({power}); a fresh network gives about 0.",
        "The values to predict are enormous ({power}); a fresh network gives about 0.",
    ),
    "0, the size of standardised targets and of a fresh network's outputs",
    "LeCun et al. 1998, Efficient BackProp; van Hasselt et al. 2016",
    "watch",
)


def _offset(facts: Facts) -> float | None:
    mean, std = facts.typical("target-scale/mean"), facts.typical("target-scale/std")
    if not predicts_values(facts) or mean is None or not std:
        return None
    return abs(mean) / std


TARGET_OFFSET = Sign(
    "target-offset",
    "how far the values to predict lie from zero beside their spread",
    _offset,
    (3.0, 10.0, 50.0),
    (
        "The values to predict lie around zero, or not far from it.",
        "The values to predict lie {value} of their spreads from zero.",
        "The values to predict lie {value} of their spreads from zero: they are not centred.",
        "The values to predict lie {value} of their spreads from zero: they are far from centred.",
    ),
    "0 for standardised targets",
    "LeCun et al. 1998, Efficient BackProp",
    "watch",
)

TARGET_SPREAD = Sign(
    "target-spread",
    "how far the spreads of several targets lie apart",
    lambda facts: log10(facts.typical("target-scale/spread")) if predicts_values(facts) else None,
    (0.7, 1.5),
    (
        "All targets have about the same spread.",
        "The widest target spreads {power} times as far as the narrowest.",
        "The widest target spreads {power} times as far as the narrowest, and takes all the loss.",
    ),
    "0; a spread of 10 has 99% of a squared error in the widest one",
    DEFINITION,
    "watch",
)

COMMONEST = Sign(
    "commonest-label",
    "how much of the labels is the commonest one",
    lambda facts: None if predicts_values(facts) else facts.typical("target-scale/commonest"),
    (0.8, 0.97, 0.9999),
    (
        "The labels are spread over several kinds.",
        "Most labels are of one kind ({value}).",
        "Nearly all labels are of one kind ({value}).",
        "All labels are the same.",
    ),
    "1 over the number of classes, where they are balanced",
    CALIBRATED,
    "watch",
)
