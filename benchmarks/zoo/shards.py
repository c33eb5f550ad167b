"""Where the trainings are kept: a compressed file of arrays a cell, to take features from at any time."""

from __future__ import annotations

import dataclasses
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.zoo.cells import Sample
from benchmarks.zoo.labels import Labels
from benchmarks.zoo.pairs import go_together
from benchmarks.zoo.spec import from_dict, to_dict
from descentry.core.data import Gap, Run, Series


def path_of(folder: Path, number: int) -> Path:
    """The file of a cell."""
    return folder / f"cell-{number:05}.npz"


def write(path: Path, samples: list[Sample]) -> None:
    """Writes a cell; a crash leaves no half of it behind."""
    series = [s for sample in samples for run in (sample.run, sample.log) for s in run.series]
    about = [_about(sample) for sample in samples]
    part = path.with_suffix(f".{os.getpid()}.part")
    with part.open("wb") as file:
        np.savez_compressed(
            file,
            about=np.frombuffer(json.dumps(about).encode(), dtype=np.uint8),
            step=np.concatenate([s.step for s in series] or [np.empty(0, np.int64)]),
            value=np.concatenate([s.value for s in series] or [np.empty(0)]),
        )
    part.replace(path)


def read(path: Path) -> list[Sample]:
    """The trainings of a cell."""
    with np.load(path, allow_pickle=False) as arrays:
        about = json.loads(arrays["about"].tobytes())
        step, value = arrays["step"], arrays["value"]
    found, at = [], 0
    for entry in about:
        runs = []
        for told in entry["runs"]:
            series = []
            for name, split, step_name, count in told["series"]:
                part = slice(at, at + count)
                series.append(Series(name, split, step[part], value[part], step_name=step_name))
                at += count
            gaps = tuple(Gap(**gap) for gap in told["gaps"])
            runs.append(Run(entry["name"], "zoo", tuple(series), told["config"], gaps, told["reader"]))
        kept = entry["labels"]
        labels = Labels(**{**kept, "given": frozenset(kept["given"]), "allowed": frozenset(kept["allowed"])})
        found.append(Sample(from_dict(entry["spec"]), *runs, labels))
    return found


def load(folder: Path) -> Iterator[Sample]:
    """Every training in a folder, in the order of the cells.

    Pairs of faults that undo each other are left out: older folders hold some.
    """
    for path in sorted(folder.glob("cell-*.npz")):
        yield from (sample for sample in read(path) if go_together(sample.spec.faults))


def _about(sample: Sample) -> dict[str, Any]:
    labels = dataclasses.asdict(sample.labels)
    return {
        "name": sample.spec.id,
        "spec": to_dict(sample.spec),
        "labels": {**labels, "given": sorted(labels["given"]), "allowed": sorted(labels["allowed"])},
        "runs": [_of_run(sample.run), _of_run(sample.log)],
    }


def _of_run(run: Run) -> dict[str, Any]:
    return {
        "series": [(s.name, s.split, s.step_name, len(s)) for s in run.series],
        "config": json.loads(json.dumps(dict(run.config), default=str)),
        "gaps": [dataclasses.asdict(gap) for gap in run.gaps],
        "reader": run.reader,
    }
