"""``descentry causes``: what can be behind a curve, and the page of each cause."""

from __future__ import annotations

import argparse

from descentry.commands._entry import FINE, Command


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("id", nargs="?", metavar="ID", help="a cause, such as lr-too-high (default: a list)")
    parser.add_argument(
        "--no-color", action="store_true", help="plain text, as when NO_COLOR is set or output is piped"
    )


def _run(args: argparse.Namespace) -> int:
    from descentry._terminal import coloured, write, write_entries
    from descentry.core import catalog

    known = catalog.entries("causes")
    if args.id is None:
        write_entries((id, known[id].title) for id in sorted(known))
        return FINE
    cause = catalog.entry("causes", args.id)
    page = f"# {cause.id}\n\n{catalog.page('causes', cause.id)}"
    if not coloured(args.no_color):
        write(page.rstrip() + "\n")
        return FINE
    from rich.console import Console
    from rich.markdown import Markdown

    console = Console(force_terminal=True)
    with console.capture() as captured:
        console.print(Markdown(page))
    write(captured.get())
    return FINE


COMMAND = Command(
    name="causes",
    operands="[ID]",
    summary="what can be behind a curve: how to tell it, what to do, when it is fine",
    group="what it knows",
    description="Lists the causes that are weighed, or prints the page of one.",
    add_arguments=_add_arguments,
    run=_run,
    epilog="examples:\n  descentry causes\n  descentry causes lr-too-high",
)
