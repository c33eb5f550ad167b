"""The command line: a thin shell that reads arguments, calls the library and says how it went."""

from __future__ import annotations

import argparse
import os
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from descentry import __version__
from descentry._terminal import Progress, coloured, hush, width, write
from descentry.core.errors import DescentryError, TooLargeError, UnknownNameError, nearest

if TYPE_CHECKING:
    from descentry.core.data import Comparison, Report, Run

FINE, CONCERN, USER_ERROR, DEFECT, INTERRUPTED = 0, 1, 2, 3, 130
FAIL_ON = {"attention": ("attention", "failing"), "failing": ("failing",), "not-examined": ("not examined",)}
DEFAULT_PAGE = "report.html"

_TOP = """\
descentry reads recorded training runs and says what their loss curves do, and how surely.

commands:
  explain PATH...   the story of recorded runs: text, --html, --json
  export RUN        a run in another format: CSV, Parquet, JSON Lines, TensorBoard
  list [ROOM]       what it knows: the formats it reads, the behaviours it recognises

`descentry COMMAND --help` tells the options of a command."""

_TOP_EXAMPLES = """\
examples:
  descentry explain train.log              what happened in this run
  descentry explain runs/ --html           all runs below a folder, compared on one page
  descentry list readers                   the formats it reads"""

_EXPLAIN = """\
The story of recorded runs: a verdict, the curve and its phases, how it ended, what to do next.
PATH is a log of any format in `descentry list readers`, a folder of logs, or - for standard input.
Several runs are compared."""

_EXPLAIN_EXAMPLES = """\
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

_EXPORT = """\
Writes recorded runs in another format. RUN is whatever `descentry explain` takes.
What is written reads back with the same numbers."""

_EXPORT_EXAMPLES = """\
examples:
  descentry export runs/exp1                                  exp1.csv, in this folder
  descentry export train.log --to tensorboard -o logs/train   a log folder for TensorBoard
  descentry export runs/ --to parquet -o tables               a file a run, in the folder tables"""


class _Parser(argparse.ArgumentParser):
    """Says what is wrong as every other error is said."""

    def error(self, message: str) -> NoReturn:
        raise DescentryError(message, how=f"`{self.prog} --help` tells how to write it.")


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one command and returns its exit code; prints, and never raises for a user's mistake."""
    words = list(sys.argv[1:] if argv is None else argv)
    try:
        return _run(words)
    except DescentryError as error:
        _complain(error)
        return USER_ERROR
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        hush()
        return FINE
    except Exception as error:
        if "--debug" in words or os.environ.get("DESCENTRY_DEBUG"):
            raise
        print(f"descentry: unexpected {type(error).__name__}: {error}", file=sys.stderr)
        print(
            "  This is a defect in descentry, not in your log. Please report it, with what --debug prints.",
            file=sys.stderr,
        )
        return DEFECT


def _run(words: list[str]) -> int:
    parser = _Parser(
        prog="descentry",
        usage="descentry COMMAND ...",
        description=_TOP,
        epilog=_TOP_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"descentry {__version__}")
    commands = parser.add_subparsers(
        dest="command", metavar="COMMAND", help=argparse.SUPPRESS, parser_class=_Parser
    )
    known = {
        "explain": _add_explain(commands),
        "export": _add_export(commands),
        "list": _add_list(commands),
    }
    if not words:
        parser.print_help()
        return FINE
    if not words[0].startswith("-") and words[0] not in known:
        _unknown_command(words[0], known)
    args, extra = parser.parse_known_args(words)
    if extra:
        options = (
            [o for a in known[args.command]._actions for o in a.option_strings]
            if args.command
            else ["--help", "--version"]
        )
        close = nearest(extra[0].split("=")[0], options)
        hint = f"Did you mean {close}?\n" if close else ""
        raise DescentryError(
            f"there is no option {extra[0]}",
            how=f"{hint}`descentry {args.command or ''} --help` lists the options.",
        )
    return {"explain": _explain, "export": _export, "list": _list}[args.command](args)


def _unknown_command(word: str, known: dict[str, argparse.ArgumentParser]) -> NoReturn:
    how = f"Did you mean: descentry explain {word}" if Path(word).exists() else ""
    if how:
        raise DescentryError(f"{word} is a path, not a command", how=how)
    raise UnknownNameError(
        f"there is no command {word!r}", name=word, known=known, how="`descentry --help` says what they do."
    )


