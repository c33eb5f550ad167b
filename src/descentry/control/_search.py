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
2. *Arms.* Short trials from one start, half a decade apart, from the breaking rate downwards, until the
   loss is clearly worse again on both sides of the best.
3. *Race.* Successive halving (Jamieson and Talwalkar 2016): the best three go on to 20 steps, and the best
   two to 40. Ties go to the larger rate, because short trials favour small ones (Wu et al. 2018,
   arXiv 1803.02021).

The numbers below were chosen on half of the tasks of ``benchmarks/control.py`` and are reported on the
other.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from math import inf, isfinite, log10, sqrt
from typing import Literal

from descentry.control._search_choice import SPACING, choose
from descentry.control._search_levels import TIES, Level, clearly_worse, level, tail
from descentry.control._search_parts import Arm, Found, Leg

__all__ = ["Arm", "Found", "Leg", "Search"]

LOW, HIGH = 1e-7, 1e2
LENGTHS = (5, 20, 40)  # steps after which arms are compared
KEPT = (3, 2)  # arms that go on after each comparison but the last
MOST_RAMP = 32  # steps of the ramp
LEAST_FACTOR = 2.5  # between its steps
MOST_ARMS = 9
FAR = 0.25  # of the fall: a trial so much worse than the best has been left behind
LONGER = 1.25  # a comparison that is not so much longer than the last is not worth its steps
LOWER, MOST_LOWERED = 1e3, 2  # a ramp that breaks at once begins again so much lower, so many times
IDLE = 4  # steps of the ramp in a row without any gain, after there was one, that end it
RISE, SPREADS = 0.5, 4  # of the level before training, and of the spread of its batches: what counts as risen
FIRST = 8  # losses of the ramp that stand for the level before any training, where nothing else does
SOON = 4  # a ramp that breaks within so many steps began too high


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
            gradient: what is stable for 40 steps may not be for 400, as curvature grows (Cohen et al. 2021).
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
        self.low, self.high = low, high
        self.budget = budget
        self.paired, self.resume, self.cautious = paired, resume, cautious
        self.spent = 0
        self.ramp: list[tuple[float, float]] = []
        self.arms: list[Arm] = []
        self.found: Found | None = None
        self.failure = ""
        self._lowered = 0
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
        return not isfinite(loss) or loss > self._before.mean + 2 * max(self._scale, self._far())

    @property
    def before(self) -> float:
        """The level of the loss before training."""
        return self._before.mean

    def arm_of(self, rate: float) -> Arm:
        """The trial at this rate that went furthest."""
        return max((a for a in self.arms if a.rate == rate), key=lambda a: len(a.losses))

    # What follows is one generator: it yields legs and is sent their losses.

    def _steps(self) -> Generator[Leg, list[float], None]:
        self._before = Level(inf, 0.0)
        self._scale, self._spread_of_batches = inf, 0.0
        self._reference: list[float] = []
        if self.paired:
            self._reference = yield Leg(0.0, LENGTHS[0], "start", -2)
            self._settle(self._reference)
        top = yield from self._climb()
        if self.failure:
            return
        yield from self._spread(top)
        yield from self._race()
        self._conclude(top)

    def _climb(self) -> Generator[Leg, list[float], float]:
        """The ramp; the rate at which it broke."""
        steps = min(MOST_RAMP, max(8, self.budget // 3))
        factor = max(LEAST_FACTOR, (self.high / self.low) ** (1 / (steps - 1)))
        rate, above, idle, gained = self.low, 0, 0, False
        while rate <= self.high * 1.001 and self._affords(1):
            losses = yield Leg(rate, 1, "here" if self.ramp else "start", -1)
            loss = losses[0] if losses else inf
            self.ramp.append((rate, loss))
            if not self.paired and len(self.ramp) <= FIRST:
                self._settle([loss for _, loss in self.ramp])
            rise = loss - self._at_first(len(self.ramp) - 1)
            above = above + 1 if rise > self._scale else 0
            idle = idle + 1 if rise >= 0 else 0
            gained = gained or (self.paired and -rise > TIES * abs(self._before.mean))
            if self.hopeless(loss) or above == 2 or (gained and idle == IDLE):
                break
            rate *= factor
        if not isfinite(self._before.mean):
            self.failure = "the loss is not finite before any step"
        elif len(self.ramp) <= SOON and rate <= self.high and self._lowered < MOST_LOWERED:
            self._lowered += 1
            self.low, self.ramp = self.low / LOWER, []
            return (yield from self._climb())
        return min(rate, self.high)

    def _at_first(self, step: int) -> float:
        """The loss before training on the batch that this step of the ramp saw."""
        return self._reference[step % len(self._reference)] if self._reference else self._before.mean

    def _settle(self, losses: Sequence[float]) -> None:
        """The level before training, and what counts as far above it."""
        self._before = tail(losses) if self.paired else level(losses)
        self._spread_of_batches = level(losses).error * sqrt(len(losses))
        # A ramp that is paired is compared batch by batch: there the batches' own differences cancel.
        self._scale = max(RISE * abs(self._before.mean), 0.0 if self.paired else self._far())

    def _far(self) -> float:
        return SPREADS * self._spread_of_batches

    def _spread(self, top: float) -> Generator[Leg, list[float], None]:
        """Arms downwards from the breaking rate, in steps of a decade where nothing is learnt yet; then back.

        The neighbours of the best arm are tried in any case.
        """
        tried: dict[int, Arm] = {}
        k = 1
        while len(tried) < MOST_ARMS and self._affords(LENGTHS[0]):
            arm = tried[k] = Arm(len(self.arms), top / 10 ** (SPACING * k))
            yield from self._run(arm, LENGTHS[0])
            lowest, best = max(tried), min(tried, key=lambda j: tried[j].level().mean)
            if not tried[best].level().mean < self._before.mean:
                k = lowest + 2
            elif not self._turned(tried[lowest]):
                k = lowest + 1
            elif best - 1 not in tried:
                k = best - 1
            elif best + 1 not in tried:
                k = best + 1
            else:
                return

    def _turned(self, last: Arm) -> bool:
        """Whether the loss is higher at this arm again, so that smaller rates need not be tried."""
        best = min(self.arms, key=lambda a: a.level().mean)
        fall = self._before.mean - best.level().mean
        return fall > 0 and last.level().mean - best.level().mean > TIES * fall

    def _run(self, arm: Arm, steps: int) -> Generator[Leg, list[float], None]:
        """Takes an arm to so many steps in all, from where it ended or from the start."""
        if arm not in self.arms:
            self.arms.append(arm)
        more = steps - len(arm.losses) if self.resume else steps
        origin: Literal["start", "arm"] = "arm" if self.resume and arm.losses else "start"
        losses = yield Leg(arm.rate, more, origin, arm.number)
        arm.losses = [*(arm.losses if origin == "arm" else ()), *losses]
        arm.broke = len(losses) < more or any(self.hopeless(x) for x in losses)

    def _race(self) -> Generator[Leg, list[float], None]:
        for steps, kept in zip(LENGTHS[1:], KEPT, strict=True):
            alive = self._leading(kept)
            if len(alive) < 2:
                return
            if (steps := min(steps, self._reach(alive))) < LONGER * max(len(a.losses) for a in alive):
                return
            for arm in alive:
                yield from self._run(arm, steps)

    def _leading(self, kept: int) -> list[Arm]:
        """The best of those that went furthest; where too few of them are left, of the others too.

        A rate below all that were tried joins them where even that are too few, or where the lowest has left
        the others behind.
        """
        alive = sorted((a for a in self.arms if not a.broke), key=lambda a: (-len(a.losses), a.level().mean))
        leading = alive[:kept]
        lowest = min((a.rate for a in self.arms), default=inf)
        if leading and len(self.arms) < MOST_ARMS and (len(leading) == 1 or self._too_high(leading, lowest)):
            leading = [*leading[: kept - 1], Arm(len(self.arms), lowest / 10**SPACING)]
        return sorted(leading, key=lambda a: a.rate)

    def _too_high(self, leading: Sequence[Arm], lowest: float) -> bool:
        first, second = (a.level().mean for a in leading[:2])
        return leading[0].rate <= lowest and second - first > FAR * max(self._before.mean - first, 0.0)

    def _reach(self, alive: Sequence[Arm]) -> int:
        """To how many steps the rest of the budget takes all of these arms."""
        made = sum(len(a.losses) for a in alive) if self.resume else 0
        return (self.budget - self.spent + made) // len(alive)

    def _affords(self, cost: int) -> bool:
        return self.spent + cost <= self.budget

    def _worse(self, arm: Arm, best: Arm) -> bool:
        fall = max(self._before.mean - best.level().mean, 0.0)
        return clearly_worse(arm.losses, best.losses, fall, paired=self.paired)

    def _conclude(self, top: float) -> None:
        if not self.arms:
            self.failure = "the budget was spent before any rate could be tried"
            return
        best, cautious = choose(self.arms, self._before.mean, cautious=self.cautious)
        whole = [a for a in self.arms if not a.broke]
        falls = {a.rate: self._before.mean - tail(a.losses, LENGTHS[0]).mean for a in whole}
        if best.broke or not max(*falls.values(), self._before.mean - best.level().mean) > 0:
            self.failure = "no rate that was tried lowers the loss"
            return
        working = [rate for rate, fall in falls.items() if fall > max(falls.values()) / 4]
        low, high = min([best.rate, *working]), max([best.rate, *working])
        equals = [a.rate for a in self.arms if not a.broke and not self._worse(a, best)]
        apart = max((abs(log10(r / best.rate)) for r in equals), default=0.0)
        self.found = Found(best.rate, low, high, max(SPACING / 2, apart), top, cautious)
