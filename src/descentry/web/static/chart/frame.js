// @ts-check
/**
 * The frame of a chart: its elements, its axes, what is in view, and when it is drawn. uPlot has the axes, the cursor and the selection;
 * the curves are drawn by draw.js.
 *
 * @typedef {import("../chart.js").Given} Given
 * @typedef {import("../chart.js").Options} Options
 *
 * @typedef {object} Curve
 * @property {string} name
 * @property {string} split
 * @property {import("./source.js").Source} source
 * @property {boolean} shown
 * @property {number} index  its place among the colours
 * @property {Given} given
 * @property {import("../pyramid.js").Tile} tile
 */
import { colour, css, onTheme } from "../colours.js";
import { make } from "../dom.js";
import { memory, NOTHING } from "./source.js";
import { plot } from "./axes.js";
import { BARE, MOST_NAMED } from "./paint.js";
import { heights } from "./heights.js";

const COLUMN = 2; // pixels across a column in which many points are one: narrower, bands and lines cannot be told apart

/** @param {Given} given @param {number} i @param {Curve} [before] @returns {Curve} */
export function curve(given, i, before) {
  const same = before && before.given.x === given.x && before.given.y === given.y && before.given.source === given.source;
  return {
    name: given.name,
    split: given.split ?? "",
    source: same ? before.source : given.source ?? memory(given.x ?? [], given.y ?? []),
    shown: given.shown ?? before?.shown ?? true,
    index: given.colour ?? i,
    given,
    tile: NOTHING,
  };
}

/** Lets a view that reached the end of the curves reach it again after something was added. @param {Frame} frame @param {() => void} act */
export function follow(frame, act) {
  const before = frame.ends(), { view } = frame.state;
  act();
  if (!view && frame.ends()[1] > before[1]) for (const peer of frame.peers) peer.emit("better", null);
  if (!view || view[1] < before[1]) return;
  const by = frame.ends()[1] - view[1];
  if (!(by > 0)) return;
  for (const peer of frame.peers) {
    peer.state.view = [view[0] + by, view[1] + by];
    peer.emit("better", null);
  }
}

export class Frame {
  /** @param {HTMLElement} element @param {Options} options */
  constructor(element, options) {
    this.element = element;
    this.options = options;
    /** @type {Curve[]} */
    this.curves = [];
    /** @type {{log: {x: boolean, y: boolean | undefined}, fit: "all" | "most", trend: number, fan: boolean, view: [number, number] | null, lit: unknown, cursor: number | null}} */
    this.state = { log: { x: false, y: undefined }, fit: "all", trend: 0, fan: false, view: null, lit: null, cursor: null };
    /** The charts that share its steps, itself among them. @type {Frame[]} */
    this.peers = [this];
    this.scale = { low: 0, high: 1 };
    this.unit = 1;
    this.shift = 0;
    /** @type {Record<string, ((value: any) => void)[]>} */
    this.listeners = {};
    const id = `chart${(Frame.count += 1)}`;
    const wide = make("div", { className: "wide", tabIndex: 0, role: "region", "aria-label": "Values in view" });
    this.parts = {
      tools: make("div", { className: "chart-tools" }),
      readout: make("p", { className: "readout", "aria-live": "off" }, "\u00a0"),
      plot: make("div", { className: "chart-plot", id, tabIndex: 0, role: "group", "aria-roledescription": "interactive chart" }),
      lanes: make("div", { className: "lanes" }),
      caption: make("p", { className: "chart-caption" }),
      table: make("details", { className: "chart-table" }, make("summary", {}, "Values in view as a table"), wide),
    };
    element.classList.add("chart");
    element.classList.toggle("compact", Boolean(options.compact));
    element.replaceChildren(...Object.values(this.parts).filter((part) => part !== this.parts.table || !options.compact));
    this.take(options);
    this.u = plot(this);
    const watcher = new ResizeObserver(() => {
      const { width, height } = this.size();
      if (width !== this.u.width || height !== this.u.height) { this.u.setSize({ width, height }); this.refresh(); }
    });
    watcher.observe(this.parts.plot);
    const unwatch = onTheme(() => { this.u.redraw(false, true); this.emit("theme", null); });
    this.destroy = () => { watcher.disconnect(); unwatch(); this.u.destroy(); element.replaceChildren(); };
  }
  static count = 0;

  /** @param {string} what @param {(value: any) => void} act */
  on(what, act) { (this.listeners[what] ??= []).push(act); }
  /** @param {string} what @param {unknown} value */
  emit(what, value) { for (const act of this.listeners[what] ?? []) act(value); }

  /** Takes options over. @param {Options} given */
  take(given) {
    if (given.series) {
      const before = new Map(this.curves.map((c) => [c.name, c]));
      this.curves = given.series.map((s, i) => curve(s, i, before.get(s.name)));
      for (const c of this.curves) c.source.onBetter(() => this.emit("better", null));
    }
    const { log } = given;
    if (typeof log === "object") this.state.log = { x: log.x ?? this.state.log.x, y: log.y ?? this.state.log.y };
    else if (log !== undefined) this.state.log.y = log;
    if (given.view !== undefined) this.state.view = given.view;
    if (given.fit) this.state.fit = given.fit;
    if (given.trend !== undefined) this.state.trend = given.trend;
  }

  shown() { return this.curves.filter((c) => c.shown); }
  get phases() { return this.options.phases ?? []; }
  get compact() { return Boolean(this.options.compact); }
  get logY() { return Boolean(this.state.log.y); }

