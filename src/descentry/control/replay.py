"""What a pilot would decide over a recorded run, or has decided over its own: the same policies, offline.

Needs no torch.
"""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import nan
from typing import Any

import numpy as np

from descentry import story
from descentry.control import journal
from descentry.control._controller import Controller
from descentry.control._orders import Settings
from descentry.core.data import Decision, Run, Series
from descentry.core.errors import DescentryError

ROOM = 64


@dataclass(frozen=True, slots=True)
class Replay:
    """A run seen again by the policies.

    Attributes:
        run: Its name.
        points: How many losses were looked at.
        decisions: What was decided.
        journal: What the pilot of the run wrote down, where it had one, else None.
    """

    run: str
    points: int
    decisions: tuple[Decision, ...]
    journal: tuple[Decision, ...] | None

    @property
    def same(self) -> bool:
        """Whether the run had a pilot, and it decided just this."""
        return self.journal is not None and _plain(self.decisions) == _plain(self.journal)

    def to_dict(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "run": self.run,
            "points": self.points,
            "piloted": self.journal is not None,
            "same": self.same if self.journal is not None else None,
            "decisions": [journal.to_dict(d) for d in self.decisions],
        }


def replay(source: Any, *, metric: str | None = None, step: str | None = None) -> list[Replay]:
    """Shows recorded runs to the policies.

    The losses of a run that had a pilot already show what was done, so the same is decided again. In any
    other run nothing is carried out: after each decision the policies look anew at what the run did by
    itself.

    Args:
        source: A path that ``descentry explain`` takes, or runs.
        metric: The series to look at; the training loss when not given.
        step: The column that counts updates.

    Raises:
        DescentryError: The source cannot be read, or there is no such metric.
    """
    kept = journal.read(source) if isinstance(source, (str, os.PathLike)) else journal.Journal(None, ())
    runs = story.runs_of(source, step=step)
    if kept.settings is not None and len(runs) == 1 and metric is None:
        return [_again(runs[0], kept.settings, kept)]
    return [_for_the_first_time(run, metric) for run in runs]


def _again(run: Run, settings: Settings, kept: journal.Journal) -> Replay:
    """A run that had a pilot.

    Raises:
        DescentryError: No loss was recorded.
    """
    losses = _seen(run)
    left_out = {d.step for d in kept.decisions if d.remedy is not None and "skip" in d.remedy.change}
    rates = story.facts_of(run, metric="loss").rate
    controller = Controller(settings)
    controller.begin()
    known = _at_each(rates, losses)
    count = 0
    for number, loss in _points(losses):
        if number < settings.start:
            continue
        if kept.until is not None and number >= kept.until:
            break
        count += 1
        if number in left_out and (decision := controller.offer(number, loss)) is not None:
            controller.skipped(decision)
            continue
        rate = controller.rate
        effective = settings.rate * rate.factor
        base = None if rate.fixed or effective == 0.0 else known.get(number, nan) / effective
        controller.see(number, loss, base if base == base else None, kept.moved.get(number))
    return Replay(run.name, count, tuple(controller.decisions), kept.decisions)


def _seen(run: Run) -> Series:
    """The losses that its pilot saw, those of a search among them.

    Raises:
        DescentryError: There are none.
    """
    seen = [s for s in run.series if s.name in ("loss", "trial-loss") and not s.split and len(s)]
    if not seen:
        raise DescentryError("the run has no losses that its pilot could have seen", where=run.name)
    step, value = (np.concatenate([getattr(s, part) for s in seen]) for part in ("step", "value"))
    order = np.argsort(step, kind="stable")
    return Series("loss", "", step[order], value[order])


def _for_the_first_time(run: Run, metric: str | None) -> Replay:
    facts = story.facts_of(run, metric=metric)
    losses, given = facts.curve.series, facts.peak_rate
    start = int(losses.step[0]) if len(losses) else 0
    rate = float(given) if given else nan
    controller = Controller(Settings(rate=rate, start=start, room=ROOM, acts=False))
    controller.begin()
    rates = _at_each(facts.rate, losses)
    sign = -1.0 if facts.curve.rising else 1.0
    for number, loss in _points(losses):
        controller.see(number, sign * loss, rates[number] / rate if number in rates else None)
    decided = tuple(dataclasses.replace(d, by="replay", applied=False) for d in controller.decisions)
    return Replay(run.name, len(losses), decided, None)


def _points(series: Series) -> Iterable[tuple[int, float]]:
    return zip(series.step.tolist(), series.value.tolist(), strict=True)


def _at_each(rates: Series | None, losses: Series) -> Mapping[int, float]:
    """The rate in force at each step, where rates are written down when they change."""
    if rates is None or not len(rates):
        return {}
    place = np.searchsorted(rates.step, losses.step, side="right") - 1
    known = place >= 0
    values = rates.value[place[known]]
    return dict(zip(losses.step[known].tolist(), values.tolist(), strict=True))


def _plain(decisions: tuple[Decision, ...]) -> list[tuple[int, str, str]]:
    # Advice rests on what was measured, which is not replayed.
    return [(d.step, d.policy, d.because) for d in decisions if d.policy != "advise"]
