// @ts-check
/** What a page shows, kept in its address behind the #, so that a link leads to just this view. */

export const readHash = () => new URLSearchParams(location.hash.slice(1));

/** Writes it; what is empty is left out. @param {Record<string, string>} parts */
export function writeHash(parts) {
  const said = new URLSearchParams(Object.entries(parts).filter(([, value]) => value !== ""));
  const text = said.toString().replaceAll("%2C", ",").replaceAll("%2F", "/");
  history.replaceState(null, "", text ? `#${text}` : `${location.pathname}${location.search}`);
}

/** Names as one part of an address. @param {Iterable<string>} names */
export const several = (names) => [...names].map(encodeURIComponent).join(",");

/** The same back. @param {string} text */
export const each = (text) => (text ? text.split(",").map(decodeURIComponent) : []);

/**
 * How a chart is shown, as parts of an address.
 *
 * @param {{view: [number, number] | null, log: {x: boolean, y?: boolean}, fit: string, trend: number}} state
 * @returns {Record<string, string>}
 */
export function spell(state) {
  return {
    view: state.view ? state.view.map((x) => +x.toPrecision(9)).join(",") : "",
    log: [state.log.x ? "x" : "", state.log.y ? "y" : "-"].join(""),
    fit: state.fit === "most" ? "most" : "",
    trend: state.trend ? String(state.trend) : "",
  };
}

/**
 * The same back, as options of a chart; what an address does not say, or says wrongly, is left out.
 *
 * @param {URLSearchParams} hash
 * @returns {{view?: [number, number], log?: {x: boolean, y: boolean}, fit?: "most", trend?: number}}
 */
export function parse(hash) {
  /** @type {ReturnType<typeof parse>} */
  const found = {};
  const [a, b] = (hash.get("view") ?? "").split(",").map(Number);
  if (Number.isFinite(a) && Number.isFinite(b) && a < b) found.view = [a, b];
  const log = hash.get("log");
  if (log) found.log = { x: log.includes("x"), y: log.includes("y") };
  if (hash.get("fit") === "most") found.fit = "most";
  const trend = Number(hash.get("trend"));
  if (trend > 0 && Number.isFinite(trend)) found.trend = trend;
  return found;
}
