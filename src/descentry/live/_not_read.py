"""What the report says of instruments that were not read."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from descentry.core.errors import listed
from descentry.live._account import Account, Rates

NOTHING_HERE = "there was nothing that it could read"


def gaps(
    accounts: Iterable[Account], rates: Rates, nothing: Callable[[Account], str], layers: int
) -> list[dict[str, Any]]:
    """Gaps for the run's journal, one for each reason.

    Args:
        accounts: Of all instruments that might have been read.
        rates: What a gradient and a pass take.
        nothing: Says why an instrument that was read came to nothing.
        layers: How many layers were left out of the readings.
    """
    reasons: dict[str, list[str]] = {}
    for account in accounts:
        if account.found or account.failures:
            continue
        reason = account.given_up or (
            nothing(account)
            if account.readings
            else f"a reading takes about {_seconds(account.price(rates))}, more than could be spent so far"
        )
        if reason != NOTHING_HERE:  # a network without rectifiers has no dead units, which is no gap
            reasons.setdefault(reason, []).append(account.instrument.id)
    found: list[dict[str, Any]] = [
        {"kind": "not-measured", "what": f"not measured ({listed(ids)}): {reason}", "count": len(ids)}
        for reason, ids in reasons.items()
    ]
    if layers:
        what = f"of the layers evenly spaced ones were measured, {layers:,} others were not"
        found.append({"kind": "layers", "what": what, "count": layers})
    return found


def _seconds(seconds: float) -> str:
    return f"{seconds:.1g} s" if seconds < 10 else f"{seconds:,.0f} s"
