"""What a behaviour is: the record that every behaviour file defines as ``BEHAVIOUR``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from descentry.behaviours._curve import Curve
from descentry.core.data import Finding, Floats

MakeValues = Callable[[], Sequence[float] | Floats]


@dataclass(frozen=True, eq=False)
class Case:
    """A curve on which the behaviour must be seen, or must not.

    Attributes:
        name: What the curve is.
        values: Makes it; any randomness is seeded inside.
        validation: Makes a validation loss beside it, logged at the same steps.
    """

    name: str
    values: MakeValues
    validation: MakeValues | None = None


@dataclass(frozen=True, eq=False)
class Behaviour:
    """Something that a loss curve does.

    Attributes:
        id: The name in findings.
        title: What it is, in a few words.
        find: The findings in a curve; pure, and silent where it is not sure.
        seen_in: Curves on which it must be found.
        quiet_on: Its confusables, on which it must not be found.
        advice: What to do next when it is seen, in one or two sentences; empty when there is nothing to do.
        precedence: Which of several grave findings names the verdict: the lowest. Causes stand before
            their consequences.
        exempt: Conformance checks that cannot apply, each with the reason.
    """

    id: str
    title: str
    find: Callable[[Curve], Sequence[Finding]]
    seen_in: tuple[Case, ...]
    quiet_on: tuple[Case, ...]
    advice: str = ""
    precedence: int = 9
    exempt: dict[str, str] = field(default_factory=dict)
