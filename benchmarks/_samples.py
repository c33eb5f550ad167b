"""What the diagnosis sees of the zoo: the value of every sign, of watched runs and of their logs."""

from __future__ import annotations

import functools
import multiprocessing
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any, Literal

from benchmarks._encoding import Sample

View = Literal["watched", "log"]
VIEWS: tuple[View, ...] = ("watched", "log")


def cells(folders: Sequence[Path]) -> list[Path]:
    """The files of the zoo.

    Raises:
        SystemExit: A folder has none.
    """
    found: list[Path] = []
    for folder in folders:
        here = sorted(folder.glob("cell-*.npz"))
        if not here:
            raise SystemExit(f"{folder}: no trainings here. Make some: python -m benchmarks.calibrate make")
        found += here
    return found


def over_cells(
    act: Callable[[Path], list[Any]], folders: Sequence[Path], jobs: int | None = None
) -> list[Any]:
    """What ``act`` returns for every cell, in the order of the cells, on all cores."""
    paths = cells(folders)
    # Fresh processes: a forked one would share the threads that numpy has started here.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(jobs or os.cpu_count(), context) as pool:
        return [found for part in pool.map(act, paths, chunksize=4) for found in part]


def samples(
    folders: Sequence[Path], view: View, part: Literal["fit", "test"], jobs: int | None = None
) -> list[Sample]:
    """The runs of one part of the zoo in one view."""
    return over_cells(functools.partial(_of_cell, view, part), folders, jobs)


def _of_cell(view: View, part: str, path: Path) -> list[Sample]:
    from benchmarks.zoo import shards
    from benchmarks.zoo.logs import logged
    from benchmarks.zoo.pairs import go_together
    from benchmarks.zoo.splitting import split
    from descentry.diagnosis import read
    from descentry.story import facts_of

    found = []
    for sample in shards.read(path):
        if split(sample.spec) == part and go_together(sample.spec.faults):
            facts, labels = facts_of(sample.run if view == "watched" else logged(sample)), sample.labels
            findings = tuple(facts.findings)
            found.append(Sample(sample.spec.family, read(facts), labels.given, labels.allowed, findings))
    return found
