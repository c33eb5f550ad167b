"""``descentry run``: a PyTorch script as it is, watched."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from descentry.commands._entry import Command

_DESCRIPTION = """\
Runs a PyTorch script as `python SCRIPT ARGS...` would, unchanged and with the same numbers, and watches it.
At the end, at Ctrl-C, or when the script dies, the report goes to standard error; the run stays in a
folder."""

_EPILOG = """\
examples:
  descentry run train.py --lr 0.1
  descentry run --run-dir experiments --quiet train.py
  descentry run -m package.train --epochs 3
  descentry run --pilot train.py

The exit code is the script's. Options of descentry stand before SCRIPT."""

_WITH_A_VALUE = ("--run-dir", "--overhead", "--total-steps")
_PAGE = "report.html"


def _own(words: Sequence[str]) -> int:
    place = 0
    while place < len(words) and words[place].startswith("-") and words[place] not in ("-", "-m", "--"):
        place += 2 if words[place] in _WITH_A_VALUE else 1
    return min(place, len(words))


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--run-dir", default="runs", metavar="DIR", help="the folder that holds the runs (default: runs)"
    )
    parser.add_argument(
        "--overhead",
        type=float,
        default=0.02,
        metavar="SHARE",
        help="the share of the wall time that watching may take; 0 records only what costs next to nothing "
        "(default: 0.02)",
    )
    parser.add_argument("-q", "--quiet", action="store_true", help="print the verdict only, one line a run")
    parser.add_argument(
        "--pilot",
        action="store_true",
        help="also act: go back and lower the rate when the loss runs away, leave out bad batches, look "
        "for a rate where the given one does not work",
    )
    parser.add_argument(
        "--total-steps",
        type=int,
        metavar="N",
        help="with --pilot and no scheduler in the script: let the rate fall linearly to zero towards the "
        "end of N updates",
    )
    # A file name that stands alone is the script.
    parser.add_argument(
        "--html",
        nargs="?",
        const=_PAGE,
        metavar="FILE",
        help=f"also write a page: --html=FILE.html (default: {_PAGE})",
    )


def _run(args: argparse.Namespace) -> int:
    from descentry.live.run_script import Options, become

    words = args.rest[1:] if args.rest[:1] == ["--"] else args.rest
    page, length = args.html or "", args.total_steps
    return become(words, Options(args.run_dir, args.overhead, args.quiet, page, args.pilot, length))


COMMAND = Command(
    name="run",
    operands="SCRIPT [ARGS...]",
    summary="runs a PyTorch script unchanged, watched, and explains it",
    group="training",
    description=_DESCRIPTION,
    add_arguments=_add_arguments,
    run=_run,
    epilog=_EPILOG,
    own=_own,
)
