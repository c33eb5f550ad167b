"""What the commands that open a browser have in common: their options, and the server."""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from pathlib import Path

from descentry.core.errors import DescentryError, MissingExtraError, NotFoundError

PORT = 8765


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of the server."""
    how = parser.add_argument_group("the server")
    how.add_argument(
        "--port",
        type=int,
        default=PORT,
        metavar="N",
        help=f"where to listen, or the next free (default: {PORT})",
    )
    how.add_argument("--no-browser", action="store_true", help="only print the address")
    how.add_argument(
        "--host",
        default="127.0.0.1",
        metavar="ADDRESS",
        help="the address to listen at (default: this machine's)",
    )
    how.add_argument(
        "--expose",
        action="append",
        default=[],
        metavar="NAME",
        help="answer to this name too; with another --host, needs a token of your own in DESCENTRY_TOKEN",
    )


def serve(args: argparse.Namespace, parts: Sequence[str], *, folder: str | None) -> None:
    """Serves those of the parts that have something to show, until it is interrupted.

    Raises:
        DescentryError: The folder or the address cannot be used.
        NotFoundError: There is no such folder.
        MissingExtraError: What the server is made of is not installed.
        ModuleNotFoundError: Something of ours is missing.
    """
    if folder is not None and not Path(folder).is_dir():
        if Path(folder).exists():
            raise DescentryError("this is a file", where=folder, how="Name the folder that holds it.")
        raise NotFoundError("no such folder", where=folder)
    if not 0 <= args.port < 65_536:
        raise DescentryError("a port is a number from 0 to 65535", where=f"--port {args.port}")
    try:
        from descentry.web import server
        from descentry.web.parts import Settings, make, names

        wanted = [name for name in parts if name in names() and (name != "board" or folder is not None)]
        made = make(wanted, Settings(folder=Path(folder).absolute() if folder is not None else None))
    except ModuleNotFoundError as error:
        missing = (error.name or "").partition(".")[0]
        if missing not in {"starlette", "uvicorn", "websockets", "torch"}:
            raise
        extra = "lab" if "lab" in parts else "board"
        raise MissingExtraError(
            f"this needs {missing}, which is not installed", how=f"pip install 'descentry[{extra}]'"
        ) from None
    server.serve(
        made,
        args.host,
        args.port,
        open_browser=not args.no_browser and server.has_browser(),
        exposed_as=args.expose,
        token=os.environ.get("DESCENTRY_TOKEN") or None,
    )
