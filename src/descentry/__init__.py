"""descentry: a sentry for gradient descent.

It reads recorded training runs, says what their loss curves do with the evidence beside it, and never
promises more than the log can show::

    import descentry

    report = descentry.explain("runs/exp1")
    print(report)

Everything named here is imported when it is first used, so ``import descentry`` stays cheap.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from descentry.control.find_lr import find_lr
    from descentry.control.pilot import Pilot, pilot
    from descentry.core.data import Comparison, Decision, Finding, Report, Run, Series
    from descentry.core.errors import DescentryError
    from descentry.core.learning_rate import LRSuggestion
    from descentry.core.trial import Trial
    from descentry.live.watch import Watch, watch
    from descentry.readers import read, read_all
    from descentry.recorder import record
    from descentry.story import explain, explain_all
    from descentry.trials.try_remedies import try_remedies

_HOME = {
    "Comparison": "descentry.core.data",
    "Decision": "descentry.core.data",
    "DescentryError": "descentry.core.errors",
    "Finding": "descentry.core.data",
    "LRSuggestion": "descentry.core.learning_rate",
    "Pilot": "descentry.control.pilot",
    "Report": "descentry.core.data",
    "Run": "descentry.core.data",
    "Series": "descentry.core.data",
    "Trial": "descentry.core.trial",
    "Watch": "descentry.live.watch",
    "explain": "descentry.story",
    "explain_all": "descentry.story",
    "find_lr": "descentry.control.find_lr",
    "pilot": "descentry.control.pilot",
    "read": "descentry.readers",
    "read_all": "descentry.readers",
    "record": "descentry.recorder",
    "try_remedies": "descentry.trials.try_remedies",
    "watch": "descentry.live.watch",
}

__all__ = [
    "Comparison",
    "Decision",
    "DescentryError",
    "Finding",
    "LRSuggestion",
    "Pilot",
    "Report",
    "Run",
    "Series",
    "Trial",
    "Watch",
    "explain",
    "explain_all",
    "find_lr",
    "pilot",
    "read",
    "read_all",
    "record",
    "try_remedies",
    "watch",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'descentry' has no attribute {name!r}")
    try:
        value = getattr(importlib.import_module(_HOME[name]), name)
    except ModuleNotFoundError as error:
        if error.name != "torch":
            raise
        from descentry.core.errors import MissingExtraError

        raise MissingExtraError(
            "PyTorch is needed, and is not installed",
            where=f"descentry.{name}",
            how="pip install 'descentry[torch]'",
        ) from None
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])
