// @ts-check
/**
 * A chart of curves: every extreme is drawn, nothing is smoothed away, and all it shows can be read by keyboard and in words.
 *
 *     <link rel="stylesheet" href="/static/uPlot.min.css">  <link rel="stylesheet" href="/static/theme.css">
 *     <script src="/static/uPlot.iife.min.js"></script>     <script type="module" src="/static/yours.js"></script>
 *
 *     import { makeChart, link } from "./chart.js";
 *     const chart = makeChart(document.querySelector("#here"), {
 *       series: [{ name: "loss", split: "training", x: steps, y: losses }],      // or { name, source } (chart/source.js, chart/remote.js)
 *       phases: [{ letter: "A", name: "oscillation", start: 120, stop: 480, tone: "attention" }],
 *       events: [{ x: 300, name: "learning rate halved" }],
 *       bounds: [{ y: 2, name: "2" }],
 *       xLabel: "step", yLabel: "loss", log: true,         // log: of y; or { x, y }; left out, it is chosen by the values
 *     });
 *     chart.append("loss", [500], [0.31]);                 // drawn with the next frame; as often as you like
 *     chart.update({ series, phases, events });            // any of the options; what is left out stays
 *     link([chart, another]);                              // one zoom and one cursor for both
 *     chart.destroy();
 *
 * `compact: true` is for small multiples: no controls, no caption. NaN, infinities and nulls in y are marked where they are. `grey: true`
 * on a series draws it thin and grey, behind the rest; `colour: n` fixes which colour it has.
 *
 * @typedef {import("./chart/source.js").Source} Source
 * @typedef {import("./pyramid.js").Tile} Tile
 *
 * @typedef {object} Given  a curve as it is given
 * @property {string} name
 * @property {string} [split]
 * @property {ArrayLike<number>} [x]
 * @property {ArrayLike<number | null>} [y]
 * @property {Source} [source]
 * @property {boolean} [shown]
 * @property {boolean} [grey]
 * @property {number} [colour]  its place among the colours; in the order of the curves where it is left out
 * @property {boolean} [thick]
 * @property {{x: ArrayLike<number>, y: ArrayLike<number>}} [trend]  a trend that is known already
 * @property {{x: number[], low: number[], middle: number[], high: number[]}} [fan]  a forecast, drawn beyond the points
 * @property {[number, number, string, number][]} [holes]  first x, last x, kind and number of the values that are not finite, where y has
 *   them no more
 * @property {number} [thinned]  how many points the curve had, where x and y are only its extremes
 *
 * @typedef {object} Phase
 * @property {string} name
 * @property {number} start
 * @property {number} stop
 * @property {string} [letter]
 * @property {"neutral" | "attention" | "failing"} [tone]
 * @property {string} [title]
 * @property {boolean} [drawn]
 *
 * @typedef {object} Options
 * @property {Given[]} [series]
 * @property {Phase[]} [phases]
 * @property {{x: number, name: string, tone?: string}[]} [events]
 * @property {{y: number, name: string}[]} [bounds]
 * @property {string} [xLabel]
 * @property {string} [yLabel]
 * @property {boolean | {x?: boolean, y?: boolean}} [log]
 * @property {boolean} [compact]
 * @property {boolean | "zoom"} [controls]  above it: all, none, or those that zoom
 * @property {number} [height]  pixels
 * @property {string} [caption]  said below, before what the chart says of itself
 * @property {string} [alternative]  what it shows, in words; made from the curves where it is left out
 * @property {[number, number] | null} [view]
 * @property {"all" | "most"} [fit]  whether the y axis holds every point, or most of them
 * @property {number} [trend]  half-life of the trend in units of x; 0 draws none
 */
import { follow, Frame } from "./chart/frame.js";
import { tools } from "./chart/tools.js";
import { gestures, light } from "./chart/gestures.js";
import { csv, picture } from "./chart/export.js";
import { caption, summary, table } from "./chart/words.js";

/**
 * @param {Element | null} element  emptied, and filled with the chart
 * @param {Options} [given]
 */
