// @ts-check
/** Pictures as they arrive: JSON that refers to columns of numbers. */

/**
 * A picture's parts with its arrays in place: `{"$": name}` becomes the column of that name.
 *
 * @param {any} value
 * @param {Record<string, Float64Array>} columns
 * @returns {any}
 */
export function resolve(value, columns) {
  if (Array.isArray(value)) return value.map((item) => resolve(item, columns));
  if (value === null || typeof value !== "object") return value;
  if ("$" in value) return columns[value.$];
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, resolve(item, columns)]));
}
