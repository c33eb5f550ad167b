"""The scripts of the site as one, for a page that loads nothing.

A page on a disk may load no modules, so those that it needs are put into one script, each a function whose
value is what it exports. This is not JavaScript in general, but the little of it that our modules use:
imports and exports that each stand at the beginning of a line, no default exports, no circles.
"""

from __future__ import annotations

import functools
import re
from importlib.resources import files
from pathlib import PurePosixPath

_IMPORT = re.compile(r'^import \{([^}]*)\} from "([^"]+)";\n', re.MULTILINE)
_EXPORT = re.compile(r"^export (?=(?:async )?(?:function\*? |class |const )(\w+))", re.MULTILINE)
_COMMENT = re.compile(r"^ */\*\*.*?\*/ *\n|^ *//[^\n]*\n", re.MULTILINE | re.DOTALL)
_LEFT = re.compile(r"^(?:import|export)\b.*", re.MULTILINE)


@functools.cache
def script(entry: str) -> str:
    """A module and all that it imports, as one script.

    Args:
        entry: The path of the module in this package, such as ``report/static/report.js``.

    Raises:
        ValueError: A module does something that cannot be put into one script.
    """
    order: dict[str, str] = {}
    _collect(PurePosixPath(entry), order, ())
    modules = "".join(order.values())
    return f'(() => {{\n"use strict";\n{modules}}})();'


def _collect(path: PurePosixPath, order: dict[str, str], within: tuple[str, ...]) -> str:
    """Puts a module behind those it imports; the name of what it exports.

    Raises:
        ValueError: It cannot be put there.
    """
    key = str(path)
    name = "m_" + re.sub(r"\W", "_", key)
    if key in within:
        raise ValueError(f"{key} imports itself, by way of {' and '.join(within[within.index(key) :])}")
    if key in order:
        return name
    text = _COMMENT.sub("", (files("descentry") / key).read_text(encoding="utf-8"))

    def imported(found: re.Match[str]) -> str:
        module = _collect(_resolved(path, found[2]), order, (*within, key))
        return f"const {{{found[1].replace(' as ', ': ')}}} = {module};\n"

    body = _IMPORT.sub(imported, text)
    exported = _EXPORT.findall(body)
    body = _EXPORT.sub("", body)
    if left := _LEFT.search(body) or re.search("</script|<!--", body, re.IGNORECASE):
        raise ValueError(f"{key}: cannot be put into one script: {left[0]}")
    order[key] = f"const {name} = (() => {{\n{body}return {{ {', '.join(exported)} }};\n}})();\n"
    return name


def _resolved(path: PurePosixPath, relative: str) -> PurePosixPath:
    parts = list(path.parent.parts)
    for part in PurePosixPath(relative).parts:
        if part == "..":
            parts.pop()
        elif part != ".":
            parts.append(part)
    return PurePosixPath(*parts)
