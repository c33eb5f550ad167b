"""Signs of the wiring between loss, parameters and optimizer.

A share of one layer in many is often meant (fine-tuning, adapters), so what counts is how much of the whole
takes part.
"""

from __future__ import annotations

import math

import numpy as np

from descentry.causes._entry import Sign
from descentry.causes._signs_curve import DEFINITION
from descentry.causes._signs_gradients import matrices
from descentry.core.ranks import median
from descentry.facts import Facts

EXPLAINED = 0.2  # of the gradient may be unexplained before what is left over means nothing


def _can_learn(facts: Facts) -> float | None:
    return 0.0 if facts.out_of_gear else facts.typical("wiring/can-learn")


def nothing_can_learn(facts: Facts) -> bool:
    """Whether no step of this run changes anything for the better, however long it goes on."""
    share = _can_learn(facts)
    return share is not None and CAN_LEARN.bin(share) == 0


CAN_LEARN = Sign(
    "can-learn",
    "how much of the model can learn",
    _can_learn,
    (1e-6, 0.3, 0.9, 0.999),
    (
        "Nothing of the model can learn: no parameter has a gradient and is in the optimizer.",
        "Only {value} of the model's numbers can learn.",
        "{value} of the model's numbers can learn, and the rest cannot.",
        "Nearly all of the model can learn ({value} of its numbers).",
        "All of the model can learn.",
    ),
    "1, unless parts are frozen on purpose",
    DEFINITION,
    "watch",
)

OUT_OF_REACH = Sign(
    "out-of-reach",
    "how much of what the outputs depend on is never changed",
    lambda facts: facts.typical("wiring/out-of-reach"),
    (0.005, 0.3),
    (
        "Everything that the outputs depend on is changed by an optimizer.",
        "{value} of the numbers that the outputs depend on are trained by nobody.",
        "Much of what the outputs depend on ({value} of the numbers) is trained by nobody.",
    ),
    "0",
    DEFINITION,
    "watch",
)

WITHOUT_GRADIENT = Sign(
    "without-gradient",
    "how many parameters that should learn get no gradient",
    lambda facts: facts.typical("wiring/without-gradient"),
    (0.5,),
    (
        "Every parameter that should learn gets a gradient.",
        "{value} parameter tensors that should learn get no gradient: the way back to them is cut.",
    ),
    "none; parts that a batch does not use may have none",
    DEFINITION,
    "watch",
)

FROZEN = Sign(
    "frozen",
    "how many parameters are frozen",
    lambda facts: facts.typical("wiring/frozen"),
    (0.5,),
    ("No parameter is frozen.", "{value} parameter tensors are frozen (they require no gradient)."),
    "none, unless it is meant",
    DEFINITION,
    "watch",
)

STRANGERS = Sign(
    "not-in-model",
    "how many parameters of the optimizer the model does not have",
    lambda facts: facts.typical("wiring/not-in-model"),
    (0.5,),
    (
        "The optimizer holds parameters of this model only.",
        "The optimizer holds {value} parameters that are not this model's.",
    ),
    "none",
    DEFINITION,
    "watch",
)


def _still(facts: Facts) -> float | None:
    """The share of weight matrices that most measured steps leave exactly as they were."""
    found = facts.layers("update-ratio")
    names = [n for n in matrices(facts) if n in found] or list(found)
    values = [found[n].value[np.isfinite(found[n].value)] for n in names]
    known = [float(median(v)) for v in values if len(v)]
    if not known:
        whole = facts.typical("update-ratio")
        return None if whole is None else float(whole == 0)
    return float(np.mean([v == 0 for v in known]))


STILL = Sign(
    "still-layers",
    "how many weight matrices the steps leave exactly as they were",
    _still,
    (0.01, 0.6, 0.999),
    (
        "Every weight matrix is changed by the steps.",
        "{value} of the weight matrices are not changed by any step.",
        "Most weight matrices ({value}) are not changed by any step.",
        "No weight matrix is changed by any step.",
    ),
    "none",
    DEFINITION,
    "watch",
)


def _left_over(facts: Facts) -> float | None:
    """What of the step before is still in the gradient; by its length where its direction does not tell."""
    share, rest = facts.typical("wiring/left-over"), facts.typical("wiring/unexplained")
    if share is not None and rest is not None:
        return share if rest < EXPLAINED else None
    multiple = facts.typical("wiring/multiple")
    return None if multiple is None else multiple - 1


LEFT_OVER = Sign(
    "left-over",
    "how much of the gradient of the step before is still in place",
    _left_over,
    (0.25, 0.7),
    (
        "Each step uses the gradient of its own batch.",
        "{value} of the gradient of the step before is still in the gradient.",
        "The gradient of the step before is still in place ({value} times): gradients add up.",
    ),
    "0; 1 where gradients are never set to zero",
    "least squares, the page of wiring",
    "watch",
)


def _swelling(facts: Facts) -> float | None:
    """Decades by which the gradient grew in the first tenth, where the loss has hardly changed yet."""
    norm = facts.norm
    if norm is None or len(norm) < 10:
        return None
    value = norm.value[: max(5, len(norm) // 10)]
    if not np.isfinite(value).all() or value[0] <= 0:
        return None
    return math.log10(max(float(value[-1]), 1e-30) / float(value[0]))


SWELLING = Sign(
    "swelling",
    "whether the gradient grows from the first steps on",
    _swelling,
    (-0.3, 0.3, 1.0),
    (
        "The gradient falls from the first steps on.",
        "The gradient keeps its size in the first steps.",
        "The gradient grows in the first steps, by ten to the {value}.",
        "The gradient swells from the first steps on, by ten to the {value}.",
    ),
    "0 or below; what adds up grows with the number of steps",
    DEFINITION,
    "gradient-norm",
)
