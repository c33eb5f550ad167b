"""The data of the levels: small sets that ship with the package, and a text that ships with Python."""

from __future__ import annotations

import contextlib
import functools
import io
from importlib import resources
from typing import Any

import numpy as np

from descentry.core.data import Floats, Ints


@functools.cache
def digits() -> tuple[Floats, Ints]:
    """1,797 handwritten digits: pixels float64[n, 64] from 0 to 1, and classes int64[n]."""
    found = _stored("digits")
    return found["pixels"] / 16.0, found["digit"].astype(np.int64)


@functools.cache
def wine() -> tuple[Floats, Ints]:
    """178 wines: 13 raw measurements float64[n, 13], and cultivars int64[n]."""
    found = _stored("wine")
    return found["features"].astype(np.float64), found["cultivar"].astype(np.int64)


@functools.cache
def zen() -> tuple[str, Ints]:
    """The Zen of Python: its alphabet, and the text as places in it, int64[856]."""
    with contextlib.redirect_stdout(io.StringIO()):  # the module recites it when it is imported
        import this
    text = "".join(this.d.get(c, c) for c in this.s)
    alphabet = "".join(sorted(set(text)))
    return alphabet, np.array([alphabet.index(c) for c in text], dtype=np.int64)


def _stored(name: str) -> dict[str, Any]:
    file = resources.files("descentry.web.flight") / "data" / f"{name}.npz"
    with file.open("rb") as stream, np.load(stream, allow_pickle=False) as found:
        return dict(found)
