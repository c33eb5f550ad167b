"""``descentry list``: what descentry knows."""

from __future__ import annotations

import argparse

from descentry.commands._entry import FINE, Command
from descentry.core.errors import MissingExtraError


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("room", nargs="?", metavar="ROOM", help="readers, behaviours … (default: the rooms)")


def _run(args: argparse.Namespace) -> int:
    from descentry._terminal import write_entries
    from descentry.core import catalog

    if args.room is None:
        rows = [(room, _size(room)) for room in catalog.ROOMS]
    else:
        known = catalog.entries(args.room).values()
        rows = sorted((str(entry.id), str(entry.title)) for entry in known)
    write_entries(rows)
    return FINE


def _size(room: str) -> str:
    from descentry.core import catalog

    try:
        return f"{len(catalog.entries(room))} entries"
    except MissingExtraError as error:
        return f"{error.what}: {error.how}"


COMMAND = Command(
    name="list",
    operands="[ROOM]",
    summary="what it knows: the formats it reads, the behaviours it recognises",
    group="what it knows",
    description="What descentry knows: its rooms, or the entries of one.",
    add_arguments=_add_arguments,
    run=_run,
)
