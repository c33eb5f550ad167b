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
 * @property {(low: number, high: number, columns: number, across?: Across) => Tile} tile
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
