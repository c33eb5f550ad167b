"""The batches of a trial: drawn once from the user's loader, so that every arm gets the same ones."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from torch import Tensor

from descentry.core.errors import DescentryError
from descentry.instruments._undisturbed import tensors

MOST_BYTES = 2**30  # of batches that are kept
HELD_BACK = 8  # batches, at most
SHARE = 4  # one batch in so many is held back, where there are few


@dataclass(frozen=True, slots=True, eq=False)
class Batches:
    """What a trial trains on and what it is judged by.

    Attributes:
        training: Batches to train on.
        held_back: Batches that no arm trains on; the training batch itself where there is only one.
        taken: How many were taken from an iterator, which goes on after them; 0 for a loader or a list.
    """

    training: tuple[Any, ...]
    held_back: tuple[Any, ...]
    taken: int = 0

    @property
    def single(self) -> bool:
        """Whether there is one batch only, so that nothing could be held back."""
        return len(self.training) == 1 and self.held_back == self.training

    def order(self, seed: int, count: int) -> list[Any]:
        """``count`` training batches; seed 0 has the user's order at first, every other one its own.

        Each pass over them is in a new order, as it is with a loader that shuffles.
        """
        chosen: list[Any] = []
        number = 0
        while len(chosen) < count:
            places = np.arange(len(self.training))
            if seed or number:
                places = np.random.default_rng([seed, number]).permutation(places)
            chosen += [self.training[i] for i in places]
            number += 1
        return chosen[:count]


def draw(batches: Iterable[Any], steps: int, where: str = "try_remedies") -> Batches:
    """Takes the next batches, as many as the steps need and what is held back beside them, 1 GiB at most.

    A loader is iterated anew and is not changed by it, but for its random generator (see :func:`generators`).
    An iterator loses the batches that are taken.

    Raises:
        DescentryError: There are no batches, or it is one batch instead of several.
    """
    if isinstance(batches, Tensor) or (
        isinstance(batches, tuple) and any(isinstance(b, Tensor) for b in batches)
    ):
        raise DescentryError(
            "batches is one batch, and should be several",
            where=where,
            how="Give a list of batches, or a loader.",
        )
    iterator = iter(batches)
    found, size = [], 0
    for batch in itertools.islice(iterator, steps + HELD_BACK):
        found.append(batch)
        size += sum(t.numel() * t.element_size() for t in tensors(batch))
        if size > MOST_BYTES:
            break
    if not found:
        raise DescentryError("there are no batches to train on", where=where)
    taken = len(found) if iterator is batches else 0
    if len(found) == 1:
        return Batches((found[0],), (found[0],), taken)
    count = max(1, min(HELD_BACK, len(found) // SHARE))
    # Evenly spread: the last ones of a loader that does not shuffle may be of one class.
    away = {int(i) for i in np.linspace(0, len(found) - 1, count + 2)[1:-1]} or {len(found) - 1}
    return Batches(
        tuple(b for i, b in enumerate(found) if i not in away),
        tuple(found[i] for i in sorted(away)),
        taken,
    )


def generators(batches: Any) -> Sequence[Any]:
    """The random generators that iterating a loader draws from, so that they can be put back."""

    def found() -> Iterator[Any]:
        for owner in (batches, getattr(batches, "sampler", None), getattr(batches, "batch_sampler", None)):
            generator = getattr(owner, "generator", None)
            if generator is not None:
                yield generator

    return list({id(g): g for g in found()}.values())
