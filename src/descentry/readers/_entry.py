"""What a reader is: the record that every reader file defines as ``READER``."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from descentry.readers._draft import Draft
from descentry.readers._source import Source

Rows = Sequence[tuple[int, float]]


@dataclass(frozen=True, eq=False)
class Reader:
    """A log format.

    Attributes:
        id: What users call it, such as ``lightning-csv``.
        title: What the format is, in a few words.
        sniff: How sure it is, from 0 (not mine) to 1 (certain), judged by content within the source's head;
            never raises. Generic formats stay at or below 0.5 so that a particular one wins.
        read: The drafts in the source, one for each run that the format itself keeps apart. May raise
            DescentryError; anything unreadable that can be passed over goes into ``Draft.gaps``.
        write_sample: Writes the rows (step, value of the training loss or of the format's own metric) as
            this format into a folder and returns the path to read; the conformance tests are made of it.
        most: The highest score that ``sniff`` gives; readers that cannot win any more are not asked.
        folder: The format is a folder and not a file.
        together: Files of this format in one folder are parts of one run, in the order of their names.
        exempt: Conformance checks that cannot apply, each with the reason.
    """

    id: str
    title: str
    sniff: Callable[[Source], float]
    read: Callable[[Source], list[Draft]]
    write_sample: Callable[[Path, Rows], Path]
    most: float = 1.0
    folder: bool = False
    together: bool = False
    exempt: Mapping[str, str] = field(default_factory=dict)
