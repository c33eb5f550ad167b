"""What a controller asks for, and the settings that its answers follow from. No torch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Literal

from descentry.core.data import Decision

Label = int | str  # steps made when a state was kept, or what it was kept for


@dataclass(frozen=True, slots=True)
class Orders:
    """What is to be done before the next step, in this order.

    Attributes:
        keep: Labels under which the present state is to be kept.
        restore: Label of the state to put back; None for none.
        drop: Labels of states that are no longer needed.
        decision: What is behind it, to be written down.
    """

    keep: tuple[Label, ...] = ()
    restore: Label | None = None
    drop: tuple[Label, ...] = ()
    decision: Decision | None = None


NOTHING = Orders()


@dataclass(frozen=True, slots=True)
class Rate:
    """The learning rate of the next step.

    Attributes:
        factor: What the rate of each group is multiplied by.
        fixed: Whether that is its rate when the pilot began, whatever a schedule says; else the rate that is
            set.
    """

    factor: float = 1.0
    fixed: bool = False


@dataclass(frozen=True, slots=True)
class Settings:
    """What a pilot was told; with the losses it determines every decision.

    Attributes:
        rate: The learning rate that was given, of the first group: with a scheduler its peak.
        start: The step at which it began.
        search: Whether to search for a rate: ``always``, ``auto`` (when the given one does not work),
            ``never``.
        total_steps: Steps of the whole run, after which the rate is to be zero; None where it is not known.
        scheduled: Whether the training has a scheduler of its own.
        every: Steps between states that are kept.
        room: How many states fit into the memory that is allowed.
        most: How many interventions are allowed.
        alpha: Probability of a false alarm in the whole run.
        acts: Whether what is decided is carried out; not in the replay of a run that had no pilot.
    """

    rate: float = 0.1
    start: int = 0
    search: Literal["always", "auto", "never"] = "auto"
    total_steps: int | None = None
    scheduled: bool = False
    every: int = 50
    room: int = 4
    most: int = 10
    alpha: float = 0.01
    acts: bool = True

    def to_dict(self) -> dict[str, Any]:
        """As JSON keeps it."""
        return asdict(self)

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> Settings:
        """From what :meth:`to_dict` gave; what is unknown is passed over."""
        names = {f.name for f in fields(cls)}
        return cls(**{k: v for k, v in told.items() if k in names})
