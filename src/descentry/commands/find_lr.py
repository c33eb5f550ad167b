"""``descentry find-lr``: the learning rate for a training, found by short trials."""

from __future__ import annotations

import argparse

from descentry.commands._entry import FINE, Command

_DESCRIPTION = """\
Finds the learning rate for a training: a ramp tells where the loss breaks, and short trainings from
one start, on the same batches, are raced against each other below it.

FILE:NAME names a file and a function of yours in it that takes nothing and returns (model, optimizer,
batches, compute_loss), as a tuple or a dict. compute_loss(model, batch) returns the loss of a batch.
The file is imported and not run, and nothing is written. It needs PyTorch."""

_EPILOG = """\
examples:
  descentry find-lr train.py:setup
  descentry find-lr train.py:setup --budget 200 --terrain
  descentry find-lr train.py:setup --json"""


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("target", nargs="?", metavar="FILE:NAME", help="a function that makes the training")
    parser.add_argument(
        "--budget", type=int, default=100, metavar="N", help="gradient evaluations, at most (default: 100)"
    )
    parser.add_argument(
        "--terrain", action="store_true", help="also measure sharpness and gradient noise (22 gradients)"
    )
    parser.add_argument(
        "--seed", type=int, default=0, metavar="N", help="of the random numbers in making it (default: 0)"
    )
    parser.add_argument("--json", action="store_true", help="print JSON in place of text")
    parser.add_argument("--width", type=int, metavar="N", help="columns of the text (at least 80)")
    parser.add_argument(
        "--no-color", action="store_true", help="plain text, as when NO_COLOR is set or output is piped"
    )


def _run(args: argparse.Namespace) -> int:
    import json

    from descentry import _terminal
    from descentry.core.errors import DescentryError

    if args.target is None:
        raise DescentryError(
            "no FILE:NAME to make the training",
            how="Name a function that returns (model, optimizer, batches, compute_loss):\n"
            "descentry find-lr train.py:setup",
        )
    import descentry

    find_lr = descentry.find_lr  # says what is missing where PyTorch is not installed
    from descentry.control._lr_entry import training_of
    from descentry.report._lines import STYLES, plain
    from descentry.report.learning_rate import MIN_WIDTH, WIDTH, page

    found = find_lr(**training_of(args.target, args.seed), budget=args.budget, terrain=args.terrain)
    if args.json:
        _terminal.write(json.dumps(found.to_dict(), indent=2, allow_nan=False) + "\n")
        return FINE
    width = max(MIN_WIDTH, args.width or _terminal.width(WIDTH, 140))
    lines = page(found, width)
    if not _terminal.coloured(args.no_color):
        _terminal.write(plain(lines) + "\n")
        return FINE
    from rich.console import Console
    from rich.text import Text

    console = Console(width=width, force_terminal=True)
    with console.capture() as captured:
        for line in lines:
            console.print(Text.assemble(*((s.text, STYLES[s.style]) for s in line)), soft_wrap=True)
    _terminal.write(captured.get())
    return FINE


COMMAND = Command(
    name="find-lr",
    operands="FILE:NAME",
    summary="the learning rate for a training, by short trials",
    group="training",
    description=_DESCRIPTION,
    add_arguments=_add_arguments,
    run=_run,
    epilog=_EPILOG,
)
