"""What an exporter is: the record that every exporter file defines as ``EXPORTER``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from descentry.export._table import Table


@dataclass(frozen=True)
class Exporter:
    """A format that runs are written in.

    Attributes:
        id: What users call it, after ``--to``.
        title: What the format is, in a few words.
        suffix: What the names of its files end with; empty for a format that is a folder.
        write: Writes a run's table to a path that does not exist yet. May raise DescentryError and OSError.
            What it writes is read back by one of our readers, with the same series.
    """

    id: str
    title: str
    suffix: str
    write: Callable[[Table, Path], None]
