// @ts-check
/**
 * Where a curve's points come from: all of them in memory, or tiles of them from a server.
 *
 * A source answers at once with the best it has, and says when it has better: a picture is never waited for.
 *
 * @typedef {import("../pyramid.js").Tile} Tile
 *
 * @typedef {object} Across  where an x stands across the picture, and back
 * @property {(x: number) => number} place
 * @property {(at: number) => number} back
 *
 * @typedef {object} Source
 * @property {() => [number, number] | null} extent  the first and last x, null while nothing is known
 * @property {() => number} points  how many points there are
 * @property {(low: number, high: number, columns: number, across?: Across, slot?: string) => Tile} tile  `slot` names who asks, so that a
 *   later wish of the same takes the place of an earlier one
 * @property {(low: number, high: number, bottom: number, top: number) => {above: number, below: number, least?: boolean}} outside
 * @property {(x: ArrayLike<number>, y: ArrayLike<number | null>) => void} append
 * @property {(act: () => void) => void} onBetter
 */

import { Pyramid } from "../pyramid.js";

/** A tile of no points. @type {Tile} */
export const NOTHING = {
  start: new Float64Array(0), stop: new Float64Array(0), low: new Float64Array(0), middle: new Float64Array(0), high: new Float64Array(0),
  count: new Uint32Array(0), bad: new Uint32Array(0), kind: new Uint8Array(0), exact: true,
};
const ARRAYS = /** @type {const} */ (["start", "stop", "low", "middle", "high", "count", "bad", "kind"]);

/**
 * All points in memory.
 *
 * @param {ArrayLike<number>} x
 * @param {ArrayLike<number | null>} y
 * @returns {Source}
 */
export function memory(x, y) {
  const pyramid = new Pyramid(x, y);
  return {
    extent: () => (pyramid.length ? [pyramid.x[0], pyramid.x[pyramid.length - 1]] : null),
    points: () => pyramid.length,
    tile: (low, high, columns, across) => pyramid.tile(low, high, columns, across?.place, across?.back),
    outside: (low, high, bottom, top) => pyramid.outside(low, high, bottom, top),
    append: (more, values) => pyramid.append(more, values),
    onBetter: () => {},
  };
}

/** Tiles one after another as one. @param {Tile[]} tiles @returns {Tile} */
export function joined(tiles) {
  const some = tiles.filter((t) => t.start.length);
  if (some.length < 2) return some[0] ?? NOTHING;
  const total = some.reduce((n, t) => n + t.start.length, 0);
  const all = { ...NOTHING, exact: some.every((t) => t.exact) };
  for (const key of ARRAYS) {
    const Kind = /** @type {new (n: number) => any} */ (NOTHING[key].constructor);
    const whole = new Kind(total);
    let at = 0;
    for (const tile of some) {
      whole.set(tile[key], at);
      at += tile.start.length;
    }
    all[key] = whole;
  }
  return all;
}

/** The columns of a tile that reach into a stretch, and one more on either side. @param {Tile} tile @param {number} low @param {number} high */
export function cut(tile, low, high) {
  let a = 0, b = tile.start.length;
  while (a < b && tile.stop[a] < low) a += 1;
  while (b > a && tile.start[b - 1] > high) b -= 1;
  a = Math.max(0, a - 1);
  b = Math.min(tile.start.length, b + 1);
  if (a === 0 && b === tile.start.length) return tile;
  const part = { ...tile };
  for (const key of ARRAYS) /** @type {any} */ (part)[key] = tile[key].subarray(a, b);
  return part;
}

/**
 * A tile in fewer columns, each made of several that stand beside each other.
 *
 * @param {Tile} tile
 * @param {number[]} cuts  where each new column begins, by number, and where the last one ends
 * @returns {Tile}
 */
export function merged(tile, cuts) {
  const n = Math.max(0, cuts.length - 1), fresh = () => new Float64Array(n), scratch = new Float64Array(tile.start.length);
  const out = { start: fresh(), stop: fresh(), low: fresh(), middle: fresh(), high: fresh(), count: new Uint32Array(n), bad: new Uint32Array(n), kind: new Uint8Array(n), exact: tile.exact };
  for (let i = 0; i < n; i++) {
    const first = cuts[i], last = cuts[i + 1];
    let low = Infinity, high = -Infinity, many = 0;
    for (let j = first; j < last; j++) {
      if (tile.low[j] < low) low = tile.low[j];
      if (tile.high[j] > high) high = tile.high[j];
      if (tile.middle[j] === tile.middle[j]) scratch[many++] = tile.middle[j];
      out.count[i] += tile.count[j];
      out.bad[i] += tile.bad[j];
      out.kind[i] |= tile.kind[j];
    }
    if (last - first > 1) out.exact = false;
    out.start[i] = tile.start[first];
    out.stop[i] = tile.stop[last - 1];
    out.low[i] = many ? low : NaN;
    out.high[i] = many ? high : NaN;
    const sorted = scratch.subarray(0, many).sort();
    out.middle[i] = many ? sorted[(many - 1) >> 1] / 2 + sorted[many >> 1] / 2 : NaN;
  }
  return out;
}

/** The columns of a tile that lie in a stretch, as at most so many rows. @param {Tile} tile @param {number} low @param {number} high @param {number} rows */
export function fewer(tile, low, high, rows) {
  let a = 0, b = tile.start.length;
  while (a < b && tile.stop[a] < low) a += 1;
  while (b > a && tile.start[b - 1] > high) b -= 1;
  const each = Math.max(1, Math.ceil((b - a) / rows)), cuts = [];
  for (let i = a; i < b; i += each) cuts.push(i);
  return merged(tile, cuts.length ? [...cuts, b] : []);
}

/** A tile that is finer than the picture, as about so many columns of equal width. @param {Tile} tile @param {number} low @param {number} high @param {number} columns @param {Across} [across] */
export function coarser(tile, low, high, columns, across) {
  if (tile.start.length <= 2 * columns) return tile;
  const at = across?.place ?? ((x) => x), wide = (at(high) - at(low)) / columns, cuts = [0];
  let here = Math.floor(at(tile.start[0]) / wide);
  for (let i = 1; i < tile.start.length; i++) {
    const next = Math.floor(at(tile.start[i]) / wide);
    if (next !== here) cuts.push(i);
    here = next;
  }
  return merged(tile, [...cuts, tile.start.length]);
}
