"""The kinds of curve that a loss may follow from here, as functions of time that are linear in two numbers.

Each is ``L + a·f(u)`` with a shape ``f`` that only its grid point names, so that level and size are fitted
in closed form, and the shape is averaged over instead of searched for. ``u`` is time as a share of what was
seen: 0 where the stretch begins, 1 at the last step, 2 where it is twice as long.
"""

from __future__ import annotations

import numpy as np

from descentry.core.data import Floats

# The grid reaches beyond what is known of losses (Kaplan et al. 2020: exponents of 0.05 to 0.1; Hestness
# et al. 2017: up to 0.5; convex problems: 1 and 2) so that its edges do not decide.
EXPONENTS = (0.25, 0.5, 1.0, 2.0, 4.0)  # c of the power law (u + b)^-c; the logarithm is its limit at 0
DELAYS = (0.0, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0)  # b: what came before, or a slow beginning
TIMES = tuple(np.geomspace(0.03, 1.5, 12).tolist())  # τ of the exponential; above, it is a straight line
GROWTHS = (1.0, 0.5, 0.3)  # τ of a fall that gets faster, as on leaving a saddle
NAMES = ("power law", "logarithm", "exponential", "accelerating", "line", "plateau")
OFFSET = 1e-3  # added to u in powers and logarithms: the very first level is not at infinity

_SIZES = (len(EXPONENTS) * len(DELAYS), len(DELAYS), len(TIMES), len(GROWTHS), 1, 1)
FAMILY = np.repeat(np.arange(len(NAMES)), _SIZES)  # of each shape, an index into NAMES
MEMBERS = np.array(_SIZES)[FAMILY]  # how many shapes there are in the family of each
LINE = np.equal(FAMILY, NAMES.index("line"))
ACCELERATING = np.equal(FAMILY, NAMES.index("accelerating"))


def shapes(u: Floats) -> Floats:
    """Every shape of the grid at times ``u`` (float64[n], at least 0): float64[k, n], each falling or flat.

    They are scaled to be 1 in size at the end, so that no sum over them loses its digits.
    """
    delays = np.array(DELAYS)[:, None] + OFFSET
    late = np.log((u + delays) / (1.0 + delays))
    power = np.exp(-np.array(EXPONENTS)[:, None, None] * late).reshape(-1, len(u))
    decay = np.exp((1.0 - u) / np.array(TIMES)[:, None])
    faster = -np.exp((u - 1.0) / np.array(GROWTHS)[:, None])
    return np.concatenate([power, -late, decay, faster, -u[None], np.zeros((1, len(u)))])
