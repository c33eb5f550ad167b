// @ts-check
/**
 * A curve of which the server has all points and the page only what it shows: an overview, and finer tiles of what was looked at.
 *
 * @typedef {import("../pyramid.js").Tile} Tile
 * @typedef {import("./source.js").Source} Source
 * @typedef {import("./source.js").Across} Across
 *
 * @typedef {object} Fetched
 * @property {Tile} tile
 * @property {[number, number] | null} extent  the first and last x of all points
 * @property {number} points  how many there are
 *
 * @typedef {(low: number | null, high: number | null, columns: number, scale: "linear" | "log", signal: AbortSignal) => Promise<Fetched>} Fetch
 *
 * @typedef {object} Kept
 * @property {number} low
 * @property {number} high
 * @property {number} columns
 * @property {boolean} log
 * @property {Tile} tile
 */
import { Pyramid } from "../pyramid.js";
import { coarser, cut, joined, NOTHING } from "./source.js";

const OVERVIEW = 2000; // columns of the tile of everything
const MARGIN = 0.75; // of a picture on either side of it, so that panning has something to show
const MOST_KEPT = 12;
const ENOUGH = 0.6; // of the columns that are wanted: less looks coarse

/** @param {Across | undefined} across */
const scaleOf = (across) => ({ log: Boolean(across), at: across?.place ?? ((/** @type {number} */ x) => x), of: across?.back ?? ((/** @type {number} */ v) => v) });

/** @implements {Source} */
export class Remote {
  /** @type {[number, number] | null} */
  #base = null;
  #points = 0;
  #tail = new Pyramid();
  /** @type {Kept[]} */
  #kept = [];
  /** @type {Map<string, {control: AbortController, low: number, high: number, columns: number, log: boolean}>} */
  #asking = new Map();
  #better = () => {};
  #seen = NOTHING;

  /**
   * @param {Fetch} fetch
   * @param {(problem: unknown) => void} [onProblem]
   */
  constructor(fetch, onProblem) {
    this.fetch = fetch;
    this.onProblem = onProblem ?? (() => {});
  }

