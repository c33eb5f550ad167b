// @ts-check
/**
 * How high a chart reaches: the ends of its y axis, and whether it is better logarithmic.
 *
 * Logarithmic are values above zero that span a factor of 50 and more: there a linear axis presses most of a curve onto its foot.
 *
 * @typedef {import("./frame.js").Frame} Frame
 */

const LOG_FROM = 50;
const MOST = 0.02; // what `most` may leave off the scale at either end

/**
 * @param {Frame} frame
 * @param {"all" | "most"} fit
 * @returns {{low: number, high: number, log: boolean}}
 */
export function heights(frame, fit) {
  const [a, b] = frame.range();
  let low = Infinity, high = -Infinity, above = Infinity;
  /** @type {number[]} */
  const middles = [];
  const take = (/** @type {number} */ bottom, /** @type {number} */ top) => {
    if (bottom < low) low = bottom;
    if (top > high) high = top;
    if (bottom > 0 && bottom < above) above = bottom;
    else if (top > 0 && top < above) above = top;
  };
  for (const { tile, given } of frame.shown()) {
    for (let i = 0; i < tile.start.length; i++) {
      if (tile.stop[i] < a || tile.start[i] > b || !(tile.low[i] <= tile.high[i])) continue;
      take(tile.low[i], tile.high[i]);
      if (tile.middle[i] > 0 && tile.middle[i] < above) above = tile.middle[i];
      middles.push(tile.middle[i]);
    }
    if (frame.state.fan && given.fan) given.fan.low.forEach((v, i) => take(v, given.fan?.high[i] ?? v));
  }
  const spans = low > 0 && high / low >= LOG_FROM;
  const log = frame.state.log.y ?? spans;
  if (!(low <= high)) return { low: log ? 0.1 : 0, high: 1, log };
  if (log) low = above < Infinity ? above : high;
  if (fit === "most" && middles.length > 20) {
    middles.sort((p, q) => p - q);
    const cut = Math.floor(middles.length * MOST);
    low = Math.max(low, middles[cut]);
    high = Math.min(high, middles[middles.length - 1 - cut]);
  }
  for (const bound of frame.options.bounds ?? []) if (!log || bound.y > 0) { low = Math.min(low, bound.y); high = Math.max(high, bound.y); }
  if (log) {
    if (!(high > 0)) return { low: 0.1, high: 1, log };
    const room = low === high ? Math.log10(2) : 0.04 * (Math.log10(high) - Math.log10(low));
    return { low: Math.max(low / 10 ** room, Number.MIN_VALUE), high: Math.min(high * 10 ** room, Number.MAX_VALUE), log };
  }
  const pad = (high / 2 - low / 2) * 0.1 || Math.abs(low) * 0.05 || 1, far = Number.MAX_VALUE / 4;
  return { low: Math.max(low - pad, -far), high: Math.min(high + pad, far), log };
}
