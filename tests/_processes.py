"""Other processes in tests: two that train one model together, and whether one is alive."""

from __future__ import annotations

import os
import subprocess
import sys

LOOPBACK = "lo0" if sys.platform == "darwin" else "lo"


def two_ranks(script: str, *words: str) -> list[tuple[str, str]]:
    """What each of two processes printed, on both streams; called as ``script RANK WORDS...``, over gloo."""
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", script, str(rank), *words],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "GLOO_SOCKET_IFNAME": LOOPBACK},
        )
        for rank in range(2)
    ]
    try:
        done = [p.communicate(timeout=900) for p in processes]
    finally:
        for process in processes:
            process.kill()
    assert [p.returncode for p in processes] == [0, 0], done
    return done


def alive(pid: int) -> bool:
    """Whether there is a process of this number."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
