"""Runs as the fit sees them: a column for every bin of every sign, and what the causes' files state of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from descentry.causes._entry import Cause, Sign, signs
from descentry.causes._worlds import HEALTHY
from descentry.core.data import Finding

FOLDS = 5
Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Sample:
    """One run as the fit sees it.

    Attributes:
        task: What was trained; folds leave out whole tasks.
        values: Sign values by id, None where not read.
        given: Causes that were put into the run (``healthy`` if none).
        allowed: Causes that may also be named.
        findings: What its curve does.
    """

    task: str
    values: Mapping[str, float | None]
    given: frozenset[str]
    allowed: frozenset[str]
    findings: tuple[Finding, ...] = ()


def struck(samples: Sequence[Sample], seed: int = 0) -> list[Sample]:
    """The runs with signs struck out: of each run a share that is drawn for it, from none to all."""
    rng = np.random.default_rng(seed)
    found = []
    for sample in samples:
        share = rng.random()
        values = {name: None if rng.random() < share else value for name, value in sample.values.items()}
        found.append(replace(sample, values=values))
    return found


def folds(samples: Sequence[Sample]) -> NDArray[np.int64]:
    """Which fold each run is left out in: whole tasks, spread evenly by size, always alike."""
    tasks: dict[str, int] = {}
    for sample in samples:
        tasks[sample.task] = tasks.get(sample.task, 0) + 1
    load, of = [0] * FOLDS, {}
    for task in sorted(tasks, key=lambda t: (-tasks[t], t)):
        of[task] = load.index(min(load))
        load[of[task]] += tasks[task]
    return np.array([of[s.task] for s in samples])


@dataclass(frozen=True)
class Encoding:
    """The columns: a base, then one for each bin of each sign of any cause.

    Attributes:
        causes: Ids, in order.
        signs: Every sign, by id.
        columns: The bins of each sign, by its id.
        stated: What the files of the causes say [columns, causes]; 0 where one says nothing.
        says: Where it says something [columns, causes].
    """

    causes: tuple[str, ...]
    signs: Mapping[str, Sign]
    columns: Mapping[str, slice]
    stated: Floats
    says: Mask

    @classmethod
    def of(cls, causes: Sequence[Cause]) -> Encoding:
        known, width = signs(tuple(causes)), 1
        columns: dict[str, slice] = {}
        for name, sign in known.items():
            columns[name] = slice(width, width + len(sign.words))
            width += len(sign.words)
        stated, says = np.zeros((width, len(causes))), np.zeros((width, len(causes)), dtype=bool)
        says[0] = True
        for c, cause in enumerate(causes):
            stated[0, c] = cause.base
            for clue in cause.clues:
                at = columns[clue.sign.id]
                stated[at, c], says[at, c] = clue.weights, True
        return cls(tuple(c.id for c in causes), known, columns, stated, says)

    def usual(self, samples: Sequence[Sample]) -> Mask:
        """The bin of each sign that healthy runs are in most often [columns]."""
        counts = self.matrix([s for s in samples if HEALTHY in s.given]).sum(0)
        found = np.zeros(len(counts), dtype=bool)
        for at in self.columns.values():
            found[at.start + int(counts[at].argmax())] = True
        return found

    def matrix(self, samples: Sequence[Sample]) -> Floats:
        """A row for each run: 1 in the first column and in the bins that its values lie in."""
        matrix = np.zeros((len(samples), len(self.stated)))
        matrix[:, 0] = 1.0
        for name, sign in self.signs.items():
            first = self.columns[name].start
            for i, sample in enumerate(samples):
                value = sample.values.get(name)
                if value is not None:
                    matrix[i, first + sign.bin(value)] = 1.0
        return matrix
