"""``descentry board``: the runs of a folder in the browser, live."""

from __future__ import annotations

import argparse

from descentry.commands._entry import FINE, Command
from descentry.commands._serving import add_arguments, serve

_DESCRIPTION = """\
The runs below DIR in the browser: verdicts, curves, why they do what they do; and live, while they are
written. DIR may hold logs of any format in `descentry list readers`. Nothing in it is changed."""

_EPILOG = """\
examples:
  descentry board runs/
  descentry board runs/ --port 9000 --no-browser
  ssh -L 8765:localhost:8765 MACHINE       then open the address that `descentry board` prints there"""


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "folder", nargs="?", default=".", metavar="DIR", help="where the runs are (default: .)"
    )
    add_arguments(parser)


def _run(args: argparse.Namespace) -> int:
    serve(args, ["board"], folder=args.folder)
    return FINE


COMMAND = Command(
    name="board",
    operands="[DIR]",
    summary="the runs of a folder in the browser, live",
    group="in the browser",
    description=_DESCRIPTION,
    add_arguments=_add_arguments,
    run=_run,
    epilog=_EPILOG,
)
