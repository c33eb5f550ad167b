"""Errors in the user's words: what is wrong, where, and how to mend it.

Every error a user can cause is a :class:`DescentryError`. Its first line stands alone; the indented
lines below say how to mend it. The fields ``what``, ``where`` and ``how`` are there for programs.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence


class DescentryError(Exception):
    """A mistake that the user can mend.

    Args:
        what: What is wrong, one sentence, beginning in lower case.
        where: The path, argument or option it is about, as the user wrote it.
        how: What to do about it; empty when there is nothing to do.
    """

    def __init__(self, what: str, *, where: str = "", how: str = "") -> None:
        self.what = what
        self.how = how
        self.where = ""
        super().__init__()
        self.locate(where)

    def locate(self, where: str) -> None:
        """Says where it happened, for code that raised it without knowing the user's path."""
        self.where = where
        first = f"{where}: {self.what}" if where else self.what
        self.args = ("\n  ".join([first, *self.how.splitlines()]),)


class NotFoundError(DescentryError):
    """There is no such file or folder."""


class UnknownFormatError(DescentryError):
    """No reader recognises the file, or it holds nothing that can be read."""


class NoCurveError(DescentryError):
    """The file was read, but there is no curve in it (a results table, a log without numbers).

    Args:
        what: As for DescentryError.
        where: As for DescentryError.
        how: As for DescentryError.
        found: The names of what was found instead.
    """

    def __init__(self, what: str, *, where: str = "", how: str = "", found: Sequence[str] = ()) -> None:
        super().__init__(what, where=where, how=how)
        self.found = tuple(found)


class UnknownNameError(DescentryError):
    """A metric, run, room or entry was named that does not exist; ``known`` lists those that do.

    Args:
        what: As for DescentryError.
        where: As for DescentryError.
        name: The name that was asked for.
        known: The names that would have worked.
        how: Said after the suggestion, or instead of it.
    """

    def __init__(self, what: str, *, name: str, known: Iterable[str], where: str = "", how: str = "") -> None:
        self.name = name
        self.known = tuple(known)
        self.suggestion = nearest(name, self.known)
        lines = [f"Did you mean {self.suggestion!r}?"] if self.suggestion else []
        lines.append(f"Known: {listed(self.known)}" if self.known else "There are none.")
        super().__init__(what, where=where, how="\n".join([*lines, *([how] if how else [])]))


class SeveralRunsError(DescentryError):
    """One run was asked for where several were found; ``runs`` names them.

    Args:
        what: As for DescentryError.
        where: As for DescentryError.
        how: As for DescentryError.
        runs: The names of the runs that were found.
    """

    def __init__(self, what: str, *, where: str = "", how: str = "", runs: Sequence[str] = ()) -> None:
        super().__init__(what, where=where, how=how)
        self.runs = tuple(runs)


class TooLargeError(DescentryError):
    """The input would need more memory or nesting than a log of training has any use for."""


class MissingExtraError(DescentryError):
    """What was asked for needs a library that is not installed."""


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name that ``name`` was most likely meant to be, or None.

    >>> nearest("los", ["loss", "accuracy"])
    'loss'
    """
    import difflib  # only those who err wait for it

    names = list(known)
    folded = {k.casefold(): k for k in names}
    close = difflib.get_close_matches(name.casefold(), list(folded), n=1, cutoff=0.6)
    return folded[close[0]] if close else None


def listed(names: Iterable[str], limit: int = 12) -> str:
    """Names separated by commas, the tail counted when there are many.

    >>> listed(["a", "b", "c"], limit=2)
    'a, b and 1 more'
    """
    items = list(names)
    if len(items) <= limit:
        return ", ".join(items)
    return f"{', '.join(items[:limit])} and {len(items) - limit} more"
