"""Losses of real trainings by the thousand, each with one known thing done to it at a known step.

Twelve small tasks (scikit-learn's data, some text, teacher networks) are trained side by side: the copies
of one network are stacked in one tensor, so that a group of streams costs little more than one. Each
stream has its own weights, batches, rate and schedule. Beside the loss of the batch, which is what the
monitors see, the loss on all of the data is kept at 200 steps of each run; what is true of a stream is
read from that (the rules are in ``monitors.py``).

Tasks are whole on one side: thresholds were chosen on ``dev``; ``test`` is held out.

python -m benchmarks.streams # trains what is not in the cache yet; about ten minutes on one core
"""

from __future__ import annotations

import dataclasses
import itertools
import math
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from sklearn import datasets  # type: ignore[import-untyped]
from torch.nn.functional import cross_entropy

from benchmarks.trainings import default_cache

VERSION = 2
SNAPSHOTS = 200
OPTIMIZERS = ("sgd", "momentum", "adam")
BATCHES = (1, 8, 32, 0)  # 0: all of the data
LENGTHS = (300, 600, 1000, 2000, 3000)


@dataclasses.dataclass(frozen=True)
class Task:
    """A data set with its network; ``widths`` are the hidden layers, ``head`` the loss."""

    name: str
    x: torch.Tensor
    y: torch.Tensor
    widths: tuple[int, ...]
    head: str = "ce"
    act: str = "relu"
    gain: float = 1.0


@dataclasses.dataclass(frozen=True)
class Recipe:
    """What is done to one stream: ``what``, somewhere between the shares ``when`` of its length."""

    what: str
    schedule: str = "constant"
    rate: float = 1.0
    size: float = 1.0
    noise: float = 0.0
    when: tuple[float, float] = (0.3, 0.7)


RECIPES = (
    Recipe("healthy", "constant", 1.0),
    Recipe("healthy", "constant", 0.3),
    Recipe("healthy", "constant", 0.1),
    Recipe("healthy", "warmup-cosine", 1.0),
    Recipe("healthy", "steps", 1.0),
    Recipe("healthy", "constant", 0.5, noise=0.2),
    Recipe("healthy", "warmup-cosine", 0.5, noise=0.3),
    Recipe("spike", "constant", 0.3, size=3.0),
    Recipe("spike", "constant", 0.5, size=10.0),
    Recipe("spike", "warmup-cosine", 0.5, size=30.0),
    Recipe("raise", "constant", 0.5, size=10.0),
    Recipe("raise", "constant", 0.5, size=100.0),
    Recipe("raise", "constant", 0.3, size=1000.0),
    Recipe("raise", "warmup-cosine", 0.5, size=300.0),
    Recipe("nan", "constant", 0.5),
    Recipe("stall", "constant", 0.5, size=1e-6),
    Recipe("stall", "constant", 1.0, size=1e-6),
    Recipe("stall", "constant", 1.0, size=1e-6, when=(0.08, 0.3)),
    Recipe("stall", "constant", 0.3, size=1e-6, when=(0.08, 0.3)),
    Recipe("stall", "constant", 0.3, size=1e-6, when=(0.08, 0.3)),
    Recipe("stall", "constant", 0.1, size=1e-6, when=(0.08, 0.3)),
    Recipe("end", "cosine-early", 1.0),
    Recipe("end", "cosine-early", 0.5, noise=0.2),
    Recipe("raise", "constant", 1.0, size=30.0),
)


@dataclasses.dataclass(frozen=True)
class Stream:
    """One training: what was seen, and what was true.

    Attributes:
        name: Task, optimizer, batch size and number.
        loss: The loss of each step's batch, before the step.
        at: The steps at which ``clean`` was evaluated.
        clean: The loss on all of the data there.
        fault: The step at which something was done; -1 where nothing was.
    """

    name: str
    task: str
    recipe: Recipe
    loss: np.ndarray
    at: np.ndarray
    clean: np.ndarray
    fault: int


