"""Answers that any name survives: file names need not be text, and numbers need not be finite."""

from __future__ import annotations

import json
from typing import Any

from starlette.responses import Response


class Json(Response):
    """JSON in plain ASCII: what is no text (half a character in the name of a file) is escaped.

    A number that is not finite is one: it has to be given a meaning before.
    """

    media_type = "application/json"

    def render(self, content: Any) -> bytes:
        """The content as JSON."""
        return json.dumps(content, allow_nan=False, separators=(",", ":")).encode("ascii")
