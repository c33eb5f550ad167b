"""Values that are still on their device: kept there, brought over in bulk, and never waited for."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

MOST = 4096  # values that wait; past these they are brought over whether the device is ready or not
EVERY = 2.0  # seconds
POLL = 64  # values between looks at what is on its way

Row = tuple[int, float, tuple[str, ...], int]  # step, time, names, how many values
Take = Callable[[int, dict[str, float], float], None]


class Ring:
    """Rows of values on a device.

    Args:
        take: What is done with a row when it has come over: step, values by name, and when it was put in.
    """

    def __init__(self, take: Take) -> None:
        self._take = take
        self._rows: list[tuple[int, float, tuple[str, ...], list[Tensor]]] = []
        self._count = 0
        self._since = 0.0
        self._coming: deque[tuple[Sequence[Row], list[tuple[Tensor, list[int]]], list[Any]]] = deque()

    def put(self, step: int, values: dict[str, Tensor]) -> None:
        """Keeps one row. The tensors are copied, on their device: what they are may change."""
        now = time.time()
        kept = [v.detach().reshape(()).clone() for v in values.values()]
        if not self._rows:
            self._since = now
        self._rows.append((step, now, tuple(values), kept))
        self._count += len(kept)
        if self._count >= MOST or now - self._since > EVERY:
            self._send()
        if self._coming and self._count % POLL == 0:
            self.bring()

    def bring(self, *, wait: bool = False) -> None:
        """Hands on what has come; with ``wait`` everything, which is waited for."""
        if wait:
            self._send()
        while self._coming:
            rows_, parts, events = self._coming[0]
            if not wait and len(self._coming) < 3 and not all(e.query() for e in events):
                return
            for event in events:
                event.synchronize()
            self._coming.popleft()
            self._hand_on(rows_, parts)

    def _send(self) -> None:
        rows, self._rows, self._count = self._rows, [], 0
        if rows:
            self._start(rows)

    def _start(self, rows: list[tuple[int, float, tuple[str, ...], list[Tensor]]]) -> None:
        flat = [v for row in rows for v in row[3]]
        places: dict[tuple[torch.device, torch.dtype], list[int]] = {}
        for index, value in enumerate(flat):
            places.setdefault((value.device, value.dtype), []).append(index)
        parts, events = [], []
        for (device, _), indices in places.items():
            stacked = torch.stack([flat[i] for i in indices])
            if device.type == "cuda":
                there = torch.empty(stacked.shape, dtype=stacked.dtype, pin_memory=True)
                there.copy_(stacked, non_blocking=True)
                event = torch.cuda.Event()  # type: ignore[no-untyped-call]
                event.record(torch.cuda.current_stream(device))
                events.append(event)
                stacked = there
            parts.append((stacked, indices))
        self._coming.append(([(s, t, n, len(v)) for s, t, n, v in rows], parts, events))

    def _hand_on(self, rows: Sequence[Row], parts: list[tuple[Tensor, list[int]]]) -> None:
        values = [0.0] * sum(row[3] for row in rows)
        for stacked, indices in parts:
            for index, value in zip(indices, stacked.tolist(), strict=True):
                values[index] = float(value)
        start = 0
        for step, when, names, count in rows:
            self._take(step, dict(zip(names, values[start : start + count], strict=True)), when)
            start += count
