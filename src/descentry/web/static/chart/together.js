// @ts-check
/**
 * Several curves as one: the band reaches from the lowest to the highest point of all of them, the line is the median of their middles.
 *
 * For runs that differ by nothing but their seed. No extreme of any of them is left out.
 *
 * @typedef {import("./source.js").Source} Source
 * @typedef {import("../pyramid.js").Tile} Tile
 */
import { joined, merged, NOTHING } from "./source.js";

const ARRAYS = /** @type {const} */ (["start", "stop", "low", "middle", "high", "count", "bad", "kind"]);

/** @param {Source[]} sources @returns {Source} */
export function together(sources) {
  return {
    extent() {
      const all = sources.flatMap((s) => { const e = s.extent(); return e ? [e] : []; });
      return all.length ? [Math.min(...all.map((e) => e[0])), Math.max(...all.map((e) => e[1]))] : null;
    },
    points: () => sources.reduce((n, s) => n + s.points(), 0),
    tile(low, high, columns, across, slot) {
      const tiles = sources.map((s) => s.tile(low, high, columns, across, slot)), all = joined(tiles), n = all.start.length;
      if (!n) return NOTHING;
      const order = Uint32Array.from({ length: n }, (_, i) => i).sort((i, j) => all.start[i] - all.start[j]);
      const sorted = /** @type {Tile} */ ({ ...all });
      for (const key of ARRAYS) /** @type {any} */ (sorted)[key] = all[key].map((/** @type {number} */ _, /** @type {number} */ i) => all[key][order[i]]);
      // As wide as the columns of the coarsest, so that each column has something of every curve that is there.
      const at = across?.place ?? ((x) => x), most = Math.max(1, Math.min(columns, ...tiles.filter((t) => t.start.length > 1).map((t) => t.start.length)));
      const wide = (at(high) - at(low)) / most || 1, cuts = [0];
      for (let i = 1; i < n; i++) if (Math.floor(at(sorted.start[i]) / wide) !== Math.floor(at(sorted.start[i - 1]) / wide)) cuts.push(i);
      return { ...merged(sorted, [...cuts, n]), exact: false };
    },
    outside(low, high, bottom, top) {
      const found = sources.map((s) => s.outside(low, high, bottom, top));
      return { above: found.reduce((n, f) => n + f.above, 0), below: found.reduce((n, f) => n + f.below, 0), least: found.some((f) => f.least) };
    },
    append() { throw new Error("points are added to one of the curves, not to all of them"); },
    onBetter: (act) => sources.forEach((s) => s.onBetter(act)),
  };
}

/**
 * What a run is called without what tells its seed: `adam-seed3` and `adam_s12` are runs of `adam`.
 *
 * @param {string} name
 */
export const seedless = (name) => name.replace(/[-_. ]*(\(?(seed|rep(eat)?|trial|rng|s)[-_= ]?\d+\)?|#\d+)(?=$|[-_. ])/i, "").trim() || name;
