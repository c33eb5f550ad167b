"""What readings take on a GPU, which works on them after the processor has gone on; nobody waits for it."""

from __future__ import annotations

from collections import deque
from typing import Any

import torch

from descentry.live._account import Account

MOST = 1024  # readings whose times are waited for


class DeviceTime:
    """Times readings on the device of the model; does nothing where that is the processor."""

    def __init__(self, device: torch.device | None) -> None:
        self._device = device if device is not None and device.type == "cuda" else None
        self._running: deque[tuple[Account, float, Any, Any]] = deque(maxlen=MOST)

    @property
    def capturing(self) -> bool:
        """Whether what is done now would become a part of a CUDA graph."""
        return self._device is not None and torch.cuda.is_current_stream_capturing()

    def start(self) -> Any:
        """A mark in the device's queue; None where there is no such device."""
        if self._device is None:
            return None
        event = torch.cuda.Event(enable_timing=True)  # type: ignore[no-untyped-call]
        event.record(torch.cuda.current_stream(self._device))
        return event

    def stop(self, start: Any, account: Account, seconds: float) -> None:
        """A reading that took the processor ``seconds`` has been queued."""
        if start is not None:
            self._running.append((account, seconds, start, self.start()))

    def learn(self) -> None:
        """Corrects accounts by what the device is through with."""
        while self._running and self._running[0][3].query():
            account, seconds, start, end = self._running.popleft()
            account.corrected(max(0.0, start.elapsed_time(end) / 1e3 - seconds))