  /** Asks for the overview; again after the run was rewritten. Later points are to be appended from when this is done. */
  async start() {
    for (const asked of this.#asking.values()) asked.control.abort();
    this.#asking.clear();
    const { tile, extent, points } = await this.fetch(null, null, OVERVIEW, "linear", new AbortController().signal);
    this.#base = extent;
    this.#points = points;
    this.#tail = new Pyramid();
    this.#kept = [{ low: -Infinity, high: Infinity, columns: tile.exact ? Infinity : OVERVIEW, log: false, tile }];
    this.#better();
  }

  /** How many points the server had when this began; those that are pushed count on from there. */
  get known() { return this.#points + this.#tail.length; }

  /** @returns {[number, number] | null} */
  extent() {
    if (!this.#tail.length) return this.#base;
    const [low, high] = [this.#tail.x[0], this.#tail.x[this.#tail.length - 1]];
    return this.#base ? [Math.min(low, this.#base[0]), Math.max(high, this.#base[1])] : [low, high];
  }

  points() { return this.known; }

  /** @param {ArrayLike<number>} x @param {ArrayLike<number | null>} y */
  append(x, y) {
    this.#tail.append(x, y);
  }

  /** @param {() => void} act */
  onBetter(act) { this.#better = act; }

  /** @param {number} low @param {number} high @param {number} columns @param {Across} [across] @param {string} [slot] @returns {Tile} */
  tile(low, high, columns, across, slot = "view") {
    const base = this.#base;
    let tile = NOTHING;
    if (base && low <= base[1]) {
      const { log } = scaleOf(across), a = Math.max(low, base[0]), b = Math.min(high, base[1]);
      const covering = this.#kept.filter((k) => k.low <= a && k.high >= b);
      const fits = (/** @type {Kept} */ k) => this.#density(k, across) >= ENOUGH * this.#wanted(low, high, columns, across) && (k.log === log || k.tile.exact);
      const fine = covering.find(fits);
      // Of several that are too coarse the finest serves until a better one has come.
      const best = fine ?? covering.sort((k, l) => this.#density(l, across) - this.#density(k, across))[0];
      if (fine) { this.#kept = [this.#kept[0], ...this.#kept.slice(1).filter((k) => k !== fine), ...(fine === this.#kept[0] ? [] : [fine])]; }
      else void this.#ask(a, b, low, high, columns, across, slot);
      if (best) tile = coarser(cut(best.tile, low, high), low, high, columns, across);
    }
    const all = joined([tile, this.#tail.length ? this.#tail.tile(low, high, columns, across?.place, across?.back) : NOTHING]);
    if (slot === "view") this.#seen = all;
    return all;
  }

  /** Columns for each unit of the picture's width that a tile has. @param {Kept} k @param {Across | undefined} across */
  #density(k, across) {
    const { at } = scaleOf(across), base = this.#base ?? [0, 1];
    return k.columns / Math.max(Number.MIN_VALUE, at(Math.min(k.high, base[1])) - at(Math.max(k.low, base[0])));
  }

  /** @param {number} low @param {number} high @param {number} columns @param {Across | undefined} across */
  #wanted(low, high, columns, across) {
    const { at } = scaleOf(across);
    return columns / Math.max(Number.MIN_VALUE, at(high) - at(low));
  }

  /** @param {number} a @param {number} b @param {number} low @param {number} high @param {number} columns @param {Across | undefined} across @param {string} slot */
  async #ask(a, b, low, high, columns, across, slot) {
    const base = this.#base ?? [0, 1], { log, at, of } = scaleOf(across), asked = this.#asking.get(slot), fraction = columns / (at(high) - at(low) || 1);
    // What was asked for already will do, if it holds what is wanted now.
    if (asked && asked.log === log && asked.low <= a && asked.high >= b && asked.columns / (at(asked.high) - at(asked.low) || 1) >= ENOUGH * fraction) return;
    asked?.control.abort();
    const room = MARGIN * (at(high) - at(low)), from = Math.max(base[0], of(at(low) - room)), to = Math.min(base[1], of(at(high) + room));
    const many = Math.max(50, Math.min(8000, Math.ceil(fraction * (at(to) - at(from)))));
    const mine = { control: new AbortController(), low: from, high: to, columns: many, log };
    this.#asking.set(slot, mine);
    try {
      const { tile } = await this.fetch(from, to, many, log ? "log" : "linear", mine.control.signal);
      if (this.#asking.get(slot) !== mine) return;
      // What came since is drawn from the points that were pushed.
      let last = tile.start.length;
      while (last && tile.start[last - 1] > base[1]) last -= 1;
      const known = last < tile.start.length ? cut(tile, -Infinity, base[1]) : tile;
      this.#kept = [this.#kept[0], ...this.#kept.slice(1).slice(2 - MOST_KEPT), { ...mine, columns: tile.exact ? Infinity : many, tile: known }];
    } catch (problem) {
      if (!mine.control.signal.aborted) this.onProblem(problem);
    } finally {
      if (this.#asking.get(slot) === mine) {
        this.#asking.delete(slot);
        this.#better();
      }
    }
  }

  /** Counted in what was drawn last: of a column that is partly off the scale nobody here knows how much is. @param {number} low @param {number} high @param {number} bottom @param {number} top */
  outside(low, high, bottom, top) {
    const found = { above: 0, below: 0, least: false }, tile = this.#seen;
    for (let i = 0; i < tile.start.length; i++) {
      if (tile.stop[i] < low || tile.start[i] > high) continue;
      const all = tile.count[i] - tile.bad[i];
      if (tile.high[i] > top) { found.above += tile.low[i] > top ? all : 1; found.least ||= !(tile.low[i] > top) && all > 1; }
      if (tile.low[i] < bottom) { found.below += tile.high[i] < bottom ? all : 1; found.least ||= !(tile.high[i] < bottom) && all > 1; }
    }
    return found;
  }
}
