"""What a change is: the record that every file of this folder defines as ``CHANGE``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from descentry.core.data import Remedy
from descentry.trials._fork import Fork
from descentry.trials._training import Training


@dataclass(frozen=True, slots=True)
class Variant:
    """One arm: one thing that is changed.

    Attributes:
        title: What is done, as a sentence goes on from it: ``standardising the inputs``.
        install: Does it to a training.
        id: Tells it from the other variants of its remedy; empty for the plain one.
        forward: What it does to the computation of the loss; arms that do the same can be computed together.
        batches: How many batches one step takes.
        own_ground: Whether arms are judged by the loss of this one, because the user's own cannot tell.
        by_hand: What is left to do in the user's own code once it is applied; empty where it is nothing.
    """

    title: str
    install: Callable[[Training], None]
    id: str = ""
    forward: str = ""
    batches: int = 1
    own_ground: bool = False
    by_hand: str = ""


@dataclass(frozen=True, slots=True)
class Change:
    """A way of trying remedies.

    Attributes:
        remedies: Their ids.
        variants: The arms for one remedy in one fork. Raises Cannot where there are none.
    """

    remedies: tuple[str, ...]
    variants: Callable[[Remedy, Fork], Sequence[Variant]]


def at_rates(variant: Variant, factors: Sequence[float], fork: Fork) -> list[Variant]:
    """The change alone, and with larger rates: stability is of no use at a rate that never needed it."""

    def at(factor: float) -> Variant:
        def install(training: Training) -> None:
            variant.install(training)
            training.scale_rate(factor)

        return Variant(
            f"{variant.title}, with a rate of {fork.rate * factor:.2g}",
            install,
            f"rate-x{factor:g}",
            variant.forward,
            variant.batches,
            variant.own_ground,
            variant.by_hand,
        )

    return [variant, *(at(f) for f in factors)]
