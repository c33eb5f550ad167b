"""What tests of the board ask it, and how they understand the answers."""

from __future__ import annotations

import json

import numpy as np
from tests._awaiting import until


def unpacked(data):
    """As static/api.js does it."""
    length = int.from_bytes(data[:4], "little")
    head = json.loads(data[4 : 4 + length])
    at, columns = 4 + length, {}
    assert at % 8 == 0
    for name, n in head["columns"]:
        columns[name] = np.frombuffer(data, "<f8", n, at)
        at += 8 * n
    assert at == len(data)
    return head, columns


def settled(server):
    """The list, once every run in it is explained."""

    def look():
        answer = server.ask("/api/board/runs").json()
        return answer if answer["scanned"] and not answer["pending"] else None

    return until(look, "the runs explained")


def named(server, where):
    return next(run for run in settled(server)["runs"] if run["where"] == where)


def tile(server, run, **asked):
    query = "&".join(f"{k}={v}" for k, v in asked.items())
    return unpacked(server.ask(f"/api/board/runs/{run['id']}/tile?series=loss&{query}").body)


def falling(n=99):
    return "step,loss\n" + "".join(f"{s},{1 / (s + 1)}\n" for s in range(n))
