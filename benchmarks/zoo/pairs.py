"""Which faults may be put into one training, so that both can be seen in it."""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks.zoo.faults import KINDS
from benchmarks.zoo.labels import Labels
from benchmarks.zoo.spec import Fault

# Beside these another fault cannot show itself, or they cannot beside it.
_HIDES = frozenset(
    {
        "no-gradient",
        "label-error",
        "capacity-or-data",
        "unstable-numerics",
        "bad-batch",
        "wrong-sign",
        "schedule-event",
        "resume-artefact",
    }
)
# They set the weights, and the second undoes what the first did.
_STARTS = frozenset(
    {
        "init-symmetric",
        "init-too-large",
        "init-too-small",
        "vanishing-gradients",
        "exploding-gradients",
        "dead-units",
        "flat-region",
    }
)
# They make steps larger, which makes up for too small a rate.
_LARGER = frozenset(
    {
        "loss-reduction",
        "target-scaling",
        "feature-scaling",
        "exploding-gradients",
        "init-too-large",
        "gradients-not-zeroed",
    }
)


def stands_beside(labels: Labels) -> bool:
    """A fault with these labels may have another one beside it."""
    return not labels.given & _HIDES


def go_together(faults: Sequence[Fault]) -> bool:
    """No fault undoes or repeats another one."""
    kinds = [KINDS[fault.kind] for fault in faults]
    causes = [set(kind.causes) for kind in kinds]
    several = (
        sum(bool(c & _STARTS) for c in causes) > 1 or sum(kind.setting is not None for kind in kinds) > 1
    )
    made_up_for = any("lr-too-low" in c for c in causes) and any(c & _LARGER for c in causes)
    return not several and not made_up_for and len({kind.causes for kind in kinds}) == len(kinds)
