"""The arms of a search, in their places, and how they compare."""

from __future__ import annotations

from descentry.control._search_before import Before
from descentry.control._search_levels import TIES, clearly_worse
from descentry.control._search_parts import Arm

SPACING = 0.5  # decades between arms


class Arms:
    """Trials of rates below the one at which the ramp broke, ``SPACING`` decades apart.

    Attributes:
        at: By place: how many spacings the rate of an arm lies below the breaking one.
    """

    def __init__(self, before: Before) -> None:
        self.before = before
        self.at: dict[int, Arm] = {}

    def add(self, place: int, top: float) -> Arm:
        """The arm at this place, which is made where there was none."""
        if place not in self.at:
            self.at[place] = Arm(len(self.at), top / 10 ** (SPACING * place))
        return self.at[place]

    @property
    def lowest(self) -> Arm:
        """The one of the lowest loss."""
        return min(self.at.values(), key=lambda arm: arm.level().mean)

    def turned(self) -> bool:
        """Whether the loss is higher again at the smallest rate, so that smaller ones need not be tried."""
        best, last = self.lowest.level(), self.at[max(self.at)].level()
        fall = self.before.fall(best)
        return fall > 0 and last.mean - best.mean > TIES * fall

    def first(self) -> int:
        """Where the climb begins: at the largest rate that is as good as any after the first steps."""
        best = self.lowest
        equals = (k for k, arm in self.at.items() if self.stands(arm) and not self.worse(arm, best))
        return min(equals, default=next(k for k, arm in self.at.items() if arm is best))

    def best(self) -> Arm:
        """Of those that stand and went furthest the one of the lowest loss."""
        return min(
            self.at.values(), key=lambda arm: (not self.stands(arm), -len(arm.losses), arm.level().mean)
        )

    def stands(self, arm: Arm) -> bool:
        """Whether an arm neither broke nor ended above where it began."""
        return not arm.broke and not self.before.risen(arm.level())

    def worse(self, arm: Arm, rival: Arm, steps: int | None = None) -> bool:
        """Whether an arm is clearly worse than another, after so many steps or where the shorter ends.

        Twice the loss is worse however far both have fallen: a tuned model may begin at ten times what one
        that has died ends at.
        """
        lower = min(arm.level(steps), rival.level(steps))
        least = max(min(TIES * self.before.fall(lower), abs(lower.mean)), self.before.faint)
        return clearly_worse(arm.losses[:steps], rival.losses[:steps], least, paired=self.before.paired)

    def left_behind(self, arm: Arm, rival: Arm, steps: int) -> bool:
        """Whether an arm has learnt nothing yet, where another clearly has."""
        return not self.before.fall(arm.level(steps)) > 0 and self.worse(arm, rival, steps)

    def margin(self, arm: Arm) -> float:
        """What a rate is multiplied by to stay away from the next larger one, where that broke.

        The sooner it broke, the further above the edge of stability it was, and the nearer that edge is to
        the rate below, which comes down by half a spacing at most: trials end before curvature has grown
        (Cohen et al. 2021).
        """
        place = next(k for k, other in self.at.items() if other is arm)
        above = self.at.get(place - 1)
        if above is None or not above.broke:
            return 1.0
        return 10 ** (-SPACING / 2 * max(0.0, 1 - len(above.losses) / len(arm.losses)))
