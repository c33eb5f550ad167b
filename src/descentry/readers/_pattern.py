"""Regular expressions that wait until they are used.

Thirty readers are imported to read one log; compiling all their patterns would take longer than reading it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any


class Pattern:
    """A regular expression that is compiled at its first use, and costs nothing more from then on.

    >>> Pattern(r"loss: (.+)").search("loss: 0.5")[1]
    '0.5'
    """

    def __init__(self, pattern: str, flags: int = 0) -> None:
        self.pattern = pattern
        self._flags = flags

    def _compiled(self) -> re.Pattern[str]:
        regex = re.compile(self.pattern, self._flags)
        # From now on the compiled methods answer in place of those below.
        self.__dict__ |= {name: getattr(regex, name) for name in _METHODS}
        return regex

    def match(self, string: str, pos: int = 0) -> re.Match[str] | None:
        """As of a compiled pattern."""
        return self._compiled().match(string, pos)

    def fullmatch(self, string: str, pos: int = 0) -> re.Match[str] | None:
        """As of a compiled pattern."""
        return self._compiled().fullmatch(string, pos)

    def search(self, string: str, pos: int = 0) -> re.Match[str] | None:
        """As of a compiled pattern."""
        return self._compiled().search(string, pos)

    def finditer(self, string: str, pos: int = 0) -> Iterator[re.Match[str]]:
        """As of a compiled pattern."""
        return self._compiled().finditer(string, pos)

    def findall(self, string: str, pos: int = 0) -> list[Any]:
        """As of a compiled pattern."""
        return self._compiled().findall(string, pos)

    def split(self, string: str) -> list[str]:
        """As of a compiled pattern."""
        return [part or "" for part in self._compiled().split(string)]

    def sub(self, replacement: str | Callable[[re.Match[str]], str], string: str) -> str:
        """As of a compiled pattern."""
        return self._compiled().sub(replacement, string)


_METHODS = ("match", "fullmatch", "search", "finditer", "findall", "split", "sub")
