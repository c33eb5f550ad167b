// @ts-check
/**
 * The flight simulator: chooses a flight, hands on what the pilot does, shows what the instruments read.
 *
 * @typedef {{id: string, title: string, brief: string, teaches: string, steps: number, pace: number, rate: number, low: number, high: number,
 *   batch: number, batches: number[], within: number, floor: number, initial: number, target: number, rollback: number, seed: number}} Level
 */
import { connect, getJSON } from "./api.js";
import { byId, make } from "./dom.js";
import { number, whole } from "./format.js";
import { moment, result, versus, inWords } from "./flight/debrief.js";
import { EDGE, panel } from "./flight/gauges.js";
import { Plots } from "./flight/plots.js";
import { open, ranks, save } from "./flight/ranks.js";
import { announce, connection, header, trouble } from "./site.js";
import { told } from "./told.js";

/** @param {string} id */
const input = (id) => /** @type {HTMLInputElement} */ (byId(id));
/** @param {string} id */
const select = (id) => /** @type {HTMLSelectElement} */ (byId(id));

/** @type {Level[]} */
let levels = [];
/** @type {Level | undefined} */
let level;
/** Where the flight is. @typedef {"" | "flying" | "paused" | "crashed" | "landing" | "landed"} Phase @type {Phase} */
let phase = "";
let practice = false, batch = 0, rate = 0, beyond = false;
/** @type {any} */
let log = null;
/** @type {any[]} */
let waiting = [];

const gauges = panel(byId("gauges"));
const plots = new Plots(byId("loss-chart"), byId("rate-chart"), byId("edge-chart"));
header();

const seat = connect("/api/flight/seat", { onMessage: hear, onState: connection, onOpen: (send) => { waiting.splice(0).forEach(send); } });

/** @param {object} message */
function tell(message) {
  byId("trouble").hidden = true;
  if (!seat.send(message)) waiting = [message];
}

// -- the gate --

const seed = () => Math.min(999_999, Math.max(0, Math.round(Number(input("seed").value)) || 0));

/** @param {string} id */
function choose(id) {
  level = levels.find((one) => one.id === id) ?? levels[0];
  const radio = document.querySelector(`input[name="level"][value="${level.id}"]`);
  if (radio instanceof HTMLInputElement) radio.checked = true;
  const seconds = Math.round(level.steps / level.pace);
  byId("brief").replaceChildren(
    make("p", {}, level.brief),
    make("p", { className: "quiet" }, `${whole(level.steps)} steps, about ${seconds} s at normal speed · target: at most ${number(10 ** level.within, 2)} times the loss of the oracle${seed() === level.seed ? `, so ${number(level.target, 3)}` : ""}`),
  );
  addressed();
}

/** The address leads to this flight. */
function addressed() {
  if (!level) return;
  const address = `/flight?level=${level.id}&seed=${seed()}`;
  history.replaceState(null, "", address);
  byId("link").setAttribute("href", address);
  ranks(level.id, seed(), (flight) => tell({ do: "race", flight })).catch(trouble);
}

function takeOff() {
  if (!level) return;
  tell({ do: "takeoff", level: level.id, seed: seed() });
  byId("warming").textContent = "Warming up …";
}

byId("gate").addEventListener("submit", (event) => { event.preventDefault(); takeOff(); });
byId("seed").addEventListener("change", () => choose(level?.id ?? ""));
byId("roll").addEventListener("click", () => { input("seed").value = String(Math.floor(Math.random() * 1e6)); choose(level?.id ?? ""); });

getJSON("/api/flight/levels").then((found) => {
  levels = found;
  const asked = new URLSearchParams(location.search);
  if (/^\d{1,6}$/.test(asked.get("seed") ?? "")) input("seed").value = asked.get("seed") ?? "1";
  byId("levels").replaceChildren(
    ...levels.map((one, i) => {
      const radio = make("input", { type: "radio", name: "level", value: one.id });
      radio.addEventListener("change", () => choose(one.id));
      return make("label", {}, radio, make("span", { className: "order", "aria-hidden": "true" }, String(i + 1)), one.title);
    }),
  );
  choose(asked.get("level") ?? levels[0].id);
  /** @type {HTMLButtonElement} */ (byId("takeoff")).disabled = false;
}, trouble);

