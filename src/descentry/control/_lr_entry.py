"""What the command line is given to search with: a function in a file of the user's that makes a training."""

from __future__ import annotations

import importlib.util
import inspect
import random
import sys
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import torch

from descentry.core.errors import DescentryError, NotFoundError, UnknownNameError, listed

PARTS = ("model", "optimizer", "batches", "compute_loss")
MORE = ("before_step", "others")
_RETURN = f"It returns {', '.join(PARTS)}: as a tuple in this order, or as a dict by these names."
_SHAPE = "Name a file and a function in it: descentry find-lr train.py:setup"


def training_of(target: str, seed: int = 0) -> dict[str, Any]:
    """Calls ``FUNCTION`` of ``FILE.py:FUNCTION``; what it returns, by the names of ``find_lr``'s arguments.

    The file is imported, not run: what stands under ``if __name__ == "__main__"`` does not happen.

    Args:
        target: As the user wrote it.
        seed: Of Python's and PyTorch's random numbers, from before the file is imported.

    Raises:
        DescentryError: The target names no function, or that fails, or returns something else.
        NotFoundError: There is no such file.
        UnknownNameError: There is no such function in it.
    """
    path, _, name = target.rpartition(":")
    if not path or not name.isidentifier():
        raise DescentryError("this names no function", where=target, how=f"{_SHAPE}\n{_RETURN}")
    if not Path(path).is_file():
        raise NotFoundError("there is no such file", where=path, how=_SHAPE)
    random.seed(seed)
    torch.manual_seed(seed)
    module = _imported(Path(path))
    made = getattr(module, name, None)
    if not callable(made):
        own = [
            n for n, f in vars(module).items() if inspect.isfunction(f) and f.__module__ == module.__name__
        ]
        raise UnknownNameError(
            f"there is no function called {name!r}", where=path, name=name, known=own, how=_RETURN
        )
    return _parts(_called(made, target), target)


def _imported(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None:
        raise DescentryError("this is no Python file", where=str(path), how=_SHAPE)
    module = importlib.util.module_from_spec(spec)
    # As `python FILE.py` would have it: its folder is looked in first, and its classes can be pickled.
    sys.path.insert(0, str(path.resolve().parent))
    sys.modules[path.stem] = module
    _guarded(lambda: spec.loader.exec_module(module), str(path), "importing it failed")  # type: ignore[union-attr]
    return module


def _called(made: Callable[..., Any], target: str) -> Any:
    try:
        inspect.signature(made).bind()
    except TypeError:
        raise DescentryError(
            "the function wants arguments, and is called without any", where=target, how=_RETURN
        ) from None
    except ValueError:  # a builtin without a signature: the call itself will tell
        pass
    return _guarded(made, target, "the function failed")


def _guarded(action: Callable[[], Any], where: str, what: str) -> Any:
    """Calls code of the user's; an error in it is told in one line, with the place in their file.

    Raises:
        DescentryError: It failed.
    """
    try:
        return action()
    except (Exception, SystemExit) as error:
        own = [f for f in traceback.extract_tb(error.__traceback__) if f.filename.startswith(("/", "."))]
        ours = str(Path(__file__).parent)
        place = next((f for f in reversed(own) if not f.filename.startswith(ours)), None)
        at = f", in {place.filename}, line {place.lineno}" if place else ""
        raise DescentryError(
            f"{what}: {type(error).__name__}: {error}{at}", where=where, how="--debug shows the traceback."
        ) from error


def _parts(made: Any, target: str) -> dict[str, Any]:
    if isinstance(made, Mapping):
        given = dict(made)
        missing = [name for name in PARTS if name not in given]
        strange = [str(name) for name in given if name not in (*PARTS, *MORE)]
        if missing or strange:
            wrong = f"without {listed(missing)}" if missing else f"with {listed(strange)}"
            raise DescentryError(f"the function returned a dict {wrong}", where=target, how=_RETURN)
        return given
    if isinstance(made, (tuple, list)) and len(made) == len(PARTS):
        return dict(zip(PARTS, made, strict=True))
    what = f"{type(made).__name__} of {len(made)}" if isinstance(made, (tuple, list)) else type(made).__name__
    raise DescentryError(f"the function returned {what}", where=target, how=_RETURN)
