"""Families: scikit-learn's small data sets, some text, test functions and bandits, each with its model."""

from __future__ import annotations

import functools

import numpy as np
from sklearn import datasets  # type: ignore[import-untyped]

from benchmarks._nouns import Array
from benchmarks._tasks import Bandit, Function, Net, Task


def _split(x: Array, y: Array, share: float = 0.7, seed: int = 0) -> tuple[Array, Array, Array, Array]:
    order = np.random.default_rng(seed).permutation(len(x))
    cut = int(share * len(x))
    return x[order[:cut]], y[order[:cut]], x[order[cut:]], y[order[cut:]]


def _standard(x: Array) -> Array:
    return np.asarray((x - x.mean(0)) / (x.std(0) + 1e-9))


def _digits() -> tuple[Array, Array]:
    data = datasets.load_digits()
    return data.data[:900] / 16.0, data.target[:900].astype(float)


def _trigrams() -> tuple[Array, Array]:
    """Two characters, one-hot, and the next one, of scikit-learn's descriptions of its data sets."""
    loaders = (
        datasets.load_digits,
        datasets.load_wine,
        datasets.load_breast_cancer,
        datasets.load_diabetes,
        datasets.load_iris,
    )
    text = "".join(
        c if c.isalpha() else " " for load in loaders for c in load().DESCR.lower() if ord(c) < 128
    )
    codes = np.array([ord(c) - 96 if c != " " else 0 for c in " ".join(text.split())])[:2800]
    eye = np.eye(27)
    return np.hstack([eye[codes[:-2]], eye[codes[1:-1]]]), codes[2:].astype(float)


def _quadratic(w: Array) -> tuple[float, Array]:
    curvature = np.geomspace(1.0, 30.0, len(w))
    return float(0.5 * (curvature * w * w).sum()), curvature * w


def _rosenbrock(w: Array) -> tuple[float, Array]:
    a, b = w[0::2], w[1::2]
    gap = b - a * a
    grad = np.empty_like(w)
    grad[0::2], grad[1::2] = -2 * (1 - a) - 40 * a * gap, 20 * gap
    return float(((1 - a) ** 2 + 10 * gap * gap).sum()), grad


@functools.cache
def tasks() -> dict[str, dict[str, Task]]:
    """The tasks of each split. Whole families are on one side, so nothing is tuned on its own exam."""
    digits_x, digits_y = _digits()
    wine, cancer, diabetes = datasets.load_wine(), datasets.load_breast_cancer(), datasets.load_diabetes()
    ill = _standard(diabetes.data), diabetes.target[:, None].astype(float)
    moons_x, moons_y = datasets.make_moons(400, noise=0.25, random_state=0)
    rng = np.random.default_rng(5)
    teacher_x = rng.normal(size=(300, 8))
    teacher_y = teacher_x @ rng.normal(size=(8, 1)) @ np.array([[1.5, -1.0, 0.5, 0.2]]) + 0.1 * rng.normal(
        size=(300, 4)
    )
    parts: dict[str, list[Task]] = {
        "dev": [
            Net("digits-softmax", _split(digits_x, digits_y), gain=0.3),
            Net("wine-mlp", _split(_standard(wine.data), wine.target.astype(float)), (16,)),
            Net("diabetes-linear", _split(*ill), head="mse", gain=0.1),
            Net("moons-mlp", _split(np.asarray(moons_x), moons_y.astype(float)), (24, 24), "relu", gain=1.4),
            Net("deep-linear", _split(teacher_x, teacher_y), (8, 8), "linear", "mse", gain=0.6),
            Function("rosenbrock", np.array([-1.2, 1.0, -0.8, 1.2]), _rosenbrock, 0.05),
            Bandit("bandit", np.linspace(0.0, 1.0, 6), 0.5),
        ],
        "test": [
            Net("digits-mlp", _split(digits_x, digits_y), (32,), "relu", gain=1.4),
            Net("cancer-logistic", _split(_standard(cancer.data), cancer.target.astype(float)), gain=0.3),
            Net("diabetes-mlp", _split(ill[0], _standard(ill[1])), (20,), "tanh", "mse"),
            Net("text-trigram", _split(*_trigrams()), gain=0.3),
            Net("digits-autoencoder", _split(digits_x, digits_x), (12,), "tanh", "mse"),
            Function("quadratic", np.full(8, 2.0), _quadratic, 0.15),
            Bandit("dice", np.array([0.0, 5.0, 10.0, 20.0]), 8.0),
        ],
    }
    return {split: {task.name: task for task in members} for split, members in parts.items()}
