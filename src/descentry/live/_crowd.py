"""How much longer everything takes here than on a machine of one's own."""

from __future__ import annotations

MOST = 5.0  # times: a short run is not to be held up by more than a second or so
DOUBT = 0.02  # seconds of work that counts as undisturbed before anything is known


class Crowd:
    """Compares the time that our work took with the time that a processor worked on it.

    On a machine that others keep busy, a thread waits for its turn: a reading that needs 3 milliseconds may
    take 30, and so does a step of the training.
    """

    def __init__(self) -> None:
        self._passed = self._worked = DOUBT

    def met(self, passed: float, worked: float) -> None:
        """Work took ``passed`` seconds, of which a processor worked ``worked``."""
        self._passed += max(passed, worked)
        self._worked += worked

    @property
    def stretch(self) -> float:
        """How many times longer, at least 1."""
        return min(MOST, self._passed / self._worked)