export function makeChart(element, given = {}) {
  const options = { ...given };
  if (!(element instanceof HTMLElement)) throw new TypeError("makeChart needs an element of the page to draw in");
  const frame = new Frame(element, options);
  const bar = options.compact || options.controls === false ? null : tools(frame);
  const ends = gestures(frame);
  let asked = 0, telling = 0;
  // While it is being moved nobody can read what is said of it: that follows when it stands.
  const said = () => {
    telling = 0;
    frame.parts.caption.textContent = options.compact ? "" : caption(frame);
    frame.parts.plot.setAttribute("aria-label", options.alternative ?? summary(frame));
    table(frame);
  };
  frame.refresh();
  said();
  frame.on("refresh", () => { telling ||= setTimeout(said, 120); });

  const soon = () => {
    asked ||= requestAnimationFrame(() => {
      asked = 0;
      frame.refresh();
    });
  };
  frame.on("better", soon);

  const chart = {
    /** Changes any of the options; the curves keep whether they are shown. @param {Options} patch */
    update(patch) {
      Object.assign(options, patch);
      frame.take(patch);
      bar?.fill();
      soon();
    },
    /**
     * Adds points at the end of a curve.
     *
     * @param {string | number} which  its name, or its place
     * @param {ArrayLike<number>} x
     * @param {ArrayLike<number | null>} y
     */
    append(which, x, y) {
      const found = typeof which === "number" ? frame.curves[which] : frame.curves.find((c) => c.name === which);
      if (!found) throw new RangeError(`the chart has no curve called ${which}`);
      follow(frame, () => found.source.append(x, y));
      soon();
    },
    /** Whether there is a curve of that name. @param {string} name */
    has: (name) => frame.curves.some((c) => c.name === name),
    /** What is in view: the first and the last x; null is all of it. */
    get view() { return frame.state.view; },
    /** @param {[number, number] | null} view @param {boolean} [quiet] */
    zoom(view, quiet) { frame.show(view, quiet); },
    /** Puts the cursor at an x, or takes it away. @param {number | null} x @param {boolean} [quiet] */
    point(x, quiet) { frame.point(x, quiet); },
    /** Shows some curves and hides the rest. @param {(name: string) => boolean} wanted */
    choose(wanted) {
      for (const c of frame.curves) c.shown = wanted(c.name);
      bar?.fill();
      soon();
    },
    /** How it is shown now: what a link to this view must say. */
    get state() {
      const { view, log, fit, trend } = frame.state;
      return { view, log: { ...log }, fit, trend, shown: frame.curves.filter((c) => c.shown).map((c) => c.name) };
    },
    /** @param {"view" | "cursor" | "state" | "refresh"} what @param {(value: any) => void} act */
    on: (what, act) => frame.on(what, act),
    /** Points at a phase, or at none. @param {number | null} i */
    light: (i) => light(frame, i),
    csv: () => csv(frame),
    picture: () => picture(frame),
    summary: () => summary(frame),
    /** Draws at once what was asked for. */
    flush() {
      cancelAnimationFrame(asked);
      asked = 0;
      frame.refresh();
      said();
    },
    /** For tests and tools: what is drawn of each curve that is shown. */
    get tiles() { return new Map(frame.shown().map((c) => [c.name, /** @type {Tile} */ (c.tile)])); },
    destroy() {
      cancelAnimationFrame(asked);
      clearTimeout(telling);
      ends();
      frame.peers.forEach((peer) => { peer.peers = peer.peers.filter((f) => f !== frame); });
      frame.destroy();
    },
  };
  FRAMES.set(chart, frame);
  return chart;
}

/** @typedef {ReturnType<typeof makeChart>} Chart */

/** @type {WeakMap<object, Frame>} */
const FRAMES = new WeakMap();

/** One zoom (at first that of the first chart), one cursor and the same steps below each other for several charts; called again, for others. @param {Chart[]} charts */
export function link(charts) {
  const frames = charts.map((chart) => /** @type {Frame} */ (FRAMES.get(chart)));
  for (const frame of frames) {
    for (const left of frame.peers) left.peers = left.peers.filter((f) => f !== frame);
    frame.peers = frames;
    frame.state.view = frames[0].state.view;
  }
  for (const frame of frames) frame.refresh();
}
