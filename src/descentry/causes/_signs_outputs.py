"""Signs of how outputs, targets and loss fit together, and of what single examples make of it."""

from __future__ import annotations

import math

from descentry.causes._entry import Sign
from descentry.causes._signs_curve import DEFINITION
from descentry.facts import Facts

# What is checked, with how much of it is more than chance, and what it is called; the plainest faults first.
_CHECKS = (
    ("single-class", 0.5, "Cross-entropy is given a single class, and so is zero whatever the model does."),
    ("already-probabilities", 0.5, "The loss applies a softmax or sigmoid to what already went through one."),
    ("not-log-probabilities", 0.5, "The likelihood loss is given something other than log-probabilities."),
    ("clipped-logits", 0.05, "Logits went through a rectifier or a tanh, so that some can never be reached."),
    ("targets-out-of-range", 0.02, "Targets lie where the loss does not mean them, or no output can reach."),
)
FITS = "Outputs, targets and loss fit together, as far as was checked."


def _misfit(facts: Facts) -> float | None:
    """Which of the checks fails, by its number from 1; 0 where those that apply all pass."""
    applied = facts.typical("output-check/class-indices") == 0  # else a sign of its own speaks
    for number, (name, enough, _) in enumerate(_CHECKS, 1):
        share = facts.typical(f"output-check/{name}")
        applied = applied or share is not None
        if share is not None and share >= enough:
            return float(number)
    return 0.0 if applied else None


MISFIT = Sign(
    "misfit",
    "whether outputs, targets and loss fit together",
    _misfit,
    tuple(n - 0.5 for n in range(1, len(_CHECKS) + 1)),
    (FITS, *(words for _, _, words in _CHECKS)),
    "0: logits for losses with a softmax in them, targets in the range of the outputs",
    "PyTorch documentation of its losses",
    "watch",
)

CLASS_INDICES = Sign(
    "class-indices",
    "whether a squared or absolute error is given class numbers",
    lambda facts: facts.typical("output-check/class-indices"),
    (1.5, 2.5),
    (
        "The values to predict are no class numbers.",
        "The values to predict are 0 and 1 only, as class labels are.",
        "The values to predict are the whole numbers below {value}, as class labels are.",
    ),
    "0; the distance between class numbers has no meaning",
    DEFINITION,
    "watch",
)

BROADCAST = Sign(
    "broadcast",
    "whether each target is compared with one output",
    lambda facts: facts.typical("output-check/broadcast"),
    (0.5, 1.5),
    (
        "Outputs and targets have one shape.",
        "One target is compared with several outputs: their shapes differ.",
        "Each target is compared with the outputs of {value} examples: their shapes differ.",
    ),
    "one output for each target",
    "PyTorch's broadcasting semantics",
    "watch",
)

VARYING = Sign(
    "varying",
    "how much of the outputs depends on the inputs",
    lambda facts: facts.late("examples/varying"),
    (1e-5, 1e-3, 0.03),
    (
        "The outputs are the same for every example: the model is blind to its inputs.",
        "The outputs are nearly the same for every example ({value} of their size differs).",
        "The outputs differ little from example to example ({value} of their size).",
        "The outputs differ from example to example.",
    ),
    "above 0.1, unless all values lie far from zero",
    DEFINITION,
    "watch",
)


def _error(facts: Facts) -> float | None:
    """The training error beside that of always giving the commonest label."""
    error, commonest = facts.closing("examples/error"), facts.typical("target-scale/commonest")
    if error is None or commonest is None or commonest > 0.95:
        return None
    return error / (1 - commonest)


ERROR = Sign(
    "error-over-guess",
    "errors on the training batches late in the run, beside those of a blind guess",
    _error,
    (0.02, 0.3, 0.7, 0.95),
    (
        "Hardly any training example is told wrong late in the run.",
        "Most training examples are told right late in the run.",
        "The errors are {value} of those of a blind guess.",
        "The errors are {value} of those of a blind guess: little has been learnt.",
        "The model errs as often as a blind guess on its own training data.",
    ),
    "1 for always giving the commonest label",
    DEFINITION,
    "watch",
)


