"""Records the curves of the lab's quiz: real trainings on scikit-learn's digits, one a behaviour.

``python -m benchmarks.quiz_curves`` writes ``src/descentry/web/lab/curves/*.json``, in half a minute. The
tests hold every right answer to what ``descentry.explain`` finds in its curve.
"""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Callable
from pathlib import Path

import torch
from sklearn.datasets import load_digits
from torch import nn

HOME = Path(__file__).parents[1]
FOLDER = HOME / "src" / "descentry" / "web" / "lab" / "curves"
DIGITS = 4  # of a loss: what can be seen, and small


def network(seed: int, activation: type[nn.Module] = nn.ReLU, scale: float = 1.0) -> nn.Sequential:
    torch.manual_seed(seed)
    model = nn.Sequential(nn.Linear(64, 32), activation(), nn.Linear(32, 10))
    for p in model.parameters():
        p.data *= scale
    return model


def train(
    model: nn.Module,
    lr: float,
    steps: int,
    batch: int | None,
    *,
    momentum: float = 0.0,
    spoil: Callable[[int, torch.Tensor, torch.Tensor], tuple[torch.Tensor, torch.Tensor]] | None = None,
) -> list[float]:
    digits = load_digits()
    x = torch.tensor(digits.data / 16, dtype=torch.float32)
    y = torch.tensor(digits.target)
    draws = torch.Generator().manual_seed(0)
    optimizer = torch.optim.SGD(model.parameters(), lr=lr, momentum=momentum)
    losses = []
    for step in range(steps):
        rows = slice(None) if batch is None else torch.randint(len(x), (batch,), generator=draws)
        inputs, targets = x[rows], y[rows]
        if spoil is not None:
            inputs, targets = spoil(step, inputs, targets)
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(inputs), targets)
        losses.append(loss.item())
        loss.backward()
        optimizer.step()
    return losses


def bad_batch(step: int, x: torch.Tensor, y: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    return (x * 16, (y + 3) % 10) if step in (210, 211) else (x, y)


def broken_shard(step: int, x: torch.Tensor, y: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    if step < 250:
        return x, y
    wrong = torch.arange(len(y)) % 2 == 0
    drawn = torch.randint(10, y.shape, generator=torch.Generator().manual_seed(step))
    return x, torch.where(wrong, drawn, y)


def example(name: str) -> list[float]:
    with (HOME / "examples" / name).open(encoding="utf-8") as stream:
        return [float(row["loss"]) for row in csv.DictReader(stream)]


RECIPES: dict[str, tuple[str, str, tuple[str, ...], Callable[[], list[float]]]] = {
    "1-smooth": (
        "smooth-decrease",
        "Digits, all 1,797 images at every step, at a rate of 0.5",
        ("noisy-decrease", "plateau", "divergence"),
        lambda: train(network(0), 0.5, 300, None),
    ),
    "2-noisy": (
        "noisy-decrease",
        "Digits, batches of 8, at a rate of 0.1",
        ("oscillation", "divergence", "plateau"),
        lambda: train(network(1), 0.1, 600, 8),
    ),
    "3-plateau": (
        "sudden-drop",
        "Digits, tanh, initial weights a fiftieth of the usual size, all images at every step",
        ("spike", "oscillation", "divergence"),
        lambda: train(network(2, nn.Tanh, 0.02), 0.15, 500, None),
    ),
    "4-spike": (
        "spike",
        "Digits, batches of 64, two batches with wrong labels at 16 times the scale",
        ("divergence", "oscillation", "plateau"),
        lambda: train(network(3), 0.1, 500, 64, spoil=bad_batch),
    ),
    "5-divergence": (
        "divergence",
        "examples/digits-lr-too-large.csv: a rate that was too large for the digits",
        ("spike", "noisy-decrease", "plateau"),
        lambda: example("digits-lr-too-large.csv"),
    ),
    "6-oscillation": (
        "oscillation",
        "Digits, all images at every step, at a rate of 1.5: at the edge of stability",
        ("divergence", "plateau", "spike"),
        lambda: train(network(5), 1.5, 300, None),
    ),
    "7-jump": (
        "jump-up",
        "Digits, batches of 64; from step 250 on half of the labels are drawn at random",
        ("spike", "plateau", "divergence"),
        lambda: train(network(6), 0.2, 500, 64, spoil=broken_shard),
    ),
    "8-noisy": (
        "noisy-decrease",
        "examples/digits-healthy.csv: a healthy training of digits",
        ("plateau", "oscillation", "spike"),
        lambda: example("digits-healthy.csv"),
    ),
}


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    for name, (answer, title, decoys, record) in RECIPES.items():
        losses = record()
        short = [float(f"{v:.{DIGITS}g}") if math.isfinite(v) else None for v in losses]
        told = {
            "title": title,
            "origin": "Recorded by benchmarks/quiz_curves.py.",
            "answer": answer,
            "decoys": decoys,
        }
        text = json.dumps({**told, "step": list(range(len(short))), "loss": short}, separators=(",", ":"))
        (FOLDER / f"{name}.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
