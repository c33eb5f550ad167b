"""``descentry demo``: a sick training, what ails it, remedies put to the test, and the training repaired."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from descentry.commands._entry import FINE, Command

if TYPE_CHECKING:
    from collections.abc import Callable

    from descentry.core.data import Report
    from descentry.report._lines import Line
    from descentry.trials.demo import Wines

STEPS = 400
OVERHEAD = 0.5  # of the time goes to measuring: the run takes a second, and a slow machine is to see as much
WIDTH, WIDEST = 100, 140

_DESCRIPTION = """\
Trains a small network badly on real data, explains why it does not learn, tries the remedies on it,
applies the one that helps, and trains it again. It takes some seconds and writes no file.
It needs PyTorch and scikit-learn."""


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--width", type=int, metavar="N", help="columns of the text (at least 80)")
    parser.add_argument(
        "--no-color", action="store_true", help="plain text, as when NO_COLOR is set or output is piped"
    )


def _run(args: argparse.Namespace) -> int:
    from descentry.core.errors import MissingExtraError

    try:
        return _tell(args)
    except ModuleNotFoundError as missing:
        if missing.name != "torch":
            raise
        raise MissingExtraError(
            "PyTorch is needed, and is not installed",
            where="descentry demo",
            how="pip install 'descentry[torch]'",
        ) from None


def _tell(args: argparse.Namespace) -> int:
    from descentry import _terminal
    from descentry.report._lines import Span, hanging
    from descentry.report.brief import brief
    from descentry.report.trial import page
    from descentry.trials.demo import BATCH, RATE, Wines
    from descentry.trials.snapshot import Snapshot
    from descentry.trials.try_remedies import try_remedies

    width = max(80, args.width or _terminal.width(WIDTH, WIDEST))
    show = _shower(_terminal.coloured(args.no_color))

    def tell(heading: str, text: str) -> None:
        show([[], [Span(heading, "heading")], *hanging([], text, width), []])

    wines = Wines()
    tell(
        "1  A training",
        "A network with one hidden layer learns which of three growers a wine is from, by 13 measurements "
        f"as they come: SGD at a rate of {RATE:g}, batches of {BATCH}, {STEPS} steps. A watch looks on.",
    )
    start = Snapshot.take(wines.model, wines.optimizer)
    sick = _watched(wines, "training")
    show(brief(sick, width))
    before = _right(wines)
    tell(
        "2  Remedies, tried",
        "Each is tried on a fork of it, from the weights it began with, on the same batches.",
    )
    start.restore()
    with _terminal.Progress() as progress:
        trial = try_remedies(
            wines.model, wines.optimizer, wines.loader, wines.compute_loss, sick.diagnoses, progress=progress
        )
    show(page(trial, width))
    best = trial.best
    if best is None:
        tell("3  No repair", "No remedy was better for certain, so nothing is changed.")
        return FINE
    tell("3  The same training, repaired", f'trial.apply("{best.id}"), and the same {STEPS} steps again.')
    applied = trial.apply(best.id)
    wines.optimizer, wines.compute_loss = applied.optimizer, applied.compute_loss  # type: ignore[method-assign]
    show(brief(_watched(wines, "training again"), width))
    tell("Wines that it had not seen", f"Grower named rightly: {before} before, {_right(wines)} now.")
    return FINE


def _watched(wines: Wines, what: str) -> Report:
    from descentry import _terminal
    from descentry.live.watch import watch

    with (
        _terminal.Progress() as progress,
        watch(wines.model, wines.optimizer, run_dir=None, overhead=OVERHEAD) as watching,
    ):

        def after(step: int, loss: object) -> None:
            watching.step(loss)  # type: ignore[arg-type]
            progress(step + 1, STEPS, what)

        wines.train(STEPS, after)
        return watching.explain()


def _right(wines: Wines) -> str:
    right, count = wines.right()
    return f"{right} of {count}"


def _shower(colour: bool) -> Callable[[list[Line]], None]:
    """Prints lines as soon as they are there, in colour where it is wanted."""
    from descentry._terminal import write
    from descentry.report._lines import STYLES, plain

    def show(lines: list[Line]) -> None:
        if not colour:
            write(plain(lines) + "\n")
            return
        from rich.console import Console
        from rich.text import Text

        console = Console(force_terminal=True)
        with console.capture() as captured:
            for line in lines:
                console.print(Text.assemble(*((s.text, STYLES[s.style]) for s in line)), soft_wrap=True)
        write(captured.get())

    return show


COMMAND = Command(
    name="demo",
    operands="",
    summary="a training that fails: explained, remedies tried on it, repaired",
    group="training",
    description=_DESCRIPTION,
    add_arguments=_add_arguments,
    run=_run,
    epilog="examples:\n  descentry demo",
)
