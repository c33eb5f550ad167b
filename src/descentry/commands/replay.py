"""``descentry replay``: what the pilot's policies decide over a recorded run."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from descentry.commands._entry import FINE, Command

if TYPE_CHECKING:
    from descentry.control.replay import Replay

_DESCRIPTION = """\
Shows a recorded run to the policies of the pilot, one loss after the other, and prints what they decide: for
a run that had a pilot the same as its journal, for any other log what a pilot would have done."""


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("source", metavar="RUN", help="whatever descentry explain takes")
    parser.add_argument("--metric", metavar="NAME", help="the metric to look at (default: the training loss)")
    parser.add_argument("--step", metavar="COLUMN", help="what counts optimizer updates (default: found)")
    parser.add_argument("--run", metavar="NAME", help="only the run of this name")
    parser.add_argument("--json", action="store_true", help="print JSON in place of text")


def _run(args: argparse.Namespace) -> int:
    from descentry._terminal import write
    from descentry.control.replay import replay
    from descentry.core.errors import UnknownNameError

    found = replay(args.source, metric=args.metric, step=args.step)
    if args.run is not None:
        known = [r.run for r in found]
        found = [r for r in found if r.run.casefold() == args.run.casefold()]
        if not found:
            what = f"there is no run called {args.run!r}"
            raise UnknownNameError(what, where=args.source, name=args.run, known=known)
    if args.json:
        import json

        write(json.dumps([r.to_dict() for r in found], indent=2, ensure_ascii=False) + "\n")
    else:
        write("\n".join(_page(r) for r in found))
    return FINE


def _page(replay: Replay) -> str:
    import textwrap

    count = len(replay.decisions)
    said = f"{count:,} decision{'' if count == 1 else 's'} over {replay.points:,} losses"
    if replay.journal is not None:
        said += ", the same as its pilot made" if replay.same else ", not the same as its pilot made"
    lines = [f"{replay.run}: {said}"]
    for decision in replay.decisions:
        head = f"  step {decision.step:>7,}  {decision.policy:<10}  "
        indent = " " * len(head)
        lines.append(textwrap.fill(decision.because, 100, initial_indent=head, subsequent_indent=indent))
    return "\n".join(lines) + "\n"


COMMAND = Command(
    name="replay",
    operands="RUN",
    summary="what the pilot's policies decide over a recorded run",
    group="recorded runs",
    description=_DESCRIPTION,
    add_arguments=_add_arguments,
    run=_run,
    epilog="examples:\n  descentry replay runs/exp1\n  descentry replay train.log --json",
)
