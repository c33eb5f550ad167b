"""What a remedy is: the record that every remedy file defines as ``REMEDY``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from descentry.core import data
from descentry.facts import Facts


@dataclass(frozen=True)
class Remedy:
    """Something that can be changed about a training.

    Attributes:
        id: The name in causes and decisions.
        title: What it is, in a few words.
        size: The change for one run: numbers worked out from what was measured. None where it cannot apply.
    """

    id: str
    title: str
    size: Callable[[Facts], data.Remedy | None]
