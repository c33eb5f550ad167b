"""Lines of styled text: measured, wrapped, and given to a terminal or a file."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

from rich.cells import cell_len, set_cell_size


class Span(NamedTuple):
    """A piece of a line and the style it is shown in where there is colour."""

    text: str
    style: str = ""


Line = list[Span]

STYLES = {
    "good": "bold green",
    "attention": "bold yellow",
    "failing": "bold red",
    "unknown": "bold magenta",
    "neutral": "cyan",
    "heading": "bold",
    "headline": "bold",
    "curve": "",
    "quiet": "dim",
    "": "",
}


def wrap(text: str, width: int) -> list[str]:
    """The text in lines of at most ``width`` cells; a word longer than a line is cut."""
    lines, current = [""], 0
    for word in text.split():
        size = cell_len(word)
        if current and current + 1 + size > width:
            lines.append("")
            current = 0
        while size > width:
            head = set_cell_size(word, width).rstrip() or word[:1]
            lines[-1] += head
            lines.append("")
            word = word[len(head) :]
            size = cell_len(word)
        lines[-1] += (" " if current else "") + word
        current += (1 if current else 0) + size
    return lines


def hanging(first: Line, text: str, width: int, style: str = "", tail: str = "") -> list[Line]:
    """A paragraph that hangs under its beginning: a letter, a number, a bullet; ``tail`` ends it quietly."""
    indent = sum(cell_len(s.text) for s in first)
    room = max(20, width - indent)
    # The tail is wrapped with the text and parted from it again, so that it may break across lines.
    lines = wrap(f"{text} {tail}" if tail else text, room)
    left = len("".join(text.split()))
    result: list[Line] = []
    for i, line in enumerate(lines):
        lead = first if i == 0 else [Span(" " * indent)]
        taken, letters = 0, 0
        while taken < len(line) and letters < left:
            letters += not line[taken].isspace()
            taken += 1
        left -= letters
        result.append(
            [*lead, Span(line[:taken], style), *([Span(line[taken:], "quiet")] if line[taken:] else [])]
        )
    return result


def fitted(text: str, width: int, *, right: bool = False) -> str:
    """The text in exactly ``width`` cells; cut in the middle, where names differ least, when too long."""
    size = cell_len(text)
    if size <= width:
        return " " * (width - size) + text if right else text + " " * (width - size)
    if width < 5:
        return set_cell_size(text, width)
    tail = (width - 1) * 2 // 3
    cut = len(text) - tail
    while cell_len(text[cut:]) > tail:
        cut += 1
    return set_cell_size(set_cell_size(text, width - 1 - cell_len(text[cut:])) + "…" + text[cut:], width)


def shortened(text: str, width: int) -> str:
    """The text, cut in the middle if it is wider than ``width``."""
    return text if cell_len(text) <= width else fitted(text, width)


def plain(lines: Iterable[Line]) -> str:
    """The lines without any colour, none with spaces at its end."""
    return "\n".join("".join(s.text for s in line).rstrip() for line in lines)


_ASCII = str.maketrans(
    {
        "✓": "+",
        "✗": "x",
        "–": "-",
        "—": "-",
        "−": "-",
        "×": "x",
        "→": "->",
        "…": "...",
        "•": "*",
        "·": ".",
        "’": "'",
        "±": "+-",
    }
    | {
        "│": "|",
        "┤": "+",
        "├": "+",
        "┼": "+",
        "└": "+",
        "┴": "+",
        "─": "-",
        "┬": "+",
        "°": "deg",
        "≤": "<=",
        "≥": ">=",
        "�": "?",
    }
)


def ascii_only(text: str) -> str:
    """The text for a stream that has only ASCII: dots become ``'``, ``.`` or ``|``, and rules dashes."""

    def dots(match: re.Match[str]) -> str:
        code = ord(match[0]) - 0x2800
        upper, lower = bool(code & 0x1B), bool(code & 0xE4)
        return "|" if upper and lower else ("'" if upper else ".")

    return re.sub("[\u2801-\u28ff]", dots, text).translate(_ASCII).encode("ascii", "replace").decode()
