"""How what is told shows itself, wherever it comes up."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from descentry.core import catalog


class Shown:
    """What shows itself: as text, in a notebook, as a page and as plain data."""

    __slots__ = ()

    def __str__(self) -> str:
        return str(catalog.load("report", "text").render(self))

    def _repr_html_(self) -> str:
        return str(catalog.load("report", "html").inline(self))

    def to_html(self, path: str | Path | None = None) -> str:
        """One self-contained HTML page; also written to ``path`` when one is given.

        Raises:
            OSError: The file cannot be written.
        """
        page = str(catalog.load("report", "html").render(self))
        if path is not None:
            Path(path).write_text(page, encoding="utf-8")
        return page

    def to_dict(self) -> dict[str, Any]:
        """Plain data: the versioned schema of ``docs/json.md``."""
        data: dict[str, Any] = catalog.load("report", "json").to_dict(self)
        return data
