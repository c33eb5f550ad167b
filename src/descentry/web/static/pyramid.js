// @ts-check
/**
 * A curve of any length, ready to be drawn at any width: lowest, middle and highest value of every stretch of 4, 16, 64 … points.
 *
 * A picture has a thousand columns and a curve may have ten million points, so a column stands for many. Each column is given its true
 * lowest and highest value, so that a spike of one point is seen at every zoom, and the number of its values that are not finite, so
 * that none is lost either. The middle is the median where a column has few points, and the median of medians (the remedian of
 * Rousseeuw and Bassett, JASA 85, 1990) where it has many.
 *
 * A tile costs O(columns · log n), an appended point O(1) on average; the pyramid weighs 45 bytes a point with the points themselves.
 *
 * @typedef {object} Tile  What is to be drawn: one entry a column that has points, in order.
 * @property {Float64Array} start   the first x of the column
 * @property {Float64Array} stop    the last x of the column
 * @property {Float64Array} low     the lowest finite value, NaN where there is none
 * @property {Float64Array} middle  the median, or the median of medians
 * @property {Float64Array} high    the highest finite value
 * @property {Uint32Array} count    how many points
 * @property {Uint32Array} bad      how many of them are not finite
 * @property {Uint8Array} kind      what those are: 1 NaN, 2 plus infinity, 4 minus infinity, or a sum
 * @property {boolean} exact        whether every column is a single point
 */

const RADIX = 4;
const FEW = 48; // points of a column whose median is taken over all of them

/** @param {number} v @returns {number} */
const kindOf = (v) => (v !== v ? 1 : v === Infinity ? 2 : v === -Infinity ? 4 : 0);

/** The median of the first `n` numbers of `values`, which it sorts. @param {Float64Array} values @param {number} n */
function medianOf(values, n) {
  if (!n) return NaN;
  const sorted = values.subarray(0, n).sort();
  return n & 1 ? sorted[n >> 1] : sorted[(n >> 1) - 1] / 2 + sorted[n >> 1] / 2;
}

/**
 * One of the first `n` numbers, at most 4, that is in their middle: of two, the upper one or the lower one. Their mean would pull medians
 * of medians towards the longer tail; taken in turns, the two hold each other's balance.
 *
 * @param {Float64Array} values
 * @param {number} n
 * @param {boolean} upper
 */
function middleOf(values, n, upper) {
  const a = values[0], b = values[1], c = values[2], d = values[3];
  if (n === 4) {
    const p = Math.max(Math.min(a, b), Math.min(c, d)), q = Math.min(Math.max(a, b), Math.max(c, d));
    return upper ? Math.max(p, q) : Math.min(p, q);
  }
  if (n === 3) return Math.max(Math.min(a, b), Math.min(Math.max(a, b), c));
  if (n === 2) return upper ? Math.max(a, b) : Math.min(a, b);
  return n ? a : NaN;
}

/**
 * The first index whose x is at least `x`, between two indices.
 *
 * @param {ArrayLike<number>} xs
 * @param {number} x
 * @param {number} [first]
 * @param {number} [last]
 * @returns {number}
 */
export function from(xs, x, first, last) {
  let a = first ?? 0, b = last ?? xs.length;
  while (a < b) {
    const middle = (a + b) >> 1;
    if (xs[middle] < x) a = middle + 1;
    else b = middle;
  }
  return a;
}

/** One level: what every stretch of 4 of the level below holds. */
class Level {
  constructor() {
    this.low = new Float64Array(16);
    this.high = new Float64Array(16);
    this.middle = new Float64Array(16);
    this.bad = new Uint32Array(16);
    this.kind = new Uint8Array(16);
    this.length = 0;
  }

  /** @param {number} length */
  grow(length) {
    if (length > this.low.length) {
      const room = Math.max(length, 2 * this.low.length);
      for (const key of /** @type {const} */ (["low", "high", "middle"])) {
        const wider = new Float64Array(room);
        wider.set(this[key]);
        this[key] = wider;
      }
      const bad = new Uint32Array(room), kind = new Uint8Array(room);
      bad.set(this.bad);
      kind.set(this.kind);
      this.bad = bad;
      this.kind = kind;
    }
    this.length = length;
  }
}

export class Pyramid {
  #x = new Float64Array(64);
  #y = new Float64Array(64);
  /** @type {Level[]} */
  #levels = [];
  #scratch = new Float64Array(256);
  #weight = new Float64Array(256);
  length = 0;

  /**
   * @param {ArrayLike<number>} [x]  sorted here if they are not; points whose x is not finite are left out
   * @param {ArrayLike<number | null>} [y]  one for each x; NaN and infinities are kept and counted, null is NaN
   */
  constructor(x = [], y = []) {
    let sorted = true;
    for (let i = 1; i < x.length && sorted; i++) sorted = x[i - 1] <= x[i];
    if (sorted) this.append(x, y);
    else {
      const order = Array.from(x, (_, i) => i).sort((a, b) => x[a] - x[b]);
      this.append(order.map((i) => x[i]), order.map((i) => y[i]));
    }
  }

