"""A search inside a training: which losses belong to which trial, and what is put back between them."""

from __future__ import annotations

from itertools import pairwise
from math import inf, isfinite, nan

from descentry.control._orders import NOTHING, Label, Orders, Settings
from descentry.control._search import MOST_ARMS, Search
from descentry.control._search_levels import tail
from descentry.control._sight import COUNTS

BUDGET = 100  # steps of a search
SHARE = 3  # and at most such a part of the steps that are left
LEAST = 40
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
        found: What it came to: ``rate``, ``low``, ``high`` and ``steps``; without ``rate`` where it found
            none.
        first: The loss before training, at rates so small that nothing has changed yet.
        step: By how much it differs there from one batch to the next, on average.
        level: Of the loss at the end of the best trial.
    """

    def __init__(self, label: int, settings: Settings, left: int | None) -> None:
        budget = BUDGET if left is None else max(LEAST, min(BUDGET, left // SHARE))
        self.label = label
        self.over = False
        self.found: dict[str, float] = {}
        self.first, self.step, self.level = nan, 0.0, inf
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
        found = self._search.found
        self.found = {"steps": float(self._search.spent)}
        self._look_at_the_ramp()
        back: Label = self.label
        if found is not None:
            self.found |= {"rate": found.rate, "low": found.low, "high": found.high, "breaks": found.breaks}
            best = max(
                (a for a in self._search.arms if a.rate == found.rate and not a.broke),
                key=lambda a: len(a.losses),
            )
            self.level = tail(best.losses).mean
            back = _end(best.number) if _end(best.number) in self._ends else self.label
        return Orders(keep, back, tuple(sorted(self._ends, key=str)))

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
