"""``descentry lab``: how optimisation behaves, to be tried out in the browser."""

from __future__ import annotations

import argparse

from descentry.commands._entry import FINE, Command
from descentry.commands._serving import add_arguments, serve

_DESCRIPTION = """\
A lab in the browser: real gradient descent, one idea a scene, and a simulator in which you steer the
learning rate yourself. The runs below DIR, where one is given, are on its board."""

_EPILOG = """\
examples:
  descentry lab
  descentry lab runs/ --port 9000"""


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folder", nargs="?", metavar="DIR", help="runs to show on the board as well")
    add_arguments(parser)


def _run(args: argparse.Namespace) -> int:
    serve(args, ["lab", "flight", "board"], folder=args.folder)
    return FINE


COMMAND = Command(
    name="lab",
    operands="[DIR]",
    summary="how optimisation behaves: scenes and a flight simulator in the browser",
    group="in the browser",
    description=_DESCRIPTION,
    add_arguments=_add_arguments,
    run=_run,
    epilog=_EPILOG,
)
