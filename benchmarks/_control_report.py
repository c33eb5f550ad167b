"""Regrets of ``benchmarks.control`` as tables."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import numpy as np

FLOOR = 1e-4  # of the loss before training
WORST = 9.0  # decades: what a run that is not finite counts as
DRAWS = 4000


def regrets(results: Sequence[dict[str, Any]], rates: Sequence[float]) -> dict[Any, list[Any]]:
    """By method, optimizer and kind of loss: (task, seed, start, regret, spent)."""
    grids = {(r["task"], r["optimizer"], r["steps"]): r for r in results if r["method"] == "grid"}
    found = defaultdict(list)
    for r in results:
        if r["method"] == "grid":
            continue
        grid = grids[r["task"], r["optimizer"], r["steps"]]
        for i, kind in enumerate(("train", "held")):
            floor = FLOOR * np.array([before[i] for before in grid["before"]])
            logs = np.log10(np.array(grid[kind]) + floor)
            best = logs[int(np.where(np.isfinite(logs), logs, WORST).mean(1).argmin())]
            seed = r["seed"]
            ours = math.log10(r[kind] + floor[seed]) if math.isfinite(r[kind]) else math.inf
            regret = min(ours - best[seed], WORST)
            found[r["method"], r["optimizer"], kind].append(
                (r["task"], seed, r["start"], regret, r["spent"], math.isfinite(r[kind]))
            )
    return found


def interval(rows: Sequence[Any]) -> tuple[float, float]:
    """95% interval of the mean over tasks and seeds: a bootstrap that draws tasks."""
    by_task = defaultdict(list)
    for task, *_, regret, _, _ in rows:
        by_task[task].append(regret)
    means = np.array([np.mean(v) for v in by_task.values()])
    draws = np.random.default_rng(0).integers(0, len(means), (DRAWS, len(means)))
    low, high = np.quantile(means[draws].mean(1), [0.025, 0.975])
    return float(low), float(high)


def show(results: Sequence[dict[str, Any]], rates: Sequence[float]) -> None:
    """Prints a table for each optimizer, and what each task came to with our methods."""
    found = regrets(results, rates)
    for optimizer in ("sgd", "adam"):
        print(f"\n{optimizer}\n")
        print("| method | median | mean (95%) | worst | held-out: mean, worst | gradients | not finite |")
        print("|---|---|---|---|---|---|---|")
        for (method, name, kind), rows in found.items():
            if name != optimizer or kind != "train":
                continue
            for start in sorted({r[2] for r in rows}):
                mine = [r for r in rows if r[2] == start]
                held = [r for r in found[method, name, "held"] if r[2] == start]
                several = len({r[2] for r in rows}) > 1
                title = f"{method}, from {start:g}" if several else method
                values = [r[3] for r in mine]
                low, high = interval(mine)
                print(
                    f"| {title} | {np.median(values):+.2f} "
                    f"| {np.mean(values):+.2f} ({low:+.2f} to {high:+.2f}) | {max(values):+.2f} "
                    f"| {np.mean([r[3] for r in held]):+.2f}, {max(r[3] for r in held):+.2f} "
                    f"| {np.mean([r[4] for r in mine]):.0f} | {sum(not r[5] for r in mine)} of {len(mine)} |"
                )
    print("\nby task, mean over seeds\n")
    for (method, name, kind), rows in found.items():
        if kind == "train":
            by_task = defaultdict(list)
            for task, _, _, regret, _, _ in rows:
                by_task[task].append(regret)
            cells = ", ".join(f"{task} {np.mean(v):+.2f}" for task, v in by_task.items())
            print(f"{method} ({name}): {cells}")
