"""What a cause is: the record that every cause file defines as ``CAUSE``, and the signs it is told by."""

from __future__ import annotations

import bisect
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from descentry.core.data import Concern, Run
from descentry.facts import Facts


@dataclass(frozen=True)
class Sign:
    """Something that can be read off a run and sorted into a few bins.

    Attributes:
        id: The name in evidence.
        title: What it is, in a few words; listed where it could not be read.
        read: The value, or None where it was not recorded or has no meaning here. NaN counts as None.
        cuts: Where one bin ends and the next begins, ascending; ``k`` cuts make ``k + 1`` bins. A value that
            equals a cut lies above it.
        words: What a person reads, a sentence for each bin; ``{value}`` stands for the number, ``{percent}``
            for a share as a percentage, ``{power}`` for ten to the number, where it is a logarithm.
        reference: What the value is compared with, in a few words.
        source: Where the cuts come from: a paper, a definition, or the script that made them.
        needs: What has to be recorded for it: ``curve``, ``rate``, ``gradient-norm``, ``validation`` or
            ``watch``.
    """

    id: str
    title: str
    read: Callable[[Facts], float | None]
    cuts: tuple[float, ...]
    words: tuple[str, ...]
    reference: str
    source: str
    needs: str = "curve"

    def __post_init__(self) -> None:
        if len(self.words) != len(self.cuts) + 1:
            raise ValueError(f"{self.id}: {len(self.cuts)} cuts make {len(self.cuts) + 1} bins")
        if list(self.cuts) != sorted(set(self.cuts)):
            raise ValueError(f"{self.id}: cuts must ascend")

    def value(self, facts: Facts) -> float | None:
        """What is read, or None where nothing can be."""
        found = self.read(facts)
        return None if found is None or math.isnan(found) else float(found)

    def bin(self, value: float) -> int:
        """Which bin a value lies in, from 0."""
        return bisect.bisect_right(self.cuts, value)

    def sentence(self, value: float) -> str:
        """What a person reads of a value."""
        power = 10.0 ** max(-300.0, min(300.0, value))
        return self.words[self.bin(value)].format(
            value=f"{value:.3g}", percent=f"{value:.0%}", power=f"{power:.2g}"
        )


@dataclass(frozen=True)
class Clue:
    """A sign, and what each of its bins says about one cause.

    Attributes:
        sign: The sign.
        weights: Log-likelihood ratios in nats, one for each bin: what a person who knows the field would
            say. The calibration starts from them and the fitted table replaces them (``_weights.py``).
    """

    sign: Sign
    weights: tuple[float, ...]

    def __post_init__(self) -> None:
        if len(self.weights) != len(self.sign.words):
            raise ValueError(f"{self.sign.id} has {len(self.sign.words)} bins, not {len(self.weights)}")


@dataclass(frozen=True)
class Case:
    """A run for which the cause must be supported, or must not be.

    Attributes:
        name: What happened in it.
        run: Makes the run (``_cases.py`` helps); any randomness is seeded inside.
    """

    name: str
    run: Callable[[], Run]


@dataclass(frozen=True)
class Cause:
    """A reason why a training does what it does.

    Attributes:
        id: The name in diagnoses.
        title: What it is, in a few words.
        concern: What it means for a run that has it.
        clues: What speaks for it and against it.
        remedies: Ids of remedies, first things first.
        neighbours: Ids of the causes that it is most easily taken for.
        seen_in: Runs for which it must be supported.
        quiet_on: Runs, its neighbours' above all, for which it must not be.
        longer: What more epochs would do about it, said beside the forecast; ``{gain}`` stands for what
            doubling them is expected to gain.
        base: Log-odds of the cause before anything is known.
        worse: What it means for the runs in which it goes further than usual; None for the others.
        exempt: Conformance checks that cannot apply, each with the reason.
    """

    id: str
    title: str
    concern: Concern
    clues: tuple[Clue, ...]
    remedies: tuple[str, ...]
    neighbours: tuple[str, ...]
    seen_in: tuple[Case, ...]
    quiet_on: tuple[Case, ...]
    longer: str = ""
    base: float = -3.0
    worse: Callable[[Facts], Concern | None] = lambda facts: None
    exempt: Mapping[str, str] = field(default_factory=dict)


def signs(causes: Sequence[Cause]) -> dict[str, Sign]:
    """Every sign that any of the causes is told by, by id.

    Raises:
        ValueError: Two different signs have one id.
    """
    found: dict[str, Sign] = {}
    for cause in causes:
        for clue in cause.clues:
            if found.setdefault(clue.sign.id, clue.sign) is not clue.sign:
                raise ValueError(f"two signs are called {clue.sign.id!r}; one is in {cause.id}")
    return found