// -- the controls --

/** @param {number} wanted */
function steer(wanted) {
  if (!level || phase === "" || phase === "landed" || phase === "landing") return;
  const next = Math.min(level.high, Math.max(level.low, wanted));
  tell({ do: "rate", value: next });
  showRate(next);
}

/** @param {number} next */
function showRate(next) {
  rate = next;
  byId("rate-now").textContent = number(next, 3);
  input("rate").value = String(Math.log10(next));
  input("rate").setAttribute("aria-valuetext", `learning rate ${number(next, 3)}`);
}

/** @param {number} by */
function resize(by) {
  const all = level?.batches ?? [], next = all[all.indexOf(batch) + by];
  if (next) tell({ do: "batch", value: next });
}

/** @param {number} by */
function hurry(by) {
  const box = select("speed");
  box.selectedIndex = Math.min(box.options.length - 1, Math.max(0, box.selectedIndex + by));
  tell({ do: "speed", value: Number(box.value) });
}

const pause = () => { if (phase === "flying" || phase === "paused") tell({ do: "pause", on: phase === "flying" }); };
const rollBack = () => { if (phase === "flying" || phase === "paused" || phase === "crashed") tell({ do: "rollback" }); };
const land = () => { if (phase === "flying" || phase === "paused" || phase === "crashed") tell({ do: "land" }); };
/** @param {number} tick */
const rewind = (tick) => tell({ do: "rewind", tick });

byId("rate").addEventListener("input", () => steer(10 ** Number(input("rate").value)));
for (const button of document.querySelectorAll("[data-factor]")) button.addEventListener("click", () => steer(rate * Number(button.getAttribute("data-factor"))));
byId("batch").addEventListener("change", () => tell({ do: "batch", value: Number(select("batch").value) }));
byId("speed").addEventListener("change", () => tell({ do: "speed", value: Number(select("speed").value) }));
byId("pause").addEventListener("click", pause);
byId("rollback").addEventListener("click", rollBack);
byId("land").addEventListener("click", land);
byId("again").addEventListener("click", takeOff);
byId("rewind").addEventListener("click", () => rewind(Number(input("rewind-to").value)));
byId("save").addEventListener("click", () => save(log));
byId("sign").addEventListener("submit", (event) => { event.preventDefault(); tell({ do: "sign", name: input("name").value }); });
byId("file").addEventListener("change", async () => {
  const file = input("file").files?.[0];
  input("file").value = ""; // so that the same file can be chosen again
  if (file) await open(file).then((flown) => tell({ do: "rival", name: file.name.replace(/\.json$/, ""), log: flown }), trouble);
});

/** @type {Record<string, () => void>} */
const KEYS = {
  ArrowUp: () => steer(rate * 1.25), ArrowDown: () => steer(rate / 1.25), PageUp: () => steer(rate * 2), PageDown: () => steer(rate / 2),
  "[": () => resize(-1), "]": () => resize(1), ",": () => hurry(-1), ".": () => hurry(1), " ": pause, r: rollBack, l: land,
};

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || !["flying", "paused", "crashed"].includes(phase)) return;
  const at = event.target instanceof Element ? event.target : document.body;
  const slider = at.id === "rate" && event.key !== "Home" && event.key !== "End";
  // Fields, and charts with keys of their own, keep what they are told.
  if (!slider && at.closest("input, select, textarea, summary, .chart-plot")) return;
  if (event.key === " " && at.closest("button, a")) return;
  const act = KEYS[event.key] ?? KEYS[event.key.toLowerCase()];
  if (!act) return;
  event.preventDefault();
  act();
});

document.addEventListener("visibilitychange", () => { if (document.hidden && phase === "flying") pause(); });

// -- what the simulator says --

/** @param {any} message */
function hear(message) {
  HEARD[message.say]?.(message);
}

