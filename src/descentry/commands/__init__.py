"""Commands: what ``descentry COMMAND`` does, one file each.

A command is found by its file, so that a run of one neither imports the others nor waits for them.
"""

from __future__ import annotations

import functools
import importlib
import pkgutil

from descentry.commands._entry import GROUPS, Command

__all__ = ["Command", "load", "names", "summaries"]


@functools.cache
def names() -> tuple[str, ...]:
    """The commands there are; nothing of theirs is imported."""
    files = (m.name for m in pkgutil.iter_modules(__path__) if not m.name.startswith("_"))
    return tuple(sorted(name.replace("_", "-") for name in files))


def load(name: str) -> Command:
    """One of :func:`names`, imported."""
    module = name.replace("-", "_")
    command: Command = importlib.import_module(f"descentry.commands.{module}").COMMAND
    return command


def summaries() -> str:
    """A line a command, by group, for the help that shows them all."""
    known = [load(name) for name in names()]
    room = max(len(command.call) for command in known)
    pages = []
    for group in GROUPS:
        lines = [f"  {c.call:<{room}}   {c.summary}\n" for c in known if c.group == group]
        if lines:
            pages.append("".join([f"{group}:\n", *lines]))
    return "\n".join(pages)
