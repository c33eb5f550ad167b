"""The board as a part of the site."""

from __future__ import annotations

from descentry.web.parts import Part, Settings


def part(settings: Settings) -> Part:
    """The board of the runs below ``settings.folder``."""
    return Part("board", {"/board": "board.html", "/run": "run.html", "/compare": "compare.html"})
