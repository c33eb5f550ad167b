"""What a trial of remedies found: its arms, and what each came to beside the control arm."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from descentry.core import catalog
from descentry.core.data import Estimate, Floats, frozen
from descentry.core.errors import DescentryError, UnknownNameError

Outcome = Literal["control", "better", "worse", "no gain", "undetermined", "passed over"]


@dataclass(frozen=True, slots=True, eq=False)
class Arm:
    """One way of training on, as a trial saw it.

    Attributes:
        id: ``control``, or the id of the remedy, with a variant after it where there are several.
        title: What was done: ``standardising the inputs``.
        remedy: Id of the remedy; empty for the control arm, which changes nothing.
        loss: float64[seeds], held back loss after ``Trial.steps``; NaN where the arm was not run, inf where
            its loss ran away.
        control: float64[seeds], that of the control arm, judged in the same way.
        curve: float64[steps], training loss before each step, the mean over seeds; NaN from where it broke.
        effect: Mean paired difference to the control arm with its interval, below 0 where the arm is better;
            infinitely wide where there were too few seeds to tell; None for the control arm.
        ratio: Geometric mean of the paired quotients with its interval, below 1 where the arm is better; None
            for the control arm, and where losses are not positive.
        outcome: What that amounts to; ``passed over`` where another arm of the same remedy did better
            with the first seed, and this one was not followed further.
        sentence: What a person reads.
        gradients: How many gradient evaluations it took.
        judged_by: What its loss is, where that is not the user's own; empty where it is.
        by_hand: What is left to do in the user's own code once the arm is applied.
    """

    id: str
    title: str
    remedy: str
    loss: Floats
    control: Floats
    curve: Floats
    effect: Estimate | None
    ratio: Estimate | None
    outcome: Outcome
    sentence: str
    gradients: float
    judged_by: str = ""
    by_hand: str = ""

    def __post_init__(self) -> None:
        for name in ("loss", "control", "curve"):
            object.__setattr__(self, name, frozen(getattr(self, name), np.float64))


@dataclass(frozen=True, slots=True, eq=False)
class Trial:
    """Remedies tried on one training from one snapshot, on the same batches, beside a control arm.

    Attributes:
        headline: What came of it, in one sentence.
        arms: The control arm first, then the best, then the others.
        steps: How many steps each arm made for each seed.
        seeds: Orders of the batches, each with random numbers of its own.
        batches: How many batches were trained on.
        held_back: How many were kept apart to judge by; 0 where there was one batch only.
        start: The held back loss before any step.
        gradients: Gradient evaluations in all; judging counts a third of one a batch.
        stopped: Why it ended when it did, in a sentence.
        untried: Remedies that could not be tried, and why.
        notes: What else has to be known to read it rightly.
        action: What applies an arm; None in a trial that has lost its model.
    """

    headline: str
    arms: tuple[Arm, ...]
    steps: int
    seeds: int
    batches: int
    held_back: int
    start: float
    gradients: float
    stopped: str
    untried: tuple[tuple[str, str], ...] = ()
    notes: tuple[str, ...] = ()
    action: Callable[[str], Any] | None = field(default=None, repr=False)

    def __getitem__(self, id: str) -> Arm:
        """The arm with this id.

        Raises:
            UnknownNameError: There is none.
        """
        for arm in self.arms:
            if arm.id == id:
                return arm
        raise UnknownNameError(f"there is no arm called {id!r}", name=id, known=[a.id for a in self.arms])

    @property
    def best(self) -> Arm | None:
        """The arm that helps most; None where none is better than the control arm for certain."""
        better = [arm for arm in self.arms if arm.outcome == "better"]
        return better[0] if better else None

    def apply(self, arm: str) -> Any:
        """Makes the arm's change to the model and the optimizer as they are now; nothing was changed before.

        Args:
            arm: Its id.

        Returns:
            A :class:`descentry.trials.Applied`: what to train on with, what is left to do by hand, and
            ``undo()``.

        Raises:
            UnknownNameError: There is no such arm.
            DescentryError: It is the control arm, or the trial no longer has its model.
        """
        found = self[arm]
        if self.action is None:
            raise DescentryError("this trial no longer has its model", where="Trial.apply")
        return self.action(found.id)

    def __str__(self) -> str:
        return str(catalog.load("report", "trial").render(self))

    def _repr_html_(self) -> str:
        return str(catalog.load("report", "trial").inline(self))

    def to_dict(self) -> dict[str, Any]:
        """Plain data: dicts, lists, strings, finite numbers and None."""
        data: dict[str, Any] = catalog.load("report", "trial").to_dict(self)
        return data
