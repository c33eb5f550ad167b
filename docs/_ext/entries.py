"""Writes one page for each entry of each room into docs/generated, from the docstring of its module.

Nothing is listed by hand: a new file in a room is a new page, and its docstring is the page.
"""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

from descentry.core import catalog

DECISION = re.compile(r"docs/decisions/(\d{4})-([\w-]+)\.md")


def write(docs: Path) -> list[Path]:
    """The pages of all rooms, and for each room the page that lists them."""
    generated = docs / "generated"
    shutil.rmtree(generated, ignore_errors=True)
    return [page for room in catalog.ROOMS for page in _room(room, generated / room)]


def _room(room: str, folder: Path) -> list[Path]:
    folder.mkdir(parents=True)
    pages, rows = [], []
    for name, module in catalog.modules(room).items():
        entry = getattr(module, catalog.ROOMS[room])
        page = folder / f"{name}.md"
        page.write_text(f"# {entry.id}\n\n{_text(module.__doc__ or '')}", encoding="utf-8")
        pages.append(page)
        rows.append(f"| [{entry.id}]({name}.md) | {entry.title} |\n")
    listed = "".join(f"{page.stem}\n" for page in pages)
    table = f"| id | |\n|---|---|\n{''.join(rows)}"
    index = folder / "index.md"
    index.write_text(
        f"# {room.capitalize()}\n\n{table}\n```{{toctree}}\n:hidden:\n\n{listed}```\n", encoding="utf-8"
    )
    return [index, *pages]


def _text(docstring: str) -> str:
    """The docstring as Markdown, with the decisions that it names as links."""
    return DECISION.sub(r"[decision \1](../../decisions/\1-\2.md)", docstring)


def setup(app: Any) -> dict[str, bool]:
    """What Sphinx calls."""
    app.connect("builder-inited", lambda app: write(Path(app.srcdir)))
    return {"parallel_read_safe": True}
