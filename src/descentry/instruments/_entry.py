"""What an instrument is: the record that every instrument file defines as ``INSTRUMENT``."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import torch

    from descentry.instruments._probe import Probe

Need = Literal["gradients", "weights-before", "batch", "outputs", "activations", "loss", "graph"]
Moment = Literal["before", "after"]
Frequency = Literal["once", "sampled", "every-step"]


@dataclass(frozen=True, slots=True)
class Reading:
    """One number that an instrument read.

    Attributes:
        name: The layer or quantity; empty for the number that the instrument is named after.
        value: A float, or a tensor of one element that stays on its device until the next flush, so that
            nothing on the hot path waits for the device. NaN where it has no meaning at this step (a ratio
            whose denominator is not positive): not examined, which is decided on the device too. The norm of
            a gradient, a loss and their like are NaN when what was measured is.
        error: Standard error, likewise; None where it is exact or unknown.
        bound: Which side the true value lies on.
        unit: Of this reading, where it is not the instrument's.
    """

    name: str
    value: float | torch.Tensor
    error: float | torch.Tensor | None = None
    bound: Literal["", "lower", "upper"] = ""
    unit: str | None = None


@dataclass(frozen=True)
class Cost:
    """What one reading costs, declared; the scheduler replaces it by what it measures.

    Attributes:
        gradients: Forward and backward passes over the batch, in units of one of each (a Hessian-vector
            product counts 2, a forward pass 1/3).
        passes: Elementwise passes over all parameters.
    """

    gradients: float = 0.0
    passes: float = 0.0


@dataclass(frozen=True)
class Instrument:
    """Something that can be measured on a live model.

    Attributes:
        id: The name in measurements.
        title: What it measures, in a few words.
        unit: Of its readings; empty for numbers without one.
        cost: What one reading costs.
        moment: ``before`` the optimizer changes the weights (gradients are in place), or ``after``.
        needs: What must be captured at the step for it; nothing is captured that nobody needs. ``batch`` is
            the call of the model with targets and loss function, ``outputs`` comes with the targets and
            ``activations`` with the inputs; ``weights-before`` fills ``before``, ``graph`` fills ``behind``.
        how_often: ``once`` (in the first steps, and again when the model changes), ``sampled`` as the budget
            allows, or ``every-step`` (only what costs next to nothing).
        consecutive: On how many steps in a row it is measured when its turn comes: 2 for what compares a step
            with the one before it. The readings come with the last of them.
        information: How much a reading tells, relative to the gradient norm's 1; the scheduler buys the
            most information for its budget.
        measure: The readings at a probe. Must leave parameters, gradients, buffers and random streams bit for
            bit as they were; may raise, which is recorded as a gap and never reaches the training.
        exempt: Conformance checks that cannot apply, each with the reason.
    """

    id: str
    title: str
    unit: str
    cost: Cost
    moment: Moment
    needs: frozenset[Need]
    how_often: Frequency
    measure: Callable[[Probe], Iterable[Reading]]
    information: float = 1.0
    consecutive: int = 1
    exempt: dict[str, str] = field(default_factory=dict)
