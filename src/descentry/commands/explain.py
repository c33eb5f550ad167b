"""``descentry explain``: the story of recorded runs."""

from __future__ import annotations

import argparse
import atexit
import gc
import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from descentry.commands._entry import CONCERN, FINE, USER_ERROR, Command
from descentry.core.errors import DescentryError, UnknownNameError

if TYPE_CHECKING:
    from descentry._terminal import Progress
    from descentry.core.data import Comparison, Report, Run

FAIL_ON = {"attention": ("attention", "failing"), "failing": ("failing",), "not-examined": ("not examined",)}
DEFAULT_PAGE = "report.html"

_DESCRIPTION = """\
The story of recorded runs: a verdict, the curve and its phases, how it ended, what to do next.
PATH is a log of any format in `descentry list readers`, a folder of logs, or - for standard input.
Several runs are compared."""

_EPILOG = """\
examples:
  descentry explain train.log
  descentry explain metrics.csv --metric val_loss --step epoch
  descentry explain runs/ --run lr-0.01
  descentry explain runs/ --html=compare.html
  tail -n 5000 train.log | descentry explain -
  descentry explain train.log --quiet --fail-on failing      for CI

exit codes:
  0  fine
  1  a verdict that --fail-on names, or a worse one
  2  a mistake that you can mend: the message says how
  3  a defect in descentry"""


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "paths", nargs="*", metavar="PATH", help="a log, a folder of logs, or - for standard input"
    )
    what = parser.add_argument_group("what to explain")
    what.add_argument("--metric", metavar="NAME", help="the metric to explain (default: the training loss)")
    what.add_argument("--step", metavar="COLUMN", help="what counts optimizer updates (default: found)")
    what.add_argument("--run", metavar="NAME", help="only the run of this name")
    way = what.add_mutually_exclusive_group()
    way.add_argument(
        "--higher-is-better", dest="higher", action="store_true", default=None, help="the metric should rise"
    )
    way.add_argument("--lower-is-better", dest="higher", action="store_false", help="the metric should fall")
    how = parser.add_argument_group("how to show it")
    how.add_argument(
        "--html",
        nargs="?",
        const="",
        metavar="FILE",
        help=f"also write a page, FILE.html (default: {DEFAULT_PAGE})",
    )
    how.add_argument("--json", action="store_true", help="print JSON in place of text (schema: docs/json.md)")
    how.add_argument("-q", "--quiet", action="store_true", help="print the verdict only, one line a run")
    how.add_argument("--width", type=int, metavar="N", help="columns of the text (at least 60)")
    how.add_argument(
        "--no-color", action="store_true", help="plain text, as when NO_COLOR is set or output is piped"
    )
    ci = parser.add_argument_group("for scripts")
    ci.add_argument(
        "--fail-on",
        action="append",
        default=[],
        choices=tuple(FAIL_ON),
        metavar="VERDICT",
        help="exit with 1 when a run is that bad or worse: attention, failing; not-examined when named",
    )


def _run(args: argparse.Namespace) -> int:
    if args.html and not args.html.lower().endswith((".html", ".htm")):
        # `--html runs/a.csv` names what to explain; to write the page there would destroy a log.
        args.paths, args.html = [args.html, *args.paths], ""
    if not args.paths:
        raise DescentryError(
            "no PATH to explain",
            how="Name a log or a folder: descentry explain PATH\n`descentry explain --help` shows examples.",
        )
    _hurry()
    from descentry._terminal import Progress, complain

    reports: list[Report] = []
    failed = 0
    with Progress() as progress:
        for path in args.paths:
            try:
                reports.extend(_reports(path, args, progress))
            except DescentryError as error:
                if len(args.paths) == 1:
                    raise
                complain(error)
                failed += 1
    if not reports:
        return USER_ERROR
    subject = _subject(reports, args.paths)
    written = _write_page(subject, args.html) if args.html is not None else None
    _show(subject, args)
    if written:
        print(f"The page is in {written}", file=sys.stderr)
    return USER_ERROR if failed else _code(reports, args.fail_on)


def _hurry() -> None:
    """Spares a short process what only pays off in a long one, which is a quarter of its time."""
    # A story multiplies no matrices: numpy need not start a thread for each processor.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    # Importing makes objects by the ten thousand, none of them garbage, and what is left at the end goes with
    # the process.
    gc.set_threshold(50_000)
    atexit.register(gc.freeze)


def _reports(path: str, args: argparse.Namespace, progress: Progress) -> Sequence[Report]:
    from descentry import readers
    from descentry.story import explain_all, runs_of

    if path == "-":
        runs: list[Run] = readers.from_stream(sys.stdin.buffer, step=args.step)
    else:
        runs = runs_of(path, step=args.step, progress=progress)
    if args.run is not None:
        named = [r for r in runs if r.name.casefold() == args.run.casefold()]
        if not named:
            raise UnknownNameError(
                f"there is no run called {args.run!r}",
                where=path,
                name=args.run,
                known=[r.name for r in runs],
            )
        runs = named
    return explain_all(runs, metric=args.metric, higher_is_better=args.higher, progress=progress).reports


def _subject(reports: list[Report], paths: Sequence[str]) -> Report | Comparison:
    if len(reports) == 1:
        return reports[0]
    import shlex

    from descentry.core.data import Comparison

    return Comparison(tuple(reports), shlex.join(paths))


def _code(reports: Sequence[Report], fail_on: Sequence[str]) -> int:
    bad = {verdict for named in fail_on for verdict in FAIL_ON[named]}
    return CONCERN if any(r.verdict in bad for r in reports) else FINE


def _write_page(subject: Report | Comparison, name: str) -> str:
    from pathlib import Path

    path = Path(name or DEFAULT_PAGE)
    try:
        if not name and path.exists() and b'content="descentry ' not in path.read_bytes()[:2000]:
            raise DescentryError(
                "there is a file of that name that descentry did not write",
                where=str(path),
                how="Name another: --html=FILE.html",
            )
        subject.to_html(path)
    except OSError as error:
        raise DescentryError(
            f"the page cannot be written: {error.strerror or error}", where=str(path)
        ) from None
    return str(path)


def _show(subject: Report | Comparison, args: argparse.Namespace) -> None:
    from descentry._terminal import coloured, width, write
    from descentry.core.data import Report

    if args.json:
        from descentry.report import json

        write(json.render(subject) + "\n")
        return
    from descentry.report import text

    if args.quiet:
        write(
            "".join(
                text.render_line(r) + "\n" for r in ([subject] if isinstance(subject, Report) else subject)
            )
        )
    elif coloured(args.no_color):
        from rich.console import Console

        console = Console(width=args.width, force_terminal=True)
        with console.capture() as captured:
            text.print_to(console, subject)
        write(captured.get())
    else:
        write(text.render(subject, width=args.width or width(text.WIDTH, text.MAX_WIDTH)) + "\n")


COMMAND = Command(
    name="explain",
    operands="PATH...",
    summary="the story of recorded runs: text, --html, --json",
    group="recorded runs",
    description=_DESCRIPTION,
    add_arguments=_add_arguments,
    run=_run,
    epilog=_EPILOG,
)