def _add_explain(commands: Any) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = commands.add_parser(
        "explain",
        usage="descentry explain PATH... [options]",
        description=_EXPLAIN,
        epilog=_EXPLAIN_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
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
    how.add_argument("--width", type=int, metavar="N", help="columns of the text (at least 80)")
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
    ci.add_argument("--debug", action="store_true", help="show the traceback of a defect")
    return parser


def _add_export(commands: Any) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = commands.add_parser(
        "export",
        usage="descentry export RUN [options]",
        description=_EXPORT,
        epilog=_EXPORT_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("source", metavar="RUN", help="a log, or a folder of logs")
    parser.add_argument(
        "--to",
        metavar="FORMAT",
        help="csv, parquet, jsonl or tensorboard (default: by PATH's ending, or csv)",
    )
    parser.add_argument(
        "-o",
        "--output",
        metavar="PATH",
        help="a file, or for several runs a folder (default: named after the run)",
    )
    parser.add_argument("--run", metavar="NAME", help="only the run of this name")
    parser.add_argument("--step", metavar="COLUMN", help="what counts optimizer updates (default: found)")
    parser.add_argument("--debug", action="store_true", help="show the traceback of a defect")
    return parser


def _add_list(commands: Any) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = commands.add_parser(
        "list", description="What descentry knows: its rooms, or the entries of one.", allow_abbrev=False
    )
    parser.add_argument("room", nargs="?", metavar="ROOM", help="readers, behaviours … (default: the rooms)")
    parser.add_argument("--debug", action="store_true", help="show the traceback of a defect")
    return parser


def _explain(args: argparse.Namespace) -> int:
    if args.html and not args.html.lower().endswith((".html", ".htm")):
        # `--html runs/a.csv` names what to explain; to write the page there would destroy a log.
        args.paths, args.html = [args.html, *args.paths], ""
    if not args.paths:
        raise DescentryError(
            "no PATH to explain",
            how="Name a log or a folder: descentry explain PATH\n`descentry explain --help` shows examples.",
        )
    from descentry.core.data import Comparison

    reports: list[Report] = []
    failed = 0
    with Progress() as progress:
        for path in args.paths:
            try:
                reports.extend(_reports(path, args, progress))
            except DescentryError as error:
                if len(args.paths) == 1:
                    raise
                _complain(error)
                failed += 1
    if not reports:
        return USER_ERROR
    subject = reports[0] if len(reports) == 1 else Comparison(tuple(reports), shlex.join(args.paths))
    written = _write_page(subject, args.html) if args.html is not None else None
    _show(subject, args)
    if written:
        print(f"The page is in {written}", file=sys.stderr)
    return USER_ERROR if failed else _code(reports, args.fail_on)


def _reports(path: str, args: argparse.Namespace, progress: Progress) -> Sequence[Report]:
    from descentry.story import explain_all, runs_of

    if path == "-":
        runs: list[Run] = _piped(args.step)
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


def _piped(step: str | None) -> list[Run]:
    from descentry import readers
    from descentry.readers._source import MAX_DOCUMENT

    data = sys.stdin.buffer.read(MAX_DOCUMENT + 1)
    if len(data) > MAX_DOCUMENT:
        raise TooLargeError(
            f"more than {MAX_DOCUMENT >> 20} MiB came through the pipe",
            where="standard input",
            how="Save it to a file, and explain that.",
        )
    return readers.from_bytes(data, step=step)


def _code(reports: Sequence[Report], fail_on: Sequence[str]) -> int:
    bad = {verdict for named in fail_on for verdict in FAIL_ON[named]}
    return CONCERN if any(r.verdict in bad for r in reports) else FINE


def _write_page(subject: Report | Comparison, name: str) -> str:
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


def _complain(error: DescentryError) -> None:
    print(f"descentry: {error}", file=sys.stderr)


def _export(args: argparse.Namespace) -> int:
    from descentry.export._files import export

    for path in export(args.source, to=args.to, output=args.output, run=args.run, step=args.step):
        write(f"{path}\n")
    return FINE


def _list(args: argparse.Namespace) -> int:
    from descentry.core import catalog

    if args.room is None:
        rows = [(room, f"{len(catalog.entries(room))} entries") for room in catalog.ROOMS]
    else:
        rows = [
            (entry.id, entry.title)
            for entry in sorted(catalog.entries(args.room).values(), key=lambda e: str(e.id))
        ]
    room = max((len(name) for name, _ in rows), default=0)
    write("".join(f"{name:<{room}}  {title}\n" for name, title in rows))
    return FINE


if __name__ == "__main__":
    sys.exit(main())
