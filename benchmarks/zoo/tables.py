"""Tasks with tables and images: data sets that come with scikit-learn, or that it makes from a seed."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from sklearn import datasets  # type: ignore[import-untyped]

from benchmarks.zoo.data import task


@task("digits", "classes")
def _digits() -> tuple[Any, Any]:
    return datasets.load_digits(return_X_y=True)


@task("wine", "classes")
def _wine() -> tuple[Any, Any]:
    return datasets.load_wine(return_X_y=True)


@task("iris", "classes")
def _iris() -> tuple[Any, Any]:
    return datasets.load_iris(return_X_y=True)


@task("cancer", "binary")
def _cancer() -> tuple[Any, Any]:
    return datasets.load_breast_cancer(return_X_y=True)


@task("cancer-classes", "classes")
def _cancer_classes() -> tuple[Any, Any]:
    return datasets.load_breast_cancer(return_X_y=True)


@task("moons", "binary")
def _moons() -> tuple[Any, Any]:
    return datasets.make_moons(600, noise=0.15, random_state=0)


@task("circles", "classes")
def _circles() -> tuple[Any, Any]:
    return datasets.make_circles(600, noise=0.08, factor=0.5, random_state=1)


@task("blobs", "classes")
def _blobs() -> tuple[Any, Any]:
    return datasets.make_blobs(700, n_features=6, centers=5, cluster_std=2.5, random_state=2)


@task("synthetic-classes", "classes")
def _synthetic_classes() -> tuple[Any, Any]:
    return datasets.make_classification(800, 20, n_informative=8, n_classes=4, flip_y=0.02, random_state=3)


@task("synthetic-binary", "binary")
def _synthetic_binary() -> tuple[Any, Any]:
    return datasets.make_classification(800, 30, n_informative=6, flip_y=0.1, random_state=4)


@task("spirals", "classes")
def _spirals() -> tuple[Any, Any]:
    rng = np.random.default_rng(5)
    y = np.arange(750) % 3
    radius = rng.uniform(0.1, 1, 750)
    angle = 4 * radius + 2 * np.pi / 3 * y + 0.15 * rng.normal(size=750)
    return np.stack([radius * np.cos(angle), radius * np.sin(angle)], 1), y


@task("quantiles", "classes")
def _quantiles() -> tuple[Any, Any]:
    return datasets.make_gaussian_quantiles(n_samples=700, n_features=5, n_classes=3, random_state=6)


@task("diabetes", "values")
def _diabetes() -> tuple[Any, Any]:
    return datasets.load_diabetes(return_X_y=True)


@task("linear-map", "values")
def _linear_map() -> tuple[Any, Any]:
    return datasets.make_regression(600, 12, n_informative=8, n_targets=2, noise=10, random_state=7)


@task("friedman1", "values")
def _friedman1() -> tuple[Any, Any]:
    return datasets.make_friedman1(700, noise=0.5, random_state=8)


@task("friedman2", "values")
def _friedman2() -> tuple[Any, Any]:
    return datasets.make_friedman2(700, noise=20, random_state=9)


@task("friedman3", "values")
def _friedman3() -> tuple[Any, Any]:
    return datasets.make_friedman3(700, noise=0.05, random_state=10)


@task("swiss-roll", "values")
def _swiss_roll() -> tuple[Any, Any]:
    return datasets.make_swiss_roll(700, noise=0.3, random_state=11)


@task("wave", "values")
def _wave() -> tuple[Any, Any]:
    rng = np.random.default_rng(12)
    x = rng.uniform(-1, 1, (600, 1))
    return x, np.sin(4 * x) + 0.3 * x + 0.05 * rng.normal(size=x.shape)


@task("peaks", "values")
def _peaks() -> tuple[Any, Any]:
    rng = np.random.default_rng(13)
    x = rng.uniform(-2, 2, (700, 2))
    return x, np.exp(-(x**2).sum(1)) * (x[:, 0] + 2 * x[:, 1]) + 0.5 * np.sin(x[:, 0] * x[:, 1])


@task("noisy-values", "values")
def _noisy_values() -> tuple[Any, Any]:
    return datasets.make_regression(700, 10, n_informative=6, noise=120, random_state=14)


@task("linnerud", "values")
def _linnerud() -> tuple[Any, Any]:
    x, y = datasets.load_linnerud(return_X_y=True)
    rng = np.random.default_rng(15)
    rows = rng.integers(0, len(x), 200)
    return x[rows] + rng.normal(size=(200, 3)) * x.std(0) * 0.2, y[rows]


@task("digits-self", "values")
def _digits_self() -> tuple[Any, Any]:
    x = datasets.load_digits(return_X_y=True)[0]
    return x, x


@task("blobs-self", "values")
def _blobs_self() -> tuple[Any, Any]:
    x = datasets.make_blobs(600, n_features=12, centers=4, cluster_std=1.5, random_state=16)[0]
    return x, x


def _images(side: int) -> tuple[Any, Any]:
    x, y = datasets.load_digits(return_X_y=True)
    images = torch.tensor(x, dtype=torch.float32).reshape(-1, 1, 8, 8) / 16
    if side > 8:
        images = torch.nn.functional.interpolate(images, size=(side, side), mode="bilinear")
    return images.numpy(), y


@task("images-8", "classes", "image")
def _images_8() -> tuple[Any, Any]:
    return _images(8)


@task("images-16", "classes", "image")
def _images_16() -> tuple[Any, Any]:
    return _images(16)


@task("images-28", "classes", "image")
def _images_28() -> tuple[Any, Any]:
    return _images(28)
