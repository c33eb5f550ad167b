"""Which states of a training are kept, by the number of steps after which they were. No torch."""

from __future__ import annotations

from collections.abc import Iterable
from math import isfinite

from descentry.control._orders import Label

RING = 4  # states kept at most
LEFT = "left"  # the label of the state that a return left behind, until the return has proved itself


class States:
    """The books of the ring; the states themselves are in :mod:`descentry.control._ring`.

    Args:
        room: How many states fit into memory.

    Attributes:
        levels: The level of the loss when each was kept, by its label.
        returns: Labels that were gone back to, in order.
    """

    def __init__(self, room: int) -> None:
        self.room = room
        self.levels: dict[int, float] = {}
        self.returns: list[int] = []

    @property
    def labels(self) -> tuple[int, ...]:
        """Those of the states that can be gone back to."""
        return tuple(sorted(self.levels))

    def keep(self, label: int, level: float) -> tuple[Label, ...]:
        """The label, if there is room for any state."""
        if self.room < 1:
            return ()
        self.levels[label] = level
        return (label,)

    def old(self, start: int | None) -> tuple[Label, ...]:
        """Those for which there is no more room are let go; one place stays free for what is left behind.

        Args:
            start: A label that is not let go, where there is room for others too.
        """
        ring = max(1, min(RING, self.room - 1))
        held = start in self.levels and ring > 1
        others = [k for k in self.labels if not held or k != start]
        return self.drop(others[: max(0, len(others) - (ring - held))])

    def only(self, label: int) -> tuple[Label, ...]:
        """All but one are let go."""
        return self.drop(k for k in self.labels if k != label)

    def go_back(self, label: int) -> tuple[Label, ...]:
        """Those that are later than the one that is gone back to are let go."""
        self.returns.append(label)
        return self.drop(k for k in self.labels if k > label)

    def can_prove(self, label: int) -> bool:
        """Whether it can be told if going back helped, and undone if it did not."""
        return self.room > 1 and isfinite(self.levels[label])

    def drop(self, labels: Iterable[int]) -> tuple[Label, ...]:
        """Lets go of these."""
        gone = tuple(labels)
        for label in gone:
            self.levels.pop(label, None)
        return gone