def _tensors(
    x: object, y: object, *, standard: bool = True, most: int = 512
) -> tuple[torch.Tensor, torch.Tensor]:
    a, b = np.asarray(x, dtype=np.float32), np.asarray(y)
    order = np.random.default_rng(0).permutation(len(a))[:most]
    a, b = a[order], b[order]
    if standard:
        a = (a - a.mean(0)) / (a.std(0) + 1e-6)
    if b.dtype.kind == "f":
        b = b.reshape(len(b), -1).astype(np.float32)
        return torch.from_numpy(a), torch.from_numpy(b)
    return torch.from_numpy(a), torch.from_numpy(b.astype(np.int64))


def _parity() -> tuple[torch.Tensor, torch.Tensor]:
    bits = (np.arange(256)[:, None] >> np.arange(8)) & 1
    return _tensors(2.0 * bits - 1.0, bits[:, :3].sum(1) % 2, standard=False)


def _text() -> tuple[torch.Tensor, torch.Tensor]:
    words = (datasets.load_digits().DESCR + datasets.load_wine().DESCR).lower()
    codes = np.array([ord(c) - 96 if "a" <= c <= "z" else 0 for c in words])[:2000]
    eye = np.eye(27, dtype=np.float32)
    return _tensors(np.hstack([eye[codes[:-2]], eye[codes[1:-1]]]), codes[2:], standard=False, most=512)


def tasks() -> dict[str, dict[str, Task]]:
    """The tasks of each half."""
    rng = np.random.default_rng(7)
    digits, wine, cancer = datasets.load_digits(), datasets.load_wine(), datasets.load_breast_cancer()
    diabetes, iris = datasets.load_diabetes(), datasets.load_iris()
    target = (diabetes.target - diabetes.target.mean()) / diabetes.target.std()
    fx, fy = datasets.make_friedman1(500, noise=0.0, random_state=0)
    heavy = (fy - fy.mean()) / fy.std() + 0.3 * rng.standard_t(2.0, size=len(fy))
    sx, sy = datasets.make_swiss_roll(500, random_state=0)
    roll = (sy - sy.mean()) / sy.std() + 0.2 * rng.standard_t(2.0, size=len(sy))
    tx = rng.normal(size=(400, 10))
    teacher = tx @ rng.normal(size=(10, 2)) @ rng.normal(size=(2, 5)) / 4 + 0.05 * rng.normal(size=(400, 5))
    moons = datasets.make_moons(400, noise=0.2, random_state=0)
    pixels = torch.from_numpy((digits.data[:500] / 16).astype(np.float32))
    made = {
        "dev": [
            Task("digits", *_tensors(digits.data, digits.target), (32,)),
            Task("wine-softmax", *_tensors(wine.data, wine.target), (), gain=0.5),
            Task("diabetes", *_tensors(diabetes.data, target), (24,), "mse", "tanh"),
            Task("parity", *_parity(), (32,), act="tanh", gain=0.7),
            Task("friedman-heavy", *_tensors(fx, heavy), (32,), "mse"),
            Task("autoencoder", pixels, pixels, (12,), "mse"),
        ],
        "test": [
            Task("cancer", *_tensors(cancer.data, cancer.target), (16, 16)),
            Task("iris", *_tensors(iris.data, iris.target), (16,), act="tanh"),
            Task("moons", *_tensors(moons[0], moons[1]), (16, 16, 16)),
            Task("deep-linear", *_tensors(tx, teacher), (8, 8), "mse", "linear", gain=0.4),
            Task("text", *_text(), (24,)),
            Task("roll-heavy", *_tensors(sx, roll), (32, 16), "mse"),
        ],
    }
    return {half: {task.name: task for task in chosen} for half, chosen in made.items()}


ACTS: dict[str, Callable[[torch.Tensor], torch.Tensor]] = {
    "relu": torch.relu,
    "tanh": torch.tanh,
    "linear": lambda h: h,
}