def _contradicted(facts: Facts) -> float | None:
    """Not examined where the model has learnt nothing that a label could contradict."""
    guess, share = facts.closing("output-check/loss-over-guess"), facts.closing("examples/contradicted")
    return None if share is not None and share < 0.02 and guess is not None and guess > 0.9 else share


CONTRADICTED = Sign(
    "contradicted",
    "how many labels the model contradicts late in the run",
    _contradicted,
    (0.02, 0.1, 0.25),
    (
        "The model contradicts hardly any label.",
        "The model contradicts some labels ({value}), as hard examples have it.",
        "The model contradicts {value} of the labels.",
        "The model contradicts {value} of the labels: they say something else than the inputs.",
    ),
    "at most 1 in 11 for two classes and a model whose probabilities are right",
    "the page of examples; Northcutt, Jiang and Chuang 2021",
    "watch",
)

WORST_TENTH = Sign(
    "worst-tenth",
    "how much of the loss the worst tenth of the examples carries late in the run",
    lambda facts: facts.closing("examples/worst-tenth"),
    (0.2, 0.5, 0.8),
    (
        "All examples carry about the same loss.",
        "The worst tenth of the examples carries {value} of the loss, as usual.",
        "The worst tenth of the examples carries {value} of the loss.",
        "The worst tenth of the examples carries nearly all of the loss ({value}).",
    ),
    "0.33 to 0.44 where nothing stands out",
    "exponential losses, squares of normal residuals",
    "watch",
)


def summed(facts: Facts) -> float | None:
    """What the loss is larger by than the mean over the examples: 1 for a mean."""
    power, size = facts.typical("loss-reduction"), facts.typical("batch-size")
    if power is None or size is None or size < 2:
        return None
    factor = facts.typical("loss-reduction/factor")
    # A training that divides by the batch itself has a mean again; larger than 1 it is a penalty's doing.
    divided = factor if factor is not None and 0 < factor < 1 else 1.0
    return float(size ** min(max(power, 0.0), 1.0)) * divided


SUMMED = Sign(
    "summed",
    "how much larger a summed loss makes the gradient than a mean would",
    summed,
    (1.5, 6.0, 25.0),
    (
        "The loss is a mean over the examples.",
        "The loss is a sum over few examples: {value} times the mean.",
        "The loss is a sum over the batch: {value} times the mean, and so is the gradient.",
        "The loss is a sum over a large batch: {value} times the mean, and so is the gradient.",
    ),
    "1, a mean, for which common learning rates are meant",
    "Goyal et al. 2017",
    "watch",
)


def _scale_free(facts: Facts) -> float | None:
    return None if facts.adapts is None else float(facts.adapts)


SCALE_FREE = Sign(
    "scale-free",
    "whether the optimizer divides by the size of the gradient",
    _scale_free,
    (0.5,),
    (
        "The steps grow with the gradient, as those of plain gradient descent do.",
        "The optimizer divides by the size of the gradient, so the scale of the loss hardly matters.",
    ),
    "0 for SGD with or without momentum, 1 for Adam and its kin",
    "Kingma and Ba 2015",
    "watch",
)


def _without_sum(facts: Facts) -> float | None:
    """Decades of η·sharpness beyond the edge at 2, at the start, if the loss were a mean."""
    stability, times = facts.start("sharpness/stability"), summed(facts)
    if stability is None or times is None or stability <= 0 or times < SUMMED.cuts[0] or facts.adapts:
        return None
    return math.log10(stability / times / 2)


STABLE_AS_MEAN = Sign(
    "stable-as-mean",
    "how far from the edge of stability the steps would be with a mean",
    _without_sum,
    (-2.0, -1.0, 0.0),
    (
        "With a mean over the batch the steps would be far too short, so the rate was meant for the sum.",
        "With a mean over the batch the steps would be short, but not too short.",
        "With a mean over the batch the steps would be stable at this rate.",
        "Even with a mean over the batch the steps would not be stable at this rate.",
    ),
    "0, the edge of stability",
    "Cohen et al. 2021",
    "watch",
)
