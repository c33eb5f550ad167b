"""The journal of a run's decisions: written as they are made, never changed, and read back.

It is the journal of the run folder (``docs/run-folder.md``): the settings of a pilot are an entry of the
kind ``pilot``, each decision one of the kind ``decision``. Needs no torch.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from math import inf, isfinite, nan
from pathlib import Path
from typing import Any

from descentry.control._orders import Settings
from descentry.core.data import Decision, Remedy
from descentry.core.errors import DescentryError
from descentry.store import reading
from descentry.store.schema import FILE
from descentry.store.writing import RunWriter

SETTINGS, DECISION, FACT, END = "pilot", "decision", "pilot-fact", "pilot-end"


@dataclass(frozen=True, slots=True)
class Journal:
    """What a pilot wrote down in one run.

    Attributes:
        settings: What it was told; None where no pilot was there.
        decisions: What it decided, in order.
        moved: How far the weights had moved, by the step at which it asked.
        until: The step from which on it only watched; None where it acted to the end.
    """

    settings: Settings | None
    decisions: tuple[Decision, ...]
    moved: Mapping[int, float] = field(default_factory=dict)
    until: int | None = None


def write_settings(writer: RunWriter, settings: Settings) -> None:
    """Notes what a pilot was told."""
    writer.event(SETTINGS, settings.to_dict(), step=settings.start)


def write(writer: RunWriter, decision: Decision) -> None:
    """Notes a decision."""
    writer.event(DECISION, to_dict(decision), step=decision.step)


def write_fact(writer: RunWriter | None, step: int, moved: float) -> None:
    """Notes what a pilot was told beside the losses: how far the weights had moved."""
    if writer is not None:
        writer.event(FACT, {"moved": moved if isfinite(moved) else str(moved)}, step=step)


def write_end(writer: RunWriter, step: int, why: str) -> None:
    """Notes that a pilot only watches from a step on, and says so in the report."""
    what = f"the training was only watched from step {step:,} on, because {why}"
    writer.event(END, {"what": what}, step=step)
    writer.event("gap", {"kind": "pilot", "what": what, "start": step}, step=step)


def read(source: str | os.PathLike[str]) -> Journal:
    """The journal of a run folder, of the last pilot where there were several; empty for any other log.

    Raises:
        DescentryError: The run folder cannot be read.
    """
    path = Path(source)
    if not ((path / FILE).exists() or path.name == FILE):
        return Journal(None, ())
    try:
        stored = reading.read(path)
    except OSError as error:
        raise DescentryError(
            f"the run cannot be read: {error.strerror or error}", where=str(source)
        ) from None
    return of_lines(stored.journal)


def of_lines(lines: tuple[reading.Line, ...]) -> Journal:
    """The journal among all entries of a run's."""
    settings: Settings | None = None
    decisions: list[Decision] = []
    moved: dict[int, float] = {}
    until: int | None = None
    for line in lines:
        if line.kind == SETTINGS and isinstance(line.data, dict):
            settings, decisions, moved, until = Settings.of(line.data), [], {}, None
        elif line.kind == END:
            until = line.step
        elif line.kind == FACT and isinstance(line.data, dict) and line.step is not None:
            moved[line.step] = _number(line.data.get("moved", nan))
        elif line.kind == DECISION and isinstance(line.data, dict):
            decisions.append(from_dict(line.data))
    return Journal(settings, tuple(decisions), moved, until)


def to_dict(decision: Decision) -> dict[str, Any]:
    """A decision as JSON keeps it; numbers that are not finite are words there."""
    told = asdict(decision)
    told["numbers"] = {k: v if isfinite(v) else str(v) for k, v in decision.numbers.items()}
    return told


def from_dict(told: Mapping[str, Any]) -> Decision:
    """What :meth:`to_dict` kept."""
    remedy = told.get("remedy")
    return Decision(
        int(told["step"]),
        str(told["policy"]),
        str(told["because"]),
        Remedy(**remedy) if isinstance(remedy, dict) else None,
        {k: _number(v) for k, v in dict(told.get("numbers") or {}).items()},
        bool(told.get("applied", True)),
        str(told.get("by", "pilot")),
    )


def _number(value: Any) -> float:
    return {"nan": nan, "inf": inf, "-inf": -inf}[value] if isinstance(value, str) else float(value)