class Stack:
    """Copies of a task's network, trained side by side and independent of each other."""

    def __init__(self, task: Task, copies: int, optimizer: str, seed: int, noise: np.ndarray) -> None:
        self.task, self.copies, self.optimizer = task, copies, optimizer
        self.rng = torch.Generator().manual_seed(seed)
        outputs = int(task.y.max()) + 1 if task.head == "ce" else task.y.shape[1]
        sizes = [task.x.shape[1], *task.widths, outputs]
        self.weights: list[torch.Tensor] = []
        for a, b in itertools.pairwise(sizes):
            scale = task.gain * math.sqrt((2.0 if task.act == "relu" else 1.0) / a)
            self.weights.append(scale * torch.randn(copies, a, b, generator=self.rng))
            self.weights.append(torch.zeros(copies, 1, b))
        for w in self.weights:
            w.requires_grad_()
        self.m = [torch.zeros_like(w) for w in self.weights]
        self.v = [torch.zeros_like(w) for w in self.weights]
        self.t = 0
        self.y = task.y.expand(copies, *task.y.shape).clone()
        if task.head == "ce":  # label noise: some targets of some copies are drawn anew
            n = len(task.y)
            spoilt = torch.rand(copies, n, generator=self.rng) < torch.from_numpy(noise).float()[:, None]
            drawn = torch.randint(0, outputs, (copies, n), generator=self.rng)
            self.y = torch.where(spoilt, drawn, self.y)

    def losses(self, index: torch.Tensor | None, scale: torch.Tensor | None = None) -> torch.Tensor:
        """The loss of each copy on its own batch [copies, batch], or on all of the data."""
        if index is None:
            h, y = self.task.x.expand(self.copies, *self.task.x.shape), self.y
        else:
            h = self.task.x[index]
            y = torch.take_along_dim(self.y, index.reshape(*index.shape, *[1] * (self.y.dim() - 2)), 1)
        if scale is not None:
            h = h * scale[:, None, None]
        layers = len(self.weights) // 2
        for i in range(layers):
            h = torch.baddbmm(self.weights[2 * i + 1], h, self.weights[2 * i])
            if i < layers - 1:
                h = ACTS[self.task.act](h)
        if self.task.head == "ce":
            flat = cross_entropy(h.flatten(0, 1), y.flatten(), reduction="none")
            return flat.view(self.copies, -1).mean(1)
        return ((h - y) ** 2).mean((1, 2))

    def step(
        self, index: torch.Tensor | None, rate: torch.Tensor, scale: torch.Tensor | None = None
    ) -> torch.Tensor:
        """One update of every copy at its own rate; the losses before it."""
        losses = self.losses(index, scale)
        grads = torch.autograd.grad(losses.sum(), self.weights)
        self.t += 1
        r = rate[:, None, None]
        with torch.no_grad():
            for w, g, m, v in zip(self.weights, grads, self.m, self.v, strict=True):
                if self.optimizer == "sgd":
                    w -= r * g
                elif self.optimizer == "momentum":
                    m.mul_(0.9).add_(g)
                    w -= r * m
                else:
                    m.mul_(0.9).add_(g, alpha=0.1)
                    v.mul_(0.999).addcmul_(g, g, value=0.001)
                    w -= r * (m / (1 - 0.9**self.t)) / ((v / (1 - 0.999**self.t)).sqrt() + 1e-8)
        return losses.detach()

    def draw(self, batch: int) -> torch.Tensor | None:
        """A batch for each copy; None for all of the data."""
        if not batch:
            return None
        return torch.randint(0, len(self.task.x), (self.copies, batch), generator=self.rng)


def best_rate(task: Task, optimizer: str, batch: int) -> float:
    """The best constant rate of a grid of thirds of a decade, by the loss after 250 steps."""
    rates = torch.logspace(-4, 1, 16) if optimizer != "adam" else torch.logspace(-4.5, 0, 16)
    stack = Stack(task, len(rates), optimizer, 1, np.zeros(len(rates)))
    for _ in range(250):
        stack.step(stack.draw(batch), rates)
    with torch.no_grad():
        final = stack.losses(None)
    return float(rates[torch.nan_to_num(final, nan=math.inf).argmin()])


