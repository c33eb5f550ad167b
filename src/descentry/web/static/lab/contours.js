// @ts-check
/** Contours of a grid of heights: marching squares, at levels that share the ground evenly among them. */

/**
 * Heights at which lines are drawn: so many shares of the ground lie between neighbours.
 *
 * @param {Float64Array} grid
 * @param {number} many
 * @returns {number[]}
 */
export function levels(grid, many = 14) {
  const known = Float64Array.from(grid.filter((v) => Number.isFinite(v))).sort();
  if (!known.length) return [];
  const found = new Set();
  for (let i = 1; i <= many; i++) found.add(known[Math.min(known.length - 1, Math.floor((known.length * (i - 0.5)) / many))]);
  return [...found].filter((level) => level > known[0]);
}

/**
 * The lines of one level, as pieces [x1, y1, x2, y2] in steps of the grid.
 *
 * @param {Float64Array} grid  row by row
 * @param {number} side
 * @param {number} level
 * @returns {number[][]}
 */
export function lines(grid, side, level) {
  const out = [];
  /** @param {number} a @param {number} b */
  const cross = (a, b) => (level - a) / (b - a);
  for (let y = 0; y < side - 1; y++) {
    for (let x = 0; x < side - 1; x++) {
      const at = y * side + x, a = grid[at], b = grid[at + 1], c = grid[at + side + 1], d = grid[at + side];
      if (!Number.isFinite(a + b + c + d)) continue;
      /** @type {number[][]} */
      const points = [];
      if (a < level !== b < level) points.push([x + cross(a, b), y]);
      if (b < level !== c < level) points.push([x + 1, y + cross(b, c)]);
      if (d < level !== c < level) points.push([x + cross(d, c), y + 1]);
      if (a < level !== d < level) points.push([x, y + cross(a, d)]);
      if (points.length === 2) out.push([...points[0], ...points[1]]);
      // A saddle inside the cell: the middle tells which corners belong together.
      else if (points.length === 4) {
        const [low, right, up, left] = points, inside = (a + b + c + d) / 4 < level === a < level;
        out.push(inside ? [...low, ...right] : [...low, ...left], inside ? [...up, ...left] : [...up, ...right]);
      }
    }
  }
  return out;
}

/**
 * Where a height stands among the levels, from 0 (lowest) to 1.
 *
 * @param {number[]} rising
 * @param {number} height
 */
export function rank(rising, height) {
  if (!Number.isFinite(height)) return 1;
  let i = 0;
  while (i < rising.length && rising[i] <= height) i += 1;
  return rising.length ? i / rising.length : 0;
}
