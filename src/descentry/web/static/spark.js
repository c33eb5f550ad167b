// @ts-check
/**
 * The shape of a curve, small enough for a line of a table: from its lowest to its highest points, its middle, and ticks where it is not
 * finite.
 *
 * @param {{step: number[], low: (number | string | null)[], middle: (number | string | null)[], high: (number | string | null)[], bad: number[]}} curve
 * @param {number} [width]
 * @param {number} [height]
 */
export function spark(curve, width = 132, height = 30) {
  const numbers = (/** @type {(number | string | null)[]} */ values) => values.map((v) => (typeof v === "number" ? v : NaN));
  const low = numbers(curve.low), high = numbers(curve.high), middle = numbers(curve.middle), n = curve.step.length;
  const bottom = Math.min(...low.filter(Number.isFinite)), top = Math.max(...high.filter(Number.isFinite));
  const log = bottom > 0 && top / bottom > 50, rise = (/** @type {number} */ v) => (log ? Math.log10(v) : v);
  const span = rise(top) - rise(bottom) || 1, wide = curve.step[n - 1] - curve.step[0] || 1;
  const x = curve.step.map((step) => (2 + ((step - curve.step[0]) / wide) * (width - 4)).toFixed(1));
  const y = (/** @type {number} */ v) => (2 + (1 - (rise(v) - rise(bottom)) / span) * (height - 6)).toFixed(1);
  const svg = make("svg", { viewBox: `0 0 ${width} ${height}`, width, height, class: "spark", "aria-hidden": "true" });
  let line = "", on = false;
  const columns = [];
  for (let i = 0; i < n; i++) {
    if (Number.isFinite(middle[i])) {
      line += `${on ? "L" : "M"}${x[i]} ${y(middle[i])}`;
      if (low[i] < high[i]) columns.push(`M${x[i]} ${y(low[i])}V${y(high[i])}`);
    }
    on = Number.isFinite(middle[i]);
    if (curve.bad[i]) svg.append(make("path", { d: `M${x[i]} ${height - 1}V${height - 6}`, class: "bad" }));
  }
  svg.append(make("path", { d: columns.join(""), class: "range" }), make("path", { d: line, class: "line" }));
  return svg;
}

/** @param {string} tag @param {Record<string, string | number>} attributes */
function make(tag, attributes) {
  const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, String(value));
  return node;
}
