// @ts-check
/** Numbers as people read them, and where an axis has its ticks. */

const THOUSANDS = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });

/** @param {number} v */
export const whole = (v) => THOUSANDS.format(Math.round(v));

/**
 * A number with so many significant digits: 0.00123, 12,345, 1.2e-7.
 *
 * @param {number} v
 * @param {number} [digits]
 */
export function number(v, digits = 5) {
  if (v === 0) return "0";
  if (!Number.isFinite(v)) return v !== v ? "NaN" : v > 0 ? "inf" : "−inf";
  const a = Math.abs(v);
  if (a < 1e6 && ((a >= 9999.5 && digits <= 6) || (a >= 1000 && Number.isInteger(v)))) return whole(v);
  const [mantissa, exponent] = (a < 1e-3 || a >= 1e6 ? v.toExponential(digits - 1) : v.toPrecision(digits)).split("e");
  const short = mantissa.includes(".") ? mantissa.replace(/\.?0+$/, "") : mantissa;
  return exponent === undefined ? short : `${short}e${+exponent}`;
}

/** As many digits as tell values apart that are `gap` from each other. @param {number} most @param {number} gap */
export const digitsFor = (most, gap) => (gap > 0 && most > 0 ? Math.min(15, Math.max(5, Math.ceil(Math.log10(most / gap)) + 2)) : 5);

/** A step, or another x: whole where it is. @param {number} x */
export const place = (x) => (Number.isInteger(x) && Math.abs(x) < 1e15 ? whole(x) : number(x));

/**
 * One or many of something, in words.
 *
 * @param {number} n
 * @param {string} one
 * @param {string} [many]
 */
export const count = (n, one, many) => `${whole(n)} ${n === 1 ? one : many ?? `${one}s`}`;

/**
 * At most about `most` round numbers between two.
 *
 * @param {number} low
 * @param {number} high
 * @param {number} most
 * @returns {number[]}
 */
export function linearTicks(low, high, most) {
  const rough = (high - low) / Math.max(1, most);
  if (!(rough > 0) || !Number.isFinite(rough)) return [low];
  const power = 10 ** Math.floor(Math.log10(rough));
  const gap = [1, 2, 5, 10].map((m) => m * power).find((g) => g >= rough * 0.999999) ?? 10 * power;
  const ticks = [];
  for (let i = Math.ceil(low / gap - 1e-9); i <= high / gap + 1e-9 && ticks.length < 100; i++) ticks.push(+(i * gap).toPrecision(12));
  return ticks;
}

/**
 * Ticks of a logarithmic axis, as exponents of ten, as the ends are: 1, 2, 5, 10; or 1, 10; or 1, 100.
 *
 * @param {number} low
 * @param {number} high
 * @param {number} most
 * @returns {number[]}
 */
export function logTicks(low, high, most) {
  const first = Math.floor(low), last = Math.ceil(high);
  /** @param {number} t */
  const fits = (t) => t >= low - 1e-9 && t <= high + 1e-9;
  for (const multiples of [[1, 2, 5], [1, 3], [1]]) {
    const ticks = [];
    for (let e = first; e <= last && ticks.length < 400; e++) for (const m of multiples) ticks.push(e + Math.log10(m));
    const inside = ticks.filter(fits);
    if (inside.length <= most && inside.length > 1) return inside;
  }
  const every = Math.ceil((last - first + 1) / most);
  const ticks = [];
  for (let e = first; e <= last; e++) if (e % every === 0 && fits(e)) ticks.push(e);
  if (ticks.length > 1) return ticks;
  return linearTicks(10 ** low, 10 ** high, 3).filter((t) => t > 0).map(Math.log10);
}
