"""The command line: a thin shell that finds the command, reads its arguments and says how it went.

What the commands do stands in ``commands/``, one file each.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from typing import NoReturn

from descentry import __version__, commands
from descentry._terminal import complain, hush
from descentry.commands._entry import DEFECT, FINE, INTERRUPTED, USER_ERROR, Command
from descentry.core.errors import DescentryError, UnknownNameError, nearest

_TOP = """\
descentry reads recorded training runs and says what their loss curves do, and how surely.

{commands}
`descentry COMMAND --help` tells the options of a command."""

_TOP_EXAMPLES = """\
examples:
  descentry explain train.log              what happened in this run
  descentry explain runs/ --html           all runs below a folder, compared on one page
  descentry list readers                   the formats it reads"""


class _Parser(argparse.ArgumentParser):
    """Says what is wrong as every other error is said."""

    def error(self, message: str) -> NoReturn:
        raise DescentryError(message, how=f"`{self.prog} --help` tells how to write it.")


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one command and returns its exit code; prints, and never raises for a user's mistake."""
    words = list(sys.argv[1:] if argv is None else argv)
    try:
        return _run(words)
    except DescentryError as error:
        complain(error)
        return USER_ERROR
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        hush()
        return FINE
    except Exception as error:
        if "--debug" in words or os.environ.get("DESCENTRY_DEBUG"):
            raise
        print(f"descentry: unexpected {type(error).__name__}: {error}", file=sys.stderr)
        print(
            "  This is a defect in descentry, not in your log. Please report it, with what --debug prints.",
            file=sys.stderr,
        )
        return DEFECT


def _run(words: list[str]) -> int:
    if not words or words[0].startswith("-"):
        parser = _top()
        _parsed(parser, words)
        parser.print_help()
        return FINE
    if words[0] not in commands.names():
        _unknown_command(words[0])
    command = commands.load(words[0])
    given = words[1:]
    own = command.own(given)
    args = _parsed(_parser_of(command), given[:own])
    args.rest = given[own:]
    return command.run(args)


def _top() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="descentry",
        usage="descentry COMMAND ...",
        description=_TOP.format(commands=commands.summaries()),
        epilog=_TOP_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"descentry {__version__}")
    return parser


def _parser_of(command: Command) -> argparse.ArgumentParser:
    parser = _Parser(
        prog=f"descentry {command.name}",
        usage=f"descentry {command.call}{' [options]' if command.own is len else ''}",
        description=command.description,
        epilog=command.epilog,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--debug", action="store_true", help="show the traceback of a defect")
    command.add_arguments(parser)
    return parser


def _parsed(parser: argparse.ArgumentParser, words: list[str]) -> argparse.Namespace:
    args, extra = parser.parse_known_args(words)
    if extra:
        close = nearest(extra[0].split("=")[0], parser._option_string_actions)
        hint = f"Did you mean {close}?\n" if close else ""
        raise DescentryError(
            f"there is no option {extra[0]}", how=f"{hint}`{parser.prog} --help` lists the options."
        )
    return args


def _unknown_command(word: str) -> NoReturn:
    if os.path.exists(word):
        raise DescentryError(
            f"{word} is a path, not a command", how=f"Did you mean: descentry explain {word}"
        )
    raise UnknownNameError(
        f"there is no command {word!r}",
        name=word,
        known=commands.names(),
        how="`descentry --help` says what they do.",
    )


if __name__ == "__main__":
    sys.exit(main())