  size() {
    const width = Math.max(220, this.parts.plot.clientWidth || this.element.clientWidth || 600);
    return { width, height: this.options.height ?? (this.compact ? 130 : Math.round(Math.min(440, Math.max(250, width * 0.42)))) };
  }

  /** The first and last x among what is shown, here and in the charts that are linked to this one. @returns {[number, number]} */
  ends() {
    const all = this.peers.map((peer) => peer.extent()), low = Math.min(...all.map((e) => e[0])), high = Math.max(...all.map((e) => e[1]));
    if (low === high) return [low - 1, high + 1];
    return low < high ? [low, high] : [0, 1];
  }

  /** The first and last x of its own; the wrong way round where there are none. @returns {[number, number]} */
  extent() {
    let low = Infinity, high = -Infinity;
    const take = (/** @type {number} */ a, /** @type {number} */ b) => { low = Math.min(low, a); high = Math.max(high, b); };
    const chosen = this.shown();
    for (const c of chosen.length ? chosen : this.curves) {
      const extent = c.source.extent();
      if (extent) take(...extent);
      for (const [a, b] of c.given.holes ?? []) take(a, b);
      if (this.state.fan && c.given.fan) take(low, c.given.fan.x[c.given.fan.x.length - 1]);
    }
    for (const phase of this.phases) if (phase.drawn !== false) take(phase.start, phase.stop);
    return [low, high];
  }

  /** What is in view. @returns {[number, number]} */
  range() { return this.state.view ?? this.ends(); }

  // -- from the data to the axes, and back --------------------------------------------------------------------------------
  /** @param {number} x */
  at = (x) => (this.state.log.x ? Math.log10(Math.max(x + this.shift, Number.MIN_VALUE)) : x);
  /** @param {number} at */
  back = (at) => (this.state.log.x ? 10 ** at - this.shift : at);
  /** @param {number} y */
  rise = (y) => (this.logY ? (y > 0 ? Math.log10(y) : -Infinity) : y / this.unit);
  /** @param {number} at */
  fall = (at) => (this.logY ? 10 ** at : at * this.unit);

  #settle() {
    // A logarithm of step 0 there is none: then all are moved by the first step after it.
    this.shift = 0;
    if (this.state.log.x) {
      const [low, high] = this.ends();
      if (low <= 0) this.shift = (Number.isInteger(low) && high - low >= 2 ? 1 : (high - low) / 1000) - low;
    }
    const [a, b] = this.range(), { width } = this.size();
    const across = this.state.log.x ? { place: this.at, back: this.back } : undefined;
    for (const c of this.curves) c.tile = c.shown ? c.source.tile(a, b, Math.ceil(width / COLUMN), across) : NOTHING;
    if (this.state.log.y === undefined && this.curves.some((c) => c.tile.low.some((v) => v === v))) {
      this.state.log.y = heights(this, "all").log;
      this.emit("settled", null);
    }
    this.scale = heights(this, this.state.fit);
    const top = Math.max(Math.abs(this.scale.low), Math.abs(this.scale.high));
    // uPlot labels no axis whose numbers have more than 17 digits, so large values are given in a unit.
    this.unit = top > 1e15 || (top > 0 && top < 1e-12) ? 10 ** Math.floor(Math.log10(top)) : 1;
  }

  /** Fetches what is in view and draws it. */
  refresh() {
    this.#settle();
    const [a, b] = this.range();
    this.u.batch(() => {
      this.u.setScale("x", { min: this.at(a), max: this.at(b) });
      this.u.setScale("y", { min: this.rise(this.scale.low), max: this.rise(this.scale.high) });
    });
    this.u.redraw(false, true);
    this.emit("refresh", null);
  }

  /** @param {[number, number] | null} view @param {boolean} [quiet]  whether nobody is told */
  show(view, quiet) {
    const ends = this.ends();
    if (view) {
      let [a, b] = [this.at(view[0]), this.at(view[1])];
      const first = this.at(ends[0]), last = this.at(ends[1]), least = (last - first) * 1e-9 || 1e-9;
      if (b - a < least) { const m = a / 2 + b / 2; a = m - least / 2; b = m + least / 2; }
      if (a < first) { b = Math.min(last, b + (quiet ? 0 : first - a)); a = first; }
      if (b > last) { a = Math.max(first, a - (quiet ? 0 : b - last)); b = last; }
      view = a <= first && b >= last ? null : b > a ? [this.back(a), this.back(b)] : this.state.view;
    }
    this.state.view = view;
    this.refresh();
    if (quiet) return;
    for (const peer of this.peers) if (peer !== this) peer.show(view, true);
    this.emit("view", view);
    this.emit("state", null);
  }

  /** @param {number | null} x @param {boolean} [quiet] */
  point(x, quiet) {
    this.hush = Boolean(quiet);
    const left = x === null ? -10 : this.u.valToPos(this.at(x), "x");
    this.u.setCursor({ left, top: x === null ? -10 : this.u.bbox.height / devicePixelRatio / 2 });
    this.hush = false;
  }
  hush = false;

  /** Pixels that the names of curves need beside the plot. */
  room() {
    const chosen = this.shown().filter((c) => !c.given.grey);
    if (this.compact || chosen.length < 2 || chosen.length > MOST_NAMED || this.size().width < 520) return BARE;
    return Math.min(150, 12 + 6.4 * Math.max(...chosen.map((c) => Math.min(22, c.name.length))));
  }

  /** @param {Curve} c */
  colour(c) { return c.given.grey ? css("--quiet") : colour(c.index); }
}
