"""The watch on a script that knows nothing of it: attached from outside when the script has imported torch.

PyTorch's global optimizer hooks tell when a step is made, and by which optimizer; the scalar that
``backward`` was called on is the loss. Nothing here draws a random number, changes a tensor or keeps a
graph, and no error of ours reaches the script.
"""

from __future__ import annotations

import os
import sys
import weakref
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from torch import Tensor
from torch.optim import Optimizer
from torch.optim.optimizer import register_optimizer_step_post_hook, register_optimizer_step_pre_hook

from descentry.instruments._unwatched import looks_away
from descentry.live import _ending, _models
from descentry.live._by_hand import ByHand
from descentry.live._entries import Entries
from descentry.live._following import Begin, Following
from descentry.live._pending import Mark, Pending
from descentry.live.watch import watch

CONTEST = 3  # times that one network's gradients of another's loss are thrown away until it is a contest
MOST = 16  # optimizers that are watched; scripts that compare many settings make hundreds


def attach(options: Mapping[str, str], begin: Begin = watch) -> Attached | None:
    """Begins to look for training; None in a worker that is not the first of a distributed run.

    Args:
        options: What the command line said.
        begin: Begins to watch a training, or to do more than that.
    """
    if os.environ.get("RANK", "0") != "0":
        return None
    return Attached(options, begin)


