// @ts-check
/** A run's series as curves of a chart, and the points that are pushed. */
import { ApiError, getColumns } from "./api.js";
import { Remote } from "./chart/remote.js";
import { trouble } from "./site.js";

/** @param {string} run  its id */
export const address = (run) => `/api/board/runs/${encodeURIComponent(run)}`;

/**
 * What a series is called on a page: its name, and where others have the same, what tells them apart.
 *
 * @param {any} run
 * @param {any} one
 * @returns {string}
 */
export function called(run, one) {
  const same = run.series.filter((/** @type {any} */ s) => s.name === one.name);
  if (same.length < 2) return one.name;
  const split = same.filter((/** @type {any} */ s) => s.split === one.split).length < 2 && one.split;
  return `${one.name} (${split || `no. ${same.indexOf(one) + 1}`})`;
}

/**
 * Where the points of a series come from.
 *
 * @param {string} run
 * @param {string} key
 * @param {{along?: string, origin?: number}} [options]  what x is: `step`, `time` (in seconds from `origin`), or the key of another series
 */
export function series(run, key, { along = "step", origin = 0 } = {}) {
  return new Remote(async (low, high, columns, scale, signal) => {
    const asked = new URLSearchParams({ series: key, columns: String(columns), scale, x: along });
    if (low !== null) asked.set("low", String(low + origin));
    if (high !== null) asked.set("high", String(high + origin));
    const { head, columns: found } = await getColumns(`${address(run)}/tile?${asked}`, { signal });
    const tile = /** @type {any} */ ({ ...found, exact: head.exact });
    if (origin) for (const end of ["start", "stop"]) tile[end] = tile[end].map((/** @type {number} */ x) => x - origin);
    return { tile, extent: head.extent && [head.extent[0] - origin, head.extent[1] - origin], points: head.points };
  }, (problem) => {
    // A run that is read anew has no tiles for a moment.
    if (!(problem instanceof ApiError && problem.status === 404)) trouble(problem);
  });
}

/**
 * Points of a message of the server, for each series: those that a curve has not got.
 *
 * @param {any} message  `{head: {series: [{key, from, total}]}, columns}`
 * @param {(key: string) => number} known  how many points of a series are there already; -1 where it is of no interest
 * @param {(key: string, x: Float64Array, y: Float64Array, time: Float64Array | undefined) => void} add
 * @returns {string[]}  the series of which some are missing, which are to be asked for anew
 */
export function pushed({ head, columns }, known, add) {
  const missing = [];
  for (const [i, { key, from, total }] of head.series.entries()) {
    const have = known(key);
    if (have < 0 || have >= total) continue;
    if (have < from) { missing.push(key); continue; }
    const skip = have - from;
    add(key, columns[`${i}.step`].subarray(skip), columns[`${i}.value`].subarray(skip), columns[`${i}.time`]?.subarray(skip));
  }
  return missing;
}
