"""Standard output and error as the command line finds them: pipes, terminals, colours, a bar."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from descentry.core.errors import DescentryError

BAR_AFTER = 1.0  # seconds: what takes less needs no bar


def write(text: str) -> None:
    """Prints, whatever the stream can carry; a reader who has seen enough (``| head``) is no error."""
    try:
        text.encode(sys.stdout.encoding or "utf-8")
    except UnicodeEncodeError:
        from descentry.report._lines import ascii_only

        text = ascii_only(text)
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:
        hush()


def write_entries(rows: Iterable[tuple[str, str]]) -> None:
    """Prints a name and what it stands for on each line, in two columns."""
    kept = list(rows)
    room = max((len(name) for name, _ in kept), default=0)
    write("".join(f"{name:<{room}}  {title}\n" for name, title in kept))


def hush() -> None:
    """Points standard output at nothing, so that Python does not complain of a closed pipe as it exits."""
    nothing = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, sys.stdout.fileno())
    os.close(nothing)


def complain(error: DescentryError) -> None:
    """Says on standard error what is wrong, as all commands say it."""
    print(f"descentry: {error}", file=sys.stderr)


def coloured(no_color: bool) -> bool:
    """Whether output may hold colour: a terminal's may, unless the user or NO_COLOR says otherwise."""
    if no_color or os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return False
    return sys.stdout.isatty() or bool(os.environ.get("FORCE_COLOR"))


def width(piped: int, widest: int) -> int:
    """The width of plain text: that of the terminal, or ``piped`` where there is none."""
    return min(os.get_terminal_size(sys.stdout.fileno()).columns, widest) if sys.stdout.isatty() else piped


class Progress:
    """A bar on standard error once work has taken a second; nothing where that is no terminal."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        self._bar: Any = None
        self._task: Any = None

    def __enter__(self) -> Progress:
        return self

    def __call__(self, done: int, total: int, name: str) -> None:
        """Shows how many of ``total`` are done, and which is next."""
        from descentry.report._words import clean

        if self._bar is None:
            if time.monotonic() - self._began < BAR_AFTER or not sys.stderr.isatty():
                return
            self._start()
        self._bar.update(self._task, completed=done, total=total, description=clean(name))

    def _start(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, TextColumn
        from rich.progress import Progress as Bar

        name = TextColumn("{task.description}", markup=False)
        self._bar = Bar(
            BarColumn(24), MofNCompleteColumn(), name, console=Console(stderr=True), transient=True
        )
        self._task = self._bar.add_task("")
        self._bar.start()

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.stop()
