"""One writer a run: a lock that the system itself lets go of when its process dies, however it dies."""

from __future__ import annotations

import errno
import os
import sys
import time
from pathlib import Path

FILE = "run.lock"
_TRIES, _PAUSE = 5, 0.02  # readers look whether a run is alive by holding the lock for an instant


class RunLock:
    """The right to write the run of a folder, held until ``release`` or the end of the process."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    @classmethod
    def take(cls, folder: Path) -> RunLock | None:
        """The lock; None where another writer has it.

        Raises:
            OSError: The folder cannot be written, or its file system has no locks.
        """
        descriptor = os.open(folder / FILE, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            for _ in range(_TRIES):
                if _locked(descriptor, shared=False):
                    return cls(descriptor)
                time.sleep(_PAUSE)
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)
        return None

    def release(self) -> None:
        """Lets go. In a forked child this leaves the parent's lock as it is."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


def is_held(folder: Path) -> bool:
    """Whether a live process on this machine (or one that shares its locks) is writing the run."""
    try:
        descriptor = os.open(folder / FILE, os.O_RDONLY)
    except OSError:
        return False
    try:
        return not _locked(descriptor, shared=True)
    except OSError:
        return False
    finally:
        os.close(descriptor)


_TAKEN = {errno.EWOULDBLOCK, errno.EAGAIN, errno.EACCES, errno.EDEADLK}

if sys.platform == "win32":
    import msvcrt

    def _locked(descriptor: int, *, shared: bool) -> bool:
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError as error:
            if error.errno in _TAKEN:
                return False
            raise
        return True

else:
    import fcntl

    def _locked(descriptor: int, *, shared: bool) -> bool:
        # flock and not lockf: it belongs to this opening of the file, so no other one can let go of it.
        try:
            fcntl.flock(descriptor, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
        except OSError as error:
            if error.errno in _TAKEN:
                return False
            raise
        return True
