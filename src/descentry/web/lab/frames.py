"""How the server and its worker talk: JSON, or a packed picture, behind its length and its tab."""

from __future__ import annotations

import struct

HEAD = struct.Struct("<IIB")  # bytes that follow, the tab, the kind
JSON, PICTURE = 0, 1
LARGEST = 64 << 20


def frame(tab: int, kind: int, body: bytes) -> bytes:
    """One message."""
    return HEAD.pack(len(body), tab, kind) + body
