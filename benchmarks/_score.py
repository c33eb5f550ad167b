"""The arithmetic of the scores: presence of labels, places of events, intervals. The rules: ``story.py``."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from benchmarks._nouns import Event

BEHAVIOURS = (
    "smooth-decrease", "noisy-decrease", "slow-decrease", "plateau", "sudden-drop", "jump-up", "spike",
    "oscillation", "divergence", "non-finite", "stuck", "overfitting",
)  # fmt: skip
ENDS = ("converged", "still-improving")
LABELS = (*BEHAVIOURS, *ENDS)
# A run whose labels hold one of these is unhealthy, and may be called failing.
UNHEALTHY = frozenset({"divergence", "non-finite", "stuck", "jump-up", "oscillation"})
NEAR = 0.02

Counts = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Case:
    """What is true of one run, and what was told of it.

    Attributes:
        name: The run.
        first: Its first step.
        last: Its last step.
        labels: The labels that are true of it, convergence included.
        unscored: Labels that are not scored for it.
        events: The places that are known.
        told: The behaviours that were found, and where.
        end: The convergence that was told.
        verdict: The verdict that was told.
        sure: How sure each label was told to be: the surest of its findings.
    """

    name: str
    first: int
    last: int
    labels: frozenset[str]
    unscored: frozenset[str]
    events: tuple[Event, ...]
    told: tuple[Event, ...]
    end: str
    verdict: str
    sure: Mapping[str, float] = field(default_factory=dict)

    @property
    def near(self) -> float:
        """How many steps apart two ranges may lie and still match."""
        return NEAR * (self.last - self.first)


def told_labels(case: Case) -> frozenset[str]:
    """The labels that were told, without the plateaus that do not count against anyone."""
    found = {event.behaviour for event in case.told if not _tolerated(event, case)}
    return frozenset(found | ({case.end} & set(ENDS))) - case.unscored


def _tolerated(event: Event, case: Case) -> bool:
    """A plateau that is the end of a converged run, or part of a range in which nothing is learnt anyway."""
    if event.behaviour != "plateau" or "plateau" in case.labels:
        return False
    if "converged" in case.labels and event.stop >= case.last - case.near:
        return True
    if "stuck" in case.labels:
        return True
    ranges = [e for e in case.events if e.behaviour in {"stuck", "divergence", "non-finite"}]
    return any(e.start - case.near <= event.start and event.stop <= e.stop + case.near for e in ranges)


def matches(one: Event, other: Event, near: float) -> bool:
    """The same behaviour, and ranges that overlap or lie at most ``near`` steps apart."""
    return (
        one.behaviour == other.behaviour and max(one.start, other.start) - min(one.stop, other.stop) <= near
    )


def presence(cases: Sequence[Case]) -> Counts:
    """Hits, false alarms and misses: int64[cases, labels, 3]."""
    counts = np.zeros((len(cases), len(LABELS), 3), dtype=np.int64)
    for i, case in enumerate(cases):
        told, true = told_labels(case), case.labels - case.unscored
        for j, label in enumerate(LABELS):
            counts[i, j] = (label in told & true, label in told - true, label in true - told)
    return counts


def places(cases: Sequence[Case]) -> Counts:
    """Events found, events missed, findings that are right, findings that are wrong: int64[behaviours, 4].

    A behaviour that is true of a run, but whose places nobody noted, is left out for that run.
    """
    counts = np.zeros((len(BEHAVIOURS), 4), dtype=np.int64)
    for case in cases:
        placed = {event.behaviour for event in case.events}
        for j, behaviour in enumerate(BEHAVIOURS):
            if behaviour in case.unscored or (behaviour in case.labels and behaviour not in placed):
                continue
            events = [e for e in case.events if e.behaviour == behaviour]
            told = [e for e in case.told if e.behaviour == behaviour and not _tolerated(e, case)]
            found = sum(any(matches(e, t, case.near) for t in told) for e in events)
            right = sum(any(matches(e, t, case.near) for e in events) for t in told)
            counts[j] += (found, len(events) - found, right, len(told) - right)
    return counts


def f1(hits: float, alarms: float, misses: float) -> float:
    """The harmonic mean of precision and recall; NaN where nothing was there and nothing was found."""
    whole = 2 * hits + alarms + misses
    return 2 * hits / whole if whole else float("nan")


def ratio(part: float, rest: float) -> float:
    """``part`` of ``part + rest``; NaN where both are zero."""
    return part / (part + rest) if part + rest else float("nan")


def macro(counts: Counts) -> float:
    """Mean F1 of the labels that are true of at least one run."""
    return _macro(counts.sum(0), counts.sum(0)[:, [0, 2]].sum(1) > 0)


def _macro(totals: Counts, occurs: npt.NDArray[np.bool_]) -> float:
    scores = [f1(*totals[j]) for j in np.flatnonzero(occurs)]
    scores = [score for score in scores if not np.isnan(score)]
    return float(np.mean(scores)) if scores else float("nan")


def micro(counts: Counts) -> float:
    """F1 of all labels of all runs together."""
    return f1(*counts.sum((0, 1)))


def interval(counts: Counts, times: int = 2000, seed: int = 0) -> tuple[float, float]:
    """95% interval of the macro F1: the runs are drawn anew, with replacement."""
    rng = np.random.default_rng(seed)
    occurs = counts.sum(0)[:, [0, 2]].sum(1) > 0
    drawn = [_macro(counts[rng.integers(0, len(counts), len(counts))].sum(0), occurs) for _ in range(times)]
    low, high = np.nanpercentile(drawn, [2.5, 97.5])
    return float(low), float(high)


def false_failures(cases: Sequence[Case]) -> tuple[list[str], int]:
    """The healthy runs that were called failing, and how many healthy runs there are."""
    healthy = [case for case in cases if not UNHEALTHY & (case.labels | case.unscored)]
    return [case.name for case in healthy if case.verdict == "failing"], len(healthy)


def reliability(cases: Sequence[Case], edges: Sequence[float]) -> list[tuple[int, float, float]]:
    """Between each pair of edges: how many labels were told, how surely on average, the share that is true.

    Trustworthy are confidences of which as many come true as they say, or more.
    """
    told = [
        (item.sure[label], label in item.labels)
        for item in cases
        for label in told_labels(item)
        if label in item.sure
    ]
    rows = []
    for low, high in pairwise(edges):
        inside = [pair for pair in told if low <= pair[0] < high]
        mean = float(np.mean([sure for sure, _ in inside])) if inside else math.nan
        true = float(np.mean([right for _, right in inside])) if inside else math.nan
        rows.append((len(inside), mean, true))
    return rows
