"""The user's own function that computes a loss, where it fails."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from descentry.core.errors import DescentryError


@contextlib.contextmanager
def computing_the_loss() -> Iterator[None]:
    """A block that calls ``compute_loss``.

    Raises:
        DescentryError: The call failed; says where, and keeps the error as the cause.
    """
    try:
        yield
    except DescentryError:
        raise
    except Exception as error:
        raise DescentryError(
            f"computing the loss failed: {type(error).__name__}: {error}",
            where="compute_loss(model, batch)",
            how="It is called with the model and one batch of `batches`, and returns the loss, a tensor.",
        ) from error
