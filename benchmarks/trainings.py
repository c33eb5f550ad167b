"""The evaluation set: real trainings of small models, in which it is known exactly what was done, and when.

A recipe trains a task (``_tasks.py``) and does one known thing to it: cuts the rate at a step, feeds one
corrupted batch, freezes the parameters. Labels and events follow from what was done, and from the loss on
all of the data, which is evaluated beside the logged loss and is free of the batches' noise. A label also
has to be visible: where an event does not stand out of the noise, or a person might call it either way,
the behaviour is left out of the scoring of that run (``unscored``) rather than decided. The rules are in
``_truth.py``.

Families (a data set and a model each) are whole on one side: tune on ``dev`` only; ``test`` is held out.

    python -m benchmarks.trainings --list [--split dev]
"""

from __future__ import annotations

import argparse
import dataclasses
import hashlib
import json
import os
import zlib
from pathlib import Path
from typing import Any, Literal

import numpy as np

from benchmarks._families import tasks
from benchmarks._lab import Lab
from benchmarks._nouns import Event, Sketch, Training
from benchmarks._recipes import Recipe, recipes
from benchmarks._tasks import Bandit, Task
from benchmarks._truth import is_steady, settle
from descentry.core.data import Run, Series

__all__ = ["Event", "Training", "default_cache", "load"]

Split = Literal["dev", "test"]


def load(split: Split | Literal["all"] = "all", cache: str | Path | None = None) -> list[Training]:
    """The trainings of a split, generated on first use (about a minute) and then read from ``cache``."""
    splits: tuple[Split, ...] = ("dev", "test") if split == "all" else (split,)
    return [training for part in splits for training in _load_split(part, Path(cache or default_cache()))]


def default_cache() -> Path:
    """The system's cache folder for this user."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "descentry-benchmarks"


def generate(split: Split, *, families: set[str] | None = None) -> list[Training]:
    """Trains everything of a split; the same on each call."""
    chosen = [task for name, task in tasks()[split].items() if families is None or name in families]
    found: list[Training] = []
    for task in chosen:
        times: dict[Recipe, int] = {}
        for recipe in recipes(task):
            times[recipe] = times.get(recipe, 0) + 1
            found.append(make(task, recipe, times[recipe]))
    # Where a recipe did not show on a task, and the rest is a matter of taste, there is nothing to score.
    return [t for t in found if (t.labels or t.convergence) and len(t.run.series[0]) >= 8]


def make(task: Task, recipe: Recipe, time: int = 1) -> Training:
    """Trains a task by a recipe, for the first or another time, and settles what its curve shows."""
    name = f"{task.name}/{recipe.__name__.replace('_', '-')}{f'-{time}' if time > 1 else ''}"
    rng = np.random.default_rng(zlib.crc32(name.encode()))
    # Some of these trainings overflow on purpose.
    with np.errstate(over="ignore", invalid="ignore"):
        sketch = recipe(Lab(task, rng))
        if isinstance(task, Bandit):
            flipped = dataclasses.replace(sketch.tape, value=-sketch.tape.value)
            sketch = dataclasses.replace(sketch, tape=flipped, metric="reward", rising=True)
        labels, events, end, unscored = settle(sketch)
    return _dressed(name, task.name, sketch, (labels, events, end, unscored), rng)


def _dressed(name: str, family: str, sketch: Sketch, truth: Any, rng: np.random.Generator) -> Training:
    """The run as some log would hold it: in another unit, by another name, counted from another step."""
    labels, events, end, unscored = truth
    scale, shift, first, stride = 1.0, 0.0, 0, 1
    metric = sketch.metric
    tape = sketch.tape
    if sketch.dress:
        calm = tape.value[np.isfinite(tape.value)]
        scale = float(rng.choice([1.0, 1.0, 1e-4, 1e3]))
        shift = float(rng.choice([0.0, 0.0, 0.0, 5.0, -3.0])) * float(np.ptp(calm))
        # How far a steady fall has still to go, only the level can tell.
        shift = 0.0 if is_steady(tape.clean) else shift
        first = int(rng.choice([0, 0, 1, 5000]))
        if metric == "loss":
            metric = str(rng.choice(["loss", "loss", "train_loss", "train/loss", "nll"]))
    stride = int(rng.choice([1, 1, 10, 100]))

    def at(step: Any) -> Any:
        return first + stride * step

    series = [Series(metric, "train", at(tape.step), scale * (tape.value + shift))]
    if len(tape.val):
        series.append(Series("val_loss", "validation", at(tape.val_step.astype(int)), tape.val))
    placed = tuple(Event(e.behaviour, at(e.start), at(e.stop)) for e in events)
    return Training(
        name, family, Run(name, name, tuple(series)), labels, placed, end, unscored, sketch.rising
    )


def _fingerprint() -> str:
    here = Path(__file__).parent
    digest = hashlib.sha256(np.__version__.encode())
    for path in (here / "trainings.py", *sorted(here.glob("_*.py"))):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def _load_split(split: Split, cache: Path) -> list[Training]:
    path = cache / f"trainings-{split}-{_fingerprint()}.npz"
    if not path.exists():
        cache.mkdir(parents=True, exist_ok=True)
        _write(path, generate(split))
    return _read(path)


def _write(path: Path, trainings: list[Training]) -> None:
    arrays: dict[str, Any] = {}
    about = []
    for i, t in enumerate(trainings):
        for j, s in enumerate(t.run.series):
            arrays[f"{i}.{j}.step"], arrays[f"{i}.{j}.value"] = s.step, s.value
        entry = dataclasses.asdict(t) | {"run": [(s.name, s.split) for s in t.run.series]}
        about.append(entry | {"labels": sorted(t.labels), "unscored": sorted(t.unscored)})
    # Written beside and renamed, so that a run cut short leaves no half of a cache behind.
    part = path.with_suffix(f".{os.getpid()}.part")
    with part.open("wb") as file:
        np.savez_compressed(file, about=np.frombuffer(json.dumps(about).encode(), dtype=np.uint8), **arrays)
    part.replace(path)


def _read(path: Path) -> list[Training]:
    found = []
    with np.load(path, allow_pickle=False) as arrays:
        for i, entry in enumerate(json.loads(arrays["about"].tobytes())):
            series = tuple(
                Series(name, part, arrays[f"{i}.{j}.step"], arrays[f"{i}.{j}.value"])
                for j, (name, part) in enumerate(entry["run"])
            )
            entry |= {
                "run": Run(entry["name"], entry["name"], series),
                "labels": frozenset(entry["labels"]),
                "unscored": frozenset(entry["unscored"]),
                "events": tuple(Event(**event) for event in entry["events"]),
            }
            found.append(Training(**entry))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument(
        "--list", action="store_true", help="print names, lengths, labels, events and what is unscored"
    )
    parser.add_argument("--split", choices=("dev", "test", "all"), default="all")
    parser.add_argument("--cache", type=Path, default=None, help="folder to keep the generated set in")
    options = parser.parse_args()
    trainings = load(options.split, options.cache)
    if options.list:
        for t in trainings:
            series, labels = t.run.series[0], ";".join(sorted(t.labels))
            print(
                f"{t.name:38} {len(series):6} {series.name:14} {labels:40} {t.convergence or '?':16}", end=""
            )
            print(
                *(f" {e.behaviour}={e.start}-{e.stop}" for e in t.events),
                f" unscored={';'.join(sorted(t.unscored))}",
            )
    print(f"{len(trainings)} trainings of {len({t.family for t in trainings})} families")


if __name__ == "__main__":
    main()
