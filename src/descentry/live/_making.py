"""How far the steps of an optimizer have come, as its hooks and the training tell."""

from __future__ import annotations

from typing import Any

from descentry.live._hooks import is_within_another_step


class Making:
    """The steps that are being made.

    Attributes:
        fired: Whether the optimizer's hooks ever did.
        untold: Whether nobody but the hooks tells of steps.
    """

    def __init__(self) -> None:
        self.fired = self.untold = False
        self._waiting = False  # whether a step was made that nobody has told of
        self._depth = 0  # of steps within each other

    def begins(self, optimizer: Any) -> bool:
        """A step is called; whether it is one of its own, and not that of a base class within it."""
        self._depth += 1
        if self._depth > 1:
            if is_within_another_step(optimizer):
                return False
            self._depth = 1  # the last step raised
        if self._waiting:
            self.untold = True
        return True

    def ended(self) -> bool:
        """A call has come back; whether a step was made by it."""
        self._depth = max(0, self._depth - 1)
        if self._depth:
            return False
        self.fired = self._waiting = True
        return True

    def told(self) -> None:
        """The training says that a step was made."""
        self._waiting = self.untold = False
        self._depth = 0