class Attached:
    """What is watched of one script."""

    def __init__(self, options: Mapping[str, str], begin: Begin = watch) -> None:
        self.options = options
        self._begins = begin
        self.followed: list[Following] = []
        self.missed = 0
        self._known: weakref.WeakKeyDictionary[Optimizer, _Steps] = weakref.WeakKeyDictionary()
        self._by_hand: ByHand | None = ByHand(_script_name(), options)
        self._since: Tensor | None = None  # the losses of all backward calls since the last step of any
        self._orphan: Tensor | None = None  # those of calls that changed no gradient of a known optimizer
        self._last: Tensor | None = None  # what the last step was made with
        self._inside = self._stepping = 0
        self._terminated: Callable[[], None] | None = None
        self._off = self._ended = False
        entries = Entries(self._guarded(self._before_backward), self._guarded(self._after_backward))
        self._undo: list[Callable[[], object]] = [
            register_optimizer_step_pre_hook(self._guarded(self._before)).remove,
            register_optimizer_step_post_hook(self._guarded(self._after)).remove,
            entries.undo,
        ]
        _ending.hide_our_frames()
        _ending.end_when_terminated(self._terminate)
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=self._leave)

    def _guarded(self, act: Callable[..., Any]) -> Callable[..., Any]:
        def guarded(*args: Any) -> Any:
            if self._off or looks_away():
                return None
            self._inside += 1
            try:
                return act(*args)
            except Exception as error:  # noqa: BLE001 - whatever goes wrong here is no concern of the script
                self._off = True
                _ending.say(f"watching stopped: {type(error).__name__}: {error}")
                return None
            finally:
                self._inside -= 1
                if self._terminated is not None and not self._inside:
                    self._terminated()

        return guarded

    # Losses.

    def _before_backward(self, losses: Sequence[Tensor], values: Sequence[Tensor]) -> Any:
        """Marks where all gradients are.

        Args:
            losses: What ``backward`` is called on.
            values: The same before they were scaled for mixed precision, which are what is recorded.
        """
        total = values[0].detach().reshape(())
        for other in values[1:]:
            total = total + other.detach().reshape(())
        return total, [(steps, steps.pending.mark()) for steps in self._known.values()]

    def _after_backward(self, noted: tuple[Tensor, list[tuple[_Steps, Mark]]]) -> None:
        total, marks = noted
        if self._by_hand is not None:
            self._by_hand.add(total)
        if self._stepping and self._since is not None:
            return  # a closure is called many times in a step: the first is at the weights before it
        owned = [steps for steps, mark in marks if steps.pending.add(total, mark)]
        self._contest(owned)
        self._since = total if self._since is None else self._since + total
        if not owned:
            self._orphan = total if self._orphan is None else self._orphan + total

    def _contest(self, owned: Sequence[_Steps]) -> None:
        """Notes it where a loss reaches through a network that is trained by another loss: a GAN, an actor.

        How low such a loss is does not tell how training goes. That network's own gradients of it are thrown
        away, which parts of one model with an optimizer each do not do.
        """
        for steps in owned:
            steps.beside.update(one for one in owned if one is not steps)
            if steps.beside and steps.pending.thrown >= CONTEST and not steps.contest:
                for one in (steps, *steps.beside):
                    one.contest = True
                    if one.following is not None:
                        one.following.watch._session.recorder._writer.configure({"contest": True})

    # Steps.

    def _before(self, optimizer: Optimizer, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> None:
        steps = self._known.get(optimizer)
        new = steps is None
        if steps is None:
            steps = self._known[optimizer] = _Steps(self._begin(optimizer), Pending(optimizer))
        if steps.armed:
            return  # a subclass calls the step of its base, or the last step raised
        steps.armed = True
        self._stepping += 1
        if kwargs.get("closure", args[1] if len(args) > 1 else None) is None:
            steps.loss = self._take(steps, new=new)
            if steps.following is not None:
                steps.following.offer(steps.loss)
        else:  # it comes in the step
            self._since = self._orphan = steps.pending.loss = None

    def _after(self, optimizer: Optimizer, *_: Any) -> None:
        steps = self._known.get(optimizer)
        if steps is None or not steps.armed:
            return
        steps.armed = False
        self._stepping -= 1
        loss = self._take(steps) if steps.loss is None else steps.loss
        steps.loss = None
        if steps.following is not None:
            steps.following.step(loss)

    def _take(self, steps: _Steps, *, new: bool = False) -> Tensor | None:
        """The loss that a step is made with."""
        loss = steps.pending.take()
        if loss is None:
            # Of an optimizer that is seen for the first time, it is not known what changes its gradients; two
            # of them may step after one backward.
            loss = (self._last if self._since is None else self._since) if new else self._orphan
        self._last = loss
        self._since = self._orphan = None
        return loss

    def _begin(self, optimizer: Optimizer) -> Following | None:
        self._by_hand = None
        if len(self.followed) >= MOST:
            self.missed += 1
            return None
        model = _models.model_of(optimizer)
        name = _script_name()
        if len(_models.optimizers()) > 1:
            name = f"{name}-{_models.name_of(model)}"
        following = Following(model, optimizer, name, self.options, self._begins)
        self.followed.append(following)
        return following

    # The end.

    def _leave(self) -> None:
        """In a forked child, whose training is not this one."""
        self._off = self._ended = True
        for undo in self._undo:
            undo()
        _ending.leave()

    def _terminate(self, die: Callable[[], None]) -> None:
        """Ends with a report when nothing of ours is under way that the report could wait for in vain."""

        def end() -> None:
            self.end()
            die()

        if self._inside:
            self._terminated = end
        else:
            end()

    def end(self) -> None:
        """Says what was seen; only once, whichever way the script ends."""
        if self._ended:
            return
        self._ended = self._off = True
        try:
            watched = [following.watch for following in self.followed]
            by_hand = self._by_hand if self._by_hand is not None and self._by_hand.is_training else None
            _ending.report(watched, self.missed, self.options, by_hand=by_hand)
        except KeyboardInterrupt:
            _ending.say("interrupted; `descentry explain RUN` tells the story of a run at any time.")
        except Exception as error:  # noqa: BLE001 - the script's exit code is the script's
            _ending.say(f"no report: {type(error).__name__}: {error}")
        _ending.die_of_the_interrupt()


class _Steps:
    """Where one optimizer is."""

    __slots__ = ("__weakref__", "armed", "beside", "contest", "following", "loss", "pending")

    def __init__(self, following: Following | None, pending: Pending) -> None:
        self.following = following
        self.pending = pending
        self.armed = False
        self.loss: Tensor | None = None
        self.beside: weakref.WeakSet[_Steps] = weakref.WeakSet()  # whose gradients changed with its own
        self.contest = False


def _script_name() -> str:
    """Of the script without its ending, or of the module or package that was run."""
    main = sys.modules["__main__"]
    spec = getattr(main, "__spec__", None)
    if spec is not None and spec.name not in ("__main__",):
        return str(spec.name).removesuffix(".__main__").rpartition(".")[2]
    stem = os.path.splitext(os.path.basename(getattr(main, "__file__", "") or "script"))[0]
    return (
        stem
        if stem != "__main__"
        else os.path.basename(os.path.dirname(os.path.abspath(sys.argv[0]))) or "script"
    )
