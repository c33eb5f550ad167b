"""Trains one small network on handwritten digits three times, and records each run as a CSV log.

The network (64-16-10, tanh, squared error), the data (scikit-learn's digits), the batches of eight and the
seed are the same each time; only the schedule of the learning rate differs:

    healthy            warmed up to 0.05 and left there
    lr-too-large       on its way up to 0.6, which is more than this loss bears
    plateau-and-drop   held at 0.25, where the noise of the batches keeps the loss up, then cut to a twentieth

The logs beside this file were recorded by ``python examples/record_digits.py``, which needs scikit-learn.
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
from sklearn.datasets import load_digits

Array = npt.NDArray[np.float32]
Row = dict[str, float | None]

BATCH = 8
HIDDEN = 16


def warmed_up(peak: float, steps: int) -> Callable[[int], float]:
    """A rate that rises evenly to its peak and stays there."""
    return lambda step: peak * min(1.0, (step + 1) / steps)


def cut(peak: float, at: int) -> Callable[[int], float]:
    """A rate that is warmed up over 200 steps and falls to a twentieth at a step."""
    rise = warmed_up(peak, 200)
    return lambda step: rise(step) if step < at else peak / 20


RUNS: dict[str, tuple[Callable[[int], float], int]] = {
    "healthy": (warmed_up(0.05, 200), 2400),
    "lr-too-large": (warmed_up(0.6, 1200), 1000),
    "plateau-and-drop": (cut(0.25, 1600), 2400),
}


def train(rate: Callable[[int], float], steps: int, seed: int = 0) -> Iterator[Row]:
    """Plain mini-batch gradient descent; yields what a training loop would log at every step.

    The validation loss is there on the last step of each epoch. Nothing is clipped and nothing is stopped:
    in float32 a loss that grows long enough becomes inf, and then NaN.
    """
    digits = load_digits()
    x: Array = (digits.data / 16).astype(np.float32)
    y: Array = np.eye(10, dtype=np.float32)[digits.target]
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(x))
    rows, held_out = order[:1440], order[1440:]
    w1 = rng.normal(0, 1 / np.sqrt(64), (64, HIDDEN)).astype(np.float32)
    w2 = rng.normal(0, 1 / np.sqrt(HIDDEN), (HIDDEN, 10)).astype(np.float32)
    b1, b2 = np.zeros(HIDDEN, np.float32), np.zeros(10, np.float32)

    def loss_of(error: Array) -> float:
        return float((error**2).sum(axis=1).mean())

    per_epoch = len(rows) // BATCH
    for step in range(steps):
        if step % per_epoch == 0:
            rows = rng.permutation(rows)
        batch = rows[step % per_epoch * BATCH :][:BATCH]
        hidden = np.tanh(x[batch] @ w1 + b1)
        error = hidden @ w2 + b2 - y[batch]
        delta = 2 * error / BATCH
        below = delta @ w2.T * (1 - hidden**2)
        grads = (x[batch].T @ below, below.sum(axis=0), hidden.T @ delta, delta.sum(axis=0))
        for weights, grad in zip((w1, b1, w2, b2), grads, strict=True):
            weights -= np.float32(rate(step)) * grad
        val_loss = None
        if (step + 1) % per_epoch == 0:
            val_loss = loss_of(np.tanh(x[held_out] @ w1 + b1) @ w2 + b2 - y[held_out])
        yield {
            "step": step,
            "epoch": step // per_epoch,
            "loss": loss_of(error),
            "val_loss": val_loss,
            "lr": rate(step),
            "grad_norm": float(np.sqrt(sum(float((g**2).sum()) for g in grads))),
        }


def record(folder: Path) -> None:
    for name, (rate, steps) in RUNS.items():
        with (folder / f"digits-{name}.csv").open("w", newline="", encoding="utf-8") as file:
            table = csv.writer(file, lineterminator="\n")
            for number, row in enumerate(train(rate, steps)):
                if number == 0:
                    table.writerow(row)
                table.writerow("" if v is None else f"{v:.6g}" for v in row.values())


if __name__ == "__main__":
    with np.errstate(all="ignore"):  # one of the runs overflows, and that is its point
        record(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent)
