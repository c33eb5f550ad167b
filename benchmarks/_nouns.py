"""The nouns of the evaluation set: what was recorded, what was done, and what is true of a run."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import numpy.typing as npt

from descentry.core.data import ConvergenceStatus, Run

Array = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
FALLS = frozenset({"smooth-decrease", "noisy-decrease"})


@dataclass(frozen=True, slots=True)
class Event:
    """A behaviour, and the first and last step of it."""

    behaviour: str
    start: int
    stop: int


@dataclass(frozen=True, slots=True)
class Training:
    """One real training with its truth.

    Attributes:
        name: Task, recipe and variant.
        family: The task; whole families are in one split.
        run: What a log of it would hold.
        labels: The behaviours that the curve shows.
        events: Where they are, for those that have a place.
        convergence: The truth of its end; None where a person might call it either way.
        unscored: Behaviours that are a matter of taste for this run.
        rising: The metric is one that training makes rise.
    """

    name: str
    family: str
    run: Run
    labels: frozenset[str]
    events: tuple[Event, ...]
    convergence: ConvergenceStatus | None
    unscored: frozenset[str]
    rising: bool


@dataclass(frozen=True)
class Tape:
    """What was recorded while a task was trained; ``clean`` is the loss on all of the data."""

    step: Ints
    value: Array
    clean_step: Ints
    clean: Array
    val_step: Ints
    val: Array


@dataclass(frozen=True)
class Sketch:
    """What a recipe did.

    Attributes:
        tape: What was recorded.
        falls: The loss goes down, apart from the events.
        events: What was done, and when.
        unscored: Behaviours that this recipe leaves to taste.
        end: ``measure`` the end by the loss without noise, or what is known of it.
        best: The lowest loss the task is known to reach.
        floor: No loss of the task lies below it.
        metric: What the log calls it.
        rising: The metric rises where the loss falls.
        dress: It may be shifted, scaled and turned round without becoming another curve.
    """

    tape: Tape
    falls: bool = True
    events: tuple[Event, ...] = ()
    unscored: frozenset[str] = field(default_factory=frozenset)
    end: ConvergenceStatus | Literal["measure"] | None = "measure"
    best: float = 0.0
    floor: float = 0.0
    metric: str = "loss"
    rising: bool = False
    dress: bool = True
