"""``descentry export``: a run in another format."""

from __future__ import annotations

import argparse

from descentry.commands._entry import FINE, Command

_DESCRIPTION = """\
Writes recorded runs in another format. RUN is whatever `descentry explain` takes.
What is written reads back with the same numbers."""

_EPILOG = """\
examples:
  descentry export runs/exp1                                  exp1.csv, in this folder
  descentry export train.log --to tensorboard -o logs/train   a log folder for TensorBoard
  descentry export runs/ --to parquet -o tables               a file a run, in the folder tables"""


def _add_arguments(parser: argparse.ArgumentParser) -> None:
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


def _run(args: argparse.Namespace) -> int:
    from descentry._terminal import write
    from descentry.export._files import export

    for path in export(args.source, to=args.to, output=args.output, run=args.run, step=args.step):
        write(f"{path}\n")
    return FINE


COMMAND = Command(
    name="export",
    operands="RUN",
    summary="a run in another format: CSV, Parquet, JSON Lines, TensorBoard",
    group="recorded runs",
    description=_DESCRIPTION,
    add_arguments=_add_arguments,
    run=_run,
    epilog=_EPILOG,
)