/** @type {Record<string, (message: any) => void>} */
const HEARD = {
  ready: () => {
    if (!["flying", "paused", "crashed", "landing"].includes(phase)) return;
    become("");
    trouble({ message: "this flight is lost: the server was gone for a while", how: "Take off again." });
  },
  wrong: ({ what, how }) => {
    byId("warming").textContent = "";
    trouble({ message: what, how });
  },
  flight: began,
  steps: ({ rows, checkpoint }) => { stepped(rows); returnsTo(checkpoint); },
  gauges: (read) => {
    gauges.read(read);
    plots.read(read.tick, read.stability);
    const over = read.stability !== null && read.stability > EDGE;
    if (over && !beyond) announce(`Beyond the edge: η times sharpness is ${number(read.stability, 2)}.`);
    beyond = over;
  },
  moved: ({ tick, kind, value }) => {
    if (kind === "rate") {
      if (document.activeElement !== byId("rate")) showRate(value);
    } else {
      batch = value;
      select("batch").value = String(value);
      plots.mark({ x: tick, name: `batch ${value}` });
      announce(`The batch is ${value} now.`);
    }
  },
  paused: ({ on }) => { become(on ? "paused" : "flying"); announce(on ? "Paused." : "Flying."); },
  crash: ({ tick }) => {
    become("crashed");
    plots.mark({ x: tick, name: "crash", tone: "failing" });
    announce("Crash: the loss is not a number any more. Roll back, and come back slower; or land.");
    byId("rollback").focus();
  },
  "rolled back": ({ tick, value, spent, checkpoint }) => {
    become("flying");
    plots.mark({ x: tick, name: `back to update ${value}` });
    left(spent);
    returnsTo(checkpoint);
    announce(`Rolled back to update ${value}.`);
  },
  ghost: (ghost) => plots.join(ghost),
  landing: ({ crashed }) => {
    become("landing");
    byId("looking").textContent = "The oracle is still on its way …";
    byId("debrief").hidden = false;
    announce(crashed ? "Landed as a wreck." : "Landed.");
  },
  landed,
  story: ({ report }) => {
    const phases = report.findings.map((/** @type {any} */ f, /** @type {number} */ i) => ({
      letter: String.fromCharCode(65 + (i % 26)), name: f.behaviour.replaceAll("-", " "), start: f.start, stop: f.stop,
      tone: f.concern === "attention" || f.concern === "failing" ? f.concern : "neutral",
    }));
    plots.reveal(phases);
    byId("told").replaceChildren(...told({ report, journal: [], phases: phases.map((/** @type {any} */ p) => p.name) }, { light: (i) => plots.main?.light(i), zoom: (view) => plots.main?.zoom(view) }));
    byId("looking").textContent = "Looking back: each moment is flown again in a few other ways …";
  },
  moment: (one) => {
    byId("moments-title").hidden = byId("caveat").hidden = false;
    const number = byId("moments").children.length + 1;
    byId("moments").append(moment(one, number, rewind));
    plots.mark({ x: one.tick, name: String(number) });
  },
  debriefed: () => { byId("looking").textContent = ""; announce("The debrief is complete."); },
  signed: ({ place }) => {
    byId("sign").hidden = true;
    announce(`You are number ${place} on the leaderboard.`);
    if (level) ranks(level.id, seed(), (flight) => tell({ do: "race", flight })).catch(trouble);
  },
};

let flownOn = "";

