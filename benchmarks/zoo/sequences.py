"""Tasks with a time axis: text that comes with Python, things to remember, and series to forecast."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
from sklearn import datasets  # type: ignore[import-untyped]

from benchmarks.zoo.data import task

_LETTERS = {character: i for i, character in enumerate(" abcdefghijklmnopqrstuvwxyz.,")}


@functools.cache
def _text(source: str) -> np.ndarray[Any, Any]:
    """Codes of letters, stops and spaces of a text that every installation has."""
    if source == "zen":
        import doctest
        import unittest

        text = " ".join(
            part.__doc__ or "" for part in (doctest, unittest, unittest.TestCase, doctest.testmod)
        )
    else:
        loaders = (
            datasets.load_digits,
            datasets.load_wine,
            datasets.load_breast_cancer,
            datasets.load_diabetes,
        )
        text = " ".join(load().DESCR for load in loaders)
    text = " ".join("".join(c if c in _LETTERS else " " for c in text.lower()).split())
    return np.array([_LETTERS[c] for c in text])


def _windows(codes: np.ndarray[Any, Any], length: int, count: int) -> np.ndarray[Any, Any]:
    starts = np.random.default_rng(0).integers(0, len(codes) - length - 1, count)
    return np.stack([codes[start : start + length + 1] for start in starts])


@task("text-next", "classes", "tokens")
def _text_next() -> tuple[Any, Any]:
    windows = _windows(_text("descriptions"), 8, 900)
    return windows[:, :-1], windows[:, -1]


@task("text-sequence", "classes", "tokens")
def _text_sequence() -> tuple[Any, Any]:
    windows = _windows(_text("descriptions"), 16, 500)
    return windows[:, :-1], windows[:, 1:]


@task("zen-sequence", "classes", "tokens")
def _zen_sequence() -> tuple[Any, Any]:
    windows = _windows(_text("zen"), 12, 500)
    return windows[:, :-1], windows[:, 1:]


@task("recall", "classes", "tokens")
def _recall() -> tuple[Any, Any]:
    """The first token is asked for at the end."""
    x = np.random.default_rng(1).integers(0, 6, (800, 10))
    return x, x[:, 0]


@task("reverse", "classes", "tokens")
def _reverse() -> tuple[Any, Any]:
    x = np.random.default_rng(2).integers(0, 5, (700, 6))
    return x, x[:, ::-1].copy()


@task("majority", "classes", "tokens")
def _majority() -> tuple[Any, Any]:
    x = np.random.default_rng(3).integers(0, 4, (800, 12))
    return x, np.stack([(x == k).sum(1) for k in range(4)], 1).argmax(1)


@task("sines", "values", "series")
def _sines() -> tuple[Any, Any]:
    rng = np.random.default_rng(4)
    t = np.arange(21)
    phase, speed = rng.uniform(0, 2 * np.pi, (700, 1)), rng.uniform(0.2, 0.6, (700, 1))
    series = np.sin(phase + speed * t) + 0.05 * rng.normal(size=(700, 21))
    return series[:, :-1, None], series[:, -1]


@task("adding", "values", "series")
def _adding() -> tuple[Any, Any]:
    """Two of the numbers are marked; their sum is asked for."""
    rng = np.random.default_rng(5)
    numbers, marks = rng.uniform(0, 1, (800, 12)), np.zeros((800, 12))
    for row in marks:
        row[rng.choice(12, 2, replace=False)] = 1
    return np.stack([numbers, marks], 2), (numbers * marks).sum(1)


@task("walks", "binary", "series")
def _walks() -> tuple[Any, Any]:
    """Whether a noisy walk drifts up or down."""
    rng = np.random.default_rng(6)
    drift = rng.integers(0, 2, 700)
    steps = rng.normal(size=(700, 24)) + 0.5 * (2 * drift[:, None] - 1)
    return 0.3 * np.cumsum(steps, 1)[:, :, None], drift
