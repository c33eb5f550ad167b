"""The files that pages are made of: those in ``static/`` and no others, found once, when the server starts.

A request's path is looked up in a table and never becomes the path of a file.
"""

from __future__ import annotations

import gzip
import hashlib
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response

from descentry import web

KINDS = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".json": "application/json",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".woff2": "font/woff2",
    ".txt": "text/plain; charset=utf-8",
    ".csv": "text/csv; charset=utf-8",
    ".f32": "application/octet-stream",
}
_PACKED = (".png", ".woff2")
FOLDER = Path(web.__path__[0]) / "static"


class File:
    """A file as it is sent: read again when it has changed, so that whoever works on it sees it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._kind = KINDS[path.suffix]
        self._state: tuple[int, int] | None = None
        self._plain = self._gzipped = b""
        self._tag = ""

    async def answer(self, request: Request) -> Response:
        """The file, packed where the browser takes that, or nothing where it has it already."""
        self._load()
        headers = {"etag": self._tag, "cache-control": "no-cache", "vary": "accept-encoding"}
        if request.headers.get("if-none-match") == self._tag:
            return Response(status_code=304, headers=headers)
        body = self._plain
        if self._gzipped and "gzip" in request.headers.get("accept-encoding", ""):
            body, headers["content-encoding"] = self._gzipped, "gzip"
        return Response(body, media_type=self._kind, headers=headers)

    def _load(self) -> None:
        stat = self._path.stat()
        if (stat.st_mtime_ns, stat.st_size) == self._state:
            return
        self._plain = self._path.read_bytes()
        self._gzipped = b"" if self._path.suffix in _PACKED else gzip.compress(self._plain, 6, mtime=0)
        self._tag = f'"{hashlib.sha256(self._plain).hexdigest()[:20]}"'
        self._state = (stat.st_mtime_ns, stat.st_size)


def table(folder: Path = FOLDER) -> dict[str, File]:
    """Every file below a folder that is of a kind that pages need, by its path in it."""
    return {
        path.relative_to(folder).as_posix(): File(path)
        for path in sorted(folder.rglob("*"))
        if path.suffix in KINDS and path.is_file() and not path.name.startswith(".")
    }
