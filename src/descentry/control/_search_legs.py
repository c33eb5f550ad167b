"""A search inside a training: which losses belong to which trial, and what is put back between them."""

from __future__ import annotations

from itertools import pairwise
from math import isfinite, nan

from descentry.control._orders import NOTHING, Label, Orders, Settings
from descentry.control._search import FIRST, MOST_ARMS, Arm, Found, Search
from descentry.control._search_levels import tail
from descentry.control._sight import COUNTS

BUDGET = 100  # steps of a search
SHARE = 3  # and at most such a part of the steps that are left
LEAST = 40
TENTH = 10.0
CALM = 1e-3  # of the rate at which the ramp broke: nothing has changed there yet


class SearchLegs:
    """Drives a :class:`~descentry.control._search.Search` by the losses of a loop that is not ours.

    Each step of the loop sees another batch, so trials are not paired. Where there is room, the state at the
    end of each trial is kept, so that the longer ones need not repeat the shorter, and the best one's steps
    count.

    Args:
        label: The state that trials begin from, which is in place.
        settings: Of the pilot.
        left: Steps that are left of the run; None where that is not known.

    Attributes:
        label: As above.
        rate: Of the next step.
        over: Whether the search has ended.
        found: What it came to: ``rate``, ``low``, ``high``, ``fell``, ``steps``; without ``rate`` where it
            found none.
        first: The loss before training, at rates so small that nothing has changed yet.
        step: By how much it differs there from one batch to the next, on average.
        level: Of the loss in the state that it ends in.
    """

    def __init__(self, label: int, settings: Settings, left: int | None) -> None:
        budget = BUDGET if left is None else max(LEAST, min(BUDGET, left // SHARE))
        self.label = label
        self.over = False
        self.found: dict[str, float] = {}
        self.first, self.step, self.level = nan, 0.0, nan
        # Beside the trials there are the start and, for a moment, one more.
        self._search = Search(budget=budget, paired=False, resume=settings.room >= MOST_ARMS + 2)
        self._losses: list[float] = []
        self._ends: set[Label] = set()
        leg = self._search.propose()
        assert leg is not None
        self._leg = leg

    @property
    def rate(self) -> float:
        """Of the next step."""
        return self._leg.rate

    def see(self, loss: float) -> Orders:
        """A step was made with this loss."""
        self._losses.append(loss)
        if len(self._losses) < self._leg.steps and not self._search.hopeless(loss):
            return NOTHING
        whole = len(self._losses) == self._leg.steps and isfinite(loss)
        told, self._losses = self._losses, []
        keep: tuple[Label, ...] = ()
        if self._search.resume and whole and self._leg.arm >= 0:
            keep = (_end(self._leg.arm),)
            self._ends.update(keep)
        self._search.tell(told)
        leg = self._search.propose()
        if leg is None:
            return self._end(keep)
        self._leg = leg
        if leg.origin == "here":
            return Orders(keep)
        return Orders(keep, self.label if leg.origin == "start" else _end(leg.arm))

    def _end(self, keep: tuple[Label, ...]) -> Orders:
        self.over = True
        self.found = {"steps": float(self._search.spent)}
        self._look_at_the_ramp()
        found = self._search.found or self._of_the_short()
        back: Label = self.label
        self.level = self.first
        if found is not None:
            self.found |= {"rate": found.rate, "low": found.low, "high": found.high, "breaks": found.breaks}
            lasting = [tail(a.losses, FIRST).mean for a in self._search.arms if self._lasts(a)]
            self.found["fell"] = self.first - min(lasting, default=self.first)
            for arm in self._search.arms:
                if arm.number == found.arm and not arm.broke:
                    self.level = tail(arm.losses).mean
                    self.found["fell"] = max(self.found["fell"], self.first - self.level)
                    back = _end(arm.number) if _end(arm.number) in self._ends else self.label
        return Orders(keep, back, tuple(sorted(self._ends, key=str)))

    def _lasts(self, arm: Arm) -> bool:
        """Whether at least the first steps of a trial went well."""
        short = arm.losses[:FIRST]
        return len(short) == FIRST and not any(self._search.hopeless(x) for x in short)

    def _of_the_short(self) -> Found | None:
        """What the first steps of the trials say, where all that went on ended too high.

        Of those that fell at least half as far the smallest, because the larger ones did not last; a tenth of
        it where it did not last either.
        """
        arms = [a for a in self._search.arms if self._lasts(a)]
        falls = {a.rate: self.first - tail(a.losses, FIRST).mean for a in arms}
        good = [rate for rate, fall in falls.items() if fall > max(0.0, max(falls.values()) / 2)]
        if not good:
            return None
        broke = any(a.broke for a in self._search.arms if a.rate == min(good))
        rate = min(good) / (TENTH if broke else 1.0)
        number = next(a.number for a in arms if a.rate == min(good))
        return Found(rate, rate, max(good), 1.0, self._search.ramp[-1][0], -1 if broke else number)

    def _look_at_the_ramp(self) -> None:
        ramp = self._search.ramp
        if not isfinite(ramp[0][1]):
            self.found["blind"] = 1.0
            return
        calm = [loss for rate, loss in ramp[:COUNTS] if rate <= CALM * ramp[-1][0] or rate == ramp[0][0]]
        self.first = sum(calm) / len(calm)
        if len(calm) > 1:
            self.step = sum(abs(b - a) for a, b in pairwise(calm)) / (len(calm) - 1)


def _end(arm: int) -> str:
    return f"trial {arm}"
