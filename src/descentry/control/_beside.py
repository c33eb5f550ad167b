"""Whether several optimizers of one script are in a contest. No torch."""

from __future__ import annotations

TURNS = 4  # of one optimizer after another, that tell


class Beside:
    """Takes in who made a step, with which loss.

    Optimizers that share a model step after one backward, with the same loss. In a contest (a GAN, an actor
    and its critic) they take turns and none of them sees the loss of another; what one does changes what the
    others are to do, so that a loss that rises is no fault. Trainings that follow upon each other do not
    take turns.
    """

    def __init__(self) -> None:
        self._seen: set[str] = set()
        self._last = "", 0.0
        self._turns = self._shared = 0

    def contest(self, who: str, loss: float) -> bool:
        """Whether it is one, as far as can be told with this step."""
        before, value = self._last
        if who != before and before:
            self._shared += loss == value
            self._turns += who in self._seen
        self._seen.add(who)
        self._last = who, loss
        # Where two of them share a loss, every second turn is made with the loss of the last.
        return self._turns >= TURNS and 4 * self._shared < self._turns
