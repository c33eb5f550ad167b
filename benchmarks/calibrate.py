"""Makes the trainings that diagnoses are calibrated and scored on, and fits what signs are worth.

    python -m benchmarks.calibrate make --out .calibration --runs 3000 --jobs 2
    python -m benchmarks.calibrate fit --out .calibration [MORE ...]

Trainings are made cell by cell (one good training, and what was done to it); a cell that lies in the folder
is not made again, so it can be stopped and started at any time. A second of one core is about one training.
"""

from __future__ import annotations

import argparse
import collections
import itertools
import json
import multiprocessing
import os
import time
import traceback
from collections.abc import Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from pathlib import Path

from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

DEFAULT = Path(".calibration")


def make(folder: Path, runs: int, jobs: int, seed: int, only: frozenset[str] = frozenset()) -> int:
    """Makes cells until the folder holds so many trainings; returns how many it holds.

    Where kinds of faults are named, only these are put in: for a folder of what others have too few of.

    Raises:
        ValueError: The folder was made from another seed.
    """
    folder.mkdir(parents=True, exist_ok=True)
    _check_seed(folder, seed)
    counts = {int(p.stem.removeprefix("cell-")): _count(p) for p in sorted(folder.glob("cell-*.npz"))}
    columns = (
        TextColumn("trainings"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with (
        Progress(*columns, refresh_per_second=1, speed_estimate_period=1800) as bar,
        # Fresh processes: a forked one would share the threads that torch has started here.
        ProcessPoolExecutor(jobs, multiprocessing.get_context("spawn"), initializer=_alone) as pool,
    ):
        shown = bar.add_task("", total=runs, completed=min(sum(counts.values()), runs))
        number, waiting = 0, dict[Future[int], int]()
        while sum(counts.values()) < runs or waiting:
            while sum(counts.values()) < runs and len(waiting) < jobs:
                if number not in counts:
                    waiting[pool.submit(make_cell, folder, seed, number, only)] = number
                number += 1
            done, _ = wait(waiting, return_when=FIRST_COMPLETED)
            for future in done:
                counts[waiting.pop(future)] = future.result()
            bar.update(shown, completed=min(sum(counts.values()), runs))
    return sum(counts.values())


def make_cell(folder: Path, seed: int, number: int, only: frozenset[str] = frozenset()) -> int:
    """Makes one cell; a cell that fails is an empty one, with what went wrong beside it."""
    from benchmarks.zoo import cells, shards

    try:
        samples = cells.make(seed, number, folder / "rates", only=only)
    except Exception:  # noqa: BLE001 - hours of other cells are not lost to one
        (folder / f"failed-{number:05}.txt").write_text(traceback.format_exc(), encoding="utf-8")
        samples = []
    shards.write(shards.path_of(folder, number), samples)
    return len(samples)


def _alone() -> None:
    import torch

    os.environ["OMP_NUM_THREADS"] = "1"
    torch.set_num_threads(1)


def _count(path: Path) -> int:
    from benchmarks.zoo import shards

    return len(shards.read(path))


def _check_seed(folder: Path, seed: int) -> None:
    about = folder / "about.json"
    if about.exists():
        known = json.loads(about.read_text(encoding="utf-8"))["seed"]
        if known != seed:
            raise ValueError(f"{folder} was made from seed {known}; give another folder, or --seed {known}")
    else:
        about.write_text(json.dumps({"seed": seed, "begun": time.time()}), encoding="utf-8")


def fit(folders: Sequence[Path], logs: Sequence[Path] = (), jobs: int | None = None) -> None:
    """Fits both views on the tasks that are for fitting, and writes the tables into the package.

    Args:
        folders: Of the trainings.
        logs: More of them, whose logs only are used.
        jobs: Processes that gather what the runs show; as many as there are cores when not given.

    Cost: for four thousand trainings about ten minutes of one core.
    """
    from benchmarks import _fit, _shares
    from benchmarks._samples import VIEWS, samples
    from descentry.causes._weights import VERSION, place
    from descentry.core import catalog

    causes = list(catalog.entries("causes").values())
    made = {}
    for view in VIEWS:
        found = samples([*folders, *(logs if view == "log" else ())], view, "fit", jobs)
        made[view], z = _fit.fit(causes, found, watched=view == "watched")
        right = _shares.first_right([c.id for c in causes], found, z)
        print(f"{view}: {len(found)} trainings, {right:.1%} right when left out", flush=True)
    for view, table in made.items():
        file = place(view == "watched")
        file.write_text(_fit.written({"version": VERSION, **table}), encoding="utf-8")
        print(f"written: {file.name}")


def summary(folders: Sequence[Path]) -> str:
    """How many trainings of which cause the folders hold, for fitting and for scoring."""
    from benchmarks.zoo import shards
    from benchmarks.zoo.splitting import split

    counts: dict[str, collections.Counter[str]] = {
        "fit": collections.Counter(),
        "test": collections.Counter(),
    }
    for sample in itertools.chain.from_iterable(map(shards.load, folders)):
        counts[split(sample.spec)].update(sample.labels.given)
    causes = sorted(set(counts["fit"]) | set(counts["test"]))
    return "\n".join(f"{cause:22} {counts['fit'][cause]:6} {counts['test'][cause]:6}" for cause in causes)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("action", choices=("make", "fit", "show"))
    parser.add_argument(
        "--out",
        type=Path,
        nargs="+",
        default=[DEFAULT],
        help="folders of the trainings; new ones go to the first",
    )
    parser.add_argument(
        "--logs",
        type=Path,
        nargs="+",
        default=[],
        help="folders made under another watch, of which the logs only are used",
    )
    parser.add_argument("--runs", type=int, default=3000)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--only", nargs="+", default=[], metavar="KIND", help="put in faults of these kinds only"
    )
    options = parser.parse_args()
    if options.action == "make":
        make(options.out[0], options.runs, options.jobs, options.seed, frozenset(options.only))
    elif options.action == "fit":
        fit(options.out, options.logs, options.jobs)
    print(summary(options.out))


if __name__ == "__main__":
    main()
