"""The largest eigenvalue of a symmetric operator that can only be applied to vectors."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from descentry.core.data import Floats

MEMORY = 1 << 30  # bytes of basis vectors
BREAKDOWN = 1e-6  # of the largest entry: below it the vectors span all that the start can reach


@dataclass(eq=False)
class Ritz:
    """What the Krylov space of a start vector knows of an operator.

    Attributes:
        values: Ritz values, ascending; each lies between the smallest and the largest eigenvalue.
        residuals: For each, how far the nearest eigenvalue can be.
        coefficients: Column j holds the Ritz vector j in terms of the basis.
        basis: Its rows are orthonormal; None where it was too large to keep.
    """

    values: Floats
    residuals: Floats
    coefficients: Floats
    basis: Tensor | None

    def vector(self, index: int) -> Tensor | None:
        """The Ritz vector, of length 1; None where the basis was not kept."""
        if self.basis is None:
            return None
        column = np.ascontiguousarray(self.coefficients[:, index])
        return torch.from_numpy(column).to(self.basis) @ self.basis


def lanczos(apply: Callable[[Tensor], Tensor], start: Tensor, count: int) -> Ritz:
    """``count`` products with full reorthogonalisation, then the small tridiagonal problem in float64.

    The device is waited for once, at the end. Where the basis would take more than 1 GiB, only its last
    vectors are kept and orthogonalised against.

    Args:
        apply: Multiplies a vector with the operator.
        start: Any vector that is not orthogonal to what is looked for.
        count: Products to make; fewer for operators of lower dimension.
    """
    count = min(count, len(start))
    kept = max(2, min(count, MEMORY // (len(start) * start.element_size())))
    basis = start.new_zeros(kept, len(start))
    alphas, betas = [], []
    vector = start / start.norm()
    for j in range(count):
        basis[j % kept] = vector
        applied = apply(vector)
        alphas.append(applied @ vector)
        for _ in range(2):  # twice is enough (Kahan; Parlett 1980, section 6.9)
            applied = applied - (basis @ applied) @ basis
        betas.append(applied.norm())
        vector = applied / betas[-1].clamp_min(torch.finfo(applied.dtype).tiny)
    diagonal, off = torch.stack([torch.stack(alphas), torch.stack(betas)]).double().cpu().numpy()
    reached = _reached(diagonal, off)
    tridiagonal = np.diag(diagonal[:reached])
    tridiagonal += np.diag(off[: reached - 1], 1) + np.diag(off[: reached - 1], -1)
    values, coefficients = np.linalg.eigh(tridiagonal)
    residuals = np.abs(off[reached - 1] * coefficients[-1])
    return Ritz(values, residuals, coefficients, basis[:reached] if kept == count else None)


def _reached(diagonal: Floats, off: Floats) -> int:
    """How many products were made before the vectors spanned an invariant space.

    Raises:
        RuntimeError: A product was not finite.
    """
    if not (np.isfinite(diagonal).all() and np.isfinite(off).all()):
        raise RuntimeError("the curvature of this batch is not finite")
    small = np.flatnonzero(off <= BREAKDOWN * max(np.abs(diagonal).max(), off.max(), np.finfo(float).tiny))
    return int(small[0]) + 1 if len(small) else len(diagonal)
