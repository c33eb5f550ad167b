"""The process of one seat: lines of JSON in and out. ``python -m descentry.web.flight.worker``.

It ends with its standard input, so with the server, however that ends.
"""

from __future__ import annotations

import contextlib
import json
import queue
import sys
import threading
from typing import IO, Any

LONGEST = 1 << 17  # characters of a line that comes in


def main() -> None:
    """Serves one seat until standard input ends."""
    out = sys.stdout
    # Whatever prints (a warning, the Zen of Python) must not get between the lines.
    with contextlib.redirect_stdout(sys.stderr):
        _serve(sys.stdin, out)


def _serve(lines: IO[str], out: IO[str]) -> None:
    import torch

    from descentry.web.flight.session import Session

    torch.set_num_threads(1)  # tiny models: threads would only wait for one another, and repeat less exactly

    def emit(message: dict[str, Any]) -> None:
        out.write(json.dumps(message, allow_nan=False) + "\n")
        out.flush()

    heard: queue.SimpleQueue[dict[str, Any] | None] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(lines, heard), daemon=True).start()
    session = Session(emit)
    emit({"say": "ready"})
    wait = 1.0
    while True:
        with contextlib.suppress(queue.Empty):
            message = heard.get(timeout=max(wait, 1e-4))
            if message is None:
                return
            session.tell(message)
        wait = session.work()


def _listen(lines: IO[str], heard: queue.SimpleQueue[dict[str, Any] | None]) -> None:
    with contextlib.suppress(ValueError, OSError):
        while line := lines.readline(LONGEST):
            message = json.loads(line)
            if isinstance(message, dict):
                heard.put(message)
    heard.put(None)


if __name__ == "__main__":
    main()
