// @ts-check
/**
 * A trend that knows only the past: an exponentially weighted mean of the middles of short columns.
 *
 * Its half-life is in units of x, so it is the same for a short run and for a long one, and at every zoom. The middles are medians, so
 * that one spike does not pull it; a value that is not finite is left out, and the points are still drawn below it.
 *
 * @param {import("./source.js").Source} source
 * @param {number} low  the first x in view
 * @param {number} high  the last x in view
 * @param {number} halfLife  in units of x
 * @returns {{x: Float64Array, y: Float64Array}}
 */
export function trend(source, low, high, halfLife) {
  const lead = low - 8 * halfLife; // of what lies before that, 1/256 is left
  const columns = Math.max(50, Math.min(4000, Math.ceil((8 * (high - lead)) / halfLife)));
  const tile = source.tile(lead, high, columns, undefined, "trend"), n = tile.start.length;
  const x = new Float64Array(n), y = new Float64Array(n);
  let level = NaN, before = NaN;
  for (let i = 0; i < n; i++) {
    const value = tile.middle[i];
    if (value === value) {
      const kept = level === level ? 2 ** (-(tile.stop[i] - before) / halfLife) : 0;
      level = kept ? kept * level + (1 - kept) * value : value;
      before = tile.stop[i];
    }
    x[i] = tile.stop[i];
    y[i] = value === value ? level : NaN;
  }
  return { x, y };
}