  get x() { return this.#x.subarray(0, this.length); }
  get y() { return this.#y.subarray(0, this.length); }

  /**
   * Adds points at the end. Where x goes back, as after a resume, what was there from that x on is replaced.
   *
   * @param {ArrayLike<number>} x
   * @param {ArrayLike<number | null>} y
   */
  append(x, y) {
    if (x.length !== y.length) throw new RangeError(`as many x as y are needed; there are ${x.length} and ${y.length}`);
    const many = this.length + x.length;
    if (many > this.#x.length) {
      const room = Math.max(many, 2 * this.#x.length), wide = new Float64Array(room), tall = new Float64Array(room);
      wide.set(this.x);
      tall.set(this.y);
      this.#x = wide;
      this.#y = tall;
    }
    const xs = this.#x, ys = this.#y;
    let n = this.length, dirty = n;
    for (let i = 0; i < x.length; i++) {
      const at = x[i], value = y[i];
      if (at - at !== 0) continue; // where there is no place, there is no point
      if (n && at < xs[n - 1]) {
        n = from(xs, at, 0, n);
        if (n < dirty) dirty = n;
      }
      xs[n] = at;
      ys[n++] = value === null ? NaN : value;
    }
    this.length = n;
    this.#build(dirty);
  }

  /** Sums up again what stands on points from `dirty` on. @param {number} dirty */
  #build(dirty) {
    let below = this.length, first = dirty, k = 0;
    for (; below > RADIX; k++) {
      // A level that is new stands on points that were there before, too.
      first = this.#levels[k] ? Math.floor(first / RADIX) : 0;
      const level = this.#levels[k] ?? (this.#levels[k] = new Level());
      level.grow(Math.ceil(below / RADIX));
      const ys = this.#y, mids = this.#scratch, under = k ? this.#levels[k - 1] : null;
      for (let node = first; node < level.length; node++) {
        const stop = Math.min(below, (node + 1) * RADIX);
        if (under) this.#sumLevel(level, node, stop, under, mids);
        else this.#sumPoints(level, node, stop, ys, mids);
      }
      below = level.length;
    }
    this.#levels.length = k;
  }

  /** Sums up points. @param {Level} level @param {number} node @param {number} stop @param {Float64Array} ys @param {Float64Array} mids */
  #sumPoints(level, node, stop, ys, mids) {
    let low = Infinity, high = -Infinity, bad = 0, kind = 0, n = 0;
    for (let i = node * RADIX; i < stop; i++) {
      const value = ys[i];
      if (value - value !== 0) { bad += 1; kind |= kindOf(value); continue; } // NaN and infinities differ from themselves
      if (value < low) low = value;
      if (value > high) high = value;
      mids[n++] = value;
    }
    level.low[node] = low;
    level.high[node] = high;
    level.middle[node] = middleOf(mids, n, node % 2 === 1);
    level.bad[node] = bad;
    level.kind[node] = kind;
  }

  /** Sums up what is summed up. @param {Level} level @param {number} node @param {number} stop @param {Level} below @param {Float64Array} mids */
  #sumLevel(level, node, stop, below, mids) {
    let low = Infinity, high = -Infinity, bad = 0, kind = 0, n = 0;
    for (let i = node * RADIX; i < stop; i++) {
      const middle = below.middle[i];
      if (below.low[i] < low) low = below.low[i];
      if (below.high[i] > high) high = below.high[i];
      if (middle === middle) mids[n++] = middle;
      bad += below.bad[i];
      kind |= below.kind[i];
    }
    level.low[node] = low;
    level.high[node] = high;
    level.middle[node] = middleOf(mids, n, node % 2 === 1);
    level.bad[node] = bad;
    level.kind[node] = kind;
  }

  /**
   * The points between two x in at most about `columns` columns, with one column more on either side, for lines that run on.
   *
   * @param {number} low  the first x wanted
   * @param {number} high  the last x wanted
   * @param {number} columns  how many columns; a picture needs no more than it has pixels across
   * @param {(x: number) => number} [place]  where an x stands across; equal widths of this are a column (a logarithm, for instance)
   * @param {(at: number) => number} [back]  its inverse
   * @returns {Tile}
   */
  tile(low, high, columns, place, back) {
    const x = this.x, first = Math.max(0, from(x, low) - 1);
    let last = from(x, high);
    while (last < x.length && x[last] === high) last += 1;
    last = Math.min(x.length, last + 1);
    /** @type {number[]} */
    let cuts;
    if (last - first <= 2 * columns) {
      cuts = Array.from({ length: last - first + 1 }, (_, i) => first + i);
    } else {
      // Columns begin at multiples of their width, so that panning moves them and does not change them.
      const at = place ?? ((v) => v), of = back ?? ((v) => v);
      const wide = (at(high) - at(low)) / columns, begin = Math.floor(at(low) / wide);
      cuts = [first];
      for (let i = 0; i <= columns + 1; i++) {
        const cut = from(x, of((begin + i) * wide), cuts[cuts.length - 1], last);
        if (cut > cuts[cuts.length - 1]) cuts.push(cut);
      }
      if (cuts[cuts.length - 1] < last) cuts.push(last);
    }
    const n = Math.max(0, cuts.length - 1);
    const tile = {
      start: new Float64Array(n), stop: new Float64Array(n), low: new Float64Array(n), middle: new Float64Array(n), high: new Float64Array(n),
      count: new Uint32Array(n), bad: new Uint32Array(n), kind: new Uint8Array(n), exact: true,
    };
    for (let i = 0; i < n; i++) {
      const a = cuts[i], b = cuts[i + 1];
      tile.start[i] = x[a];
      tile.stop[i] = x[b - 1];
      tile.count[i] = b - a;
      if (b - a > 1) tile.exact = false;
      this.#column(a, b, tile, i);
    }
    return tile;
  }

