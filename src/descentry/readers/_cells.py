"""The columns of a table: cells come in as text, and go out as numbers or as words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from descentry.core.data import Floats, Gap
from descentry.readers._draft import to_float
from descentry.readers._pattern import Pattern

Bools = npt.NDArray[np.bool_]

DISTINCT = 4096  # a column with more different words than this is free text, and of no use
STRAY = 0.1  # a column with more words than this beside its numbers is one of words
_PERCENT = Pattern(r"[^%]*\d\.? ?%")
_THOUSANDS = Pattern(r"[-+]?\d{1,3}(?:,\d{3})+(?:\.\d*)?")
_MISSING = frozenset({"", "na", "n/a", "none", "null", "-", "--", "<na>", "#n/a", "undefined"})


@dataclass(eq=False)
class Column:
    """Numbers, NaN where nothing was written; ``filled`` says where something was (None: everywhere)."""

    value: Floats
    filled: Bools | None = None


@dataclass(eq=False)
class Table:
    """A table of ``length`` rows: columns of numbers, and columns of words."""

    length: int
    numbers: dict[str, Column] = field(default_factory=dict)
    texts: dict[str, list[str]] = field(default_factory=dict)
    gaps: list[Gap] = field(default_factory=list)

    @property
    def names(self) -> list[str]:
        """The names of all columns."""
        return [*self.numbers, *self.texts]


def cell_number(cell: str, *, decimal_comma: bool = False) -> float | None:
    """A number as tables write it: also with a percent sign, or with commas between its thousands.

    >>> cell_number("93.5%"), cell_number("12,800"), cell_number("2,5")
    (93.5, 12800.0, None)
    >>> cell_number("2,5", decimal_comma=True)
    2.5
    """
    number = to_float(cell)
    if number is not None:
        return number
    if _PERCENT.fullmatch(cell):
        return cell_number(cell[:-1].rstrip(), decimal_comma=decimal_comma)
    if decimal_comma:
        return to_float(cell.replace(",", ".", 1))
    return to_float(cell.replace(",", "")) if _THOUSANDS.fullmatch(cell) else None


class Cells:
    """The cells of one column as they come in."""

    def __init__(self, delimiter: str) -> None:
        self._decimal_comma = delimiter == ";"
        self._values: list[Floats] = []
        self._filled: list[Bools | None] = []
        self._words: dict[int, str] = {}
        self._distinct: dict[str, str] = {}
        self._free = 0

    def add_numbers(self, value: Floats, filled: Bools) -> None:
        """Adds cells that are read already."""
        self._values.append(value)
        self._filled.append(None if filled.all() else filled)

    def add(self, cells: Sequence[str], start: int) -> None:
        """Adds cells as they were written; ``start`` is the row of the first."""
        filled = np.fromiter(map(bool, cells), np.bool_, len(cells))
        value = np.full(len(cells), np.nan)
        try:
            value[filled] = np.fromiter(map(float, filter(None, cells)), np.float64)
            if "_" not in "".join(cells):  # to Python 1_000 is a number; to a log it is a name
                self.add_numbers(value, filled)
                return
        except ValueError:
            value.fill(np.nan)
        filled.fill(False)
        for i, cell in enumerate(map(str.strip, cells)):
            if not cell or cell.lower() in _MISSING:
                continue
            number = cell_number(cell, decimal_comma=self._decimal_comma)
            if number is None:
                self._word(start + i, cell)
            else:
                value[i], filled[i] = number, True
        self.add_numbers(value, filled)

    def _word(self, row: int, cell: str) -> None:
        self._distinct.setdefault(cell, cell)
        if len(self._distinct) > DISTINCT or self._free:
            self._free += 1 + len(self._words)
            self._words.clear()
            self._distinct.clear()
        else:
            self._words[row] = self._distinct[cell]

    def finish(self, name: str, table: Table) -> None:
        """Puts the column into the table, as numbers or as words."""
        value = np.concatenate(self._values) if self._values else np.empty(0)
        filled = None
        if any(part is not None for part in self._filled):
            pairs = zip(self._values, self._filled, strict=True)
            filled = np.concatenate([np.ones(len(v), dtype=np.bool_) if f is None else f for v, f in pairs])
        self._values.clear()
        words = len(self._words) + self._free
        numbers = len(value) if filled is None else int(filled.sum())
        if not len(value):
            table.texts[name] = []
        elif words <= numbers * STRAY:
            if numbers:
                table.numbers[name] = Column(value, filled)
            if words:
                what = f"{name}: cells that hold something else than a number: {words:,}"
                table.gaps.append(Gap("unreadable-cells", what, words, name))
        elif not self._free:
            cells = ["" if np.isnan(v) else f"{v:.15g}" for v in value.tolist()]
            for row, word in self._words.items():
                cells[row] = word
            table.texts[name] = cells


def counts_steps(column: Floats) -> bool:
    """Whether a column counts steps: whole numbers, not below zero, that rise nearly always."""
    if (
        not np.isfinite(column).all()
        or (column != np.floor(column)).any()
        or (column < 0).any()
        or (column > 2**62).any()
    ):
        return False
    return len(column) == 1 or bool((np.diff(column) >= 0).mean() >= 0.8 and column.min() < column.max())
