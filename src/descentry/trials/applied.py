"""A remedy that was applied: what to train on with, what is left to do by hand, and the way back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from torch import nn

from descentry.core.errors import DescentryError
from descentry.trials._fork import Fork
from descentry.trials._lanes import CONTROL, Lane
from descentry.trials._training import Cannot, Training
from descentry.trials.snapshot import Snapshot


@dataclass(eq=False)
class Applied:
    """What :meth:`descentry.Trial.apply` returns.

    Attributes:
        arm: Id of the arm.
        title: What was done.
        model: The model, the same object as before.
        optimizer: What to step with: the same object as before, but where the remedy is another optimizer.
        compute_loss: ``compute_loss(model, batch)`` to train on: the same as before, but where the remedy
            changes the loss.
        by_hand: What is left to do in your code; empty where it is nothing.
    """

    arm: str
    title: str
    model: nn.Module
    optimizer: Any
    compute_loss: Callable[[Any, Any], Any]
    by_hand: str = ""
    _back: Callable[[], None] | None = field(default=None, repr=False)

    def undo(self) -> None:
        """Puts everything back as it was when it was applied: weights and optimizer state too."""
        if self._back is not None:
            self._back()
            self._back = None

    def __str__(self) -> str:
        return f"Applied: {self.title}.{' ' + self.by_hand if self.by_hand else ''}"


def apply(fork: Fork, lane: Lane) -> Applied:
    """Makes the change of one arm to the model and the optimizer as they are now.

    Raises:
        DescentryError: It is the control arm, or the change can no longer be made.
    """
    if lane.variant is None:
        raise DescentryError(
            f"the {CONTROL} arm changes nothing", where="Trial.apply", how="Name one of the others."
        )
    snapshot = Snapshot.take(fork.model, fork.optimizer)
    training = Training(fork.model, fork.optimizer, fork.compute_loss)
    try:
        lane.variant.install(training)
    except Cannot as why:
        training.undo()
        raise DescentryError(str(why), where="Trial.apply") from None

    def back() -> None:
        training.undo()
        snapshot.restore()

    return Applied(
        lane.id,
        lane.variant.title,
        training.model,
        training.optimizer,
        training.compute_loss,
        lane.variant.by_hand,
        back,
    )
