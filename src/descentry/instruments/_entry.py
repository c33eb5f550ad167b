"""What an instrument is: the record that every instrument file defines as ``INSTRUMENT``."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import torch

    from descentry.instruments._probe import Probe

Need = Literal["gradients", "weights-before", "batch", "outputs", "activations", "loss"]
Moment = Literal["before", "after"]
Frequency = Literal["once", "sampled", "every-step"]


@dataclass(frozen=True, slots=True)
class Reading:
    """One number that an instrument read.

    Attributes:
        name: The layer or quantity; empty when the instrument reads one number only.
        value: A float, or a tensor of one element that stays on its device until the next flush, so that
            nothing on the hot path waits for the device.
        error: Standard error, likewise; None where it is exact or unknown.
        bound: Which side the true value lies on.
    """

    name: str
    value: float | torch.Tensor
    error: float | torch.Tensor | None = None
    bound: Literal["", "lower", "upper"] = ""


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
        unit: Of its readings.
        cost: What one reading costs.
        moment: ``before`` the optimizer changes the weights (gradients are in place), or ``after``.
        needs: What must be captured at the step for it; nothing is captured that nobody needs.
        how_often: ``once`` (in the first steps, and again when the model changes), ``sampled`` as the budget
            allows, or ``every-step`` (only what costs next to nothing).
        information: How much a reading tells, relative to the gradient norm's 1; the scheduler buys the
            most information for its budget.
        measure: The readings at a probe. Must leave parameters, gradients, buffers and random streams bit for
            bit as they were; may raise, which is recorded as a gap and never reaches the training.
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
    exempt: dict[str, str] = field(default_factory=dict)