  /** @param {number} a @param {number} b @param {Tile} tile @param {number} column */
  #column(a, b, tile, column) {
    let low = Infinity, high = -Infinity, bad = 0, kind = 0, n = 0, total = 0;
    // For the middle, stretches that hold less than a hundredth of the column count for nothing.
    const mids = this.#scratch, weights = this.#weight, few = b - a <= FEW, least = few ? 1 : (b - a) / 100;
    /** @param {number} k @param {number} i */
    const take = (k, i) => {
      if (k < 0) {
        const value = this.#y[i], what = kindOf(value);
        if (what) { bad += 1; kind |= what; return; }
        if (value < low) low = value;
        if (value > high) high = value;
        if (least > 1) return;
        mids[n] = value;
        weights[n++] = 1;
        total += 1;
        return;
      }
      const level = this.#levels[k];
      if (level.low[i] < low) low = level.low[i];
      if (level.high[i] > high) high = level.high[i];
      bad += level.bad[i];
      kind |= level.kind[i];
      if (few || RADIX ** (k + 1) < least || level.middle[i] !== level.middle[i]) return;
      mids[n] = level.middle[i];
      weights[n] = RADIX ** (k + 1);
      total += weights[n++];
    };
    if (few) for (let i = a; i < b; i++) take(-1, i);
    else {
      for (let k = -1; a < b; k++) {
        const top = k + 1 >= this.#levels.length;
        while (a < b && (top || a % RADIX)) take(k, a++);
        while (a < b && b % RADIX) take(k, --b);
        a /= RADIX;
        b /= RADIX;
      }
    }
    tile.low[column] = low <= high ? low : NaN;
    tile.high[column] = low <= high ? high : NaN;
    tile.bad[column] = bad;
    tile.kind[column] = kind;
    tile.middle[column] = few ? medianOf(mids, n) : this.#weighted(n, total);
  }

  /** The weighted median of what was collected. @param {number} n @param {number} total */
  #weighted(n, total) {
    const mids = this.#scratch, weights = this.#weight;
    for (let i = 1; i < n; i++) {
      const value = mids[i], weight = weights[i];
      let j = i - 1;
      for (; j >= 0 && mids[j] > value; j--) { mids[j + 1] = mids[j]; weights[j + 1] = weights[j]; }
      mids[j + 1] = value;
      weights[j + 1] = weight;
    }
    let sum = 0;
    for (let i = 0; i < n; i++) {
      sum += weights[i];
      if (2 * sum >= total) return mids[i];
    }
    return NaN;
  }

  /**
   * How many finite values lie outside a scale, between two x: what a picture must say that it cannot show.
   *
   * @param {number} low @param {number} high  the x
   * @param {number} bottom @param {number} top  the ends of the scale
   * @returns {{above: number, below: number}}
   */
  outside(low, high, bottom, top) {
    const a = from(this.x, low), b = from(this.x, high + Number.EPSILON * Math.abs(high), a);
    const found = { above: 0, below: 0 };
    /** @param {number} k @param {number} i */
    const look = (k, i) => {
      const size = RADIX ** (k + 1), start = i * size, stop = Math.min(this.length, start + size);
      if (stop <= a || start >= b) return;
      if (k < 0) {
        if (this.#y[i] > top && this.#y[i] < Infinity) found.above += 1;
        else if (this.#y[i] < bottom && this.#y[i] > -Infinity) found.below += 1;
        return;
      }
      const level = this.#levels[k];
      if (!(level.high[i] > top) && !(level.low[i] < bottom)) return;
      if (start >= a && stop <= b) {
        const all = stop - start - level.bad[i];
        if (level.low[i] > top) { found.above += all; return; }
        if (level.high[i] < bottom) { found.below += all; return; }
      }
      for (let j = i * RADIX; j < Math.min((i + 1) * RADIX, k ? this.#levels[k - 1].length : this.length); j++) look(k - 1, j);
    };
    const highest = this.#levels.length - 1, roots = highest < 0 ? this.length : this.#levels[highest].length;
    for (let i = 0; i < roots; i++) look(highest, i);
    return found;
  }
}
