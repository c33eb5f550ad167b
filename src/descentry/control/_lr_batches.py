"""The batches that all trials of a search see."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from typing import Any

from torch import Tensor

from descentry.core.errors import DescentryError
from descentry.instruments._undisturbed import tensors

MOST_BYTES = 2**30
FEW = 5  # with fewer, each trial goes over the same ones again


def draw(batches: Iterable[Any], count: int) -> tuple[list[Any], tuple[str, ...]]:
    """The next batches, and what has to be known of them. A loader is begun anew; an iterator loses them.

    Raises:
        DescentryError: There are none, or it is one batch instead of several.
    """
    if isinstance(batches, Tensor) or (
        isinstance(batches, tuple) and any(isinstance(b, Tensor) for b in batches)
    ):
        raise DescentryError(
            "batches is one batch, and should be several",
            where="find_lr",
            how="Give a list of batches, or a loader.",
        )
    iterator = iter(batches)
    found: list[Any] = []
    size = 0
    for batch in itertools.islice(iterator, count):
        found.append(batch)
        size += sum(t.numel() * t.element_size() for t in tensors(batch))
        if size > MOST_BYTES:
            break
    if not found:
        raise DescentryError("there are no batches to train on", where="find_lr")
    notes = []
    if iterator is batches:
        notes.append(f"{len(found)} batches were taken from the iterator, which goes on after them.")
    if len(found) < FEW:
        one = (
            "There was one batch only, which"
            if len(found) == 1
            else f"There were {len(found)} batches only, which"
        )
        notes.append(f"{one} every step saw again.")
    return found, tuple(notes)
