"""Waits in tests: for coroutines, and for what becomes true in its own time."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any

PATIENCE = 600.0  # seconds: far longer than anything takes, however busy the machine is


def awaited(coroutine: Coroutine[Any, Any, Any]) -> Any:
    """What a coroutine returns, run in a thread of its own.

    Where tests of the browser ran before in the same process, the main thread has a loop that never rests.
    """
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, coroutine).result()


def until(condition: Callable[[], Any], what: str = "it", patience: float = PATIENCE) -> Any:
    """The first answer of a condition that is not empty.

    Raises:
        AssertionError: There was none in all that time.
    """
    end = time.monotonic() + patience
    while not (found := condition()):
        assert time.monotonic() < end, f"not within {patience:g} s: {what}"
        time.sleep(0.05)
    return found