/** @param {any} flight */
function began(flight) {
  level = levels.find((one) => one.id === flight.level) ?? level;
  if (!level) return;
  practice = flight.practice;
  batch = flight.batch;
  beyond = false;
  log = null;
  input("seed").value = String(flight.seed);
  choose(flight.level);
  const key = `${flight.level} ${flight.seed}`;
  if (key !== flownOn) plots.alone();
  flownOn = key;
  plots.begin(flight.steps, flight.series["sharpness/stability"], level.target, level.batches.length > 0);
  gauges.begin(level);
  gauges.whole(!level.batches.length);
  for (const move of flight.moves) if (move.kind !== "rate") plots.mark({ x: move.tick, name: move.kind === "batch" ? `batch ${move.value}` : `back to update ${move.value}` });
  const slider = input("rate");
  slider.min = String(Math.log10(level.low));
  slider.max = String(Math.log10(level.high));
  slider.step = "any";
  byId("low").textContent = number(level.low, 2);
  byId("high").textContent = number(level.high, 2);
  showRate(flight.rate);
  select("batch").replaceChildren(...(level.batches.length ? level.batches.map((size) => make("option", { value: String(size) }, String(size))) : [make("option", {}, "all of the data")]));
  select("batch").disabled = !level.batches.length;
  if (level.batches.length) select("batch").value = String(batch);
  tell({ do: "speed", value: Number(select("speed").value) });
  byId("where").textContent = `${level.title}, seed ${flight.seed}${practice ? ", rewound: practice" : ""}`;
  left(0);
  returnsTo(flight.checkpoint);
  if (flight.steps.length) stepped(flight.steps, false);
  for (const id of ["debrief", "versus", "lesson", "sign", "save", "again", "rewind", "rewind-label", "moments-title", "caveat"]) byId(id).hidden = true;
  byId("moments").replaceChildren();
  byId("told").replaceChildren();
  byId("result").textContent = byId("looking").textContent = "";
  byId("cockpit").hidden = false;
  byId("warming").textContent = "";
  become(flight.crashed ? "crashed" : "flying");
  byId("rate").focus({ preventScroll: true });
  byId("cockpit").scrollIntoView({ block: "start", behavior: matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth" });
  announce(`Flying ${level.title}.`);
}

/** @param {any[][]} rows @param {boolean} [drawn] */
function stepped(rows, drawn = true) {
  if (drawn) plots.more(rows);
  const [, , spent, loss, norm, , size] = rows[rows.length - 1];
  if (level) gauges.step(loss, norm, size, level.target, level.initial);
  left(spent);
}

/** @param {number} spent */
function left(spent) {
  if (!level) return;
  const bar = /** @type {HTMLProgressElement} */ (byId("budget"));
  bar.max = level.steps;
  bar.value = Math.min(spent, level.steps);
  byId("left").textContent = `${whole(Math.max(0, level.steps - spent))} of ${whole(level.steps)} steps left`;
}

/** @param {number} checkpoint */
function returnsTo(checkpoint) {
  byId("rollback").textContent = `Roll back to ${whole(checkpoint)}`;
  byId("rollback").title = level ? `returns to update ${checkpoint}, and costs ${number(level.rollback, 2)} steps` : "";
}

/** @param {Phase} next */
function become(next) {
  phase = next;
  byId("phase").textContent = next;
  byId("phase").className = `badge ${next === "crashed" ? "failing" : next === "paused" ? "attention" : next === "flying" ? "good" : "unknown"}`;
  byId("pause").textContent = next === "paused" ? "Fly on" : "Pause";
  byId("pause").setAttribute("aria-pressed", String(next === "paused"));
  const over = next === "landing" || next === "landed" || next === "";
  for (const id of ["pause", "land", "rollback", "rate"]) /** @type {HTMLButtonElement} */ (byId(id)).disabled = over || (id === "pause" && next === "crashed");
  for (const button of document.querySelectorAll("[data-factor]")) /** @type {HTMLButtonElement} */ (button).disabled = over;
  select("batch").disabled = over || !level?.batches.length;
}

/** @param {any} message */
function landed(message) {
  become("landed");
  log = message.log;
  result(message, practice);
  versus(message, plots.ghosts);
  plots.reveal();
  if (level) {
    byId("lesson").textContent = level.teaches;
    byId("lesson").hidden = false;
  }
  for (const id of ["save", "again", "rewind", "rewind-label"]) byId(id).hidden = false;
  byId("sign").hidden = practice || message.regret === null;
  input("rewind-to").max = String(message.log.ticks);
  input("rewind-to").value = String(Math.floor(message.log.ticks / 2));
  announce(inWords(message.regret));
}
