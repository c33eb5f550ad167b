"""What Python imports first under `descentry run`: takes back what was done to get here, waits for torch.

It imports nothing that Python has not imported by itself, so a script may have a module of its own called
``json`` or ``signal``, and one that never imports torch runs as if this were not here.
"""

import atexit
import os
import sys

TYPE_CHECKING = False  # typing is not imported for it
if TYPE_CHECKING:
    from typing import Any

_HERE = os.path.dirname(os.path.abspath(__file__))
_PACKAGES = os.path.dirname(os.path.dirname(os.path.dirname(_HERE)))


class _WhenTorchIsImported:
    """A finder that leaves the finding to the others, and has a say when torch has been imported."""

    def __init__(self, options: dict[str, str]) -> None:
        self.options = options
        self.attached: Any = None
        self._pid = os.getpid()

    def find_spec(self, name: str, path: "Any" = None, target: "Any" = None) -> "Any":
        """Looks as Python does, and marks the loader of torch."""
        if name != "torch":
            return None
        for finder in sys.meta_path:
            find = getattr(finder, "find_spec", None)
            spec = find(name, path, target) if find is not None and finder is not self else None
            if spec is not None:
                self._have_a_say(spec.loader)
                return spec
        return None

    def _have_a_say(self, loader: "Any") -> None:
        if loader is None:  # a folder of that name without an __init__.py
            return
        run = loader.exec_module

        def exec_module(module: "Any") -> None:
            del loader.exec_module  # an attribute of this one loader, so that it is again what it was
            run(module)
            if self in sys.meta_path:
                sys.meta_path.remove(self)
                self._attach()

        loader.exec_module = exec_module

    def _attach(self) -> None:
        if os.getpid() != self._pid:
            return
        sys.path.insert(0, _PACKAGES)
        try:
            if "pilot" in self.options:
                from descentry.control.outside import attach
            else:
                from descentry.live._attached import attach

            self.attached = attach(self.options)
        except Exception as error:  # noqa: BLE001 - whatever is wrong with us, the script runs
            self._say(f"nothing is watched: {type(error).__name__}: {error}")
        finally:
            sys.path.remove(_PACKAGES)

    def end(self) -> None:
        """Is called when the script has ended."""
        if os.getpid() != self._pid:
            return
        if self.attached is not None:
            self.attached.end()
        elif "torch" not in sys.modules and "launched" not in self.options:
            self._say("nothing was watched: the script did not import torch.")

    def _say(self, what: str) -> None:
        if sys.__stderr__ is not None and not sys.__stderr__.closed:
            print(f"descentry: {what}", file=sys.__stderr__)


def _begin() -> None:
    sys.path[:] = [folder for folder in sys.path if folder != _HERE]
    told = os.environ.pop("DESCENTRY_RUN", None)
    if told is None:
        return
    options = dict(line.split("=", 1) for line in told.splitlines())
    if options.pop("launcher", None):
        # The processes that it starts find what this one found, and are watched in its place.
        options["launched"] = "1"
        os.environ["DESCENTRY_RUN"] = "\n".join(f"{name}={value}" for name, value in options.items())
        return
    if "PYTHONPATH" in options:
        os.environ["PYTHONPATH"] = options.pop("PYTHONPATH")
    else:
        os.environ.pop("PYTHONPATH", None)
    waiting = _WhenTorchIsImported(options)
    sys.meta_path.insert(0, waiting)
    # The first to be registered is the last to be called: what the script does at its exit comes before.
    atexit.register(waiting.end)


def _import_that_of_others() -> None:
    """The module of this name that Python would have imported without us.

    Raises:
        ImportError: It is there, and something that it imports is not.
    """
    ours = sys.modules.pop("sitecustomize", None)
    try:
        import sitecustomize  # type: ignore[import-not-found]  # noqa: F401
    except ImportError as error:
        if error.name != "sitecustomize":
            raise
        if ours is not None:
            sys.modules["sitecustomize"] = ours


_begin()
_import_that_of_others()
