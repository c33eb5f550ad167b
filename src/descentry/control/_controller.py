"""The pilot without a training: is told losses, and says what to do. Deterministic, so it can be replayed.

It goes through phases: the *start*, in which the given rate has to show that it works; a *search*, where it
does not; and the *cruise*. After a return to an earlier state it is *proving* that the return helped.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from math import isfinite, nan

from descentry.control import policies
from descentry.control._cuts import Cuts
from descentry.control._orders import NOTHING, Label, Orders, Rate, Settings
from descentry.control._search_legs import SearchLegs
from descentry.control._sight import Sight
from descentry.control._start import Pace, Start
from descentry.control._states import LEFT, States
from descentry.control._tempo import Tempo
from descentry.control.monitors import Alarm
from descentry.control.policies import Known
from descentry.control.policies._entry import Phase
from descentry.control.policies.bad_batch import RECENTLY
from descentry.control.policies.find_rate import works
from descentry.core.data import Decision, Diagnosis

Alarms = Mapping[str, Alarm]

PROOF = 3  # losses after a return that tell whether it helped; later ones may be running away again
AFTER_SEARCH = 80  # steps that have to be left for a search that nothing forces


class Controller:
    """Decides; see the module. One call of :meth:`see` a step.

    Attributes:
        settings: What it was told.
        decisions: What was decided so far.
        should_stop: Whether the training may stop: it has converged, or was handed over.
        handed_over: Whether nothing more will be done.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.decisions: list[Decision] = []
        self.should_stop = self.handed_over = False
        self._sight = Sight(settings.alpha)
        self._tempo = Tempo(settings)
        self._states = States(settings.room)
        self._phase: Phase = "start"
        self._legs: SearchLegs | None = None
        self._why: dict[str, float] = {}  # of the search: `asked` for, or because the rate `broke`
        self._searches = 0
        self._returned: list[int] = []  # steps at which it went back
        self._cuts = Cuts()
        self._skips = self._acts = self._bad = 0
        self._sound = True
        self._factors: list[float] = []  # before each of the returns that followed soon upon each other
        self._start = Start()
        self._proof: list[float] = []
        self._mark = (0.0, 0.0)
        self._factor_before = 1.0  # the return that is being proved
        self._step = settings.start - 1
        self._told: set[str] = set()  # causes that were advised on
        self._elsewhere = False  # a run that was not put back goes its own way, until all is calm again

    # What the pilot calls.

    def begin(self) -> Orders:
        """Before the first step."""
        start = self.settings.start
        keep = self._states.keep(start, self._sight.level)
        if self.settings.search == "always" and keep:
            self._begin_search(start, {"asked": 1.0})
        return Orders(keep)

    def offer(self, step: int, loss: float) -> Decision | None:
        """A loss whose step has not been made: a decision where it is to be left out."""
        if self.handed_over or self._legs is not None or self._phase == "start":
            return None
        alarms = self._sight.peek(step, loss)
        return policies.decide(self._known(step, loss, alarms, offered=True)) if alarms else None

    def skipped(self, decision: Decision) -> None:
        """The step of this decision was left out."""
        self._skips += 1
        self._bad += not isfinite(decision.numbers["loss"])
        self.decisions.append(decision)

    def shields(self, loss: float) -> bool:
        """Whether a step with this loss is left out although nothing is decided any more."""
        return self.handed_over and not isfinite(loss)

    @property
    def searching(self) -> bool:
        """Whether the next step is one of a trial at another rate."""
        return self._legs is not None

    @property
    def asks_how_far(self) -> bool:
        """Whether :meth:`see` wants to know next time how far the weights have moved."""
        return self._phase == "start" and self._legs is None and self._start.is_due

    def see(self, step: int, loss: float, base: float | None = None, moved: float | None = None) -> Orders:
        """A step was made with this loss.

        Args:
            step: Its number.
            loss: Before the update.
            base: The rate that the training's own schedule set for it, over the given one; None where not
                known.
            moved: How far the weights are from where they began, over their size there, where that was asked
                for.
        """
        self._step, self._skips = step, 0
        self._bad = 0 if isfinite(loss) else self._bad + 1
        self._sound = self._sound or isfinite(loss)
        if self.handed_over:
            return NOTHING
        if self._legs is not None:
            return self._search_on(self._legs, step, loss)
        if self._tempo.look(base):
            self._start.again()  # a warm-up: how the loss falls says nothing of the rate that was given
        alarms = self._sight.add(step, loss)
        if self._phase == "cruise" and (alarm := self._cuts.look(step)) is not None:
            alarms[alarm.monitor] = alarm
        if self._elsewhere:
            self._elsewhere = self._sight.calm != step
            return NOTHING
        fell, pace = self._look_at_the_start(loss)
        proof = self._proven(loss) if self._phase == "proving" else None
        orders = NOTHING
        if alarms or fell is not None or pace is not None or proof is not None:
            last = self._start.over
            known = replace(
                self._known(step, loss, alarms), fell=fell, pace=pace, last_look=last, proof=proof
            )
            if moved is not None:
                known = replace(known, moved=moved / max(1, self._start.count))
            if (decision := policies.decide(known)) is not None:
                return self._carry_out(decision)
            self._sight.again(alarms)
            if proof is not None or (fell is not None and works(known)):
                self._phase = "cruise"
                orders = Orders(drop=(LEFT,))
        if self._phase == "start" and self._start.over:
            self._phase = "cruise"
        if (step + 1) % self.settings.every == 0 and self._is_good(step, loss):
            keep = self._states.keep(step + 1, self._sight.level)
            old = self._states.old(None if self._searches else self.settings.start)
            orders = replace(orders, keep=keep, drop=(*orders.drop, *old))
        return orders

    def advise(self, diagnoses: tuple[Diagnosis, ...]) -> Decision | None:
        """What to tell a person of the causes that have not been told of."""
        new = tuple(d for d in diagnoses if d.cause not in self._told)
        decision = policies.decide(Known(self._step, nan, diagnoses=new))
        if decision is not None:
            self._told |= {d.cause for d in new if d.remedies[:1] == (decision.remedy,)}
            self.decisions.append(decision)
        return decision

    def end(self) -> Orders:
        """The training has ended, and its last step broke the weights."""
        if self._legs is not None:
            self._legs = None
        return self.see(self._step, nan)

    @property
    def rate(self) -> Rate:
        """The rate of the next step."""
        if self._legs is not None:
            return Rate(self._legs.rate / self.settings.rate, fixed=True)
        return Rate(self._tempo.multiplier(self._step + 1))

    # What it makes of the losses.

    def _look_at_the_start(self, loss: float) -> tuple[tuple[float, float] | None, Pace | None]:
        """How far the loss has fallen over the first steps, and how: each where it may be judged just now."""
        if self._phase == "proving" or self._start.over or self._acts:
            return None, None
        fell = self._start.add(loss)
        if not isfinite(loss):
            return None, None
        pace = self._start.pace() if self._start.shows_pace else None
        return fell if self._phase == "start" else None, pace

    def _proven(self, loss: float) -> float | None:
        self._proof.append(loss)
        return min(self._proof) if len(self._proof) >= PROOF else None

    def _is_good(self, step: int, loss: float) -> bool:
        return isfinite(loss) and self._phase != "proving" and self._sight.calm == step

    def _known(self, step: int, loss: float, alarms: Alarms, *, offered: bool = False) -> Known:
        sight, settings = self._sight, self.settings
        enough = settings.total_steps is None or settings.total_steps - step >= AFTER_SEARCH
        may_search = settings.search != "never" and (enough or not isfinite(loss) or "risen" in alarms)
        return Known(
            step=step,
            loss=loss,
            phase=self._phase,
            first=sight.first,
            origin=sight.origin,
            level=sight.level,
            best=sight.best,
            lowest=sight.lowest,
            noise=sight.noise(),
            alarms=alarms,
            calm=sight.calm,
            rate=self._tempo.rate(step),
            share=self._tempo.share,
            schedule=self._tempo.schedule,
            kept=self._states.labels,
            returns=tuple(self._returned),
            futile=len(self._lately(step)),
            undone=(self._lately(step) or [self._tempo.factor])[0] / self._tempo.factor,
            cuts=self._cuts.steps,
            paid=self._cuts.paid(sight.best, sight.first - sight.best),
            skips=self._skips,
            bad=self._bad + offered * (not isfinite(loss)),
            sound=self._sound,
            offered=offered,
            searches=self._searches,
            may_search=may_search,
            stopped=any(d.policy == "converged" for d in self.decisions),
            mark=self._mark,
            acts=self._acts,
            most=settings.most,
            falling=sight.still_falling,
            outlook=sight.outlook(),
        )

    # What it does.

    def _carry_out(self, decision: Decision) -> Orders:
        self.decisions.append(decision)
        change = {} if decision.remedy is None else decision.remedy.change
        if not change or not decision.applied or not self.settings.acts:
            self._acts += bool(change) and decision.applied
            self._searches += "search" in change
            self.handed_over = self.handed_over or "hand_over" in change
            self._elsewhere = "restore" in change
            self._phase = "cruise"
            self._sight.begin()
            return Orders(drop=(LEFT,), decision=decision)
        restore: Label | None = change.get("restore")
        stops, gives_up = "stop_at" in change, "hand_over" in change
        self.should_stop = self.should_stop or stops or gives_up
        self.handed_over = self.handed_over or gives_up
        self._acts += not stops
        if restore == LEFT:
            return self._take_back(decision)
        if "search" in change:
            return self._go_and_search(restore, decision)
        self._factor_before = self._tempo.factor
        self._tempo.factor *= change.get("lr_factor", 1.0)
        if isinstance(restore, int):
            orders = self._go_back(restore, decision)
            self._sight.begin(self._states.levels[restore])
            return orders
        self._cuts.add(decision, self._sight.best)
        self._sight.begin()
        return Orders((), None, (LEFT,), decision)

    def _go_back(self, label: int, decision: Decision) -> Orders:
        """To an earlier state; what is left behind is kept until it is known that this has helped."""
        if decision.policy == "roll-back":
            self._factors = [*self._lately(decision.step), self._factor_before]
        self._returned.append(decision.step)
        self._sound = False
        gone = self._states.go_back(label)
        self._phase = "cruise"
        broke = not isfinite(decision.numbers["loss"])
        if broke or self.handed_over or not self._states.can_prove(label):
            return Orders((), label, (LEFT, *gone), decision)
        self._phase, self._proof = "proving", []
        self._mark = (self._states.levels[label], self._sight.level)
        return Orders((LEFT,), label, gone, decision)

    def _lately(self, step: int) -> list[float]:
        """What the multiplier was before each of the returns of late."""
        return self._factors if self._returned and step - self._returned[-1] <= RECENTLY else []

    def _take_back(self, decision: Decision) -> Orders:
        self._factors = self._factors[:-1]
        self._tempo.factor, self._phase = self._factor_before, "cruise"
        self._sight.begin(self._mark[1])
        return Orders((), LEFT, (LEFT,), decision)

    def _go_and_search(self, restore: Label | None, decision: Decision) -> Orders:
        """From an earlier state, or from here."""
        keep: tuple[Label, ...] = ()
        if isinstance(restore, int):
            label = restore
            why = {"broke": 1.0} if decision.remedy is not None and decision.remedy.id == "lower-lr" else {}
        else:
            label, why = decision.step + 1, {"slow": 1.0}
            keep = self._states.keep(label, self._sight.level)
        self._begin_search(label, why)
        return Orders(keep, restore, (LEFT, *self._states.only(label)), decision)

    def _begin_search(self, label: int, why: dict[str, float]) -> None:
        self._why = why
        self._searches += 1
        total = self.settings.total_steps
        self._legs = SearchLegs(label, self.settings, None if total is None else total - self._step)

    def _search_on(self, legs: SearchLegs, step: int, loss: float) -> Orders:
        orders = legs.see(loss)
        if not legs.over:
            return orders
        self._legs, self._phase = None, "cruise"
        self._sight.know(legs.first, legs.step)
        found = {**legs.found, **self._why, "given": self.settings.rate}
        decision = policies.decide(replace(self._known(step, loss, {}), found=found))
        assert decision is not None
        self.decisions.append(decision)
        change = {} if decision.remedy is None else decision.remedy.change
        if "hand_over" in change:
            self.handed_over = self.should_stop = True
        elif "lr" in change:
            self._acts += 1
            self._tempo.factor = change["lr"] / self.settings.rate
        self._tempo.restart(step + 1)
        self._sight.begin(legs.level)
        return replace(orders, decision=decision)
