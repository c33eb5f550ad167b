"""A cell: one training at a good rate, and what becomes of it when this or that is done to it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.zoo import drawing, watching
from benchmarks.zoo.labels import LEARNS, Case, Labels, settle, together
from benchmarks.zoo.loop import Outcome, Result, train
from benchmarks.zoo.pairs import go_together, stands_beside
from benchmarks.zoo.searching import search
from benchmarks.zoo.spec import Fault, Spec
from benchmarks.zoo.training import build
from descentry.core.data import Run

HARMLESS, FAULTY, PAIRS = 5, 10, 2


@dataclass(frozen=True, eq=False)
class Sample:
    """One training with its truth.

    Attributes:
        spec: What was trained.
        run: What the watch saw of it.
        log: What a script might have logged of every update; ``logs.logged`` makes a log of it.
        labels: What is true of it.
    """

    spec: Spec
    run: Run
    log: Run
    labels: Labels


def make(
    seed: int,
    number: int,
    cache: Path | None = None,
    *,
    watched: bool = True,
    only: frozenset[str] = frozenset(),
) -> list[Sample]:
    """The trainings of a cell whose labels were proved; the same for the same seed and number.

    Args:
        seed: Of the folder.
        number: Of the cell in it.
        cache: Folder that remembers which rates are good.
        watched: Whether trainings are watched.
        only: Kinds of faults that may be put in; any where none is named.

    Cost: some thirty trainings of a second or less.
    """
    rng = np.random.default_rng([seed, number])
    for _ in range(5):
        spec = drawing.base(rng)
        found = search(spec, cache)
        if found.end > LEARNS:
            continue
        spec = spec.with_(rate=found.rate * float(rng.choice([0.3, 0.5, 0.7, 1.0])))
        twin = train(build(spec)).outcome
        if twin.finite and twin.end <= min(LEARNS, found.end + 0.15):
            return _Cell(spec, twin, found.end, watched, only).samples(rng)
    return []


@dataclass
class _Cell:
    spec: Spec
    twin: Outcome
    best: float
    watched: bool
    only: frozenset[str]

    def samples(self, rng: np.random.Generator) -> list[Sample]:
        """What was proved."""
        done: list[Sample] = []
        proved: dict[str, tuple[Fault, Labels]] = {}
        for fault in [
            *drawing.faults(rng, self.spec, HARMLESS, harmless=True, only=self.only),
            *drawing.faults(rng, self.spec, FAULTY, harmless=False, only=self.only),
        ]:
            spec = self.spec.with_(faults=(fault,))
            result = self._train(spec)
            labels = settle(Case(spec, result.outcome, self.twin, self.best, _arm))
            if labels is not None:
                done.append(_sample(spec, result, labels))
                if not labels.healthy:
                    proved[fault.kind] = fault, labels
        for pair in self._pairs(rng, proved):
            spec = self.spec.with_(faults=pair)
            result = self._train(spec)
            both = together(spec, result.outcome, self.twin, {k: labels for k, (_, labels) in proved.items()})
            if both is not None:
                done.append(_sample(spec, result, both))
        return done

    def _train(self, spec: Spec) -> Result:
        return train(build(spec), watching.watched if self.watched else None)

    def _pairs(
        self, rng: np.random.Generator, proved: dict[str, tuple[Fault, Labels]]
    ) -> list[tuple[Fault, Fault]]:
        apart = [fault for fault, labels in proved.values() if stands_beside(labels)]
        rng.shuffle(apart)  # type: ignore[arg-type]
        couples = list(zip(apart[::2], apart[1::2], strict=False))
        return [couple for couple in couples if go_together(couple)][:PAIRS]


def _sample(spec: Spec, result: Result, labels: Labels) -> Sample:
    return Sample(spec, result.run or result.log, result.log, labels)


def _arm(spec: Spec) -> Outcome:
    return train(build(spec)).outcome
