"""Which series of a run were read by instruments, told without importing what they need."""

from __future__ import annotations

from collections.abc import Mapping

from descentry.core.data import Run, Series

ERROR = ":error"  # behind the name of a series: the standard errors of its readings


def instruments(run: Run) -> Mapping[str, str]:
    """Id and unit of each instrument that was laid on the run; the watch writes them into its config."""
    found = run.config.get("instruments")
    return found if isinstance(found, Mapping) else {}


def readings(run: Run) -> dict[str, Series]:
    """The series of instruments by name, such as ``sharpness`` or ``update-ratio/fc1.weight``."""
    known = instruments(run)
    return {s.name: s for s in run.series if s.name.partition("/")[0].removesuffix(ERROR) in known}