def factor(recipe: Recipe, steps: int, at: int) -> np.ndarray:
    """What the schedule and the fault make of the rate, step by step."""
    t = np.arange(steps) / steps
    shape = {
        "constant": np.ones(steps),
        "warmup-cosine": np.minimum(1.0, t / 0.1) * 0.5 * (1 + np.cos(np.pi * t)),
        "steps": 0.2 ** (np.floor(t / 0.34)),
        "cosine-early": 0.5 * (1 + np.cos(np.pi * np.minimum(1.0, t / 0.5))),
    }[recipe.schedule]
    if recipe.what in ("raise", "stall"):
        shape = np.where(np.arange(steps) >= at, recipe.size * np.maximum(shape, 0.05), shape)
    return recipe.rate * shape


def train(task: Task, optimizer: str, batch: int, steps: int) -> dict[str, np.ndarray]:
    """The streams of all recipes on one task, optimizer and batch size; the same on each call."""
    seed = zlib.crc32(f"{task.name}/{optimizer}/{batch}/{VERSION}".encode())
    rng = np.random.default_rng(seed)
    copies = len(RECIPES)
    best = best_rate(task, optimizer, batch)
    at = np.array(
        [int(steps * rng.uniform(*r.when)) if r.what not in ("healthy", "end") else -1 for r in RECIPES]
    )
    rates = best * np.stack([factor(r, steps, a) for r, a in zip(RECIPES, at, strict=True)], axis=1)
    stack = Stack(task, copies, optimizer, seed % 2**31, np.array([r.noise for r in RECIPES]))
    spikes = {int(a): i for i, (r, a) in enumerate(zip(RECIPES, at, strict=True)) if r.what == "spike"}
    looks = np.unique(np.linspace(0, steps - 1, SNAPSHOTS).astype(int))
    losses, clean = np.empty((steps, copies), np.float32), []
    rate_table = torch.from_numpy(rates).float()
    for t in range(steps):
        if t in set(looks.tolist()):
            with torch.no_grad():
                clean.append(stack.losses(None).numpy().copy())
        scale = None
        if t in spikes:  # one batch whose inputs are out of all proportion
            scale = torch.ones(copies)
            scale[spikes[t]] = RECIPES[spikes[t]].size
        losses[t] = stack.step(stack.draw(batch), rate_table[t], scale).numpy()
    for i, r in enumerate(RECIPES):
        if r.what == "nan":
            losses[at[i] :, i] = np.nan
    return {"loss": losses, "at": looks, "clean": np.array(clean), "fault": at, "best": np.array(best)}


def groups(half: str) -> list[tuple[Task, str, int, int]]:
    """What is trained for a half: task, optimizer, batch size and length."""
    found = []
    for i, task in enumerate(tasks()[half].values()):
        for j, optimizer in enumerate(OPTIMIZERS):
            for k, batch in enumerate(BATCHES):
                found.append((task, optimizer, batch, LENGTHS[(i + 2 * j + 3 * k) % len(LENGTHS)]))
    return found


def load(half: str, cache: Path | None = None) -> list[Stream]:
    """The streams of a half; what is not in the cache yet is trained first, group by group."""
    folder = (cache or default_cache()) / f"streams-{VERSION}"
    folder.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
    found: list[Stream] = []
    for task, optimizer, batch, steps in groups(half):
        name = f"{task.name}-{optimizer}-{batch or 'full'}"
        path = folder / f"{name}.npz"
        if not path.exists():
            part = path.with_suffix(".part.npz")
            np.savez_compressed(part, **train(task, optimizer, batch, steps))
            part.replace(path)
            print(name, steps, flush=True)
        with np.load(path) as kept:
            loss, at, clean, fault = (kept[key] for key in ("loss", "at", "clean", "fault"))
        for i, recipe in enumerate(RECIPES):
            found.append(
                Stream(
                    f"{name}-{i}", task.name, recipe, loss[:, i].astype(float), at, clean[:, i], int(fault[i])
                )
            )
    return found


if __name__ == "__main__":
    for half in ("dev", "test"):
        print(half, len(load(half)), "streams")
