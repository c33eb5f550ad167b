"""How a watched script ends: the report on standard error, whichever way it went."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import FrameType, TracebackType
from typing import TYPE_CHECKING, Any, Protocol

from descentry.core.errors import DescentryError

if TYPE_CHECKING:
    from descentry.core.data import Comparison, Report

_PACKAGE = str(Path(__file__).parent)
_MOST_PAGES = 4
_handlers: list[Any] = []


def say(what: str) -> None:
    """One line on standard error as the script got it, wherever it has pointed ``sys.stderr`` since."""
    stream = sys.__stderr__
    with contextlib.suppress(OSError, ValueError):
        if stream is not None:
            stream.write(f"descentry: {what}\n".encode(stream.encoding, "replace").decode(stream.encoding))
            stream.flush()


class Watched(Protocol):
    """What can be explained at the end."""

    @property
    def folder(self) -> Path | None:
        """Of the run."""

    def close(self) -> None:
        """Ends the run."""

    def explain(self) -> Report:
        """The story of the run."""


def report(
    watched: Sequence[Watched], missed: int, options: Mapping[str, str], *, by_hand: Watched | None = None
) -> None:
    """The pages of what was watched, and where it is kept."""
    with contextlib.suppress(Exception):
        sys.stdout.flush()
    if not watched and by_hand is None:
        say("nothing was watched: no PyTorch optimizer made a step in this process.")
        return
    watched = watched or [by_hand] if by_hand is not None else watched
    reports = []
    for one in watched:
        one.close()
        try:
            reports.append(one.explain())
        except DescentryError as error:
            say(str(error))
    if reports:
        _print(reports, quiet="quiet" in options)
    if by_hand is not None:
        say("no optimizer of PyTorch's made a step: only the losses that backward was called on are known.")
    for one in watched:
        say(f"the run is in {_short(one.folder)}" if one.folder else "the run was kept in memory only")
    if missed:
        say(f"{missed} more optimizers were not watched: the first {len(watched)} are.")
    if reports and "html" in options:
        _write_page(reports, options["html"])


def _print(reports: Sequence[Report], *, quiet: bool) -> None:
    from descentry.report import text

    stream = sys.__stderr__
    if stream is None:
        return
    if quiet or len(reports) > _MOST_PAGES:
        _plain("\n".join(text.render_line(r) for r in reports))
        return
    stream.write("\n")
    for one in reports:
        if stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb":
            from rich.console import Console

            text.print_to(Console(file=stream), one)
        else:
            _plain(text.render(one))


def _plain(page: str) -> None:
    from descentry.report._lines import ascii_only

    stream = sys.__stderr__
    assert stream is not None
    try:
        page.encode(stream.encoding)
    except UnicodeEncodeError:
        page = ascii_only(page)
    stream.write(page + "\n")
    stream.flush()


def _write_page(reports: Sequence[Report], path: str) -> None:
    from descentry.core.data import Comparison
    from descentry.report import html

    subject: Report | Comparison = reports[0] if len(reports) == 1 else Comparison(tuple(reports))
    try:
        Path(path).write_text(html.render(subject), encoding="utf-8")
    except OSError as error:
        say(f"the page cannot be written: {error.strerror or error}: {path}")
    else:
        say(f"the page is in {_short(Path(path))}")


def _short(path: Path) -> str:
    """The path from here where it is below, as a person would write it."""
    with contextlib.suppress(ValueError, OSError):
        return str(path.relative_to(Path.cwd()))
    return str(path)


def end_when_terminated(end: Callable[[Callable[[], None]], None]) -> None:
    """Reports on SIGTERM too, which then ends the process as it would have; not where the script minds it.

    Args:
        end: Reports, now or a moment later, and then calls what it is given.
    """
    if threading.current_thread() is not threading.main_thread():
        return
    if signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL:
        return

    def terminated(number: int, _: FrameType | None) -> None:
        signal.signal(number, signal.SIG_DFL)
        end(lambda: os.kill(os.getpid(), number))

    signal.signal(signal.SIGTERM, terminated)
    _handlers.append(terminated)


def leave() -> None:
    """In a forked child: signals do what they did before."""
    with contextlib.suppress(ValueError):  # not the main thread
        if signal.getsignal(signal.SIGTERM) in _handlers:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)


def die_of_the_interrupt() -> None:
    """Has Python end by SIGINT, as it does after an interrupt that nobody caught.

    It remembers by a flag whether the last code that it was given as text was interrupted, and what the
    report imports (``dataclasses`` for one) gives it such code.
    """
    if isinstance(getattr(sys, "last_value", None), KeyboardInterrupt):
        with contextlib.suppress(KeyboardInterrupt):
            exec("raise KeyboardInterrupt")  # noqa: S102


def hide_our_frames() -> None:
    """Takes what is ours out of the tracebacks that Python prints; a script's own hook goes before."""
    original = sys.excepthook

    def without_ours(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        seen: set[int] = set()
        waiting: list[BaseException | None] = [error]
        while waiting:
            one = waiting.pop()
            if one is None or id(one) in seen:
                continue
            seen.add(id(one))
            one.__traceback__ = _cleaned(one.__traceback__)
            waiting += [one.__cause__, one.__context__]
        original(kind, error, error.__traceback__)

    sys.excepthook = without_ours


def _cleaned(trace: TracebackType | None) -> TracebackType | None:
    kept = []
    while trace is not None:
        if not trace.tb_frame.f_code.co_filename.startswith(_PACKAGE):
            kept.append(trace)
        trace = trace.tb_next
    for one, following in zip(kept, [*kept[1:], None], strict=True):
        one.tb_next = following
    return kept[0] if kept else None
