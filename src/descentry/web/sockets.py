"""What every WebSocket of the site does: messages of bounded size, one at a time, and no waiting for ever."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

MAX_MESSAGE = 1 << 16  # bytes of a message from a browser; the server closes on a longer one
PATIENCE = 20.0  # seconds for a browser to take a message; one that does not is gone, or asleep


async def messages(socket: WebSocket) -> AsyncIterator[dict[str, Any]]:
    """Accepts the socket, and gives what the browser says: JSON objects, one at a time, until it leaves.

    While one is being answered no other is read, so a browser cannot make messages pile up. What is no JSON
    object closes the socket.
    """
    await socket.accept()
    while True:
        try:
            text = await socket.receive_text()
            message = json.loads(text)
        except WebSocketDisconnect:
            return
        except (ValueError, KeyError, RecursionError):
            message = None
        if not isinstance(message, dict):
            await close(socket, 1007, "a message is a JSON object")
            return
        yield message


async def send(socket: WebSocket, message: Mapping[str, Any] | bytes) -> bool:
    """Sends JSON, or bytes as they are; False where the browser is gone, or did not take it in time."""
    try:
        async with asyncio.timeout(PATIENCE):
            if isinstance(message, bytes):
                await socket.send_bytes(message)
            else:
                await socket.send_text(json.dumps(message, allow_nan=False))
    except TimeoutError:
        await close(socket, 1008, "too slow")
        return False
    except (WebSocketDisconnect, RuntimeError, OSError):
        return False
    return True


async def close(socket: WebSocket, code: int, why: str = "") -> None:
    """Closes the socket, unless it is closed."""
    if socket.application_state is WebSocketState.DISCONNECTED:
        return
    try:
        async with asyncio.timeout(1.0):
            await socket.close(code, why)
    except (TimeoutError, WebSocketDisconnect, RuntimeError, OSError):
        return


def pack(head: Mapping[str, Any], columns: Mapping[str, npt.ArrayLike]) -> bytes:
    """Numbers with a head, as ``static/api.js`` unpacks them.

    The layout, little-endian: uint32, the length of the head in bytes; the head as JSON, filled up with
    spaces so that what follows begins at a multiple of 8; then the columns, float64 each. The head says
    their names and how long they are: ``columns: [["step", 120], …]``. NaN and infinities stay.
    """
    arrays = {name: np.ascontiguousarray(column, dtype="<f8") for name, column in columns.items()}
    shape = [[name, array.size] for name, array in arrays.items()]
    text = json.dumps({**head, "columns": shape}, allow_nan=False).encode()
    text += b" " * (-(len(text) + 4) % 8)
    return b"".join([len(text).to_bytes(4, "little"), text, *(array.tobytes() for array in arrays.values())])
