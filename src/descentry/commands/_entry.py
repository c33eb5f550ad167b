"""What a command is: the record that every command file defines as ``COMMAND``."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

FINE, CONCERN, USER_ERROR, DEFECT, INTERRUPTED = 0, 1, 2, 3, 130

Group = Literal["recorded runs", "training", "many runs", "in the browser", "what it knows"]
GROUPS: tuple[Group, ...] = get_args(Group)


@dataclass(frozen=True, slots=True, eq=False)
class Command:
    """Something that ``descentry`` does when told to.

    Its module is imported whenever the help of all commands is shown. What it works with (numpy, rich, torch,
    the other rooms) is therefore imported in ``run``.

    Attributes:
        name: The word after ``descentry``, which is also the name of its file.
        operands: What follows the name, as the help shows it: ``PATH...``.
        summary: One line, for the help of all commands.
        group: Where the help of all commands shows it.
        description: What the command does; the first part of its own help.
        add_arguments: Adds its arguments to the parser. ``--debug`` and ``--help`` are there already.
        run: Does it, and returns the exit code. Raises DescentryError for a mistake of the user.
        epilog: Examples and exit codes; the last part of its own help.
        own: How many of the words after its name are for it; all, but for a command that hands the others on,
            untouched, and finds them in ``args.rest``.
    """

    name: str
    operands: str
    summary: str
    group: Group
    description: str
    add_arguments: Callable[[argparse.ArgumentParser], None]
    run: Callable[[argparse.Namespace], int]
    epilog: str = ""
    own: Callable[[Sequence[str]], int] = len

    @property
    def call(self) -> str:
        """The name with what follows it."""
        return f"{self.name} {self.operands}".rstrip()
