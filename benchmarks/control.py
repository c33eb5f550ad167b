"""How well ways to set the learning rate do, the cost of finding it paid from the same budget of gradients.

    python -m benchmarks.control [--half choosing|more|reporting] [--tasks NAME ...] [--methods NAME ...]
                                 [--times 4] [--quick] [--jobs N] [--results FILE]

Each training has so many gradient evaluations, and what a method spends on finding a rate is taken from them.

    regret = log10((L + f) / (L* + f)),    f = 1e-4 of the loss before training

L is the loss at the end on all of the training data (or on held-out data), and L* the same for the best
constant rate of 25 between 1e-6 and 1e2, with the same optimizer, seed and budget; the best by the mean of
log10(L + f) over the seeds. Results are kept as they are made, and a second call goes on from there.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch

from benchmarks import _control_methods as methods
from benchmarks import _control_tasks as tasks
from benchmarks._control_more import MORE
from benchmarks._control_report import show
from benchmarks._control_stack import final_losses

HALVES = {
    "choosing": tasks.CHOOSING,
    "more": MORE,  # for choosing as well
    "reporting": tasks.REPORTING,
    "both": (*tasks.CHOOSING, *tasks.REPORTING),
}
TASKS = tasks.TASKS | {task.name: task for task in MORE}

RATES = tuple(float(r) for r in np.logspace(-6, 2, 25))
SEEDS = (0, 1, 2)
STARTS = (1e-7, 1e-3, 1e2)  # what a method is started from, where that matters
RESULTS = Path(".calibration/control.jsonl")


class Job(NamedTuple):
    """One training, or with the method ``grid`` all constant rates and seeds at once."""

    method: str
    task: str
    optimizer: str
    steps: int
    seed: int = -1
    start: float = 0.0


def jobs(args: argparse.Namespace) -> Iterator[Job]:
    for task in HALVES[args.half]:
        if args.tasks and task.name not in args.tasks:
            continue
        steps = task.steps * args.times
        for optimizer in args.optimizers:
            yield Job("grid", task.name, optimizer, steps)
            for name in args.methods:
                method = methods.METHODS[name]
                if optimizer not in method.optimizers:
                    continue
                for seed in SEEDS[: 1 if args.quick else None]:
                    for start in STARTS if method.needs_start else STARTS[1:2]:
                        yield Job(name, task.name, optimizer, steps, seed, start)


def work(job: Job) -> dict[str, Any]:
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
    task = TASKS[job.task]
    if job.method == "grid":
        train, held = final_losses(task, job.optimizer, RATES, SEEDS, job.steps)
        before = [methods.evaluated(task, task.model(seed)) for seed in SEEDS]
        return {**job._asdict(), "train": train.tolist(), "held": held.tolist(), "before": before}
    return {**job._asdict(), **methods.train(job.method, task, job.optimizer, job.steps, job.seed, job.start)}


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--half", choices=HALVES, default="reporting")
    parser.add_argument("--tasks", nargs="*", default=[], choices=sorted(TASKS), metavar="NAME")
    parser.add_argument("--methods", nargs="*", default=list(methods.METHODS), metavar="NAME")
    parser.add_argument("--optimizers", nargs="*", default=["sgd", "adam"], choices=("sgd", "adam"))
    parser.add_argument("--times", type=int, default=1, help="a budget so many times as long")
    parser.add_argument("--quick", action="store_true", help="one seed only")
    parser.add_argument("--jobs", type=int, default=1, help="processes")
    parser.add_argument("--results", type=Path, default=RESULTS)
    args = parser.parse_args()
    args.results.parent.mkdir(parents=True, exist_ok=True)
    known = load(args.results)
    wanted = list(jobs(args))
    missing = [job for job in wanted if job not in known]
    with args.results.open("a", encoding="utf-8") as stream:
        for i, result in enumerate(done(missing, args.jobs), 1):
            stream.write(json.dumps(result) + "\n")
            stream.flush()
            known[job_of(result)] = result
            print(f"{i} of {len(missing)}  {result['method']} {result['task']}", file=sys.stderr)
    show([known[job] for job in wanted], RATES)
    return 0


def done(missing: list[Job], processes: int) -> Iterator[dict[str, Any]]:
    if processes < 2:
        yield from map(work, missing)
        return
    os.environ["OMP_NUM_THREADS"] = "1"
    with ProcessPoolExecutor(processes, multiprocessing.get_context("spawn")) as pool:
        yield from pool.map(work, missing)


def job_of(result: dict[str, Any]) -> Job:
    return Job(*(result[name] for name in Job._fields))


def load(path: Path) -> dict[Job, dict[str, Any]]:
    if not path.exists():
        return {}
    lines = (json.loads(line) for line in path.read_text(encoding="utf-8").splitlines())
    return {job_of(line): line for line in lines}


if __name__ == "__main__":
    raise SystemExit(main())
