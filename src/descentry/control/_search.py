"""Which rate to try next, and which to use: a state machine that is told losses and sees no model.

Whoever drives it owns the training::

    search = Search(low=1e-7, high=1e2)
    while (leg := search.propose()) is not None:
        if leg.origin == "start":
            snapshot.restore()
        losses = [one_step(rate=leg.rate) for _ in range(leg.steps)]     # each taken before its update
        search.tell(losses)                                             # fewer where a step broke
    search.found.rate

1. *Ramp.* One step a rate, each larger than the last by a constant factor, until the loss breaks. It only
   tells where to look: the ratio of the best rate to the breaking one spreads over 2.5 decades.
2. *Arms.* Five steps each from one start, half a decade apart, from the breaking rate downwards, until the
   loss is clearly worse again on both sides of the best.
3. *Climb.* The best of them, or the largest of its equals, goes on to 40 steps, and so does the next larger
   rate, until one does not keep up; where the first does not, the next smaller ones have to be clearly
   better. Equals go to the larger rate: short trials favour small ones (Wu et al. 2018, arXiv 1803.02021),
   and a rate that falls to zero later may begin higher than a constant one.

The numbers below were chosen on the choosing half of the tasks of ``benchmarks/control.py`` and on those of
``benchmarks/_control_more.py``, and are reported on the other half.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from math import inf, log10
from typing import Literal

from descentry.control._search_arms import SPACING, Arms
from descentry.control._search_before import Before
from descentry.control._search_parts import Arm, Found, Leg
from descentry.control._search_ramp import Ramp

__all__ = ["Arm", "Found", "Leg", "Search"]

LOW, HIGH = 1e-7, 1e2
FIRST = 5  # steps of every arm, after which the climb begins at the best
WHOLE = 40  # steps of a whole trial, or
PART = 2 / 7  # of the budget, where that is less
MOST_ARMS = 9


class Search:
    """Finds a learning rate from losses alone, in at most ``budget`` steps.

    Args:
        low: Where the ramp begins; a rate that changes next to nothing.
        high: Where it ends, if nothing breaks before.
        budget: Most steps to make in all.
        paired: Whether step ``i`` of every trial sees the same batch.
        resume: Whether the driver can go on where an arm ended, which spares steps; it then keeps a copy of
            the training for each arm.
        cautious: Whether to stay away from a rate that broke, for optimizers whose step grows with the
            gradient.
    """

    def __init__(
        self,
        low: float = LOW,
        high: float = HIGH,
        *,
        budget: int = 100,
        paired: bool = True,
        resume: bool = False,
        cautious: bool = False,
    ) -> None:
        self.budget = budget
        self.paired, self.resume, self.cautious = paired, resume, cautious
        self.spent = 0
        self.whole = max(FIRST, min(WHOLE, int(PART * budget)))
        self.found: Found | None = None
        self.failure = ""
        self._level = Before(paired=paired)
        self._ramp, self._top = Ramp(self._level, low, high), high
        self._arms = Arms(self._level)
        self._plan = self._steps()
        self._leg: Leg | None = next(self._plan)

    def propose(self) -> Leg | None:
        """The steps to make next; None once it is over, and ``found`` or ``failure`` is set."""
        return self._leg

    def tell(self, losses: Sequence[float]) -> None:
        """The losses of the proposed steps, each from before its update; those up to the first broken one.

        Raises:
            RuntimeError: Nothing was proposed.
        """
        if self._leg is None:
            raise RuntimeError("the search is over")
        self.spent += len(losses)
        try:
            self._leg = self._plan.send([float(x) for x in losses])
        except StopIteration:
            self._leg = None

    def hopeless(self, loss: float) -> bool:
        """Whether a leg with this loss may end here: it is not finite, or far above where training began."""
        return self._level.hopeless(loss)

    @property
    def before(self) -> float:
        """The level of the loss before training."""
        return self._level.mean

    @property
    def ramp(self) -> list[tuple[float, float]]:
        """Rates and losses of the ramp."""
        return self._ramp.seen

    @property
    def arms(self) -> list[Arm]:
        """The trials, in the order in which they were begun."""
        return list(self._arms.at.values())

    # What follows is one generator: it yields legs and is sent their losses.

    def _steps(self) -> Generator[Leg, list[float], None]:
        if self.paired:
            self._level.settle((yield Leg(0.0, FIRST, "start", -2)))
        self._top = yield from self._ramp.climb(self.budget, self._affords)
        if not self._level.known:
            self.failure = "the loss is not finite before any step"
            return
        yield from self._spread()
        if not self.arms:
            self.failure = "the budget was spent before any rate could be tried"
            return
        self._conclude((yield from self._climb()))

    def _spread(self) -> Generator[Leg, list[float], None]:
        """Arms downwards from the breaking rate, in steps of a decade where nothing is learnt yet; then back.

        The neighbours of the best arm are tried in any case.
        """
        arms, place = self._arms, 1
        while len(arms.at) < MOST_ARMS and self._affords(FIRST):
            yield from self._run(place, FIRST)
            lowest, best = max(arms.at), min(arms.at, key=lambda k: arms.at[k].level().mean)
            if not self._level.fall(arms.at[best].level()) > 0:
                place = lowest + 2
            elif not arms.turned():
                place = lowest + 1
            elif best - 1 not in arms.at:
                place = best - 1
            elif best + 1 not in arms.at:
                place = best + 1
            else:
                return

    def _climb(self) -> Generator[Leg, list[float], Arm]:
        """The arm of the largest rate that keeps up with the best one of the first steps, or of a better."""
        arms = self._arms
        place = arms.first()
        while (steps := min(self.whole, self._reach(place))) > FIRST:
            if not self._closed(place):
                yield from self._run(place, steps)
            if place not in arms.at or arms.stands(arms.at[place]):
                break
            place += 1
        if place not in arms.at or not arms.stands(arms.at[place]):
            return arms.best()
        began = place
        while (yield from self._keeps_up(place - 1, arms.at[place])):
            place -= 1
        while place >= began and (yield from self._is_better(place + 1, arms.at[place])):
            place += 1
        return arms.at[place]

    def _keeps_up(self, place: int, rival: Arm) -> Generator[Leg, list[float], bool]:
        """Whether a larger rate does as well in the end."""
        arms = self._arms
        if not (yield from self._lasts(place, rival)):
            return False
        return arms.stands(arms.at[place]) and not arms.worse(arms.at[place], rival)

    def _is_better(self, place: int, rival: Arm) -> Generator[Leg, list[float], bool]:
        """Whether a smaller rate is clearly better in the end."""
        return (yield from self._lasts(place, rival)) and self._arms.worse(rival, self._arms.at[place])

    def _lasts(self, place: int, rival: Arm) -> Generator[Leg, list[float], bool]:
        """Whether an arm comes as far as its rival, and is not left behind half-way."""
        half, whole = max(FIRST, len(rival.losses) // 2), len(rival.losses)
        if not (yield from self._reaches(place, half)):
            return False
        if self._arms.left_behind(self._arms.at[place], rival, half):
            return False
        return (yield from self._reaches(place, whole))

    def _reaches(self, place: int, steps: int) -> Generator[Leg, list[float], bool]:
        """Whether the arm at this place comes so far without breaking, within the budget."""
        if self._closed(place):
            return False
        if self._made(place) < steps:
            if self._reach(place) < steps:
                return False
            yield from self._run(place, steps)
        return not self._arms.at[place].broke

    def _run(self, place: int, steps: int) -> Generator[Leg, list[float], None]:
        """Takes the arm at this place to so many steps in all, from where it ended or from the start."""
        arm = self._arms.add(place, self._top)
        origin: Literal["start", "arm"] = "arm" if self.resume and arm.losses else "start"
        more = steps - len(arm.losses) if origin == "arm" else steps
        losses = yield Leg(arm.rate, more, origin, arm.number)
        arm.losses = [*(arm.losses if origin == "arm" else ()), *losses]
        arm.broke = len(losses) < more or any(self.hopeless(x) for x in losses)

    def _made(self, place: int) -> int:
        return len(self._arms.at[place].losses) if place in self._arms.at else 0

    def _reach(self, place: int) -> int:
        """To how many steps the rest of the budget takes an arm."""
        return self.budget - self.spent + (self._made(place) if self.resume else 0)

    def _closed(self, place: int) -> bool:
        """Whether the arm at this place broke, or there is no room for it."""
        arms = self._arms.at
        return arms[place].broke if place in arms else len(arms) >= MOST_ARMS

    def _affords(self, cost: int) -> bool:
        return self.spent + cost <= self.budget

    def _conclude(self, best: Arm) -> None:
        whole = [arm for arm in self.arms if not arm.broke]
        falls = {arm.rate: self.before - arm.level(FIRST).mean for arm in whole}
        fall = max(self.before - best.level().mean, *falls.values(), -inf)
        if not (self._arms.stands(best) and fall > 0):
            self.failure = "no rate that was tried lowers the loss"
            return
        rate = best.rate * (self._arms.margin(best) if self.cautious else 1.0)
        working = [r for r, fall in falls.items() if fall > max(falls.values()) / 4]
        low, high = min([rate, *working]), max([best.rate, *working])
        equals = [arm.rate for arm in whole if not self._arms.worse(arm, best)]
        apart = max((abs(log10(r / best.rate)) for r in equals), default=0.0)
        self.found = Found(rate, low, high, max(SPACING / 2, apart), self._top, best.number)
